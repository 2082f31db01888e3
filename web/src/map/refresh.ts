// Which tiles on the screen a change touches.
import type { TileRange } from '../api/types'

export interface TileId {
  z: number
  x: number
  y: number
}

// The server names ranges down to this zoom; deeper tiles go with their parent.
export const STAMP_ZOOM = 16

function ancestor(tile: TileId, z: number): TileId {
  const shift = tile.z - z
  return { z, x: tile.x >> shift, y: tile.y >> shift }
}

export function touches(range: TileRange, tile: TileId): boolean {
  const own = tile.z > STAMP_ZOOM ? ancestor(tile, STAMP_ZOOM) : tile
  return (
    range.z === own.z && own.x >= range.x[0] && own.x <= range.x[1] && own.y >= range.y[0] && own.y <= range.y[1]
  )
}

// tilesToRefresh returns the visible tiles that a change touches, and those of
// their ancestors which the map may still hold as stand-ins while it loads.
export function tilesToRefresh(ranges: TileRange[], visible: TileId[], layers?: Set<string>): TileId[] {
  const wanted = layers ? ranges.filter((range) => layers.has(range.layer)) : ranges
  const found = new Map<string, TileId>()
  for (const tile of visible) {
    for (let z = tile.z; z >= 0; z--) {
      const candidate = ancestor(tile, z)
      const key = `${candidate.z}/${candidate.x}/${candidate.y}`
      if (!found.has(key) && wanted.some((range) => touches(range, candidate))) found.set(key, candidate)
    }
  }
  return [...found.values()]
}
