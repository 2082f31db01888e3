// Package data is gewu's vocabulary and its truth: layers, features, changes and the ordered change log that a
// [Store] keeps. Everything else in gewu is a projection of that log and can be thrown away and rebuilt.
//
// The package does no network I/O and never reads the clock: times are passed in. Values of its types are plain
// data; unless a type says otherwise they are safe to read from many goroutines once nobody writes to them.
package data

// Seq is a position in the change log. The first transaction has Seq 1; 0 means "before everything" or "none".
type Seq uint64

// Epoch identifies one history. It is random, made when a store is created and changed by a restore, so that a
// client never mixes positions of two histories.
type Epoch string
