// Why something was refused, in the language of the page.
import { useI18n } from 'vue-i18n'
import type { Refused } from './api'
import { said } from './words'

export function useTold() {
  const { t } = useI18n()
  return (refused: { status: number; message: string; refusal?: Refused['refusal'] }): string => {
    if (refused.refusal) return said(refused.refusal.reason, refused.message)
    const known = { 0: 'unreachable', 401: 'login', 403: 'forbidden', 404: 'missing', 501: 'none' }[refused.status]
    return known ? t(`cases.trouble.${known}`) : refused.message
  }
}
