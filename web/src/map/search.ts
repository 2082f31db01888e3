// From what a person types to places on the map.
import { ApiError, findFeatures, geocode, readFeature, suggest } from '../api/client'
import type { Geocoded, Layer } from '../api/types'
import { parsePoint } from '../coords/parse'
import type { SystemId } from '../coords/systems'
import type { Place } from '../ui/urlState'
import { type Found, MOST, foundOf, merge } from './found'
import { type Hit, mayBeId, searchAttributes } from './roles'

export type Query =
  | { kind: 'empty' }
  | { kind: 'point'; place: Place }
  | { kind: 'text'; text: string; layer?: string }

// parseQuery understands coordinates, "layer/id" and plain text. A pair is
// one of the chosen system; where its zone is not said, it is the one near.
export function parseQuery(input: string, layers: string[] = [], system?: SystemId, near?: Place): Query {
  // NFKC folds full-width digits, letters and commas to the plain ones.
  const text = input.normalize('NFKC').replace(/[，、]/g, ',').trim()
  if (!text) return { kind: 'empty' }
  const place = parsePoint(input, system, near)
  if (place) return { kind: 'point', place }
  const prefixed = /^([a-z][a-z0-9_]{0,62})[/:](.+)$/.exec(text)
  if (prefixed && layers.includes(prefixed[1]!)) {
    return { kind: 'text', text: prefixed[2]!.trim(), layer: prefixed[1]! }
  }
  return { kind: 'text', text }
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

// searchAll asks the layers and the geocoder at once. A layer that is named is
// the only one that answers, and a geocoder that is not there is not missed.
export async function searchAll(
  layers: Layer[],
  query: { text: string; layer?: string },
  near: Place | undefined,
  signal: AbortSignal,
): Promise<(Hit | Found)[]> {
  const focus = near && `${near.lon.toFixed(6)},${near.lat.toFixed(6)}`
  const ask = (of: typeof geocode) => (query.layer ? [] : of(query.text, MOST, focus, signal).catch(noPlaces))
  const [hits, places, suggestions] = await Promise.all([
    searchText(layers, query.text, signal, query.layer),
    ask(geocode),
    ask(suggest),
  ])
  return merge(hits, places.map((place) => foundOf(place)), suggestions.map((place) => foundOf(place, true)))
}

const NOT_IMPLEMENTED = 501

function noPlaces(cause: unknown): Geocoded[] {
  return cause instanceof ApiError && cause.status === NOT_IMPLEMENTED ? [] : noAnswer(cause)
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
