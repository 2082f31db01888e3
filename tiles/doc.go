// Package tiles draws a World as Mapbox vector tiles (MVT 2.1): what goes into tile z/x/y, the encoding, a cache that
// follows the data, and TileJSON. Package style makes the map style that goes with it.
//
// # From a feature to a tile
//
// The order of the steps is what keeps neighbours together:
//
//  1. Project. Every vertex by itself: integer degrees to Web Mercator.
//  2. Snap. Every vertex by itself, to a grid of the whole world whose step depends on the zoom level and layer
//     only ([frame]). Polygons that share a vertex still share it, in this tile and in the next one.
//  3. Clip to the tile and its buffer. An edge is cut by its end points alone, whichever way round it comes, so two
//     polygons that share an edge share what is left of it.
//  4. Tidy. Repeated vertices, vertices on a straight line and spikes go. They have no area, so nothing can open
//     between neighbours; and they go last, because rounding a cut of a longer edge would give another point.
//
// Clipping first would move shared vertices by where the tile ends, and the usual simplification looks at one
// polygon at a time. Within a tile neighbours therefore meet exactly. Between two tiles an edge that crosses both
// buffers may differ by one unit of 4096, because its cuts are rounded.
//
// A polygon that is smaller than the grid may lose its area or turn over; it is left out and counted.
//
// # Limits
//
// A tile is always an answer of bounded size: see [MaxFeatures], [MaxLayerBytes] and [MaxTileBytes].
package tiles
