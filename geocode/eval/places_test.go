package eval

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/geo"
)

// street has doors on both sides of a straight road through a place.
func street(p plane, through vec, angle, from, to float64, jitter func() float64) []geo.Point {
	u := vec{math.Cos(angle), math.Sin(angle)}
	across := vec{-u.y, u.x}
	var doors []geo.Point
	for s := from; s <= to; s += 12 {
		side := 9.0
		if len(doors)%2 == 1 {
			side = -9
		}
		doors = append(doors, p.point(through.along(u, s+4*jitter()).along(across, side+3*jitter())))
	}
	return doors
}

// TestCrossingsOfDoors draws two straight roads: what is found lies where they cross.
func TestCrossingsOfDoors(t *testing.T) {
	centre := at(t, 121.55, 25.05)
	p := planeAt(centre)
	found, tried := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		tried++
		jitter := func() float64 { return rapid.Float64Range(-1, 1).Draw(t, "jitter") }
		a := rapid.Float64Range(0, math.Pi).Draw(t, "a")
		turn := math.Pi/2 - rapid.Float64Range(0, math.Pi/2).Draw(t, "acute") // draws are small rather than large
		from := rapid.Float64Range(-200, 20).Draw(t, "from")                  // of the second road: it may begin at the first one
		cross := vec{rapid.Float64Range(-500, 500).Draw(t, "x"), rapid.Float64Range(-500, 500).Draw(t, "y")}
		roads := []Road{
			{Name: "信義路", Doors: street(p, cross, a, -250, 250, jitter)},
			{Name: "松德路", Doors: street(p, cross, a+turn, from, 250, jitter)},
		}
		cases := Crossings(roads, 5, rand.New(rand.NewPCG(1, 1)))
		if turn < 25*math.Pi/180 && len(cases) > 0 {
			t.Fatalf("roads side by side cross: %+v", cases)
		}
		if turn > 40*math.Pi/180 && len(cases) != 1 {
			t.Fatalf("%d crossings", len(cases))
		}
		for _, c := range cases {
			found++
			if d := geo.Distance(c.At, p.point(cross)); d > 2*corner+15 {
				t.Fatalf("%.0f m beside the truth: %+v", d, c)
			}
			if !strings.Contains(c.Query, "信義") || !strings.Contains(c.Query, "松德") || c.ToleranceM != crossingTolerance || !c.Placed {
				t.Fatalf("%+v", c)
			}
		}
	})
	if found*3 < tried {
		t.Errorf("found %d of %d", found, tried)
	}
}

// TestUncertainCrossings: roads at a small angle, and roads of which the doors end long before they would cross.
func TestUncertainCrossings(t *testing.T) {
	p := planeAt(at(t, 121.55, 25.05))
	still := func() float64 { return 0 }
	for name, c := range map[string]struct {
		through  vec
		angle    float64 // in degrees
		from, to float64
		want     int
	}{
		"at 26°":               {vec{}, 26, -200, 200, 0},
		"at 35°":               {vec{}, 35, -200, 200, 1},
		"met beyond the doors": {vec{70, 0}, 145, 80, 220, 0},
		"met near the doors":   {vec{20, 0}, 145, 40, 220, 1},
	} {
		first := street(p, vec{}, 0, -250, 250, still)
		if c.through.x > 0 {
			first = street(p, vec{}, 0, -150, 0, still)
		}
		second := street(p, c.through, c.angle*math.Pi/180, c.from, c.to, still)
		if got := Crossings([]Road{{Name: "信義路", Doors: first}, {Name: "松德路", Doors: second}}, 5, rand.New(rand.NewPCG(1, 1))); len(got) != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestCrossingsOfLines(t *testing.T) {
	p := planeAt(at(t, -71.1, 42.37))
	line := func(xy ...float64) []geo.Point {
		var l []geo.Point
		for i := 0; i < len(xy); i += 2 {
			l = append(l, p.point(vec{xy[i], xy[i+1]}))
		}
		return l
	}
	roads := []Road{
		{Name: "Main St", Lines: [][]geo.Point{line(-500, 0, 0, 0), line(0, 0, 500, 0)}},
		{Name: "Pearl St", Lines: [][]geo.Point{line(100, -300, 100, 300)}, Doors: line(300, 5)}, // its door is not asked
		{Name: "Elm St", Lines: [][]geo.Point{line(-200, 0, -200, 200)}},                         // ends at Main St
		{Name: "Round Rd", Lines: [][]geo.Point{line(-400, -50, -400, 50, 400, 50, 400, -50)}},   // crosses Main St twice
		{Name: "Far St", Lines: [][]geo.Point{line(0, 2000, 10, 2000), nil}},
		{Name: "Twin St", Lines: [][]geo.Point{line(300, -100, 300, 100)}},
		{Name: "Twin St", Lines: [][]geo.Point{line(350, -100, 350, 100)}},
	}
	got := map[string]geo.Point{}
	for _, c := range Crossings(roads, 99, rand.New(rand.NewPCG(3, 3))) {
		names := []string{}
		for _, r := range roads {
			if strings.Contains(c.Query, r.Name) {
				names = append(names, r.Name)
			}
		}
		if strings.ContainsFunc(c.Query, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || len(names) != 2 {
			t.Errorf("%+v", c)
		}
		got[strings.Join(names, "+")] = c.At
	}
	want := map[string]vec{"Main St+Pearl St": {100, 0}, "Main St+Elm St": {-200, 0}, "Pearl St+Round Rd": {100, 50}, "Elm St+Round Rd": {-200, 50}}
	if len(got) != len(want) {
		t.Errorf("%v", slices.Collect(maps.Keys(got)))
	}
	for pair, v := range want {
		if d := geo.Distance(got[pair], p.point(v)); d > 2*corner {
			t.Errorf("%s is %.0f m off", pair, d)
		}
	}
}

// TestOffsetsOfAnchors reads the texts back and walks from the anchor.
func TestOffsetsOfAnchors(t *testing.T) {
	bearings := map[string]float64{
		"北": 0, "东北": 45, "東北": 45, "东": 90, "東": 90, "东南": 135, "東南": 135, "南": 180, "西南": 225, "西": 270, "西北": 315,
		"north": 0, "northeast": 45, "east": 90, "southeast": 135, "south": 180, "southwest": 225, "west": 270, "northwest": 315,
	}
	han := regexp.MustCompile(`^(.*[号號])[往以向]?([东東南西北]{1,2})[走侧側]?(\d+)(米|公尺)[处處]?$`)
	latin := regexp.MustCompile(`^(?:about )?(\d+) (m|feet) ([a-z]+) of (.*)$`)
	for _, text := range []string{"塔悠路328號", "陕西南路3号", "12 Main St"} {
		anchor := Anchor{Text: text, At: at(t, 121.5, 25.1)}
		for _, c := range Offsets([]Anchor{anchor}, 300, rand.New(rand.NewPCG(4, 4))) {
			var where, unit string
			var d int
			if m := han.FindStringSubmatch(c.Query); m != nil && m[1] == text {
				where, unit = m[2], m[4]
				d, _ = strconv.Atoi(m[3])
			} else if m := latin.FindStringSubmatch(c.Query); m != nil && m[4] == text {
				where, unit = m[3], m[2]
				d, _ = strconv.Atoi(m[1])
			}
			bearing, ok := bearings[where]
			if !ok {
				t.Fatalf("not understood: %q", c.Query)
			}
			metres := float64(d)
			if unit == "feet" {
				metres *= 0.3048
			}
			a := bearing * math.Pi / 180
			want := planeAt(anchor.At).point(vec{metres * math.Sin(a), metres * math.Cos(a)})
			if off := geo.Distance(want, c.At); off > 0.1 {
				t.Errorf("%q is %.1f m off", c.Query, off)
			}
			if geo.Distance(anchor.At, c.At) <= c.ToleranceM || c.Class != "offset" {
				t.Errorf("the anchor itself is right: %+v", c)
			}
		}
	}
	if got := Offsets(nil, 5, rand.New(rand.NewPCG(4, 4))); got != nil {
		t.Errorf("%+v", got)
	}
}

// TestOffsetsAlongRoads: no case where a road goes between the directions of the compass.
func TestOffsetsAlongRoads(t *testing.T) {
	anchor := at(t, 121.5, 25.1)
	still := func() float64 { return 0 }
	for degrees, want := range map[float64]string{0: "東西南北", 20: "東西南北", 45: "東北西北東南西南"} {
		road := street(planeAt(anchor), vec{}, degrees*math.Pi/180, -200, 200, still)
		seen := map[string]bool{}
		for _, c := range Offsets([]Anchor{{Text: "A", At: anchor, Road: road}, {Text: "塔悠路", At: anchor, Road: road[:2]}}, 200, rand.New(rand.NewPCG(4, 4))) {
			if !strings.HasPrefix(c.Query, "A") {
				t.Errorf("an anchor on a road that is not known: %q", c.Query)
			}
			word := regexp.MustCompile(`[東南西北]+`).FindString(c.Query)
			seen[word] = true
		}
		for word := range seen {
			if !strings.Contains(want, word) || len(want) > 12 && len(word) == 3 {
				t.Errorf("a road at %v°: %s", degrees, word)
			}
		}
		if len(seen) != 4 {
			t.Errorf("a road at %v°: %v", degrees, seen)
		}
	}
}

// sample are the doors of the demonstration city by label, and those on roads by road.
func sample(t *testing.T) (doors map[string][]geo.Point, roads map[string][]geo.Point) {
	t.Helper()
	f, err := os.Open("../../sample/files/addresses.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	doors, roads = map[string][]geo.Point{}, map[string][]geo.Point{}
	for lines := bufio.NewScanner(z); lines.Scan(); {
		v := strings.Split(lines.Text(), ",") // FULL_ADDR,TOWN,VILLAGE,NEIGHBORHOOD,ROAD,SECTION,LANE,ALLEY,NUMBER,X,Y
		x, err := strconv.ParseFloat(v[len(v)-2], 64)
		if err != nil {
			continue // the header
		}
		y, err := strconv.ParseFloat(v[len(v)-1], 64)
		if err != nil {
			t.Fatal(err)
		}
		p := at(t, x, y)
		doors[v[0]] = append(doors[v[0]], p)
		if v[6] == "" && v[7] == "" {
			roads[v[4]+v[5]] = append(roads[v[4]+v[5]], p)
		}
	}
	return doors, roads
}

// TestFiles reads the case files that are shipped, and compares the places of reports with the doors they name.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.tsv")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	all := map[string][]Case{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := Read(f, filepath.Base(name))
		f.Close()
		if err != nil {
			t.Error(err)
		}
		queries := map[string]bool{}
		for _, c := range cases {
			if queries[c.Query] {
				t.Errorf("%s: row %d: %q stands twice", c.File, c.Row, c.Query)
			}
			queries[c.Query] = true
		}
		all[filepath.Base(name)] = cases
	}
	if n := len(all["none.tsv"]); n < 150 {
		t.Errorf("%d texts without a place", n)
	}
	for _, c := range all["none.tsv"] {
		if !c.None {
			t.Errorf("row %d is somewhere", c.Row)
		}
	}
	if n := len(all["reports.tsv"]); n < 60 {
		t.Errorf("%d reports", n)
	}
	if testing.Short() {
		t.Skip("reads the demonstration city")
	}
	doors, _ := sample(t)
	text, err := os.ReadFile("../testdata/reports.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	checked := 0
	for _, c := range all["reports.tsv"] {
		note := lines[c.Row-1][strings.LastIndexByte(lines[c.Row-1], '\t')+1:]
		var east, north float64
		label := note
		if i := strings.IndexByte(note, ' '); i > 0 && strings.Contains(note, " m east ") {
			label = note[:i]
			if _, err := fmt.Sscanf(note[i:], " %f m east %f m north", &east, &north); err != nil {
				t.Errorf("row %d: %v", c.Row, err)
			}
		} else if i > 0 {
			continue // a crossing
		}
		places := doors[label]
		if len(places) == 0 {
			t.Errorf("row %d: no door %q", c.Row, label)
			continue
		}
		if d := geo.Distance(planeAt(places[0]).point(vec{east, north}), c.At); d > 1 {
			t.Errorf("row %d: %.1f m from %s", c.Row, d, note)
		}
		checked++
	}
	if checked < 55 {
		t.Errorf("checked %d doors", checked)
	}
}

// TestCrossingsOfTheSample knows some crossings of Taipei.
func TestCrossingsOfTheSample(t *testing.T) {
	if testing.Short() {
		t.Skip("reads the demonstration city")
	}
	_, doors := sample(t)
	var roads []Road
	for _, name := range slices.Sorted(maps.Keys(doors)) {
		roads = append(roads, Road{Name: name, Doors: doors[name]})
	}
	cases := Crossings(roads, 1<<20, rand.New(rand.NewPCG(1, 1)))
	t.Logf("%d crossings of %d roads", len(cases), len(roads))
	if len(cases) < 500 {
		t.Errorf("only %d crossings", len(cases))
	}
	if d := cmp.Diff(cases, Crossings(roads, 1<<20, rand.New(rand.NewPCG(1, 1)))); d != "" {
		t.Errorf("the same seed made other cases: %.500s", d)
	}
	var anchors []Anchor
	for _, road := range roads[:100] {
		for _, door := range road.Doors {
			anchors = append(anchors, Anchor{Text: road.Name + "1號", At: door, Road: road.Doors})
		}
	}
	if n := len(Offsets(anchors, 200, rand.New(rand.NewPCG(1, 1)))); n != 200 {
		t.Errorf("%d offsets", n)
	}
	for pair, place := range map[[2]string][2]float64{
		{"復興南路二段", "和平東路二段"}: {121.5436, 25.0252},
		{"松山路", "永吉路"}:       {121.5780, 25.0456},
		{"民生西路", "寧夏路"}:      {121.5154, 25.0569},
	} {
		i := slices.IndexFunc(cases, func(c Case) bool { return strings.Contains(c.Query, pair[0]) && strings.Contains(c.Query, pair[1]) })
		if i < 0 {
			t.Errorf("no crossing of %v", pair)
			continue
		}
		if d := geo.Distance(cases[i].At, at(t, place[0], place[1])); d > 60 {
			t.Errorf("%v is %.0f m off", pair, d)
		}
	}
}
