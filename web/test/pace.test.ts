import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { pace } from '../src/ui/pace'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

it('runs at once, then once per period, and always after the last call', () => {
  const run = vi.fn()
  const paced = pace(run, 100)
  paced.call()
  expect(run).toHaveBeenCalledTimes(1)
  for (let i = 0; i < 5; i++) paced.call()
  expect(run).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(100)
  expect(run).toHaveBeenCalledTimes(2)
  vi.advanceTimersByTime(1_000)
  expect(run).toHaveBeenCalledTimes(2)
  paced.call()
  expect(run).toHaveBeenCalledTimes(3)
})

it('forgets a waiting run when it is cancelled', () => {
  const run = vi.fn()
  const paced = pace(run, 100)
  paced.call()
  paced.call()
  paced.cancel()
  vi.advanceTimersByTime(1_000)
  expect(run).toHaveBeenCalledTimes(1)
})
