// Cases that others move meanwhile: told by the stream of the service, and where
// there is none, found by asking again now and then while somebody looks.
import { onScopeDispose, ref } from 'vue'
import type { Source } from '../api/live'
import { withWho } from './api'
import type { Who } from './who'

const POLL_MS = 30_000
const AGAIN_MS = 600_000
const CLOSED = 2

export interface Told {
  case: string
  version: number
}

export interface LiveOptions {
  open?: (url: string) => Source
  visible?: () => boolean
}

// useLive calls `changed` with what the stream says, or with null when anything
// may have changed.
export function useLive(who: () => Who, changed: (told: Told | null) => void, options: LiveOptions = {}) {
  const live = ref(false)
  const visible = options.visible ?? (() => document.visibilityState === 'visible')
  let source: Source | null = null
  let timer: ReturnType<typeof setInterval> | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  // What was missed while the connection was down is asked for when it is back.
  let broken = false

  const poll = () => visible() && changed(null)

  function wait(): void {
    live.value = false
    timer ??= setInterval(poll, POLL_MS)
  }

  function connect(): void {
    source = (options.open ?? ((url) => new EventSource(url) as Source))(withWho('/v1/cases/stream', who()))
    const mine = source
    source.onopen = () => {
      live.value = true
      clearInterval(timer)
      timer = undefined
      if (broken) changed(null)
      broken = false
    }
    source.onerror = () => {
      if (source !== mine) return
      broken = true
      wait()
      // The browser tries again by itself unless it was refused.
      if (mine.readyState !== CLOSED) return
      mine.close()
      again = setTimeout(connect, AGAIN_MS)
    }
    source.addEventListener('case', (event) => {
      const told = JSON.parse(event.data) as Told
      changed(told)
    })
    source.addEventListener('reset', () => changed(null))
  }

  function stop(): void {
    clearInterval(timer)
    clearTimeout(again)
    timer = undefined
    source?.close()
    source = null
  }

  function restart(): void {
    stop()
    broken = false
    connect()
  }

  onScopeDispose(stop)
  return { live, start: connect, restart, stop }
}
