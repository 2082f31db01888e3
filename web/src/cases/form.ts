// A form that is made from what an offer asks for: what kind of field it is,
// what is missing, and the command that it becomes. Pure: no page, no network.
import type { ClassRef, Field, FileRef, Form, PartRef, Point, Quantity } from './api'

export type Kind =
  | 'text'
  | 'longtext'
  | 'point'
  | 'class'
  | 'parts'
  | 'photos'
  | 'voice'
  | 'quantity'
  | 'unit'
  | 'units'
  | 'person'
  | 'date'
  | 'time'
  | 'bool'
  | 'choice'
  | 'number'
  | 'case'

// What processes call the same.
const OTHER_NAMES: Record<string, Kind> = { voices: 'voice', quantities: 'quantity', organisation: 'unit', organisations: 'units' }
const KINDS = new Set<string>(['text', 'point', 'class', 'parts', 'photos', 'voice', 'quantity', 'unit', 'units', 'person', 'date', 'time', 'bool', 'choice', 'number', 'case'])
const LONG = new Set(['description', 'reason', 'note'])

// kindOf is how a field is filled in; a type that nobody knows yet is a text.
export function kindOf(field: Field): Kind {
  if (field.choices?.length) return 'choice'
  const kind = OTHER_NAMES[field.type] ?? (KINDS.has(field.type) ? (field.type as Kind) : 'text')
  return kind === 'text' && LONG.has(field.name) ? 'longtext' : kind
}

// The members that mean the same in every process; all other fields go into `fields` as text.
const MEMBERS = new Set(['source', 'description', 'address', 'point', 'class', 'parts', 'before', 'after', 'voice', 'quantity', 'unit', 'units', 'person', 'until', 'into', 'reason', 'note'])

// Values are what is filled in so far, by the name of the field: texts as they
// stand in their boxes, all else as the form of a command has it.
export interface Values {
  [name: string]: string | boolean | Point | ClassRef | PartRef[] | FileRef[] | QuantityDraft[] | string[] | undefined
}

// QuantityDraft is a number that is still being typed.
export interface QuantityDraft {
  number: string
  unit: string
  kind?: string
}

const isEmptyText = (value: unknown) => typeof value === 'string' && value.trim() === ''

function quantities(value: unknown): Quantity[] {
  if (!Array.isArray(value)) return []
  return (value as QuantityDraft[]).filter((one) => !isEmptyText(one.number) && Number.isFinite(Number(one.number))).map((one) => ({ number: Number(one.number), unit: one.unit.trim(), ...(one.kind && { kind: one.kind }) }))
}

function isFilled(field: Field, value: unknown): boolean {
  if (value === undefined || value === null || isEmptyText(value)) return false
  if (kindOf(field) === 'quantity') return quantities(value).length > 0
  return !Array.isArray(value) || value.length > 0
}

// Fault is a field that is not as it must be, by the name of a message.
export interface Fault {
  field: string
  why: 'missing' | 'number' | 'time' | 'quantity_unit'
}

// faultsOf are what hinders sending, in the order of the form.
export function faultsOf(fields: Field[], values: Values): Fault[] {
  const faults: Fault[] = []
  for (const field of fields) {
    const value = values[field.name]
    const kind = kindOf(field)
    if (kind === 'quantity' && Array.isArray(value)) {
      const begun = (value as QuantityDraft[]).filter((one) => !isEmptyText(one.number) || !isEmptyText(one.unit))
      if (begun.some((one) => isEmptyText(one.number) || !Number.isFinite(Number(one.number)))) faults.push({ field: field.name, why: 'number' })
      else if (begun.some((one) => isEmptyText(one.unit))) faults.push({ field: field.name, why: 'quantity_unit' })
      else if (field.required && !begun.length) faults.push({ field: field.name, why: 'missing' })
      continue
    }
    if (!isFilled(field, value)) {
      if (field.required) faults.push({ field: field.name, why: 'missing' })
      continue
    }
    if (kind === 'number' && !Number.isFinite(Number(value))) faults.push({ field: field.name, why: 'number' })
    if (kind === 'time' && !instant(String(value))) faults.push({ field: field.name, why: 'time' })
  }
  return faults
}

// instant is a time by the clock of this browser as the service wants it.
export function instant(local: string): string | null {
  const at = new Date(local)
  return Number.isNaN(at.getTime()) ? null : at.toISOString()
}

function memberOf(field: Field, value: unknown): unknown {
  switch (kindOf(field)) {
    case 'quantity':
      return quantities(value)
    case 'time':
      return instant(String(value))
    case 'bool':
      return String(value)
    default:
      return typeof value === 'string' ? value.trim() : value
  }
}

// formOf is what is sent: only fields that the step asks for and that are filled in.
export function formOf(fields: Field[], values: Values): Form {
  const form: Record<string, unknown> = {}
  const others: Record<string, string> = {}
  for (const field of fields) {
    const value = values[field.name]
    if (!isFilled(field, value)) continue
    const member = memberOf(field, value)
    if (!MEMBERS.has(field.name)) others[field.name] = String(member)
    else form[field.name] = member
  }
  if (Object.keys(others).length) form.fields = others
  return form as Form
}

// needsPlace tells whether a form has a field that is filled in on a map.
export const needsPlace = (fields: Field[]) => fields.some((field) => ['point', 'parts'].includes(kindOf(field)))
