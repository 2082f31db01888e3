package index_test

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/internal/obs"
)

// made is a log whose entries are made when they are read, so that only the World holds memory.
type made struct {
	features int
	// linked makes the code unique and the road a ref.
	linked bool
}

func (made) Epoch() data.Epoch                    { return "made" }
func (m made) Last() data.Seq                     { return data.Seq(m.features + 1) }
func (made) Wait(context.Context, data.Seq) error { return data.ErrClosed }

func (made) Checkpoint(context.Context, *data.Seq) iter.Seq2[data.Record, error] {
	return func(func(data.Record, error) bool) {}
}

// doors has ten attributes of which one is unique, as doors and lamps have them.
var doors = &data.Layer{Name: "doors", Geometry: data.GeometryPoint, Attributes: []data.Attribute{
	{Name: "code", Type: data.Code},
	{Name: "district", Type: data.Text},
	{Name: "village", Type: data.Text},
	{Name: "road", Type: data.Text},
	{Name: "section", Type: data.Text},
	{Name: "number", Type: data.Int},
	{Name: "floors", Type: data.Int},
	{Name: "height", Type: data.Number},
	{Name: "lit", Type: data.Bool},
	{Name: "since", Type: data.Date},
}}

func (m made) layer() *data.Layer {
	if !m.linked {
		return doors
	}
	l := *doors
	l.Attributes = slices.Clone(l.Attributes)
	l.Attributes[0].Unique = true
	l.Attributes[3].Type, l.Attributes[3].Ref, l.Attributes[3].Was = data.Ref, "roads", []data.Type{data.Text}
	return &l
}

func (m made) Entries(_ context.Context, after data.Seq) iter.Seq2[*data.Entry, error] {
	return func(yield func(*data.Entry, error) bool) {
		if after >= m.Last() {
			return
		}
		r := rand.New(rand.NewPCG(1, 2))
		// 40,000 points on each square kilometre.
		side := int32(math.Sqrt(float64(m.features)/40_000) * 1000 / 0.0106)
		if !yield(&data.Entry{Seq: 1, Changes: []data.Change{{Stream: data.StreamSchema, Op: data.OpPut, Layer: doors.Name, Definition: m.layer()}}}, nil) {
			return
		}
		for i := range m.features {
			id := strings.ToUpper(fmt.Sprintf("%010x", uint64(i)*0x9E3779B97F4A7C15>>24))
			p := geo.Point{X: baseX + r.Int32N(side), Y: baseY + r.Int32N(side)}
			f := data.Feature{ID: id, Shape: geo.PointShape(p), Values: []data.Value{
				data.TextValue(data.Code, id), data.TextValue(data.Text, fmt.Sprint("district ", i%12)),
				data.TextValue(data.Text, fmt.Sprint("village ", i%456)), data.TextValue(data.Text, fmt.Sprint("road ", i/300%2000)),
				data.TextValue(data.Text, fmt.Sprint(i%7)), data.IntValue(int64(i % 400)), data.IntValue(int64(i % 30)),
				data.NumberValue(float64(i%1000) / 10), data.BoolValue(i%2 == 0), data.DateValue(time.Unix(int64(i%20_000)*86_400, 0).UTC()),
			}}
			entry := &data.Entry{Seq: data.Seq(i + 2), Changes: []data.Change{{
				Stream: data.StreamFeature, Op: data.OpPut, Layer: doors.Name, Feature: f, Permanent: uint32(i + 1),
			}}}
			if !yield(entry, nil) {
				return
			}
		}
	}
}

// BenchmarkLoad loads point features of ten attributes and reports the heap that the World of one holds.
func BenchmarkLoad(b *testing.B) { benchmarkLoad(b, false, 10_000, 100_000, 1_000_000) }

// BenchmarkLoadLinked is BenchmarkLoad with one unique attribute and one ref.
func BenchmarkLoadLinked(b *testing.B) { benchmarkLoad(b, true, 100_000, 1_000_000) }

func benchmarkLoad(b *testing.B, linked bool, sizes ...int) {
	b.Helper()
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := obs.CPUTime()
			var e *index.Engine
			for b.Loop() {
				e = index.NewEngine(made{n, linked})
				if err := e.Load(b.Context(), nil); err != nil {
					b.Fatal(err)
				}
			}
			took := obs.CPUTime() - start
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/feature")
			b.ReportMetric(float64(n)*float64(b.N)/took.Seconds(), "features/cpu-s")
			runtime.KeepAlive(e)
		})
	}
}
