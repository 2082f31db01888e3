package storetest

import (
	"fmt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// Lamps is a point layer with an attribute of each kind of storage.
func Lamps() *data.Layer {
	return &data.Layer{
		Name: "lamps", Title: data.Title{"zh": "路灯", "en": "Lamps"}, Geometry: data.GeometryPoint,
		Attributes: []data.Attribute{
			{Name: "name", Type: data.Text},
			{Name: "height", Type: data.Number, Unit: "m"},
			{Name: "poles", Type: data.Int},
			{Name: "lit", Type: data.Bool},
			{Name: "built", Type: data.Date},
			{Name: "seen", Type: data.Time},
			{Name: "class", Type: data.Code},
		},
	}
}

// Cells is a polygon layer for schemes.
func Cells() *data.Layer {
	return &data.Layer{
		Name: "cells", Geometry: data.GeometryPolygon,
		Attributes: []data.Attribute{{Name: "code", Type: data.Code, Required: true}},
		Roles:      data.Roles{Cell: &data.CellRole{Scheme: "unit", Code: "code"}},
	}
}

// Define is the change that puts a layer.
func Define(l *data.Layer) data.Change {
	return data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: l.Name, Definition: l}
}

// Drop is the change that deletes a layer.
func Drop(layer string) data.Change {
	return data.Change{Stream: data.StreamSchema, Op: data.OpDelete, Layer: layer}
}

// DefineScheme is the change that puts a scheme.
func DefineScheme(s *data.Scheme) data.Change {
	return data.Change{Stream: data.StreamScheme, Op: data.OpPut, Layer: s.Name, Scheme: s}
}

// Lamp is a feature of [Lamps]: n is its number of poles and decides where it stands.
func Lamp(id string, n int64) data.Feature {
	return data.Feature{
		ID:    id,
		Shape: geo.PointShape(geo.Point{X: 1_215_000_000 + int32(n%1_000_000), Y: 250_000_000 + int32(n%777_777)}),
		Values: []data.Value{
			data.TextValue(data.Text, "lamp "+id), data.NumberValue(float64(n) / 2), data.IntValue(n),
			data.BoolValue(n%2 == 0), data.WordValue(data.Date, uint64(n%20_000)),
			{},
			data.TextValue(data.Code, "0101"),
		},
	}
}

// Put is the change that puts a lamp.
func Put(id string, n int64) data.Change {
	return data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "lamps", Feature: Lamp(id, n)}
}

// Happen is the change by which event n of a case follows the one of entry prev.
func Happen(id string, n int, prev data.Seq) data.Change {
	c := Next(id, n)
	c.IfSeq = &prev
	return c
}

// Next is the change by which event n of a case follows one of the same transaction.
func Next(id string, n int) data.Change {
	return data.Change{
		Stream: data.StreamCase, Op: data.OpPut, Layer: data.CaseName(id),
		Case: &data.CaseEvent{Number: n, Body: fmt.Appendf(nil, `{"case":%q,"number":%d}`, id, n)},
	}
}

// Delete is the change that deletes a lamp.
func Delete(id string) data.Change {
	return data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: "lamps", Feature: data.Feature{ID: id}}
}

// IfSeq adds a precondition to a change.
func IfSeq(c data.Change, seq data.Seq) data.Change {
	c.IfSeq = &seq
	return c
}
