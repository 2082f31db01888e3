// The vectors are those of geo/proj: coordinates by GDAL, and with 40 digits.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parsePoint } from '../src/coords/parse'
import { SYSTEMS, type SystemId, nameOf, pairOf, placeOf, write } from '../src/coords/systems'
import { show } from '../src/coords/text'
import { forward, inverse } from '../src/coords/transverse'
import { parseQuery } from '../src/map/search'
import { setSystem } from '../src/ui/settings'
import type { Place } from '../src/ui/urlState'

const rows = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../geo/proj/testdata', name), 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => line.split('\t').map(Number))

function far(got: Place | null, lon: number, lat: number): number {
  return got ? Math.hypot(got.lon - lon, got.lat - lat) : Infinity
}

describe('the vectors of geo/proj', () => {
  it('are met by the zones without a number', () => {
    let seen = 0
    for (const [code, lon, lat, east, north] of rows('gausskruger.tsv') as [number, number, number, number, number][]) {
      const prefix = (code >= 4491 && code <= 4501) || (code >= 4513 && code <= 4533)
      const lon0 = code <= 4512 ? 75 + 6 * ((code - 4491) % 11) : 75 + 3 * ((code - 4513) % 21)
      const grid = { lon0, k0: 1, east: prefix ? Math.floor(east / 1e6) * 1e6 + 500000 : 500000 }
      const [x, y] = forward(grid, { lon, lat })
      expect(Math.hypot(x - east, y - north), `${code} ${lon} ${lat}`).toBeLessThan(1e-6)
      expect(far(inverse(grid, east, north), lon, lat), `${code} back`).toBeLessThan(1e-10)
      seen++
    }
    expect(seen).toBe(64 * 22)
  })

  it('are met by the chosen zone', () => {
    for (const [code, lon, lat, east, north] of rows('gausskruger.tsv') as [number, number, number, number, number][]) {
      // The 3° zones, on their axes: at the edges another zone is nearer.
      if (code < 4534 || (lon - 75) % 3 !== 0 || lon < 74 || lon > 136) continue
      if (nameOf('gk', { lon, lat }) !== `EPSG:${code}`) continue
      const pair = pairOf('gk', { lon, lat })!
      expect(Math.hypot(pair[0] - east, pair[1] - north)).toBeLessThan(1e-6)
      expect(far(placeOf('gk', east, north, { lon, lat: 0 }), lon, lat)).toBeLessThan(1e-10)
    }
    for (let zone = 25; zone <= 45; zone++) expect(nameOf('gk', { lon: 3 * zone, lat: 30 })).toBe(`EPSG:${4509 + zone}`)
  })

  it.each([
    ['mercator', 'epsg3857.tsv'],
    ['twd97', 'epsg3826.tsv'],
  ] as [SystemId, string][])('are met by %s', (system, file) => {
    const all = rows(file) as [number, number, number, number][]
    expect(all.length).toBeGreaterThan(99)
    for (const [lon, lat, east, north] of all) {
      const pair = pairOf(system, { lon, lat })!
      expect(Math.hypot(pair[0] - east, pair[1] - north), `${lon} ${lat}`).toBeLessThan(1e-6)
      // Rounding may move a place on the edge over it.
      const back = placeOf(system, east, north, { lon: 0, lat: 0 })
      if (back) expect(far(back, lon, lat)).toBeLessThan(1e-9)
      else expect(lon % 1 === 0 || lat % 1 === 0 || Math.abs(east) < 181 || Math.abs(lat) > 85, `${lon} ${lat}`).toBe(true)
    }
  })

  it('are met by the shifted systems', () => {
    const all = rows('shifted.tsv') as [number, number, number, number, number, number][]
    expect(all.length).toBeGreaterThan(160)
    for (const [lon, lat, ...shifted] of all) {
      for (const [i, system] of (['gcj02', 'bd09'] as const).entries()) {
        const [x, y] = [shifted[2 * i]!, shifted[2 * i + 1]!]
        const pair = pairOf(system, { lon, lat })!
        expect(Math.hypot(pair[0] - x, pair[1] - y), `${system} ${lon} ${lat}`).toBeLessThan(1e-12)
        expect(far(placeOf(system, x, y, { lon: 0, lat: 0 }), lon, lat), `${system} ${lon} ${lat} back`).toBeLessThan(1e-9)
      }
    }
  })
})

describe('every system', () => {
  it('comes back to the place', () => {
    for (const system of SYSTEMS) {
      for (const place of [{ lon: 121.5654, lat: 25.033 }, { lon: 119.2, lat: 22.1 }]) {
        const pair = pairOf(system, place)!
        expect(far(placeOf(system, pair[0], pair[1], place), place.lon, place.lat), system).toBeLessThan(1e-9)
      }
    }
  })

  it('has no coordinates that are not finite', () => {
    const odd = [0, -90, 90, 180, -180, 1e9, -1e9, NaN, Infinity, -Infinity]
    for (const system of SYSTEMS) {
      for (const x of odd) {
        for (const y of odd) {
          const place = placeOf(system, x, y, { lon: 120, lat: 30 })
          if (place) expect(Math.abs(place.lon) <= 180 && Math.abs(place.lat) <= 90, `${system} ${x} ${y}`).toBe(true)
        }
      }
      for (const place of [{ lon: 0, lat: 0 }, { lon: -74, lat: 40.7 }, { lon: 180, lat: 90 }, { lon: -180, lat: -90 }]) {
        const text = write(system, place)
        if (text) expect(text, system).not.toMatch(/NaN|Infinity/)
      }
    }
    expect(write('gk', { lon: 2.35, lat: 48.85 })).toBeNull()
    expect(write('twd97', { lon: 116.4, lat: 39.9 })).toBeNull()
    expect(write('mercator', { lon: 0, lat: 89 })).toBeNull()
  })
})

describe('what is shown', () => {
  it.each([
    ['lonlat', false, '121.565400, 25.033000'],
    ['lonlat', true, '121.5654000, 25.0330000'],
    ['dms', false, '25°01′58.8″N 121°33′55.4″E'],
    ['dms', true, '25°01′58.800″N 121°33′55.440″E'],
    ['twd97', true, '307056.82, 2769551.84'],
    ['mercator', false, '13532598.4, 2879798.5'],
  ] as [SystemId, boolean, string][])('%s', (system, exact, text) => {
    expect(write(system, { lon: 121.5654, lat: 25.033 }, exact)).toBe(text)
  })

  it('rounds seconds up into minutes and degrees', () => {
    expect(write('dms', { lon: -0.99999999, lat: -59.99999999 })).toBe('60°00′00.0″S 1°00′00.0″W')
  })
})

describe('the choice', () => {
  afterEach(() => {
    setSystem('lonlat')
    localStorage.clear()
  })

  it('is remembered and falls back to degrees', () => {
    setSystem('gk')
    expect(localStorage.getItem('gewu.system')).toBe('gk')
    expect(show({ lon: 120.5, lat: 30.25 })).toEqual({ text: '548122.1, 3347932.8', name: 'EPSG:4549', outside: false })
    expect(show({ lon: 2.35, lat: 48.85 })).toEqual({ text: '2.350000, 48.850000', name: 'EPSG:4326', outside: true })
  })
})

describe('what is typed', () => {
  const near = { lon: 120.1, lat: 30.3 }
  const at = (text: string, system: SystemId = 'lonlat') => parsePoint(text, system, near)

  it.each([
    ["25°01′58.8″N 121°33′55.44″E", 121.5654, 25.033],
    ["25°1'58.8\" N, 121°33'55.44\" E", 121.5654, 25.033],
    ['北纬25度1分58.8秒 东经121度33分55.44秒', 121.5654, 25.033],
    ['东经121°33.924′，北纬25°1.98′', 121.5654, 25.033],
    ['N25°1.98′ E121°33.924′', 121.5654, 25.033],
    ['33°54′S 18°24′E', 18.4, -33.9],
    ['121.5654° 25.033°', 121.5654, 25.033],
    ['121°30′ 25°0′', 121.5, 25],
  ])('%s is a place', (text, lon, lat) => expect(far(at(text), lon, lat)).toBeLessThan(1e-9))

  it.each(['25°61′N 121°E', '25°1′N', '95°N 121°E', '25°1′N 25°1′N x', '12°'])('%s is none', (text) => expect(at(text)).toBeNull())

  it('may be a pair of the chosen system', () => {
    expect(far(at('548122.063, 3347932.816', 'gk'), 120.5, 30.25)).toBeLessThan(1e-7)
    expect(far(at('40548122.063 3347932.816', 'gk'), 120.5, 30.25)).toBeLessThan(1e-7)
    expect(far(at('307056.82,2769551.84', 'twd97'), 121.5654, 25.033)).toBeLessThan(1e-6)
    expect(far(at('116.41024449916938,39.91640428150164', 'gcj02'), 116.404, 39.915)).toBeLessThan(1e-9)
    expect(far(at('39.91640428150164,116.41024449916938', 'gcj02'), 116.404, 39.915)).toBeLessThan(1e-9)
  })

  it('may be degrees whatever is chosen', () => {
    for (const system of SYSTEMS) expect(far(at('25.033N 121.5654E', system), 121.5654, 25.033), system).toBeLessThan(1e-9)
    for (const system of ['gk', 'twd97', 'mercator'] as const) expect(far(at('121.5654,25.033', system), 121.5654, 25.033)).toBeLessThan(1e-9)
  })

  it('stays text where it is no place', () => {
    expect(parseQuery('548122.063, 3347932.816').kind).toBe('text')
    expect(parseQuery('11010100 1001001', [], 'gk', near).kind).toBe('text')
    expect(parseQuery('3347932.816, 548122.063', [], 'gk', near).kind).toBe('text')
  })
})
