package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gewu-city/gewu/geocode/eval"
	"github.com/gewu-city/gewu/test/peers/places"
)

// geocode measures budget 10: an index of the labels of all doors, and how quickly and how often texts find theirs. The
// peers, which take so much longer, are asked fewer texts.
func (r *rig) geocode() error {
	every, many, few := 1, 2_000, 60
	if r.options.short {
		every, many, few = 100, 20, 3
	}
	c, err := places.Load(r.ctx, r.options.city, every)
	if err != nil {
		return err
	}
	doors := float64(len(c.Doors))
	r.say("   %.0f doors, %.0f B each in the World of the city", doors, float64(c.Heap)/doors)
	all, err := r.searches(c)
	if err != nil {
		return err
	}
	built := contest{budget: "10", what: fmt.Sprintf("index of %.0f labels of doors", doors), metrics: []metric{
		{name: "build, CPU", unit: "s", lower: true, goals: []goal{{atMost: 5}}},
		{name: "size for each door", unit: "B", lower: true, goals: []goal{{atMost: 150}}},
	}}
	for _, s := range all {
		built.by = append(built.by, contestant{s.Who, func() ([]float64, error) {
			cpu, bytes, err := s.Build()
			return []float64{cpu.Seconds(), float64(bytes) / doors}, err
		}})
	}
	if err := r.contest(built); err != nil {
		return err
	}
	classes := c.Noisy(many)
	table, err := places.Hits(r.ctx, all, classes, few, r.say)
	if err != nil {
		return err
	}
	r.report.texts = append(r.report.texts, table)
	few = min(few, len(classes[0]))
	return errors.Join(r.searched(all, "labels as they are", c.Exact(), c.Exact()),
		r.searched(all, fmt.Sprintf("%d classes evenly, exact ones among them", len(classes)), places.Evenly(classes, many), places.Evenly(classes, few)))
}

// searches are gewu and the peers that are there.
func (r *rig) searches(c *places.City) ([]places.Named, error) {
	all := []places.Named{{Who: gewuItself, Search: places.NewGewu(c)}}
	pg, err := r.theCluster()
	if err != nil {
		return nil, err
	}
	if pg != nil {
		t, err := places.NewTrigrams(r.ctx, pg, c)
		if err != nil {
			return nil, err
		}
		r.ends = append(r.ends, t.Close)
		all = append(all, places.Named{Who: "pg_trgm, GiST", Search: t})
	}
	b, err := places.NewBleve(r.ctx, filepath.Join(r.dir, "bleve"), c)
	if errors.Is(err, places.ErrNoBleve) {
		r.say("   bleve is left out: %v", err)
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	r.ends = append(r.ends, func() { _ = b.Close() })
	return append(all, places.Named{Who: "bleve, CJK", Search: b}), nil
}

// searched measures how quickly texts are answered, one after the other: so many for gewu, the first of them for peers.
func (r *rig) searched(all []places.Named, what string, many, few []eval.Case) error {
	c := contest{budget: "10", what: "one client asks for doors by " + what, metrics: []metric{
		{name: "questions", unit: "/s of CPU", goals: []goal{{atLeast: 30_000}}},
		{name: "p50", unit: "µs", lower: true, goals: []goal{{atMost: 20}}},
		{name: "p99", unit: "µs", lower: true, goals: []goal{{atMost: 1_000}}},
	}}
	for i, s := range all {
		cases := few
		if i == 0 {
			cases = many
		}
		client := places.Ask(s, cases)
		c.by = append(c.by, contestant{s.Who, func() ([]float64, error) {
			perCPU, p50, p99, err := client.Turn(r.options.round)
			return []float64{perCPU, p50, p99}, err
		}})
	}
	return r.contest(c)
}
