import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LiveClient, type Source, parseEventId } from '../src/api/live'

class FakeSource implements Source {
  static all: FakeSource[] = []
  readyState = 0
  onopen: ((event: Event) => void) | null = null
  onerror: ((event: Event) => void) | null = null
  private readonly listeners = new Map<string, (event: MessageEvent<string>) => void>()

  constructor(readonly url: string) {
    FakeSource.all.push(this)
  }

  addEventListener(type: string, listener: (event: MessageEvent<string>) => void) {
    this.listeners.set(type, listener)
  }

  close() {
    this.readyState = 2
  }

  opens() {
    this.readyState = 1
    this.onopen?.(new Event('open'))
  }

  fails(closed: boolean) {
    this.readyState = closed ? 2 : 0
    this.onerror?.(new Event('error'))
  }

  sends(type: string, id: string, data: object = {}) {
    this.listeners.get(type)?.(new MessageEvent(type, { data: JSON.stringify(data), lastEventId: id }))
  }
}

const last = () => FakeSource.all.at(-1)!

function client() {
  const handlers = { change: vi.fn(), reset: vi.fn(), status: vi.fn() }
  const live = new LiveClient(handlers, { url: '/e', open: (url) => new FakeSource(url) })
  live.start()
  return { live, handlers, state: () => handlers.status.mock.lastCall as [string, number | null] }
}

beforeEach(() => {
  vi.useFakeTimers()
  FakeSource.all = []
})
afterEach(() => vi.useRealTimers())

describe('the live connection', () => {
  it('hands over changes and tells where it is', () => {
    const { handlers, state } = client()
    expect(state()).toEqual(['connecting', null])
    last().opens()
    last().sends('hello', 'e1-41')
    expect(state()).toEqual(['live', 41])
    const change = { seq: 42, layers: ['trees'], defined: false, tiles: [] }
    last().sends('change', 'e1-42', change)
    expect(handlers.change).toHaveBeenCalledWith(change)
    expect(state()).toEqual(['live', 42])
    expect(handlers.reset).not.toHaveBeenCalled()
  })

  it('leaves short breaks to the browser', () => {
    const { handlers, state } = client()
    last().opens()
    last().fails(false)
    expect(state()[0]).toBe('reconnecting')
    vi.advanceTimersByTime(60_000)
    expect(FakeSource.all).toHaveLength(1)
    last().opens()
    expect(state()[0]).toBe('live')
    expect(handlers.reset).not.toHaveBeenCalled()
  })

  it('opens anew when the browser gave up, and says what it saw last', () => {
    const { state } = client()
    last().opens()
    last().sends('change', 'a-b-7', {})
    last().fails(true)
    expect(FakeSource.all).toHaveLength(1)
    vi.advanceTimersByTime(1_000)
    expect(FakeSource.all).toHaveLength(2)
    expect(last().url).toBe('/e?last_event_id=a-b-7')
    last().opens()
    expect(state()).toEqual(['live', 7])
  })

  it('waits longer each time and then counts as off line', () => {
    const { state } = client()
    for (const pause of [1_000, 2_000, 4_000]) {
      last().fails(true)
      const before = FakeSource.all.length
      vi.advanceTimersByTime(pause - 1)
      expect(FakeSource.all).toHaveLength(before)
      vi.advanceTimersByTime(1)
      expect(FakeSource.all).toHaveLength(before + 1)
    }
    expect(state()[0]).toBe('reconnecting')
    last().fails(true)
    expect(state()[0]).toBe('offline')
  })

  it('starts over when the history is another one', () => {
    const { handlers, state } = client()
    last().opens()
    last().sends('change', 'old-9', {})
    last().sends('change', 'new-2', {})
    expect(handlers.change).toHaveBeenCalledTimes(1)
    expect(handlers.reset).toHaveBeenCalledTimes(1)
    expect(state()).toEqual(['live', 2])
    last().sends('change', 'new-3', {})
    expect(handlers.change).toHaveBeenCalledTimes(2)
  })

  it('starts over once when a greeting and a reset say the same', () => {
    const { handlers } = client()
    last().opens()
    last().sends('hello', 'old-9')
    last().sends('reset', 'new-4')
    expect(handlers.reset).toHaveBeenCalledTimes(1)
  })

  it('is quiet after it was stopped', () => {
    const { live, handlers } = client()
    const source = last()
    live.stop()
    handlers.status.mockClear()
    source.fails(true)
    vi.advanceTimersByTime(60_000)
    expect(FakeSource.all).toHaveLength(1)
    expect(handlers.status).not.toHaveBeenCalled()
  })
})

describe('an event id', () => {
  it.each([
    ['e-1', { epoch: 'e', seq: 1 }],
    ['a-b-0', { epoch: 'a-b', seq: 0 }],
    ['', null],
    ['-1', null],
    ['e-x', null],
    ['12', null],
  ])('%s', (id, expected) => expect(parseEventId(id)).toEqual(expected))
})
