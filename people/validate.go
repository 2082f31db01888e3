package people

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
)

// Bounds of what one record may hold.
const (
	MaxTextBytes = 200
	MaxWhere     = 4 << 10
	MaxAreas     = 1000
	MaxHoldings  = 100
	MaxCells     = 10_000
	MaxGrants    = 100
	MaxNames     = 1000
)

var (
	idPattern  = regexp.MustCompile(`^[\p{L}\p{N}]([\p{L}\p{N}._-]{0,62}[\p{L}\p{N}])?$`)
	tagPattern = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)
)

// ValidID reports whether s can be the id of an organisation, a post or a person: at most 64 letters, digits, points,
// underscores and hyphens, the first and last a letter or digit. So ids need no quotes in tables, paths and filters.
func ValidID(s string) bool { return len(s) <= data.MaxIDBytes && idPattern.MatchString(s) }

// faults collects what is wrong with a record.
type faults []error

func (f *faults) add(field, value, format string, args ...any) {
	*f = append(*f, &data.FieldError{Field: field, Value: value, Why: fmt.Sprintf(format, args...)})
}

func (f *faults) id(field, value string) {
	switch {
	case value == "":
		f.add(field, "", "is missing")
	case !ValidID(value):
		f.add(field, value, "must be at most 64 letters, digits, '.', '_' and '-', the first and last a letter or digit")
	}
}

func (f *faults) text(field, value string) {
	switch {
	case strings.TrimSpace(value) == "":
		f.add(field, value, "is missing")
	case len(value) > MaxTextBytes || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		f.add(field, value, "must be UTF-8 of at most %d bytes without control characters", MaxTextBytes)
	}
}

func (f *faults) title(t data.Title) {
	if len(t) == 0 {
		f.add("title", "", `is missing: write it by language, as {"zh": "…", "en": "…"}`)
	}
	for _, tag := range slices.Sorted(maps.Keys(t)) {
		if !tagPattern.MatchString(tag) {
			f.add("title", tag, "is no tag of a language")
		}
		f.text("title."+tag, t[tag])
	}
}

func (f *faults) bound(field string, n, most int) bool {
	if n > most {
		f.add(field, strconv.Itoa(n), "are too many: at most %d", most)
	}
	return n <= most
}

// Validate checks an organisation by itself. The error is a *data.FieldError or several joined.
func (o *Organisation) Validate() error {
	var f faults
	f.id("id", o.ID)
	f.title(o.Title)
	if o.Parent != "" {
		f.id("parent", o.Parent)
	}
	if o.Parent == o.ID && o.ID != "" {
		f.add("parent", o.Parent, "is the organisation itself")
	}
	if !data.ValidName(o.Level) {
		f.add("level", o.Level, "must match [a-z][a-z0-9_]{0,62}, such as district, street, community or department")
	}
	if !f.bound("areas", len(o.Areas), MaxAreas) {
		return errors.Join(f...)
	}
	for i := range o.Areas {
		o.Areas[i].validate(&f, fmt.Sprintf("areas[%d].", i))
		if slices.ContainsFunc(o.Areas[:i], func(b AreaRef) bool { return b.Level == o.Areas[i].Level && b.Code == o.Areas[i].Code }) {
			f.add(fmt.Sprintf("areas[%d].code", i), o.Areas[i].Code, "is named twice")
		}
	}
	return errors.Join(f...)
}

func (a *AreaRef) validate(f *faults, at string) {
	if !data.ValidName(a.Level) {
		f.add(at+"level", a.Level, "must be the level of a layer of areas")
	}
	f.text(at+"code", a.Code)
	for i, r := range a.Roles {
		if !r.Known() || r == RoleStaff {
			f.add(at+"roles", string(r), "must be %s", namesOf(Roles()[1:]))
		} else if slices.Contains(a.Roles[:i], r) {
			f.add(at+"roles", string(r), "is named twice")
		}
	}
	if f.bound(at+"classes", len(a.Classes), MaxNames) {
		for _, c := range a.Classes {
			f.text(at+"classes", c)
		}
	}
}

// Validate checks a post by itself. Whether the filters of its grants can be read is not looked at. The error is a
// *data.FieldError or several joined.
func (p *Post) Validate() error {
	var f faults
	f.id("id", p.ID)
	f.title(p.Title)
	if p.Duty != "" && !p.Duty.Known() {
		f.add("duty", string(p.Duty), "must be %s", namesOf(Roles()))
	}
	for i, permission := range p.Permissions {
		if !permission.Known() {
			f.add("permissions", string(permission), "must be %s", namesOf(Permissions()))
		} else if slices.Contains(p.Permissions[:i], permission) {
			f.add("permissions", string(permission), "is named twice")
		}
	}
	if f.bound("layers", len(p.Layers), MaxGrants) {
		for i := range p.Layers {
			p.Layers[i].validate(&f, fmt.Sprintf("layers[%d].", i))
		}
	}
	return errors.Join(f...)
}

func (g *Grant) validate(f *faults, at string) {
	if len(g.Layers) == 0 {
		f.add(at+"layers", "", "is missing: name layers, or %q for all that are not sensitive", AnyLayer)
	}
	f.bound(at+"layers", len(g.Layers), MaxNames)
	for _, l := range g.Layers {
		if l != AnyLayer && !data.ValidName(l) {
			f.add(at+"layers", l, "must be the name of a layer or %q", AnyLayer)
		}
	}
	if !g.Read && !g.Write {
		f.add(at+"read", "false", "allows nothing; set read, write or both")
	}
	if g.Write && !g.Read {
		f.add(at+"write", "true", "needs read: nobody changes what he does not see")
	}
	if len(g.Where) > MaxWhere {
		f.add(at+"where", "", "is longer than %d bytes", MaxWhere)
	}
	if g.Area != AreaAll && g.Area != AreaOrganisation && g.Area != AreaCells {
		f.add(at+"area", g.Area, "must be %s, %s, or left out for the whole city", AreaOrganisation, AreaCells)
	}
	if f.bound(at+"hide", len(g.Hide), MaxNames) {
		for _, name := range g.Hide {
			f.text(at+"hide", name)
		}
	}
}

// Validate checks a person by itself. The error is a *data.FieldError or several joined.
func (s *Staff) Validate() error {
	var f faults
	f.id("id", s.ID)
	f.text("name", s.Name)
	if f.bound("holdings", len(s.Holdings), MaxHoldings) {
		for i := range s.Holdings {
			s.Holdings[i].validate(&f, fmt.Sprintf("holdings[%d].", i), s.ID)
		}
	}
	return errors.Join(f...)
}

func (h *Holding) validate(f *faults, at, staff string) {
	f.id(at+"post", h.Post)
	f.id(at+"organisation", h.Organisation)
	switch {
	case h.Scheme != "" && !data.ValidName(h.Scheme):
		f.add(at+"scheme", h.Scheme, "must be the name of a scheme")
	case h.Scheme == "" && len(h.Cells) > 0:
		f.add(at+"scheme", "", "is missing: it names the scheme of the cells")
	case h.Scheme != "" && len(h.Cells) == 0:
		f.add(at+"cells", "", "are missing: name cells of scheme %s, or leave the scheme out", h.Scheme)
	}
	if f.bound(at+"cells", len(h.Cells), MaxCells) {
		seen := make(map[string]bool, len(h.Cells))
		for _, c := range h.Cells {
			f.text(at+"cells", c)
			if seen[c] {
				f.add(at+"cells", c, "is named twice")
			}
			seen[c] = true
		}
	}
	if !h.From.IsZero() && !h.To.IsZero() && !h.From.Before(h.To) {
		f.add(at+"to", h.To.Format(time.RFC3339), "must lie after from, %s", h.From.Format(time.RFC3339))
	}
	if h.StandsInFor != "" {
		f.id(at+"stands_in_for", h.StandsInFor)
		if h.StandsInFor == staff {
			f.add(at+"stands_in_for", h.StandsInFor, "is the person")
		}
		if h.Deputy {
			f.add(at+"deputy", "true", "is for helpers; whoever stands in for somebody has the post in that time")
		}
	}
}
