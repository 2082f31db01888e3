import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import type { Source } from '../../src/api/live'
import { withWho } from '../../src/cases/api'
import { GONE, type Told, useLive } from '../../src/cases/useLive'

class Stream implements Source {
  static all: Stream[] = []
  readyState = 0
  onopen: (() => void) | null = null
  onerror: (() => void) | null = null
  closed = false
  private listeners = new Map<string, (event: MessageEvent<string>) => void>()
  constructor(readonly url: string) {
    Stream.all.push(this)
  }
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.listeners.set(type, listener)
  }
  tell(type: string, data: unknown): void {
    this.listeners.get(type)!({ data: JSON.stringify(data) } as MessageEvent<string>)
  }
  close(): void {
    this.closed = true
  }
  refuse(): void {
    this.readyState = 2
    this.onerror?.()
  }
}

function start(visible = true) {
  const told: (Told | null)[] = []
  const scope = effectScope()
  const live = scope.run(() => useLive(() => ({ person: 'S 1', post: 'operator' }), (one) => told.push(one), { open: (url) => new Stream(url), visible: () => visible }))!
  void live.start()
  return { told, scope, live, stream: Stream.all[0]! }
}

beforeEach(() => {
  Stream.all = []
  vi.useFakeTimers()
})
afterEach(() => vi.useRealTimers())

describe('live cases', () => {
  it('come from the stream, for whoever asks', () => {
    const { told, live, stream } = start()
    expect(stream.url).toBe('/v1/cases/stream?person=S+1')
    stream.onopen!()
    expect(live.live.value).toBe(true)
    stream.tell('hello', {})
    stream.tell('case', { case: 'c1', version: 3 })
    stream.tell('gone', { case: 'c2', seq: 5 })
    vi.advanceTimersByTime(600_000)
    expect(told).toEqual([
      { case: 'c1', version: 3 },
      { case: 'c2', seq: 5, version: GONE },
    ])
  })

  it('are asked for gently where there is no stream, and the stream is tried again', () => {
    const { told, live, stream } = start()
    stream.refuse()
    expect(live.live.value).toBe(false)
    vi.advanceTimersByTime(95_000)
    expect(told).toEqual([null, null, null])
    expect(Stream.all.length).toBe(1)
    vi.advanceTimersByTime(510_000)
    expect(Stream.all.length).toBe(2)
    Stream.all[1]!.onopen!()
    Stream.all[1]!.tell('hello', {})
    const before = told.length
    vi.advanceTimersByTime(300_000)
    expect(told.length).toBe(before)
  })

  it('are told again what was missed after a broken connection is back, and asked for when that is not known', () => {
    const { told, stream } = start()
    stream.onopen!()
    stream.tell('hello', {})
    stream.onerror!()
    stream.onopen!()
    stream.tell('hello', {})
    stream.tell('case', { case: 'c1', version: 4 })
    expect(told).toEqual([{ case: 'c1', version: 4 }])
    stream.tell('reset', {})
    expect(told.at(-1)).toBe(null)
    expect(Stream.all.length).toBe(1)
  })

  it('are asked for again when the service listens back late', async () => {
    const { told, stream } = start()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(told).toEqual([])
    stream.onopen!()
    stream.tell('hello', {})
    expect(told).toEqual([null])
  })

  it('can be asked for when the service listens', async () => {
    const scope = effectScope()
    const live = scope.run(() => useLive(() => ({}), () => {}, { open: (url) => new Stream(url) }))!
    let ready = false
    const started = live.start().then(() => (ready = true))
    await Promise.resolve()
    expect(ready).toBe(false)
    Stream.all[0]!.tell('hello', {})
    await started
    expect(ready).toBe(true)
    scope.stop()
  })

  it('are not asked for while nobody looks, nor after the page has gone', () => {
    const hidden = start(false)
    hidden.stream.refuse()
    vi.advanceTimersByTime(90_000)
    expect(hidden.told).toEqual([])
    hidden.scope.stop()
    vi.advanceTimersByTime(600_000)
    expect(Stream.all.length).toBe(1)
  })
})

describe('by whom is asked', () => {
  it('is said where somebody was chosen, the post only where it narrows', () => {
    expect(withWho('/v1/cases?open=true', {})).toBe('/v1/cases?open=true')
    expect(withWho('/v1/cases', { person: 'S-1', post: 'operator', organisation: 'centre' })).toBe('/v1/cases?person=S-1')
    expect(withWho('/v1/cases?open=true', { person: 'S-1', post: 'operator', organisation: 'centre' }, true)).toBe('/v1/cases?open=true&person=S-1&post=operator&organisation=centre')
  })
})
