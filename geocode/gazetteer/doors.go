package gazetteer

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/number"
)

// DoorNumbers are the numbers on the plate of a door, those of a building behind that of its yard among them.
func (g *Gazetteer) DoorNumbers(id uint32) houses.Address {
	i, s := g.Door(id)
	src := &g.sources[i]
	r := reader{areas: g.labelAreas}
	if src.reads() {
		r.fromLabel(text(src.layer, s, src.label))
	} else {
		r.house(text(src.layer, s, src.number), &houses.Street{})
	}
	return houses.AddressOf(r.elements)
}

// Yards leaves of doors with one number those in a yard where an address says 院, and those that are in none where it says
// 号; all of them if there are no others, or if it says neither.
func (g *Gazetteer) Yards(doors []houses.Door, a *houses.Address) []houses.Door {
	if len(doors) < 2 || a.Bare {
		return doors
	}
	kept := slices.DeleteFunc(slices.Clone(doors), func(d houses.Door) bool { return g.DoorNumbers(d.ID).Yard != a.Yard })
	if len(kept) == 0 {
		return doors
	}
	return kept
}

// Said leaves of doors with one number those that a text goes on to name behind it (地下, 附楼), if it does, else those of
// which nothing more is to be said; all of them if there are none.
func (g *Gazetteer) Said(doors []houses.Door, following []rune) []houses.Door {
	if len(doors) < 2 {
		return doors
	}
	best, kept := -1, doors[:0:0]
	for _, d := range doors {
		rest := g.behind(d)
		length := len(rest)
		if length > len(following) || !slices.Equal(following[:length], rest) {
			continue
		}
		if length > best {
			best, kept = length, kept[:0]
		}
		if length == best {
			kept = append(kept, d)
		}
	}
	if len(kept) == 0 {
		return doors
	}
	return kept
}

// behind is what stands behind the number on the plate of a door.
func (g *Gazetteer) behind(d houses.Door) []rune {
	plate := normal.Of(g.DoorPlate(d.ID).Number).Runes
	elements, _ := number.Parse(plate, nil)
	for _, e := range elements {
		if e.Unit == number.House || e.Unit == number.None || e.Unit == number.Yard {
			return plate[e.End:]
		}
	}
	return nil
}
