// The styles that the server makes, as its golden files hold them, by the rules of the style specification.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type StylePropertySpecification,
  type StyleSpecification,
  createExpression,
  latest,
  validateStyleMin,
} from '@maplibre/maplibre-gl-style-spec'
import { describe, expect, it } from 'vitest'

const folder = join(import.meta.dirname, '../../tiles/style/testdata')
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as StyleSpecification

describe('styles of the server', () => {
  it.each(files)('%s follows the specification', (name) => {
    expect(validateStyleMin(read(name))).toEqual([])
  })

  it('has a golden file of each theme and of both languages', () => {
    for (const part of ['light', 'dark', 'print', 'zh', 'en']) expect(files.some((name) => name.includes(part)), part).toBe(true)
  })

  it('finds what is wrong', () => {
    const style = read(files[0]!)
    const line = style.layers.find((layer) => layer.type === 'line')!
    Object.assign(line, { paint: { 'line-width': ['get'] } })
    expect(validateStyleMin(style)).not.toEqual([])
  })
})

// evaluate computes a property of a layer for a feature, as the map does.
function evaluate(style: StyleSpecification, id: string, kind: 'layout' | 'paint', property: string, properties: object, zoom = 18): unknown {
  const layer = style.layers.find((one) => one.id === id)! as unknown as Record<string, Record<string, unknown>>
  const spec = (latest as unknown as Record<string, Record<string, unknown>>)[`${kind}_${String(layer.type)}`]![property]
  const made = createExpression(layer[kind]![property], property, spec as StylePropertySpecification)
  if (made.result === 'error') throw new Error(JSON.stringify(made.value))
  const value = made.value.evaluate({ zoom }, { type: 1, properties: { ...properties } } as never, {})
  return (value as { name?: string } | null)?.name ?? value
}

describe('symbols', () => {
  const style = read('light_zh.json')
  it.each([
    ['a class of five digits, in a part code', { name: '11010101037000001' }, 'lamp'],
    ['a class of four digits, in a part code', { name: '1101010137000001' }, 'lamp'],
    ['an extension of the city, by its major class', { name: '11010103999000001' }, 'sanitation'],
    ['a code of another kind', { name: 'A-1' }, 'part'],
    ['no code', {}, 'part'],
    ['a value with a symbol of its own', { name: '11010101037000001', kind: '榕樹' }, 'old-tree'],
    ['a value whose symbol is gone', { kind: 'gone' }, 'part'],
  ])('%s', (_, properties, symbol) => {
    expect(evaluate(style, 'parts-symbol', 'layout', 'icon-image', properties)).toBe(symbol)
  })

  it.each([
    ['0118', 'lamp'],
    ['01037', 'lamp'],
    ['路灯', 'lamp'],
    ['0299', 'traffic'],
  ])('a class %s by the edition of 2007', (value, symbol) => {
    expect(evaluate(style, 'lamps-symbol', 'layout', 'icon-image', { class: value })).toBe(symbol)
  })

  it('shows the words that tiles have for codes', () => {
    const text = (properties: object) => String(evaluate(style, 'lamps-symbol', 'layout', 'text-field', properties))
    expect(text({ class: '0118', class_label: '路灯' })).toBe('路灯')
    expect(text({ class: '0901' })).toBe('0901')
  })

  it('makes a dot that stands for many gently larger', () => {
    const radius = (properties: object) => Number(evaluate(style, 'notes-point', 'paint', 'circle-radius', properties, 15))
    expect(radius({ point_count: 1 })).toBe(radius({}))
    expect(radius({ point_count: 100 }) / radius({})).toBeCloseTo(2, 1)
    expect(radius({ point_count: 1e9 }) / radius({})).toBe(3)
  })
})
