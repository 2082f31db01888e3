package version

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/code"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/edit"
)

// Codes says how cells get their codes.
type Codes string

const (
	// ByRule gives each code to the cell of the same community that has most of the old one, when that is at least half;
	// other codes end.
	ByRule Codes = "rule"
	// AsDrawn leaves codes where operations left them; only cells without a code get new ones.
	AsDrawn Codes = "drawn"
)

// Numbers are the codes that were ever given.
type Numbers interface {
	// Highest is the greatest number ever given behind a prefix in codes of so many digits, 0 for none.
	Highest(prefix string, digits int) int
	// Used reports whether a code was ever given, also when its cell has ended.
	Used(code string) bool
}

// Weigh is the weight of ground that two cells share, such as its households, and that of the first alone; 0, 0 when nobody
// knows.
type Weigh func(old, now geo.Shape) (common, whole float64)

// Naming is which codes the cells of a draft get, and what that makes of the old ones.
type Naming struct {
	// Codes are the final codes by face.
	Codes map[coverage.FaceID]string
	// Rows are the lineage of all cells that changed.
	Rows []Row
	// Ended are the codes that end, Created those that begin, Table the provisional and drawn codes that became others; in
	// order.
	Ended, Created []string
	Table          []Renamed
	// Marks are the greatest numbers given behind prefixes.
	Marks map[string]int
	// Warnings are sentences for people.
	Warnings []string
}

// Renamed is a cell that got another code than it was drawn with.
type Renamed struct {
	Drawn string `json:"drawn"`
	Code  string `json:"code"`
}

// CodeError says why a cell cannot get a code, or have the one that it was drawn with.
type CodeError struct {
	Code string
	// Exists tells that the code is that of a cell that is or was.
	Exists bool
	Why    string
}

// Error names the code.
func (e *CodeError) Error() string { return e.Code + ": " + e.Why }

// keepShare is the part of an old cell that must go into a new one for it to keep the code.
const keepShare = 0.5

// noise is what rounding may make of common ground that there is not: the part of a cell, and square metres.
const noisePart, noiseArea = 1e-9, 0.01

// pair is an old cell and a new one with common ground.
type pair struct {
	old, now   coverage.FaceID
	area       float64
	weight     float64
	share      float64 // of the old cell's ground
	weightPart float64 // of the old cell's weight, NaN without
}

// Name gives codes to the cells of a draft: how says by which rule, rule is the form of codes. The error is a *[CodeError].
func (d *Draft) Name(how Codes, rule code.Rule, known Numbers, weigh Weigh) (*Naming, error) {
	n := &Naming{Codes: map[coverage.FaceID]string{}, Marks: map[string]int{}}
	olds, news := d.differing()
	pairs := d.pairs(olds, news, weigh)
	taken := map[string]bool{}
	isNew := map[coverage.FaceID]bool{}
	for _, id := range news {
		isNew[id] = true
	}
	for id, f := range d.Now.Faces() {
		if !isNew[id] {
			n.Codes[id] = f.Code
			taken[f.Code] = true
		}
	}
	give := func(id coverage.FaceID, text string) {
		n.Codes[id], taken[text] = text, true
	}
	for _, id := range news {
		f := d.Now.Face(id)
		_, old := d.Base.Coverage.Lookup(f.Code)
		switch {
		case provisional(f.Code) || renumbered(f.Code):
		case !old:
			if err := d.explicit(f, rule, known); err != nil {
				return nil, err
			}
			give(id, f.Code)
		case how == AsDrawn:
			give(id, f.Code)
		}
	}
	for _, p := range pairs {
		text := d.Base.Coverage.Face(p.old).Code
		f := d.Now.Face(p.now)
		if n.Codes[p.now] != "" || taken[text] || renumbered(f.Code) || how == AsDrawn || !d.mayKeep(p) {
			continue
		}
		give(p.now, text)
	}
	if err := d.number(n, news, rule, known, taken); err != nil {
		return nil, err
	}
	d.account(n, olds, news, pairs, rule)
	return n, nil
}

// mayKeep reports whether the cell of a pair may have the code of the old one: the same community, and at least half of it.
func (d *Draft) mayKeep(p pair) bool {
	if d.Base.Coverage.Face(p.old).Parent != d.Now.Face(p.now).Parent {
		return false
	}
	if !math.IsNaN(p.weightPart) {
		return p.weightPart >= keepShare
	}
	return p.share >= keepShare-noisePart
}

// explicit checks a code that somebody chose for a new cell.
func (d *Draft) explicit(f *coverage.Face, rule code.Rule, known Numbers) error {
	if err := rule.Check(f.Code); err != nil {
		return &CodeError{Code: f.Code, Why: err.Error()}
	}
	if d.Header.From == 0 && known.Used(f.Code) {
		return &CodeError{Code: f.Code, Exists: true, Why: "is the code of a cell that has ended; codes are never given again"}
	}
	return nil
}

// differing are the faces of the base and of the draft that are not the same in both.
func (d *Draft) differing() (olds, news []coverage.FaceID) {
	base := d.Base.Coverage
	same := map[coverage.FaceID]bool{}
	for id, f := range base.Faces() {
		now, ok := d.Now.Lookup(f.Code)
		if ok && d.Now.Face(now).Parent == f.Parent && (sameSides(base, id, d.Now, now) || keeps(base.Shape(id), d.Now.Shape(now))) {
			same[now] = true
			continue
		}
		olds = append(olds, id)
	}
	for id := range d.Now.Faces() {
		if !same[id] {
			news = append(news, id)
		}
	}
	return olds, news
}

// keeps reports whether a cell has the ground that it had: cuts beside it may have put vertices on its border.
func keeps(was, now geo.Shape) bool {
	_, same := edit.Keeps(was, now)
	return same
}

// pairs are the old and new cells with common ground, the heaviest first.
func (d *Draft) pairs(olds, news []coverage.FaceID, weigh Weigh) []pair {
	type ground struct {
		id    coverage.FaceID
		shape geo.Shape
		box   geo.Box
	}
	fresh := make([]ground, len(news))
	for i, id := range news {
		s := d.Now.Shape(id)
		fresh[i] = ground{id, s, s.Box()}
	}
	slices.SortFunc(fresh, func(a, b ground) int { return cmp.Or(cmp.Compare(a.box.Min.X, b.box.Min.X), cmp.Compare(a.id, b.id)) })
	var out []pair
	for _, old := range olds {
		shape := d.Base.Coverage.Shape(old)
		box, area := shape.Box(), shape.Area()
		for _, g := range fresh {
			if g.box.Min.X > box.Max.X {
				break
			}
			if !g.box.Intersects(box) {
				continue
			}
			common := geo.OverlapArea(shape, g.shape)
			if common < noiseArea || common < area*noisePart {
				continue
			}
			p := pair{old: old, now: g.id, area: common, share: min(1, common/area), weightPart: math.NaN()}
			if weigh != nil {
				w, whole := weigh(shape, g.shape)
				p.weight = w
				if whole > 0 {
					p.weightPart = w / whole
				}
			}
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.area, a.area),
			compareText(d.Base.Coverage.Face(a.old).Code, d.Base.Coverage.Face(b.old).Code), cmp.Compare(a.now, b.now))
	})
	return out
}

// number gives new codes to the cells that have none, by community in spatial order.
func (d *Draft) number(n *Naming, news []coverage.FaceID, rule code.Rule, known Numbers, taken map[string]bool) error {
	by := map[string][]coverage.FaceID{}
	for _, id := range news {
		if n.Codes[id] == "" {
			parent := d.Now.Face(id).Parent
			by[parent] = append(by[parent], id)
		}
	}
	parents := make([]string, 0, len(by))
	for p := range by {
		parents = append(parents, p)
	}
	slices.Sort(parents)
	for _, parent := range parents {
		s, err := d.seriesOf(parent, rule)
		if err != nil {
			return err
		}
		highest := max(known.Highest(s.prefix, s.digits), n.Marks[s.prefix])
		for text := range taken {
			if k, ok := s.number(text); ok {
				highest = max(highest, k)
			}
		}
		ids := by[parent]
		labels := make([]geo.Point, len(ids))
		for i, id := range ids {
			// The middle, not the label point: that of a long cell may lie at either end.
			box := d.Now.Shape(id).Box()
			labels[i] = geo.Between(box.Min, box.Max, 0.5)
		}
		if left := s.most - highest; len(ids) > left {
			return &CodeError{Code: s.prefix, Why: fmt.Sprintf("%d new codes are needed in %q and %d of %d numbers are left; codes are never given again", len(ids), parent, max(left, 0), s.most)}
		}
		for _, i := range code.Order(labels) {
			highest++
			text := s.code(highest)
			if err := rule.Check(text); err != nil {
				return &CodeError{Code: text, Why: err.Error()}
			}
			n.Codes[ids[i]], taken[text] = text, true
		}
		n.Marks[s.prefix] = highest
		if highest*5 >= s.most*4 {
			n.Warnings = append(n.Warnings, fmt.Sprintf("%q has used %d of %d numbers for ever (%d %%)", parent, highest, s.most, highest*100/s.most))
		}
	}
	return nil
}

// series are the codes of one community.
type series struct {
	prefix       string
	digits, most int
}

func (s series) code(n int) string { return fmt.Sprintf("%s%0*d", s.prefix, s.digits, n) }

func (s series) number(text string) (int, bool) {
	rest, ok := strings.CutPrefix(text, s.prefix)
	if !ok || len(rest) != s.digits {
		return 0, false
	}
	n := 0
	for _, c := range rest {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// plainDigits is the width of numbers where no rule says it.
const plainDigits = 3

// seriesOf are the codes of the cells of a community: its own code and a number where a rule has groups, else its code, a
// hyphen and a number.
func (d *Draft) seriesOf(parent string, rule code.Rule) (series, error) {
	groups := rule.Groups()
	if len(groups) == 0 {
		return series{cmp.Or(parent, d.Base.Scheme.Name) + "-", plainDigits, 999}, nil
	}
	last := groups[len(groups)-1]
	width := 0
	for _, g := range groups[:len(groups)-1] {
		width += g.Width
	}
	digits := min(last.Width, 9)
	s := series{digits: last.Width, most: int(math.Pow10(digits)) - 1}
	if len(parent) == width {
		s.prefix = parent
		return s, nil
	}
	// The codes of the cells that are there know it.
	for _, f := range d.Base.Coverage.Faces() {
		if f.Parent == parent && rule.Check(f.Code) == nil {
			s.prefix = f.Code[:width]
			return s, nil
		}
	}
	return s, &CodeError{Code: parent, Why: fmt.Sprintf("the area has no code of %d characters, which the code rule %q begins with, and no cell with one", width, rule.String())}
}

// account lists what became of the codes.
func (d *Draft) account(n *Naming, olds, news []coverage.FaceID, pairs []pair, rule code.Rule) {
	final := map[string]bool{}
	for _, text := range n.Codes {
		final[text] = true
	}
	for _, id := range olds {
		if text := d.Base.Coverage.Face(id).Code; !final[text] {
			n.Ended = append(n.Ended, text)
		}
	}
	for _, id := range news {
		text, drawn := n.Codes[id], d.Now.Face(id).Code
		if _, old := d.Base.Coverage.Lookup(text); !old {
			n.Created = append(n.Created, text)
			if s, err := d.seriesOf(d.Now.Face(id).Parent, rule); err == nil {
				if k, ok := s.number(text); ok {
					n.Marks[s.prefix] = max(n.Marks[s.prefix], k)
				}
			}
		}
		if text != drawn {
			n.Table = append(n.Table, Renamed{drawn, text})
		}
	}
	for _, p := range pairs {
		old := d.Base.Coverage.Face(p.old).Code
		if old == n.Codes[p.now] && p.share > 1-noisePart {
			continue // it may have got ground, which the rows of others tell
		}
		row := Row{Old: old, New: n.Codes[p.now], Share: p.share}
		if !math.IsNaN(p.weightPart) {
			row.Weight = &p.weightPart
		}
		n.Rows = append(n.Rows, row)
	}
	ends, renames := d.Joins()
	for _, a := range slices.Concat(ends, renames) {
		n.Rows = append(n.Rows, Row{Level: a.Level, Old: a.Old, New: a.New, Share: 1})
	}
	n.markAreas(renames, d.Base.Scheme.Levels, rule)
	slices.Sort(n.Ended)
	slices.Sort(n.Created)
	slices.SortFunc(n.Table, func(a, b Renamed) int { return compareText(a.Code, b.Code) })
	slices.SortFunc(n.Rows, func(a, b Row) int {
		return cmp.Or(compareText(a.Level, b.Level), compareText(a.Old, b.Old), cmp.Compare(b.Share, a.Share), compareText(a.New, b.New))
	})
}

// markAreas remembers the numbers at the ends of the codes that areas get, where the rule says what they are.
func (n *Naming) markAreas(renames []AreaCode, levels []string, rule code.Rule) {
	widths := areaWidths(rule, levels)
	for _, a := range renames {
		k := slices.Index(levels, a.Level)
		if widths == nil || k < 1 || len(a.New) != widths[k] {
			continue
		}
		s := series{prefix: a.New[:widths[k-1]], digits: widths[k] - widths[k-1]}
		if number, ok := s.number(a.New); ok {
			n.Marks[s.prefix] = max(n.Marks[s.prefix], number)
		}
	}
}

// Number is the code with a number behind a prefix.
func Number(prefix string, digits, n int) string {
	return series{prefix: prefix, digits: digits}.code(n)
}
