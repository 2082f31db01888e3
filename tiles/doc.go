// Package tiles draws a World as Mapbox vector tiles (MVT 2.1): what goes into tile z/x/y, the encoding, a cache that
// follows the data, and TileJSON. Package style makes the map style that goes with it.
//
// # From a feature to a tile
//
// A place goes to the nearest unit. Lines and polygons of a layer are drawn together, by package outline, so that
// those that share edges in the city share them in every tile, at every zoom level, and polygons stay valid; what is
// too small for a zoom level goes by the rule that is written there, and is counted. The vertices that a polygon shares
// with others of its layer are simplified with them and not with those of other layers: a cell and the village around
// it can differ by half a pixel below the zoom levels of full detail.
//
// # Limits
//
// A tile is always an answer of bounded size: see [MaxFeatures], [MaxLayerBytes] and [MaxTileBytes].
package tiles
