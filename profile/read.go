package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases/duplicate"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// Head is the file of a profile that says what it is and which profile it inherits from.
const Head = "profile.toml"

// MaxDepth is how many profiles may inherit from each other in a row.
const MaxDepth = process.MaxDepth

// head is profile.toml.
type head struct {
	Title    data.Title `toml:"title"`
	Inherits string     `toml:"inherits"`
	Zone     string     `toml:"zone"`
	Calendar string     `toml:"calendar"`
	Levels   []string   `toml:"levels"`
	Schemes  []string   `toml:"schemes"`
	Shared   *string    `toml:"shared_scheme"`
	Owner    string     `toml:"owner"`
	Public   *bool      `toml:"public"`
	Requests *charter   `toml:"requests"`
	Contacts *keeping   `toml:"contacts"`
	Demo     demoRow    `toml:"demo"`
}

// file is a text with its name, and where in it something is written.
type file struct {
	name, text string
	rows.Source
}

// fault is what is wrong in the file, at a field that may hold numbers of rows and points: clock[1].mark[0].kind.
func (f *file) fault(field, value, format string, args ...any) error {
	for i := len(field) - 1; i >= 0; i-- {
		if field[i] != '.' {
			continue
		}
		if at := f.Fault(field[:i], field[i+1:], value, format, args...); at.Line > 0 {
			return at
		}
	}
	return f.Fault("", field, value, format, args...)
}

// place says where in the file the faults are that another package found.
func (f *file) place(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, f.place(one))
		}
		return errors.Join(all...)
	}
	if _, ok := errors.AsType[*rows.Error](err); ok || err == nil {
		return err
	}
	if field, ok := errors.AsType[*data.FieldError](err); ok {
		return f.fault(field.Field, field.Value, "%s", field.Why)
	}
	return &rows.Error{File: f.name, FieldError: data.FieldError{Field: "text", Why: err.Error()}}
}

// loader reads the files of a profile.
type loader struct {
	fsys   fs.FS
	chain  []string // the profile first
	heads  []*file
	rows   []head
	faults []error
}

// Load reads a profile with those that it inherits from, out of folders NAME, and checks it. The error is a *rows.Error or
// several joined, unless the profile does not exist; then it wraps fs.ErrNotExist.
func Load(fsys fs.FS, name string) (*Profile, error) {
	l := &loader{fsys: fsys}
	if err := l.climb(name); err != nil {
		return nil, err
	}
	p := &Profile{Name: name, Chain: l.chain}
	l.base(p)
	l.process(p)
	l.cast(p)
	l.routing(p)
	l.times(p)
	l.notices(p)
	l.hooks(p)
	l.requests(p)
	l.contacts(p)
	l.sensors(p)
	if len(l.faults) > 0 {
		return nil, errors.Join(l.faults...)
	}
	return p, nil
}

// climb reads the heads of the chain.
func (l *loader) climb(name string) error {
	for next := name; next != ""; {
		if slices.Contains(l.chain, next) || len(l.chain) == MaxDepth {
			return l.heads[len(l.heads)-1].fault("inherits", next, "goes round in a circle or over %d profiles: %s", MaxDepth, strings.Join(l.chain, " ← "))
		}
		f, err := l.open(path.Join(next, Head))
		if errors.Is(err, fs.ErrNotExist) && len(l.chain) > 0 {
			return l.heads[len(l.heads)-1].fault("inherits", next, "there is no such profile")
		}
		if err != nil {
			return fmt.Errorf("profile %s: %w", next, err)
		}
		var h head
		if err := rows.Decode(f.name, f.text, &h); err != nil {
			return err
		}
		l.chain, l.heads, l.rows = append(l.chain, next), append(l.heads, f), append(l.rows, h)
		next = h.Inherits
	}
	return nil
}

func (l *loader) open(name string) (*file, error) {
	text, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		return nil, err
	}
	f := &file{name: name, text: string(text)}
	f.Read(name, f.text)
	return f, nil
}

// nearest is a file of the profile, or of the nearest one above that has it. There is a fault where none has.
func (l *loader) nearest(name string) (*file, bool) {
	all := l.all(name)
	if len(all) == 0 {
		l.faults = append(l.faults, &rows.Error{File: path.Join(l.chain[0], name), FieldError: data.FieldError{Field: "text", Why: "is missing, here and in all profiles that it inherits from"}})
		return nil, false
	}
	return all[0], true
}

// all are the files of a name along the chain, that of the profile first.
func (l *loader) all(name string) (all []*file) {
	for _, folder := range l.chain {
		f, err := l.open(path.Join(folder, name))
		switch {
		case err == nil:
			all = append(all, f)
		case !errors.Is(err, fs.ErrNotExist):
			l.faults = append(l.faults, err)
		}
	}
	return all
}

func (l *loader) add(err error) {
	if err != nil {
		l.faults = append(l.faults, err)
	}
}

// of is the nearest head that says something.
func of[T any](l *loader, says func(*head) bool, what func(*head) T) (v T, from *file) {
	for i := range l.rows {
		if says(&l.rows[i]) {
			return what(&l.rows[i]), l.heads[i]
		}
	}
	return v, l.heads[0]
}

func (l *loader) base(p *Profile) {
	p.Title = l.rows[0].Title
	for _, lang := range []string{"zh", "en"} {
		if p.Title[lang] == "" {
			l.add(l.heads[0].fault("title", "", "has no %s", lang))
		}
	}
	zone, at := of(l, func(h *head) bool { return h.Zone != "" }, func(h *head) string { return h.Zone })
	var err error
	if p.Zone, err = time.LoadLocation(zone); err != nil || zone == "" {
		l.add(at.fault("zone", zone, "must be an IANA time zone such as Asia/Shanghai"))
	}
	p.Levels, at = of(l, func(h *head) bool { return h.Levels != nil }, func(h *head) []string { return h.Levels })
	l.names(at, "levels", p.Levels, 6)
	p.Schemes, at = of(l, func(h *head) bool { return h.Schemes != nil }, func(h *head) []string { return h.Schemes })
	l.names(at, "schemes", p.Schemes, 4)
	l.shared(p)
	p.Owner, at = of(l, func(h *head) bool { return h.Owner != "" }, func(h *head) string { return h.Owner })
	l.names(at, "owner", []string{p.Owner}, 1)
	public, _ := of(l, func(h *head) bool { return h.Public != nil }, func(h *head) *bool { return h.Public })
	p.Public = public != nil && *public
}

// shared reads which scheme is forced on all; a profile lets go of that of one above by an empty name.
func (l *loader) shared(p *Profile) {
	name, at := of(l, func(h *head) bool { return h.Shared != nil }, func(h *head) *string { return h.Shared })
	if name == nil || *name == "" {
		return
	}
	if p.Shared = *name; !slices.Contains(p.Schemes, p.Shared) {
		l.add(at.fault("shared_scheme", p.Shared, "is no scheme of the profile; there are %s", strings.Join(p.Schemes, ", ")))
	}
}

func (l *loader) names(at *file, field string, names []string, most int) {
	if len(names) > most {
		l.add(at.fault(field, strings.Join(names, " "), "there may be %d", most))
	}
	for i, name := range names {
		if !data.ValidName(name) || slices.Contains(names[:i], name) {
			l.add(at.fault(field, name, "must be names of lower-case letters, digits and _, each once"))
		}
	}
}

// process reads the table, with the posts that people.toml adds.
func (l *loader) process(p *Profile) {
	posts := l.posts(p)
	for _, folder := range l.chain {
		text, err := fs.ReadFile(l.fsys, path.Join(folder, "process.toml"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		texts := process.FromFS(l.fsys)
		p.Process, err = process.Load(texts, folder, posts)
		if err == nil {
			p.ProcessText, err = process.Text(texts, folder)
		}
		l.add(err)
		l.add(l.inLine(folder, string(text)))
		return
	}
	l.nearest("process.toml")
}

// inLine sees that a process inherits from one of the profiles above: two chains that differ would surprise whoever edits one.
func (l *loader) inLine(folder, text string) error {
	var doc struct {
		Inherits string `toml:"inherits"`
	}
	name := path.Join(folder, "process.toml")
	if err := decodeSome(text, &doc); err != nil || doc.Inherits == "" || slices.Contains(l.chain, doc.Inherits) {
		return nil //nolint:nilerr // told by the reader of processes
	}
	f := &file{name: name, text: text}
	f.Read(name, text)
	return f.fault("inherits", doc.Inherits, "is no profile that %s inherits from", folder)
}

// routing reads who gets cases and when two are the same.
func (l *loader) routing(p *Profile) {
	if f, ok := l.nearest("routes.toml"); ok {
		rules, err := route.Parse(f.name, f.text, l.known(p))
		l.add(err)
		p.Routes, p.RulesText = rules, f.text
		l.reach(p, f)
	}
	if f, ok := l.nearest("duplicates.toml"); ok {
		rules, err := duplicate.Parse(f.name, f.text)
		l.add(err)
		p.Duplicates = rules
	}
}

// known are the ids of all posts.
func (l *loader) known(p *Profile) (ids []string) {
	for _, post := range people.DefaultPosts() {
		ids = append(ids, post.ID)
	}
	for i := range p.Posts {
		ids = append(ids, p.Posts[i].ID)
	}
	return ids
}

// reach sees that rules of routing name levels and, where people come along, organisations that exist.
func (l *loader) reach(p *Profile, f *file) {
	if p.Routes == nil {
		return
	}
	for _, level := range p.Routes.Levels {
		if !slices.Contains(p.Levels, level) {
			l.add(f.fault("fallback.levels", level, "is no level of the profile; there are %s", strings.Join(p.Levels, ", ")))
		}
	}
	if len(p.Demo.Organisations) == 0 {
		return
	}
	named := func(field, id string) {
		if id != "" && !slices.ContainsFunc(p.Demo.Organisations, func(o people.Organisation) bool { return o.ID == id }) {
			l.add(f.fault(field, id, "is no organisation of people.toml"))
		}
	}
	named("fallback.organisation", p.Routes.Last)
	named("disputed.organisation", p.Routes.Ruling)
	for i := range p.Routes.Rules {
		named("rules."+p.Routes.Rules[i].ID+".organisation", p.Routes.Rules[i].Organisation)
	}
}

// times reads what clocks run by.
func (l *loader) times(p *Profile) {
	p.Timing = &timing.City{Book: l.calendars(), Rules: l.clocks(p), Table: l.classes()}
	name, at := of(l, func(h *head) bool { return h.Calendar != "" }, func(h *head) string { return h.Calendar })
	p.Timing.Calendar = name
	if book := p.Timing.Book; book != nil && !slices.Contains(book.Names(), name) {
		l.add(at.fault("calendar", name, "is no calendar of the profile; there are %s", strings.Join(book.Names(), ", ")))
	}
}
