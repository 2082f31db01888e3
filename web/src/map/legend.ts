// What the style says about how a layer looks, so that the legend never
// disagrees with the map.
import type { StyleSpecification } from 'maplibre-gl'
import { gewuLayer } from './style'

export interface Legend {
  kind: 'fill' | 'line' | 'circle'
  color: string
  stroke?: string
}

export function legendOf(style: StyleSpecification, layer: string): Legend | undefined {
  for (const part of style.layers) {
    if (gewuLayer(part) !== layer) continue
    const legend = (part.metadata as Record<string, unknown>)['gewu:legend'] as Legend | undefined
    if (legend) return legend
  }
  return undefined
}
