import { describe, expect, it } from 'vitest'
import { KEYS } from '../src/cases/keys'
import { SOURCES } from '../src/cases/sources'
import casesEn from '../src/cases/texts/en'
import casesZh from '../src/cases/texts/zh'
import en from '../src/i18n/en'
import zh from '../src/i18n/zh-CN'
import { mapLocale } from '../src/map/locale'
import { PREVIEW_SHORTCUTS, SHORTCUTS } from '../src/ui/keys'

function flat(messages: object, prefix = ''): Map<string, string> {
  const out = new Map<string, string>()
  for (const [key, value] of Object.entries(messages) as [string, string | object][]) {
    if (typeof value === 'string') out.set(prefix + key, value)
    else for (const [inner, text] of flat(value, `${prefix}${key}.`)) out.set(inner, text)
  }
  return out
}

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()

describe('texts', () => {
  const chinese = flat({ ...zh, cases: casesZh })
  const english = flat({ ...en, cases: casesEn })

  it('exist in both languages', () => expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort()))

  it('are not empty and have the same placeholders', () => {
    for (const [key, text] of chinese) {
      expect(text, key).not.toBe('')
      expect(english.get(key), key).not.toBe('')
      expect(placeholders(english.get(key)!), key).toEqual(placeholders(text))
    }
  })

  it('explain every key', () => {
    for (const { text } of [...SHORTCUTS, ...PREVIEW_SHORTCUTS]) expect(chinese.has(`keys.${text}`), text).toBe(true)
    for (const { command } of KEYS) expect(chinese.has(`cases.key.${command}`), command).toBe(true)
  })

  it('name every door through which cases come', () => {
    for (const source of SOURCES) expect(chinese.has(`cases.source.${source}`), source).toBe(true)
  })

  it('of the map exist in both languages', () => {
    expect(Object.keys(mapLocale.en).sort()).toEqual(Object.keys(mapLocale.zh).sort())
  })
})
