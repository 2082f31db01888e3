package profile

import (
	"errors"
	"maps"
	"slices"

	"github.com/gewu-city/gewu/cases/adapters"
	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
)

// hookFile is hooks.toml: what is sent to services of SMS and chats, by the name of the template.
type hookFile struct {
	Hooks map[string]adapters.TemplateText `toml:"hooks"`
}

// hooks reads the templates: those of the base with those of nearer profiles in their place.
func (l *loader) hooks(p *Profile) {
	p.Hooks = map[string]*adapters.Template{}
	for _, f := range slices.Backward(l.all("hooks.toml")) {
		var doc hookFile
		if err := rows.Decode(f.name, f.text, &doc); err != nil {
			l.add(err)
			continue
		}
		for _, id := range rows.Keys(&f.Source, "hooks", doc.Hooks) {
			text := doc.Hooks[id]
			t, err := adapters.NewTemplate(&text)
			if wrong, ok := errors.AsType[*data.FieldError](err); ok {
				l.add(f.fault("hooks."+id+"."+wrong.Field, wrong.Value, "%s", wrong.Why))
				continue
			}
			p.Hooks[id] = t
		}
	}
}

// HookNames are the names of the templates, sorted.
func (p *Profile) HookNames() []string { return slices.Sorted(maps.Keys(p.Hooks)) }
