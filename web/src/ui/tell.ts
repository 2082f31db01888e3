// Copies a text and says so.
import { ElMessage } from 'element-plus'
import 'element-plus/es/components/message/style/css.mjs'
import { i18n } from '../i18n'
import { copyText } from './format'

export async function copyAndTell(text: string, what: string): Promise<void> {
  const { t } = i18n.global
  const done = await copyText(text)
  ElMessage({
    message: done ? t('place.copied', { what }) : t('place.copy_refused'),
    type: done ? 'success' : 'warning',
    duration: 1800,
    grouping: true,
  })
}
