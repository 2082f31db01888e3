import { describe, expect, it } from 'vitest'
import type { Field } from '../../src/cases/api'
import { type Values, faultsOf, formOf, instant, kindOf, needsPlace } from '../../src/cases/form'

const field = (name: string, type: string, required = false, choices?: Field['choices']): Field => ({ name, type, required, title: { zh: name, en: name }, ...(choices && { choices }) })
const CHOICES = [{ value: 'yes', title: { zh: '满意', en: 'Yes' } }]

describe('the kind of a field', () => {
  it('is the same for names that processes and the service use', () => {
    expect(['organisation', 'unit', 'organisations', 'units', 'voices', 'voice', 'quantities', 'quantity'].map((type) => kindOf(field('x', type)))).toEqual([
      'unit',
      'unit',
      'units',
      'units',
      'voice',
      'voice',
      'quantity',
      'quantity',
    ])
  })

  it('is a long text for what people write at length, and a choice where there are choices', () => {
    expect(kindOf(field('reason', 'text'))).toBe('longtext')
    expect(kindOf(field('address', 'text'))).toBe('text')
    expect(kindOf(field('satisfied', 'text', false, CHOICES))).toBe('choice')
  })

  it('is a text when nobody knows the type', () => expect(kindOf(field('x', 'hologram'))).toBe('text'))

  it('says whether a map is needed', () => {
    expect(needsPlace([field('note', 'text'), field('parts', 'parts')])).toBe(true)
    expect(needsPlace([field('note', 'text')])).toBe(false)
  })
})

describe('what is sent', () => {
  const fields = [
    field('source', 'text', true),
    field('description', 'text', true),
    field('point', 'point'),
    field('class', 'class'),
    field('parts', 'parts'),
    field('after', 'photos'),
    field('quantity', 'quantities'),
    field('unit', 'organisation'),
    field('units', 'organisations'),
    field('until', 'time'),
    field('satisfied', 'choice', false, CHOICES),
    field('urgent', 'bool'),
    field('floors', 'number'),
    field('day', 'date'),
  ]
  const values: Values = {
    source: 'collector',
    description: '  井盖缺失 ',
    point: { lon: 116.42, lat: 39.93 },
    class: { edition: '2013', kind: 'part', code: '0101' },
    parts: [{ layer: 'manholes', id: 'M-1' }],
    after: [{ hash: 'ab', type: 'image/jpeg', size: 1 }],
    quantity: [
      { number: '7841', unit: ' m² ' },
      { number: '', unit: '' },
    ],
    unit: 'works',
    units: ['a', 'b'],
    until: '2026-11-27T09:00',
    satisfied: 'yes',
    urgent: true,
    floors: '3.5',
    day: '2026-11-27',
    note: 'not asked for by this step',
  }

  it('has members for what means the same everywhere, and texts for the rest', () => {
    expect(formOf(fields, values)).toEqual({
      source: 'collector',
      description: '井盖缺失',
      point: { lon: 116.42, lat: 39.93 },
      class: { edition: '2013', kind: 'part', code: '0101' },
      parts: [{ layer: 'manholes', id: 'M-1' }],
      after: [{ hash: 'ab', type: 'image/jpeg', size: 1 }],
      quantity: [{ number: 7841, unit: 'm²' }],
      unit: 'works',
      units: ['a', 'b'],
      until: new Date('2026-11-27T09:00').toISOString(),
      fields: { satisfied: 'yes', urgent: 'true', floors: '3.5', day: '2026-11-27' },
    })
  })

  it('leaves out what is empty', () => expect(formOf(fields, { source: ' ', parts: [], urgent: false, point: undefined })).toEqual({ fields: { urgent: 'false' } }))
})

describe('what hinders sending', () => {
  const fields = [field('reason', 'text', true), field('until', 'time', true), field('quantity', 'quantity', true), field('floors', 'number')]

  it('is told in the order of the form', () => {
    expect(faultsOf(fields, {}).map(({ field: name, why }) => `${name} ${why}`)).toEqual(['reason missing', 'until missing', 'quantity missing'])
  })

  it('is what is wrong, too', () => {
    const wrong = { reason: 'x', until: 'tomorrow', quantity: [{ number: '1,5', unit: 'm²' }], floors: 'three' }
    expect(faultsOf(fields, wrong).map(({ field: name, why }) => `${name} ${why}`)).toEqual(['until time', 'quantity number', 'floors number'])
    expect(faultsOf(fields, { ...wrong, quantity: [{ number: '2', unit: ' ' }] })).toContainEqual({ field: 'quantity', why: 'quantity_unit' })
  })

  it('is nothing when all is there', () => expect(faultsOf(fields, { reason: 'x', until: '2026-11-27T09:00', quantity: [{ number: '2', unit: 'm' }], floors: '3' })).toEqual([]))

  it('treats a time that is none as none', () => expect(instant('soon')).toBeNull())
})
