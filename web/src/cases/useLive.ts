// Cases that others move meanwhile: told by the stream of the service, and where
// there is none, found by asking again now and then while somebody looks.
import { onScopeDispose, ref } from 'vue'
import type { Source } from '../api/live'
import { withWho } from './api'
import type { Who } from './who'

const POLL_MS = 30_000
const AGAIN_MS = 600_000
const HELLO_MS = 300
const CLOSED = 2

export interface Told {
  case: string
  version: number
}

// A case that is out of sight is told without a version; whatever is shown of it
// is older.
export const GONE = Number.MAX_SAFE_INTEGER

export interface LiveOptions {
  open?: (url: string) => Source
  visible?: () => boolean
}

// useLive calls `changed` with what the stream says, or with null when anything
// may have changed. `start` returns when the service listens back, or does not
// within a moment: what is asked for after that misses nothing.
export function useLive(who: () => Who, changed: (told: Told | null) => void, options: LiveOptions = {}) {
  const live = ref(false)
  const visible = options.visible ?? (() => document.visibilityState === 'visible')
  let source: Source | null = null
  let timer: ReturnType<typeof setInterval> | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let greeted: (() => void) | null = null

  const poll = () => visible() && changed(null)

  function greet(): void {
    greeted?.()
    greeted = null
  }

  function wait(): void {
    live.value = false
    timer ??= setInterval(poll, POLL_MS)
  }

  function connect(): void {
    source = (options.open ?? ((url) => new EventSource(url) as Source))(withWho('/v1/cases/stream', who()))
    const mine = source
    // Whether the service knows up to where this connection has heard, so that
    // it tells what was missed.
    let known = false
    source.onopen = () => {
      if (source !== mine) return
      live.value = true
      clearInterval(timer)
      timer = undefined
    }
    source.onerror = () => {
      if (source !== mine) return
      wait()
      greet()
      // The browser tries again by itself unless it was refused.
      if (mine.readyState !== CLOSED) return
      mine.close()
      again = setTimeout(connect, AGAIN_MS)
    }
    const on = (type: string, tell: (event: MessageEvent<string>) => void) => mine.addEventListener(type, (event) => source === mine && tell(event))
    on('hello', () => {
      // Nothing was asked for yet, or what came before this is not known.
      if (!greeted && !known) changed(null)
      known = true
      greet()
    })
    on('case', (event) => changed(JSON.parse(event.data) as Told))
    on('gone', (event) => changed({ ...(JSON.parse(event.data) as Told), version: GONE }))
    on('reset', () => changed(null))
  }

  function stop(): void {
    clearInterval(timer)
    clearTimeout(again)
    timer = undefined
    source?.close()
    source = null
    greet()
  }

  function start(): Promise<void> {
    return new Promise((resolve) => {
      greeted = resolve
      setTimeout(() => greeted === resolve && greet(), HELLO_MS)
      connect()
    })
  }

  function restart(): void {
    stop()
    connect()
  }

  onScopeDispose(stop)
  return { live, start, restart, stop }
}
