import { describe, expect, it } from 'vitest'
import type { Feature, Layer } from '../src/api/types'
import { attributeRows } from '../src/map/attributes'

const layer = {
  name: 'trees',
  geometry: 'point',
  attributes: [
    { name: 'species', type: 'code', dictionary: 'species', title: { zh: '树种', en: 'Species' } },
    { name: 'height', type: 'number', unit: 'm', title: { zh: '高度' }, description: { en: 'Above ground' } },
    { name: 'lit', type: 'bool' },
    { name: 'street', type: 'ref', ref: 'streets' },
    { name: 'near', type: 'ref' },
    { name: 'note', type: 'text' },
  ],
} as unknown as Layer

const feature = {
  type: 'Feature',
  id: 't1',
  geometry: null,
  properties: { near: 'x', street: 's1', lit: false, height: 6.5, species: '0101', note: '', extra: 'more' },
  labels: { species: 'Fig' },
} as unknown as Feature

describe('attributeRows', () => {
  const rows = attributeRows(feature, layer, 'en', 'en', 'yes', 'no')
  const row = (name: string) => rows.find((r) => r.name === name)!

  it('keeps the order of the layer and leaves out what is empty', () => {
    expect(rows.map((r) => r.name)).toEqual(['species', 'height', 'lit', 'street', 'near', 'extra'])
  })

  it('says what codes mean, and titles and units of the language', () => {
    expect(row('species')).toMatchObject({ title: 'Species', text: '0101', label: 'Fig' })
    expect(row('height')).toMatchObject({ title: '高度', about: 'Above ground', unit: 'm', text: '6.5', label: undefined })
    expect(row('lit')).toMatchObject({ title: 'lit', about: 'lit', text: 'no' })
  })

  it('leads to the feature that a ref names, when its layer is known', () => {
    expect(row('street').refers).toEqual({ layer: 'streets', id: 's1' })
    expect(row('near').refers).toBeUndefined()
  })

  it('does without a layer', () => {
    expect(attributeRows(feature, undefined, 'zh', 'zh-CN', '是', '否').map((r) => r.name)).not.toContain('note')
  })
})
