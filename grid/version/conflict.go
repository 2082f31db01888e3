package version

import (
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/edit"
)

// Conflict is something of a common base that two drafts change: a border, or what a cell is.
type Conflict struct {
	// Kind is "border" or "cell".
	Kind string
	// Cells are the codes beside the border in the base, or that of the cell.
	Cells []string
	// Line is the border as the base has it.
	Line []geo.Point
	At   geo.Point
}

// Conflicts are the borders and cells of the common base that both drafts change. Drafts of different bases have none: the
// one of an ended version cannot be published before it is based anew.
func Conflicts(a, b *Draft) []Conflict {
	if a.Base.Coverage != b.Base.Coverage && len(a.Base.Same(b.Base)) > 0 {
		return nil
	}
	base := a.Base.Coverage
	mine := a.movedArcs()
	var out []Conflict
	for id := range b.movedArcs() {
		if !mine[id] {
			continue
		}
		arc := base.Arc(id)
		c := Conflict{Kind: "border", Line: arc.Points, At: arc.Points[len(arc.Points)/2]}
		for _, side := range [...]coverage.FaceID{arc.Left, arc.Right} {
			if f := base.Face(side); f != nil {
				c.Cells = append(c.Cells, f.Code)
			}
		}
		slices.Sort(c.Cells)
		out = append(out, c)
	}
	theirs := b.recast()
	for code := range a.recast() {
		if theirs[code] {
			id, _ := base.Lookup(code)
			out = append(out, Conflict{Kind: "cell", Cells: []string{code}, At: geo.LabelPoint(base.Shape(id))})
		}
	}
	slices.SortFunc(out, func(x, y Conflict) int {
		if c := compareText(x.Kind, y.Kind); c != 0 {
			return c
		}
		if c := slices.Compare(x.Cells, y.Cells); c != 0 {
			return c
		}
		return comparePoints(x.At, y.At)
	})
	return out
}

// movedArcs are the arcs of the base that the draft has no more as they were.
func (d *Draft) movedArcs() map[coverage.ArcID]bool {
	out := map[coverage.ArcID]bool{}
	var edges map[[2]geo.Point]bool
	for id, a := range d.Base.Coverage.Arcs() {
		if now := d.Now.Arc(id); now != nil && (now == a || slices.Equal(now.Points, a.Points)) {
			continue
		}
		if edges == nil {
			edges = edgesOf(d.Now)
		}
		for i := 1; i < len(a.Points); i++ {
			if !edges[[2]geo.Point{a.Points[i-1], a.Points[i]}] {
				out[id] = true
				break
			}
		}
	}
	return out
}

// edgesOf are the pieces of all borders, in both directions.
func edgesOf(c *coverage.Coverage) map[[2]geo.Point]bool {
	out := map[[2]geo.Point]bool{}
	for _, a := range c.Arcs() {
		for i := 1; i < len(a.Points); i++ {
			p, q := a.Points[i-1], a.Points[i]
			out[[2]geo.Point{p, q}], out[[2]geo.Point{q, p}] = true, true
		}
	}
	return out
}

// recast are the codes of the base whose cell has another parent or other attributes, or is gone.
func (d *Draft) recast() map[string]bool {
	out := map[string]bool{}
	for _, f := range d.Base.Coverage.Faces() {
		id, ok := d.Now.Lookup(f.Code)
		if !ok {
			out[f.Code] = true
			continue
		}
		if now := d.Now.Face(id); now != f && (now.Parent != f.Parent || !slices.Equal(now.Attributes, f.Attributes)) {
			out[f.Code] = true
		}
	}
	return out
}

// Touched are the codes of the base whose cells the draft changes in any way, in order.
func (d *Draft) Touched() []string {
	base := d.Base.Coverage
	recast := d.recast()
	for id := range d.movedArcs() {
		a := base.Arc(id)
		for _, side := range [...]coverage.FaceID{a.Left, a.Right} {
			if f := base.Face(side); f != nil {
				recast[f.Code] = true
			}
		}
	}
	// Vertices that were added to a border leave its edges, so that faces are compared, too.
	for id, f := range base.Faces() {
		if now, ok := d.Now.Lookup(f.Code); ok && !recast[f.Code] && !sameSides(base, id, d.Now, now) && !SameGround(base.Shape(id), d.Now.Shape(now)) {
			recast[f.Code] = true
		}
	}
	out := make([]string, 0, len(recast))
	for code := range recast {
		out = append(out, code)
	}
	slices.Sort(out)
	return out
}

// sameSides reports whether two faces have the very same arcs.
func sameSides(c *coverage.Coverage, f coverage.FaceID, e *coverage.Coverage, g coverage.FaceID) bool {
	x, y := c.Face(f), e.Face(g)
	if !slices.EqualFunc(x.Rings, y.Rings, slices.Equal[[]coverage.Side]) {
		return false
	}
	for s, a := range c.SideArcs(f) {
		if e.Arc(s.Arc()) != a && (e.Arc(s.Arc()) == nil || !slices.Equal(e.Arc(s.Arc()).Points, a.Points)) {
			return false
		}
	}
	return true
}

// ChangedError says that cells which a draft changes are no more what they were in its base.
type ChangedError struct{ Codes []string }

// Error names some of the cells.
func (e *ChangedError) Error() string {
	some := e.Codes
	more := ""
	if len(some) > 5 {
		more = fmt.Sprintf(" and %d more", len(some)-5)
		some = some[:5]
	}
	return fmt.Sprintf("%d cells that the draft changes were changed by others since: %v%s", len(e.Codes), some, more)
}

// Rebase is the draft with its steps done on another base: possible when the cells that it changes are there what they were.
// steps are those that are done, in order; those that were undone are forgotten. The error is a *[ChangedError], or says
// which step is not possible any more.
func (d *Draft) Rebase(b *Base, steps []*Step) (*Draft, error) {
	touched := d.Touched()
	old := d.Base.Coverage
	var changed []string
	for _, code := range touched {
		was, _ := old.Lookup(code)
		now, ok := b.Coverage.Lookup(code)
		if !ok || b.Coverage.Face(now).Parent != old.Face(was).Parent || !SameGround(old.Shape(was), b.Coverage.Shape(now)) {
			changed = append(changed, code)
		}
	}
	if len(changed) > 0 {
		return nil, &ChangedError{changed}
	}
	next := Begin(d.Header, b)
	for i, s := range steps {
		var err error
		if next, _, err = next.Do(s); err != nil {
			if refused, ok := err.(*edit.RefusalError); ok { //nolint:errorlint // the steps of this package do not wrap it
				return nil, &edit.RefusalError{Reason: refused.Reason, Why: fmt.Sprintf("step %d: %s", i+1, refused.Why), At: refused.At, Codes: refused.Codes}
			}
			return nil, fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	// An import may have replaced what others changed.
	for _, code := range next.Touched() {
		if _, found := slices.BinarySearch(touched, code); !found {
			changed = append(changed, code)
		}
	}
	if len(changed) > 0 {
		return nil, &ChangedError{changed}
	}
	return next, nil
}
