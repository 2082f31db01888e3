package version

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/edit"
)

// Bounds of an import into a draft.
const (
	MostCells    = 100_000
	MostVertices = 8_000_000
)

// UnfitError says which places keep the cells of an import from being a coverage of the draft's ground.
type UnfitError struct{ Found []coverage.Defect }

// Error counts the defects.
func (e *UnfitError) Error() string { return (&DefectsError{e.Found}).Error() }

// replace puts the cells of an import in the place of those of the areas that it names, of all without any. What all cells
// cover together stays the same: gaps and what lies outside are defects, which the rule of the import fixes or which
// refuse it.
func (d *Draft) replace(s *Step) (*coverage.Coverage, coverage.Change, error) {
	var all []coverage.Cell
	have := map[string]bool{}
	for id, f := range d.Now.Faces() {
		if len(s.Parents) > 0 && !slices.Contains(s.Parents, f.Parent) {
			all = append(all, coverage.Cell{Code: f.Code, Parent: f.Parent, Locked: f.Locked, Attributes: f.Attributes, Shape: d.Now.Shape(id)})
			continue
		}
		have[f.Parent] = true
	}
	for _, p := range s.Parents {
		if !have[p] {
			return nil, coverage.Change{}, refusal(edit.Unknown, []string{p}, "no cell belongs to %q", p)
		}
	}
	kept := len(all)
	for i := range s.Cells {
		c := s.Cells[i]
		if len(s.Parents) > 0 && !slices.Contains(s.Parents, c.Parent) {
			return nil, coverage.Change{}, refusal(edit.Parents, []string{c.Code}, "cell %s belongs to %q, which is not among the areas that are replaced", c.Code, c.Parent)
		}
		if id, ok := d.Now.Lookup(c.Code); ok {
			f := d.Now.Face(id)
			c.Locked = f.Locked
			if c.Attributes == nil {
				c.Attributes = f.Attributes
			}
		}
		all = append(all, c)
	}
	choices := make(map[geo.Point]string, len(s.Choices))
	for _, c := range s.Choices {
		choices[geo.Point(c.At)] = c.Code
	}
	built, found, err := coverage.Build(all, coverage.Options{
		Outline: d.Now.Outline(), Rule: s.Rule, Order: s.Order, Choices: choices, FixRings: s.FixRings,
	})
	if p, ok := misplaced(s.Choices, found); ok {
		return nil, coverage.Change{}, p
	}
	if err != nil {
		if slices.ContainsFunc(found, func(f coverage.Defect) bool { return !f.Fixed }) {
			return nil, coverage.Change{}, &UnfitError{found}
		}
		return nil, coverage.Change{}, refusal(edit.Exists, nil, "%s", err.Error())
	}
	if err := d.keepLocked(built); err != nil {
		return nil, coverage.Change{}, err
	}
	for _, c := range all[kept:] {
		if err := d.least(built, c.Code); err != nil {
			return nil, coverage.Change{}, err
		}
	}
	ch := d.Now.Replace(built)
	after, err := d.Now.Apply(ch)
	return after, ch, err
}

// misplaced refuses the first choice that is about none of the defects that were found: it would do nothing, silently.
func misplaced(choices []Choice, found []coverage.Defect) (*edit.RefusalError, bool) {
	for _, c := range choices {
		at := geo.Point(c.At)
		if !slices.ContainsFunc(found, func(d coverage.Defect) bool { return d.Point == at }) {
			return &edit.RefusalError{Reason: edit.Unknown, At: &at, Why: "there is no defect at the place of a choice: take the places as a refused import lists them"}, true
		}
	}
	return nil, false
}

func refusal(reason edit.Reason, codes []string, format string, args ...any) error {
	return &edit.RefusalError{Reason: reason, Why: fmt.Sprintf(format, args...), Codes: codes}
}

// keepLocked refuses cells that are locked and would change.
func (d *Draft) keepLocked(after *coverage.Coverage) error {
	for id, f := range d.Now.Faces() {
		if !f.Locked {
			continue
		}
		other, ok := after.Lookup(f.Code)
		if !ok || !SameGround(d.Now.Shape(id), after.Shape(other)) || after.Face(other).Parent != f.Parent {
			at := geo.LabelPoint(d.Now.Shape(id))
			return &edit.RefusalError{Reason: edit.Locked, Why: fmt.Sprintf("cell %s is locked and would change", f.Code), At: &at, Codes: []string{f.Code}}
		}
	}
	return nil
}

// least refuses a cell below the limits of the draft.
func (d *Draft) least(c *coverage.Coverage, code string) error {
	id, _ := c.Lookup(code)
	shape := c.Shape(id)
	area, at := shape.Area(), geo.LabelPoint(shape)
	width := 0.0
	if length := shape.Length(); length > 0 {
		width = 2 * area / length
	}
	if l := d.limits(); area < l.Area || width < l.Width {
		return &edit.RefusalError{
			Reason: edit.TooSmall, At: &at, Codes: []string{code},
			Why: fmt.Sprintf("cell %s would have %.1f m² and be %.2f m wide on average; the least are %.1f and %.2f", code, area, width, l.Area, l.Width),
		}
	}
	return nil
}

// CheckCells verifies the cells of an import by themselves: codes, and how many there are. The error is a *[data.FieldError].
func CheckCells(cells []coverage.Cell) error {
	vertices := 0
	for i := range cells {
		c := &cells[i]
		// Without a code a cell gets one when the draft is checked.
		if c.Code != "" {
			if err := checkCode(fmt.Sprintf("features[%d].code", i), c.Code); err != nil {
				return err
			}
		}
		vertices += len(c.Shape.Vertices())
	}
	if len(cells) == 0 || len(cells) > MostCells || vertices > MostVertices {
		return &data.FieldError{Field: "features", Value: strconv.Itoa(len(cells)), Why: fmt.Sprintf("must be 1 to %d polygons with at most %d vertices together", MostCells, MostVertices)}
	}
	return nil
}

// partBytes is what one record holds of an import; a record has at most a mebibyte.
const partBytes = 700_000

// packedCell is a cell as records hold it: rings as differences in units of 1e-7 degree.
type packedCell struct {
	Code       string            `json:"code"`
	Parent     string            `json:"parent,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	// Polygons are rings of x, y, x, y…: the first pair is the place, the others are differences.
	Polygons [][][]int32 `json:"polygons"`
}

type partBody struct {
	Data string `json:"data"`
}

// Records are the changes that keep a step as number n of a draft. Each must not exist before, or may be one that was
// undone.
func (s *Step) Records(draft string, n int) ([]data.Change, error) {
	var parts []data.Change
	if s.Cells != nil {
		packed, err := pack(s.Cells)
		if err != nil {
			return nil, err
		}
		s.Parts = 0
		for len(packed) > 0 {
			k := min(partBytes, len(packed))
			s.Parts++
			c, err := put(data.AdminStep, StepID(draft, n, s.Parts), partBody{packed[:k]}, nil)
			if err != nil {
				return nil, err
			}
			parts = append(parts, c)
			packed = packed[k:]
		}
	}
	c, err := put(data.AdminStep, StepID(draft, n, 0), s, nil)
	return append([]data.Change{c}, parts...), err
}

func pack(cells []coverage.Cell) (string, error) {
	list := make([]packedCell, len(cells))
	for i := range cells {
		c := &cells[i]
		p := packedCell{Code: c.Code, Parent: c.Parent}
		if len(c.Attributes) > 0 {
			p.Attributes = map[string]string{}
			for _, a := range c.Attributes {
				p.Attributes[a.Name] = a.Value
			}
		}
		for k := range c.Shape.NumPolygons() {
			from, to := c.Shape.Polygon(k)
			var rings [][]int32
			for r := from; r < to; r++ {
				var at geo.Point
				ring := make([]int32, 0, 2*len(c.Shape.Ring(r)))
				for _, q := range c.Shape.Ring(r) {
					ring = append(ring, q.X-at.X, q.Y-at.Y)
					at = q
				}
				rings = append(rings, ring)
			}
			p.Polygons = append(p.Polygons, rings)
		}
		list[i] = p
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// mostUnpacked bounds what the records of one import unpack to.
const mostUnpacked = 1 << 30

func unpack(packed string) ([]coverage.Cell, error) {
	raw, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return nil, err
	}
	z, err := zlib.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	var list []packedCell
	if err := json.NewDecoder(io.LimitReader(z, mostUnpacked)).Decode(&list); err != nil {
		return nil, err
	}
	cells := make([]coverage.Cell, len(list))
	for i, p := range list {
		c := coverage.Cell{Code: p.Code, Parent: p.Parent}
		for name, value := range p.Attributes {
			c.Attributes = append(c.Attributes, coverage.Attribute{Name: name, Value: value})
		}
		slices.SortFunc(c.Attributes, func(a, b coverage.Attribute) int { return compareText(a.Name, b.Name) })
		var xy []geo.Point
		var ends, polys []uint32
		for _, rings := range p.Polygons {
			for _, ring := range rings {
				var at geo.Point
				for k := 0; k+1 < len(ring); k += 2 {
					at = geo.Point{X: at.X + ring[k], Y: at.Y + ring[k+1]}
					xy = append(xy, at)
				}
				ends = append(ends, uint32(len(xy)))
			}
			polys = append(polys, uint32(len(ends)))
		}
		if c.Shape, err = geo.NewShape(geo.KindPolygon, xy, ends, polys); err != nil {
			return nil, fmt.Errorf("cell %s: %w", c.Code, err)
		}
		cells[i] = c
	}
	return cells, nil
}
