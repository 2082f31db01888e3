package geocode

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/phrase"
)

// What is taken off for names.
const (
	soundPoints  = 2
	slipPoints   = 3
	guessPoints  = 12 // more for a name that the text resembles from afar
	sharedPoints = 3  // more for a slip after which it may be several names
	rivalPoints  = 6  // more for a slip where another name sounds as the text does
	otherPoints  = 12 // more for a name that another is told apart from by what differs
	realPoints   = 22 // more where the text is the name of another road as it is written
	aliasPoints  = 1
	shortPoints  = 3
)

// nameFaults are what is wrong with a name.
func (f *finder) nameFaults(element string, e *phrase.Element, s gazetteer.Sense, faults []Fault) []Fault {
	if !e.Exact {
		fault := Fault{Element: element, Kind: SoundsAlike, Text: f.written(e), Meant: f.spelt(e.Name, s), Points: soundPoints}
		if e.Fault == names.Slip {
			fault.Kind, fault.Points = Misspelt, slipPoints*e.Edits
			if e.Shared {
				fault.Points += sharedPoints
			}
			if names.TellsApart(f.text.Runes[e.Start:e.End], f.g.Name(e.Name)) {
				fault.Points += otherPoints
			}
			switch {
			case e.Edits >= gazetteer.LeastGuess:
				fault.Points += guessPoints
			case e.Edits > 1 && s.Kind > gazetteer.Road:
				fault.Points += slipPoints // no number confirms it
			}
		}
		for _, span := range f.roads {
			if e.Start < span[1] && span[0] < e.End && span[1]-span[0] >= len(f.g.Name(e.Name))-1 {
				fault.Points += realPoints // it is the name of a road as it is written
				break
			}
		}
		faults = append(faults, fault)
	}
	switch s.Form {
	case gazetteer.Alias:
		faults = append(faults, Fault{Element: element, Kind: Aliased, Text: f.written(e), Meant: f.proper(s), Points: aliasPoints})
	case gazetteer.Short:
		faults = append(faults, Fault{Element: element, Kind: Shortened, Text: f.written(e), Meant: f.proper(s), Points: shortPoints})
	default:
	}
	return faults
}

// proper is the proper name of what a sense means, as the city spells it.
func (f *finder) proper(s gazetteer.Sense) string {
	if s.Kind == gazetteer.Road {
		return f.g.RoadTitle(s.Road)
	}
	return f.g.Title(s)
}

// spelt is a name of what a sense means as the city spells it, in normal form where that is not known: of an alias.
func (f *finder) spelt(name names.ID, s gazetteer.Sense) string {
	wanted, title := f.g.Name(name), f.proper(s)
	f.rest.Set(title)
	for i := 0; i+len(wanted) <= len(f.rest.Runes); i++ {
		if slices.Equal(f.rest.Runes[i:i+len(wanted)], wanted) {
			return f.rest.Written(i, i+len(wanted))
		}
	}
	return string(wanted)
}

// rivals takes more off for slips in what sounds like another name that was found: of 东 and 西 for 冬 it is 东.
func (f *finder) rivals() {
	for i := range f.found {
		sounds := f.found[i].nameFault(SoundsAlike)
		if sounds == nil {
			continue
		}
		for j := range f.found {
			c := &f.found[j]
			slip := c.nameFault(Misspelt)
			if slip == nil || slip.Text != sounds.Text || c.road == f.found[i].road || c.rival {
				continue
			}
			c.faults = slices.Clone(c.faults)
			c.nameFault(Misspelt).Points += rivalPoints
			c.score, c.rival = max(c.score-rivalPoints, 0), true
		}
	}
}

// nameFault is the fault of a kind of the name of the road of a candidate, nil where it has none.
func (c *candidate) nameFault(kind FaultKind) *Fault {
	for i := range c.faults {
		if e := &c.faults[i]; e.Element == "road" && e.Kind == kind {
			return e
		}
	}
	return nil
}
