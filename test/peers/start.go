package main

import (
	"fmt"
	"path/filepath"
)

// storeFile is the store in a data folder.
const storeFile = "gewu.db"

// starts measures budget 12 on a data folder of point features.
func (r *rig) starts(dir string, features int) error {
	return r.contest(contest{"12", fmt.Sprintf("start with %d point features of 10 attributes", features), []metric{
		{name: "to the first answer of /readyz", unit: "s", lower: true, goals: []goal{{atMost: 4}}},
		{name: "opened in process", unit: "s", lower: true},
		{name: "live heap for each feature", unit: "B", lower: true, goals: []goal{{atMost: 250}}},
		{name: "anonymous memory over heap", unit: "×", lower: true, goals: []goal{{atMost: 1.6}}},
	}, []contestant{{gewuItself, func() ([]float64, error) {
		s, err := r.serve(dir)
		if err != nil {
			return nil, err
		}
		ready := s.ready.Seconds()
		s.stop()
		o, err := r.open(filepath.Join(dir, storeFile))
		if err != nil {
			return nil, err
		}
		if o.Features != features {
			return nil, fmt.Errorf("the store has %d features instead of %d", o.Features, features)
		}
		return []float64{ready, o.Seconds, float64(o.Heap) / float64(features), float64(o.Resident) / float64(o.Heap)}, nil
	}}}})
}

// growth loads synthetic cities of growing size and measures what must stay the same for each feature, and lookups.
func (r *rig) growth() error {
	for _, name := range r.options.growth {
		dir := filepath.Join(r.dir, "growth-"+name)
		if err := r.command("synth", "--preset", name, "--load", "--quiet", "--data", dir); err != nil {
			return err
		}
		what := ""
		c := contest{"1, 5, 12", "", []metric{
			{name: "open and load", unit: "s", lower: true},
			{name: "live heap for each feature", unit: "B", lower: true},
			{name: "anonymous memory over heap", unit: "×", lower: true},
			{name: "point → cell", unit: "/s of CPU"},
			{name: "10 nearest parts", unit: "/s of CPU"},
		}, []contestant{{gewuItself, func() ([]float64, error) {
			o, err := r.open(filepath.Join(dir, storeFile))
			if err != nil {
				return nil, err
			}
			what = fmt.Sprintf("city of %d features, all kinds", o.Features)
			return []float64{o.Seconds, float64(o.Heap) / float64(o.Features), float64(o.Resident) / float64(o.Heap), o.Locate, o.Nearest}, nil
		}}}}
		if err := r.contest(c); err != nil {
			return err
		}
		r.report.results[len(r.report.results)-1].what = what
	}
	return nil
}
