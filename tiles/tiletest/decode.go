package tiletest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Tile is a decoded tile.
type Tile []Layer

// Layer is one layer of a decoded tile.
type Layer struct {
	Name     string
	Version  uint64
	Extent   uint64
	Features []Feature
}

// Layer is the layer of a name, or an empty one.
func (t Tile) Layer(name string) Layer {
	for _, l := range t {
		if l.Name == name {
			return l
		}
	}
	return Layer{Name: name}
}

// Feature is one feature of a decoded tile.
type Feature struct {
	ID    uint64
	Type  string // point, line or polygon
	Parts []Part
	// Tags are the attributes in the order of the tile; values are string, int64, float64 or bool.
	Tags []Tag
}

// Tag is one attribute.
type Tag struct {
	Key   string
	Value any
}

// Get is the value of an attribute, nil without one.
func (f Feature) Get(key string) any {
	for _, t := range f.Tags {
		if t.Key == key {
			return t.Value
		}
	}
	return nil
}

// Part is all points of a point feature, one line, or one ring without its closing vertex.
type Part [][2]int64

// Area2 is twice the signed area of a ring: positive for an outer ring, negative for a hole.
func (p Part) Area2() int64 {
	sum := int64(0)
	for i, a := range p {
		b := p[(i+1)%len(p)]
		sum += a[0]*b[1] - b[0]*a[1]
	}
	return sum
}

// Decode reads a tile without compression and verifies what MVT 2.1 demands: unique layer names, version 2, keys and
// values in range, attribute keys unique per feature, command counts, lines and rings with enough vertices, an outer ring
// first, no empty layer or geometry.
func Decode(b []byte) (Tile, error) {
	var t Tile
	err := fields(b, func(field int, _ uint64, payload []byte) error {
		if field != 3 {
			return fmt.Errorf("tile has field %d", field)
		}
		l, err := decodeLayer(payload)
		if err != nil {
			return fmt.Errorf("layer %q: %w", l.Name, err)
		}
		if t.Layer(l.Name).Version != 0 {
			return fmt.Errorf("layer %q occurs twice", l.Name)
		}
		t = append(t, l)
		return nil
	})
	return t, err
}

func decodeLayer(b []byte) (Layer, error) {
	l := Layer{Extent: 4096}
	var keys []string
	var values []any
	var features [][]byte
	err := fields(b, func(field int, number uint64, payload []byte) error {
		switch field {
		case 1:
			l.Name = string(payload)
		case 2:
			features = append(features, payload)
		case 3:
			keys = append(keys, string(payload))
		case 4:
			v, err := decodeValue(payload)
			values = append(values, v)
			return err
		case 5:
			l.Extent = number
		case 15:
			l.Version = number
		default:
			return fmt.Errorf("unknown field %d", field)
		}
		return nil
	})
	if err != nil {
		return l, err
	}
	if l.Name == "" || l.Version != 2 || len(features) == 0 {
		return l, fmt.Errorf("name %q, version %d, %d features", l.Name, l.Version, len(features))
	}
	for i, p := range features {
		f, err := decodeFeature(p, keys, values)
		if err != nil {
			return l, fmt.Errorf("feature %d (id %d): %w", i, f.ID, err)
		}
		l.Features = append(l.Features, f)
	}
	return l, nil
}

func decodeValue(b []byte) (v any, err error) {
	n := 0
	err = fields(b, func(field int, number uint64, payload []byte) error {
		n++
		switch field {
		case 1:
			v = string(payload)
		case 3:
			v = math.Float64frombits(number)
		case 6:
			v = int64(number>>1) ^ -int64(number&1)
		case 7:
			v = number != 0
		default:
			return fmt.Errorf("value has field %d", field)
		}
		return nil
	})
	if err == nil && n != 1 {
		err = fmt.Errorf("value has %d members", n)
	}
	return v, err
}

func decodeFeature(b []byte, keys []string, values []any) (Feature, error) {
	f := Feature{}
	var tags, geometry []uint64
	kind := uint64(0)
	err := fields(b, func(field int, number uint64, payload []byte) (err error) {
		switch field {
		case 1:
			f.ID = number
		case 2:
			tags, err = varints(payload)
		case 3:
			kind = number
		case 4:
			geometry, err = varints(payload)
		default:
			err = fmt.Errorf("unknown field %d", field)
		}
		return err
	})
	if err != nil {
		return f, err
	}
	if len(tags)%2 != 0 {
		return f, errors.New("odd number of tags")
	}
	for i := 0; i < len(tags); i += 2 {
		if tags[i] >= uint64(len(keys)) || tags[i+1] >= uint64(len(values)) {
			return f, fmt.Errorf("tag %d, %d out of range", tags[i], tags[i+1])
		}
		if f.Get(keys[tags[i]]) != nil {
			return f, fmt.Errorf("key %q occurs twice", keys[tags[i]])
		}
		f.Tags = append(f.Tags, Tag{keys[tags[i]], values[tags[i+1]]})
	}
	return f, f.decodeGeometry(kind, geometry)
}

func (f *Feature) decodeGeometry(kind uint64, g []uint64) error {
	if kind < 1 || kind > 3 {
		return fmt.Errorf("geometry type %d", kind)
	}
	f.Type = [...]string{"point", "line", "polygon"}[kind-1]
	var x, y int64
	closed := true
	for i := 0; i < len(g); {
		command, count := g[i]&7, int(g[i]>>3)
		i++
		switch {
		case command == 7 && kind == 3 && count == 1 && !closed:
			closed = true
			continue
		case command == 1 && closed && (kind == 1 && count > 0 && i == 1 || kind != 1 && count == 1):
			f.Parts = append(f.Parts, Part{})
			closed = kind != 3
		case command == 2 && kind != 1 && len(f.Parts) > 0 && count >= int(kind)-1 && len(f.Parts[len(f.Parts)-1]) == 1:
		default:
			return fmt.Errorf("command %d × %d does not fit a %s", command, count, f.Type)
		}
		if i+2*count > len(g) {
			return fmt.Errorf("command %d × %d has too few parameters", command, count)
		}
		part := &f.Parts[len(f.Parts)-1]
		for range count {
			x += int64(g[i]>>1) ^ -int64(g[i]&1)
			y += int64(g[i+1]>>1) ^ -int64(g[i+1]&1)
			*part = append(*part, [2]int64{x, y})
			i += 2
		}
	}
	if len(f.Parts) == 0 || !closed {
		return errors.New("geometry is empty or not closed")
	}
	for i, p := range f.Parts {
		if kind == 2 && len(p) < 2 || kind == 3 && (len(p) < 3 || p.Area2() == 0 || i == 0 && p.Area2() < 0) {
			return fmt.Errorf("part %d is not a valid line or ring: %v", i, p)
		}
	}
	return nil
}

// fields walks the fields of a protocol buffer message; payload is set for length-delimited ones.
func fields(b []byte, visit func(field int, number uint64, payload []byte) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return errors.New("bad field tag")
		}
		b = b[n:]
		var number uint64
		var payload []byte
		switch tag & 7 {
		case 0:
			if number, n = binary.Uvarint(b); n <= 0 {
				return errors.New("bad varint")
			}
			b = b[n:]
		case 1:
			if len(b) < 8 {
				return errors.New("short fixed64")
			}
			number, b = binary.LittleEndian.Uint64(b), b[8:]
		case 2:
			length, n := binary.Uvarint(b)
			if n <= 0 || length > uint64(len(b)-n) {
				return errors.New("bad length")
			}
			payload, b = b[n:n+int(length)], b[n+int(length):]
		default:
			return fmt.Errorf("wire type %d", tag&7)
		}
		if err := visit(int(tag>>3), number, payload); err != nil {
			return err
		}
	}
	return nil
}

func varints(b []byte) ([]uint64, error) {
	var out []uint64
	for len(b) > 0 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errors.New("bad packed varint")
		}
		out, b = append(out, v), b[n:]
	}
	return out, nil
}
