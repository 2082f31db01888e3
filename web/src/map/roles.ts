// What the roles of a layer mean for the pages: group, label, search keys.
import type { Feature, Layer, Title } from '../api/types'

export const GROUPS = ['area', 'cell', 'address', 'part', 'other'] as const
export type Group = (typeof GROUPS)[number]

export function groupOf(layer: Layer): Group {
  const roles = layer.roles ?? {}
  return GROUPS.find((group) => group in roles) ?? 'other'
}

// inOrder is the order of the layer tree: by group, coarse areas before fine
// ones, everything else by name.
export function inOrder(layers: Layer[]): Layer[] {
  const coarse = (layer: Layer) => (groupOf(layer) === 'area' ? (layer.count ?? 0) : 0)
  const group = (layer: Layer) => GROUPS.indexOf(groupOf(layer))
  return [...layers].sort((a, b) => group(a) - group(b) || coarse(a) - coarse(b) || (a.name < b.name ? -1 : 1))
}

// The attributes worth searching, best first. Equality is all that is asked,
// so they are the ones a person would type in full: codes, names, labels.
const SEARCHED: Record<string, string[]> = {
  area: ['code', 'name'],
  cell: ['code', 'name'],
  address: ['label'],
  road: ['name'],
  landmark: ['name', 'alias'],
  building: ['name'],
  part: ['code'],
  entrance: ['name'],
}

const LABELS: Record<string, string[]> = {
  area: ['name', 'code'],
  cell: ['name', 'code'],
  address: ['label'],
  road: ['name'],
  landmark: ['name'],
  building: ['name'],
  part: ['class', 'code'],
  entrance: ['name'],
}

function attributes(layer: Layer, parts: Record<string, string[]>): string[] {
  const found: string[] = []
  for (const [role, members] of Object.entries((layer.roles ?? {}) as Record<string, Record<string, string>>)) {
    for (const member of parts[role] ?? []) {
      const attribute = members[member]
      if (attribute && !found.includes(attribute)) found.push(attribute)
    }
  }
  return found
}

// searchAttributes also takes the attribute that gives the id. Attributes with
// numbers are left to others: a word is no answer to them.
export function searchAttributes(layer: Layer): string[] {
  const named = attributes(layer, SEARCHED)
  const id = layer.id?.attribute
  if (id && !named.includes(id)) named.unshift(id)
  const textual = new Set(layer.attributes.filter((a) => a.type === 'text' || a.type === 'code').map((a) => a.name))
  return named.filter((name) => textual.has(name))
}

// mayBeId tells whether asking for a feature by this id can make sense: most
// words are no ids, and each wrong question would cost a 404.
export function mayBeId(layer: Layer, text: string): boolean {
  if (layer.id?.attribute) return false
  if (layer.id?.generate === 'ulid') return /^[0-9A-HJKMNP-TV-Z]{26}$/.test(text)
  if (layer.id?.generate === 'hash') return /^[0-9a-f]{16,64}$/.test(text)
  if (layer.id?.pattern) return /^\d{10,}$/.test(text)
  return /^[\x21-\x7e]+$/.test(text)
}

export function featureLabel(layer: Layer | undefined, properties: Record<string, unknown>, id: string): string {
  if (layer) {
    for (const name of attributes(layer, LABELS)) {
      const value = properties[name]
      if (value !== undefined && value !== null && value !== '') return String(value)
    }
  }
  return id
}

export function titleOf(title: Title | undefined, lang: 'zh' | 'en', fallback: string): string {
  return title?.[lang] || title?.zh || title?.en || fallback
}

export interface Hit {
  layer: string
  feature: Feature
}
