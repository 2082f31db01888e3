// A thin client: one function per question the pages ask.
import createClient from 'openapi-fetch'
import type { paths } from './schema'
import type { CellCard, Dictionary, Feature, Geocoded, Layer, Located } from './types'

// ApiError carries the server's problem document; status 0 means that the
// server could not be reached at all.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

const client = createClient<paths>({
  baseUrl: globalThis.location?.origin,
  // Attributes are plain parameters: ?code=…, not ?attributes[code]=…
  querySerializer: { object: { style: 'form', explode: true } },
})

interface Answer<T> {
  data?: T
  error?: { detail?: string; title?: string }
  response: Response
}

// answerOf turns every kind of failure but an abort into an ApiError.
async function answerOf<T>(asked: Promise<Answer<T>>, signal?: AbortSignal): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await asked
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError(0, String(cause))
  }
  const { data, error, response } = answer
  if (data === undefined) {
    throw new ApiError(response.status, error?.detail || error?.title || response.statusText || String(response.status))
  }
  return data
}

// past are the parameters of a question about a date; null is the present.
const past = (when: string | null | undefined) => (when ? { at: when } : {})

export async function listLayers(when?: string | null, signal?: AbortSignal): Promise<Layer[]> {
  // The client widens the four numbers of a box to any numbers.
  return (await answerOf(client.GET('/v1/layers', { params: { query: past(when) }, signal }), signal)).layers as Layer[]
}

// readFeature asks for what codes mean too when a language is given.
export async function readFeature(
  layer: string,
  id: string,
  signal?: AbortSignal,
  when?: string | null,
  lang?: string,
): Promise<Feature> {
  const asked = client.GET('/v1/layers/{layer}/features/{id}', {
    params: { path: { layer, id }, query: { ...past(when), lang } },
    signal,
  })
  return (await answerOf(asked, signal)) as Feature
}

export async function findFeatures(
  layer: string,
  attributes: Record<string, string>,
  limit: number,
  signal?: AbortSignal,
): Promise<Feature[]> {
  const asked = client.GET('/v1/layers/{layer}/features', {
    params: { path: { layer }, query: { attributes, limit } },
    signal,
  })
  return (await answerOf(asked, signal)).features as Feature[]
}

export function locate(lon: number, lat: number, signal?: AbortSignal, when?: string | null): Promise<Located> {
  return answerOf(client.GET('/v1/locate', { params: { query: { lon, lat, ...past(when) } }, signal }), signal)
}

// geocode asks for the places that a text means, suggest for what it may be the
// beginning of. Of places that are as good the one nearest to focus comes first.
export async function geocode(q: string, limit: number, focus?: string, signal?: AbortSignal): Promise<Geocoded[]> {
  const asked = client.GET('/v1/geocode', { params: { query: { q, limit, focus } }, signal })
  return (await answerOf(asked, signal)).features as Geocoded[]
}

export async function suggest(q: string, limit: number, focus?: string, signal?: AbortSignal): Promise<Geocoded[]> {
  const asked = client.GET('/v1/suggest', { params: { query: { q, limit, focus } }, signal })
  return (await answerOf(asked, signal)).features as Geocoded[]
}

export async function readCell(
  scheme: string,
  code: string,
  signal?: AbortSignal,
  when?: string | null,
): Promise<CellCard> {
  const asked = client.GET('/v1/schemes/{scheme}/cells/{code}', {
    params: { path: { scheme, code }, query: { limit: 0, ...past(when) } },
    signal,
  })
  return (await answerOf(asked, signal)) as CellCard
}

export async function readDictionary(dictionary: string): Promise<Dictionary> {
  return answerOf(client.GET('/v1/dictionaries/{dictionary}', { params: { path: { dictionary } } }))
}

// readJSON reads a document that has a type of its own: a style or a TileJSON.
export async function readJSON<T>(path: string, signal?: AbortSignal): Promise<T> {
  const asked = fetch(path, { signal }).then(async (response): Promise<Answer<T>> => {
    const body: unknown = await response.json().catch(() => undefined)
    return response.ok ? { data: body as T, response } : { error: body as Answer<T>['error'], response }
  })
  return answerOf(asked, signal)
}
