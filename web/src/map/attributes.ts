// What the panel of a feature says about its attributes.
import type { Attribute, Feature, Layer } from '../api/types'
import { attribute } from '../ui/format'
import type { Selection } from '../ui/urlState'
import { titleOf } from './roles'

export interface AttributeRow {
  name: string
  title: string
  // about is the description, or the name when there is none.
  about: string
  type: Attribute['type'] | undefined
  unit: string | undefined
  text: string
  // label is what a code means.
  label: string | undefined
  // refers is the feature that a ref names.
  refers: Selection | undefined
}

// attributeRows are the values of a feature in the order of its layer, then whatever else it has; empty ones are left
// out.
export function attributeRows(
  feature: Feature,
  layer: Layer | undefined,
  lang: 'zh' | 'en',
  locale: string,
  yes: string,
  no: string,
): AttributeRow[] {
  const defined = layer?.attributes ?? []
  const known = new Set(defined.map((a) => a.name))
  const others = Object.keys(feature.properties)
    .filter((name) => !known.has(name))
    .map((name): Partial<Attribute> & { name: string } => ({ name }))
  return [...defined, ...others]
    .map((a: Partial<Attribute> & { name: string }) => ({ a, value: feature.properties[a.name] }))
    .filter(({ value }) => value !== undefined && value !== null && value !== '')
    .map(({ a, value }) => ({
      name: a.name,
      title: titleOf(a.title, lang, a.name),
      about: titleOf(a.description, lang, a.name),
      type: a.type,
      unit: a.unit,
      text: attribute(value, a.type, locale, yes, no),
      label: feature.labels?.[a.name],
      refers: a.type === 'ref' && a.ref ? { layer: a.ref, id: String(value) } : undefined,
    }))
}
