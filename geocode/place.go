package geocode

import (
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/relation"
)

// Kind is what a place is.
type Kind string

// Kinds of places.
const (
	House    Kind = "house"    // a door by its number, or where it would be
	Lane     Kind = "lane"     // a lane or an alley without a number
	Road     Kind = "road"     // a road, or a section of one
	Crossing Kind = "crossing" // where two roads meet
	Landmark Kind = "landmark"
	Building Kind = "building"
	Part     Kind = "part"
	Area     Kind = "area"
)

// Relation is how a place lies to the one that it is described by.
type Relation = relation.Relation

// Relations.
const (
	At       = relation.At
	Offset   = relation.Offset
	Side     = relation.Side
	Corner   = relation.Corner
	Opposite = relation.Opposite
	Near     = relation.Near
	Beside   = relation.Beside
	Gate     = relation.Gate
	Inside   = relation.Inside
	Between  = relation.Between
)

// FaultKind is what is wrong with an element.
type FaultKind string

// Kinds of faults.
const (
	Missing      FaultKind = "missing"      // the text does not say it, though there is one
	NotFound     FaultKind = "not_found"    // the city does not have it
	Misspelt     FaultKind = "misspelt"     // it is written almost so
	SoundsAlike  FaultKind = "sounds_alike" // it is written as another word that sounds so
	Aliased      FaultKind = "aliased"      // another name is given
	Shortened    FaultKind = "shortened"    // a part of the name is left out
	Interpolated FaultKind = "interpolated" // the number lies between two known ones
	Contradicts  FaultKind = "contradicts"  // the place is not in the area that is named
	Unknown      FaultKind = "unknown"      // words that nothing explains
	Ambiguous    FaultKind = "ambiguous"    // other places answer as well
	Approximate  FaultKind = "approximate"  // the text or the data says only about where
	Disordered   FaultKind = "disordered"   // its elements stand in another order than the city's
	Dated        FaultKind = "dated"        // it is not there at the time: a site or an event that is over or has not begun
	Aside        FaultKind = "aside"        // the text says it of something else: where the caller lives, who handles it
)

// Fault is what had to be forgiven.
type Fault struct {
	// Element is the part of an address: area, road, section, lane, number, name, text, relation.
	Element string    `json:"element"`
	Kind    FaultKind `json:"kind"`
	// Text is what was written, Meant what it was taken for; empty where there is nothing to say.
	Text  string `json:"text,omitempty"`
	Meant string `json:"meant,omitempty"`
	// Points is what it takes off the score.
	Points int `json:"points"`
}

// Place is an answer.
type Place struct {
	Kind     Kind
	Relation Relation
	// Layer and ID are those of the feature that answers, empty for a crossing of doors and what lies between two.
	Layer, ID string
	// Label names the place in full. Name is that of a road, landmark, building or area.
	Label, Name string
	// Elements of an address as the city has them.
	Road, Section, Lane, Alley, Number string
	// Level is that of an area.
	Level string
	// At is the place; Radius in metres says how far off it may be.
	At     geo.Point
	Radius float64
	// Score is from 0 to 100: how precise the place is less the points of the faults.
	Score  int
	Faults []Fault
	// Start and End are the bytes of the text that say it.
	Start, End int
}

// Question is a text and what is known about who asks.
type Question struct {
	Text string
	// Limit is how many places are returned: 10 when it is 0, at most 50.
	Limit int
	// Least is the score below which a place is none: StandardLeast when it is 0; with 1 all are places.
	Least int
	// Focus is a place near which the answer is likely, of places that are as good.
	Focus *geo.Point
	// Box leaves out what lies outside; Layers, if there are any, what other layers answer.
	Box    *geo.Box
	Layers []string
	// When is the time at which sites and events have to be there, in the zone of the city; the zero time asks for none.
	When time.Time
	// AreaFallback asks for the area that the text names where nothing better was found, marked by its faults.
	AreaFallback bool
}

// MostPlaces is how many places are returned at most, StandardLeast the score below which a place is none where the question
// does not say.
const (
	MostPlaces    = 50
	StandardLeast = 50
	defaultLimit  = 10
)
