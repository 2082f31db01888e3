package outline_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data/synth"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/tiles/outline"
)

// dense is the 16,129 cells of the synthetic city dense-1m.
func dense(tb testing.TB) *layer {
	tb.Helper()
	p, ok := synth.Preset("dense-1m")
	if !ok {
		tb.Fatal("no preset")
	}
	c, err := synth.New(p)
	if err != nil {
		tb.Fatal(err)
	}
	units, ok := c.Layer("units")
	if !ok {
		tb.Fatal("no units")
	}
	var shapes []geo.Shape
	for f := range units.Features {
		shapes = append(shapes, f.Shape)
	}
	return layerOf(shapes...)
}

// BenchmarkDense draws tiles in the middle of the city: cold with nothing kept but the prepared shapes, as after an edit,
// and warm, as for another language.
func BenchmarkDense(b *testing.B) {
	l := dense(b)
	bounds := geo.EmptyBox()
	for _, s := range l.shapes {
		bounds = bounds.Union(s.Box())
	}
	center := geo.Point{X: bounds.Min.X/2 + bounds.Max.X/2, Y: bounds.Min.Y/2 + bounds.Max.Y/2}
	store := outline.NewStore(outline.DefaultStoreBytes)
	for _, z := range []uint32{8, 10, 12, 13, 14, 15, 16, 17} {
		a := tileOf(center, z)
		var slots []index.Slot
		raw := 0
		for i := range l.shapes {
			if a.meets(l.shapes[i].Box(), float64(outline.Margin)/outline.Extent) {
				slots = append(slots, index.Slot(i))
				raw += len(l.shapes[i].Vertices())
			}
		}
		for _, warm := range []bool{false, true} {
			b.Run(fmt.Sprintf("z%d/warm=%t", z, warm), func(b *testing.B) {
				var d outline.Drawing
				draw := func() (vertices int) {
					if _, err := d.Load(b.Context(), outline.NewFrame(z, a.x, a.y, z >= 16), store, "e", l, slots, outline.Options{}); err != nil {
						b.Fatal(err)
					}
					for i := range slots {
						g, _ := d.Shape(i)
						vertices += len(g.Vertices)
					}
					return vertices
				}
				vertices := draw()
				before := cpu(b)
				for b.Loop() {
					if !warm {
						store.Forget()
					}
					draw()
				}
				b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
				b.ReportMetric(float64(len(slots)), "cells")
				b.ReportMetric(float64(raw), "vertices_in")
				b.ReportMetric(float64(vertices), "vertices_out")
			})
		}
	}
}

// cpu is the time that the process has computed.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
