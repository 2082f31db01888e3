// Package bucket keeps the places of point features in a quadtree of buckets: dense enough to cost about as much as
// the coordinates themselves, quick to change, and made for asking what is nearest.
//
// A tree is copy-on-write: one goroutine writes, any number read the copies that it hands out. It knows slots and
// places and nothing else; what equals what, and which of two equal distances comes first, is the caller's matter.
package bucket
