// Package geocode turns texts into places: an address, a crossing, a landmark, a code, or words that put a place in
// relation to one of them become a point, how far off it may be, how sure that is and why.
//
// A text is made normal ([github.com/gewu-city/gewu/geocode/normal]) and read as elements
// ([github.com/gewu-city/gewu/geocode/phrase]) by the names of the city ([github.com/gewu-city/gewu/geocode/gazetteer]).
// The cheapest readings become claims: a road and a number, two roads that meet, a landmark and a distance from it. Each
// claim is looked up, and what is found is scored: the precision of the place less the faults that had to be forgiven.
// Below a threshold there is no answer: a centroid never stands in silently for what was not found.
package geocode
