// The texts of these pages come with them, not with the map.
import { i18n } from '../../i18n'
import en from './en'
import zh from './zh'

for (const [lang, cases] of Object.entries({ zh, en })) i18n.global.mergeLocaleMessage(lang, { cases })
