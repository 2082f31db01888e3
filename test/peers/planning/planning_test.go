package planning_test

import (
	"errors"
	"math"
	"testing"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/data/synth"
	"github.com/gewu-city/gewu/test/peers/planning"
	"github.com/gewu-city/gewu/test/peers/postgis/postgistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func plan(t *testing.T) *planning.Plan {
	t.Helper()
	params, _ := synth.Preset("scale-10k")
	city, err := synth.New(params)
	if err != nil {
		t.Fatal(err)
	}
	units, _ := city.Layer("units")
	p, err := planning.New(units.Features, 1)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPlanted finds what is planted, no more, half of it gaps.
func TestPlanted(t *testing.T) {
	t.Parallel()
	p := plan(t)
	const n = 10
	broken, err := p.Plant(n)
	if err != nil {
		t.Fatal(err)
	}
	got := broken.Check()
	if got.Gaps != n/2 || got.Overlaps != n/2 || got.Defects != n || got.GapArea <= 0 || got.OverlapArea <= 0 {
		t.Errorf("%+v", got)
	}
	if got := p.Check(); got.Defects != 0 {
		t.Errorf("planting changed the plan: %+v", got)
	}
	if _, err := p.Plant(100_000); err == nil {
		t.Error("more defects than cells")
	}
}

// TestPeersAgree compares what is found, and the unions, with PostGIS and GEOS where they are installed.
func TestPeersAgree(t *testing.T) {
	p := plan(t)
	count, area := p.Union()
	g, err := planning.NewGEOS(t.Context(), p)
	if err == nil {
		n, a, cpu, err := g.Union()
		if err != nil || n != count || math.Abs(a-area) > 1e-6*area || cpu < 0 {
			t.Errorf("GEOS: %d areas of %.0f instead of %d of %.0f, %v s, %v", n, a, count, area, cpu, err)
		}
		g.Stop()
	} else if !errors.Is(err, planning.ErrNoGEOS) {
		t.Fatal(err)
	}
	pg := postgistest.Start(t)
	tables, err := planning.NewTables(pg)
	if err != nil {
		t.Fatal(err)
	}
	broken, err := p.Plant(10)
	if err != nil {
		t.Fatal(err)
	}
	for name, q := range map[string]*planning.Plan{"sound": p, "broken": broken} {
		if err := tables.Fill(name, q); err != nil {
			t.Fatal(err)
		}
		want := q.Check()
		got, _, err := tables.Check(name)
		if err != nil || !got.Same(want) {
			t.Errorf("%s: PostGIS finds %+v instead of %+v, %v", name, got, want, err)
		}
		if !tables.Coverages {
			continue
		}
		if n, _, err := tables.InvalidEdges(name); err != nil || n > 0 != (want.Defects > 0) {
			t.Errorf("%s: ST_CoverageInvalidEdges names %d cells, %v", name, n, err)
		}
	}
	if n, a, _, err := tables.Union("ST_Union", "sound"); err != nil || n != count || math.Abs(a-area) > 1e-6*area {
		t.Errorf("PostGIS: %d areas of %.0f instead of %d of %.0f, %v", n, a, count, area, err)
	}
}
