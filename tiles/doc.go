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
// # From a column to a tile
//
// Attributes are written a column at a time, see [columns]: nothing is looked up by text for each feature, and nothing
// is converted that is not written.
//
// # Limits
//
// A tile is always an answer of bounded size: see [MaxFeatures] and what follows it. Where a layer of points has no
// room, points become cells of the zoom level's grid with one feature each, chosen by importance, that says how many it
// stands for ([thinned]). Other layers keep the features of the best ranks. The tile says how many it found, drew and
// dropped ([DroppedSuffix]).
package tiles
