// Small planar helpers for display; nothing here decides anything.
import type { Geometry, Position } from 'geojson'

export type Box = [west: number, south: number, east: number, north: number]

function eachPosition(geometry: Geometry, visit: (position: Position) => void): void {
  if (geometry.type === 'GeometryCollection') {
    for (const member of geometry.geometries) eachPosition(member, visit)
    return
  }
  const walk = (value: unknown): void => {
    if (!Array.isArray(value)) return
    if (typeof value[0] === 'number') visit(value as Position)
    else value.forEach(walk)
  }
  walk(geometry.coordinates)
}

export function boxOf(geometry: Geometry): Box | null {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity]
  eachPosition(geometry, (p) => {
    box[0] = Math.min(box[0], p[0]!)
    box[1] = Math.min(box[1], p[1]!)
    box[2] = Math.max(box[2], p[0]!)
    box[3] = Math.max(box[3], p[1]!)
  })
  return Number.isFinite(box[0]) ? box : null
}

export const isPoint = (box: Box) => box[0] === box[2] && box[1] === box[3]

// pointOn returns a place that surely belongs to the geometry, so that asking
// "what is here" about a polygon does not ask about its neighbour.
export function pointOn(geometry: Geometry): Position | null {
  switch (geometry.type) {
    case 'Point':
      return geometry.coordinates
    case 'MultiPoint':
      return geometry.coordinates[0] ?? null
    case 'LineString':
      return geometry.coordinates[geometry.coordinates.length >> 1] ?? null
    case 'MultiLineString':
      return geometry.coordinates[0]?.[geometry.coordinates[0].length >> 1] ?? null
    case 'Polygon':
      return widestInside([geometry.coordinates])
    case 'MultiPolygon':
      return widestInside(geometry.coordinates)
    case 'GeometryCollection':
      return geometry.geometries[0] ? pointOn(geometry.geometries[0]) : null
  }
}

// widestInside cuts the rings with a few horizontal lines and takes the middle
// of the widest stretch inside.
function widestInside(polygons: Position[][][]): Position | null {
  const rings = polygons.flat()
  const ys = rings.flat().map((p) => p[1]!)
  if (!ys.length) return null
  const south = ys.reduce((a, b) => Math.min(a, b))
  const north = ys.reduce((a, b) => Math.max(a, b))
  let best: { width: number; at: Position } | null = null
  for (const share of [0.5, 0.35, 0.65, 0.2, 0.8]) {
    const y = south + (north - south) * share
    const xs = crossings(rings, y)
    for (let i = 0; i + 1 < xs.length; i += 2) {
      const width = xs[i + 1]! - xs[i]!
      if (!best || width > best.width) best = { width, at: [(xs[i]! + xs[i + 1]!) / 2, y] }
    }
  }
  return best?.at ?? null
}

function crossings(rings: Position[][], y: number): number[] {
  const xs: number[] = []
  for (const ring of rings) {
    for (let i = 0; i + 1 < ring.length; i++) {
      const [x1, y1] = ring[i] as [number, number]
      const [x2, y2] = ring[i + 1] as [number, number]
      if (y1 > y !== y2 > y) xs.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1))
    }
  }
  return xs.sort((a, b) => a - b)
}

const METRES_A_DEGREE = 111_320

// boxAround holds a circle of a radius in metres.
export function boxAround({ lon, lat }: { lon: number; lat: number }, radius: number): Box {
  const dy = radius / METRES_A_DEGREE
  const dx = dy / Math.max(Math.cos((lat * Math.PI) / 180), 0.01)
  return [lon - dx, lat - dy, lon + dx, lat + dy]
}

// pixelsOf is how many pixels a length in metres takes on a Mercator map.
export function pixelsOf(metres: number, lat: number, zoom: number): number {
  return (metres * 512 * 2 ** zoom) / (360 * METRES_A_DEGREE * Math.cos((lat * Math.PI) / 180))
}
