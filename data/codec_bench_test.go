package data_test

import (
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// bench is a point feature of ten attributes, such as a door plate.
func bench() data.Feature {
	return data.Feature{
		ID:    "63000100-0123-001",
		Shape: geo.PointShape(geo.Point{X: 1_215_654_321, Y: 250_123_456}),
		Values: []data.Value{
			data.TextValue(data.Text, "臺北市大安區新生南路三段"), data.TextValue(data.Text, "12號"), data.TextValue(data.Code, "63000100"),
			data.IntValue(12), data.NumberValue(3.5), data.BoolValue(true), data.WordValue(data.Date, 20_000),
			data.WordValue(data.Time, 1_700_000_000_000_000), data.TextValue(data.Ref, "house-1"), data.TextValue(data.Text, "x"),
		},
	}
}

func BenchmarkEncodePoint(b *testing.B) {
	c := data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "addresses", Feature: bench(), Permanent: 1, Prev: 2}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = data.AppendPayload(buf[:0], &c)
	}
	b.ReportMetric(float64(len(buf)), "bytes")
}

func BenchmarkDecodePoint(b *testing.B) {
	c := data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "addresses", Feature: bench(), Permanent: 1, Prev: 2}
	buf, err := data.AppendPayload(nil, &c)
	if err != nil {
		b.Fatal(err)
	}
	var decoder data.Decoder
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decoder.Payload(buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPeekPayload(b *testing.B) {
	c := data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "addresses", Feature: bench(), Permanent: 1, Prev: 2}
	buf, err := data.AppendPayload(nil, &c)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := data.PeekPayload(buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHeader(b *testing.B) {
	h := data.Header{Seq: 1, Actor: "api", Cause: "edit", Payloads: make([]data.Hash, 1)}
	buf := data.AppendHeader(nil, &h)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = data.AppendHeader(buf[:0], &h)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := data.DecodeHeader(buf); err != nil {
				b.Fatal(err)
			}
		}
	})
}
