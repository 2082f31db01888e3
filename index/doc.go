// Package index holds the city in memory: an [Engine] follows the change log and publishes immutable [World]s.
//
// A reader takes one *World and sees one consistent city: every answer it builds from that World belongs to the same
// Seq. Readers never lock. The engine is the only writer; it changes private structures and publishes finished
// copies, once per commit group, through an atomic pointer.
//
// Rows of a layer are addressed by [Slot]. Attributes lie in columns of copy-on-write chunks, so that a World costs
// what changed and not what exists. The R-tree of a layer is tidwall/rtree, whose Copy writes to the tree that it
// copies: only the engine calls it.
package index
