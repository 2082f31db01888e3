import type { StyleSpecification } from 'maplibre-gl'
import { describe, expect, it } from 'vitest'
import { legendOf } from '../src/map/legend'
import { compose, scaleOpacity, sourceOf } from '../src/map/style'

const legend = { kind: 'circle', color: '#0a0', title: 'Trees' }
const style = {
  version: 8,
  sources: { city: { type: 'vector', url: '/tiles/city.json' } },
  layers: [
    { id: 'background', type: 'background', paint: { 'background-color': '#fff' } },
    {
      id: 'trees-point',
      type: 'circle',
      source: 'city',
      'source-layer': 'trees',
      metadata: { 'gewu:layer': 'trees', 'gewu:legend': legend },
      paint: { 'circle-opacity': 0.8 },
    },
    {
      id: 'units-label',
      type: 'symbol',
      source: 'city',
      'source-layer': 'units_label',
      metadata: { 'gewu:layer': 'units' },
      layout: { 'text-size': 12 },
    },
  ],
} as StyleSpecification

const byId = (composed: StyleSpecification, id: string) => composed.layers.find((l) => l.id === id)! as never as Record<string, object>

describe('the composed style', () => {
  it('is the server’s when nothing was chosen', () => {
    expect(compose(style, { hidden: new Set(), opacity: {} })).toEqual(style)
  })

  it('hides all parts of a layer and keeps their layout', () => {
    const composed = compose(style, { hidden: new Set(['units']), opacity: {} })
    expect(byId(composed, 'units-label').layout).toEqual({ 'text-size': 12, visibility: 'none' })
    expect(byId(composed, 'trees-point')).toEqual(style.layers[1])
  })

  it('fades a layer and leaves the original alone', () => {
    const before = structuredClone(style)
    const composed = compose(style, { hidden: new Set(), opacity: { trees: 0.5 } })
    expect(byId(composed, 'trees-point').paint).toEqual({ 'circle-opacity': 0.4, 'circle-stroke-opacity': 0.5 })
    expect(style).toEqual(before)
  })

  it('finds source and legend of a layer', () => {
    expect(sourceOf(style, 'trees')).toBe('city')
    expect(sourceOf(style, 'roads')).toBeUndefined()
    expect(legendOf(style, 'trees')).toEqual(legend)
    expect(legendOf(style, 'units')).toBeUndefined()
  })
})

describe('a scaled opacity', () => {
  it('keeps the zoom at the top of an expression', () => {
    expect(scaleOpacity(['interpolate', ['linear'], ['zoom'], 10, 0.8, 14, 0.4], 0.5)).toEqual(
      ['interpolate', ['linear'], ['zoom'], 10, 0.4, 14, 0.2],
    )
    expect(scaleOpacity(['step', ['zoom'], 1, 12, 0.5], 0.5)).toEqual(['step', ['zoom'], 0.5, 12, 0.25])
    expect(scaleOpacity(['interpolate', ['linear'], ['zoom'], 10, ['get', 'o']], 0.5)).toEqual(
      ['interpolate', ['linear'], ['zoom'], 10, ['*', ['get', 'o'], 0.5]],
    )
  })

  it('multiplies anything else', () => {
    expect(scaleOpacity(undefined, 0.5)).toBe(0.5)
    expect(scaleOpacity(0.6, 0.5)).toBe(0.3)
    expect(scaleOpacity(['get', 'o'], 0.5)).toEqual(['*', ['get', 'o'], 0.5])
  })
})
