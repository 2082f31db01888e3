// Chinese comes with the page, other languages when asked for.
import type { Language } from 'element-plus/es/locale/index.mjs'
import zhElement from 'element-plus/es/locale/lang/zh-cn.mjs'
import { shallowRef } from 'vue'
import { createI18n } from 'vue-i18n'
import zh from './zh-CN'

export type Lang = 'zh' | 'en'

export const i18n = createI18n({
  legacy: false,
  locale: 'zh',
  fallbackLocale: 'zh',
  messages: { zh } as Record<string, typeof zh>,
})

export const elementLocale = shallowRef<Language>(zhElement)

const TAGS: Record<Lang, string> = { zh: 'zh-CN', en: 'en' }

export const localeTag = (lang: Lang) => TAGS[lang]

export async function setLanguage(lang: Lang): Promise<void> {
  if (lang === 'en') {
    const [messages, element] = await Promise.all([import('./en'), import('element-plus/es/locale/lang/en.mjs')])
    // Merged, because pages that are loaded later bring texts of their own.
    i18n.global.mergeLocaleMessage('en', messages.default)
    elementLocale.value = element.default
  } else {
    elementLocale.value = zhElement
  }
  i18n.global.locale.value = lang
  document.documentElement.lang = TAGS[lang]
}
