package people

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
)

// Update is a change of the directory: records to put, whole, and records to end.
type Update struct {
	Organisations []*Organisation
	Posts         []*Post
	Staff         []*Staff
	// Ended are kinds and ids of records to end.
	Ended []Name
}

// Name names a record.
type Name struct{ Kind, ID string }

// City is what records say of the city. Methods report whether something exists.
type City interface {
	Level(name string) bool
	Area(key AreaKey) bool
	Scheme(name string) bool
	Cell(ref CellRef) bool
}

// RecordError says what is wrong with a record of an update.
type RecordError struct {
	Name
	// Err is a *data.FieldError or several joined.
	Err error
	// Needed is set for a record to end that others need.
	Needed bool
}

// Error names the record.
func (e *RecordError) Error() string { return fmt.Sprintf("%s %s: %v", e.Kind, e.ID, e.Err) }

// Unwrap is the fault.
func (e *RecordError) Unwrap() error { return e.Err }

// Changes are the changes of the log that make an update. They hold against the directory that they were checked with, so
// the transaction demands its Seq, see [data.Tx].
func (u *Update) Changes() ([]data.Change, error) {
	var changes []data.Change
	put := func(a *data.Admin, err error) error {
		if err == nil {
			changes = append(changes, a.Put())
		}
		return err
	}
	for _, o := range u.Organisations {
		if err := put(Record(o)); err != nil {
			return nil, err
		}
	}
	for _, p := range u.Posts {
		if err := put(Record(p)); err != nil {
			return nil, err
		}
	}
	for _, s := range u.Staff {
		if err := put(Record(s)); err != nil {
			return nil, err
		}
	}
	for _, n := range u.Ended {
		changes = append(changes, data.Change{Stream: data.StreamAdmin, Op: data.OpDelete, Layer: data.AdminName(n.Kind, n.ID)})
	}
	return changes, nil
}

// With is the directory that an update leaves behind. Its records have the Seqs of before.
func (d *Directory) With(u *Update) *Directory {
	ended := map[Name]bool{}
	for _, n := range u.Ended {
		ended[n] = true
	}
	next := &Directory{seq: d.seq, seqs: d.seqs}
	next.organisations = merge(d.organisations, u.Organisations, func(o *Organisation) string { return o.ID }, ended, data.AdminOrganisation)
	next.staff = merge(d.staff, u.Staff, func(s *Staff) string { return s.ID }, ended, data.AdminStaff)
	recorded := slices.DeleteFunc(slices.Clone(d.posts), func(p *Post) bool { return d.SeqOf(data.AdminPost, p.ID) == 0 })
	next.posts = merge(recorded, u.Posts, func(p *Post) string { return p.ID }, ended, data.AdminPost)
	next.connect()
	return next
}

func merge[T any](old, put []*T, id func(*T) string, ended map[Name]bool, kind string) []*T {
	all := make(map[string]*T, len(old)+len(put))
	for _, list := range [][]*T{old, put} {
		for _, one := range list {
			all[id(one)] = one
		}
	}
	maps.DeleteFunc(all, func(id string, _ *T) bool { return ended[Name{kind, id}] })
	return slices.Collect(maps.Values(all))
}

// Check looks for what is wrong with an update: with each record by itself, with what it refers to in the directory that
// the update leaves behind and in the city, and with what others need of the records that it ends. City may be nil: then
// areas and cells are not looked for. The faults are in the order of the update.
func (d *Directory) Check(u *Update, city City) []*RecordError {
	next := d.With(u)
	var all []*RecordError
	add := func(kind, id string, errs ...error) {
		if err := errors.Join(errs...); err != nil {
			all = append(all, &RecordError{Name: Name{kind, id}, Err: err})
		}
	}
	for _, o := range u.Organisations {
		add(data.AdminOrganisation, o.ID, o.Validate(), next.standing(o, d), inCity(o, city))
	}
	for _, p := range u.Posts {
		add(data.AdminPost, p.ID, p.Validate())
	}
	for _, s := range u.Staff {
		add(data.AdminStaff, s.ID, s.Validate(), next.fits(s), worksIn(s, city))
	}
	for _, n := range u.Ended {
		if err := next.missed(n, d); err != nil {
			all = append(all, &RecordError{Name: n, Err: err, Needed: d.SeqOf(n.Kind, n.ID) > 0})
		}
	}
	return all
}

// standing is what is wrong with the place of an organisation in the tree, and of those below it because of it.
func (d *Directory) standing(o *Organisation, before *Directory) error {
	if _, err := d.path(o); err != nil {
		return err
	}
	if was, ok := before.organisation[o.ID]; ok && was.Parent == o.Parent {
		return nil
	}
	for _, other := range d.organisations {
		if _, err := d.path(other); err == nil || !slices.Contains(d.upwards(other), o) {
			continue
		}
		return &data.FieldError{Field: "parent", Value: o.Parent, Why: fmt.Sprintf("leaves no room for %s below it: the tree may have %d levels", other.ID, MaxDepth)}
	}
	return nil
}

// upwards are an organisation and those above it, as far as there are some that were not met before.
func (d *Directory) upwards(o *Organisation) []*Organisation {
	var way []*Organisation
	for ok := true; ok && !slices.Contains(way, o); o, ok = d.organisation[o.Parent] {
		way = append(way, o)
	}
	return way
}

func inCity(o *Organisation, city City) error {
	if city == nil {
		return nil
	}
	var f faults
	for i := range o.Areas {
		a := &o.Areas[i]
		switch at := fmt.Sprintf("areas[%d].", i); {
		case !city.Level(a.Level):
			f.add(at+"level", a.Level, "is the level of no layer with the role area")
		case !city.Area(AreaKey{a.Level, a.Code}):
			f.add(at+"code", a.Code, "is the code of no %s", a.Level)
		}
	}
	return errors.Join(f...)
}

// fits is what is wrong with the posts, organisations and persons that holdings name.
func (d *Directory) fits(s *Staff) error {
	var f faults
	for i := range s.Holdings {
		h, at := &s.Holdings[i], fmt.Sprintf("holdings[%d].", i)
		if h.Post == PostPublic {
			f.add(at+"post", h.Post, "is the post of those who are not logged in; nobody holds it")
		} else if d.post[h.Post] == nil {
			f.add(at+"post", h.Post, "is no post; there are %s", postIDs(d.posts))
		}
		if d.organisation[h.Organisation] == nil {
			f.add(at+"organisation", h.Organisation, "is no organisation")
		}
		if h.StandsInFor == "" {
			continue
		}
		other, ok := d.person[h.StandsInFor]
		if !ok {
			f.add(at+"stands_in_for", h.StandsInFor, "is no person of the staff")
		} else if !slices.ContainsFunc(other.Holdings, func(a Holding) bool { return replaces(held{s, h}, held{other, &a}) }) {
			f.add(at+"stands_in_for", h.StandsInFor, "does not hold the post %s in %s", h.Post, h.Organisation)
		}
	}
	for _, b := range d.standIns[s.ID] {
		if !slices.ContainsFunc(s.Holdings, func(a Holding) bool { return replaces(b, held{s, &a}) }) {
			f.add("holdings", b.holding.Post, "is missing in %s: %s stands in for the person there", b.holding.Organisation, b.staff.ID)
		}
	}
	return errors.Join(f...)
}

func worksIn(s *Staff, city City) error {
	if city == nil {
		return nil
	}
	var f faults
	for i := range s.Holdings {
		h, at := &s.Holdings[i], fmt.Sprintf("holdings[%d].", i)
		if h.Scheme != "" && !city.Scheme(h.Scheme) {
			f.add(at+"scheme", h.Scheme, "is no scheme")
			continue
		}
		for _, code := range h.Cells {
			if !city.Cell(CellRef{h.Scheme, code}) {
				f.add(at+"cells", code, "is the code of no cell of scheme %s", h.Scheme)
			}
		}
	}
	return errors.Join(f...)
}

// missed says who needs a record that was ended.
func (d *Directory) missed(n Name, before *Directory) error {
	refuse := func(format string, args ...any) error {
		return &data.FieldError{Field: "id", Value: n.ID, Why: fmt.Sprintf(format, args...)}
	}
	if before.SeqOf(n.Kind, n.ID) == 0 {
		return refuse("does not exist as a record")
	}
	staffID := func(h held) string { return h.staff.ID }
	switch n.Kind {
	case data.AdminOrganisation:
		var below []*Organisation
		for _, o := range d.organisations {
			if o.Parent == n.ID {
				below = append(below, o)
			}
		}
		members := slices.CompactFunc(slices.Clone(d.members[n.ID]), func(a, b held) bool { return a.staff == b.staff })
		var held []string
		if len(below) > 0 {
			held = append(held, fmt.Sprintf("%s below it (%s)", count(len(below), "organisation"), shortList(below, func(o *Organisation) string { return o.ID })))
		}
		if len(members) > 0 {
			held = append(held, fmt.Sprintf("%s (%s)", count(len(members), "person"), shortList(members, staffID)))
		}
		if len(held) > 0 {
			return refuse("has %s; move them first, or set retired and keep it for history", strings.Join(held, " and "))
		}
	case data.AdminPost:
		var holders []held
		for _, s := range d.staff {
			if i := slices.IndexFunc(s.Holdings, func(h Holding) bool { return h.Post == n.ID }); i >= 0 {
				holders = append(holders, held{s, &s.Holdings[i]})
			}
		}
		if len(holders) > 0 && d.post[n.ID] == nil {
			return refuse("is held by %s (%s); take it from them first", count(len(holders), "person"), shortList(holders, staffID))
		}
	case data.AdminStaff:
		if others := d.standIns[n.ID]; len(others) > 0 {
			return refuse("is stood in for by %s; end that first, or set left and keep the person for history", shortList(others, staffID))
		}
	}
	return nil
}

// count is "3 persons".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// shortList names at most five.
func shortList[T any](all []T, name func(T) string) string {
	const most = 5
	var names []string
	for _, one := range all[:min(len(all), most)] {
		names = append(names, name(one))
	}
	if len(all) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

func postIDs(posts []*Post) string {
	ids := make([]string, len(posts))
	for i, p := range posts {
		ids[i] = p.ID
	}
	return strings.Join(ids[:min(len(ids), 30)], ", ")
}
