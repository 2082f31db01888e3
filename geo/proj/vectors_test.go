package proj_test

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/geo/proj"
)

// readTSV reads the rows of a table in testdata, which have n columns of numbers.
func readTSV(tb testing.TB, name string, n int) [][]float64 {
	tb.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var out [][]float64
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		fields := strings.Split(sc.Text(), "\t")
		if len(fields) != n {
			tb.Fatalf("%s: %q has %d columns, want %d", name, sc.Text(), len(fields), n)
		}
		row := make([]float64, n)
		for i, c := range fields {
			if row[i], err = strconv.ParseFloat(c, 64); err != nil {
				tb.Fatal(err)
			}
		}
		out = append(out, row)
	}
	return out
}

// vector is a place and its coordinates by another program.
type vector struct{ place, want orb.Point }

// vectors are the recorded places of every plane system by EPSG code.
func vectors(tb testing.TB) map[int][]vector {
	tb.Helper()
	all := map[int][]vector{}
	for _, r := range readTSV(tb, "gausskruger.tsv", 5) {
		all[int(r[0])] = append(all[int(r[0])], vector{orb.Point{r[1], r[2]}, orb.Point{r[3], r[4]}})
	}
	for _, code := range []int{3826, 3857} {
		for _, r := range readTSV(tb, fmt.Sprintf("epsg%d.tsv", code), 4) {
			all[code] = append(all[code], vector{orb.Point{r[0], r[1]}, orb.Point{r[2], r[3]}})
		}
	}
	return all
}

func TestCRSAgainstGDAL(t *testing.T) {
	all := vectors(t)
	if len(all) != 66 {
		t.Fatalf("%d systems, want 64 zones, 3826 and 3857", len(all))
	}
	worst, worstBack := 0.0, 0.0
	for code, rows := range all {
		if len(rows) < 20 {
			t.Fatalf("EPSG:%d has %d places", code, len(rows))
		}
		c := mustCRS(t, fmt.Sprintf("EPSG:%d", code))
		for _, r := range rows {
			x, y, ok := c.FromLonLat(r.place[0], r.place[1])
			if !ok {
				t.Fatalf("%s: %v is outside", c.Name(), r.place)
			}
			if d := math.Hypot(x-r.want[0], y-r.want[1]); d > 1e-6 {
				t.Errorf("%s: %v is %v, %v, off by %v m", c.Name(), r.place, x, y, d)
			} else {
				worst = max(worst, d)
			}
			lon, lat, ok := c.ToLonLat(r.want[0], r.want[1])
			if !ok {
				t.Fatalf("%s: %v is outside", c.Name(), r.want)
			}
			// GDAL wrote a micrometre, which is 9e-12 degrees.
			if d := math.Hypot(lon-r.place[0], lat-r.place[1]); d > 1e-10 {
				t.Errorf("%s: %v is %v, %v: off by %v degrees", c.Name(), r.want, lon, lat, d)
			}
			if lon, lat, ok = c.ToLonLat(x, y); !ok {
				t.Fatalf("%s: the way back from %v, %v is outside", c.Name(), x, y)
			}
			worstBack = max(worstBack, math.Abs(lon-r.place[0]), math.Abs(lat-r.place[1]))
		}
	}
	t.Logf("worst: %.3g m, there and back %.3g degrees", worst, worstBack)
	if worstBack > 1e-12 {
		t.Errorf("there and back is off by %v degrees", worstBack)
	}
}

// TestSlices compares the conversion of slices with that of single places, and looks where it stops.
func TestSlices(t *testing.T) {
	for code, rows := range vectors(t) {
		c := mustCRS(t, fmt.Sprintf("EPSG:%d", code))
		ps := make([]orb.Point, len(rows))
		for i, r := range rows {
			ps[i] = r.place
		}
		if n := proj.Forward(c, ps); n != len(ps) {
			t.Fatalf("%s: stopped at %d", c.Name(), n)
		}
		for i, r := range rows {
			if x, y, _ := c.FromLonLat(r.place[0], r.place[1]); ps[i] != (orb.Point{x, y}) {
				t.Errorf("%s: %v is %v in a slice and %v, %v alone", c.Name(), r.place, ps[i], x, y)
			}
		}
		ps[7][1] = math.NaN()
		before := ps[8]
		if n := proj.Inverse(c, ps); n != 7 || ps[8] != before {
			t.Errorf("%s: stopped at %d, want 7", c.Name(), n)
		}
	}
	c := mustCRS(t, "EPSG:4549")
	ps := make([]orb.Point, 100)
	if n := testing.AllocsPerRun(10, func() {
		for i := range ps {
			ps[i] = orb.Point{120.5, 30}
		}
		proj.Forward(c, ps)
		proj.Inverse(c, ps)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestGDALAgain runs gdaltransform over the recorded places, so that the record and the program cannot drift apart.
func TestGDALAgain(t *testing.T) {
	tool, err := exec.LookPath("gdaltransform")
	if os.Getenv("GEWU_E2E") == "" {
		t.Skip("GEWU_E2E is not set")
	} else if err != nil {
		t.Fatal(err)
	}
	for code, rows := range vectors(t) {
		name := fmt.Sprintf("EPSG:%d", code)
		source := "EPSG:4490"
		if code < proj.FirstZone {
			source = "EPSG:4326"
		}
		var in strings.Builder
		for _, r := range rows {
			fmt.Fprintf(&in, "%.10f %.10f\n", r.place[0], r.place[1])
		}
		cmd := exec.CommandContext(t.Context(), tool, "-s_srs", source, "-t_srs", name, "-output_xy")
		cmd.Stdin = strings.NewReader(in.String())
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if len(lines) != len(rows) {
			t.Fatalf("%s: %d answers for %d places", name, len(lines), len(rows))
		}
		c := mustCRS(t, name)
		for i, line := range lines {
			var gx, gy float64
			if _, err := fmt.Sscan(line, &gx, &gy); err != nil {
				t.Fatal(err)
			}
			x, y, _ := c.FromLonLat(rows[i].place[0], rows[i].place[1])
			if math.Hypot(x-gx, y-gy) > 1e-3 {
				t.Errorf("%s: %v is %v, %v here and %v, %v by gdaltransform", name, rows[i].place, x, y, gx, gy)
			}
		}
	}
}

func TestShifted(t *testing.T) {
	rows := readTSV(t, "shifted.tsv", 6)
	gcj, bd := mustCRS(t, "gcj02"), mustCRS(t, "bd09")
	for _, r := range rows {
		for i, c := range []proj.CRS{gcj, bd} {
			wx, wy := r[2+2*i], r[3+2*i]
			x, y, ok := c.FromLonLat(r[0], r[1])
			if !ok || math.Abs(x-wx) > 1e-12 || math.Abs(y-wy) > 1e-12 {
				t.Errorf("%s: %v, %v is %v, %v, want %v, %v", c.Name(), r[0], r[1], x, y, wx, wy)
			}
			lon, lat, ok := c.ToLonLat(wx, wy)
			if !ok || math.Abs(lon-r[0]) > 1e-11 || math.Abs(lat-r[1]) > 1e-11 {
				t.Errorf("%s: %v, %v is %v, %v, want %v, %v", c.Name(), wx, wy, lon, lat, r[0], r[1])
			}
		}
	}
	// The published pair GCJ-02 → BD-09.
	lon, lat, _ := gcj.ToLonLat(116.404, 39.915)
	if x, y, _ := bd.FromLonLat(lon, lat); math.Abs(x-116.41036949371029) > 1e-12 || math.Abs(y-39.92133699351021) > 1e-12 {
		t.Errorf("GCJ-02 116.404, 39.915 is BD-09 %v, %v", x, y)
	}
}

func BenchmarkProject(b *testing.B) {
	for _, name := range []string{"EPSG:3826", "EPSG:4549", "EPSG:3857", "gcj02", "bd09"} {
		c := mustCRS(b, name)
		places := make([]orb.Point, 1000)
		for i := range places {
			places[i] = orb.Point{119 + float64(i)*0.003, 22 + float64(i%100)*0.03}
		}
		ps := make([]orb.Point, len(places))
		b.Run(name+"/Forward", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				copy(ps, places)
				if proj.Forward(c, ps) != len(ps) {
					b.Fatal("outside")
				}
			}
			perPoint(b, len(ps))
		})
		copy(places, ps)
		b.Run(name+"/Inverse", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				copy(ps, places)
				if proj.Inverse(c, ps) != len(ps) {
					b.Fatal("outside")
				}
			}
			perPoint(b, len(ps))
		})
	}
}

func perPoint(b *testing.B, n int) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/point")
}
