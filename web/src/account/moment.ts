// A time as people of the page's language read it, null for none.
import { i18n, localeTag, type Lang } from '../i18n'

export function moment(time?: string): string | null {
  if (!time) return null
  return new Date(time).toLocaleString(localeTag(i18n.global.locale.value as Lang), { dateStyle: 'medium', timeStyle: 'short' })
}
