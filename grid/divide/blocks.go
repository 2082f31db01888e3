package divide

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
)

// DefectsError tells of communities or blocks that are no coverage.
type DefectsError struct {
	What    string
	Defects []coverage.Defect
}

// Error says how many defects there are and where the first one is.
func (e *DefectsError) Error() string {
	open := slices.DeleteFunc(slices.Clone(e.Defects), func(d coverage.Defect) bool { return d.Fixed })
	d := open[0]
	return fmt.Sprintf("the %s have %d defects, such as %s of %.1f m² at %.7f, %.7f (%s); mend them, or give a rule such as %s",
		e.What, len(open), d.Kind, d.Area, d.Point.Lon(), d.Point.Lat(), joined(d.Cells), coverage.LongestBorder)
}

// joined lists some names.
func joined(names []string) string {
	const most = 4
	more := ""
	if len(names) > most {
		more = " and " + strconv.Itoa(len(names)-most) + " more"
		names = names[:most]
	}
	return strings.Join(names, ", ") + more
}

// cover makes the coverage of blocks.
func (g *Ground) cover() error {
	in := g.in
	var cells []coverage.Cell
	what := "communities"
	if len(in.Blocks) > 0 {
		what = "blocks"
		for _, b := range in.Blocks {
			cells = append(cells, coverage.Cell{Code: b.ID, Parent: b.Community, Shape: b.Shape})
		}
	} else {
		for _, c := range in.Communities {
			cells = append(cells, coverage.Cell{Code: c.Code, Parent: c.Code, Shape: c.Shape})
		}
	}
	base, found, err := coverage.Build(cells, coverage.Options{Rule: in.Rule, FixRings: in.FixRings})
	g.Defects = found
	switch {
	case errors.Is(err, coverage.ErrDefects):
		return &DefectsError{what, found}
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	}
	if len(in.Blocks) > 0 {
		g.blocks = base
	} else if err := g.lay(base); err != nil {
		return err
	}
	g.shapes = make([]geo.Shape, g.blocks.MaxFace())
	for id := range g.blocks.Faces() {
		g.shapes[id] = g.blocks.Shape(id)
	}
	return nil
}

// lay cuts communities along all lines, and along the borders of locked grids.
func (g *Ground) lay(base *coverage.Coverage) error {
	in := g.in
	var lines [][]geo.Point
	var class []uint8
	for _, l := range in.Lines {
		lines, class = append(lines, l.Points), append(class, rank(l.Class))
	}
	for _, p := range in.Present {
		if !p.Locked {
			continue
		}
		for r := range p.Shape.NumRings() {
			lines, class = append(lines, p.Shape.Ring(r)), append(class, rank(Other))
		}
	}
	for _, l := range in.Secondary {
		lines, class = append(lines, l.Points), append(class, rank(l.Class)|secondary)
	}
	// A line that ends where it begins would be taken to run around ground; in two halves it only cuts.
	for i, l := range lines {
		if len(l) > 3 && l[0] == l[len(l)-1] {
			lines[i] = l[:2]
			lines, class = append(lines, l[1:]), append(class, class[i])
		}
	}
	faces := make([]coverage.FaceID, 0, base.NumFaces())
	for id := range base.Faces() {
		faces = append(faces, id)
	}
	o := base.Overlay(faces, lines)
	if len(o.Pieces) == len(o.Beyond) {
		return fmt.Errorf("no line lies in a community: the lines begin at %.7f, %.7f, the communities around %.7f, %.7f; are both in the same coordinate system?",
			lines[0][0].Lon(), lines[0][0].Lat(), in.Communities[0].Shape.Box().Min.Lon(), in.Communities[0].Shape.Box().Min.Lat())
	}
	g.Beyond = len(o.Beyond)
	for _, p := range o.Pieces {
		key := between(p.A, p.B)
		if had, ok := g.classes[key]; !ok || class[p.Line] < had {
			g.classes[key] = class[p.Line]
		}
	}
	g.blocks = o.Divided(func(region int) coverage.Face {
		f := base.Face(o.Regions[region].Face)
		return coverage.Face{Code: f.Code + "#" + strconv.Itoa(region), Parent: f.Parent}
	})
	return nil
}

// secondary marks the class of a line that only cuts blocks over the limit; it is behind all others.
const secondary = 0x80

// rank is the number of a class: less is a better border.
func rank(c Class) uint8 { return uint8(slices.Index(classes[:], c)) }

// between is the key of a piece, whatever its direction.
func between(a, b geo.Point) [2]geo.Point {
	if b.X < a.X || b.X == a.X && b.Y < a.Y {
		a, b = b, a
	}
	return [2]geo.Point{a, b}
}

// border is an arc of the blocks as divisions see it.
type border struct {
	arc         *coverage.Arc
	left, right coverage.FaceID
	// length is in metres, by rank of class.
	length [len(classes)]float64
	// soft tells that only secondary lines make it.
	soft bool
}

func (b *border) metres() float64 {
	sum := 0.0
	for _, l := range b.length {
		sum += l
	}
	return sum
}

// measureBorders finds lengths and classes of all arcs.
func (g *Ground) measureBorders() {
	for _, a := range g.blocks.Arcs() {
		b := border{arc: a, left: a.Left, right: a.Right, soft: len(g.classes) > 0}
		for i := 1; i < len(a.Points); i++ {
			class, ok := g.classes[between(a.Points[i-1], a.Points[i])]
			if !ok {
				class = rank(Other)
			}
			if class&secondary == 0 {
				b.soft = false
			}
			b.length[class&^secondary] += geo.Distance(a.Points[i-1], a.Points[i])
		}
		g.borders = append(g.borders, b)
	}
}
