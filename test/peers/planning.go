package main

import (
	"errors"
	"fmt"

	"github.com/gewu-city/gewu/test/peers/planning"
	"github.com/gewu-city/gewu/test/peers/proc"
)

// coverage measures budgets 14 and 17: proof that the cells of the town are a coverage, the same with 70 defects, and the
// union of cells into communities.
func (r *rig) coverage() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	units, _ := t.synth.Layer("units")
	sound, err := planning.New(units.Features, 1)
	if err != nil {
		return err
	}
	defects := 70
	if r.options.short {
		defects = 7
	}
	broken, err := sound.Plant(defects)
	if err != nil {
		return err
	}
	tables, err := r.plansInPostgres(sound, broken)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("coverage of %d cells: ", len(sound.Cells))
	return errors.Join(r.checked(what+"checked", "sound", 0.08, sound, tables),
		r.checked(fmt.Sprintf("%s%d defects found and located", what, defects), "broken", 0.1, broken, tables),
		r.united(fmt.Sprintf("%d cells joined to %d communities", len(sound.Cells), sound.Parents), sound, tables))
}

// plansInPostgres fills tables, or returns nil where PostGIS is to be left out.
func (r *rig) plansInPostgres(sound, broken *planning.Plan) (*planning.Tables, error) {
	pg, err := r.theCluster()
	if pg == nil || err != nil {
		return nil, err
	}
	tables, err := planning.NewTables(pg)
	if err != nil {
		return nil, err
	}
	return tables, errors.Join(tables.Fill("sound", sound), tables.Fill("broken", broken))
}

// spent is the CPU of this process that work took, in seconds.
func spent(work func()) float64 {
	before := proc.Self()
	work()
	return (proc.Self() - before).Seconds()
}

// checked lets all look for defects, which must find the same.
func (r *rig) checked(what, table string, goalSeconds float64, p *planning.Plan, tables *planning.Tables) error {
	want := p.Check()
	c := contest{"14", what, []metric{{name: "CPU", unit: "s", lower: true, goals: []goal{{atMost: goalSeconds}}}}, []contestant{
		{gewuItself, func() ([]float64, error) { return []float64{spent(func() { p.Check() })}, nil }},
	}}
	if tables != nil {
		c.by = append(c.by, contestant{"PostGIS, join and union", func() ([]float64, error) {
			got, cpu, err := tables.Check(table)
			if err == nil && !got.Same(want) {
				err = fmt.Errorf("finds %+v, gewu %+v", got, want)
			}
			return []float64{cpu}, err
		}})
	}
	if tables != nil && tables.Coverages {
		c.by = append(c.by, contestant{"ST_CoverageInvalidEdges", func() ([]float64, error) {
			_, cpu, err := tables.InvalidEdges(table)
			return []float64{cpu}, err
		}})
	}
	return r.contest(c)
}

// united lets all join the cells of each parent.
func (r *rig) united(what string, p *planning.Plan, tables *planning.Tables) error {
	count, area := p.Union()
	same := func(n int, a, cpu float64, err error) ([]float64, error) {
		if err == nil && (n != count || a < area*(1-1e-6) || a > area*(1+1e-6)) {
			err = fmt.Errorf("%d areas of %v, gewu %d of %v", n, a, count, area)
		}
		return []float64{cpu}, err
	}
	c := contest{"17", what, []metric{{name: "CPU", unit: "s", lower: true, goals: []goal{{atMost: 0.05}}}}, []contestant{
		{gewuItself, func() ([]float64, error) { return []float64{spent(func() { p.Union() })}, nil }},
	}}
	geos, err := planning.NewGEOS(r.ctx, p)
	switch {
	case errors.Is(err, planning.ErrNoGEOS):
		r.say("   GEOS is left out: %v", err)
	case err != nil:
		return err
	default:
		defer geos.Stop()
		c.by = append(c.by, contestant{"GEOS CoverageUnion", func() ([]float64, error) { return same(geos.Union()) }})
	}
	if tables != nil {
		functions := []string{"ST_Union"}
		if tables.Coverages {
			functions = append(functions, "ST_CoverageUnion")
		}
		for _, f := range functions {
			c.by = append(c.by, contestant{f, func() ([]float64, error) { return same(tables.Union(f, "sound")) }})
		}
	}
	return r.contest(c)
}
