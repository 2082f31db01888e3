import { describe, expect, it } from 'vitest'
import type { Layer } from '../src/api/types'
import { featureLabel, groupOf, inOrder, mayBeId, searchAttributes } from '../src/map/roles'
import { parseQuery, spellings } from '../src/map/search'

const point = (lon: number, lat: number) => ({ kind: 'point', place: { lon, lat } })

describe('what is typed', () => {
  it.each([
    ['121.56,25.03', point(121.56, 25.03)],
    [' 121.56 , 25.03 ', point(121.56, 25.03)],
    ['121.56 25.03', point(121.56, 25.03)],
    ['１２１.５６，２５.０３', point(121.56, 25.03)],
    ['25.03,121.56', point(121.56, 25.03)],
    ['25.03N 121.56E', point(121.56, 25.03)],
    ['25.03°N, 10.5°E', point(10.5, 25.03)],
    ['10.5,25.03', point(10.5, 25.03)],
    ['33.9S, 18.4E', point(18.4, -33.9)],
    ['-70.6,-33.4', point(-70.6, -33.4)],
  ])('%s is a place', (typed, expected) => expect(parseQuery(typed)).toEqual(expected))

  it.each(['181,95', '121.56', 'A6301-0026-00', '1,2,3', '復興南路一段237號', '200 200'])('%s is text', (typed) =>
    expect(parseQuery(typed).kind).toBe('text'),
  )

  it('may name the layer', () => {
    expect(parseQuery('units/A6301-0026-00', ['units'])).toEqual({ kind: 'text', text: 'A6301-0026-00', layer: 'units' })
    expect(parseQuery('trees:BT06', ['units'])).toEqual({ kind: 'text', text: 'trees:BT06' })
  })

  it('may be nothing', () => expect(parseQuery('  ').kind).toBe('empty'))

  it('tries codes in capitals too', () => {
    expect(spellings('a6301-0026-00')).toEqual(['a6301-0026-00', 'A6301-0026-00'])
    expect(spellings('A6301')).toEqual(['A6301'])
    expect(spellings('大安區')).toEqual(['大安區'])
  })
})

describe('what a layer is searched by', () => {
  const layer = (extra: Partial<Layer>): Layer => ({
    name: 'x',
    geometry: 'point',
    attributes: ['code', 'name', 'full', 'kind'].map((name) => ({ name, type: 'text' })),
    count: 1,
    seq: 1,
    ...extra,
  })

  it('follows the roles', () => {
    expect(searchAttributes(layer({ roles: { area: { level: 'district', code: 'code', name: 'name' } } }))).toEqual(['code', 'name'])
    expect(searchAttributes(layer({ roles: { address: { label: 'full', number: 'code' } } }))).toEqual(['full'])
    expect(searchAttributes(layer({}))).toEqual([])
  })

  it('includes the id and leaves numbers out', () => {
    expect(searchAttributes(layer({ id: { attribute: 'code' } }))).toEqual(['code'])
    expect(searchAttributes(layer({ id: { attribute: 'n' }, attributes: [{ name: 'n', type: 'int' }] }))).toEqual([])
  })

  it('asks by id only when it can be one', () => {
    expect(mayBeId(layer({ id: { attribute: 'code' } }), 'A1')).toBe(false)
    expect(mayBeId(layer({ id: { generate: 'ulid' } }), '大安區')).toBe(false)
    expect(mayBeId(layer({ id: { generate: 'ulid' } }), '01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe(true)
  })

  it('orders the tree: coarse areas first, then cells, then the rest', () => {
    const tree = inOrder([
      layer({ name: 'trees', roles: { part: { class: 'kind' } } }),
      layer({ name: 'villages', count: 456, roles: { area: { level: 'village' } } }),
      layer({ name: 'units', count: 9000, roles: { cell: { scheme: 'unit' } } }),
      layer({ name: 'districts', count: 12, roles: { area: { level: 'district' } } }),
      layer({ name: 'lamps', roles: { part: { class: 'kind' } } }),
    ])
    expect(tree.map((l) => l.name)).toEqual(['districts', 'villages', 'units', 'lamps', 'trees'])
  })

  it('gives a group and a label', () => {
    expect(groupOf(layer({ roles: { cell: { scheme: 'unit', code: 'code' } } }))).toBe('cell')
    expect(groupOf(layer({ roles: { road: { name: 'name' } } }))).toBe('other')
    const area = layer({ roles: { area: { level: 'v', code: 'code', name: 'name' } } })
    expect(featureLabel(area, { code: '1', name: '和安里' }, 'id')).toBe('和安里')
    expect(featureLabel(area, { code: '1', name: '' }, 'id')).toBe('1')
    expect(featureLabel(undefined, {}, 'id')).toBe('id')
  })
})
