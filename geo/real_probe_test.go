package geo_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/paulmach/orb"
)

type feature struct {
	Properties map[string]any
	Geometry   struct {
		Type        string
		Coordinates json.RawMessage
	}
}

func (f *feature) orb(t *testing.T) orb.Geometry {
	var mp [][][][]float64
	if f.Geometry.Type == "Polygon" {
		mp = make([][][][]float64, 1)
		if err := json.Unmarshal(f.Geometry.Coordinates, &mp[0]); err != nil {
			t.Fatal(err)
		}
	} else if err := json.Unmarshal(f.Geometry.Coordinates, &mp); err != nil {
		t.Fatal(f.Geometry.Type, err)
	}
	var out orb.MultiPolygon
	for _, p := range mp {
		var q orb.Polygon
		for _, r := range p {
			var o orb.Ring
			for _, c := range r {
				o = append(o, orb.Point{c[0], c[1]})
			}
			q = append(q, o)
		}
		out = append(out, q)
	}
	return out
}

func load(t *testing.T, file string) []*feature {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	z, _ := gzip.NewReader(f)
	var fc struct{ Features []*feature }
	if err := json.NewDecoder(z).Decode(&fc); err != nil {
		t.Fatal(err)
	}
	return fc.Features
}

func TestProbe(t *testing.T) {
	files, _ := filepath.Glob("/work/shared/data/taipei/units/base_geo_*.json.gz")
	files = append(files, "/work/shared/data/taipei/boundaries/taipei_village.geojson.gz", "/work/shared/data/taipei/boundaries/taipei_town.geojson.gz")
	total, bad, errs, nv := 0, 0, 0, 0
	var dv, da, dl time.Duration
	for _, file := range files {
		n := 0
		for i, f := range load(t, file) {
			s, err := geo.FromOrb(f.orb(t))
			if err != nil {
				errs++
				fmt.Println(filepath.Base(file), i, err)
				continue
			}
			n++
			total++
			nv += len(s.Vertices())
			t0 := time.Now()
			d := geo.Validate(s)
			dv += time.Since(t0)
			ref := reference(s).Validate()
			if (ref == nil) != (len(d) == 0) {
				fmt.Println("MISMATCH", ref, d)
			}
			t0 = time.Now()
			a := s.Area()
			da += time.Since(t0)
			t0 = time.Now()
			l := geo.LabelPoint(s)
			dl += time.Since(t0)
			if !s.Contains(l) {
				fmt.Println("label outside", i)
			}
			if len(d) > 0 {
				bad++
				fx, _, err := geo.Fix(s)
				fmt.Printf("%s %d %v verts %d->%d polys %d area %.3f -> %.3f err %v\n", filepath.Base(file), i, f.Properties["PTVNAME"], len(s.Vertices()), len(fx.Vertices()), fx.NumPolygons(), a, fx.Area(), err)
				for _, x := range d {
					fmt.Println("   ", x)
				}
			}
		}
	}
	fmt.Println(total, "shapes", nv, "vertices", bad, "bad", errs, "errors", "validate", dv, "area", da, "label", dl)
}
