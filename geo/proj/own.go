package proj

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// Own is a city's own grid: a plane system that a similarity derives from a known one.
type Own struct {
	name, title string
	base        CRS
	s           Similarity
	use         Extent
}

var ownName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// NewOwn names a grid. The base must count metres and must not be an own grid itself; the extent is cut to that of
// the base.
func NewOwn(name, title string, base CRS, s Similarity, use Extent) (*Own, error) {
	if !ownName.MatchString(name) {
		return nil, fmt.Errorf("the name %q of a coordinate system must match %s", shorten(name), ownName)
	}
	if _, err := Lookup(name); err == nil {
		return nil, fmt.Errorf("%q is the name of another coordinate system", name)
	}
	return checked(&Own{name: name, title: title, base: base, s: s, use: use})
}

func checked(o *Own) (*Own, error) {
	if _, own := o.base.(*Own); own || o.base.Degrees() {
		return nil, fmt.Errorf("%s cannot carry an own grid: it must be a plane system in metres, such as a Gauss–Krüger zone", o.base.Name())
	}
	e := o.base.Extent()
	o.use = Extent{max(o.use.West, e.West), max(o.use.South, e.South), min(o.use.East, e.East), min(o.use.North, e.North)}
	if !(o.use.West < o.use.East && o.use.South < o.use.North) {
		return nil, fmt.Errorf("the grid lies outside the area of its base %s (%s)", o.base.Name(), e)
	}
	if k := o.s.Scale(); !(k > 0.5 && k < 2) {
		return nil, fmt.Errorf("the scale is %g where 1 is expected; are the numbers of one of the systems something else than metres?", k)
	}
	return o, nil
}

// Name is the name that was given, or for a grid that came as a definition, the definition.
func (o *Own) Name() string {
	if o.name == "" {
		return o.Definition()
	}
	return o.name
}

// Title is the title that was given.
func (o *Own) Title() string { return o.title }

// Degrees is false: own grids count metres.
func (o *Own) Degrees() bool { return false }

// Extent is where the grid is used.
func (o *Own) Extent() Extent { return o.use }

// Base is the system that the grid is derived from.
func (o *Own) Base() CRS { return o.base }

// Similarity leads from the base to the grid.
func (o *Own) Similarity() Similarity { return o.s }

// ToLonLat implements [CRS].
func (o *Own) ToLonLat(x, y float64) (lon, lat float64, ok bool) {
	p := o.s.Inverse(orb.Point{x, y})
	lon, lat, ok = o.base.ToLonLat(p[0], p[1])
	if !ok || !o.use.near(lon, lat) {
		return 0, 0, false
	}
	return lon, lat, true
}

// FromLonLat implements [CRS].
func (o *Own) FromLonLat(lon, lat float64) (x, y float64, ok bool) {
	if !o.use.near(lon, lat) {
		return 0, 0, false
	}
	if x, y, ok = o.base.FromLonLat(lon, lat); !ok {
		return 0, 0, false
	}
	p := o.s.Forward(orb.Point{x, y})
	return p[0], p[1], true
}

// ownPrefix starts the definition of an own grid.
const ownPrefix = "own;"

// Definition is the grid as one line of text that [Lookup] understands wherever a name is asked for:
//
//	own;EPSG:4549;from east,north;to east,north;scale·cosine,scale·sine;west,south,east,north
//
// All numbers have the digits they need to be read back exactly.
func (o *Own) Definition() string {
	s, e := o.s, o.use
	b := []byte(ownPrefix + o.base.Name())
	for _, group := range [][]float64{s.from[:], s.to[:], {s.a, s.b}, {e.West, e.South, e.East, e.North}} {
		b = append(b, ';')
		for i, v := range group {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendFloat(b, v, 'g', -1, 64)
		}
	}
	return string(b)
}

// parseOwn reads a definition.
func parseOwn(text string) (*Own, error) {
	parts := strings.Split(text, ";")
	if len(parts) != 6 {
		return nil, fmt.Errorf("the definition of an own grid has %d parts instead of 6", len(parts))
	}
	base, err := Lookup(parts[1])
	if err != nil {
		return nil, err
	}
	var v [4][]float64
	for i, n := range [4]int{2, 2, 2, 4} {
		if v[i], err = numbers(parts[2+i], n); err != nil {
			return nil, fmt.Errorf("part %d of the definition of an own grid: %w", 3+i, err)
		}
	}
	return checked(&Own{
		title: "own grid on " + base.Name(), base: base,
		s:   Similarity{from: orb.Point(v[0]), to: orb.Point(v[1]), a: v[2][0], b: v[2][1]},
		use: Extent{v[3][0], v[3][1], v[3][2], v[3][3]},
	})
}

func numbers(text string, n int) ([]float64, error) {
	fields := strings.Split(text, ",")
	if len(fields) != n {
		return nil, fmt.Errorf("%q has %d numbers instead of %d", shorten(text), len(fields), n)
	}
	out := make([]float64, n)
	for i, f := range fields {
		v, err := strconv.ParseFloat(f, 64)
		if err != nil || !finite(v) || math.Abs(v) > 1e12 {
			return nil, fmt.Errorf("%q is not a number of use here", shorten(f))
		}
		out[i] = v
	}
	return out, nil
}

// Systems are the systems that a city knows: the built-in ones and its own. Nil knows the built-in ones. It is
// immutable and safe for concurrent use.
type Systems struct{ own []*Own }

// NewSystems adds own grids to the built-in systems. Two of one name are an error.
func NewSystems(own ...*Own) (*Systems, error) {
	s := &Systems{}
	for _, o := range own {
		if s.find(o.name) != nil {
			return nil, fmt.Errorf("two coordinate systems are named %q", o.name)
		}
		s.own = append(s.own, o)
	}
	return s, nil
}

// Own are the own grids, in the order in which they were given.
func (s *Systems) Own() []*Own {
	if s == nil {
		return nil
	}
	return slices.Clone(s.own)
}

func (s *Systems) find(name string) *Own {
	if s == nil {
		return nil
	}
	for _, o := range s.own {
		if strings.EqualFold(o.name, strings.TrimSpace(name)) {
			return o
		}
	}
	return nil
}

// Lookup finds a system by name as the function [Lookup] does, own grids first.
func (s *Systems) Lookup(name string) (CRS, error) {
	if o := s.find(name); o != nil {
		return o, nil
	}
	c, err := Lookup(name)
	if unknown, ok := errors.AsType[*UnknownError](err); ok && s != nil {
		for _, o := range s.own {
			unknown.Own = append(unknown.Own, o.name)
		}
	}
	return c, err
}
