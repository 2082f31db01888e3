package houses

import "github.com/gewu-city/gewu/geocode/number"

// Address is the numbers of a text, by what they count.
type Address struct {
	Section, Lane, Alley, House number.Number
	// Bare says that no 号 stands behind the number of the house, Yard that 院 does.
	Bare, Yard bool
	// Building is that of a yard, or behind the number of a house: 66号院5号楼.
	Building number.Number
	// Last is the last section of several.
	Last uint32
}

// AddressOf sorts the numbers of a text. A building or a yard that no house stands before is the house.
func AddressOf(numbers []number.Element) (a Address) {
	for _, n := range numbers {
		switch n.Unit {
		case number.Section:
			a.Section = n.Number
		case number.Lane:
			a.Lane = n.Number
		case number.Alley:
			a.Alley = n.Number
		case number.House:
			a.House = n.Number
		case number.None, number.Yard, number.Building:
			if a.House.Base == 0 {
				a.House, a.Bare, a.Yard = n.Number, n.Unit == number.None, n.Unit == number.Yard
			} else if n.Unit == number.Building {
				a.Building = n.Number
			}
		default:
		}
	}
	return a
}

// Street is where the numbers of an address are found.
func (a *Address) Street(road, section uint32) Street {
	return Street{Road: road, Section: section, Lane: a.Lane.Packed(), Alley: a.Alley.Packed()}
}
