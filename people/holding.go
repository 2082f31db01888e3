package people

import (
	"cmp"
	"slices"
	"time"
)

// Held is a holding in force, with the person who has it. A stand-in without cells of its own has those of the holding
// in whose place it is, and is one Held for each of them.
type Held struct {
	Staff *Staff
	Holding
}

// current reports whether a holding is in force at a time, but for the one that it stands in for.
func (d *Directory) current(h held, at time.Time) bool {
	return (h.staff.Left.IsZero() || at.Before(h.staff.Left)) && h.holding.Covers(at) && d.Active(h.holding.Organisation, at)
}

// replaces reports whether holding b stands in for holding a of another person.
func replaces(b, a held) bool {
	return b.holding.StandsInFor == a.staff.ID && a.holding.StandsInFor == "" &&
		b.holding.Post == a.holding.Post && b.holding.Organisation == a.holding.Organisation
}

// originals are the holdings in force that one stands in for.
func (d *Directory) originals(b held, at time.Time) (found []held) {
	s, ok := d.person[b.holding.StandsInFor]
	if !ok {
		return nil
	}
	for i := range s.Holdings {
		if a := (held{s, &s.Holdings[i]}); replaces(b, a) && d.current(a, at) {
			found = append(found, a)
		}
	}
	return found
}

// resolve is what a holding is at a time: nothing when it is not in force.
func (d *Directory) resolve(h held, at time.Time) []Held {
	if !d.current(h, at) {
		return nil
	}
	if h.holding.StandsInFor == "" {
		return []Held{{h.staff, *h.holding}}
	}
	originals := d.originals(h, at)
	if len(originals) == 0 {
		return nil
	}
	if h.holding.Scheme != "" {
		return []Held{{h.staff, *h.holding}}
	}
	all := make([]Held, len(originals))
	for i, a := range originals {
		all[i] = inPlaceOf(h, a)
	}
	return all
}

// inPlaceOf is the stand-in b, which has no cells of its own, with the places of a.
func inPlaceOf(b, a held) Held {
	h := Held{b.staff, *b.holding}
	h.Scheme, h.Cells, h.Deputy = a.holding.Scheme, a.holding.Cells, a.holding.Deputy
	return h
}

// HoldingsAt are the holdings of a person that are in force at a time, in the order in which they are written. Somebody
// who stands in for the person takes none of them away.
func (d *Directory) HoldingsAt(staff string, at time.Time) []Held {
	s, ok := d.person[staff]
	if !ok {
		return nil
	}
	var all []Held
	for i := range s.Holdings {
		all = append(all, d.resolve(held{s, &s.Holdings[i]}, at)...)
	}
	return all
}

// StaffOfCell are those who work for a cell at a time. Who is stood in for is not among them, for the one who stands in
// is. Holders of a post come before their deputies, then the order is that of posts and staff ids.
func (d *Directory) StaffOfCell(cell CellRef, at time.Time) []Held {
	var all []Held
	for _, h := range d.cells[cell] {
		all = append(all, d.acting(h, at, func(b held) bool {
			return b.holding.Scheme == cell.Scheme && slices.Contains(b.holding.Cells, cell.Code)
		})...)
	}
	return tidy(all)
}

// StaffOf are those who work in an organisation at a time, with what StaffOfCell says about stand-ins and order.
func (d *Directory) StaffOf(organisation string, at time.Time) []Held {
	return d.working(d.members[organisation], at)
}

func (d *Directory) working(members []held, at time.Time) []Held {
	var all []Held
	for _, h := range members {
		all = append(all, d.acting(h, at, func(held) bool { return false })...)
	}
	return tidy(all)
}

// acting is who acts by a holding at a time: its holder, or those who stand in for the holder. A stand-in with cells of
// its own acts by its own holding; elsewhere reports whether such a one does so in the place that is meant.
func (d *Directory) acting(h held, at time.Time, elsewhere func(b held) bool) []Held {
	if h.holding.StandsInFor != "" {
		if h.holding.Scheme == "" {
			return nil // found by the holding in whose place it is
		}
		return d.resolve(h, at)
	}
	if !d.current(h, at) {
		return nil
	}
	replaced := false
	var all []Held
	for _, b := range d.standIns[h.staff.ID] {
		switch {
		case !replaces(b, h) || !d.current(b, at):
		case b.holding.Scheme == "":
			all, replaced = append(all, inPlaceOf(b, h)), true
		case elsewhere(b):
			replaced = true
		}
	}
	if !replaced {
		all = append(all, Held{h.staff, *h.holding})
	}
	return all
}

// tidy sorts and leaves one of those that say the same.
func tidy(all []Held) []Held {
	order := func(a, b Held) int {
		late := func(h Held) int {
			if h.Deputy {
				return 1
			}
			return 0
		}
		return cmp.Or(
			cmp.Compare(late(a), late(b)), cmp.Compare(a.Post, b.Post), cmp.Compare(a.Staff.ID, b.Staff.ID),
			cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.StandsInFor, b.StandsInFor),
			cmp.Compare(a.Scheme, b.Scheme), slices.Compare(a.Cells, b.Cells), a.From.Compare(b.From), a.To.Compare(b.To),
		)
	}
	slices.SortFunc(all, order)
	return slices.CompactFunc(all, func(a, b Held) bool { return order(a, b) == 0 })
}
