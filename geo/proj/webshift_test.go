package proj_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

func shifts(t testing.TB) []*proj.Shift {
	t.Helper()
	var all []*proj.Shift
	for _, name := range proj.Shifts() {
		s, ok := proj.FindShift(name)
		if !ok || s.Name() != name {
			t.Fatalf("%s is not found", name)
		}
		all = append(all, s)
	}
	return all
}

func TestFindShift(t *testing.T) {
	for name, want := range map[string]string{"gcj02": "gcj02", "GCJ-02": "gcj02", "bd09": "bd09", "BD09LL": "bd09", "EPSG:4326": "", "": "", "EPSG:3857": "", "mars": ""} {
		s, ok := proj.FindShift(name)
		if ok != (want != "") || ok && s.Name() != want {
			t.Errorf("%q: %v", name, ok)
		}
	}
}

// somewhere is a place in or around the box of the systems, most often a city or the edge of the box.
func somewhere(rng *rand.Rand) geo.Point {
	west, south, wide, high := 60.0, -10.0, 90.0, 80.0
	switch rng.IntN(4) {
	case 0:
		west, south, wide, high = 116.2, 39.7, 0.4, 0.4
	case 1:
		west, south, wide, high = 137.8347-0.05, 35, 0.1, 0.1
	case 2:
		west, south, wide, high = 104.99, 55.8271-0.05, 0.02, 0.1 // the root is steep at 105°
	}
	return geo.Point{X: int32((west + wide*rng.Float64()) * geo.Unit), Y: int32((south + high*rng.Float64()) * geo.Unit)}
}

func rounded(lon, lat float64) geo.Point {
	return geo.Point{X: int32(math.Round(lon * geo.Unit)), Y: int32(math.Round(lat * geo.Unit))}
}

func shifted(t testing.TB, c proj.CRS, lon, lat float64) (x, y float64) {
	t.Helper()
	x, y, ok := c.FromLonLat(lon, lat)
	if !ok {
		t.Fatalf("%v, %v has no %s", lon, lat, c.Name())
	}
	return x, y
}

// unit22 is a unit of a tile of zoom level 22, as a share of the side of the world.
const unit22 = 1.0 / (1 << 34)

func mercator(lon, lat float64) (x, y float64) {
	return (lon + 180) / 360, (1 - math.Log(math.Tan(math.Pi/4+lat*math.Pi/360))/math.Pi) / 2
}

func TestShiftOfPoints(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range shifts(t) {
		c, err := proj.Lookup(s.Name())
		if err != nil {
			t.Fatal(err)
		}
		for range 200_000 {
			p := somewhere(rng)
			x, y := s.Mercator(p)
			wantX, wantY := mercator(shifted(t, c, p.Lon(), p.Lat()))
			if d := max(math.Abs(x-wantX), math.Abs(y-wantY)); d > unit22/8 {
				t.Fatalf("%s of %v is off by %.3g units of zoom 22", s.Name(), p, d/unit22)
			}
		}
	}
}

// What is drawn of an edge lies where the straight edge lies on an unshifted map, shifted; so do shared pieces of edges.
func TestShiftOfEdges(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	type at struct{ x, y float64 }
	for _, s := range shifts(t) {
		c, _ := proj.Lookup(s.Name())
		worst, most := 0.0, 0
		for range 3_000 {
			u := somewhere(rng)
			reach := math.Pow(10, 1+rng.Float64()*6)
			v := geo.Point{X: u.X + int32((rng.Float64()*2-1)*reach), Y: u.Y + int32((rng.Float64()*2-1)*reach)}
			var path, back []at
			s.Along(u, v, func(x, y float64) { path = append(path, at{x, y}) })
			s.Along(v, u, func(x, y float64) { back = append(back, at{x, y}) })
			slices.Reverse(back)
			if !slices.Equal(path, back) {
				t.Fatalf("%s from %v to %v and back differ", s.Name(), u, v)
			}
			most = max(most, len(path))
			ux, uy := s.Mercator(u)
			vx, vy := s.Mercator(v)
			path = append(append([]at{{ux, uy}}, path...), at{vx, vy})
			ax, ay := u.Mercator()
			bx, by := v.Mercator()
			pieces := float64(len(path) - 1)
			straight := func(part float64) (lon, lat float64) {
				x, y := ax+(bx-ax)*part, ay+(by-ay)*part
				return x*360 - 180, math.Atan(math.Sinh(math.Pi*(1-2*y))) * 180 / math.Pi
			}
			inBox := func(part float64) bool {
				lon, lat := straight(part)
				return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271
			}
			for range 20 {
				i := rng.IntN(len(path) - 1)
				f := rng.Float64()
				if !inBox(0) || !inBox(1) {
					continue // pieces outside are not of equal length
				}
				x, y := path[i].x+(path[i+1].x-path[i].x)*f, path[i].y+(path[i+1].y-path[i].y)*f
				lon, lat := straight((float64(i) + f) / pieces)
				wantX, wantY := mercator(shifted(t, c, lon, lat))
				// In metres at the equator.
				worst = max(worst, math.Hypot(x-wantX, y-wantY)*40_075_017)
			}
		}
		t.Logf("%s: %.4f m, %d bends", s.Name(), worst, most)
		if worst > 0.01 {
			t.Errorf("%s: edges are off by %.3f m", s.Name(), worst)
		}
	}
}

// The bounds that boxes are made with, by looking everywhere.
func TestShiftBoxes(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, s := range shifts(t) {
		c, _ := proj.Lookup(s.Name())
		tight := 0.0
		for range 20_000 {
			p := somewhere(rng)
			reach := math.Pow(10, 1+rng.Float64()*6)
			q := geo.Point{X: p.X + int32(rng.Float64()*reach), Y: p.Y + int32(rng.Float64()*reach)}
			box := geo.Box{Min: p, Max: q}
			origin, image := s.Origin(box), s.Image(box)
			tight = max(tight, float64(origin.Max.X-origin.Min.X)-float64(q.X-p.X)*1.1)
			for range 20 {
				// A place in the box is drawn in its image.
				in := geo.Point{X: p.X + int32(rng.Float64()*float64(q.X-p.X)), Y: p.Y + int32(rng.Float64()*float64(q.Y-p.Y))}
				x, y := shifted(t, c, in.Lon(), in.Lat())
				if to := rounded(x, y); !image.Contains(to) {
					t.Fatalf("%s: %v of %v is drawn at %v, outside %v", s.Name(), in, box, to, image)
				}
				// A place near the box that is drawn in it is in its origin.
				near := geo.Point{X: in.X + int32((rng.Float64()-0.5)*4e5), Y: in.Y + int32((rng.Float64()-0.5)*4e5)}
				x, y = shifted(t, c, near.Lon(), near.Lat())
				if to := rounded(x, y); box.Contains(to) && !origin.Contains(near) {
					t.Fatalf("%s: %v is drawn at %v in %v, and is not in %v", s.Name(), near, to, box, origin)
				}
				if near != rounded(x, y) && box.Contains(rounded(x, y)) && !s.Reaches(box) {
					t.Fatalf("%s: %v is shifted into %v, which is not reached", s.Name(), near, box)
				}
			}
		}
		if tight > 0.07*geo.Unit {
			t.Errorf("%s: boxes grow by %.0f units", s.Name(), tight)
		}
	}
	inside := geo.Box{Min: geo.Point{X: 1_164_000_000, Y: 399_000_000}, Max: geo.Point{X: 1_164_050_000, Y: 399_050_000}}
	for _, s := range shifts(t) {
		if o := s.Origin(inside); o.Max.X-o.Min.X > 60_000 || o.Contains(inside.Min) {
			t.Errorf("%s: a box of a tile of zoom 16 comes from %v", s.Name(), o)
		}
	}
}

func BenchmarkShift(b *testing.B) {
	for _, s := range shifts(b) {
		b.Run(s.Name(), func(b *testing.B) {
			sum := 0.0
			for i := range b.N {
				x, y := s.Mercator(geo.Point{X: 1_164_000_000 + int32(i&0xffff), Y: 399_000_000 + int32(i&0xfff)})
				sum += x + y
			}
			if sum == 1 {
				b.Fatal()
			}
		})
	}
}
