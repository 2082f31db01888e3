// Loads the map code and the style, and holds the map while the page is open.
import type { SourceSpecification, StyleSpecification } from 'maplibre-gl'
import { onScopeDispose, ref, shallowRef } from 'vue'
import { readJSON } from '../api/client'
import type { Title } from '../api/types'
import type { Lang } from '../i18n'
import type { StyleName } from '../ui/urlState'
import type { Box } from './geometry'
import type { MapController, MapOptions } from './controller'
import type { When } from './when'

export function hasWebGL2(): boolean {
  try {
    return !!document.createElement('canvas').getContext('webgl2')
  } catch {
    return false
  }
}

const isCity = (box: Box | undefined): box is Box =>
  Array.isArray(box) && box.length === 4 && box[2] - box[0] < 90 && box[3] - box[1] < 90

export interface VectorLayer {
  id: string
  description?: string
  minzoom?: number
  maxzoom?: number
  fields: Record<string, string>
  attributes?: Record<string, { title?: Title; description?: Title; unit?: string; dictionary?: string }>
}

export interface TileJSON {
  name?: string
  tiles: string[]
  minzoom?: number
  maxzoom?: number
  bounds?: Box
  vector_layers?: VectorLayer[]
}

// resolve puts what the tile sources say into the style, all but the bounds:
// with them the map would never ask for what is added outside. The tiles of a
// date have addresses of their own.
async function resolve(style: StyleSpecification, when: When): Promise<{ style: StyleSpecification; tileset: TileJSON | null; bounds?: Box }> {
  let bounds: Box | undefined
  let tileset: TileJSON | null = null
  const sources = await Promise.all(
    Object.entries(style.sources).map(async ([name, source]): Promise<[string, SourceSpecification]> => {
      if (source.type !== 'vector' || !source.url) return [name, source]
      const said = await readJSON<TileJSON>(when ? `${source.url}${source.url.includes('?') ? '&' : '?'}at=${when}` : source.url)
      if (isCity(said.bounds)) bounds ??= said.bounds
      tileset ??= said
      return [name, { type: 'vector', tiles: said.tiles, minzoom: said.minzoom, maxzoom: said.maxzoom }]
    }),
  )
  return { style: { ...style, sources: Object.fromEntries(sources) }, tileset, bounds }
}

export interface Shown {
  // The tileset to show; without it the whole city.
  tileset?: string
  // prepare changes the server's style before the map gets it.
  prepare?: (style: StyleSpecification, tileset: TileJSON | null) => StyleSpecification
}

export function useMap(shown: Shown = {}) {
  // Shallow, because a reactive map would be slow.
  const controller = shallowRef<MapController | null>(null)
  const style = shallowRef<StyleSpecification | null>(null)
  const tileset = shallowRef<TileJSON | null>(null)
  const supported = hasWebGL2()
  const problem = ref<string | null>(null)
  let bounds: Box | undefined
  let asked = 0
  const only = shown.tileset === undefined ? '' : `&tileset=${encodeURIComponent(shown.tileset)}`
  async function loadStyle(name: StyleName, lang: Lang, when: When): Promise<void> {
    const mine = ++asked
    try {
      const found = await resolve(await readJSON<StyleSpecification>(`/styles/${name}.json?lang=${lang}${only}`), when)
      // A slow answer must not replace a newer one: making a date ready takes time.
      if (mine !== asked) return
      style.value = shown.prepare?.(found.style, found.tileset) ?? found.style
      tileset.value = found.tileset
      bounds = found.bounds ?? bounds
      problem.value = null
      controller.value?.setStyle(style.value)
    } catch (cause) {
      if (mine === asked) problem.value = (cause as Error).message
    }
  }

  async function create(options: Omit<MapOptions, 'style' | 'bounds'>): Promise<MapController | null> {
    if (!style.value || controller.value) return controller.value
    const { MapController } = await import('./controller')
    controller.value = new MapController({ ...options, style: style.value, bounds })
    return controller.value
  }

  function home(): void {
    const { center, zoom } = style.value ?? {}
    if (bounds) controller.value?.show(bounds)
    else if (center) controller.value?.jump({ lon: center[0]!, lat: center[1]!, zoom: zoom ?? 11 })
  }

  onScopeDispose(() => controller.value?.destroy())

  return { controller, style, tileset, supported, problem, loadStyle, create, home }
}
