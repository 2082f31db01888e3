// Package topojson reads and writes TopoJSON: geometries made of arcs that neighbours share.
//
// The arcs of a file may stand behind what uses them, and writing needs all shapes to know which are shared, so both hold
// the whole file in memory, within bounds.
package topojson

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/data/convert/row"
)

// Bounds on a file. Arcs may be used again and again, so that a small file could mean any number of vertices.
const (
	maxBytes = 512 << 20
	// maxVertices is that of one geometry, maxAll that of all.
	maxVertices = 8 << 20
	maxAll      = 128 << 20
	maxDepth    = 8
)

// Text is UTF-8 that says what is wrong with a part of it, see charset.Reader.
type Text interface {
	io.Reader
	// Wrong says why text that was read is none, empty when nothing is wrong.
	Wrong(text []byte) string
}

// Read reads the features of one object of a topology. table names the object; a file with one needs no name.
func Read(in Text, table string, out row.Sink) error {
	text, err := io.ReadAll(io.LimitReader(in, maxBytes+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxBytes:
		return fmt.Errorf("the file is larger than %d MiB; TopoJSON is read as a whole, use GeoJSON for it", maxBytes>>20)
	case len(text) == 0:
		return errors.New("the file is empty")
	}
	if err := jsontext.Check(text); err != nil {
		return fmt.Errorf("the file %w", err)
	}
	t := topology{scale: [2]float64{1, 1}, in: in}
	object, err := t.open(text, table)
	if err != nil {
		return err
	}
	if err := out.Head(row.Head{Geometry: true}); err != nil {
		return err
	}
	o := split(object)
	if o.kind != "GeometryCollection" {
		return t.feature(object, out)
	}
	c := jsontext.At(o.geometries)
	isArray, err := c.Elements(func() error { return t.feature(c.Value(), out) })
	if err == nil && !isArray {
		err = errors.New("the object is a collection without geometries")
	}
	return err
}

// topology is the part of a file that all its objects share.
type topology struct {
	in               Text
	scale, translate [2]float64
	quantized        bool
	arcs             [][]orb.Point
	used, all        int // vertices of the current geometry, and of those before
}

// open reads the arcs and returns the text of the object.
func (t *topology) open(text []byte, table string) ([]byte, error) {
	var kind string
	var transform, arcs, objects []byte
	jsontext.Members(text, func(name, value []byte) bool {
		switch string(name) {
		case "type":
			kind = jsontext.Cell(value)
		case "transform":
			transform = value
		case "arcs":
			arcs = value
		case "objects":
			objects = value
		}
		return true
	})
	if kind != "Topology" {
		return nil, fmt.Errorf("the file is not TopoJSON: its type is %q", row.Shorten(kind))
	}
	if !jsontext.IsNull(transform) {
		t.quantized = true
		var err error
		jsontext.Members(transform, func(name, value []byte) bool {
			switch string(name) {
			case "scale":
				t.scale, err = pair(value)
			case "translate":
				t.translate, err = pair(value)
			}
			if err != nil {
				err = fmt.Errorf("%s of the transform: %w", name, err)
			}
			return err == nil
		})
		if err != nil {
			return nil, err
		}
	}
	if err := t.readArcs(arcs); err != nil {
		return nil, err
	}
	return choose(objects, table)
}

// choose finds an object by its name, or the only one.
func choose(objects []byte, table string) (object []byte, err error) {
	var names []string
	jsontext.Members(objects, func(name, value []byte) bool {
		names = append(names, string(name))
		if string(name) == table || table == "" {
			object = value
		}
		return true
	})
	switch {
	case len(names) == 0:
		return nil, errors.New("the topology has no objects")
	case table == "" && len(names) > 1:
		return nil, fmt.Errorf("the file holds %s; say which with --table", strings.Join(names, ", "))
	case object == nil:
		return nil, fmt.Errorf("the file has no object %q; it holds %s", table, strings.Join(names, ", "))
	}
	return object, nil
}

// pair reads two numbers; more are left out.
func pair(text []byte) (p orb.Point, err error) {
	c := jsontext.At(text)
	n := 0
	isArray, err := c.Elements(func() error {
		value := c.Value()
		f, err := strconv.ParseFloat(string(value), 64)
		if err != nil {
			return fmt.Errorf("%s is not a number", row.Shorten(string(value)))
		}
		if n < len(p) {
			p[n] = f
		}
		n++
		return nil
	})
	switch {
	case err != nil:
		return p, err
	case !isArray || n < len(p):
		return p, errors.New("a position has fewer than two numbers")
	}
	return p, nil
}

// place is where a position lies that is not part of an arc.
func (t *topology) place(p orb.Point) orb.Point {
	return orb.Point{p[0]*t.scale[0] + t.translate[0], p[1]*t.scale[1] + t.translate[1]}
}

// readArcs reads the arcs. In a quantized topology each position is the difference to the one before.
func (t *topology) readArcs(text []byte) error {
	c := jsontext.At(text)
	isArray, err := c.Elements(func() error {
		var arc []orb.Point
		var at orb.Point
		isArray, err := c.Elements(func() error {
			p, err := pair(c.Value())
			if err != nil {
				return err
			}
			if t.quantized {
				at = orb.Point{at[0] + p[0], at[1] + p[1]}
				p = t.place(at)
			}
			arc = append(arc, p)
			return nil
		})
		if err != nil {
			return fmt.Errorf("arc %d: %w", len(t.arcs), err)
		}
		if !isArray {
			return fmt.Errorf("arc %d is not an array of positions", len(t.arcs))
		}
		t.arcs = append(t.arcs, arc)
		return nil
	})
	if err == nil && !isArray && !jsontext.IsNull(text) {
		return errors.New("arcs must be an array")
	}
	return err
}
