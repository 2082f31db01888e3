package profile

import (
	"errors"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/request"
	"github.com/gewu-city/gewu/people"
)

// charter is the table requests of profile.toml. It is inherited as a whole.
type charter struct {
	Departments []string     `toml:"departments"`
	Rule        request.Rule `toml:"rule"`
	Public      bool         `toml:"public"`
}

// requests reads who decides about change requests. Those whom the profile itself names must be among those who come along with
// it; a profile that inherits others and names none is warned, see [Profile.Warnings]: its city may have them otherwise.
func (l *loader) requests(p *Profile) {
	c, at := of(l, func(h *head) bool { return h.Requests != nil }, func(h *head) *charter { return h.Requests })
	if c == nil {
		return
	}
	p.Requests = request.Charter{Departments: c.Departments, Rule: c.Rule, Public: c.Public}
	if p.Requests.Rule == "" {
		p.Requests.Rule = request.All
	}
	if f, ok := errors.AsType[*data.FieldError](p.Requests.Check()); ok {
		l.add(at.fault("requests."+f.Field, f.Value, "%s", f.Why))
	}
	if at != l.heads[0] || len(p.Demo.Organisations) == 0 {
		return
	}
	for _, id := range c.Departments {
		if !slices.ContainsFunc(p.Demo.Organisations, func(o people.Organisation) bool { return o.ID == id }) {
			l.add(at.fault("requests.departments", id, "is no organisation of people.toml"))
		}
	}
}
