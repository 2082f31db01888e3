package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/tidwall/rtree"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/test/peers/postgis"
	"github.com/gewu-city/gewu/test/peers/proc"
)

// The names of contestants.
const (
	gewuItself = "gewu"
	plainTree  = "rtree + orb"
	postGIS    = "PostGIS"
)

// alone is the turn of a contestant in this process that repeats work.
func (r *rig) alone(who string, work func(i int)) contestant {
	return contestant{who, func() ([]float64, error) { return []float64{proc.Rate(r.options.round, work)}, nil }}
}

// tree is the plain way: boxes in an R-tree, polygons as orb values.
type tree struct {
	boxes    rtree.RTreeGN[float64, int32]
	polygons []orb.Polygon
}

func newTree(cells []place) *tree {
	t := &tree{}
	for i, c := range cells {
		p, _ := c.shape.Orb().(orb.Polygon)
		t.polygons = append(t.polygons, p)
		b := p.Bound()
		t.boxes.Insert(b.Min, b.Max, int32(i))
	}
	return t
}

// cell is the cell that holds a point, or -1.
func (t *tree) cell(p orb.Point) (found int32) {
	found = -1
	t.boxes.Search(p, p, func(_, _ [2]float64, i int32) bool {
		if planar.PolygonContains(t.polygons[i], p) {
			found = i
			return false
		}
		return true
	})
	return found
}

// locate measures budget 1.
func (r *rig) locate() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	w, err := r.theWorld()
	if err != nil {
		return err
	}
	layer, _ := w.Layer("units")
	plain := newTree(t.cells)
	inDegrees := make([]orb.Point, len(t.points))
	inside := 0
	for i, p := range t.points {
		inDegrees[i] = p.Orb()
		ours, theirs := "", ""
		if s, ok := grid.Owner(layer, p); ok {
			ours = layer.ID(s)
			inside++
		}
		if i := plain.cell(inDegrees[i]); i >= 0 {
			theirs = t.cells[i].id
		}
		// orb counts points on an edge to both sides and takes the first cell it meets.
		if s, ok := layer.Lookup(ours); ours != theirs && (!ok || !layer.Shape(s).OnBoundary(p)) {
			return fmt.Errorf("point %v, %v lies in %q for gewu and in %q for orb", p.Lon(), p.Lat(), ours, theirs)
		}
	}
	mask := len(t.points) - 1
	what := fmt.Sprintf("point → one of %d cells, in process, one core, %d %% of the points inside", len(t.cells), inside*100/len(t.points))
	return r.contest(contest{"1", what, []metric{
		{name: "lookups", unit: "/s of CPU", goals: []goal{{atLeast: 2_500_000}}},
	}, []contestant{
		r.alone(gewuItself, func(i int) { _, _ = grid.Owner(layer, t.points[i&mask]) }),
		r.alone(plainTree, func(i int) { plain.cell(inDegrees[i&mask]) }),
	}})
}

// join measures budget 2: how many parts lie in each cell.
func (r *rig) join() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	w, err := r.theWorld()
	if err != nil {
		return err
	}
	units, _ := w.Layer("units")
	parts, _ := w.Layer("parts")
	plain := newTree(t.cells)
	ours := func() map[string]int { return countOurs(units, parts) }
	theirs := func() map[string]int {
		counts := make([]int, len(t.cells))
		for _, p := range t.parts {
			if i := plain.cell(p.at().Orb()); i >= 0 {
				counts[i]++
			}
		}
		out := make(map[string]int, len(counts))
		for i, n := range counts {
			out[t.cells[i].id] = n
		}
		return out
	}
	want := ours()
	if err := sameCounts(want, theirs(), plainTree); err != nil {
		return err
	}
	by := []contestant{joining(gewuItself, ours), joining(plainTree, theirs)}
	pg, err := r.thePostgres()
	if err != nil {
		return err
	}
	if pg != nil {
		if err := checkJoin(pg, want); err != nil {
			return err
		}
		by = append(by, contestant{postGIS, func() ([]float64, error) {
			cpu, _, err := pg.Measured(func() error {
				_, err := pg.SQL(joinSQL)
				return err
			})
			return []float64{cpu}, err
		}})
	}
	return r.contest(contest{"2", fmt.Sprintf("%d points joined to %d cells and counted", len(t.parts), len(t.cells)), []metric{
		{name: "CPU", unit: "s", lower: true, goals: []goal{{atMost: 0.45}}},
	}, by})
}

func joining(who string, join func() map[string]int) contestant {
	return contestant{who, func() ([]float64, error) {
		before := proc.Self()
		join()
		return []float64{(proc.Self() - before).Seconds()}, nil
	}}
}

// countOurs counts the points of a layer in each cell.
func countOurs(units, parts *index.Layer) map[string]int {
	counts := make([]int, units.Capacity())
	for s := range parts.Slots() {
		p, _ := parts.Point(s)
		if cell, ok := grid.Owner(units, p); ok {
			counts[cell]++
		}
	}
	out := make(map[string]int, len(counts))
	for s := range units.Slots() {
		out[units.ID(s)] = counts[s]
	}
	return out
}

func sameCounts(want, got map[string]int, who string) error {
	for id, n := range want {
		if got[id] != n {
			return fmt.Errorf("cell %s holds %d points for gewu and %d for %s", id, n, got[id], who)
		}
	}
	return nil
}

const joinSQL = `SELECT u.code, count(p.code) FROM units u LEFT JOIN parts p ON ST_Contains(u.geom, p.geom) GROUP BY u.code`

func checkJoin(p *postgis.Cluster, want map[string]int) error {
	text, err := p.SQL(joinSQL)
	if err != nil {
		return err
	}
	got := map[string]int{}
	for line := range strings.Lines(text) {
		var n int
		code, count, _ := strings.Cut(strings.TrimSpace(line), "|")
		if _, err := fmt.Sscan(count, &n); err != nil {
			return fmt.Errorf("join in PostGIS: %q: %w", line, err)
		}
		got[code] = n
	}
	return sameCounts(want, got, postGIS)
}

// nearest measures budget 5.
func (r *rig) nearest() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	w, err := r.theWorld()
	if err != nil {
		return err
	}
	const most = 10
	parts, _ := w.Layer("parts")
	var plain rtree.RTreeGN[float64, int32]
	for i, p := range t.parts {
		at := [2]float64{float64(p.at().X), float64(p.at().Y)}
		plain.Insert(at, at, int32(i))
	}
	near := make([]index.Near, 0, most)
	theirs := make([]int32, 0, most)
	ask := func(p geo.Point) []int32 {
		// Squared distance to a box on the local plane, in units of latitude.
		mx, my := geo.Scale(p.Lat())
		k := mx / my
		x, y := float64(p.X), float64(p.Y)
		theirs = theirs[:0]
		plain.Nearby(func(low, high [2]float64, _ int32, _ bool) float64 {
			dx, dy := max(low[0]-x, 0, x-high[0])*k, max(low[1]-y, 0, y-high[1])
			return dx*dx + dy*dy
		}, func(_, _ [2]float64, i int32, _ float64) bool {
			theirs = append(theirs, i)
			return len(theirs) < most
		})
		return theirs
	}
	for _, p := range t.points[:min(2000, len(t.points))] {
		near = parts.AppendNearest(near[:0], p, 100_000, most)
		if err := sameDistances(near, ask(p), t, p); err != nil {
			return err
		}
	}
	mask := len(t.points) - 1
	by := []contestant{
		r.alone(gewuItself, func(i int) { near = parts.AppendNearest(near[:0], t.points[i&mask], 100_000, most) }),
		r.alone("rtree.Nearby", func(i int) { ask(t.points[i&mask]) }),
	}
	pg, err := r.thePostgres()
	if err != nil {
		return err
	}
	if pg != nil {
		script := t.randomPoint() + `SELECT code FROM parts ORDER BY geom <-> ST_SetSRID(ST_MakePoint(:x::float8 / 1000, :y::float8 / 1000), 3857) LIMIT 10;` + "\n"
		by = append(by, contestant{postGIS + " <->", func() ([]float64, error) {
			perCPU, _, err := pg.Bench(script, r.options.round)
			return []float64{perCPU}, err
		}})
	}
	return r.contest(contest{"5", fmt.Sprintf("10 nearest of %d points", len(t.parts)), []metric{
		{name: "queries", unit: "/s of CPU", goals: []goal{{atLeast: 150_000}}},
	}, by})
}

// sameDistances compares the distances of two answers: equal ones may come in any order.
func sameDistances(near []index.Near, plain []int32, t *town, p geo.Point) error {
	var a, b []float64
	for _, n := range near {
		a = append(a, n.Meters)
	}
	for _, i := range plain {
		b = append(b, geo.Distance(p, t.parts[i].at()))
	}
	slices.Sort(b)
	if slices.CompareFunc(a, b, func(x, y float64) int {
		if math.Abs(x-y) < 1e-3 {
			return 0
		}
		return cmp.Compare(x, y)
	}) != 0 {
		return fmt.Errorf("nearest to %v, %v: gewu finds %v m, rtree %v m", p.Lon(), p.Lat(), a, b)
	}
	return nil
}

// randomPoint is the start of a script of pgbench that chooses a place in the town, in millimetres of EPSG:3857.
func (t *town) randomPoint() string {
	x0, y0 := postgis.Metres(t.box.Min)
	x1, y1 := postgis.Metres(t.box.Max)
	return fmt.Sprintf("\\set x random(%d, %d)\n\\set y random(%d, %d)\n", int64(x0*1000), int64(x1*1000), int64(y0*1000), int64(y1*1000))
}
