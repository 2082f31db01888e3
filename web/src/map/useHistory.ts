// The address bar follows the page, and Back follows the person.
import { onScopeDispose } from 'vue'
import { type UrlState, decodeState, encodeState } from '../ui/urlState'
import { pace } from '../ui/pace'

// Browsers refuse more than about a hundred changes of the address in 30 s.
const REPLACE_MS = 400

export function useHistory(read: () => UrlState, apply: (state: UrlState) => void) {
  const later = pace(() => history.replaceState(null, '', encodeState(read())), REPLACE_MS)
  const back = () => {
    later.cancel()
    apply(decodeState(location.hash))
  }
  addEventListener('popstate', back)
  onScopeDispose(() => {
    removeEventListener('popstate', back)
    later.cancel()
  })
  return {
    // Moves and switches belong to the present step.
    replace: () => later.call(),
    // Another selection is a step of its own.
    push() {
      later.cancel()
      const hash = encodeState(read())
      if (hash !== location.hash) history.pushState(null, '', hash)
    },
  }
}
