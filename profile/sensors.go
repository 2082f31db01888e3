package profile

import (
	"slices"
	"strings"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/sensor"
	"github.com/gewu-city/gewu/data/catalogue"
)

// sensors reads the rules about readings: those of the base with those of nearer profiles over them. A profile without a file
// has none.
func (l *loader) sensors(p *Profile) {
	files := l.all("sensors.toml")
	layers := make([]sensor.Layer, 0, len(files))
	for _, f := range slices.Backward(files) {
		layers = append(layers, sensor.Layer{File: f.name, Text: f.text})
	}
	rules, err := sensor.Parse(layers...)
	l.add(err)
	if p.Sensors = rules; rules == nil || p.Process == nil || p.Timing.Table == nil {
		return
	}
	for i := range rules.Rules {
		l.raises(p, files, &rules.Rules[i])
	}
}

// raises sees that what a rule raises can begin by the process, and is of a class that there is.
func (l *loader) raises(p *Profile, files []*file, r *sensor.Rule) {
	at := files[slices.IndexFunc(files, func(f *file) bool { return strings.Contains(f.text, "rules."+r.ID+"]") || f == files[len(files)-1] })]
	row := "rules." + r.ID
	if !p.Process.Begins(r.Action) {
		l.add(at.Fault(row, "action", r.Action, "is no action by which a case begins"))
	} else if _, refusal := p.Process.Step(process.New, r.Action, process.System); refusal != nil {
		l.add(at.Fault(row, "action", r.Action, "cannot be taken by the post %s: %s", process.System, refusal.Error()))
	}
	if _, ok := p.Process.Action(r.Note); r.Note != "" && !ok {
		l.add(at.Fault(row, "note", r.Note, "is no action of the process; leave it empty to tell nothing"))
	}
	if c := r.Class; c != nil {
		edition := p.Timing.Table.Edition()
		if _, ok := p.Timing.Table.Class(catalogue.Key{Edition: edition, Kind: catalogue.Kind(c.Kind), Code: c.Code}); !ok {
			l.add(at.Fault(row, "class", c.Kind+" "+c.Code, "is no class of edition %s", edition))
		}
	}
}
