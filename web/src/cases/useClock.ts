// What time it is for the service, moving on by itself.
import { onScopeDispose, ref } from 'vue'

const TICK_MS = 15_000

export function useClock() {
  let ahead = 0
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now() + ahead), TICK_MS)
  onScopeDispose(() => clearInterval(timer))
  return {
    now,
    // set takes what time an answer said it was.
    set(told: number) {
      // The header Date has whole seconds: less is no difference.
      ahead = Math.abs(told - Date.now()) < 2_000 ? 0 : told - Date.now()
      now.value = Date.now() + ahead
    },
  }
}
