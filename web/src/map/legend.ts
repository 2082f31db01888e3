// What the style says about how a layer looks, so that the legend never
// disagrees with the map.
import type { StyleSpecification } from 'maplibre-gl'
import { gewuLayer } from './style'

export interface Legend {
  kind: 'fill' | 'line' | 'circle'
  color: string
  stroke?: string
  // The drawing of the symbol that most points of the layer have.
  image?: string
}

export function legendOf(style: StyleSpecification, layer: string): Legend | undefined {
  for (const part of style.layers) {
    if (gewuLayer(part) !== layer) continue
    const legend = (part.metadata as Record<string, unknown>)['gewu:legend'] as (Legend & { symbol?: string }) | undefined
    const theme = (style.metadata as { theme?: string } | undefined)?.theme
    if (legend?.symbol && theme) return { ...legend, image: `/v1/sprites/${theme}/${legend.symbol}.svg` }
    if (legend) return legend
  }
  return undefined
}
