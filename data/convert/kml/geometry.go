package kml

import (
	"encoding/xml"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data/convert/row"
)

// placemark is what was read of a placemark.
type placemark struct {
	line           int
	data, elements []cell
	geometries     []orb.Geometry
	// fault is why the geometry cannot be read, value what is wrong.
	fault, value string
}

// geometry is that of the placemark, nil when it has none.
func (p *placemark) geometry() orb.Geometry {
	switch len(p.geometries) {
	case 0:
		return nil
	case 1:
		return p.geometries[0]
	default:
		return orb.Collection(p.geometries)
	}
}

// fail notes the first fault of a placemark.
func (p *placemark) fail(why, value string) {
	if p.fault == "" {
		p.fault, p.value = why, row.Shorten(value)
	}
}

const maxDepth = 8

// geometry reads the element with a name, whose start was the last token; nil when it is none or is wrong.
func (r *reader) geometry(name string, p *placemark, depth int) (orb.Geometry, error) {
	switch name {
	case "Point", "LineString", "LinearRing":
		ps, err := r.positions(name, p)
		switch {
		case err != nil || len(ps) == 0:
			return nil, err
		case name == "Point" && len(ps) > 1:
			p.fail("Point has more than one position", "")
			return nil, nil
		case name == "Point":
			return ps[0], nil
		}
		return orb.LineString(ps), nil
	case "Polygon":
		return r.polygon(p)
	case "MultiGeometry":
		if depth == maxDepth {
			p.fail("geometries are nested too deeply", "")
			return nil, r.d.Skip()
		}
		var all orb.Collection
		err := r.d.Each(func(e xml.StartElement) error {
			g, err := r.geometry(e.Name.Local, p, depth+1)
			if g != nil {
				all = append(all, g)
			}
			return err
		})
		if len(all) == 0 {
			p.fail("MultiGeometry has no geometry", "")
		}
		return all, err
	case "Track":
		return r.track(p)
	case "MultiTrack":
		var all orb.MultiLineString
		err := r.d.Each(func(e xml.StartElement) error {
			if e.Name.Local != "Track" {
				return r.d.Skip()
			}
			g, err := r.track(p)
			if l, ok := g.(orb.LineString); ok {
				all = append(all, l)
			}
			return err
		})
		return all, err
	}
	return nil, r.d.Skip()
}

// positions reads the coordinates in the current element.
func (r *reader) positions(name string, p *placemark) (ps []orb.Point, err error) {
	found := false
	err = r.d.Each(func(e xml.StartElement) error {
		if e.Name.Local != "coordinates" {
			return r.d.Skip()
		}
		text, err := r.d.Text()
		if err != nil {
			return err
		}
		found = true
		for word := range strings.FieldsSeq(text) {
			q, ok := position(strings.Split(word, ","))
			if !ok {
				p.fail("coordinates must be longitude,latitude or longitude,latitude,height with blanks between positions", word)
				return nil
			}
			ps = append(ps, q)
		}
		return nil
	})
	if err == nil && len(ps) == 0 {
		switch {
		case found:
			p.fail(name+" has no positions in its coordinates", "")
		default:
			p.fail(name+" has no coordinates", "")
		}
	}
	return ps, err
}

// position reads two or three numbers.
func position(words []string) (q orb.Point, ok bool) {
	if len(words) < 2 || len(words) > 3 {
		return q, false
	}
	for i := range q {
		var err error
		if q[i], err = strconv.ParseFloat(words[i], 64); err != nil {
			return q, false
		}
	}
	return q, true
}

func (r *reader) polygon(p *placemark) (orb.Geometry, error) {
	var outer orb.Ring
	var holes []orb.Ring
	err := r.d.Each(func(e xml.StartElement) error {
		boundary := e.Name.Local
		if boundary != "outerBoundaryIs" && boundary != "innerBoundaryIs" {
			return r.d.Skip()
		}
		return r.d.Each(func(e xml.StartElement) error {
			if e.Name.Local != "LinearRing" {
				return r.d.Skip()
			}
			ps, err := r.positions("LinearRing", p)
			switch {
			case boundary == "innerBoundaryIs":
				holes = append(holes, ps)
			case outer != nil:
				p.fail("Polygon has two outer boundaries", "")
			default:
				outer = ps
			}
			return err
		})
	})
	if err == nil && outer == nil {
		p.fail("Polygon has no outer boundary", "")
		return nil, nil
	}
	return append(orb.Polygon{outer}, holes...), err
}

// track reads positions with blanks between their numbers. Their times are left out.
func (r *reader) track(p *placemark) (orb.Geometry, error) {
	var line orb.LineString
	err := r.d.Each(func(e xml.StartElement) error {
		if e.Name.Local != "coord" {
			return r.d.Skip()
		}
		text, err := r.d.Text()
		if err != nil {
			return err
		}
		q, ok := position(strings.Fields(text))
		if !ok {
			p.fail("the positions of a track must be longitude latitude height", text)
			return nil
		}
		line = append(line, q)
		return nil
	})
	if err == nil && len(line) == 0 {
		p.fail("Track has no positions", "")
		return nil, nil
	}
	return line, err
}
