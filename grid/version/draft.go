package version

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/grid/coverage/edit"
)

// Draft is a base and what was done to it. It is immutable and may be used at the same time.
type Draft struct {
	Header Header
	Base   *Base
	Now    *coverage.Coverage
	// changes are those of the steps that are done, in order.
	changes []coverage.Change
	// joined is what the same steps do to areas of the levels above, nil where nothing.
	joined []*joined
}

// Begin is a draft without a step.
func Begin(h Header, b *Base) *Draft {
	h.Steps, h.Done = 0, 0
	return &Draft{Header: h, Base: b, Now: b.Coverage}
}

func (d *Draft) limits() edit.Limits {
	return edit.Limits{Area: d.Header.LeastArea, Width: d.Header.LeastWidth}
}

// Do is the draft after a step, and what the step changed. Steps that were undone are forgotten. The step gets codes for new
// cells where it names none, so that it can be kept and done again. Errors are *[edit.RefusalError]s.
func (d *Draft) Do(s *Step) (*Draft, coverage.Change, error) {
	after, ch, err := d.do(s, d.Header.Done+1)
	if err != nil {
		return nil, ch, err
	}
	next := *d
	next.Now = after
	next.changes = append(slices.Clip(slices.Clone(d.changes)), ch)
	next.joined = append(slices.Clip(slices.Clone(d.joined)), s.joining())
	next.Header.Done++
	next.Header.Steps = next.Header.Done
	return &next, ch, nil
}

func (d *Draft) do(s *Step, n int) (*coverage.Coverage, coverage.Change, error) {
	switch s.Op {
	case OpImport, OpRestore:
		for i := range s.Cells {
			if s.Cells[i].Code == "" {
				s.Cells[i].Code = piece(n, i+1)
			}
		}
		return d.replace(s)
	case "split":
		return d.split(s, n)
	case "carve":
		if len(s.New) == 0 {
			s.New = []string{piece(n, 1)}
		}
	}
	op := s.edit()
	if j := s.joining(); j != nil {
		levels := d.Base.Scheme.Levels
		if len(levels) == 0 {
			return nil, coverage.Change{}, refusal(edit.Unknown, s.Codes, "the scheme has no areas above its cells")
		}
		op = join{levels[len(levels)-1], j}
		// Where codes say nothing of districts no cell changes, and areas do.
		if ch, err := op.Change(d.Now); err != nil || len(ch.Faces) == 0 {
			return d.Now, ch, err
		}
	}
	if op == nil {
		return nil, coverage.Change{}, fmt.Errorf("%q is no operation", s.Op)
	}
	return edit.Do(d.Now, op, d.limits())
}

func piece(step, n int) string { return "~" + strconv.Itoa(step) + "." + strconv.Itoa(n) }

// mostPieces bounds the pieces of one cut that get codes by themselves.
const mostPieces = 200

// split cuts a cell; without codes for the pieces it finds out how many are needed.
func (d *Draft) split(s *Step, n int) (*coverage.Coverage, coverage.Change, error) {
	given := len(s.New) > 0
	for {
		if !given {
			s.New = append(s.New, piece(n, len(s.New)+1))
		}
		after, ch, err := edit.Do(d.Now, s.edit(), d.limits())
		if refused, ok := errors.AsType[*edit.RefusalError](err); !given && ok && refused.Reason == edit.Count && len(s.New) < mostPieces {
			continue
		}
		if err != nil && !given {
			s.New = nil
		}
		return after, ch, err
	}
}

// Defects proves that the draft is a coverage of the ground that it began with, from its polygons alone; else it lists why
// not.
func (d *Draft) Defects() []check.Defect {
	// A cut that ends on the outline puts a vertex there, which the outline of the base lacks.
	outline := d.Now.Outline()
	if _, same := edit.Keeps(d.Base.Outline, outline); !same {
		outline = d.Base.Outline
	}
	// Slivers are refused when they would be drawn; those that the city has are no fault of the draft.
	return check.Cells(d.Now.Cells(), check.Options{Outline: outline})
}

// Undo is the draft before its last step and what changes by going back; false when there is none.
func (d *Draft) Undo() (*Draft, coverage.Change, bool) {
	n := len(d.changes)
	if n == 0 {
		return d, coverage.Change{}, false
	}
	back := d.changes[n-1].Inverse()
	before, err := d.Now.Apply(back)
	if err != nil {
		// Changes lie on top of each other, so the last one always fits.
		return d, coverage.Change{}, false
	}
	next := *d
	next.Now, next.changes, next.joined = before, d.changes[:n-1], d.joined[:n-1]
	next.Header.Done--
	return &next, back, true
}

// Redo is the draft after its next step again; s is that step as it was kept.
func (d *Draft) Redo(s *Step) (*Draft, coverage.Change, error) {
	next, ch, err := d.Do(s)
	if err == nil {
		next.Header.Steps = d.Header.Steps
	}
	return next, ch, err
}

// renumber gives the cells of areas codes that say that they are to be numbered anew; locked ones keep theirs.
type renumber struct{ parents []string }

// Change implements [edit.Op].
func (r renumber) Change(c *coverage.Coverage) (coverage.Change, error) {
	known := map[string]bool{}
	var ch coverage.Change
	for id, f := range c.Faces() {
		if len(r.parents) > 0 && !slices.Contains(r.parents, f.Parent) {
			continue
		}
		known[f.Parent] = true
		if f.Locked || renumbered(f.Code) {
			continue
		}
		after := *f
		after.Code = "#" + f.Code
		ch.Faces = append(ch.Faces, coverage.FaceChange{ID: id, Before: f, After: &after})
	}
	for _, p := range r.parents {
		if !known[p] {
			return ch, &edit.RefusalError{Reason: edit.Unknown, Why: fmt.Sprintf("no cell belongs to %q", p), Codes: []string{p}}
		}
	}
	return ch, nil
}

// Cell is a cell of a draft or of a version: what package users outside compare.
type Cell struct {
	Code, Community string
	Polygon         geo.Shape
}

// Cells are the cells of the draft in the order of their codes, by the codes as drawn.
func (d *Draft) Cells() []Cell { return cellsOf(d.Now) }

// Cells are those of the base in the order of their codes.
func (b *Base) Cells() []Cell { return cellsOf(b.Coverage) }

func cellsOf(c *coverage.Coverage) []Cell {
	out := make([]Cell, 0, c.NumFaces())
	for id, f := range c.Faces() {
		out = append(out, Cell{f.Code, f.Parent, c.Shape(id)})
	}
	slices.SortFunc(out, func(a, b Cell) int { return compareText(a.Code, b.Code) })
	return out
}
