package lines

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"flag"
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

var update = flag.Bool("update", false, "write the files of testdata anew, from the files in the folder GEWU_CAMBRIDGE")

// TestSurvey compares the city in testdata with the files that it is from, in the folder that GEWU_CAMBRIDGE names.
func TestSurvey(t *testing.T) {
	s := &survey{roads: map[string]uint32{}, parcels: map[string][][]geo.Point{}}
	c := &cambridge{lines: s.streets(t)}
	s.readParcels(t)
	c.addresses, c.crossings = s.addresses(t, indexOf(c.lines...)), s.crossings(t)
	got := c.rows()
	if *update {
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		_, _ = z.Write(got)
		_ = z.Close()
		if err := os.WriteFile(cambridgeFile, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(streetsFile, []byte(s.names()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(streetsFile); err != nil || s.names() != string(want) {
		t.Errorf("the names of the streets are not those of %s: %v", streetsFile, err)
	}
	if want := loadCambridge(t).rows(); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want the %d of %s", len(got), len(want), cambridgeFile)
	}
}

// survey is what the files of the city say: the roads by name and the rings of parcels by map and lot.
type survey struct {
	roads   map[string]uint32
	written []string // names of roads as they are written, by number
	parcels map[string][][]geo.Point
}

// streetsFile has the names of the roads of cambridgeFile, a line each, by their numbers there.
const streetsFile = "testdata/streets.txt"

func (c *survey) names() string { return strings.Join(c.written, "\n") + "\n" }

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

// streets are the lines of the city.
func (c *survey) streets(t *testing.T) (lines []Line) {
	t.Helper()
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
			c.written = append(c.written, f.Properties.Street)
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
			lines = append(lines, l)
		}
	}
	return lines
}

func (c *survey) readParcels(t *testing.T) {
	t.Helper()
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
}

// addresses are those whose street and parcel are known, each at the point of its parcels nearest to the lines of its
// street, off metres from these.
func (c *survey) addresses(t *testing.T, ix *Index) (all []address) {
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
		all = append(all, address{road, uint32(number), at, best})
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

// crossings are those of the city's list of intersections, of each two streets that meet there.
func (c *survey) crossings(t *testing.T) (all []junction) {
	t.Helper()
	var list struct {
		Features []struct {
			Geometry   struct{ Coordinates [2]float64 }
			Properties struct{ Intersection string }
		}
	}
	decode(t, "TRANS_Intersections.geojson", &list)
	for _, f := range list.Features {
		names := strings.Split(strings.ToUpper(f.Properties.Intersection), " & ")
		for i := range names {
			for j := range i {
				if a, b := c.roads[names[i]], c.roads[names[j]]; a != 0 && b != 0 && a != b {
					all = append(all, junction{a, b, degrees(t, f.Geometry.Coordinates)})
				}
			}
		}
	}
	return all
}
