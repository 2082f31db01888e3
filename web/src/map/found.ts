// Places that the geocoder found: what the search box shows of them.
import type { Fault, Geocoded } from '../api/types'
import type { Place, Selection } from '../ui/urlState'
import type { Hit } from './roles'

export interface Found {
  label: string
  kind: string
  relation: string
  // What the text may go on to be, rather than what it means.
  suggested: boolean
  score: number
  radius: number
  faults: Fault[]
  place: Place
  selection: Selection | null
}

// Numbered is a candidate by the number that it has in the list.
export interface Numbered {
  n: number
  place: Place
}

export function foundOf({ geometry, properties }: Geocoded, suggested = false): Found {
  const { label, kind, relation, score, radius_m, faults } = properties.geocoding
  const [lon, lat] = geometry.coordinates as [number, number]
  const { layer, id } = properties
  return {
    label,
    kind,
    relation: relation ?? '',
    suggested,
    score,
    radius: radius_m ?? 0,
    faults,
    place: { lon, lat },
    selection: layer && id ? { layer, id } : null,
  }
}

// MOST is how many candidates there are: one for each of the keys 1 to 9.
export const MOST = 9

// merge puts candidates into one list, each thing once: features whose code or
// name is exactly what was typed, places that the text means, what it may become.
export function merge(hits: Hit[], places: Found[], suggestions: Found[]): (Hit | Found)[] {
  const seen = new Set<string>()
  const once = (found: Found) => {
    const key = found.selection && !found.relation ? `${found.selection.layer}/${found.selection.id}` : `${found.relation} ${found.label}`
    return !seen.has(key) && seen.add(key)
  }
  const meant = places.filter(once)
  const exact = hits.filter((hit) => !seen.has(`${hit.layer}/${hit.feature.id}`))
  for (const hit of exact) seen.add(`${hit.layer}/${hit.feature.id}`)
  return [...exact, ...meant, ...suggestions.filter(once)].slice(0, MOST)
}

export const isFound = (one: Hit | Found): one is Found => 'score' in one

type Words = (key: string, values?: Record<string, string | number>) => string

// faultWords say what had to be forgiven.
export function faultWords(fault: Fault, t: Words): string {
  const what = t(`found.fault.${fault.kind}`, { element: t(`found.element.${fault.element}`) })
  if (!fault.text && !fault.meant) return what
  const words = fault.text && fault.meant ? `${fault.text} → ${fault.meant}` : fault.text || fault.meant
  return t('found.told', { what, words: words! })
}

// scoreGrade is how a score looks: 90 and more mean the door itself.
export const scoreGrade = (score: number) => (score >= 90 ? 'good' : score >= 70 ? 'fair' : 'poor')
