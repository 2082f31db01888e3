package geocode

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/codes"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/index"
)

const (
	codePoints = 4 // of a text in which nothing else is explained
	codeRadius = 3
)

// codes finds the parts and the cells whose codes, or ids, the text holds as they are, and short ones of poles: 灯杆0123号.
func (f *finder) codes(source string) {
	numbered := func(word string) bool {
		start, end := f.position(word)
		return len(word) > 1 && end > start && codes.Numbered(f.text.Runes[:start])
	}
	for _, word := range codes.Words(source, numbered) {
		for _, l := range f.g.World().Layers() {
			if roles := &l.Def().Roles; (roles.Part != nil || roles.Cell != nil) && f.spend(costMeaning) {
				f.part(l, word)
			}
		}
	}
}

// part looks up a code in a layer of parts or cells.
func (f *finder) part(l *index.Layer, code string) {
	slot, at, written, ok := codes.Find(l, code, f.ways.Spend)
	if !ok {
		return
	}
	c := candidate{kind: Part, at: at, radius: codeRadius + ground.Extent(l.Box(slot), at), layer: l.Def().Name, slot: slot, label: written, score: 100}
	if l.Def().Roles.Cell != nil {
		c.kind = Area
	}
	c.start, c.end = f.position(written)
	if all := len(f.text.Runes); all > 0 {
		c.open = 1 - float64(c.end-c.start)/float64(all)
	}
	if points := int(codePoints*c.open + 0.5); points > 0 {
		c.faults, c.score = []Fault{{Element: "text", Kind: Unknown, Points: points}}, c.score-points
	}
	f.found = append(f.found, c)
}

// position is where a word of the source stands in the text.
func (f *finder) position(word string) (start, end int) {
	w := normal.Of(word).Runes
	for i := 0; i+len(w) <= len(f.text.Runes); i++ {
		if slices.Equal(f.text.Runes[i:i+len(w)], w) {
			return i, i + len(w)
		}
	}
	return 0, len(f.text.Runes)
}

// partPlace completes the place of a part or a cell.
func (f *finder) partPlace(c *candidate, p *Place) {
	l, _ := f.g.World().Layer(c.layer)
	p.Layer, p.ID, p.Label, p.Name = c.layer, l.ID(c.slot), c.label, c.label
	if cell := l.Def().Roles.Cell; cell != nil {
		p.Level = cell.Scheme
	}
}
