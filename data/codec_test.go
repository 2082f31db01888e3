package data_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

var (
	anyPoint = rapid.Custom(func(t *rapid.T) geo.Point {
		// The corners of the world as often as anything else.
		return geo.Point{
			X: rapid.OneOf(rapid.SampledFrom([]int32{-geo.MaxX, 0, geo.MaxX}), rapid.Int32Range(-geo.MaxX, geo.MaxX)).Draw(t, "x"),
			Y: rapid.OneOf(rapid.SampledFrom([]int32{-geo.MaxY, 0, geo.MaxY}), rapid.Int32Range(-geo.MaxY, geo.MaxY)).Draw(t, "y"),
		}
	})
	anyShape = rapid.Custom(func(t *rapid.T) geo.Shape {
		kind := geo.Kind(rapid.IntRange(int(geo.KindNone), int(geo.KindPolygon)).Draw(t, "kind"))
		var xy []geo.Point
		var rings, polygons []uint32
		parts := rapid.IntRange(1, 4).Draw(t, "parts")
		switch kind {
		case geo.KindPoint:
			xy = rapid.SliceOfN(anyPoint, parts, parts).Draw(t, "points")
		case geo.KindLine:
			for range parts {
				xy = append(xy, rapid.SliceOfN(anyPoint, 2, 6).Draw(t, "line")...)
				rings = append(rings, uint32(len(xy)))
			}
		case geo.KindPolygon:
			for range parts {
				for range rapid.IntRange(1, 3).Draw(t, "rings") {
					ring := rapid.SliceOfN(anyPoint, 3, 6).Draw(t, "ring")
					xy = append(append(xy, ring...), ring[0])
					rings = append(rings, uint32(len(xy)))
				}
				polygons = append(polygons, uint32(len(rings)))
			}
		default:
		}
		s, err := geo.NewShape(kind, xy, rings, polygons)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
	anyValue = rapid.Custom(func(t *rapid.T) data.Value {
		typ := rapid.SampledFrom([]data.Type{"", data.Text, data.Int, data.Number, data.Bool, data.Date, data.Time, data.Code, data.Ref}).Draw(t, "type")
		switch {
		case typ == "":
			return data.Value{}
		case typ.IsText():
			return data.TextValue(typ, rapid.String().Draw(t, "text")) // the empty text is not null
		case typ == data.Bool:
			return data.BoolValue(rapid.Bool().Draw(t, "bool"))
		}
		return data.WordValue(typ, rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, math.MaxInt64, 1 << 63, math.MaxUint64})).Draw(t, "word"))
	})
	anyLayer = rapid.Custom(func(t *rapid.T) *data.Layer {
		l := &data.Layer{
			Name: "l", Geometry: data.GeometryPolygon, Attributes: []data.Attribute{},
			Title: rapid.MapOf(rapid.SampledFrom([]string{"zh", "en"}), rapid.String()).Draw(t, "title"),
			Zoom:  data.ZoomRange{Min: rapid.IntRange(0, 22).Draw(t, "min"), Max: rapid.IntRange(0, 22).Draw(t, "max")},
		}
		if len(l.Title) == 0 {
			l.Title = nil
		}
		for i := range rapid.IntRange(0, 5).Draw(t, "attributes") {
			a := data.Attribute{Name: fmt.Sprint("a", i), Type: data.Code, Required: rapid.Bool().Draw(t, "required")}
			a.Default = rapid.SampledFrom([]data.Value{{}, data.TextValue(data.Text, "0101"), data.TextValue(data.Text, ""), data.IntValue(1<<53 + 1), data.NumberValue(-2.5e-9), data.BoolValue(false)}).Draw(t, "default")
			switch i {
			case 1:
				a.Former, a.Was, a.Zone = []string{"路"}, []data.Type{data.Date, data.Time}, "Asia/Taipei"
			case 2:
				a.Dropped, a.Unit = true, "m"
			case 3:
				a.Ref, a.OnDelete, a.Unique, a.Description = "l", data.SetNull, true, data.Title{"en": "x"}
			case 4:
				a.Dictionary, a.Sum = "d", true
			}
			l.Attributes = append(l.Attributes, a)
		}
		if rapid.Bool().Draw(t, "role") {
			l.Roles.Area = &data.AreaRole{Level: "village", Code: "a0"}
		}
		return l
	})
	anyChange = rapid.Custom(func(t *rapid.T) data.Change {
		c := data.Change{
			Stream:    rapid.SampledFrom([]data.Stream{data.StreamFeature, data.StreamFeature, data.StreamSchema, data.StreamScheme, data.StreamAdmin, data.StreamDictionary, data.StreamCase}).Draw(t, "stream"),
			Op:        rapid.SampledFrom([]data.Op{data.OpPut, data.OpDelete}).Draw(t, "op"),
			Layer:     rapid.String().Draw(t, "layer"),
			Permanent: rapid.Uint32().Draw(t, "permanent"),
			Prev:      data.Seq(rapid.Uint64().Draw(t, "prev")),
		}
		put := c.Op == data.OpPut
		switch {
		case c.Stream == data.StreamCase:
			c.Op, c.Layer = data.OpPut, data.CaseName(rapid.StringMatching(`[0-9A-Z.-]{1,64}`).Draw(t, "case"))
			c.Case = &data.CaseEvent{Number: rapid.IntRange(1, math.MaxInt32).Draw(t, "number"), Body: rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "body")}
		case c.Stream == data.StreamFeature:
			c.Feature.ID = rapid.String().Draw(t, "id")
			if put {
				c.Feature.Shape = anyShape.Draw(t, "shape")
				c.Feature.Values = rapid.SliceOfN(anyValue, 0, 12).Draw(t, "values")
			}
		case put && c.Stream == data.StreamAdmin && rapid.Bool().Draw(t, "is a plan"):
			c.Plan = anyPlan.Draw(t, "plan")
			c.Layer = c.Plan.Name()
		case put && c.Stream == data.StreamAdmin:
			c.Admin = anyAdmin.Draw(t, "admin")
			c.Layer = c.Admin.Name()
		case put && c.Stream == data.StreamDictionary:
			c.Dictionary = &data.Dictionary{Name: "d", Source: rapid.String().Draw(t, "source"), Entries: []data.Term{
				{Code: "1", Title: data.Title{"zh": rapid.String().Draw(t, "title")}}, {Code: rapid.String().Draw(t, "code"), Parent: "1", From: "2013", To: "2026"},
			}}
		case put && c.Stream == data.StreamSchema:
			c.Definition = anyLayer.Draw(t, "definition")
		case put:
			c.Scheme = &data.Scheme{Name: "s", Levels: []string{"district", rapid.String().Draw(t, "level")}, Cells: data.SchemeCells{Layer: "l"}}
		}
		return c
	})
)

var anyAdmin = rapid.Custom(func(t *rapid.T) *data.Admin {
	body, err := json.Marshal(map[string]string{"title": rapid.String().Draw(t, "title")})
	if err != nil {
		t.Fatal(err)
	}
	return &data.Admin{
		Kind: rapid.SampledFrom([]string{data.AdminOrganisation, data.AdminPost, data.AdminStaff, data.AdminSetting, data.AdminNote}).Draw(t, "kind"),
		ID:   rapid.StringMatching(`[a-z路:/ -]{1,20}`).Draw(t, "id"), Body: body,
	}
})

var anyPlan = rapid.Custom(func(t *rapid.T) *data.Plan {
	p := &data.Plan{
		ID: "01J", State: rapid.SampledFrom([]data.PlanState{data.PlanPending, data.PlanDone, data.PlanFailed, data.PlanCancelled}).Draw(t, "state"),
		Due:   time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "due")).UTC(),
		Actor: rapid.StringMatching(`[a-z<&]*`).Draw(t, "actor"), Layers: []data.PlanLayer{{Name: "lamps", Attributes: []data.PlanAttribute{{Name: "路", Type: data.Ref}}}},
	}
	if p.State != data.PlanPending {
		p.Reason = "layer lamps was dropped"
		return p
	}
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		c := data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: "lamps", Feature: data.Feature{ID: "a"}}
		if rapid.Bool().Draw(t, "put") {
			c.Op, c.Feature = data.OpPut, data.Feature{ID: "b", Shape: anyShape.Draw(t, "shape"), Values: rapid.SliceOfN(anyValue, 0, 4).Draw(t, "values")}
		}
		if rapid.Bool().Draw(t, "demands") {
			c.IfSeq = new(data.Seq(rapid.Uint64Range(0, 1<<60).Draw(t, "if_seq")))
		}
		p.Changes = append(p.Changes, c)
	}
	p.Count = len(p.Changes)
	return p
})

// equal compares changes; nulls at the end of the values do not count.
func equal(a, b data.Change) bool {
	if a.Plan != nil && b.Plan != nil && len(a.Plan.Changes) == len(b.Plan.Changes) {
		for i := range a.Plan.Changes {
			if !equal(a.Plan.Changes[i], b.Plan.Changes[i]) {
				return false
			}
		}
		a.Plan, b.Plan = a.Plan.Bare(), b.Plan.Bare()
	}
	if !a.Feature.Equal(&b.Feature) {
		return false
	}
	a.Feature, b.Feature = data.Feature{}, data.Feature{}
	if a.Dictionary != nil && b.Dictionary != nil {
		// A decoded one has an index besides.
		x, y := *a.Dictionary, *b.Dictionary
		if x.Name != y.Name || x.Source != y.Source || !reflect.DeepEqual(x.Title, y.Title) || !reflect.DeepEqual(x.Entries, y.Entries) {
			return false
		}
		a.Dictionary, b.Dictionary = nil, nil
	}
	return reflect.DeepEqual(a, b)
}

func TestPayloadRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyChange.Draw(t, "change")
		b, err := data.AppendPayload([]byte("before"), &want)
		if err != nil {
			t.Fatal(err)
		}
		b = b[len("before"):]
		var decoder data.Decoder
		got, err := decoder.Payload(b)
		if err != nil || !equal(got, want) {
			t.Fatalf("%+v became %+v, %v", want, got, err)
		}
		seq := data.Seq(rapid.Uint64().Draw(t, "seq"))
		record, err := decoder.Record(data.AppendRecord(nil, seq, b))
		if err != nil || record.Seq != seq || !equal(record.Change, want) {
			t.Fatalf("record %+v, %v", record, err)
		}
		data.LinkPayload(b, 7, 8)
		want.Permanent, want.Prev = 7, 8
		if got, err = decoder.Payload(b); err != nil || !equal(got, want) {
			t.Fatalf("linked: %+v, %v", got, err)
		}
		head, err := data.PeekPayload(b)
		if err != nil || head.Stream != want.Stream || head.Op != want.Op || head.Permanent != 7 || head.Prev != 8 || string(head.Layer) != want.Layer {
			t.Fatalf("peek: %+v, %v", head, err)
		}
		// A payload that is cut off anywhere, or has anything behind it, is refused.
		if _, err := decoder.Payload(b[:rapid.IntRange(0, len(b)-1).Draw(t, "cut")]); !errors.Is(err, data.ErrFormat) {
			t.Fatalf("cut off: %v", err)
		}
		if _, err := decoder.Payload(append(b, 0)); !errors.Is(err, data.ErrFormat) {
			t.Fatalf("with a byte more: %v", err)
		}
	})
}

// TestDecodedKeepsNothing checks that a decoded change does not alias its input, which is only valid for a moment.
func TestDecodedKeepsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyChange.Draw(t, "change")
		b, err := data.AppendPayload(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		var decoder data.Decoder
		got, err := decoder.Payload(b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b {
			b[i] = 0xee
		}
		if !equal(got, want) {
			t.Fatalf("%+v became %+v", want, got)
		}
	})
}

func TestHeaderRoundTrip(t *testing.T) {
	hash := rapid.Custom(func(t *rapid.T) (h data.Hash) {
		copy(h[:], rapid.SliceOfN(rapid.Byte(), len(h), len(h)).Draw(t, "hash"))
		return h
	})
	// The whole range of times that a calendar needs; microseconds since 1970 reach 290,000 years.
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMicro(rapid.Int64Range(-1<<60, 1<<60).Draw(t, "µs")).UTC()
	})
	rapid.Check(t, func(t *rapid.T) {
		want := data.Header{
			Seq: data.Seq(rapid.Uint64().Draw(t, "seq")), Recorded: instant.Draw(t, "recorded"), Effective: instant.Draw(t, "effective"),
			Actor: rapid.String().Draw(t, "actor"), Cause: rapid.String().Draw(t, "cause"), PrevHash: hash.Draw(t, "prev"),
			Payloads: rapid.SliceOfN(hash, 0, 5).Draw(t, "payloads"), Permanent: rapid.Uint32().Draw(t, "permanent"),
		}
		want.Visible = want.Seq
		if rapid.Bool().Draw(t, "grouped") && want.Seq < math.MaxUint64 {
			want.Visible += data.Seq(rapid.Uint64Range(1, math.MaxUint64-uint64(want.Seq)).Draw(t, "visible"))
		}
		if rapid.Bool().Draw(t, "of an operation") {
			want.Operation = rapid.String().Draw(t, "operation")
		}
		if rapid.Bool().Draw(t, "received") {
			copy(want.Receipt.Key[:], rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "key"))
			copy(want.Receipt.Request[:], rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "request"))
		}
		b := data.AppendHeader([]byte("before"), &want)[len("before"):]
		got, err := data.DecodeHeader(b)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%+v became %+v, %v", want, got, err)
		}
		b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := data.DecodeHeader(b); !errors.Is(err, data.ErrFormat) {
			t.Fatalf("with a flipped bit: %v", err)
		}
	})
}

func TestPayloadRefuses(t *testing.T) {
	point := geo.PointShape(geo.Point{X: geo.MaxX + 1})
	for name, c := range map[string]data.Change{
		"stream":     {Op: data.OpPut},
		"case":       {Stream: data.StreamCase, Op: data.OpPut, Layer: "case:1"},
		"no name":    {Stream: data.StreamCase, Op: data.OpPut, Layer: "lamps", Case: &data.CaseEvent{Number: 1, Body: []byte("{}")}},
		"no id":      {Stream: data.StreamCase, Op: data.OpPut, Layer: "case:", Case: &data.CaseEvent{Number: 1, Body: []byte("{}")}},
		"end":        {Stream: data.StreamCase, Op: data.OpDelete, Layer: "case:1", Case: &data.CaseEvent{Number: 1, Body: []byte("{}")}},
		"number":     {Stream: data.StreamCase, Op: data.OpPut, Layer: "case:1", Case: &data.CaseEvent{Body: []byte("{}")}},
		"body":       {Stream: data.StreamCase, Op: data.OpPut, Layer: "case:1", Case: &data.CaseEvent{Number: 1, Body: make([]byte, data.MaxCaseBytes+1)}},
		"op":         {Stream: data.StreamFeature},
		"definition": {Stream: data.StreamSchema, Op: data.OpPut},
		"scheme":     {Stream: data.StreamScheme, Op: data.OpPut},
		"dictionary": {Stream: data.StreamDictionary, Op: data.OpPut},
		"vertex":     {Stream: data.StreamFeature, Op: data.OpPut, Feature: data.Feature{ID: "a", Shape: point}},
		"value":      {Stream: data.StreamFeature, Op: data.OpPut, Feature: data.Feature{ID: "a", Values: []data.Value{data.WordValue("odd", 1)}}},
	} {
		var field *data.FieldError
		if b, err := data.AppendPayload(nil, &c); !errors.As(err, &field) || b != nil {
			t.Errorf("%s: %x, %v", name, b, err)
		}
	}
}

// TestDecodeAllocates checks that damaged lengths do not ask for memory.
func TestDecodeAllocates(t *testing.T) {
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	c := data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "l", Feature: data.Feature{ID: "a"}}
	b, err := data.AppendPayload(nil, &c)
	if err != nil {
		t.Fatal(err)
	}
	empty := b[:len(b)-2] // without kind and number of values
	for kind := range byte(4) {
		for _, bad := range [][]byte{
			append(append(bytes.Clone(empty), kind), huge...),
			append(append(bytes.Clone(empty), kind, 2, 0), huge...),
			append(append(append(bytes.Clone(empty), kind), huge...), make([]byte, 100)...),
		} {
			var decoder data.Decoder
			size := testing.AllocsPerRun(1, func() {
				if _, err := decoder.Payload(bad); !errors.Is(err, data.ErrFormat) {
					t.Errorf("kind %d: %v", kind, err)
				}
			})
			if size > 30 {
				t.Errorf("kind %d: %v allocations", kind, size)
			}
		}
	}
}
