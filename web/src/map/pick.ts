// What lies under the cursor.
import type { FilterSpecification, Map as GlMap, MapGeoJSONFeature, PointLike } from 'maplibre-gl'
import type { Layer } from '../api/types'

export interface Picked {
  layer: string
  id: string
  // The integer id in the tiles, needed for the feature-state.
  tileId: number
  properties: Record<string, unknown>
}

// Points and lines are hard to hit exactly.
const REACH_PX = 6

const RANK: Record<Layer['geometry'], number> = { point: 0, line: 1, polygon: 2, none: 3 }

export function stackAt(map: GlMap, at: { x: number; y: number }, layers: Layer[], hidden: ReadonlySet<string>): Picked[] {
  const byName = new Map(layers.map((layer) => [layer.name, layer]))
  const query = (where: PointLike | [PointLike, PointLike], polygons: boolean) =>
    map.queryRenderedFeatures(where, {
      layers: map
        .getLayersOrder()
        .filter((id) => {
          const style = map.getLayer(id)
          const layer = byName.get(style?.sourceLayer ?? '')
          if (!layer || hidden.has(layer.name) || (layer.geometry === 'polygon') !== polygons) return false
          // The outline of the neighbour reaches a little into a polygon.
          return !polygons || style?.type === 'fill'
        }),
    })
  const box: [PointLike, PointLike] = [
    [at.x - REACH_PX, at.y - REACH_PX],
    [at.x + REACH_PX, at.y + REACH_PX],
  ]
  const near = query(box, false)
    .map((feature) => ({ feature, distance: screenDistance(map, feature, at) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ feature }) => feature)
  const picked = distinct([...near, ...query([at.x, at.y], true)])
  // Layers with more features have smaller ones: the smallest comes first.
  const order = (name: string) => (RANK[byName.get(name)!.geometry] ?? 3) * 1e9 - (byName.get(name)!.count ?? 0)
  return picked.map((p, i) => ({ p, i })).sort((a, b) => order(a.p.layer) - order(b.p.layer) || a.i - b.i).map(({ p }) => p)
}

// everythingAt is what is drawn at a place, nearest first and polygons last, of every layer of the tiles: label points
// and totals too.
export function everythingAt(map: GlMap, at: { x: number; y: number }): Picked[] {
  const box: [PointLike, PointLike] = [
    [at.x - REACH_PX, at.y - REACH_PX],
    [at.x + REACH_PX, at.y + REACH_PX],
  ]
  const isPolygon = (feature: MapGeoJSONFeature) => feature.geometry.type.endsWith('Polygon')
  const near = map
    .queryRenderedFeatures(box)
    .filter((feature) => !isPolygon(feature))
    .map((feature) => ({ feature, distance: screenDistance(map, feature, at) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ feature }) => feature)
  // The outline of the neighbour reaches a little into a polygon.
  const around = map.queryRenderedFeatures([at.x, at.y]).filter((feature) => isPolygon(feature) && feature.layer.type === 'fill')
  return distinct([...near, ...around].map(identified))
}

// identified gives what has no id in the tiles, such as a group of points, its place for one.
function identified(feature: MapGeoJSONFeature): Pick<MapGeoJSONFeature, 'id' | 'sourceLayer' | 'properties'> {
  const { id, sourceLayer, properties, geometry } = feature
  if (properties.id !== undefined || geometry.type !== 'Point') return { id, sourceLayer, properties }
  const [lon, lat] = geometry.coordinates as [number, number]
  return { id, sourceLayer, properties: { ...properties, id: `${lon.toFixed(6)},${lat.toFixed(6)}` } }
}

export function distinct(features: Pick<MapGeoJSONFeature, 'id' | 'sourceLayer' | 'properties'>[]): Picked[] {
  const seen = new Map<string, Picked>()
  for (const { id: tileId, sourceLayer, properties } of features) {
    const id = properties.id as unknown
    if (!sourceLayer || id === undefined || id === null) continue
    const key = `${sourceLayer}/${String(id)}`
    if (!seen.has(key)) seen.set(key, { layer: sourceLayer, id: String(id), tileId: Number(tileId), properties })
  }
  return [...seen.values()]
}

function screenDistance(map: GlMap, feature: MapGeoJSONFeature, at: { x: number; y: number }): number {
  if (feature.geometry.type !== 'Point') return 0
  const p = map.project(feature.geometry.coordinates as [number, number])
  return Math.hypot(p.x - at.x, p.y - at.y)
}

// drawn lists the features of one layer, or one of them, that the map shows now.
export function drawn(map: GlMap, layer: string, id?: string): Picked[] {
  const ids = map.getLayersOrder().filter((one) => map.getLayer(one)?.sourceLayer === layer)
  if (!ids.length) return []
  const filter: FilterSpecification | undefined = id === undefined ? undefined : ['==', ['get', 'id'], id]
  return distinct(map.queryRenderedFeatures({ layers: ids, filter }))
}
