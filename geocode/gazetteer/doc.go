// Package gazetteer holds what has a name or a number in a city: areas, roads, estates and buildings, landmarks, doors.
// It is projected from the layers of a World by their roles and follows each World that is published.
//
// Names are normal, as [github.com/gewu-city/gewu/geocode/normal] makes them. A name may mean several things (a
// [Sense] each), and a thing may have several names: the proper one, aliases that its layer holds, and short forms
// that people use.
package gazetteer
