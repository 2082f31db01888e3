package divide

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/divide/partition"
)

// Measure is what of a grid is counted.
type Measure int

// The measures. The first one with a target says how many grids there are.
const (
	Households Measure = iota
	Workload
	Area // in square metres
)

// Names of the measures, by number.
var names = [partition.Measures]string{"households", "workload", "area"}

// String is the name of a measure.
func (m Measure) String() string { return names[m] }

// ParseMeasure finds a measure by its name.
func ParseMeasure(name string) (Measure, error) {
	if i := slices.Index(names[:], name); i >= 0 {
		return Measure(i), nil
	}
	return 0, fmt.Errorf("measure %q is none of %s, %s, %s", name, names[0], names[1], names[2])
}

// Limits are the goals of the grids of one kind of area, by measure.
type Limits [partition.Measures]partition.Goal

// primary is the measure that says how many grids there are.
func (l *Limits) primary() Measure {
	return Measure(slices.IndexFunc(l[:], func(g partition.Goal) bool { return g.Target > 0 }))
}

func (l *Limits) check() error {
	if l.primary() < 0 {
		return fmt.Errorf("no target is set; grids need one of %s, %s, %s", names[0], names[1], names[2])
	}
	for m, g := range l {
		for _, v := range [...]float64{g.Target, g.Min, g.Max, g.Weight} {
			if !(v >= 0) || math.IsInf(v, 0) {
				return fmt.Errorf("%s: target, min, max and weight are numbers that are not negative; %v is none", names[m], v)
			}
		}
		switch {
		case g.Target == 0 && (g.Min > 0 || g.Max > 0):
			return fmt.Errorf("%s: min and max need a target", names[m])
		case g.Min > g.Target:
			return fmt.Errorf("%s: min %v is above the target %v", names[m], g.Min, g.Target)
		case g.Max > 0 && g.Max < g.Target:
			return fmt.Errorf("%s: max %v is below the target %v", names[m], g.Max, g.Target)
		}
	}
	return nil
}

// Community is an area that no grid crosses.
type Community struct {
	Code string
	// Kind names the limits of its grids, see [Input.Kinds]; empty is the default.
	Kind  string
	Shape geo.Shape
}

// Class is what a line is: how well it makes a border.
type Class string

// The classes. Lines of none are walls, parcels and whatever else is drawn.
const (
	Water  Class = "water"
	Main   Class = "main"
	Street Class = "street"
	Alley  Class = "alley"
	Other  Class = ""
)

// classes are all classes, the best borders first.
var classes = [...]Class{Water, Main, Street, Other, Alley}

// ParseClass finds a class by its name.
func ParseClass(name string) (Class, error) {
	if c := Class(name); slices.Contains(classes[:], c) {
		return c, nil
	}
	if name == "other" {
		return Other, nil
	}
	return "", fmt.Errorf("class %q is none of water, main, street, alley, other", name)
}

// Line is a chain of points along which may be cut.
type Line struct {
	Class  Class
	Points []geo.Point
}

// Block is ground that is not cut, for those who have it ready, such as statistical areas.
type Block struct {
	ID, Community        string
	Shape                geo.Shape
	Households, Workload float64
}

// Address is a place with households or work. Several addresses may belong to one building, each being an entrance of it;
// those at the same place without a building are one.
type Address struct {
	At                   geo.Point
	Households, Workload float64
	Building, Entrance   string
}

// Footprint is ground that no cut runs through: a building, or a part that is a polygon.
type Footprint struct {
	ID    string
	Shape geo.Shape
}

// Present is a grid of the present plan.
type Present struct {
	Code  string
	Shape geo.Shape
	// Locked keeps it as it is.
	Locked bool
	// Drawn is how many households it was drawn for; 0 when nobody knows.
	Drawn float64
}

// Input is what a division starts from: communities with lines, or blocks.
type Input struct {
	Communities []Community
	// Lines cut everywhere, Secondary only blocks that are over the limit.
	Lines, Secondary []Line
	// Blocks take the place of shapes and lines; communities then only tell the kinds.
	Blocks     []Block
	Addresses  []Address
	Footprints []Footprint
	Present    []Present
	// Limits are the default, Kinds those of other kinds of community.
	Limits Limits
	Kinds  map[string]Limits
	// Rule and FixRings say what happens where communities or blocks are no coverage, see [coverage.Build].
	Rule     coverage.Rule
	FixRings bool
	// Sliver is the mean width in metres below which a block is no atom by itself: it goes with the neighbour that has
	// the longest common border. 0 is 2, negative is none.
	Sliver float64
}

// limits are those of a community.
func (in *Input) limits(kind string) (*Limits, error) {
	if l, ok := in.Kinds[kind]; ok {
		return &l, nil
	}
	if kind == "" || in.Limits.primary() >= 0 {
		return &in.Limits, nil
	}
	return nil, fmt.Errorf("there are no limits for communities of kind %q", kind)
}

func (in *Input) check() error {
	for kind, l := range in.Kinds {
		if err := l.check(); err != nil {
			return fmt.Errorf("kind %s: %w", kind, err)
		}
	}
	switch {
	case len(in.Blocks) == 0 && len(in.Communities) == 0:
		return errors.New("there is nothing to divide: neither communities nor blocks")
	case len(in.Blocks) > 0 && len(in.Lines)+len(in.Secondary) > 0:
		return errors.New("blocks are not cut by lines; give either blocks or communities with lines")
	case len(in.Blocks) == 0 && len(in.Lines) == 0:
		return errors.New("communities cannot be cut without lines (streets, water, parcels); give lines or blocks")
	}
	for i, l := range in.Lines {
		if len(l.Points) < 2 {
			return fmt.Errorf("line %d has %d points; a line has two or more", i+1, len(l.Points))
		}
	}
	for i, a := range in.Addresses {
		if !(a.Households >= 0) || !(a.Workload >= 0) || math.IsInf(a.Households+a.Workload, 0) {
			return fmt.Errorf("address %d has %v households and a workload of %v; both are numbers that are not negative", i+1, a.Households, a.Workload)
		}
	}
	for _, b := range in.Blocks {
		if !(b.Households >= 0) || !(b.Workload >= 0) || math.IsInf(b.Households+b.Workload, 0) {
			return fmt.Errorf("block %s has %v households and a workload of %v; both are numbers that are not negative", b.ID, b.Households, b.Workload)
		}
		if b.Community == "" {
			return fmt.Errorf("block %s belongs to no community", b.ID)
		}
	}
	seen := map[string]bool{}
	for _, p := range in.Present {
		if p.Code == "" || seen[p.Code] {
			return fmt.Errorf("code %q of the present plan is empty or given twice", p.Code)
		}
		seen[p.Code] = true
	}
	return nil
}
