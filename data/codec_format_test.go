package data_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// example reads the bytes of a fenced block "hex NAME" of a format document. What follows # on a line is a comment.
func example(t *testing.T, file, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```hex " + name + "\n(.*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatalf("%s has no example %q", file, name)
	}
	var digits strings.Builder
	for line := range strings.Lines(string(block[1])) {
		code, _, _ := strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(code), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatalf("%s, example %q: %v", file, name, err)
	}
	return b
}

const logFormat = "../docs/formats/log.md"

// TestFormatExamples decodes the examples of docs/formats/log.md and encodes them again: the document is true, and
// the encoding of codec version 1 never changes.
func TestFormatExamples(t *testing.T) {
	square := []geo.Point{{X: 1_215_000_000, Y: 250_000_000}, {X: 1_215_000_100, Y: 250_000_000}, {X: 1_215_000_100, Y: 250_000_100}, {X: 1_215_000_000, Y: 250_000_000}}
	triangle, err := geo.NewShape(geo.KindPolygon, square, []uint32{4}, []uint32{1})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]data.Change{
		"point": {
			Stream: data.StreamFeature, Op: data.OpPut, Layer: "lamps", Permanent: 7, Prev: 0,
			Feature: data.Feature{ID: "L-7", Shape: geo.PointShape(geo.Point{X: 1_215_654_321, Y: 250_123_456}), Values: []data.Value{
				data.TextValue(data.Text, "路灯"), data.NumberValue(6.5), data.IntValue(-3), data.BoolValue(true),
				data.WordValue(data.Date, 20_454), data.WordValue(data.Time, 1_767_225_600_000_000),
				{},
				data.TextValue(data.Code, "0101"), data.TextValue(data.Ref, ""),
			}},
		},
		"sealed": {
			Stream: data.StreamFeature, Op: data.OpPut, Layer: "elders", Permanent: 9,
			Feature: data.Feature{ID: "E1", Values: []data.Value{data.SealedValue([]byte{1, 0xaa, 0xbb, 0xcc})}},
		},
		"polygon":    {Stream: data.StreamFeature, Op: data.OpPut, Layer: "cells", Permanent: 8, Prev: 2, Feature: data.Feature{ID: "1", Shape: triangle}},
		"delete":     {Stream: data.StreamFeature, Op: data.OpDelete, Layer: "lamps", Permanent: 7, Prev: 3, Feature: data.Feature{ID: "L-7"}},
		"definition": {Stream: data.StreamSchema, Op: data.OpPut, Layer: "lamps", Definition: &data.Layer{Name: "lamps", Geometry: data.GeometryPoint, Attributes: []data.Attribute{}}},
		"dictionary": {Stream: data.StreamDictionary, Op: data.OpPut, Layer: "surface", Dictionary: &data.Dictionary{
			Name: "surface", Title: data.Title{"zh": "路面"},
			Entries: []data.Term{{Code: "01", Title: data.Title{"en": "Asphalt", "zh": "沥青"}}, {Code: "0101", Parent: "01", To: "2026"}},
		}},
		"plan": {Stream: data.StreamAdmin, Op: data.OpPut, Layer: "plan:7", Prev: 0, Plan: &data.Plan{
			ID: "7", Due: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), State: data.PlanPending, Count: 1,
			Layers:  []data.PlanLayer{{Name: "lamps", Attributes: []data.PlanAttribute{{Name: "name", Type: data.Text}}}},
			Changes: []data.Change{{Stream: data.StreamFeature, Op: data.OpDelete, Layer: "lamps", Feature: data.Feature{ID: "L-7"}, IfSeq: new(data.Seq(3))}},
		}},
		"case": {Stream: data.StreamCase, Op: data.OpPut, Layer: "case:01KAX", Prev: 7, Case: &data.CaseEvent{Number: 2, Body: []byte(`{"v":1,"…":}`)}},
		"organisation": {Stream: data.StreamAdmin, Op: data.OpPut, Layer: "organisation:d1", Prev: 4, Admin: &data.Admin{
			Kind: data.AdminOrganisation, ID: "d1", Body: json.RawMessage(`{"title":{"zh":"东城区"},"level":"district"}`),
		}},
		"organisation ended": {Stream: data.StreamAdmin, Op: data.OpDelete, Layer: "organisation:d1", Prev: 5},
		"note": {Stream: data.StreamAdmin, Op: data.OpPut, Layer: "note:01JW", Admin: &data.Admin{
			Kind: data.AdminNote, ID: "01JW", Body: json.RawMessage(`{"did":"export"}`),
		}},
	} {
		b := example(t, logFormat, name)
		var decoder data.Decoder
		got, err := decoder.Payload(b)
		if err != nil || !equal(got, want) {
			t.Errorf("%s: decoded %+v, %v", name, got, err)
		}
		again, err := data.AppendPayload(nil, &want)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s: encoded as\n%x, the document has\n%x", name, again, b)
		}
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	header := data.Header{
		Seq: 3, Recorded: at.Add(time.Microsecond), Effective: at, Actor: "api", Cause: "edit", Permanent: 8,
		PrevHash: data.Hash{0: 0xaa, 31: 0xbb}, Payloads: []data.Hash{{0: 0xcc, 31: 0xdd}},
	}
	header.Visible = header.Seq
	headers := map[string]data.Header{"header": header}
	header.Visible, header.Operation = 5, "01JW"
	header.Receipt = data.Receipt{Key: [16]byte{0: 0xee, 15: 0xff}, Request: [16]byte{0: 0x11, 15: 0x22}}
	headers["header with members"] = header
	for name, header := range headers {
		b := example(t, logFormat, name)
		got, err := data.DecodeHeader(b)
		if err != nil || !reflect.DeepEqual(got, header) {
			t.Errorf("%s: decoded %+v, %v", name, got, err)
		}
		if again := data.AppendHeader(nil, &header); !bytes.Equal(again, b) {
			t.Errorf("%s: encoded as\n%x, the document has\n%x", name, again, b)
		}
	}
}
