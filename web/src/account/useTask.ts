// One thing at a time: what runs, and why the last one was refused.
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Refusal } from './ask'

export function useTask() {
  const { t } = useI18n()
  const busy = ref(false)
  const fault = ref('')
  async function run(task: () => Promise<void>): Promise<void> {
    if (busy.value) return
    busy.value = true
    fault.value = ''
    try {
      await task()
    } catch (cause) {
      const refused = cause instanceof Refusal ? cause : new Refusal(0, String(cause), '')
      const known = { 0: 'unreachable', 401: 'credentials', 410: 'gone', 429: 'locked', 503: 'busy' }[refused.status]
      fault.value = refused.field === 'password' && refused.status === 422 ? t('account.fault.password', { why: refused.message }) : known ? t(`account.fault.${known}`) : refused.message
    } finally {
      busy.value = false
    }
  }
  return { busy, fault, run }
}
