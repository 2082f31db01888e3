package lines

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/geo"
)

// cambridge is the lines, addresses and crossings of a city with its street lines, parcels and list of addresses: files of
// github.com/cambridgegis/cambridgegis_data in the folder that GEWU_CAMBRIDGE names, with their names and .gz.
type cambridge struct {
	lines   []Line
	roads   map[string]uint32
	parcels map[string][][]geo.Point // rings, by map and lot
}

func open(t *testing.T, name string) io.Reader {
	t.Helper()
	dir := os.Getenv("GEWU_CAMBRIDGE")
	if dir == "" {
		t.Skip("GEWU_CAMBRIDGE does not say where the files of the city are")
	}
	f, err := os.Open(filepath.Join(dir, name+".gz"))
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

func decode(t *testing.T, name string, into any) {
	t.Helper()
	if err := json.NewDecoder(open(t, name)).Decode(into); err != nil {
		t.Fatal(name, err)
	}
}

func degrees(t *testing.T, xy [2]float64) geo.Point {
	t.Helper()
	p, ok := geo.FromDegrees(xy[0], xy[1])
	if !ok {
		t.Fatal(xy)
	}
	return p
}

func loadCambridge(t *testing.T) *cambridge {
	t.Helper()
	c := &cambridge{roads: map[string]uint32{}, parcels: map[string][][]geo.Point{}}
	var streets struct {
		Features []struct {
			ID       uint32
			Geometry struct {
				Type        string
				Coordinates json.RawMessage
			}
			Properties struct {
				Street string
				LFrom  int `json:"L_From"`
				LTo    int `json:"L_To"`
				RFrom  int `json:"R_From"`
				RTo    int `json:"R_To"`
			}
		}
	}
	decode(t, "TRANS_Centerlines.geojson", &streets)
	for _, f := range streets.Features {
		var parts [][][2]float64
		if f.Geometry.Type == "LineString" {
			parts = make([][][2]float64, 1)
			_ = json.Unmarshal(f.Geometry.Coordinates, &parts[0])
		} else if err := json.Unmarshal(f.Geometry.Coordinates, &parts); err != nil {
			t.Fatal(err)
		}
		name := strings.ToUpper(f.Properties.Street)
		if name == "" {
			continue
		}
		if _, ok := c.roads[name]; !ok {
			c.roads[name] = uint32(len(c.roads) + 1)
		}
		number := func(n int) uint32 { return uint32(max(0, n)) }
		for _, part := range parts {
			l := Line{
				Road: c.roads[name], ID: f.ID,
				Left: Range{number(f.Properties.LFrom), number(f.Properties.LTo)}, Right: Range{number(f.Properties.RFrom), number(f.Properties.RTo)},
			}
			for _, xy := range part {
				l.Points = append(l.Points, degrees(t, xy))
			}
			c.lines = append(c.lines, l)
		}
	}
	var topology struct {
		Transform struct{ Scale, Translate [2]float64 }
		Arcs      [][][2]float64
		Objects   map[string]struct {
			Geometries []struct {
				Type       string
				Arcs       json.RawMessage
				Properties struct{ ML string }
			}
		}
	}
	decode(t, "ASSESSING_ParcelsFY2013.topojson", &topology)
	arcs := make([][]geo.Point, len(topology.Arcs))
	for i, arc := range topology.Arcs {
		var x, y float64
		for _, d := range arc {
			x, y = x+d[0], y+d[1]
			arcs[i] = append(arcs[i], degrees(t, [2]float64{
				x*topology.Transform.Scale[0] + topology.Transform.Translate[0], y*topology.Transform.Scale[1] + topology.Transform.Translate[1],
			}))
		}
	}
	for _, g := range topology.Objects["ASSESSING_ParcelsFY2013"].Geometries {
		var polygons [][][]int
		if g.Type == "Polygon" {
			polygons = make([][][]int, 1)
			_ = json.Unmarshal(g.Arcs, &polygons[0])
		} else if err := json.Unmarshal(g.Arcs, &polygons); err != nil {
			t.Fatal(err)
		}
		for _, rings := range polygons {
			for _, ring := range rings {
				var points []geo.Point
				for _, a := range ring {
					arc := arcs[max(a, ^a)]
					if a < 0 {
						arc = slices.Clone(arc)
						slices.Reverse(arc)
					}
					points = append(points, arc...)
				}
				c.parcels[g.Properties.ML] = append(c.parcels[g.Properties.ML], points)
			}
		}
	}
	return c
}

func (c *cambridge) index() *Index { return New(slices.Values(c.lines)) }

// address is a number of a street whose place is known.
type address struct {
	road   uint32
	number uint32
	at     geo.Point
	tenth  uint32 // with which it is held back
	off    float64
}

// addresses are those whose street and parcel are known, each at the point of its parcels nearest to the lines of its
// street, off metres from these.
func (c *cambridge) addresses(t *testing.T, ix *Index) (all []address) {
	t.Helper()
	rows, err := csv.NewReader(open(t, "Master_Address_Database_with_MapLot_and_BldgID.csv")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	lots := map[string][]string{}
	var labels []string
	first := map[string][]string{}
	for _, row := range rows[1:] {
		label := strings.ToUpper(row[column["full_address"]])
		if _, ok := lots[label]; !ok {
			labels, first[label] = append(labels, label), row
		}
		lots[label] = append(lots[label], row[column["MapLot"]])
	}
	for _, label := range labels {
		row := first[label]
		name := strings.Join(strings.Fields(strings.ToUpper(row[column["street_name"]]+" "+row[column["street_suffix"]]+" "+row[column["dir_suffix"]])), " ")
		road, ok := c.roads[name]
		number, err := strconv.ParseUint(row[column["street_number"]], 10, 32)
		if !ok || err != nil || number == 0 {
			continue
		}
		best, at := math.Inf(1), geo.Point{}
		for _, lot := range lots[label] {
			for _, ring := range c.parcels[lot] {
				if p, metres := front(ix.road(road), ring); metres < best {
					best, at = metres, p
				}
			}
		}
		if math.IsInf(best, 1) {
			continue
		}
		h := fnv.New32a()
		fmt.Fprint(h, "tenth ", label)
		all = append(all, address{road, uint32(number), at, h.Sum32() % 10, best})
	}
	return all
}

// front is the point of a ring that is nearest to the lines of a road.
func front(r *road, ring []geo.Point) (at geo.Point, metres float64) {
	metres = math.Inf(1)
	for _, p := range ring {
		if _, m := r.near(p); m < metres {
			at, metres = p, m
		}
	}
	for i := range r.lines {
		for _, p := range r.run(i) {
			f := around(p)
			for j := 1; j < len(ring); j++ {
				if share, m := f.foot(ring[j-1], ring[j]); m < metres {
					at, metres = geo.Between(ring[j-1], ring[j], share), m
				}
			}
		}
	}
	return at, metres
}

// plain is a number between the ends of the line whose side holds it, on the line, without anchors: what is left without
// offset, inset and anchors.
func plain(r *road, number uint32, straight bool) (geo.Point, bool) {
	sides, how := r.holding(number)
	if how == Beyond || len(sides) == 0 {
		return geo.Point{}, false
	}
	s := sides[0]
	share := 0.5
	if s.numbers.From != s.numbers.To {
		share = (float64(number) - float64(s.numbers.From)) / (float64(s.numbers.To) - float64(s.numbers.From))
	}
	if straight {
		a, b := r.run(s.first), r.run(s.last-1)
		return geo.Between(a[0], b[len(b)-1], share), true
	}
	return r.reach(s.first, s.last, share*r.length(s.first, s.last)).at, true
}

func quantiles(errors []float64) string {
	slices.Sort(errors)
	q := func(share float64) float64 { return errors[int(share*float64(len(errors)-1))] }
	return fmt.Sprintf("%d: median %.1f m, 90 %% %.1f m, 95 %% %.1f m, 99 %% %.1f m, most %.0f m", len(errors), q(0.5), q(0.9), q(0.95), q(0.99), q(1))
}

func quantile(errors []float64, share float64) float64 {
	slices.Sort(errors)
	return errors[int(share*float64(len(errors)-1))]
}

// TestCambridge places every tenth of the addresses of a city by its street lines and the other nine tenths. Addresses
// whose lot is elsewhere in the list than on the map, which are some 2 of 100, count as errors like all others.
func TestCambridge(t *testing.T) {
	c := loadCambridge(t)
	ix := c.index()
	all := c.addresses(t, ix)
	var anchored, bare, along, straight, there []float64
	within := map[How][2]int{}
	none := 0
	for tenth := range uint32(10) {
		anchors := map[uint32][]Anchor{}
		for _, a := range all {
			if a.tenth != tenth {
				anchors[a.road] = append(anchors[a.road], Anchor{a.number, a.at})
			}
		}
		for _, a := range all {
			if a.tenth != tenth {
				continue
			}
			found, unaided := ix.Number(a.road, a.number, anchors[a.road]), ix.Number(a.road, a.number, nil)
			if len(found) == 0 {
				none++
				continue
			}
			f := found[0]
			d := geo.Distance(f.At, a.at)
			anchored = append(anchored, d)
			bare = append(bare, geo.Distance(unaided[0].At, a.at))
			w := within[f.How]
			if w[1]++; d <= f.Radius {
				w[0]++
			}
			within[f.How] = w
			if a.off <= 100 {
				there = append(there, d)
			}
			if p, ok := plain(ix.road(a.road), a.number, false); ok {
				q, _ := plain(ix.road(a.road), a.number, true)
				along, straight = append(along, geo.Distance(p, a.at)), append(straight, geo.Distance(q, a.at))
			}
		}
	}
	t.Logf("%d addresses, each held back once; %d not found", len(all), none)
	t.Logf("plain, straight  %s", quantiles(straight))
	t.Logf("plain, along     %s", quantiles(along))
	t.Logf("without anchors  %s", quantiles(bare))
	t.Logf("with anchors     %s", quantiles(anchored))
	t.Logf("with anchors, lots within 100 m of their street  %s", quantiles(there))
	t.Logf("within their radius, of all, by how they were found: %v", within)
	if got, want := quantile(anchored, 0.5), quantile(along, 0.5)/2; got > want {
		t.Errorf("the median error is %.1f m, want %.1f m", got, want)
	}
	if got := quantile(anchored, 0.95); got > 60 {
		t.Errorf("95 %% are within %.1f m, want 60 m", got)
	}
	if w := within[InRange]; float64(w[0]) < 0.9*float64(w[1]) {
		t.Errorf("of those in range, %d of %d are within their radius", w[0], w[1])
	}
}

// TestCambridgeCrossings looks for the crossings of the city's own list.
func TestCambridgeCrossings(t *testing.T) {
	c := loadCambridge(t)
	ix := c.index()
	var list struct {
		Features []struct {
			Geometry   struct{ Coordinates [2]float64 }
			Properties struct{ Intersection string }
		}
	}
	decode(t, "TRANS_Intersections.geojson", &list)
	asked, met := 0, 0
	for _, f := range list.Features {
		names := strings.Split(strings.ToUpper(f.Properties.Intersection), " & ")
		for i := range names {
			for j := range i {
				a, b := c.roads[names[i]], c.roads[names[j]]
				if a == 0 || b == 0 || a == b {
					continue
				}
				asked++
				best := math.Inf(1)
				for _, x := range ix.Crossings(a, b) {
					best = min(best, geo.Distance(x.At, degrees(t, f.Geometry.Coordinates)))
				}
				if best <= 30 {
					met++
				} else {
					t.Logf("%s and %s: %.0f m", names[i], names[j], best)
				}
			}
		}
	}
	t.Logf("%d of %d crossings within 30 m", met, asked)
	if float64(met) < 0.95*float64(asked) {
		t.Error("fewer than 95 %")
	}
}
