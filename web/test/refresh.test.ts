import { describe, expect, it } from 'vitest'
import type { TileRange } from '../src/api/types'
import { tilesToRefresh, touches } from '../src/map/refresh'

const range = (z: number, x: [number, number], y: [number, number], layer = 'trees'): TileRange => ({ layer, z, x, y })

describe('tiles to fetch again', () => {
  it('are those inside a range of their own zoom', () => {
    const visible = [
      { z: 14, x: 10, y: 20 },
      { z: 14, x: 11, y: 20 },
      { z: 14, x: 12, y: 20 },
    ]
    expect(tilesToRefresh([range(14, [11, 12], [20, 20])], visible)).toEqual(visible.slice(1))
    expect(tilesToRefresh([range(14, [11, 12], [21, 25])], visible)).toEqual([])
    expect(tilesToRefresh([range(13, [11, 12], [20, 20])], visible)).toEqual([])
  })

  it('go with their z16 parent when they are deeper', () => {
    const deep = { z: 18, x: 4 * 100 + 3, y: 4 * 200 + 1 }
    expect(touches(range(16, [100, 100], [200, 200]), deep)).toBe(true)
    expect(touches(range(16, [101, 101], [200, 200]), deep)).toBe(false)
    expect(tilesToRefresh([range(16, [100, 100], [200, 200])], [deep])).toContainEqual(deep)
  })

  it('include stand-ins above the visible ones, once', () => {
    const ranges = [range(15, [50, 50], [60, 60]), range(16, [100, 101], [120, 121])]
    const visible = [
      { z: 16, x: 100, y: 120 },
      { z: 16, x: 101, y: 121 },
    ]
    expect(tilesToRefresh(ranges, visible)).toEqual([
      { z: 16, x: 100, y: 120 },
      { z: 15, x: 50, y: 60 },
      { z: 16, x: 101, y: 121 },
    ])
  })

  it('leave out layers that the style does not draw', () => {
    const visible = [{ z: 16, x: 1, y: 1 }]
    const ranges = [range(16, [1, 1], [1, 1], 'secret')]
    expect(tilesToRefresh(ranges, visible, new Set(['trees']))).toEqual([])
    expect(tilesToRefresh(ranges, visible, new Set(['secret']))).toEqual(visible)
  })
})
