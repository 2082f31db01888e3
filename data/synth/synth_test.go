package synth_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/synth"
	"github.com/gewu-city/gewu/geo"
)

func preset(t testing.TB, name string, change func(p *synth.Params)) *synth.City {
	t.Helper()
	p, ok := synth.Preset(name)
	if !ok {
		t.Fatalf("no preset %s", name)
	}
	if change != nil {
		change(&p)
	}
	c, err := synth.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func layer(t testing.TB, c *synth.City, name string) synth.Layer {
	t.Helper()
	l, ok := c.Layer(name)
	if !ok {
		t.Fatalf("no layer %s", name)
	}
	return l
}

// digest hashes every feature of a city.
func digest(c *synth.City) string {
	h := sha256.New()
	var b []byte
	for _, l := range c.Layers() {
		h.Write(l.Definition)
		for f := range l.Features {
			b = append(b[:0], f.ID...)
			for _, p := range f.Shape.Vertices() {
				b = binary.LittleEndian.AppendUint32(b, uint32(p.X))
				b = binary.LittleEndian.AppendUint32(b, uint32(p.Y))
			}
			for _, v := range f.Values {
				b = append(append(b, v.String()...), 0)
			}
			h.Write(b)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// TestSameForEver pins what a seed gives: cities that were made once can be made again. The digests change only when
// what is made changes on purpose.
func TestSameForEver(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	for _, test := range []struct {
		name   string
		change func(p *synth.Params)
		want   string
	}{
		{"scale-10k", nil, "e943d5a90210dd5f"},
		{"scale-10k", func(p *synth.Params) { p.Seed = 2 }, "8d2c3222d8ff7602"},
		{"scale-10k", func(p *synth.Params) { p.Rotate, p.Lon, p.Lat, p.Edition = 20, -71.1, 42.4, synth.Edition2026 }, "368fbfb22142832a"},
		{"dongcheng-2004", nil, "79015878f6cc61db"},
	} {
		c := preset(t, test.name, test.change)
		first := digest(c)
		if again := digest(c); again != first {
			t.Errorf("%s: the second run differs from the first", test.name)
		}
		if first != test.want {
			t.Errorf("%s: digest %s, want %s", test.name, first, test.want)
		}
	}
}

// TestStreamsSideBySide reads layers of one city at the same time and leaves some early.
func TestStreamsSideBySide(t *testing.T) {
	c := preset(t, "scale-10k", nil)
	want := digest(c)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for _, l := range c.Layers() {
				n := 0
				for range l.Features {
					if n++; n == 3 {
						break
					}
				}
			}
			if digest(c) != want {
				t.Error("a city read side by side differs")
			}
		})
	}
	group.Wait()
}

var (
	unitCode = regexp.MustCompile(`^110101(\d{3})(\d{3})(\d{3})$`)
	partCode = map[synth.Edition]*regexp.Regexp{
		synth.Edition2013: regexp.MustCompile(`^(110101)(0[1-5]\d\d)(\d{6})$`),
		synth.Edition2026: regexp.MustCompile(`^(110101)(0[1-5]\d\d\d)(\d{6})$`),
	}
)

// TestUnitCodes checks that codes count without gaps and run from north to south and west to east: what comes later
// in a community lies at most a row further north, and in one row further east.
func TestUnitCodes(t *testing.T) {
	c := preset(t, "dongcheng-2004", nil)
	type cell struct {
		middle geo.Point
		height float64
	}
	groups := map[string][]cell{}
	last := ""
	for f := range layer(t, c, "units").Features {
		m := unitCode.FindStringSubmatch(f.ID)
		if m == nil {
			t.Fatalf("unit code %q", f.ID)
		}
		if f.ID <= last {
			t.Fatalf("%s comes after %s", f.ID, last)
		}
		last = f.ID
		up := f.ID[:12]
		if n, _ := strconv.Atoi(m[3]); n != len(groups[up])+1 {
			t.Fatalf("%s is number %d of its community", f.ID, len(groups[up])+1)
		}
		b := f.Shape.Box()
		groups[up] = append(groups[up], cell{
			geo.Point{X: (b.Min.X + b.Max.X) / 2, Y: (b.Min.Y + b.Max.Y) / 2}, math.Sqrt(f.Shape.Area()) / 0.0111,
		})
	}
	wrong, pairs := 0, 0
	for _, g := range groups {
		for i := range g {
			for j := range g[i+1:] {
				a, b := g[i], g[i+1+j]
				row := (a.height + b.height) / 2
				dy := float64(b.middle.Y - a.middle.Y)
				pairs++
				if dy > 1.5*row || math.Abs(dy) < row/10 && b.middle.X < a.middle.X {
					wrong++
				}
			}
		}
	}
	// Middles of boxes are not what is sorted by, so a few pairs may differ.
	if wrong*100 > pairs {
		t.Errorf("%d of %d pairs are numbered against the order", wrong, pairs)
	}
}

func TestPartCodes(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	for _, e := range synth.Editions() {
		c := preset(t, "dongcheng-2004", func(p *synth.Params) { p.Edition = e })
		l := layer(t, c, "parts")
		class, name := l.Def.AttributeIndex("class"), l.Def.AttributeIndex("name")
		counts, names := map[string]int{}, map[string]string{}
		for f := range l.Features {
			m := partCode[e].FindStringSubmatch(f.ID)
			if m == nil || f.Values[class].Text() != m[2] {
				t.Fatalf("part %s of class %s", f.ID, f.Values[class].Text())
			}
			counts[m[2]]++
			if n, _ := strconv.Atoi(m[3]); n != counts[m[2]] {
				t.Fatalf("%s is number %d of its class", f.ID, counts[m[2]])
			}
			if n := f.Values[name].Text(); names[m[2]] != "" && names[m[2]] != n {
				t.Fatalf("class %s is %s and %s", m[2], n, names[m[2]])
			}
			names[m[2]] = f.Values[name].Text()
		}
		lamp := map[synth.Edition]string{synth.Edition2013: "0137", synth.Edition2026: "01037"}[e]
		if names[lamp] != "路灯" || len(counts) != 24 {
			t.Errorf("edition %s: %d classes; %s is %s", e, len(counts), lamp, names[lamp])
		}
	}
}

// TestPartsOfDistricts counts part numbers in each district by itself.
func TestPartsOfDistricts(t *testing.T) {
	c := preset(t, "scale-10k", func(p *synth.Params) { p.Districts, p.Streets = 3, 4 })
	seen := map[string]int{}
	for f := range layer(t, c, "parts").Features {
		group := f.ID[:10]
		seen[group]++
		if n, _ := strconv.Atoi(f.ID[10:]); n != seen[group] {
			t.Fatalf("%s is number %d of its class in its district", f.ID, seen[group])
		}
		if unit := f.Values[6].Text(); unit[:6] != f.ID[:6] {
			t.Fatalf("%s stands in %s", f.ID, unit)
		}
	}
}

// TestLampSpacing measures how far apart lamps stand on one side of a wide road.
func TestLampSpacing(t *testing.T) {
	c := preset(t, "dongcheng-2004", nil)
	wide := map[string]bool{}
	for f := range layer(t, c, "roads").Features {
		if f.Values[2].Text() == "主干路" {
			wide[f.Values[1].Text()] = true
		}
	}
	gaps := []float64{}
	var at geo.Point
	road := ""
	for f := range layer(t, c, "parts").Features {
		if f.Values[1].Text() != "0137" {
			continue
		}
		name, p := f.Values[7].Text(), f.Shape.Vertices()[0]
		if name == road && wide[name] {
			gaps = append(gaps, geo.Distance(at, p))
		}
		road, at = name, p
	}
	slices.Sort(gaps)
	// Crossings take a third of the length, so the mean is more than 30 m.
	if m := gaps[len(gaps)/2]; m < 25 || m > 45 {
		t.Errorf("lamps stand %.1f m apart", m)
	}
}

// TestNames checks that names tell roads and doors apart, and that numbers are odd on one side and even on the other.
func TestNames(t *testing.T) {
	c := preset(t, "scale-100k", nil)
	roads := map[string]bool{}
	for f := range layer(t, c, "roads").Features {
		name := f.Values[1].Text()
		if roads[name] {
			t.Fatalf("two roads are called %s", name)
		}
		roads[name] = true
		if n := len([]rune(name)); n < 3 || n > 8 {
			t.Fatalf("a road is called %s", name)
		}
	}
	full := map[string]bool{}
	odd := 0
	for f := range layer(t, c, "addresses").Features {
		address, road, number := f.Values[1].Text(), f.Values[2].Text(), f.Values[3].Text()
		if full[address] {
			t.Fatalf("two doors are %s", address)
		}
		full[address] = true
		if !roads[road] || !strings.HasSuffix(address, road+number) {
			t.Fatalf("%s stands on %s with number %s", address, road, number)
		}
		n, err := strconv.Atoi(strings.TrimSuffix(number, "号"))
		if err != nil || n < 1 {
			t.Fatalf("number %s", number)
		}
		odd += n % 2
	}
	if share := float64(odd) / float64(len(full)); share < 0.45 || share > 0.55 {
		t.Errorf("%.0f %% of the numbers are odd", share*100)
	}
}

// TestHouseholds adds up the households of entrances, buildings, blocks and cells.
func TestHouseholds(t *testing.T) {
	c := preset(t, "dongcheng-2004", nil)
	sum := map[string]int64{}
	for _, name := range []string{"entrances", "buildings", "blocks", "units"} {
		l := layer(t, c, name)
		at := l.Def.AttributeIndex("households")
		for f := range l.Features {
			sum[name] += f.Values[at].Int()
		}
	}
	if r := layer(t, c, "buildings").Def.Roles.Building; r == nil || r.Households != "households" {
		t.Errorf("buildings play %+v", r)
	}
	for name, n := range sum {
		if n != sum["entrances"] {
			t.Errorf("%s have %d households, the entrances %d", name, n, sum["entrances"])
		}
	}
	if n := sum["units"]; n < 100_000 || n > 400_000 {
		t.Errorf("%d households", n)
	}
}

func TestImpossible(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(p *synth.Params)
		field  string
		says   string
	}{
		{"fewer communities than streets", func(p *synth.Params) { p.Communities = 9 }, "communities", "communities ≥ 10"},
		{"fewer cells than communities", func(p *synth.Params) { p.Cells = 100 }, "cells", "cells ≥ 137"},
		{"fewer streets than districts", func(p *synth.Params) { p.Districts = 11 }, "streets", "streets ≥ 11"},
		{"no district", func(p *synth.Params) { p.Districts = 0 }, "districts", "at least 1"},
		{"no cells", func(p *synth.Params) { *p = synth.Params{Area: 1, DistrictCode: 110101, Districts: 1} }, "streets", "streets ≥ 1"},
		{"more cells than codes", func(p *synth.Params) { p.Cells = 137 * 1000 }, "cells", "at most 136863"},
		{"more districts than codes", func(p *synth.Params) { p.DistrictCode, p.Districts = 110199, 2 }, "districts", "at most 1"},
		{"blocks than cells", func(p *synth.Params) { p.Blocks = 1592 }, "blocks", "1593 to 1591407"},
		{"too small", func(p *synth.Params) { p.Area = 0.1 }, "area", "at least 0.956 km², or for at most 166 cells"},
		{"no area", func(p *synth.Params) { p.Area = 0 }, "area", "more than 0"},
		{"not a number", func(p *synth.Params) { p.Area = math.NaN() }, "area", "more than 0"},
		{"too large", func(p *synth.Params) { p.Area = 1e6 }, "area", "at most 20000 km²"},
		{"at the pole", func(p *synth.Params) { p.Lat = 89 }, "center", "between -75 and 75"},
		{"over the date line", func(p *synth.Params) { p.Lon = 179.99 }, "center", "180°"},
		{"no angle", func(p *synth.Params) { p.Rotate = math.Inf(1) }, "rotate", "degrees"},
		{"district of five digits", func(p *synth.Params) { p.DistrictCode = 11010 }, "district-code", "six digits"},
		{"unknown edition", func(p *synth.Params) { p.Edition = "GB 1" }, "edition", "GBT30428.2-2013"},
		{"too many doors", func(p *synth.Params) { p.Doors = 10_000_000 }, "doors", "at most"},
		{"too many parts", func(p *synth.Params) { p.Parts = 20_000_000 }, "parts", "at most"},
		{"more parts than numbers", func(p *synth.Params) { p.Parts = 8_000_000 }, "parts", "more districts"},
		{"negative", func(p *synth.Params) { p.Parts = -2 }, "parts", "at most 20000000"},
		{"fewer features than areas", func(p *synth.Params) { p.Features = 5000 }, "features", "ask for that many at least"},
	} {
		p, _ := synth.Preset("dongcheng-2004")
		test.change(&p)
		_, err := synth.New(p)
		var field *data.FieldError
		if !errors.As(err, &field) || field.Field != test.field || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %s and %q", test.name, err, test.field, test.says)
		}
	}
}

// TestSuggestionsHold takes the errors of too small areas at their word.
func TestSuggestionsHold(t *testing.T) {
	p, _ := synth.Preset("dongcheng-2004")
	p.Area = 0.956
	if _, err := synth.New(p); err != nil {
		t.Error(err)
	}
	p.Area, p.Cells = 0.1, 166
	if _, err := synth.New(p); err != nil {
		t.Error(err)
	}
	if _, ok := synth.Preset("nowhere"); ok {
		t.Error("a preset that is none")
	}
}

// TestScheme checks the scheme against the layers.
func TestScheme(t *testing.T) {
	c := preset(t, "scale-10k", nil)
	s := c.Scheme()
	if err := s.Validate(func(name string) (*data.Layer, bool) {
		l, ok := c.Layer(name)
		return l.Def, ok
	}); err != nil {
		t.Error(err)
	}
}

func BenchmarkPlan(b *testing.B) {
	for _, name := range synth.Presets() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				preset(b, name, nil)
			}
		})
	}
}

// BenchmarkFeatures makes every feature of a city and reports how many a second, and how much memory the plan and the
// stream take: the most that was live at any collection.
func BenchmarkFeatures(b *testing.B) {
	for _, name := range synth.Presets() {
		b.Run(name, func(b *testing.B) {
			n, most := 0, uint64(0)
			for b.Loop() {
				c := preset(b, name, nil)
				n = 0
				for _, l := range c.Layers() {
					count := 0
					for range l.Features {
						if count++; count%500_000 == 0 {
							most = max(most, live())
						}
					}
					n += count
					most = max(most, live())
				}
				if n != c.Count() {
					b.Fatal(fmt.Sprint(n, " features instead of ", c.Count()))
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "features/s")
			b.ReportMetric(float64(most)/(1<<20), "live-MiB")
		})
	}
}

func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
