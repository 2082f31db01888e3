// Loads the map code and the style, and holds the map while the page is open.
import type { StyleSpecification } from 'maplibre-gl'
import { onScopeDispose, ref, shallowRef } from 'vue'
import { readJSON } from '../api/client'
import type { Lang } from '../i18n'
import type { Theme } from '../ui/settings'
import type { Box } from './geometry'
import type { MapController, MapOptions } from './controller'

export function hasWebGL2(): boolean {
  try {
    return !!document.createElement('canvas').getContext('webgl2')
  } catch {
    return false
  }
}

const isCity = (box: Box | undefined): box is Box =>
  Array.isArray(box) && box.length === 4 && box[2] - box[0] < 90 && box[3] - box[1] < 90

// cityBounds asks the tile sources of the style how far the city reaches.
async function cityBounds(style: StyleSpecification): Promise<Box | undefined> {
  for (const source of Object.values(style.sources)) {
    if (source.type !== 'vector' || !source.url) continue
    const { bounds } = await readJSON<{ bounds?: Box }>(source.url)
    if (isCity(bounds)) return bounds
  }
  return undefined
}

export function useMap() {
  // Shallow, because a reactive map would be slow.
  const controller = shallowRef<MapController | null>(null)
  const style = shallowRef<StyleSpecification | null>(null)
  const supported = hasWebGL2()
  const problem = ref<string | null>(null)
  let bounds: Box | undefined

  async function loadStyle(theme: Theme, lang: Lang): Promise<void> {
    try {
      style.value = await readJSON<StyleSpecification>(`/styles/${theme}.json?lang=${lang}`)
      problem.value = null
      controller.value?.setStyle(style.value)
    } catch (cause) {
      problem.value = (cause as Error).message
    }
  }

  async function create(options: Omit<MapOptions, 'style' | 'bounds'>): Promise<void> {
    if (!style.value || controller.value) return
    const [{ MapController }, found] = await Promise.all([
      import('./controller'),
      cityBounds(style.value).catch(() => undefined),
    ])
    bounds = found
    controller.value = new MapController({ ...options, style: style.value, bounds })
  }

  function home(): void {
    const { center, zoom } = style.value ?? {}
    if (bounds) controller.value?.show(bounds)
    else if (center) controller.value?.jump({ lon: center[0]!, lat: center[1]!, zoom: zoom ?? 11 })
  }

  onScopeDispose(() => controller.value?.destroy())

  return { controller, style, supported, problem, loadStyle, create, home }
}
