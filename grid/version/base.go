package version

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/index"
)

// Base is the cells of a scheme in a World as a coverage. It is immutable.
type Base struct {
	Scheme grid.Scheme
	Seq    data.Seq
	// Coverage has the cells in the order of their permanent ids.
	Coverage *coverage.Coverage
	// Found are the places where the cells were no coverage, all fixed.
	Found []coverage.Defect
	// Outline is the ground of all cells.
	Outline geo.Shape
	cells   map[string]held
}

// held is a cell as the World has it.
type held struct {
	id    string
	shape geo.Shape
	seq   data.Seq
}

// DefectsError says that the cells of a city are no coverage and that no rule was given that makes them one.
type DefectsError struct{ Found []coverage.Defect }

// Error counts the defects.
func (e *DefectsError) Error() string {
	counts := map[check.Kind]int{}
	open := 0
	for _, d := range e.Found {
		if !d.Fixed {
			counts[d.Kind]++
			open++
		}
	}
	var words []string
	for _, k := range check.Kinds() {
		if n := counts[k]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, k))
		}
	}
	return "the cells are no coverage: " + strings.Join(words, ", ")
}

// Parents finds the area of the level right above that a cell of a World belongs to, empty without one.
type Parents func(w *index.World, s grid.Scheme, cell index.Slot) string

// ParentsBy is Parents by the largest overlap.
func ParentsBy(l *grid.Locator) Parents {
	return func(w *index.World, s grid.Scheme, cell index.Slot) string {
		if len(s.Levels) == 0 {
			return ""
		}
		last := s.Levels[len(s.Levels)-1]
		for _, a := range l.AreasOf(w, s, cell) {
			if a.Level == last {
				return a.Code
			}
		}
		return ""
	}
}

// lockedAttribute is the attribute of a layer of cells that locks them in every draft.
const lockedAttribute = "locked"

// ErrNoCells is returned for a scheme without cells.
var ErrNoCells = errors.New("the scheme has no cells")

// Take makes a coverage of the cells of a scheme in a World; rule and order fix what is wrong with them, see
// [coverage.Options]. The error is [ErrNoCells], a *[DefectsError], or says which code is given twice.
func Take(w *index.World, s grid.Scheme, parents Parents, rule coverage.Rule, order []string) (*Base, error) {
	layer := s.In(w)
	if layer == nil || layer.Len() == 0 {
		return nil, ErrNoCells
	}
	slots := slices.SortedFunc(layer.Slots(), func(a, b index.Slot) int { return cmp.Compare(layer.Permanent(a), layer.Permanent(b)) })
	b := &Base{Scheme: s, Seq: w.Seq(), cells: make(map[string]held, len(slots))}
	cells := make([]coverage.Cell, 0, len(slots))
	for _, slot := range slots {
		c := coverage.Cell{Code: s.CodeOf(layer, slot), Parent: parents(w, s, slot), Shape: layer.Shape(slot)}
		if c.Shape.Kind() != geo.KindPolygon {
			return nil, fmt.Errorf("cell %s has no polygon", c.Code)
		}
		for i, a := range layer.Def().Live() {
			v := layer.Value(slot, i)
			if v.Null() || a.Name == codeName(s, layer) {
				continue
			}
			if a.Name == lockedAttribute && v.Type() == data.Bool {
				c.Locked = v.Bool()
				continue
			}
			c.Attributes = append(c.Attributes, coverage.Attribute{Name: a.Name, Value: v.String()})
		}
		cells = append(cells, c)
		b.cells[c.Code] = held{layer.ID(slot), c.Shape, layer.ChangedAt(slot)}
	}
	var err error
	b.Coverage, b.Found, err = coverage.Build(cells, coverage.Options{Rule: rule, Order: order, FixRings: rule != ""})
	if errors.Is(err, coverage.ErrDefects) {
		return nil, &DefectsError{b.Found}
	}
	if err != nil {
		return nil, err
	}
	b.Outline = b.Coverage.Outline()
	return b, nil
}

// codeName is the attribute that holds codes, empty when ids do.
func codeName(s grid.Scheme, layer *index.Layer) string {
	if i := s.CodeAttribute(); i >= 0 {
		return layer.Def().Attributes[i].Name
	}
	return ""
}

// ID is the id of the feature of a cell, empty for one that the base does not have.
func (b *Base) ID(code string) string { return b.cells[code].id }

// Same reports whether another base has the same cells: codes, areas above, and ground. Otherwise it names some that differ,
// in order.
func (b *Base) Same(c *Base) (differ []string) {
	if b == c {
		return nil
	}
	for id, f := range b.Coverage.Faces() {
		other, ok := c.Coverage.Lookup(f.Code)
		if !ok || c.Coverage.Face(other).Parent != f.Parent || !SameGround(b.Coverage.Shape(id), c.Coverage.Shape(other)) {
			differ = append(differ, f.Code)
		}
	}
	for _, f := range c.Coverage.Faces() {
		if _, ok := b.Coverage.Lookup(f.Code); !ok {
			differ = append(differ, f.Code)
		}
	}
	slices.Sort(differ)
	return differ
}

// SameGround reports whether two shapes have the same rings, wherever they begin and in whichever order they stand.
func SameGround(a, b geo.Shape) bool {
	if a.Equal(b) {
		return true
	}
	if a.NumRings() != b.NumRings() || len(a.Vertices()) != len(b.Vertices()) {
		return false
	}
	return slices.EqualFunc(canonical(a), canonical(b), slices.Equal[[]geo.Point])
}

func comparePoints(p, q geo.Point) int { return cmp.Or(cmp.Compare(p.X, q.X), cmp.Compare(p.Y, q.Y)) }

func compareText(a, b string) int { return cmp.Compare(a, b) }

// canonical are the rings of a shape without their last points, each from its least vertex on and towards the lesser of the
// next ones, in order.
func canonical(s geo.Shape) [][]geo.Point {
	out := make([][]geo.Point, s.NumRings())
	for i := range out {
		r := slices.Clone(s.Ring(i))
		r = r[:len(r)-1]
		at := 0
		for k := range r {
			if comparePoints(r[k], r[at]) < 0 {
				at = k
			}
		}
		r = append(r[at:], r[:at]...)
		if n := len(r); n > 2 && comparePoints(r[n-1], r[1]) < 0 {
			slices.Reverse(r[1:])
		}
		out[i] = r
	}
	slices.SortFunc(out, func(a, b []geo.Point) int { return slices.CompareFunc(a, b, comparePoints) })
	return out
}
