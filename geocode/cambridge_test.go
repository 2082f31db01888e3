package geocode_test

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/geocode/eval"
	"github.com/gewu-city/gewu/geocode/noise"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// western is a city of street lines with ranges of numbers and of doors: Cambridge, from the files of package lines. A tenth of the doors is held back.
type western struct {
	geocoder *geocode.Geocoder
	doors    *index.Layer
	known    []eval.Case // doors that the city has
	held     []eval.Case // doors that it has not
	roads    []eval.Road
	along    map[string][]geo.Point // doors by the name of the street
}

func open(t *testing.T, name string) io.Reader {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// streetNames are the names of the streets of the file of package lines, by their numbers there.
func streetNames(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("lines/testdata/streets.txt")
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{""}, strings.Split(strings.TrimSpace(string(text)), "\n")...)
}

func loadCambridge(t *testing.T) *western {
	t.Helper()
	names := streetNames(t)
	text := func(s string) data.Value { return data.TextValue(data.Text, s) }
	log := indextest.NewLog()
	attribute := func(name string, t data.Type) data.Attribute { return data.Attribute{Name: name, Type: t} }
	log.Append(
		indextest.Define(&data.Layer{
			Name: "streets", Geometry: data.GeometryLine,
			Roles:      data.Roles{Road: &data.RoadRole{Name: "name", LeftFrom: "lf", LeftTo: "lt", RightFrom: "rf", RightTo: "rt"}},
			Attributes: []data.Attribute{attribute("name", data.Text), attribute("lf", data.Int), attribute("lt", data.Int), attribute("rf", data.Int), attribute("rt", data.Int)},
		}),
		indextest.Define(&data.Layer{
			Name: "doors", Geometry: data.GeometryPoint, Roles: data.Roles{Address: &data.AddressRole{Label: "full", Road: "street", Number: "number"}},
			Attributes: []data.Attribute{attribute("full", data.Text), attribute("street", data.Text), attribute("number", data.Text)},
		}),
	)
	w := &western{geocoder: geocode.New(), along: map[string][]geo.Point{}}
	roads := make([]eval.Road, len(names))
	r := csv.NewReader(open(t, "lines/testdata/cambridge.csv.gz"))
	r.FieldsPerRecord = -1
	var last geo.Point
	var changes []data.Change
	held := rand.New(rand.NewPCG(1, 10))
	for n := 0; ; n++ {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		v := make([]int32, len(row))
		for i := 1; i < len(row); i++ {
			x, err := strconv.ParseInt(row[i], 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			v[i] = int32(x)
		}
		points := func(first int) (all []geo.Point) {
			for i := first; i < len(v); i += 2 {
				last = geo.Point{X: last.X + v[i], Y: last.Y + v[i+1]}
				all = append(all, last)
			}
			return all
		}
		name := names[v[1]]
		switch row[0] {
		case "line":
			p := points(7)
			shape, err := geo.NewShape(geo.KindLine, p, []uint32{uint32(len(p))}, nil)
			if err != nil {
				t.Fatal(err)
			}
			in := func(i int) data.Value { return data.IntValue(int64(v[i])) }
			changes = append(changes, indextest.Put("streets", strconv.Itoa(n), shape, text(name), in(3), in(4), in(5), in(6)))
			roads[v[1]].Name = name
			roads[v[1]].Lines = append(roads[v[1]].Lines, p)
		case "address":
			at, id := points(4)[0], strconv.Itoa(n)
			c := eval.Case{Query: fmt.Sprintf("%d %s", v[2], name), Class: "held back", At: at, Placed: true, ToleranceM: 60}
			if held.IntN(10) == 0 {
				w.held = append(w.held, c)
				continue
			}
			c.IDs, c.ToleranceM = []string{"doors/" + id}, 5
			w.known = append(w.known, c)
			w.along[name] = append(w.along[name], at)
			changes = append(changes, indextest.Put("doors", id, geo.PointShape(at), text(c.Query), text(name), text(strconv.Itoa(int(v[2])))))
		case "crossing":
			points(3)
		}
	}
	for _, road := range roads {
		if road.Name != "" {
			w.roads = append(w.roads, road)
		}
	}
	ids := map[string][]string{} // the list has a label for each lot
	for _, c := range w.known {
		ids[c.Query] = append(ids[c.Query], c.IDs...)
	}
	for i := range w.known {
		w.known[i].IDs = ids[w.known[i].Query]
	}
	log.Append(changes...)
	e := index.NewEngine(log)
	e.Follow(w.geocoder)
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.doors, _ = e.World().Layer("doors")
	return w
}

// TestCambridge asks for the addresses of a city in English: those that it has, noisy ones, and those held back.
func TestCambridge(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	w := loadCambridge(t)
	r := chance(t, 8, 8)
	cases := slices.Clone(w.held)
	for _, class := range noise.Classes() {
		cases = append(cases, eval.Noisy(w.known, class, 400, r)...)
	}
	cases = append(cases, eval.Crossings(w.roads, 400, r)...)
	var anchors []eval.Anchor
	for i, c := range w.known {
		if i%97 == 0 {
			anchors = append(anchors, eval.Anchor{Text: c.Query, At: c.At, Road: w.along[c.Query[strings.IndexByte(c.Query, ' ')+1:]]})
		}
	}
	cases = append(cases, eval.Offsets(anchors, 200, r)...)
	report := run(t, w.geocoder, w.doors, cases)
	for _, row := range report.Classes {
		want := 97.0
		switch row.Class {
		case "held back", "crossing", "offset":
			want = 95
		case string(noise.Deletion):
			want = 90
		case string(noise.Combination):
			want = 85
		}
		right := row.Hit
		if row.Class == string(noise.MissingUnit) {
			right += row.Tied // 5 Berkeley is on Berkeley St and on Berkeley Pl
		}
		if share := 100 * float64(right) / float64(max(row.N, 1)); row.N > 0 && share < want {
			t.Errorf("%s: %.1f %% of %d, want %v", row.Class, share, row.N, want)
		}
	}
}
