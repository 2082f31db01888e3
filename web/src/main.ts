import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './ui/tokens.css'
import './ui/base.css'
import { createApp } from 'vue'
import { viewIn } from './account/ask'
import App from './App.vue'
import { caseViewIn } from './cases/route'
import { tilesetIn } from './preview/tileset'
import { i18n } from './i18n'
import { initSettings } from './ui/settings'
import { decodeState } from './ui/urlState'

const initial = decodeState(location.hash)
await initSettings(initial)
const { pathname } = location
createApp(App, { initial, tileset: tilesetIn(pathname), account: viewIn(pathname), cases: caseViewIn(pathname) }).use(i18n).mount('#app')
