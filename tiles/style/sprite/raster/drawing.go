// Package raster draws map symbols as pixels. It knows the small part of SVG in which the symbols are drawn: paths and
// circles, stroked with round ends and joins or filled, in one colour. Such strokes are all points within half a width of
// a line, so that a pixel's cover follows from one distance; no polygon of an outline is ever made.
package raster

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// drawing is a parsed symbol on its grid.
type drawing struct {
	width float64 // of strokes
	parts []part
}

// part is an element: stroked or filled lines, or a circle as such a line.
type part struct {
	lines  []line
	filled bool
}

const svgSpace = "http://www.w3.org/2000/svg"

// parse reads a symbol. What it cannot draw is an error: a symbol must not lose a part in the sheet and keep it in the
// legend.
func parse(svg string) (*drawing, error) {
	d := &drawing{}
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			if d.width == 0 {
				return nil, errors.New("no svg element with a stroke-width")
			}
			return d, nil
		}
		if err != nil {
			return nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if err := d.element(start); err != nil {
			return nil, fmt.Errorf("%s: %w", start.Name.Local, err)
		}
	}
}

func (d *drawing) element(e xml.StartElement) error {
	if e.Name.Space != svgSpace {
		return errors.New("is not SVG")
	}
	a := map[string]string{}
	for _, attr := range e.Attr {
		a[attr.Name.Local] = attr.Value
	}
	number := func(name string) (float64, error) {
		n, err := strconv.ParseFloat(a[name], 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %q is not a number", name, a[name])
		}
		return n, nil
	}
	var lines []line
	var known []string
	switch e.Name.Local {
	case "svg":
		want := map[string]string{"viewBox": "0 0 24 24", "fill": "none", "stroke": "currentColor", "stroke-linecap": "round", "stroke-linejoin": "round"}
		for name, value := range want {
			if a[name] != value {
				return fmt.Errorf("%s must be %q", name, value)
			}
		}
		var err error
		d.width, err = number("stroke-width")
		return err
	case "path":
		var err error
		if lines, err = parsePath(a["d"]); err != nil {
			return err
		}
		known = []string{"d"}
	case "circle":
		var c [3]float64
		for i, name := range []string{"cx", "cy", "r"} {
			var err error
			if c[i], err = number(name); err != nil {
				return err
			}
		}
		lines = []line{circle(point{c[0], c[1]}, c[2])}
		known = []string{"cx", "cy", "r"}
	default:
		return errors.New("cannot be drawn")
	}
	p := part{lines: lines}
	switch fill, stroke := a["fill"], a["stroke"]; {
	case fill == "" && stroke == "":
	case fill == "currentColor" && stroke == "none":
		p.filled = true
	default:
		return fmt.Errorf("fill %q with stroke %q cannot be drawn", fill, stroke)
	}
	for _, name := range append(known, "fill", "stroke") {
		delete(a, name)
	}
	for name := range a {
		return fmt.Errorf("attribute %s cannot be drawn", name)
	}
	d.parts = append(d.parts, p)
	return nil
}

func circle(middle point, radius float64) line {
	const corners = 4 * curveSteps
	l := line{closed: true}
	for i := range corners {
		s, c := math.Sincos(2 * math.Pi * float64(i) / corners)
		l.points = append(l.points, point{middle.x + radius*c, middle.y + radius*s})
	}
	return l
}

// cover is how much of a pixel at p is drawn, from 0 to 1; pixel is its width on the grid.
func (d *drawing) cover(p point, pixel float64) float64 {
	most := 0.0
	for _, part := range d.parts {
		distance := part.distance(p)
		if !part.filled {
			distance -= d.width / 2
		}
		most = max(most, within(distance, pixel))
	}
	return most
}

// within is the cover of a pixel whose middle lies outside an edge by a distance, or inside by a negative one.
func within(distance, pixel float64) float64 { return min(1, max(0, 0.5-distance/pixel)) }

// distance is that from p to the lines; inside a filled part it is negative.
func (s *part) distance(p point) float64 {
	nearest := math.Inf(1)
	winding := 0
	for _, l := range s.lines {
		if len(l.points) == 1 {
			nearest = min(nearest, math.Hypot(p.x-l.points[0].x, p.y-l.points[0].y))
		}
		for i, b := range l.points {
			if i == 0 && !l.closed && !s.filled {
				continue
			}
			a := l.points[(i+len(l.points)-1)%len(l.points)]
			nearest = min(nearest, toSegment(p, a, b))
			if (a.y <= p.y) != (b.y <= p.y) {
				right := (b.x-a.x)*(p.y-a.y)-(p.x-a.x)*(b.y-a.y) > 0
				switch {
				case b.y > a.y && right:
					winding++
				case b.y < a.y && !right:
					winding--
				}
			}
		}
	}
	if s.filled && winding != 0 {
		return -nearest
	}
	return nearest
}

func toSegment(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	t := 0.0
	if square := dx*dx + dy*dy; square > 0 {
		t = min(1, max(0, ((p.x-a.x)*dx+(p.y-a.y)*dy)/square))
	}
	return math.Hypot(p.x-a.x-t*dx, p.y-a.y-t*dy)
}
