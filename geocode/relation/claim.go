package relation

import (
	"github.com/gewu-city/gewu/geocode/number"
)

// Relation is how a place lies to the one that it is described by.
type Relation string

// Relations.
const (
	At       Relation = ""
	Offset   Relation = "offset"   // so far in a direction
	Side     Relation = "side"     // on one side of it
	Corner   Relation = "corner"   // one corner of a crossing
	Opposite Relation = "opposite" // across the road
	Near     Relation = "near"
	Beside   Relation = "beside"
	Gate     Relation = "gate"
	Inside   Relation = "inside"
	Between  Relation = "between" // of two places
)

// Claim is what a reading says about one place. Positions are those of elements of the reading, -1 where there is none.
type Claim struct {
	Areas          []int // names of areas before it, or behind it where the text goes from the small to the large
	Main, Second   int   // the name; the other road of a crossing
	Numbers, Other []number.Element
	Third          int              // the third road: of a stretch, X路(A路至B路), or of three without a word between
	Until          []number.Element // the other number of what lies between two
	Ends           []Claim          // the two ends of what lies between two places
	Sides          []int            // the roads that bound an area, each behind a word with its bearing
	Crossing       bool             // a word says that roads meet
	House          []number.Element // of a crossing: the numbers of a house that is said to stand there
	Cross          int              // of a house: the other road of the crossing that it is said to stand at
	Relation       Relation
	Bearing        float64 // of Side and Corner, degrees from north
	Legs           []Leg   // of Offset: one behind the other
	// Unstated says that a direction is given without a distance, Obscure with one that cannot be read.
	Unstated, Obscure bool
	Mark              int  // a kilometre mark along the road
	Disordered        bool // its numbers follow neither from the large to the small nor the other way round
	First, Last       int  // elements that belong to it
}

// Leg is a way from a place: so many metres in a direction.
type Leg struct {
	Bearing float64 // degrees from north; -1 without a direction
	Metres  float64
	Spread  float64 // metres: how much more or less the words leave open
	Goal    int     // the name of what lies in the direction, -1 where that is a bearing
}

// Metres is how long the legs are together.
func (c *Claim) Metres() (sum float64) {
	for _, l := range c.Legs {
		sum += l.Metres
	}
	return sum
}

// Counted reports whether numbers say more than the neighbourhood of a village.
func Counted(numbers []number.Element) bool {
	for _, n := range numbers {
		if n.Unit != number.Neighborhood {
			return true
		}
	}
	return false
}

// housed reports whether numbers hold one of a house.
func housed(numbers []number.Element) bool {
	for _, n := range numbers {
		if n.Unit == number.House || n.Unit == number.None || n.Unit == number.Yard {
			return true
		}
	}
	return false
}

// leads reports whether numbers may stand before the name of a road: that of a house alone, or numbers from the small to
// the large: 11号,221巷.
func leads(numbers []number.Element) bool {
	return housed(numbers) && (len(numbers) == 1 && numbers[0].Unit != number.Yard || ascend(numbers))
}

// size orders units from the large to the small; a number alone is that of a house.
func size(u number.Unit) number.Unit {
	if u == number.None {
		return number.House
	}
	return u
}

// ascend reports whether numbers follow each other from the small to the large.
func ascend(numbers []number.Element) bool {
	for i := 1; i < len(numbers); i++ {
		if size(numbers[i].Unit) >= size(numbers[i-1].Unit) {
			return false
		}
	}
	return true
}

// disordered reports whether a section, a lane or an alley stands behind the house that is in it.
func disordered(numbers []number.Element) bool {
	house := false
	for _, n := range numbers {
		switch n.Unit {
		case number.House:
			house = true
		case number.Section, number.Lane, number.Alley:
			if house {
				return true
			}
		default:
		}
	}
	return false
}

// sectioned reports whether numbers are those of sections and lanes, and of no house.
func sectioned(numbers []number.Element) bool { return len(numbers) > 0 && !housed(numbers) }
