// The live connection: one EventSource that survives restarts of the server.
import type { Change } from './types'

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'offline'

export interface LiveHandlers {
  // Changes that arrived in order on an unbroken history.
  change(change: Change): void
  // Something may have been missed: whatever is shown must be fetched again.
  reset(): void
  status(state: LiveState, seq: number | null): void
}

// The part of EventSource that is used, so that a test can stand in for it.
export interface Source {
  readonly readyState: number
  onopen: ((event: Event) => void) | null
  onerror: ((event: Event) => void) | null
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void
  close(): void
}

export interface LiveOptions {
  url?: string
  open?: (url: string) => Source
  // Connected again this many times without success counts as offline.
  patience?: number
}

const CLOSED = 2
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

// parseEventId splits "epoch-seq"; the epoch itself may hold dashes.
export function parseEventId(id: string): { epoch: string; seq: number } | null {
  const dash = id.lastIndexOf('-')
  const seq = Number(id.slice(dash + 1))
  return dash > 0 && Number.isSafeInteger(seq) && seq >= 0 ? { epoch: id.slice(0, dash), seq } : null
}

export class LiveClient {
  private source: Source | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private failures = 0
  private epoch: string | null = null
  private seq: number | null = null
  private stopped = false

  constructor(
    private readonly handlers: LiveHandlers,
    private readonly options: LiveOptions = {},
  ) {}

  start(): void {
    this.stopped = false
    this.report('connecting')
    this.connect()
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
    this.source?.close()
    this.source = null
  }

  // retry connects at once, for example when the browser is back on line.
  retry(): void {
    if (this.stopped || this.source?.readyState === 1) return
    this.drop()
    this.connect()
  }

  private connect(): void {
    const source = (this.options.open ?? ((target) => new EventSource(target) as Source))(this.url())
    this.source = source
    source.onopen = () => {
      this.failures = 0
      this.report('live')
    }
    source.onerror = () => this.failed(source)
    source.addEventListener('change', (event) => {
      if (this.follow(event.lastEventId)) this.handlers.change(JSON.parse(event.data) as Change)
    })
    // Sent when the server does not know what changed since the last event.
    source.addEventListener('reset', (event) => {
      // Another history resets by itself.
      if (this.follow(event.lastEventId)) this.handlers.reset()
    })
    // Sent on connecting: tells where the log stands before anything changes.
    source.addEventListener('hello', (event) => void this.follow(event.lastEventId))
  }

  // The browser resumes by itself with a header; a new EventSource cannot set
  // one and says in the address what was last seen.
  private url(): string {
    const url = this.options.url ?? '/v1/events'
    return this.epoch === null ? url : `${url}?last_event_id=${encodeURIComponent(`${this.epoch}-${this.seq}`)}`
  }

  // follow notes the position and returns false when the event belongs to
  // another history, which resets everything instead.
  private follow(id: string): boolean {
    const at = parseEventId(id)
    if (!at) return true
    const sameHistory = this.epoch === null || this.epoch === at.epoch
    this.epoch = at.epoch
    this.seq = at.seq
    this.report('live')
    if (!sameHistory) this.handlers.reset()
    return sameHistory
  }

  private failed(source: Source): void {
    if (this.stopped || source !== this.source) return
    this.failures++
    this.report(this.failures >= (this.options.patience ?? 4) ? 'offline' : 'reconnecting')
    // The browser itself goes on trying (with Last-Event-ID) unless the
    // server answered with an error; then it gives up and it is our turn.
    if (source.readyState !== CLOSED) return
    this.drop()
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.failures - 1), LONGEST_PAUSE_MS)
    this.timer = setTimeout(() => this.connect(), pause)
  }

  private drop(): void {
    clearTimeout(this.timer)
    this.source?.close()
    this.source = null
  }

  private report(state: LiveState): void {
    this.handlers.status(state, this.seq)
  }
}
