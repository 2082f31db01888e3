import { afterEach, describe, expect, it, vi } from 'vitest'
import { createApp, h, nextTick, ref, shallowRef } from 'vue'
import type { Field } from '../../src/cases/api'
import { CONTEXT } from '../../src/cases/context'
import FieldInput from '../../src/cases/fields/FieldInput.vue'
import type { Values } from '../../src/cases/form'
import '../../src/cases/texts'
import { i18n } from '../../src/i18n'

afterEach(() => {
  document.body.innerHTML = ''
  vi.unstubAllGlobals()
})

// mount shows one field of a form; what is filled in is in `value`.
function mount(field: Field, start?: Values[string], told?: string, place: object = { areas: [], cells: [{ code: 'A1' }] }) {
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ classes: [], organisations: [], staff: [], matches: [], suggestions: [] })))
  const value = shallowRef<Values[string]>(start)
  const root = document.body.appendChild(document.createElement('div'))
  const located = shallowRef({ ...place, parts: [{ layer: 'lamps', id: 'L-7', distance_m: 3 }] } as never)
  const app = createApp({ render: () => h(FieldInput, { field, value: value.value, told, onChange: (now: Values[string]) => (value.value = now) }) })
  app.use(i18n).provide(CONTEXT, { caseId: 'c1', layers: shallowRef([]), point: ref(null), located, form: () => ({}), picking: shallowRef(null) }).mount(root)
  return { root, value }
}

const field = (type: string, name = type, more: Partial<Field> = {}): Field => ({ name, type, title: { zh: `名${type}`, en: type }, required: false, ...more })
const CHOICES = ['yes', 'partly', 'no'].map((value) => ({ value, title: { zh: value, en: value } }))
const TYPES = ['text', 'point', 'class', 'parts', 'photos', 'voice', 'quantity', 'unit', 'units', 'person', 'date', 'time', 'bool', 'choice', 'number', 'case']

describe('a field of every type', () => {
  for (const type of TYPES) {
    it(`${type} has a name that a screen reader says, and its fault beside it`, async () => {
      const { root } = mount(field(type, type, { required: true, ...(type === 'choice' && { choices: CHOICES }) }), undefined, '原因')
      await nextTick()
      const name = root.querySelector('legend, label')!
      expect(name.textContent).toContain(`名${type}`)
      expect(name.textContent).toContain('必填')
      const label = root.querySelector<HTMLLabelElement>('.case-field > label')
      if (label) expect(root.querySelector(`#${CSS.escape(label.htmlFor)}`), label.htmlFor).not.toBeNull()
      expect(root.querySelectorAll('input, textarea, select, button').length).toBeGreaterThan(0)
      expect(root.textContent).toContain('原因')
    })
  }

  it('says of a place that it is not in the city, before it is sent', async () => {
    const at = { lon: 1, lat: 2 }
    const told = (place?: object) => mount(field('point'), at, undefined, place).root.textContent?.includes('不在任何已导入的区域')
    expect(told()).toBe(false)
    expect(told({ areas: [{ code: 'S1' }], cells: [] })).toBe(false)
    expect(told({ areas: [], cells: [] })).toBe(true)
  })

  it('gives what is typed and chosen', async () => {
    const text = mount(field('text', 'reason'))
    const area = text.root.querySelector('textarea')!
    area.value = '夜间漏水'
    area.dispatchEvent(new Event('input'))
    expect(text.value.value).toBe('夜间漏水')

    const choice = mount(field('choice', 'satisfied', { choices: CHOICES }))
    choice.root.querySelectorAll('input')[2]!.dispatchEvent(new Event('change'))
    expect(choice.value.value).toBe('no')

    const many = mount(field('choice', 'kind', { choices: [...CHOICES, ...CHOICES.map((c) => ({ ...c, value: `${c.value}2` }))] }))
    expect(many.root.querySelectorAll('option').length).toBe(7)

    const bool = mount(field('bool', 'urgent'))
    const box = bool.root.querySelector('input')!
    box.checked = true
    box.dispatchEvent(new Event('change'))
    expect(bool.value.value).toBe(true)
  })

  it('offers the parts near the place, and takes and leaves them', async () => {
    const parts = mount(field('parts'), [])
    const box = () => parts.root.querySelector<HTMLInputElement>('input[type=checkbox]')!
    expect(parts.root.textContent).toContain('L-7')
    box().dispatchEvent(new Event('change'))
    await nextTick()
    expect(parts.value.value).toEqual([{ layer: 'lamps', id: 'L-7' }])
    box().dispatchEvent(new Event('change'))
    expect(parts.value.value).toEqual([])
  })

  it('has a row more for a second quantity', async () => {
    const quantity = mount(field('quantity'), [])
    const [number, unit] = quantity.root.querySelectorAll('input')
    number!.value = '12'
    number!.dispatchEvent(new Event('input'))
    await nextTick()
    unit!.value = '户次'
    unit!.dispatchEvent(new Event('input'))
    await nextTick()
    expect(quantity.value.value).toEqual([{ number: '12', unit: '户次' }])
    quantity.root.querySelector<HTMLButtonElement>(':scope > fieldset > button')!.click()
    await nextTick()
    expect(quantity.root.querySelectorAll('.case-row').length).toBe(2)
  })
})
