// What the preview of a tileset makes of its description and its style. Pure.
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { Dictionary, Feature, Layer } from '../api/types'
import type { Picked } from '../map/pick'
import { titleOf } from '../map/roles'
import type { TileJSON, VectorLayer } from '../map/useMap'

// What tiles hold of a layer, by how the name goes on.
const PARTS = { _label: 'labels', _totals: 'totals', _clusters: 'clusters', _dropped: 'dropped' } as const

export type Part = 'features' | (typeof PARTS)[keyof typeof PARTS]

// tilesetIn is the tileset that an address asks to preview, or null.
export function tilesetIn(path: string): string | null {
  const [, page, name, ...rest] = path.split('/')
  if (page !== 'preview' || rest.some(Boolean)) return null
  try {
    return decodeURIComponent(name ?? '') || 'city'
  } catch {
    return name!
  }
}

// baseOf is the layer of the city behind a layer of tiles, and what of it the tiles have.
export function baseOf(id: string): { name: string; part: Part } {
  for (const [suffix, part] of Object.entries(PARTS)) {
    if (id.endsWith(suffix)) return { ...baseOf(id.slice(0, -suffix.length)), part }
  }
  return { name: id, part: 'features' }
}

// prepare makes every layer of the tiles a layer of its own that can be hidden, and draws in plain lines those that the
// style leaves out, so that all that the tiles hold can be looked at.
export function prepare(style: StyleSpecification, tileset: TileJSON | null): StyleSpecification {
  const layers = style.layers.map((layer): LayerSpecification => {
    if (!('source-layer' in layer) || !layer['source-layer']) return layer
    return { ...layer, metadata: { ...(layer.metadata as object), 'gewu:layer': layer['source-layer'] } }
  })
  const drawn = new Set(layers.map((layer) => ('source-layer' in layer ? layer['source-layer'] : undefined)))
  const source = Object.keys(style.sources)[0]
  const dark = (style.metadata as { theme?: string } | undefined)?.theme === 'dark'
  const left = (tileset?.vector_layers ?? []).filter(({ id }) => source && !drawn.has(id)).flatMap(({ id }) => plain(id, source!, dark))
  // Above the background and below what has a look of its own.
  const grounds = layers.filter(({ type }) => type === 'background')
  return { ...style, layers: [...grounds, ...left, ...layers.filter((layer) => !grounds.includes(layer))] }
}

function plain(id: string, source: string, dark: boolean): LayerSpecification[] {
  const color = dark ? '#b9c8d8' : '#44566a'
  const metadata = { 'gewu:layer': id, 'gewu:legend': { kind: 'fill', color: 'transparent', stroke: color } }
  const common = { source, 'source-layer': id, metadata }
  const state = (selected: number, hover: number, otherwise: number) =>
    ['case', ['boolean', ['feature-state', 'selected'], false], selected, ['boolean', ['feature-state', 'hover'], false], hover, otherwise] as never
  const is = (kind: string) => ['==', ['geometry-type'], kind] as never
  return [
    { ...common, id: `${id}-plain-fill`, type: 'fill', filter: is('Polygon'), paint: { 'fill-color': color, 'fill-opacity': state(0.35, 0.2, 0.06) } },
    { ...common, id: `${id}-plain-line`, type: 'line', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': color, 'line-width': state(3, 2, 1) } },
    { ...common, id: `${id}-plain-point`, type: 'circle', filter: is('Point'), paint: { 'circle-color': color, 'circle-radius': state(7, 5, 3) } },
  ]
}

export interface TileLayer {
  id: string
  base: string
  part: Part
  title: string
  min: number
  max: number
  count: number | undefined
  fields: { name: string; kind: string; title: string; about: string; unit: string | undefined }[]
}

// tileLayers describes the layers of the tiles in a language.
export function tileLayers(vector: VectorLayer[], defined: Layer[], lang: 'zh' | 'en'): TileLayer[] {
  return vector.map((layer) => {
    const { name, part } = baseOf(layer.id)
    const def = defined.find((one) => one.name === name)
    const fields = Object.entries(layer.fields)
      .map(([field, kind]) => {
        const about = layer.attributes?.[field]
        return { name: field, kind, title: titleOf(about?.title, lang, field), about: titleOf(about?.description, lang, ''), unit: about?.unit }
      })
      .sort((a, b) => order(def, a.name) - order(def, b.name) || (a.name < b.name ? -1 : 1))
    return {
      id: layer.id,
      base: name,
      part,
      title: titleOf(def?.title, lang, layer.description || name),
      min: layer.minzoom ?? 0,
      max: layer.maxzoom ?? 22,
      count: part === 'features' ? def?.count : undefined,
      fields,
    }
  })
}

// order is that of the definition; what only the tiles have, such as the id, comes first.
function order(def: Layer | undefined, field: string): number {
  return def?.attributes.findIndex((a) => a.name === field) ?? 0
}

// featureOf is what a tile says of a feature, in the form of the API, with what its codes mean.
export function featureOf(picked: Picked, def: Layer | undefined, dictionaries: ReadonlyMap<string, Dictionary>, lang: 'zh' | 'en'): Feature {
  const { id, ...properties } = picked.properties
  const labels: Record<string, string> = {}
  for (const { name, dictionary } of def?.attributes ?? []) {
    const term = dictionaries.get(dictionary ?? '')?.entries.find((entry) => entry.code === properties[name])
    const title = titleOf(term?.title, lang, '')
    if (title) labels[name] = title
    // Tiles in a language have the words beside the code.
    if (dictionary) delete properties[`${name}_label`]
  }
  return { type: 'Feature', id: String(id ?? picked.id), geometry: null, properties, labels } as unknown as Feature
}

// tileAt is the address of the tile at a place, as the map asks for it.
export function tileAt(lon: number, lat: number, zoom: number, deepest: number): { z: number; x: number; y: number } {
  const z = Math.max(0, Math.min(Math.floor(zoom), deepest))
  const count = 2 ** z
  const sin = Math.sin((lat * Math.PI) / 180)
  const clamp = (n: number) => Math.max(0, Math.min(count - 1, Math.floor(n)))
  return { z, x: clamp(((lon + 180) / 360) * count), y: clamp((0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * count) }
}
