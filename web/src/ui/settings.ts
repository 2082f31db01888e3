// What the person prefers, remembered in this browser. A link may say
// otherwise, and then the link wins.
import { readonly, ref } from 'vue'
import { type SystemId, isSystem } from '../coords/systems'
import { type Lang, setLanguage } from '../i18n'
import type { UrlState } from './urlState'

export type Theme = 'light' | 'dark'

const theme = ref<Theme>('light')
const lang = ref<Lang>('zh')
const system = ref<SystemId>('lonlat')
// Only what somebody chose goes into links; the rest stays up to the reader.
const chosen = ref<{ theme: boolean; lang: boolean }>({ theme: false, lang: false })

export const settings = { theme: readonly(theme), lang: readonly(lang), system: readonly(system), chosen: readonly(chosen) }

// Storage can be forbidden; the page works without a memory.
function recall(key: string): string | null {
  try {
    return localStorage.getItem(`gewu.${key}`)
  } catch {
    return null
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`gewu.${key}`, value)
  } catch {
    return
  }
}

function applyTheme(value: Theme): void {
  theme.value = value
  document.documentElement.classList.toggle('dark', value === 'dark')
  document.documentElement.style.colorScheme = value
}

async function applyLang(value: Lang): Promise<void> {
  await setLanguage(value)
  lang.value = value
}

export async function initSettings(fromLink: UrlState): Promise<void> {
  const savedTheme = recall('theme')
  const savedLang = recall('lang')
  chosen.value = { theme: !!(fromLink.theme ?? savedTheme), lang: !!(fromLink.lang ?? savedLang) }
  const dark = matchMedia('(prefers-color-scheme: dark)')
  applyTheme(fromLink.theme ?? (savedTheme as Theme | null) ?? (dark.matches ? 'dark' : 'light'))
  dark.addEventListener('change', () => chosen.value.theme || applyTheme(dark.matches ? 'dark' : 'light'))
  const savedSystem = recall('system')
  if (isSystem(savedSystem)) system.value = savedSystem
  const browser: Lang = /^zh\b/i.test(navigator.language) ? 'zh' : 'en'
  await applyLang(fromLink.lang ?? (savedLang as Lang | null) ?? browser)
}

// wearTheme dresses the page without remembering it.
export function wearTheme(value: Theme): void {
  if (theme.value !== value) applyTheme(value)
}

export function setTheme(value: Theme): void {
  chosen.value = { ...chosen.value, theme: true }
  remember('theme', value)
  applyTheme(value)
}

export function setSystem(value: SystemId): void {
  remember('system', value)
  system.value = value
}

export async function setLang(value: Lang): Promise<void> {
  chosen.value = { ...chosen.value, lang: true }
  remember('lang', value)
  await applyLang(value)
}
