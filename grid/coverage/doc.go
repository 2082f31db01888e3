// Package coverage is the model of a scheme that is being drawn: faces between arcs. Every border between two faces is one
// arc, so that a common edge cannot tear, and levels above (communities, streets, districts) are groups of faces, whose
// borders are arcs of the same set.
//
// Coordinates are whole units of 1e-7 degree; new places are rounded to them by snap rounding, and all tests are exact.
//
// A [Coverage] is immutable: an edit is a [Change] that is applied to one and gives another, and whose inverse gives back the
// first, byte by byte. All functions may be called at the same time.
package coverage
