import { describe, expect, it } from 'vitest'
import type { Geocoded } from '../src/api/types'
import en from '../src/i18n/en'
import zh from '../src/i18n/zh-CN'
import { MOST, faultWords, foundOf, isFound, merge, scoreGrade } from '../src/map/found'
import { boxAround, pixelsOf } from '../src/map/geometry'
import type { Hit } from '../src/map/roles'

function geocoded(label: string, id?: string, more: object = {}): Geocoded {
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [121.5, 25.03] },
    properties: {
      geocoding: { type: 'house', kind: 'house', label, score: 98, radius_m: 12, faults: [], ...more },
      ...(id && { layer: 'addresses', id }),
      areas: [],
      cells: [],
    },
  } as Geocoded
}

const hit = (id: string) => ({ layer: 'addresses', feature: { id } }) as unknown as Hit

// words finds a message as the pages do.
const words = (messages: object) => (key: string, values: Record<string, string | number> = {}) => {
  const text = key.split('.').reduce((of, part) => (of as Record<string, object>)[part]!, messages) as unknown as string
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]))
}

describe('places', () => {
  it('keep where they are, which feature they are and how sure they are', () => {
    expect(foundOf(geocoded('a', 'x'))).toEqual({
      label: 'a', kind: 'house', relation: '', suggested: false, score: 98, radius: 12, faults: [],
      place: { lon: 121.5, lat: 25.03 }, selection: { layer: 'addresses', id: 'x' },
    })
    expect(foundOf(geocoded('a', undefined, { relation: 'offset' }), true)).toMatchObject({ selection: null, relation: 'offset', suggested: true })
  })

  it('are listed once, what is exact before what is likely', () => {
    const places = [foundOf(geocoded('one', '1')), foundOf(geocoded('near one', '1', { relation: 'near' }))]
    const suggestions = [foundOf(geocoded('one', '1'), true), foundOf(geocoded('two', '2'), true), foundOf(geocoded('three', '3'), true)]
    const list = merge([hit('1'), hit('3')], places, suggestions)
    expect(list.map((one) => (isFound(one) ? one.label : one.feature.id))).toEqual(['3', 'one', 'near one', 'two'])
    expect(merge([], Array.from({ length: 20 }, (_, i) => foundOf(geocoded(`${i}`, `${i}`))), [])).toHaveLength(MOST)
  })

  it('say what had to be forgiven, in both languages', () => {
    const fault = { element: 'road', kind: 'sounds_alike', text: '和平冬路', meant: '和平東路', points: 2 }
    expect(faultWords(fault, words(zh))).toBe('路名同音：和平冬路 → 和平東路')
    expect(faultWords(fault, words(en))).toBe('road sounds alike: 和平冬路 → 和平東路')
    expect(faultWords({ element: 'text', kind: 'ambiguous', points: 12 }, words(zh))).toBe('有多个可能')
    expect(faultWords({ element: 'number', kind: 'not_found', text: '7號', points: 1 }, words(en))).toBe('no such number: 7號')
  })

  it('have a grade', () => expect([100, 90, 89, 70, 69, 0].map(scoreGrade)).toEqual(['good', 'good', 'fair', 'fair', 'poor', 'poor']))
})

describe('a radius', () => {
  it('is a box around a place', () => {
    const [west, south, east, north] = boxAround({ lon: 121.5, lat: 60 }, 1113.2)
    expect([west, south, east, north].map((v) => +v.toFixed(4))).toEqual([121.48, 59.99, 121.52, 60.01])
  })

  it('doubles its pixels at each zoom', () => {
    // At zoom 0 the equator has 512 pixels.
    expect(pixelsOf(360 * 111_320, 0, 0)).toBeCloseTo(512)
    expect(pixelsOf(50, 25, 17) / pixelsOf(50, 25, 16)).toBeCloseTo(2)
    expect(pixelsOf(50, 60, 16) / pixelsOf(50, 0, 16)).toBeCloseTo(2)
  })
})
