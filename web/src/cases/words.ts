// Words of answers in the language of the page.
import type { Title } from '../api/types'
import { localeTag } from '../i18n'
import { titleOf } from '../map/roles'
import { settings } from '../ui/settings'
import type { ClassInfo, ClassRef } from './api'

export const tag = () => localeTag(settings.lang.value)

// said is a title in the language of the page, or the text that has none.
export function said(title: Title | string | undefined, fallback = ''): string {
  return typeof title === 'string' ? title || fallback : titleOf(title, settings.lang.value, fallback)
}

export function when(time: string | undefined): string {
  const at = Date.parse(time ?? '')
  if (Number.isNaN(at)) return ''
  return new Intl.DateTimeFormat(tag(), { dateStyle: 'medium', timeStyle: 'short' }).format(at)
}

export const classText = (one: ClassRef | ClassInfo | undefined) => (one ? `${said(one.title)} ${one.code}`.trim() : '')

// classKey tells classes apart: the same code stands in several editions.
export const classKey = (one: ClassRef | ClassInfo) => [one.edition, one.kind, one.code].filter(Boolean).join('/')

export const bytes = (size: number) => (size < 1e6 ? `${Math.max(1, Math.round(size / 1e3))} kB` : `${(size / 1e6).toFixed(1)} MB`)

// refOf is a class as a form names it.
export const refOf = (one: ClassRef | ClassInfo): ClassRef => ({ ...(one.edition && { edition: one.edition }), ...(one.kind && { kind: one.kind }), code: one.code, ...('row' in one && one.row && { row: one.row }) })
