import type { Geometry, Position } from 'geojson'
import { describe, expect, it } from 'vitest'
import { boxOf, pointOn } from '../src/map/geometry'

const square = (x: number, y: number, size: number): Position[] => [
  [x, y],
  [x + size, y],
  [x + size, y + size],
  [x, y + size],
  [x, y],
]

describe('a place on a geometry', () => {
  it('lies beside a hole', () => {
    const ring: Geometry = { type: 'Polygon', coordinates: [square(0, 0, 10), square(3, 3, 4)] }
    const [x, y] = pointOn(ring) as [number, number]
    expect(x > 0 && x < 10 && y > 0 && y < 10).toBe(true)
    expect(x > 3 && x < 7 && y > 3 && y < 7).toBe(false)
  })

  it('lies in the body of a U, not between its arms', () => {
    const u: Geometry = {
      type: 'Polygon',
      coordinates: [[[0, 0], [9, 0], [9, 9], [8, 9], [8, 1], [1, 1], [1, 9], [0, 9], [0, 0]]],
    }
    const [x, y] = pointOn(u) as [number, number]
    expect(x < 1 || x > 8 || y < 1).toBe(true)
  })

  it('lies in one of several polygons', () => {
    const many: Geometry = { type: 'MultiPolygon', coordinates: [[square(0, 0, 1)], [square(10, 10, 4)]] }
    const [x] = pointOn(many) as [number, number]
    expect(x).toBeGreaterThan(10)
  })

  it('is the point itself, or nothing when there is nothing', () => {
    expect(pointOn({ type: 'Point', coordinates: [1, 2] })).toEqual([1, 2])
    expect(pointOn({ type: 'Polygon', coordinates: [] })).toBeNull()
    expect(pointOn({ type: 'GeometryCollection', geometries: [] })).toBeNull()
  })
})

describe('a box', () => {
  it('holds every member', () => {
    const all: Geometry = {
      type: 'GeometryCollection',
      geometries: [{ type: 'Point', coordinates: [5, 6] }, { type: 'LineString', coordinates: [[1, 9], [2, 3]] }],
    }
    expect(boxOf(all)).toEqual([1, 3, 5, 9])
    expect(boxOf({ type: 'MultiPoint', coordinates: [] })).toBeNull()
  })
})
