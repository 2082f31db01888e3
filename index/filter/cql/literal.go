package cql

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// places reads coordinates of a system; a nil system is longitude and latitude.
type places struct{ crs proj.CRS }

func placesOf(crs proj.CRS) places {
	if crs != nil && geom.IsLonLat(crs) {
		crs = nil
	}
	return places{crs}
}

// shape converts a geometry, which it may change, and checks that it means an area, a line or points.
func (p places) shape(g orb.Geometry) (geo.Shape, error) {
	if p.crs != nil && g != nil {
		var bad error
		g = project.Geometry(g, func(q orb.Point) orb.Point {
			lon, lat, ok := p.crs.ToLonLat(q[0], q[1])
			if !ok && bad == nil {
				bad = fmt.Errorf("coordinate %v, %v %s", q[0], q[1], proj.Explain(p.crs, q[0], q[1]))
			}
			return orb.Point{lon, lat}
		})
		if bad != nil {
			return geo.Shape{}, bad
		}
	}
	s, err := geo.FromOrb(g)
	switch {
	case errors.Is(err, geo.ErrMixed):
		return s, errors.New("it mixes points, lines and polygons; write one condition for each")
	case err != nil:
		return s, err
	case s.Kind() == geo.KindNone:
		return s, errors.New("it is empty")
	case len(s.Vertices()) > MaxVertices:
		return s, fmt.Errorf("it has more than %d vertices", MaxVertices)
	}
	if defects := geo.Validate(s); len(defects) > 0 {
		return s, defects[0]
	}
	return s, nil
}

// bbox reads west, south, east, north; of six numbers the heights are left out. In longitude and latitude west may be
// greater than east, for a box across the antimeridian.
func (p places) bbox(n *Node, v []float64) (*Node, error) {
	switch len(v) {
	case 4:
	case 6:
		v = []float64{v[0], v[1], v[3], v[4]}
	default:
		return nil, Wrong(n, "BBOX takes four numbers (west, south, east, north) or six, not %d", len(v))
	}
	if p.crs != nil {
		ring := orb.Ring{{v[0], v[1]}, {v[2], v[1]}, {v[2], v[3]}, {v[0], v[3]}, {v[0], v[1]}}
		s, err := p.shape(orb.Polygon{ring})
		if err != nil {
			return nil, Wrong(n, "the box is not possible: %v", err)
		}
		n.Op, n.Shape = OpGeometry, s
		return n, nil
	}
	low, ok1 := geo.FromDegrees(v[0], v[1])
	high, ok2 := geo.FromDegrees(v[2], v[3])
	switch {
	case !ok1 || !ok2:
		return nil, Wrong(n, "BBOX takes degrees within ±180 and ±90: west, south, east, north")
	case low.Y > high.Y:
		return nil, Wrong(n, "the south of a BBOX must not be greater than its north")
	}
	n.Op, n.Box = OpBox, [4]int32{low.X, low.Y, high.X, high.Y}
	return n, nil
}

// BoxShape is the shape of a box: two across the antimeridian, less than an area where it has no width.
func BoxShape(b [4]int32) geo.Shape {
	var parts orb.Collection
	add := func(west, east int32) {
		low, high := geo.Point{X: west, Y: b[1]}, geo.Point{X: east, Y: b[3]}
		switch {
		case low == high:
			parts = append(parts, low.Orb())
		case low.X == high.X || low.Y == high.Y:
			parts = append(parts, orb.LineString{low.Orb(), high.Orb()})
		default:
			parts = append(parts, orb.Bound{Min: low.Orb(), Max: high.Orb()}.ToPolygon())
		}
	}
	if b[0] <= b[2] {
		add(b[0], b[2])
	} else {
		add(b[0], geo.MaxX)
		add(-geo.MaxX, b[2])
	}
	s, err := geo.FromOrb(parts)
	if err != nil {
		// One half has width and the other has none: that is in the first, or beside it by less than a centimetre.
		s, _ = geo.FromOrb(parts[:1])
	}
	return s
}

// instantOf makes a date or time of the arguments of DATE or TIMESTAMP.
func instantOf(n *Node, args []*Node) (*Node, error) {
	if len(args) != 1 || !args[0].IsText() {
		return nil, Wrong(n, "%s takes one text in quotes", strings.ToUpper(n.Op))
	}
	v, ok := parseDate(args[0].Value.Text())
	if n.Op == "timestamp" {
		v, ok = parseTimestamp(args[0].Value.Text())
	}
	if !ok {
		return nil, Wrong(args[0], "'%s' is not a %s", Shorten(args[0].Value.Text()), instantForms[n.Op])
	}
	return &Node{Op: OpLiteral, Value: v, At: n.At}, nil
}

var instantForms = map[string]string{
	"date":      "date such as 2026-01-31",
	"timestamp": "time such as 2026-01-31T08:00:00Z or 2026-01-31T16:00:00+08:00",
	OpInterval:  "date such as 2026-01-31, a time such as 2026-01-31T08:00:00Z, or ..",
}

// IsText reports whether a node is a literal text.
func (n *Node) IsText() bool { return n.Op == OpLiteral && n.Value.Type() == data.Text }

// intervalEnd makes an end of an interval of its argument: a text that holds a date or time or .., a property, or an
// instant.
func intervalEnd(arg *Node) (*Node, error) {
	if !arg.IsText() {
		return arg, nil
	}
	s := arg.Value.Text()
	if s == OpOpen {
		return &Node{Op: OpOpen, At: arg.At}, nil
	}
	v, ok := parseDate(s)
	if !ok {
		v, ok = parseTimestamp(s)
	}
	if !ok {
		return nil, Wrong(arg, "'%s' is not a %s", Shorten(s), instantForms[OpInterval])
	}
	return &Node{Op: OpLiteral, Value: v, At: arg.At}, nil
}

// parseDate reads a date, and one with an empty time behind it, as GDAL writes it.
func parseDate(s string) (data.Value, bool) {
	t, err := time.Parse("2006-01-02", strings.TrimSuffix(s, "T"))
	if err != nil || t.Year() < 1 {
		return data.Value{}, false
	}
	return data.DateValue(t), true
}

func parseTimestamp(s string) (data.Value, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return data.Value{}, false
	}
	return data.TimeValue(t), true
}
