package coverage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// FaceChange is a face before and after; nil is none.
type FaceChange struct {
	ID            FaceID
	Before, After *Face
}

// ArcChange is an arc before and after; nil is none.
type ArcChange struct {
	ID            ArcID
	Before, After *Arc
}

// Change turns one coverage into another: what differs, ascending by number.
type Change struct {
	Faces []FaceChange
	Arcs  []ArcChange
}

// Empty reports that a change changes nothing.
func (ch Change) Empty() bool { return len(ch.Faces)+len(ch.Arcs) == 0 }

// Touched are the faces that a change concerns, ascending: those that change themselves and those beside arcs that do.
func (ch Change) Touched() []FaceID {
	var out []FaceID
	for _, f := range ch.Faces {
		out = append(out, f.ID)
	}
	for _, c := range ch.Arcs {
		for _, a := range [...]*Arc{c.Before, c.After} {
			if a != nil {
				out = append(out, a.Left, a.Right)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Inverse is the change back.
func (ch Change) Inverse() Change {
	out := Change{slices.Clone(ch.Faces), slices.Clone(ch.Arcs)}
	for i := range out.Faces {
		out.Faces[i].Before, out.Faces[i].After = out.Faces[i].After, out.Faces[i].Before
	}
	for i := range out.Arcs {
		out.Arcs[i].Before, out.Arcs[i].After = out.Arcs[i].After, out.Arcs[i].Before
	}
	return out
}

// Apply is the coverage after a change. The error says what has changed since the change was made: then nothing is applied.
func (c *Coverage) Apply(ch Change) (*Coverage, error) {
	for _, f := range ch.Faces {
		if now := c.Face(f.ID); !sameFace(now, f.Before) {
			return nil, fmt.Errorf("face %d is not as it was when the change was made", f.ID)
		}
	}
	for _, a := range ch.Arcs {
		if now := c.Arc(a.ID); !sameArc(now, a.Before) {
			return nil, fmt.Errorf("arc %d is not as it was when the change was made", a.ID)
		}
	}
	out := &Coverage{arcs: slices.Clone(c.arcs), faces: slices.Clone(c.faces), codes: maps.Clone(c.codes)}
	for _, f := range ch.Faces {
		for int(f.ID) >= len(out.faces) {
			out.faces = append(out.faces, nil)
		}
		out.faces[f.ID] = f.After
		if f.Before != nil && out.codes[f.Before.Code] == f.ID {
			delete(out.codes, f.Before.Code)
		}
	}
	for _, f := range ch.Faces {
		if f.After != nil {
			out.codes[f.After.Code] = f.ID
		}
	}
	for _, a := range ch.Arcs {
		for int(a.ID) >= len(out.arcs) {
			out.arcs = append(out.arcs, nil)
		}
		out.arcs[a.ID] = a.After
	}
	for n := len(out.faces); n > 1 && out.faces[n-1] == nil; n-- {
		out.faces = out.faces[:n-1]
	}
	for n := len(out.arcs); n > 0 && out.arcs[n-1] == nil; n-- {
		out.arcs = out.arcs[:n-1]
	}
	return out, nil
}

func sameFace(f, g *Face) bool {
	if f == nil || g == nil || f == g {
		return f == g
	}
	return f.Code == g.Code && f.Parent == g.Parent && f.Locked == g.Locked && slices.Equal(f.Attributes, g.Attributes) &&
		slices.EqualFunc(f.Rings, g.Rings, slices.Equal[[]Side])
}

func sameArc(a, b *Arc) bool {
	if a == nil || b == nil || a == b {
		return a == b
	}
	return a.Left == b.Left && a.Right == b.Right && slices.Equal(a.Points, b.Points)
}

// Append appends the coverage as bytes, from which two can be told apart: numbers, codes, attributes, rings and points, all
// that there is.
func (c *Coverage) Append(dst []byte) []byte {
	text := func(s string) {
		dst = binary.AppendUvarint(dst, uint64(len(s)))
		dst = append(dst, s...)
	}
	dst = binary.AppendUvarint(dst, uint64(len(c.faces)))
	for _, f := range c.faces {
		if f == nil {
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, 1)
		text(f.Code)
		text(f.Parent)
		locked := byte(0)
		if f.Locked {
			locked = 1
		}
		dst = append(dst, locked)
		dst = binary.AppendUvarint(dst, uint64(len(f.Attributes)))
		for _, a := range f.Attributes {
			text(a.Name)
			text(a.Value)
		}
		dst = binary.AppendUvarint(dst, uint64(len(f.Rings)))
		for _, r := range f.Rings {
			dst = binary.AppendUvarint(dst, uint64(len(r)))
			for _, s := range r {
				dst = binary.AppendUvarint(dst, uint64(s))
			}
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(c.arcs)))
	for _, a := range c.arcs {
		if a == nil {
			dst = append(dst, 0)
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(len(a.Points)))
		dst = binary.AppendUvarint(dst, uint64(a.Left))
		dst = binary.AppendUvarint(dst, uint64(a.Right))
		for _, p := range a.Points {
			dst = binary.AppendVarint(dst, int64(p.X))
			dst = binary.AppendVarint(dst, int64(p.Y))
		}
	}
	return dst
}

// Redraw is the change that gives faces new borders and properties. gone are arcs that borders replace: these are the pieces
// of all arcs to come in their place, with their sides. faces are the faces that are added or changed, without their
// rings; nil ends one. Arcs that come out as they were keep their numbers; others take those of arcs that are gone, then new
// ones. Nothing is checked: see [Coverage.Fault].
func (c *Coverage) Redraw(gone []ArcID, borders []Border, faces map[FaceID]*Face) Change {
	inside := make(map[ArcID]bool, len(gone))
	old := make(map[geo.Point][]ArcID, len(gone))
	touched := make(map[FaceID]bool, len(faces)+8)
	for id := range faces {
		touched[id] = true
	}
	for _, id := range gone {
		a := c.arcs[id]
		inside[id] = true
		old[a.Points[0]] = append(old[a.Points[0]], id)
		touched[a.Left], touched[a.Right] = true, true
	}
	// Nodes of arcs that stay are nodes of those to come.
	near := geo.EmptyBox()
	for _, b := range borders {
		near = near.Extend(b.A).Extend(b.B)
		touched[b.Left], touched[b.Right] = true, true
	}
	nodes := map[geo.Point]bool{}
	for id, a := range c.Arcs() {
		if inside[id] {
			continue
		}
		for _, p := range [...]geo.Point{a.Points[0], a.Points[len(a.Points)-1]} {
			if near.Contains(p) {
				nodes[p] = true
			}
		}
	}
	made := chain(borders, func(p geo.Point) bool { return nodes[p] })
	after := map[ArcID]*Arc{}
	var fresh []*Arc
	for _, a := range made {
		if id, ok := c.unchanged(a, old); ok {
			after[id] = c.arcs[id]
		} else {
			fresh = append(fresh, a)
		}
	}
	var free []ArcID
	for _, id := range gone {
		if after[id] == nil {
			free = append(free, id)
		}
	}
	slices.Sort(free)
	next := c.MaxArc()
	for _, a := range fresh {
		id := next
		if len(free) > 0 {
			id, free = free[0], free[1:]
		} else {
			next++
		}
		after[id] = a
	}
	var ch Change
	for _, id := range gone {
		if after[id] != c.arcs[id] {
			ch.Arcs = append(ch.Arcs, ArcChange{id, c.arcs[id], after[id]})
		}
	}
	for id := c.MaxArc(); id < next; id++ {
		ch.Arcs = append(ch.Arcs, ArcChange{id, nil, after[id]})
	}
	slices.SortFunc(ch.Arcs, func(a, b ArcChange) int { return int(a.ID - b.ID) })
	delete(touched, Outside)
	for _, id := range slices.Sorted(maps.Keys(touched)) {
		before := c.Face(id)
		now, changed := faces[id]
		if !changed {
			now = before
		}
		if now != nil {
			traced := *now
			traced.Rings = c.retrace(id, inside, after)
			now = &traced
		}
		if !sameFace(before, now) {
			ch.Faces = append(ch.Faces, FaceChange{id, before, now})
		}
	}
	return ch
}

// unchanged finds an arc that is as it was.
func (c *Coverage) unchanged(a *Arc, old map[geo.Point][]ArcID) (ArcID, bool) {
	for _, id := range old[a.Points[0]] {
		if sameArc(a, c.arcs[id]) {
			return id, true
		}
	}
	return 0, false
}

// retrace finds the rings of a face of its arcs that stay and those to come.
func (c *Coverage) retrace(id FaceID, gone map[ArcID]bool, after map[ArcID]*Arc) [][]Side {
	var sides []Side
	for s := range c.SideArcs(id) {
		if !gone[s.Arc()] {
			sides = append(sides, s)
		}
	}
	for arc, a := range after {
		if a.Left == id {
			sides = append(sides, Side(2*arc))
		}
		if a.Right == id {
			sides = append(sides, Side(2*arc+1))
		}
	}
	return rings(sides, func(id ArcID) *Arc {
		if a := after[id]; a != nil {
			return a
		}
		return c.arcs[id]
	})
}

// Fault says why a coverage is none after a change to a sound one, as an error with a place: a face whose borders cross or
// touch themselves, or an outline whose do. Because each border belongs to both its sides, sound rings of the faces
// that changed prove that all is sound: the indicators of the faces add up to that of the outline.
func (c *Coverage) Fault(ch Change) error {
	touched := ch.Touched()
	sides := make(map[FaceID]int, len(touched))
	for _, a := range c.Arcs() {
		sides[a.Left]++
		sides[a.Right]++
	}
	for _, id := range touched {
		f := c.Face(id)
		if f == nil {
			continue
		}
		for _, r := range f.Rings {
			sides[id] -= len(r)
		}
		if sides[id] != 0 {
			return fmt.Errorf("face %s would have a border that does not close", f.Code)
		}
		s := c.Shape(id)
		if s.Kind() != geo.KindPolygon {
			return fmt.Errorf("face %s would have no ground", f.Code)
		}
		if len(f.Rings) != s.NumRings() {
			return fmt.Errorf("face %s would have a border that is turned inside out", f.Code)
		}
		if d := geo.Validate(s); len(d) > 0 {
			return &CollisionError{Code: f.Code, At: d[0].At, Why: d[0]}
		}
	}
	if len(touched) > 0 && touched[0] == Outside {
		s := c.Outline()
		if d := geo.Validate(s); len(d) > 0 {
			return &CollisionError{At: d[0].At, Why: d[0]}
		}
		pieces := 0
		for _, a := range c.Arcs() {
			if a.Left == Outside || a.Right == Outside {
				pieces += len(a.Points) - 1
			}
		}
		if len(s.Vertices())-s.NumRings() != pieces {
			return errors.New("the outline would not close")
		}
	}
	return nil
}

// CollisionError is a border that would cross or touch another.
type CollisionError struct {
	Code string // of the face, empty for the outline
	At   geo.Point
	Why  geo.Defect
}

// Error says which face, and where.
func (e *CollisionError) Error() string {
	if e.Code == "" {
		return "the outline would no longer be sound: " + e.Why.Error()
	}
	return "face " + e.Code + " would no longer be sound: " + e.Why.Error()
}

// Unwrap is the defect.
func (e *CollisionError) Unwrap() error { return e.Why }

// Replace is the change that puts all faces and arcs of another coverage in the place of those that there are; they get
// numbers above all of these, so that none is given twice.
func (c *Coverage) Replace(with *Coverage) Change {
	var ch Change
	for id, f := range c.Faces() {
		ch.Faces = append(ch.Faces, FaceChange{ID: id, Before: f})
	}
	for id, a := range c.Arcs() {
		ch.Arcs = append(ch.Arcs, ArcChange{ID: id, Before: a})
	}
	above, behind := c.MaxFace()-1, c.MaxArc()
	face := func(id FaceID) FaceID {
		if id == Outside {
			return Outside
		}
		return id + above
	}
	for id, f := range with.Faces() {
		moved := *f
		moved.Rings = make([][]Side, len(f.Rings))
		for i, r := range f.Rings {
			moved.Rings[i] = make([]Side, len(r))
			for k, s := range r {
				moved.Rings[i][k] = s + 2*Side(behind)
			}
		}
		ch.Faces = append(ch.Faces, FaceChange{ID: face(id), After: &moved})
	}
	for id, a := range with.Arcs() {
		ch.Arcs = append(ch.Arcs, ArcChange{ID: id + behind, After: &Arc{Points: a.Points, Left: face(a.Left), Right: face(a.Right)}})
	}
	return ch
}
