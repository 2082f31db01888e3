package lines

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/gewu-city/gewu/geo"
)

// cambridge is a city with its street lines: testdata/README.md says where it is from.
type cambridge struct {
	lines     []Line
	addresses []address
	crossings []junction
}

// address is a number of a street whose place is known.
type address struct {
	road, number uint32
	at           geo.Point
	off          float64 // metres from the lines of the street
}

// junction is where the city says that two streets meet.
type junction struct {
	a, b uint32
	at   geo.Point
}

const cambridgeFile = "testdata/cambridge.csv.gz"

// rows are the city as text. Of each point it says how far it is from the one before, in units.
func (c *cambridge) rows() []byte {
	var b bytes.Buffer
	var last geo.Point
	point := func(p geo.Point) {
		fmt.Fprintf(&b, ",%d,%d", p.X-last.X, p.Y-last.Y)
		last = p
	}
	for _, l := range c.lines {
		fmt.Fprintf(&b, "line,%d,%d,%d,%d,%d,%d", l.Road, l.ID, l.Left.From, l.Left.To, l.Right.From, l.Right.To)
		for _, p := range l.Points {
			point(p)
		}
		b.WriteByte('\n')
	}
	for _, a := range c.addresses {
		fmt.Fprintf(&b, "address,%d,%d,%.0f", a.road, a.number, a.off)
		point(a.at)
		b.WriteByte('\n')
	}
	for _, x := range c.crossings {
		fmt.Fprintf(&b, "crossing,%d,%d", x.a, x.b)
		point(x.at)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func loadCambridge(t *testing.T) *cambridge {
	t.Helper()
	f, err := os.Open(cambridgeFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(z)
	r.FieldsPerRecord = -1
	c := &cambridge{}
	var last geo.Point
	for {
		row, err := r.Read()
		if err == io.EOF {
			return c
		}
		if err != nil {
			t.Fatal(err)
		}
		n := make([]int32, len(row))
		for i := 1; i < len(row); i++ {
			v, err := strconv.ParseInt(row[i], 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			n[i] = int32(v)
		}
		u := func(i int) uint32 { return uint32(n[i]) }
		points := func(first int) (points []geo.Point) {
			for i := first; i < len(n); i += 2 {
				last = geo.Point{X: last.X + n[i], Y: last.Y + n[i+1]}
				points = append(points, last)
			}
			return points
		}
		switch row[0] {
		case "line":
			c.lines = append(c.lines, Line{Road: u(1), ID: u(2), Left: Range{u(3), u(4)}, Right: Range{u(5), u(6)}, Points: points(7)})
		case "address":
			c.addresses = append(c.addresses, address{u(1), u(2), points(4)[0], float64(n[3])})
		case "crossing":
			c.crossings = append(c.crossings, junction{u(1), u(2), points(3)[0]})
		}
	}
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
	ix, all := indexOf(c.lines...), c.addresses
	tenths := make([]uint32, len(all))
	for i := range all {
		h := fnv.New32a()
		fmt.Fprint(h, "tenth ", i)
		tenths[i] = h.Sum32() % 10
	}
	var anchored, bare, along, straight, there []float64
	within := map[How][2]int{}
	none := 0
	for tenth := range uint32(10) {
		anchors := map[uint32][]Anchor{}
		for i, a := range all {
			if tenths[i] != tenth {
				anchors[a.road] = append(anchors[a.road], Anchor{a.number, a.at})
			}
		}
		for i, a := range all {
			if tenths[i] != tenth {
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
	for how, share := range map[How]float64{InRange: 0.93, OtherParity: 0.75, Beyond: 0.55} {
		if w := within[how]; float64(w[0]) < share*float64(w[1]) {
			t.Errorf("way %d: %d of %d are within their radius", how, w[0], w[1])
		}
	}
}

// TestCambridgeCrossings looks for the crossings of the city's own list.
func TestCambridgeCrossings(t *testing.T) {
	c := loadCambridge(t)
	ix := indexOf(c.lines...)
	met := 0
	for _, j := range c.crossings {
		best := math.Inf(1)
		for _, x := range ix.Crossings(j.a, j.b) {
			best = min(best, geo.Distance(x.At, j.at))
		}
		if best <= 30 {
			met++
		}
	}
	t.Logf("%d of %d crossings within 30 m", met, len(c.crossings))
	if len(c.crossings) < 1000 || float64(met) < 0.99*float64(len(c.crossings)) {
		t.Error("fewer than 99 %")
	}
}
