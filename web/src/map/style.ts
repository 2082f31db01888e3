// The server's style plus what the person chose: hidden layers and opacity.
// Pure, so that switching anything is "compose again and let the map apply the
// difference". The style itself draws the feature-states selected and hover.
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'

export interface Look {
  hidden: ReadonlySet<string>
  opacity: Readonly<Record<string, number>>
}

const OPACITY: Partial<Record<LayerSpecification['type'], string[]>> = {
  fill: ['fill-opacity'],
  line: ['line-opacity'],
  circle: ['circle-opacity', 'circle-stroke-opacity'],
  symbol: ['text-opacity', 'icon-opacity'],
  heatmap: ['heatmap-opacity'],
  'fill-extrusion': ['fill-extrusion-opacity'],
}

export function gewuLayer(layer: LayerSpecification): string | undefined {
  return (layer.metadata as Record<string, unknown> | undefined)?.['gewu:layer'] as string | undefined
}

// scaleOpacity multiplies a paint value. An expression that asks for the zoom
// must stay at the top, so its outputs are multiplied instead.
export function scaleOpacity(value: unknown, factor: number): unknown {
  if (value === undefined) return factor
  if (typeof value === 'number') return value * factor
  if (!Array.isArray(value)) return value
  const scaled = (first: number) =>
    value.map((part, i) => (i >= first && (i - first) % 2 === 0 ? scaleOpacity(part, factor) : (part as unknown)))
  // ["interpolate", kind, input, stop, output, …] and ["step", input, output, stop, output, …]
  if (value[0] === 'interpolate') return scaled(4)
  if (value[0] === 'step') return scaled(2)
  return ['*', value, factor]
}

export function compose(base: StyleSpecification, look: Look): StyleSpecification {
  return { ...base, layers: base.layers.map((layer) => dress(layer, look)) }
}

function dress(layer: LayerSpecification, look: Look): LayerSpecification {
  const name = gewuLayer(layer)
  if (!name || layer.type === 'background') return layer
  const hidden = look.hidden.has(name)
  const factor = look.opacity[name] ?? 1
  if (!hidden && factor === 1) return layer
  const paint: Record<string, unknown> = { ...layer.paint }
  if (factor < 1) {
    for (const property of OPACITY[layer.type] ?? []) paint[property] = scaleOpacity(paint[property], factor)
  }
  return { ...layer, paint, layout: { ...layer.layout, ...(hidden && { visibility: 'none' }) } } as LayerSpecification
}

// layersOf is the layers of a tile source that the style draws.
export function layersOf(base: StyleSpecification, source: string): Set<string> {
  const names = new Set<string>()
  for (const layer of base.layers) {
    if ('source' in layer && layer.source === source && layer['source-layer']) names.add(layer['source-layer'])
  }
  return names
}

// sourceOf finds the tile source in which the style draws a layer.
export function sourceOf(base: StyleSpecification, name: string): string | undefined {
  for (const layer of base.layers) {
    if ('source' in layer && gewuLayer(layer) === name && layer['source-layer'] === name) return layer.source as string
  }
  return undefined
}
