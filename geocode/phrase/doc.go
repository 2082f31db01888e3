// Package phrase reads texts as elements of places: names that a gazetteer knows, numbers of houses and what hangs on
// them, words that put a place in relation to another (opposite, 50 m east of, at the corner of), and gaps between.
//
// Elements of a text form a lattice. A [Reader] finds the cheapest ways through it, so that the longest name does not
// win where two others explain more: every element costs a little, what nothing explains costs most.
//
// Texts are normal, as [github.com/gewu-city/gewu/geocode/normal] makes them.
package phrase
