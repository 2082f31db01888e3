package geocode

import (
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/index"
)

// Codes of parts: so long, with so many digits. Shorter ones are numbers of houses and years.
const (
	leastCode   = 5
	leastDigits = 4
	mostCode    = 32
	codePoints  = 4 // of a text in which nothing else is explained
	codeRadius  = 3
	costScan    = 20 // features of which looking at the codes, which are not unique by their definition, costs one unit
)

// codes finds the parts and the cells whose codes, or ids, the text holds as they are.
func (f *finder) codes(source string) {
	isCode := func(r rune) bool {
		return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-' || r == '_'
	}
	for _, word := range strings.FieldsFunc(source[:min(len(source), normal.MostBytes)], func(r rune) bool { return !isCode(r) }) {
		word = strings.Trim(word, "-_")
		digits := strings.Count(strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return '0'
			}
			return r
		}, word), "0")
		if (len(word) < leastCode || digits < leastDigits) && !f.numbered(word) || len(word) > mostCode {
			continue
		}
		for _, l := range f.g.World().Layers() {
			if roles := &l.Def().Roles; (roles.Part != nil || roles.Cell != nil) && f.spend(costMeaning) {
				f.part(l, word)
			}
		}
	}
}

// numbering are words before the number of a thing that stands by a road.
var numbering = []string{"路灯", "灯杆", "电杆", "电线杆", "杆号", "灯号", "编号"}

// numbered reports whether a short word is said to be the number of a pole: 灯杆0123号.
func (f *finder) numbered(word string) bool {
	const before = 5
	start, end := f.position(word)
	return len(word) > 1 && end > start && slices.ContainsFunc(numbering, func(w string) bool {
		return strings.HasSuffix(strings.TrimRight(string(f.text.Runes[max(0, start-before):start]), " ,"), w)
	})
}

// part looks up a code in a layer of parts or cells: by the id, and by the attribute that is the code.
func (f *finder) part(l *index.Layer, code string) {
	for _, written := range slices.Compact([]string{code, strings.ToUpper(code)}) {
		slot, ok := l.Lookup(written)
		if !ok {
			slot, ok = f.coded(l, written)
		}
		if !ok {
			continue
		}
		at, ok := l.Point(slot)
		if shape := l.Shape(slot); !ok && len(shape.Vertices()) > 0 {
			at, ok = geo.LabelPoint(shape), true
		}
		if !ok {
			continue
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
		return
	}
}

// coded finds a feature by the attribute that is its code.
func (f *finder) coded(l *index.Layer, code string) (slot index.Slot, ok bool) {
	i := l.Def().CodeAttribute()
	if i < 0 {
		return 0, false
	}
	v := data.TextValue(l.Def().Attributes[i].Type, code)
	if _, indexed := l.Column(i).Held(v); !indexed && !f.spend(l.Len()/costScan) {
		return 0, false
	}
	for s := range l.Equal(i, v) {
		return s, true
	}
	return 0, false
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
