// The one place that talks to MapLibre. Nothing in here is reactive: a proxy
// around the map would make every frame slow.
import {
  type IControl,
  type LngLatBoundsLike,
  Map as GlMap,
  Marker,
  NavigationControl,
  ScaleControl,
  type StyleSpecification,
  setWorkerUrl,
} from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import 'maplibre-gl/dist/maplibre-gl.css'
import type { Layer, TileRange } from '../api/types'
import type { Place, View } from '../ui/urlState'
import type { Numbered } from './found'
import { type Box, isPoint, pixelsOf } from './geometry'
import { pace } from '../ui/pace'
import { mapLocale } from './locale'
import { type Picked, drawn, everythingAt, stackAt } from './pick'
import { type TileId, tilesToRefresh } from './refresh'
import { type Look, compose, layersOf, sourceOf } from './style'

setWorkerUrl(workerUrl)

export interface Padding {
  top: number
  right: number
  bottom: number
  left: number
}

export interface MapEvents {
  click(place: Place, stack: Picked[]): void
  moved(view: View): void
  pointer(place: Place | null): void
  idle(): void
}

export interface MapOptions {
  container: HTMLElement
  style: StyleSpecification
  layers: Layer[]
  look: Look
  view?: View
  bounds?: Box
  lang: 'zh' | 'en'
  padding: () => Padding
  events: MapEvents
}

interface Marked {
  source: string
  sourceLayer: string
  id: number
}

// Closer than this a found point is not shown by itself.
const POINT_ZOOM = 18
const HOVER_MS = 60
const MOST_LATE = 5_000

export class MapController {
  readonly map: GlMap
  private base: StyleSpecification
  private layers: Layer[]
  private look: Look
  private styled = false
  private generation = 0
  private controls: IControl[] = []
  private pointer: { x: number; y: number } | null = null
  private marker: Marker | null = null
  // How far off the marked place may be: a circle that grows with the zoom.
  private circle: { element: HTMLElement; lat: number; radius: number } | null = null
  private candidates: Marker[] = []
  private selected: Marked | null = null
  private hovered: Marked | null = null
  // Ranges that arrived while tiles were under way: such a tile may hold the
  // state before the change, and the map skips it when asked to refresh.
  private late: TileRange[] = []
  private lateAll = false
  private readonly padding: () => Padding

  constructor(options: MapOptions) {
    this.base = options.style
    this.layers = options.layers
    this.look = options.look
    this.padding = options.padding
    this.map = new GlMap({
      container: options.container,
      style: compose(this.base, this.look),
      ...(options.view && { center: [options.view.lon, options.view.lat], zoom: options.view.zoom }),
      ...(!options.view && options.bounds && { bounds: options.bounds, fitBoundsOptions: { padding: options.padding() } }),
      locale: mapLocale[options.lang],
      attributionControl: false,
      maxPitch: 0,
      maxZoom: 21,
      renderWorldCopies: false,
      dragRotate: false,
      touchPitch: false,
      // Tiles out of sight would come back as they were before a change. The
      // browser's own cache still answers, after asking whether it is current.
      maxTileCacheSize: 0,
      // The worker remembers tiles cut for deep zooms by their address, for
      // ever; the fragment, which is not sent, makes it cut anew after a change.
      transformRequest: (url, type) => (type === 'Tile' ? { url: `${url}#${this.generation}`, cache: 'no-cache' } : { url }),
      ...(navigator.webdriver && { fadeDuration: 0 }),
    })
    this.map.touchZoomRotate.disableRotation()
    this.addControls()
    this.listen(options.events)
  }

  private listen(events: MapEvents): void {
    const { map } = this
    map.on('zoom', () => this.drawCircle())
    map.on('style.load', () => {
      this.styled = true
      this.applyStyle()
    })
    const pick = (place: Place) => events.click(place, this.stackAt(place))
    map.on('click', (event) => pick({ lon: event.lngLat.lng, lat: event.lngLat.lat }))
    // Without a mouse the middle of the map is the cursor.
    map.getCanvas().addEventListener('keydown', (event) => {
      if (event.key === 'Enter') pick(this.view())
    })
    // Asking what is under the pointer costs more than moving it.
    const hover = pace(() => {
      if (this.pointer && !map.isMoving()) this.hover(stackAt(map, this.pointer, this.layers, this.look.hidden)[0])
    }, HOVER_MS)
    map.on('mousemove', (event) => {
      this.pointer = event.point
      events.pointer({ lon: event.lngLat.lng, lat: event.lngLat.lat })
      hover.call()
    })
    map.on('mouseout', () => {
      this.pointer = null
      this.hover(undefined)
      events.pointer(null)
    })
    map.on('moveend', () => events.moved(this.view()))
    // A tile that fails is not worth a message of its own: the live status
    // tells when the server is away. Without a listener it would be logged.
    map.on('error', () => {})
    // Tests wait for this signal instead of for a time.
    const signal = (idle: boolean) => (document.documentElement.dataset.mapIdle = String(idle))
    signal(false)
    for (const busy of ['movestart', 'dataloading', 'styledataloading'] as const) map.on(busy, () => signal(false))
    map.on('idle', () => {
      signal(true)
      this.catchUp()
      events.idle()
    })
  }

  view(): View {
    const { lng, lat } = this.map.getCenter()
    return { zoom: this.map.getZoom(), lat, lon: lng }
  }

  stackAt(place: Place): Picked[] {
    return stackAt(this.map, this.map.project([place.lon, place.lat]), this.layers, this.look.hidden)
  }

  // everythingAt is all that is drawn at a place, of whatever layer of the tiles.
  everythingAt(place: Place): Picked[] {
    return everythingAt(this.map, this.map.project([place.lon, place.lat]))
  }

  // showEdges draws the edges of tiles, with their addresses and sizes.
  showEdges(on: boolean): void {
    this.map.showTileBoundaries = on
  }

  // The map reads its texts while a control is added, so the controls are
  // added anew; there is no public way to give it other texts.
  setLanguage(lang: 'zh' | 'en'): void {
    Object.assign((this.map as unknown as { _locale: Record<string, string> })._locale, mapLocale[lang])
    this.map.getCanvas().setAttribute('aria-label', mapLocale[lang]['Map.Title'])
    for (const control of this.controls) this.map.removeControl(control)
    this.addControls()
  }

  private addControls(): void {
    const { map } = this
    const zoom = new NavigationControl({ showCompass: false })
    const scale = new ScaleControl({ maxWidth: 110 })
    map.addControl(zoom, 'bottom-right')
    map.addControl(scale, 'bottom-left')
    this.controls = [zoom, scale]
  }

  setStyle(base: StyleSpecification): void {
    this.base = base
    this.applyStyle()
  }

  setLook(look: Look): void {
    this.look = look
    this.applyStyle()
  }

  // New counts only matter for the order of the stack; new definitions come
  // with a new style.
  setLayers(layers: Layer[]): void {
    this.layers = layers
  }

  private applyStyle(): void {
    // Before the first style is in, there is nothing to compare with.
    if (this.styled) this.map.setStyle(compose(this.base, this.look), { diff: true })
  }

  // Beyond the source's deepest zoom the map cuts tiles of its own out of the
  // deepest ones and names them by the deeper zoom: so no limit here.
  private visibleTiles(): TileId[] {
    return this.map.coveringTiles({ tileSize: 512 }).map(({ canonical: { z, x, y } }) => ({ z, x, y }))
  }

  private vectorSources(): string[] {
    return Object.entries(this.base.sources)
      .filter(([name, source]) => source.type === 'vector' && this.map.getSource(name))
      .map(([name]) => name)
  }

  // refresh fetches again the tiles on the screen that a change touches.
  refresh(ranges: TileRange[]): void {
    if (!this.styled) return
    this.generation++
    if (!this.map.areTilesLoaded()) this.remember(ranges)
    for (const source of this.vectorSources()) {
      const tiles = tilesToRefresh(ranges, this.visibleTiles(), layersOf(this.base, source))
      if (tiles.length) this.map.refreshTiles(source, tiles)
    }
  }

  // While somebody writes without a pause the map is never idle; beyond a limit
  // it is cheaper to fetch all that is on the screen.
  private remember(ranges: TileRange[]): void {
    if (this.late.length + ranges.length <= MOST_LATE) this.late.push(...ranges)
    else this.lateAll = true
  }

  private catchUp(): void {
    const ranges = this.late.splice(0)
    if (this.lateAll) this.refreshAll()
    else if (ranges.length) this.refresh(ranges)
    this.lateAll = false
  }

  refreshAll(): void {
    if (!this.styled) return
    this.generation++
    for (const source of this.vectorSources()) this.map.refreshTiles(source)
  }

  // mark puts the marker on a place; radius is how far off it may be in metres.
  mark(place: Place | null, radius = 0): void {
    this.marker?.remove()
    this.marker = this.circle = null
    if (!place) return
    const element = document.createElement('div')
    element.className = 'place-marker'
    if (radius > 0) {
      const ring = element.appendChild(document.createElement('div'))
      ring.className = 'place-radius'
      this.circle = { element: ring, lat: place.lat, radius }
      this.drawCircle()
    }
    this.marker = new Marker({ element }).setLngLat([place.lon, place.lat]).addTo(this.map)
  }

  private drawCircle(): void {
    if (!this.circle) return
    const size = `${2 * pixelsOf(this.circle.radius, this.circle.lat, this.map.getZoom())}px`
    this.circle.element.style.width = this.circle.element.style.height = size
  }

  // number shows candidates by the numbers that they have in the list.
  number(candidates: Numbered[]): void {
    for (const marker of this.candidates) marker.remove()
    this.candidates = candidates.map(({ n, place }) => {
      const element = document.createElement('div')
      element.className = 'candidate-marker'
      element.textContent = String(n)
      return new Marker({ element }).setLngLat([place.lon, place.lat]).addTo(this.map)
    })
  }

  // The number is the feature's permanent id, which is its id in the tiles.
  select(layer: string | null, id: number | null): void {
    this.selected = this.flag('selected', this.selected, layer, id)
  }

  private hover(picked: Picked | undefined): void {
    this.hovered = this.flag('hover', this.hovered, picked?.layer ?? null, picked?.tileId ?? null)
    this.map.getCanvas().style.cursor = picked ? 'pointer' : ''
  }

  private flag(state: string, before: Marked | null, layer: string | null, id: number | null): Marked | null {
    if (before && before.sourceLayer === layer && before.id === id) return before
    if (before && this.map.getSource(before.source)) this.map.removeFeatureState(before, state)
    const source = layer !== null && id !== null ? sourceOf(this.base, layer) : undefined
    if (!source || !this.map.getSource(source)) return null
    const now = { source, sourceLayer: layer!, id: id! }
    this.map.setFeatureState(now, { [state]: true })
    return now
  }

  show(box: Box): void {
    const bounds: LngLatBoundsLike = box
    const maxZoom = isPoint(box) ? Math.max(POINT_ZOOM, this.map.getZoom()) : POINT_ZOOM
    this.map.fitBounds(bounds, { padding: this.padding(), maxZoom, duration: 700 })
  }

  jump(view: View): void {
    this.map.jumpTo({ center: [view.lon, view.lat], zoom: view.zoom })
  }

  zoomTo(zoom: number): void {
    this.map.easeTo({ zoom, duration: 300 })
  }

  zoomBy(step: number): void {
    this.zoomTo(this.map.getZoom() + step)
  }

  drawn(layer: string, id?: string): Picked[] {
    return drawn(this.map, layer, id)
  }

  destroy(): void {
    this.marker?.remove()
    this.map.remove()
  }
}
