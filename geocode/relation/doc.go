// Package relation reads elements of a text as claims about places: which name and numbers say a place, in which areas,
// and how it lies to others: opposite, 50 m east and then 20 m south of it, where two roads meet, between two places.
//
// It looks nothing up but what names may mean; [github.com/gewu-city/gewu/geocode] looks claims up.
package relation
