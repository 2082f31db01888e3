// Package raster answers which polygons own or touch a point without walking their outlines.
//
// The ground is cut into squares. A square that lies wholly inside one polygon, or in none, answers at once. For any
// other square the polygons that reach into it are listed, each with whether it owns the ground there apart from the
// few edges that pass through the square, and with those edges: a point is tested against them alone. Edges shared by
// neighbours are kept and tested once, for all polygons together.
//
// The answers are those of [geo.Shape.Contains] and [geo.Shape.OnBoundary], bit for bit: squares are made with the
// same integer predicates, and whatever is not certain for a whole square is left to its edges.
//
// Squares are made when they are first asked for, kept in a tree that is shared between versions, and forgotten
// where a polygon changes; so an edit costs a few microseconds and the next question about that place some ten more.
package raster
