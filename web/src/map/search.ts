// From what a person types to places on the map.
import { ApiError, findFeatures, readFeature } from '../api/client'
import type { Layer } from '../api/types'
import type { Place } from '../ui/urlState'
import { type Hit, mayBeId, searchAttributes } from './roles'

export type Query =
  | { kind: 'empty' }
  | { kind: 'point'; place: Place }
  | { kind: 'text'; text: string; layer?: string }

const NUMBER = String.raw`[+-]?\d{1,3}(?:\.\d+)?`
const POINT = new RegExp(`^(${NUMBER})\\s*°?\\s*([NSEW])?\\s*(?:,|;|\\s)\\s*(${NUMBER})\\s*°?\\s*([NSEW])?$`, 'i')

// parseQuery understands "lon,lat" (or the other order when it can only be
// that, or when the letters N S E W say so), "layer/id" and plain text.
export function parseQuery(input: string, layers: string[] = []): Query {
  // NFKC folds full-width digits, letters and commas to the plain ones.
  const text = input.normalize('NFKC').replace(/[，、]/g, ',').trim()
  if (!text) return { kind: 'empty' }
  const place = parsePoint(text)
  if (place) return { kind: 'point', place }
  const prefixed = /^([a-z][a-z0-9_]{0,62})[/:](.+)$/.exec(text)
  if (prefixed && layers.includes(prefixed[1]!)) {
    return { kind: 'text', text: prefixed[2]!.trim(), layer: prefixed[1]! }
  }
  return { kind: 'text', text }
}

function parsePoint(text: string): Place | null {
  const match = POINT.exec(text)
  if (!match) return null
  const sign = (letter?: string) => (letter && /[SW]/i.test(letter) ? -1 : 1)
  const a = Number(match[1]) * sign(match[2])
  const b = Number(match[3]) * sign(match[4])
  const swapped = /[NS]/i.test(match[2] ?? '') || /[EW]/i.test(match[4] ?? '') || (Math.abs(b) > 90 && Math.abs(a) <= 90)
  const [lon, lat] = swapped ? [b, a] : [a, b]
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? { lon, lat } : null
}

// spellings lists what to ask for: as typed, and codes in capitals as well.
export function spellings(text: string): string[] {
  const upper = /^[\x21-\x7e]+$/.test(text) ? text.toUpperCase() : text
  return upper === text ? [text] : [text, upper]
}

const LIMIT = 5

// searchText asks all layers at once and keeps the order of the layers, so
// that the answer does not jump with the speed of the network.
export async function searchText(layers: Layer[], text: string, signal: AbortSignal, only?: string): Promise<Hit[]> {
  const asked = only ? layers.filter((layer) => layer.name === only) : layers
  const perLayer = await Promise.all(asked.map((layer) => searchLayer(layer, text, signal)))
  return perLayer.flat()
}

async function searchLayer(layer: Layer, text: string, signal: AbortSignal): Promise<Hit[]> {
  const questions = spellings(text).flatMap((spelling) => [
    ...(mayBeId(layer, spelling) ? [byId(layer.name, spelling, signal)] : []),
    ...searchAttributes(layer).map((attribute) =>
      findFeatures(layer.name, { [attribute]: spelling }, LIMIT, signal).catch(noAnswer),
    ),
  ])
  const hits = new Map<string, Hit>()
  for (const feature of (await Promise.all(questions)).flat()) {
    if (!hits.has(feature.id)) hits.set(feature.id, { layer: layer.name, feature })
  }
  return [...hits.values()].slice(0, LIMIT)
}

async function byId(layer: string, id: string, signal: AbortSignal) {
  return readFeature(layer, id, signal).then((feature) => [feature], noAnswer)
}

// A layer that refuses the question (unknown id, a word where it has numbers)
// just has no answer; only an unreachable server is worth telling.
function noAnswer(cause: unknown): [] {
  if (cause instanceof ApiError && cause.status >= 400 && cause.status < 500) return []
  throw cause
}
