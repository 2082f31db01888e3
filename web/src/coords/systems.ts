// The systems in which the page shows and understands coordinates.
import type { Place } from '../ui/urlState'
import { bd09, gcj02, shifted, unshifted } from './shifted'
import { type Grid, forward, inverse } from './transverse'

export const SYSTEMS = ['lonlat', 'dms', 'gk', 'mercator', 'twd97', 'gcj02', 'bd09'] as const

export type SystemId = (typeof SYSTEMS)[number]

interface System {
  // The name as --crs and crs= understand it, for a place.
  name(place: Place): string
  // The pair, east or longitude first, or nothing outside the system.
  write(place: Place): [number, number] | null
  // The place of a pair. Where the zone is not said, it is the one near.
  read(x: number, y: number, near: Place): Place | null
  metres?: boolean
}

const within = ({ lon, lat }: Place, west: number, south: number, east: number, north: number) =>
  lon >= west && lon <= east && lat >= south && lat <= north

const onEarth = (place: Place) => within(place, -180, -90, 180, 90)

const orNothing = (place: Place, inside: boolean) => (inside ? place : null)

const degrees = (name: string, to: (p: Place) => Place, from: (p: Place) => Place): System => ({
  name: () => name,
  write: (place) => {
    const { lon, lat } = to(place)
    return [lon, lat]
  },
  read: (lon, lat) => (onEarth({ lon, lat }) ? from({ lon, lat }) : null),
})

const same = (place: Place) => place
const lonlat = degrees('EPSG:4326', same, same)

const RADIUS = 6378137
const MAX_LAT = 85.05112877980659

const mercator: System = {
  name: () => 'EPSG:3857',
  write: (place) =>
    within(place, -180, -MAX_LAT, 180, MAX_LAT)
      ? [(place.lon * Math.PI * RADIUS) / 180, Math.atanh(Math.sin((place.lat * Math.PI) / 180)) * RADIUS]
      : null,
  read: (x, y) => {
    const half = Math.PI * RADIUS
    const place = { lon: (x / half) * 180, lat: (Math.atan(Math.sinh(y / RADIUS)) * 180) / Math.PI }
    return orNothing(place, Math.abs(x) <= half && Math.abs(y) <= half)
  },
  metres: true,
}

const TWD97: Grid = { lon0: 121, k0: 0.9999, east: 250000 }

const twd97: System = {
  name: () => 'EPSG:3826',
  write: (place) => (within(place, 118, 20, 124, 27) ? forward(TWD97, place) : null),
  read: (x, y) => {
    if (Math.abs(x) > 1e6 || Math.abs(y) > 1e7) return null
    const place = inverse(TWD97, x, y)
    return orNothing(place, within(place, 118, 20, 124, 27))
  },
  metres: true,
}

// The number of the 3° zone that holds a longitude, 25 to 45 in China.
const zoneOf = (lon: number) => Math.floor((lon + 1.5) / 3)

const zone = (n: number): Grid => ({ lon0: 3 * n, k0: 1, east: 500000 })

const known = (n: number) => n >= 25 && n <= 45

const gk: System = {
  name: ({ lon }) => `EPSG:${4509 + zoneOf(lon)}`,
  write: (place) => (known(zoneOf(place.lon)) && place.lat >= 0 && place.lat <= 60 ? forward(zone(zoneOf(place.lon)), place) : null),
  read: (x, y, near) => {
    // An easting of eight digits starts with the number of its zone.
    const said = Math.floor(x / 1e6)
    const n = said >= 1 ? said : zoneOf(near.lon)
    if (!known(n) || Math.abs(x) > 1e8 || Math.abs(y) > 1e7) return null
    const place = inverse(zone(n), said >= 1 ? x - said * 1e6 : x, y)
    return orNothing(place, within(place, 3 * n - 3, 0, 3 * n + 3, 60))
  },
  metres: true,
}

const TABLE: Record<SystemId, System> = {
  lonlat,
  dms: lonlat,
  gk,
  mercator,
  twd97,
  gcj02: degrees('gcj02', (p) => shifted(gcj02, p), (p) => unshifted(gcj02, p)),
  bd09: degrees('bd09', (p) => shifted(bd09, p), (p) => unshifted(bd09, p)),
}

export const isSystem = (text: string | null): text is SystemId => SYSTEMS.includes(text as SystemId)

export const nameOf = (id: SystemId, place: Place) => TABLE[id].name(place)

// The pair of a place, or nothing where the system has none.
export const pairOf = (id: SystemId, place: Place) => TABLE[id].write(place)

// About a decimetre on the screen, a centimetre when copied: more digits than
// a click can mean, none that matter lost.
export function write(id: SystemId, place: Place, exact = false): string | null {
  if (id === 'dms') return dms(place, exact ? 3 : 1)
  const pair = pairOf(id, place)
  if (!pair) return null
  const digits = TABLE[id].metres ? (exact ? 2 : 1) : exact ? 7 : 6
  return pair.map((value) => value.toFixed(digits)).join(', ')
}

export const inMetres = (id: SystemId) => !!TABLE[id].metres

// placeOf understands a pair in a system. Numbers that can be degrees are none
// in metres: nobody types a place within 200 m of an origin.
export function placeOf(id: SystemId, x: number, y: number, near: Place): Place | null {
  if (inMetres(id) && Math.abs(x) <= 180 && Math.abs(y) <= 180) return null
  return TABLE[id].read(x, y, near)
}

// Latitude comes first in this form, with a letter that says so.
function dms({ lon, lat }: Place, digits: number): string {
  const one = (value: number, letter: string) => {
    const unit = 10 ** digits
    const seconds = Math.round(Math.abs(value) * 3600 * unit)
    const rest = seconds % (60 * unit)
    const minutes = Math.floor(seconds / (60 * unit))
    const pad = digits + 3
    return `${Math.floor(minutes / 60)}°${String(minutes % 60).padStart(2, '0')}′${(rest / unit).toFixed(digits).padStart(pad, '0')}″${letter}`
  }
  return `${one(lat, lat < 0 ? 'S' : 'N')} ${one(lon, lon < 0 ? 'W' : 'E')}`
}
