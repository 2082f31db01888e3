package phrase

import (
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/number"
)

// Kind is what an element is.
type Kind uint8

// Kinds of elements.
const (
	Gap    Kind = iota // what nothing explains
	Mark               // spaces, commas, brackets
	Admin              // what looks like a province, a city or a district and is none that the city has
	Name               // a name of the gazetteer
	Number             // a number, or several that hang together
	Term               // a word of the vocabulary
)

// Element is a piece of a text.
type Element struct {
	Kind       Kind
	Start, End int // characters, End exclusive
	// Of a Name: which, and how the text differs from it.
	Name  names.ID
	Exact bool
	Fault names.Fault // when it is not exact
	Edits int
	Also  []names.ID // other names from which the text differs in the same way
	// Shared says that there are others: it stays when one of them is looked up.
	Shared bool
	// Numbers of a Number, with their places in the text.
	Numbers []number.Element
	// Of a Term; a dash is a Mark and says To.
	Word    Word
	Bearing float64 // of a Way, From, To or Turn, in degrees from north
	Metres  float64 // of a Measure or Milestone
	Spread  float64 // of a Measure: how many metres more or less it may be by what it says
}

// Reading is one way to read a text: elements that follow each other without a break, and what they cost.
type Reading struct {
	Elements []Element
	Cost     float32
}
