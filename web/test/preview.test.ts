import type { StyleSpecification } from 'maplibre-gl'
import { describe, expect, it } from 'vitest'
import type { Dictionary, Layer } from '../src/api/types'
import type { VectorLayer } from '../src/map/useMap'
import { layersOf, sourceOf } from '../src/map/style'
import { baseOf, featureOf, prepare, tileAt, tileLayers, tilesetIn } from '../src/preview/tileset'

describe('the address of a preview', () => {
  it.each([
    ['/preview/city', 'city'],
    ['/preview', 'city'],
    ['/preview/', 'city'],
    ['/preview/trees,units', 'trees,units'],
    ['/preview/trees%2Cunits/', 'trees,units'],
    ['/preview/%E4%', '%E4%'],
    ['/', null],
    ['/map', null],
    ['/previews/city', null],
    ['/preview/city/14', null],
  ])('%s', (path, tileset) => expect(tilesetIn(path)).toBe(tileset))
})

const style = {
  version: 8,
  metadata: { theme: 'light' },
  sources: { city: { type: 'vector', tiles: [] } },
  layers: [
    { id: 'background', type: 'background' },
    { id: 'units-line', type: 'line', source: 'city', 'source-layer': 'units', metadata: { 'gewu:layer': 'units' } },
    { id: 'units-label', type: 'symbol', source: 'city', 'source-layer': 'units_label', metadata: { 'gewu:layer': 'units' } },
  ],
} as StyleSpecification
const vector: VectorLayer[] = [
  { id: 'units', minzoom: 13, maxzoom: 16, fields: { id: 'String', CODE: 'String', n: 'Number' }, attributes: { n: { title: { zh: '户数', en: 'Homes' }, unit: '户' } } },
  { id: 'units_label', minzoom: 13, maxzoom: 16, fields: { id: 'String' } },
  { id: 'units_totals', fields: { id: 'String', trees: 'Number' } },
]
const units = {
  name: 'units',
  title: { zh: '单元网格', en: 'Units' },
  geometry: 'polygon',
  count: 7,
  attributes: [{ name: 'n', type: 'int' }, { name: 'CODE', type: 'code', dictionary: 'codes' }],
} as unknown as Layer

describe('what tiles hold of a layer', () => {
  it.each([
    ['units', 'units', 'features'],
    ['units_label', 'units', 'labels'],
    ['units_totals', 'units', 'totals'],
    ['trees_clusters', 'trees', 'clusters'],
    ['units_totals_dropped', 'units', 'dropped'],
  ])('%s', (id, name, part) => expect(baseOf(id)).toEqual({ name, part }))
})

describe('the style of a preview', () => {
  const prepared = prepare(style, { tiles: [], vector_layers: vector })

  it('can hide the names of a layer alone', () => {
    const name = prepared.layers.find((layer) => layer.id === 'units-label')!
    expect((name.metadata as Record<string, unknown>)['gewu:layer']).toBe('units_label')
    expect(sourceOf(prepared, 'units')).toBe('city')
  })

  it('draws what the style of the server leaves out', () => {
    expect(layersOf(prepared, 'city')).toEqual(new Set(['units', 'units_label', 'units_totals']))
    expect(prepared.layers.map(({ id }) => id.replace(/-plain.*/, ''))).toEqual(['background', ...Array<string>(3).fill('units_totals'), 'units-line', 'units-label'])
    expect(layersOf(style, 'city')).toEqual(new Set(['units', 'units_label']))
  })

  it('leaves the style of the server as it was', () => expect(style.layers).toHaveLength(3))
})

describe('the layers of the tiles', () => {
  const [first, second, third] = tileLayers(vector, [units], 'en')

  it('have titles, zoom levels and counts', () => {
    expect(first).toMatchObject({ id: 'units', base: 'units', part: 'features', title: 'Units', min: 13, max: 16, count: 7 })
    expect(second).toMatchObject({ base: 'units', part: 'labels', title: 'Units', count: undefined })
    expect(third).toMatchObject({ base: 'units', part: 'totals', min: 0, max: 22 })
  })

  it('list attributes in the order of the definition, with titles and units', () => {
    expect(first!.fields.map(({ name }) => name)).toEqual(['id', 'n', 'CODE'])
    expect(first!.fields[1]).toMatchObject({ title: 'Homes', unit: '户', kind: 'Number' })
  })

  it('do without definitions', () => expect(tileLayers(vector, [], 'zh')[0]!.title).toBe('units'))
})

describe('a feature of a tile', () => {
  const picked = { layer: 'units', id: 'u1', tileId: 5, properties: { id: 'u1', CODE: '01', CODE_label: 'One', n: 3 } }
  const codes = { name: 'codes', entries: [{ code: '01', title: { zh: '一', en: 'One' } }] } as unknown as Dictionary

  it('says what its codes mean', () => {
    const feature = featureOf(picked, units, new Map([['codes', codes]]), 'en')
    expect(feature).toMatchObject({ id: 'u1', properties: { CODE: '01', n: 3 }, labels: { CODE: 'One' } })
    expect(feature.properties).not.toHaveProperty('id')
    expect(feature.properties).not.toHaveProperty('CODE_label')
  })

  it('has codes alone until the dictionary is there', () => {
    expect(featureOf(picked, units, new Map(), 'en').labels).toEqual({})
    expect(featureOf({ ...picked, properties: {} }, undefined, new Map(), 'zh').id).toBe('u1')
  })
})

describe('the tile at a place', () => {
  it.each([
    [121.5436, 25.0375, 14.9, 22, '14/13723/7014'],
    [121.5436, 25.0375, 18.2, 16, '16/54894/28057'],
    [-180, 89, 3, 22, '3/0/0'],
    [180, -89, 3, 22, '3/7/7'],
    [0, 0, -0.5, 22, '0/0/0'],
  ])('%f,%f at %f', (lon, lat, zoom, deepest, tile) => {
    const { z, x, y } = tileAt(lon, lat, zoom, deepest)
    expect(`${z}/${x}/${y}`).toBe(tile)
  })
})
