package storetest

import (
	"errors"
	"testing"

	"github.com/gewu-city/gewu/data"
)

// refuse appends a transaction whose last change must be a *ChangeError with a *FieldError about field.
func (s *Running) refuse(t *testing.T, field string, changes ...data.Change) {
	t.Helper()
	err := s.fail(t, changes...)
	var change *data.ChangeError
	var why *data.FieldError
	if !errors.As(err, &change) || change.Change != len(changes)-1 || !errors.As(err, &why) || field != "" && why.Field != field {
		t.Errorf("want a change error about %s, got %v", field, err)
	}
}

func (c contract) layers(t *testing.T) {
	s, dir := c.start(t)
	bad := Lamps()
	bad.Name = "Bad"
	s.refuse(t, "name", Define(bad))
	renamed := Define(Lamps())
	renamed.Layer = "other"
	s.refuse(t, "name", renamed)
	s.refuse(t, "definition", data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: "none"})
	s.refuse(t, "layer", Drop("none"))
	var conflict *data.ConflictError
	if err := s.fail(t, IfSeq(Define(Lamps()), 0)); !errors.As(err, &conflict) || conflict.Have != 1 {
		t.Errorf("create of what exists: %v", err)
	}
	// A layer and its features may come in one transaction, in this order.
	cells := Cells()
	cells.Geometry = data.GeometryNone
	cells.Roles = data.Roles{}
	cell := data.Change{
		Stream: data.StreamFeature, Op: data.OpPut, Layer: "cells",
		Feature: data.Feature{ID: "1", Values: []data.Value{data.TextValue(data.Code, "1")}},
	}
	s.refuse(t, "layer", cell)
	s.Must(t, Define(cells), cell)
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.Must(t, cell, Put("a", 1))
	if l, ok := s.Model.Layer("cells"); !ok || len(l.Attributes) != 1 {
		t.Errorf("layer after reopening: %+v", l)
	}
}

func (c contract) dropLayer(t *testing.T) {
	s, dir := c.start(t)
	s.Must(t, Put("a", 1), Put("b", 1))
	s.refuse(t, "layer", Define(Lamps()), Drop("lamps"))
	s.refuse(t, "layer", Put("c", 1), Drop("lamps"))
	s.Must(t, Drop("lamps"))
	s.refuse(t, "layer", Put("a", 2))
	s.refuse(t, "layer", Drop("lamps"))
	if _, ok := s.Model.Get("lamps", "a"); ok {
		t.Error("a survived its layer")
	}
	other := Lamps()
	other.Attributes[0].Type = data.Int // a new layer, so it may differ
	born := s.Must(t, IfSeq(Define(other), 0))
	put := IfSeq(Put("a", 3), 0)
	put.Feature.Values = []data.Value{data.IntValue(1)}
	s.Must(t, put)
	f, ok := s.Model.Get("lamps", "a")
	if !ok || f.Permanent != 3 || f.Seq != born+1 {
		t.Errorf("a of the new layer: %+v", f)
	}
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.Settle(t)
	if g, _ := s.Model.Get("lamps", "a"); g.Head != f.Head {
		t.Errorf("after reopening: %+v, want %+v", g.Head, f.Head)
	}
	if _, ok := s.Model.Get("lamps", "b"); ok {
		t.Error("b came back with the new layer")
	}
	if d := Replay(t, s).Diff(s.Model); d != "" {
		t.Error(d)
	}
}

func (c contract) schemes(t *testing.T) {
	s, dir := c.start(t)
	unit := &data.Scheme{Name: "unit", Levels: []string{"district"}, Cells: data.SchemeCells{Layer: "cells", Code: "code"}}
	s.refuse(t, "cells.layer", DefineScheme(unit))
	s.Must(t, Define(Cells()), DefineScheme(unit))
	s.refuse(t, "layer", Drop("cells"))
	wrong := *unit
	wrong.Cells.Code = "height"
	s.refuse(t, "cells.code", DefineScheme(&wrong))
	s.Must(t, data.Change{Stream: data.StreamScheme, Op: data.OpDelete, Layer: "unit"}, Drop("cells"))
	s.refuse(t, "layer", data.Change{Stream: data.StreamScheme, Op: data.OpDelete, Layer: "unit"})
	s.Must(t, Define(Cells()))
	s.Must(t, DefineScheme(unit))
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.Settle(t)
	if got, ok := s.Model.Scheme("unit"); !ok || got.Cells != unit.Cells {
		t.Errorf("scheme after reopening: %+v", got)
	}
}
