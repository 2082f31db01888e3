package filter_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter"
	"github.com/gewu-city/gewu/index/filter/cql"
	"github.com/gewu-city/gewu/index/indextest"
)

// million is a layer of a million points with texts of 40 kinds, names that are nearly unique, numbers and times, and its
// slots in no order, as a search finds them.
func million(b *testing.B) (*index.Layer, []index.Slot) {
	b.Helper()
	const n = 1_000_000
	random := rand.New(rand.NewPCG(3, 3))
	log := indextest.NewLog()
	log.Append(indextest.Define(&data.Layer{Name: "points", Geometry: data.GeometryPoint, Attributes: []data.Attribute{
		{Name: "kind", Type: data.Text}, {Name: "name", Type: data.Text}, {Name: "height", Type: data.Number}, {Name: "at", Type: data.Time},
	}}))
	var changes []data.Change
	for i := range n {
		changes = append(changes, indextest.Put("points", fmt.Sprint(i),
			geo.PointShape(geo.Point{X: 1_207_500_000 + random.Int32N(5_000_000), Y: 247_500_000 + random.Int32N(5_000_000)}),
			data.TextValue(data.Text, fmt.Sprintf("kind%d", random.IntN(40))), data.TextValue(data.Text, fmt.Sprintf("name %d", i/2)),
			data.NumberValue(random.Float64()*30), data.WordValue(data.Time, uint64(random.Int64N(1<<50)))))
		if len(changes) == 50_000 {
			log.Append(changes...)
			changes = nil
		}
	}
	engine := indextest.Start(b, log)
	l, _ := indextest.At(b, engine, log.Last()).Layer("points")
	slots := slices.Collect(l.Slots())
	random.Shuffle(len(slots), func(i, j int) { slots[i], slots[j] = slots[j], slots[i] })
	return l, slots
}

// BenchmarkKeep filters a million points, in the order of the columns and in none.
func BenchmarkKeep(b *testing.B) {
	l, shuffled := million(b)
	sorted := slices.Sorted(slices.Values(shuffled))
	for _, text := range []string{
		"kind = 'kind7'", "kind IN ('kind1','kind2','kind3')", "kind LIKE '%7'", "CASEI(kind) = 'kind7'", "height > 25", "height BETWEEN 5 AND 10",
		"at >= DATE('1975-01-01')", "kind = 'kind7' AND height > 15", "kind = 'kind7' OR height > 29", "NOT (kind = 'kind7' OR height IS NULL)",
		"name = 'name 77'", "name LIKE '%77%'", "height * 2 > 50", "S_INTERSECTS(geometry,BBOX(120.9,24.9,121,25))",
		"S_INTERSECTS(geometry,POLYGON((120.9 24.9,121 24.9,121.1 25,121 25.1,120.9 24.9)))", "id = '77'",
	} {
		e, err := cql.ParseText(text, nil)
		if err != nil {
			b.Fatal(err)
		}
		bound, err := filter.Bind(e, l.Def(), nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, order := range []struct {
			name  string
			slots []index.Slot
		}{{"sorted", sorted}, {"shuffled", shuffled}} {
			b.Run(text+"/"+order.name, func(b *testing.B) {
				work := make([]index.Slot, len(order.slots))
				bound.Keep(l, work[:copy(work, order.slots)])
				kept := 0
				for b.Loop() {
					kept = len(bound.Keep(l, work[:copy(work, order.slots)]))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(work)), "ns/point")
				b.ReportMetric(float64(kept), "kept")
				b.ReportMetric(float64(bound.Cost()), "cost")
			})
		}
	}
}
