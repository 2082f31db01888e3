// Package edit has the operations of drawing a scheme. An operation looks at a coverage and answers with the change that it
// would be, or says why and where it cannot be; it changes nothing itself. The change has an inverse, so that a list of
// changes is an undo log, and operations are values that can be written down.
//
// All functions are pure and may be called at the same time.
package edit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
)

// Reason is why an operation is not possible, for programs.
type Reason string

// The reasons.
const (
	// Unknown is a code, a vertex or an edge that is not there.
	Unknown Reason = "unknown"
	// Exists is a code that another cell has.
	Exists Reason = "code_exists"
	// Locked is a cell that keeps its ground.
	Locked Reason = "locked"
	// Crosses is a line that crosses or touches itself.
	Crosses Reason = "line_crosses_itself"
	// Misses is a line that does not do what it should: it misses the cell, ends inside it, or leaves it.
	Misses Reason = "line_misses"
	// Collides is a border that would cross or touch another.
	Collides Reason = "borders_collide"
	// TooSmall is a cell below the limits of area or width.
	TooSmall Reason = "too_small"
	// Apart is ground that would not hang together, or cells that are no neighbours.
	Apart Reason = "not_neighbours"
	// Parents is ground of different communities.
	Parents Reason = "different_parents"
	// Count is a number of codes that does not fit the number of pieces.
	Count Reason = "wrong_number_of_codes"
	// Nothing is an operation that changes nothing.
	Nothing Reason = "nothing_to_do"
)

// RefusalError says why an operation is not possible, and where.
type RefusalError struct {
	Reason Reason
	// Why is a sentence for people.
	Why string
	// At is where, if the reason has a place.
	At *geo.Point
	// Codes are the cells concerned.
	Codes []string
}

// Error is the sentence with the place.
func (r *RefusalError) Error() string {
	if r.At == nil {
		return r.Why
	}
	return fmt.Sprintf("%s, at %.7f, %.7f", r.Why, r.At.Lon(), r.At.Lat())
}

func refuse(reason Reason, at *geo.Point, codes []string, format string, args ...any) error {
	return &RefusalError{Reason: reason, Why: fmt.Sprintf(format, args...), At: at, Codes: codes}
}

// Limits are what no cell may fall below by an operation. Cells that are below already may stay as they are.
type Limits struct {
	Area  float64 // square metres
	Width float64 // metres, mean: twice the area by the perimeter
}

// Op is an operation. Change is the change that it would be to a coverage, unchecked; use [Do].
type Op interface {
	Change(c *coverage.Coverage) (coverage.Change, error)
}

// Do is the coverage after an operation, and the change that leads there. Everything that changes is checked: borders do not
// cross or touch, the ground of locked cells stays, no cell falls below the limits, so that the result is a coverage of
// its outline exactly when the one before was. Errors are [RefusalError]s.
func Do(c *coverage.Coverage, op Op, l Limits) (*coverage.Coverage, coverage.Change, error) {
	ch, err := op.Change(c)
	if err != nil {
		return nil, ch, err
	}
	if ch.Empty() {
		return nil, ch, refuse(Nothing, nil, nil, "nothing would change")
	}
	after, err := c.Apply(ch)
	if err != nil {
		return nil, ch, err
	}
	if err := after.Fault(ch); err != nil {
		if hit, ok := errors.AsType[*coverage.CollisionError](err); ok {
			return nil, ch, refuse(Collides, &hit.At, codes(hit.Code), "%s", cause(hit))
		}
		return nil, ch, refuse(Collides, nil, nil, "%s", err.Error())
	}
	if err := guard(c, after, ch, l); err != nil {
		return nil, ch, err
	}
	return after, ch, nil
}

func codes(list ...string) []string {
	var out []string
	for _, c := range list {
		if c != "" {
			out = append(out, c)
		}
	}
	return out
}

// cause is a collision in words without its place.
func cause(hit *coverage.CollisionError) string {
	what := "the border of " + hit.Code
	if hit.Code == "" {
		what = "the outline"
	}
	return what + " would cross or touch a border: " + strings.ReplaceAll(string(hit.Why.Kind), "_", " ")
}

// guard looks at what changed: locked cells and limits.
func guard(before, after *coverage.Coverage, ch coverage.Change, l Limits) error {
	for _, id := range ch.Touched() {
		old, f := before.Face(id), after.Face(id)
		was, now := before.Shape(id), after.Shape(id)
		if old != nil && old.Locked {
			if at, same := Keeps(was, now); !same {
				return refuse(Locked, &at, codes(old.Code), "cell %s is locked and would change its ground", old.Code)
			}
		}
		if f == nil || old != nil && now.Equal(was) {
			continue
		}
		area, width := size(now)
		wasArea, wasWidth := size(was)
		at := geo.LabelPoint(now)
		if area < l.Area && (old == nil || area < wasArea) {
			return refuse(TooSmall, &at, codes(f.Code), "cell %s would have %.1f m², less than %.1f", f.Code, area, l.Area)
		}
		if width < l.Width && (old == nil || width < wasWidth) {
			return refuse(TooSmall, &at, codes(f.Code), "cell %s would be %.2f m wide on average, less than %.2f", f.Code, width, l.Width)
		}
	}
	return nil
}

func size(s geo.Shape) (area, width float64) {
	area = s.Area()
	if length := s.Length(); length > 0 {
		width = 2 * area / length
	}
	return area, width
}

// Keeps reports whether a shape has the ground of another: its vertices, with none but such between them as lie on its
// edges as exactly as whole units allow. Where not, it says where.
func Keeps(was, now geo.Shape) (geo.Point, bool) {
	if was.NumRings() != now.NumRings() {
		return geo.LabelPoint(was), false
	}
	next := map[geo.Point][]geo.Point{}
	for r := range now.NumRings() {
		ring := now.Ring(r)
		for i := 1; i < len(ring); i++ {
			next[ring[i-1]] = append(next[ring[i-1]], ring[i])
		}
	}
	count := 0
	for r := range was.NumRings() {
		ring := was.Ring(r)
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			n, ok := follow(next, a, b)
			if !ok {
				return a, false
			}
			count += n
		}
	}
	if total := len(now.Vertices()) - now.NumRings(); count != total {
		return geo.LabelPoint(was), false
	}
	return geo.Point{}, true
}

// follow counts the pieces from a to b along edges whose ends lie on the segment.
func follow(next map[geo.Point][]geo.Point, a, b geo.Point) (count int, ok bool) {
	for at := a; at != b; count++ {
		found := false
		for _, p := range next[at] {
			if p == b || p != a && coverage.OnEdge(a, b, p) {
				at, found = p, true
				break
			}
		}
		if !found || count > 1000 {
			return 0, false
		}
	}
	return count, true
}

// face finds a cell by its code.
func face(c *coverage.Coverage, code string) (coverage.FaceID, *coverage.Face, error) {
	id, ok := c.Lookup(code)
	if !ok {
		return 0, nil, refuse(Unknown, nil, codes(code), "there is no cell %s", code)
	}
	return id, c.Face(id), nil
}

// open finds a cell that may change.
func open(c *coverage.Coverage, code string) (coverage.FaceID, *coverage.Face, error) {
	id, f, err := face(c, code)
	if err == nil && f.Locked {
		err = refuse(Locked, nil, codes(code), "cell %s is locked", code)
	}
	return id, f, err
}

// fresh checks codes of new cells.
func fresh(c *coverage.Coverage, list []string) error {
	seen := map[string]bool{}
	for _, code := range list {
		_, taken := c.Lookup(code)
		switch {
		case code == "":
			return refuse(Unknown, nil, nil, "a new cell needs a code")
		case taken || seen[code]:
			return refuse(Exists, nil, codes(code), "code %s exists already", code)
		}
		seen[code] = true
	}
	return nil
}

// History is a coverage with what was done to it. It belongs to one goroutine.
type History struct {
	Now          *coverage.Coverage
	done, undone []coverage.Change
}

// Do does an operation; what was undone cannot be done again afterwards.
func (h *History) Do(op Op, l Limits) error {
	after, ch, err := Do(h.Now, op, l)
	if err != nil {
		return err
	}
	h.Now, h.done, h.undone = after, append(h.done, ch), nil
	return nil
}

// Undo takes the last operation back and reports whether there was one.
func (h *History) Undo() bool { return h.move(&h.done, &h.undone) }

// Redo does what was undone again and reports whether there was anything.
func (h *History) Redo() bool { return h.move(&h.undone, &h.done) }

func (h *History) move(from, to *[]coverage.Change) bool {
	n := len(*from)
	if n == 0 {
		return false
	}
	back := (*from)[n-1].Inverse()
	after, err := h.Now.Apply(back)
	if err != nil {
		// Changes lie on top of each other, so the last one always fits.
		return false
	}
	h.Now, *from, *to = after, (*from)[:n-1], append(*to, back)
	return true
}
