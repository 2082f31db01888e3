import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Draft, newKey } from '../../src/cases/draft'

beforeEach(() => sessionStorage.clear())

describe('a draft', () => {
  it('is there again after a reload, and gone after sending', () => {
    const draft = new Draft('c1.take')
    expect(draft.begun).toBe(false)
    draft.keep({ note: 'typed' })
    const again = new Draft('c1.take')
    expect(again.begun).toBe(true)
    expect(again.values).toEqual({ note: 'typed' })
    expect(new Draft('c2.take').begun).toBe(false)
    again.drop()
    expect(new Draft('c1.take').begun).toBe(false)
  })

  it('sends the same thing under the same key, also after a reload, and another thing under another', () => {
    const draft = new Draft('c1.take')
    const key = draft.keyFor({ action: 'take', version: 4 })
    expect(draft.keyFor({ action: 'take', version: 4 })).toBe(key)
    expect(new Draft('c1.take').keyFor({ action: 'take', version: 4 })).toBe(key)
    expect(draft.keyFor({ action: 'take', version: 5 })).not.toBe(key)
    draft.drop()
    expect(draft.keyFor({ action: 'take', version: 4 })).not.toBe(key)
  })

  it('works without a memory', () => {
    const full = vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError')
    })
    const draft = new Draft('c1.take')
    draft.keep({ note: 'typed' })
    expect(draft.values).toEqual({ note: 'typed' })
    full.mockRestore()
  })

  it('has keys of 128 bits that differ', () => {
    const keys = new Set(Array.from({ length: 100 }, newKey))
    expect(keys.size).toBe(100)
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/)
  })
})
