package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/geodesy"
	"github.com/gewu-city/gewu/grid/coverage/check"
)

// Grade says how much a cell needs.
type Grade string

// The grades of the differentiated management of cells (一般管理, 重点管理, 综合治理).
const (
	General       Grade = "general"
	Key           Grade = "key"
	Comprehensive Grade = "comprehensive"
)

// Cell is a cell with what is known of it.
type Cell struct {
	Code, Parent string
	// Kind and Grade are what the scheme says of it, empty when it says nothing. Reason says why it is over a limit on purpose.
	Kind, Grade, Reason string
	Shape               geo.Shape
	// Households are nil when no layer says how many there are.
	Households *float64
	// Counts are the numbers of objects, in the order of [Input.Measures].
	Counts []int
	// Streets are the pieces of streets within the cell; Stops are places that a round without streets visits: doors, else
	// parts.
	Streets [][2]geo.Point
	Stops   []geo.Point
}

// Object is a building or part with an extent.
type Object struct {
	Layer string `json:"layer"`
	ID    string `json:"id"`
	// Cells have parts of it, the largest first.
	Cells []string `json:"cells"`
}

// Outside is how many objects of a layer lie in no cell.
type Outside struct {
	Layer string `json:"layer"`
	Count int    `json:"count"`
}

// Input is a scheme and what lies in it.
type Input struct {
	Cells []Cell
	// Areas are the grounds of the parents, by code.
	Areas map[string]geo.Shape
	// Measures name what [Cell.Counts] count: layers.
	Measures []string
	// Buildings and Parts are those that several cells cut; Outside are objects in no cell.
	Buildings, Parts []Object
	Outside          []Outside
	Options
}

// Options are limits of the report.
type Options struct {
	// Low and High are the households that a cell should have; no limits when High is 0.
	Low, High float64
	// Key and Comprehensive are the loads from which cells are proposed for these grades; 0 stands for the usual ones.
	Key, Comprehensive float64
}

// The usual loads from which a cell is of a grade: one and a half and three times the middle cell.
const (
	keyLoad           = 1.5
	comprehensiveLoad = 3
)

// Report is a scheme in figures.
type Report struct {
	Cells          int            `json:"cells"`
	Complete       Complete       `json:"complete"`
	Convenient     Convenient     `json:"convenient"`
	Balanced       Balanced       `json:"balanced"`
	Differentiated Differentiated `json:"differentiated"`
	// Rows are the cells, ascending by code.
	Rows []Row `json:"rows"`
}

// Complete tells whether all ground and every object belongs to exactly one cell.
type Complete struct {
	AreaM2          float64 `json:"area_m2"`
	Gaps            int     `json:"gaps"`
	GapM2           float64 `json:"gap_m2"`
	Overlaps        int     `json:"overlaps"`
	OverlapM2       float64 `json:"overlap_m2"`
	InvalidRings    int     `json:"invalid_rings"`
	MissingVertices int     `json:"missing_vertices"`
	// Across are the cells that reach over the border of their parent, by more than a thousandth of their area.
	Across       []string  `json:"across"`
	BuildingsCut int       `json:"buildings_cut"`
	PartsCut     int       `json:"parts_cut"`
	Cut          []Object  `json:"cut"`
	Outside      []Outside `json:"outside"`
}

// Convenient tells how easily cells are walked.
type Convenient struct {
	// Compactness is 4π area / perimeter² (Polsby and Popper): 1 for a disk.
	Compactness Spread `json:"compactness"`
	// Pieces are the cells that lie in several pieces.
	Pieces []string `json:"pieces"`
	// WalkM is the length of a round in metres, see [Walk]; by what it was found is in the rows.
	WalkM Spread `json:"walk_m"`
}

// Balanced tells how equal cells are.
type Balanced struct {
	AreaM2     Spread  `json:"area_m2"`
	Households *Spread `json:"households,omitempty"`
	// Below and Above are how many cells have fewer or more households than the limits; Reasons how many of those have a
	// reason.
	Below    int       `json:"below,omitempty"`
	Above    int       `json:"above,omitempty"`
	Reasons  int       `json:"with_reason,omitempty"`
	Measures []Measure `json:"measures"`
	Load     Spread    `json:"load"`
}

// Measure is how the objects of a layer spread over cells.
type Measure struct {
	Layer string `json:"layer"`
	Spread
}

// Differentiated tells what cells of each grade and kind are like.
type Differentiated struct {
	Grades []Group `json:"grades"`
	Kinds  []Group `json:"kinds"`
	// Proposed are the cells by the grade that their load speaks for; Differ are those that have another one.
	Proposed map[Grade]int `json:"proposed"`
	Differ   int           `json:"differ"`
}

// Group is cells with something in common; medians of each.
type Group struct {
	Name       string   `json:"name"`
	Cells      int      `json:"cells"`
	AreaM2     float64  `json:"area_m2"`
	Households *float64 `json:"households,omitempty"`
	Load       float64  `json:"load"`
}

// Row is one cell.
type Row struct {
	Code       string   `json:"code"`
	Parent     string   `json:"parent,omitempty"`
	AreaM2     float64  `json:"area_m2"`
	Households *float64 `json:"households,omitempty"`
	Counts     []int    `json:"counts"`
	// Load is the mean of what the cell has, each in units of what the middle cell has.
	Load        float64 `json:"load"`
	Compactness float64 `json:"compactness"`
	WalkM       float64 `json:"walk_m"`
	// WalkBy is streets or stops.
	WalkBy   string `json:"walk_by,omitempty"`
	Kind     string `json:"kind,omitempty"`
	Grade    string `json:"grade,omitempty"`
	Proposed Grade  `json:"proposed_grade"`
	Reason   string `json:"reason,omitempty"`
}

// reachEvery is the number of cells between two tellings of how far a report is.
const reachEvery = 64

// Of measures a scheme. It tells how many cells it has been through, unless reached is nil; an error of reached ends it.
func Of(in Input, reached func(cells int) error) (*Report, error) {
	r := &Report{Cells: len(in.Cells), Rows: make([]Row, 0, len(in.Cells))}
	cells := slices.Clone(in.Cells)
	slices.SortStableFunc(cells, func(a, b Cell) int { return cmp.Compare(a.Code, b.Code) })
	for i := range cells {
		if reached != nil && i%reachEvery == 0 {
			if err := reached(i); err != nil {
				return nil, err
			}
		}
		r.Rows = append(r.Rows, row(&cells[i]))
	}
	if reached != nil {
		if err := reached(len(cells)); err != nil {
			return nil, err
		}
	}
	r.complete(cells, &in)
	r.loads(in.Measures)
	r.balance(&in)
	r.grade(&in)
	for i := range cells {
		if cells[i].Shape.NumPolygons() > 1 {
			r.Convenient.Pieces = append(r.Convenient.Pieces, cells[i].Code)
		}
	}
	r.Convenient.Compactness = r.spread(func(x *Row) float64 { return x.Compactness })
	r.Convenient.WalkM = r.spread(func(x *Row) float64 { return x.WalkM })
	for _, list := range []*[]string{&r.Convenient.Pieces, &r.Complete.Across} {
		if *list == nil {
			*list = []string{}
		}
	}
	return r, nil
}

func row(c *Cell) Row {
	area, around := geodesy.AreaM2(c.Shape), geodesy.LengthM(c.Shape)
	x := Row{
		Code: c.Code, Parent: c.Parent, AreaM2: hundredths(area), Households: c.Households, Counts: c.Counts,
		Kind: c.Kind, Grade: c.Grade, Reason: c.Reason,
	}
	if x.Counts == nil {
		x.Counts = []int{}
	}
	if around > 0 {
		x.Compactness = math.Round(4*math.Pi*area/(around*around)*1e4) / 1e4
	}
	if len(c.Streets) > 0 {
		x.WalkM, x.WalkBy = hundredths(Walk(c.Streets)), "streets"
	} else if len(c.Stops) > 0 {
		x.WalkM, x.WalkBy = hundredths(Tour(c.Stops, area)), "stops"
	}
	return x
}

func (r *Report) complete(cells []Cell, in *Input) {
	polygons := make([]check.Cell, len(cells))
	for i, c := range cells {
		polygons[i] = check.Cell{ID: c.Code, Shape: c.Shape}
		r.Complete.AreaM2 += r.Rows[i].AreaM2
		if area, ok := in.Areas[c.Parent]; ok && c.Parent != "" {
			if whole := c.Shape.Area(); geo.OverlapArea(c.Shape, area) < whole*(1-leastAcross) {
				r.Complete.Across = append(r.Complete.Across, c.Code)
			}
		}
	}
	r.Complete.AreaM2 = hundredths(r.Complete.AreaM2)
	for _, d := range check.Cells(polygons, check.Options{}) {
		switch d.Kind {
		case check.Gap:
			r.Complete.Gaps++
			r.Complete.GapM2 += d.Area
		case check.Overlap:
			r.Complete.Overlaps++
			r.Complete.OverlapM2 += d.Area
		case check.InvalidRing:
			r.Complete.InvalidRings++
		case check.MissingVertex:
			r.Complete.MissingVertices++
		case check.Outside, check.Sliver:
			// Neither is looked for.
		}
	}
	r.Complete.GapM2, r.Complete.OverlapM2 = hundredths(r.Complete.GapM2), hundredths(r.Complete.OverlapM2)
	r.Complete.BuildingsCut, r.Complete.PartsCut = len(in.Buildings), len(in.Parts)
	r.Complete.Cut = append(append([]Object{}, in.Buildings[:min(len(in.Buildings), mostCut)]...), in.Parts[:min(len(in.Parts), mostCut)]...)
	r.Complete.Outside = append([]Outside{}, in.Outside...)
}

const (
	// leastAcross is the share of a cell from which it reaches over a border; below lies what rounding moves.
	leastAcross = 1e-3
	// mostCut bounds the buildings, and the parts, that are listed.
	mostCut = 1000
)

// loads finds what each cell has in units of the middle cell, for all measures that tell cells apart.
func (r *Report) loads(measures []string) {
	var of []func(x *Row) float64
	if len(r.Rows) > 0 && slices.ContainsFunc(r.Rows, func(x Row) bool { return x.Households != nil }) {
		of = append(of, func(x *Row) float64 { return value(x.Households) })
	}
	for i := range measures {
		of = append(of, func(x *Row) float64 { return float64(x.Counts[i]) })
	}
	n := 0
	for _, f := range of {
		s := r.spread(f)
		unit := s.P50
		if unit == 0 {
			unit = s.Mean // most have none of them
		}
		if unit == 0 {
			continue
		}
		n++
		for i := range r.Rows {
			r.Rows[i].Load += f(&r.Rows[i]) / unit
		}
	}
	for i := range r.Rows {
		if n > 0 {
			r.Rows[i].Load = math.Round(r.Rows[i].Load/float64(n)*1e3) / 1e3
		}
	}
}

func (r *Report) balance(in *Input) {
	b := &r.Balanced
	b.AreaM2 = r.spread(func(x *Row) float64 { return x.AreaM2 })
	b.Load = r.spread(func(x *Row) float64 { return x.Load })
	b.Measures = []Measure{}
	for i, name := range in.Measures {
		b.Measures = append(b.Measures, Measure{name, r.spread(func(x *Row) float64 { return float64(x.Counts[i]) })})
	}
	if !slices.ContainsFunc(r.Rows, func(x Row) bool { return x.Households != nil }) {
		return
	}
	s := r.spread(func(x *Row) float64 { return value(x.Households) })
	b.Households = &s
	for i := range r.Rows {
		x := &r.Rows[i]
		h := value(x.Households)
		if in.High == 0 || h >= in.Low && h <= in.High {
			continue
		}
		if h < in.Low {
			b.Below++
		} else {
			b.Above++
		}
		if x.Reason != "" {
			b.Reasons++
		}
	}
}

func (r *Report) grade(in *Input) {
	key, comprehensive := cmp.Or(in.Key, keyLoad), cmp.Or(in.Comprehensive, comprehensiveLoad)
	d := &r.Differentiated
	d.Proposed = map[Grade]int{}
	for i := range r.Rows {
		x := &r.Rows[i]
		switch {
		case x.Load >= comprehensive:
			x.Proposed = Comprehensive
		case x.Load >= key:
			x.Proposed = Key
		default:
			x.Proposed = General
		}
		d.Proposed[x.Proposed]++
		if x.Grade != "" && GradeOf(x.Grade) != x.Proposed {
			d.Differ++
		}
	}
	d.Grades = r.groups(func(x *Row) string { return x.Grade })
	d.Kinds = r.groups(func(x *Row) string { return x.Kind })
}

// GradeOf reads a grade as schemes write it, in English or Chinese; empty for other words.
func GradeOf(text string) Grade {
	switch text {
	case "general", "一般", "一般管理", "一般网格", "一般管理网格":
		return General
	case "key", "重点", "重点管理", "重点网格", "重点管理网格":
		return Key
	case "comprehensive", "综合", "综合治理", "综合网格", "综合治理网格":
		return Comprehensive
	}
	return ""
}

// groups are the cells by a name, ascending; those without one are in none.
func (r *Report) groups(name func(x *Row) string) []Group {
	by := map[string][]*Row{}
	for i := range r.Rows {
		if n := name(&r.Rows[i]); n != "" {
			by[n] = append(by[n], &r.Rows[i])
		}
	}
	out := make([]Group, 0, len(by))
	for n, rows := range by {
		middle := func(f func(x *Row) float64) float64 {
			values := make([]float64, len(rows))
			for i, x := range rows {
				values[i] = f(x)
			}
			return SpreadOf(values).P50
		}
		g := Group{Name: n, Cells: len(rows), AreaM2: middle(func(x *Row) float64 { return x.AreaM2 }), Load: middle(func(x *Row) float64 { return x.Load })}
		if slices.ContainsFunc(rows, func(x *Row) bool { return x.Households != nil }) {
			g.Households = new(middle(func(x *Row) float64 { return value(x.Households) }))
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func value(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }
