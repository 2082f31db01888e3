package data_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// seeds are payloads of each kind.
func seeds(f *testing.F) [][]byte {
	f.Helper()
	ring := []geo.Point{{X: 0, Y: 0}, {X: 10, Y: 0}, {X: 10, Y: 10}, {X: 0, Y: 0}}
	polygon, err := geo.NewShape(geo.KindPolygon, ring, []uint32{4}, []uint32{1})
	if err != nil {
		f.Fatal(err)
	}
	var all [][]byte
	for _, c := range []data.Change{
		{Stream: data.StreamFeature, Op: data.OpPut, Layer: "l", Feature: bench()},
		{Stream: data.StreamFeature, Op: data.OpPut, Layer: "l", Feature: data.Feature{ID: "p", Shape: polygon}},
		{Stream: data.StreamFeature, Op: data.OpDelete, Layer: "l", Feature: data.Feature{ID: "p"}},
		{Stream: data.StreamSchema, Op: data.OpPut, Layer: "l", Definition: &data.Layer{Name: "l"}},
		{Stream: data.StreamScheme, Op: data.OpPut, Layer: "s", Scheme: &data.Scheme{Name: "s"}},
		{Stream: data.StreamDictionary, Op: data.OpPut, Layer: "d", Dictionary: &data.Dictionary{Name: "d", Entries: []data.Term{{Code: "1"}}}},
		{Stream: data.StreamCase, Op: data.OpPut, Layer: data.CaseName("01K"), Prev: 7, Case: &data.CaseEvent{Number: 2, Body: []byte(`{"v":1}`)}},
		{Stream: data.StreamAdmin, Op: data.OpPut, Layer: "staff:s", Admin: &data.Admin{Kind: data.AdminStaff, ID: "s", Body: []byte(`{"name":"李"}`)}},
		{Stream: data.StreamAdmin, Op: data.OpPut, Layer: "plan:p", Plan: &data.Plan{ID: "p", State: data.PlanFailed, Due: time.Unix(9, 0).UTC()}},
		{Stream: data.StreamAdmin, Op: data.OpPut, Layer: "plan:p", Plan: &data.Plan{
			ID: "p", State: data.PlanPending, Due: time.Unix(9, 0).UTC(), Count: 1,
			Changes: []data.Change{{Stream: data.StreamFeature, Op: data.OpPut, Layer: "l", Feature: bench(), IfSeq: new(data.Seq(4))}},
		}},
	} {
		b, err := data.AppendPayload(nil, &c)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

func FuzzPayload(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var decoder data.Decoder
		c, err := decoder.Payload(b)
		if err != nil {
			if !errors.Is(err, data.ErrFormat) {
				t.Errorf("error %v", err)
			}
			return
		}
		again, err := data.AppendPayload(nil, &c)
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		d, err := decoder.Payload(again)
		if err != nil || !equal(c, d) {
			t.Fatalf("%+v became %+v, %v", c, d, err)
		}
		if _, err := data.PeekPayload(b); err != nil {
			t.Errorf("peek: %v", err)
		}
	})
}

func FuzzHeader(f *testing.F) {
	h := data.Header{Seq: 1, Recorded: time.Unix(1, 0), Effective: time.Unix(2, 0), Actor: "a", Cause: "c", Payloads: make([]data.Hash, 2)}
	f.Add(data.AppendHeader(nil, &h))
	h.Visible, h.Operation, h.Receipt = 5, "o", data.Receipt{Key: [16]byte{1}, Request: [16]byte{2}}
	f.Add(data.AppendHeader(nil, &h))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 4 {
			// A fuzzer does not find checksums: give it the right one.
			body := b[:len(b)-4]
			sum := data.Checksum(body)
			b = append(append([]byte(nil), body...), byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
		}
		h, err := data.DecodeHeader(b)
		if err != nil {
			if !errors.Is(err, data.ErrFormat) {
				t.Errorf("error %v", err)
			}
			return
		}
		again, err := data.DecodeHeader(data.AppendHeader(nil, &h))
		if err != nil || !reflect.DeepEqual(again, h) {
			t.Errorf("%+v became %+v, %v", h, again, err)
		}
	})
}

func FuzzRecord(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(data.AppendRecord(nil, 9, b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var decoder data.Decoder
		if _, err := decoder.Record(b); err != nil && !errors.Is(err, data.ErrFormat) {
			t.Errorf("error %v", err)
		}
	})
}
