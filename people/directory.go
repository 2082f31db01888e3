package people

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/records"
)

// MaxDepth is the number of levels that the tree of organisations may have.
const MaxDepth = 6

// Directory is all organisations, posts and staff of a World, with what follows from them. It is immutable and safe for
// concurrent use; so is what it hands out, which nobody may change.
type Directory struct {
	seq           data.Seq
	organisations []*Organisation // by id, as the others
	posts         []*Post
	staff         []*Staff
	organisation  map[string]*Organisation
	post          map[string]*Post
	person        map[string]*Staff
	seqs          map[string]data.Seq
	children      map[string][]*Organisation
	// areas are the organisations bound to an area, members the holdings in an organisation, offices those of them without
	// cells that stand in for nobody, cells those that name a cell, standIns those that stand in for a person; schemes are those
	// of the cells.
	areas    map[AreaKey][]bound
	members  map[string][]held
	offices  map[string][]held
	cells    map[CellRef][]held
	schemes  []string
	standIns map[string][]held
	problems []error
}

// AreaKey names an area of a level.
type AreaKey struct {
	Level string `json:"level"`
	Code  string `json:"code"`
}

// CellRef names a cell of a scheme; or a building or entrance that carries a duty of its own, by the name of its layer and its
// id.
type CellRef struct {
	Scheme string `json:"scheme"`
	Code   string `json:"code"`
}

// bound is an organisation with the one of its areas that is meant.
type bound struct {
	organisation *Organisation
	area         *AreaRef
}

// held is a holding as it is written.
type held struct {
	staff   *Staff
	holding *Holding
}

// Of is the directory of a World. It is made once for all Worlds with the same records.
func Of(w *index.World) *Directory {
	return records.FromSet(w.Records(), func() *Directory { return read(w.Records()) })
}

// parsed is a record that was read, or why it cannot be.
type parsed[T record] struct {
	one *T
	err error
}

// all reads the records of a kind; each is read once, however often others change.
func all[T record](d *Directory, set *records.Set, kind string) []*T {
	var found []*T
	for r := range set.All(kind) {
		p := records.FromRecord(r, func() parsed[T] {
			one, err := Read[T](r.Admin)
			return parsed[T]{one, err}
		})
		if p.err != nil {
			d.problems = append(d.problems, p.err)
			continue
		}
		d.seqs[r.Name()] = r.Seq
		found = append(found, p.one)
	}
	return found
}

func read(set *records.Set) *Directory {
	d := &Directory{seq: set.Seq(), seqs: map[string]data.Seq{}}
	d.organisations = all[Organisation](d, set, data.AdminOrganisation)
	d.staff = all[Staff](d, set, data.AdminStaff)
	d.posts = all[Post](d, set, data.AdminPost)
	d.connect()
	return d
}

// connect makes the maps from the lists, which it sorts, and adds the default posts that no record replaces.
func (d *Directory) connect() {
	d.post = make(map[string]*Post, len(d.posts))
	for _, p := range d.posts {
		d.post[p.ID] = p
	}
	for _, p := range DefaultPosts() {
		if d.post[p.ID] == nil {
			d.post[p.ID] = &p
		}
	}
	d.posts = slices.SortedFunc(maps.Values(d.post), func(a, b *Post) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(d.organisations, func(a, b *Organisation) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(d.staff, func(a, b *Staff) int { return cmp.Compare(a.ID, b.ID) })
	d.organisation = make(map[string]*Organisation, len(d.organisations))
	for _, o := range d.organisations {
		d.organisation[o.ID] = o
	}
	d.children, d.areas = map[string][]*Organisation{}, map[AreaKey][]bound{}
	for _, o := range d.organisations {
		above := ""
		if _, err := d.path(o); err != nil {
			d.problems = append(d.problems, fmt.Errorf("organisation %s: %w", o.ID, err))
		} else {
			above = o.Parent
		}
		d.children[above] = append(d.children[above], o)
		for i := range o.Areas {
			key := AreaKey{o.Areas[i].Level, o.Areas[i].Code}
			d.areas[key] = append(d.areas[key], bound{o, &o.Areas[i]})
		}
	}
	d.person = make(map[string]*Staff, len(d.staff))
	d.members, d.cells, d.standIns, d.offices = map[string][]held{}, map[CellRef][]held{}, map[string][]held{}, map[string][]held{}
	for _, s := range d.staff {
		d.person[s.ID] = s
		for i := range s.Holdings {
			h := held{s, &s.Holdings[i]}
			d.members[h.holding.Organisation] = append(d.members[h.holding.Organisation], h)
			if scheme := h.holding.Scheme; scheme != "" && !slices.Contains(d.schemes, scheme) {
				d.schemes = append(d.schemes, scheme)
			}
			for _, code := range h.holding.Cells {
				ref := CellRef{h.holding.Scheme, code}
				d.cells[ref] = append(d.cells[ref], h)
			}
			switch {
			case h.holding.StandsInFor == "" && h.holding.Scheme == "":
				d.offices[h.holding.Organisation] = append(d.offices[h.holding.Organisation], h)
			case h.holding.StandsInFor != "":
				d.standIns[h.holding.StandsInFor] = append(d.standIns[h.holding.StandsInFor], h)
			}
		}
	}
	slices.Sort(d.schemes)
}

// path is the way from the top of the tree to an organisation, which is its last. The error is a *data.FieldError: a
// parent does not exist, it leads in a circle, or is too long.
func (d *Directory) path(o *Organisation) ([]*Organisation, error) {
	way := []*Organisation{o}
	for at := o; at.Parent != ""; way = append(way, at) {
		above, ok := d.organisation[at.Parent]
		switch {
		case !ok:
			return nil, &data.FieldError{Field: "parent", Value: at.Parent, Why: "is no organisation"}
		case slices.Contains(way, above):
			return nil, &data.FieldError{Field: "parent", Value: o.Parent, Why: "leads in a circle: " + chain(append(way, above))}
		case len(way) == MaxDepth:
			return nil, &data.FieldError{Field: "parent", Value: o.Parent, Why: fmt.Sprintf("makes a tree of more than %d levels: %s", MaxDepth, chain(append(way, above)))}
		}
		at = above
	}
	slices.Reverse(way)
	return way, nil
}

func chain(way []*Organisation) string {
	ids := make([]string, len(way))
	for i, o := range way {
		ids[i] = o.ID
	}
	return strings.Join(ids, " below ")
}

// Schemes are the schemes whose cells somebody works for, and the layers of buildings and entrances of which features have staff
// of their own, ascending.
func (d *Directory) Schemes() []string { return d.schemes }

// Seq is the newest change of the records that the directory is made of, 0 for none.
func (d *Directory) Seq() data.Seq { return d.seq }

// Problems are records that cannot be read, and organisations that hang in the air. There are none unless somebody
// wrote records past the checks of this package.
func (d *Directory) Problems() []error { return d.problems }

// SeqOf is the newest change of a record of a kind, 0 for a default post and for what does not exist.
func (d *Directory) SeqOf(kind, id string) data.Seq { return d.seqs[data.AdminName(kind, id)] }

// Organisations are all organisations in the order of their ids.
func (d *Directory) Organisations() []*Organisation { return d.organisations }

// Posts are all posts in the order of their ids, the defaults that no record replaces among them.
func (d *Directory) Posts() []*Post { return d.posts }

// Staff are all persons in the order of their ids.
func (d *Directory) Staff() []*Staff { return d.staff }

// Organisation finds an organisation.
func (d *Directory) Organisation(id string) (*Organisation, bool) {
	o, ok := d.organisation[id]
	return o, ok
}

// Post finds a post.
func (d *Directory) Post(id string) (*Post, bool) {
	p, ok := d.post[id]
	return p, ok
}

// Person finds a person.
func (d *Directory) Person(id string) (*Staff, bool) {
	s, ok := d.person[id]
	return s, ok
}

// Children are the organisations directly below one, in the order of their ids; of "" the tops of the trees.
func (d *Directory) Children(id string) []*Organisation { return d.children[id] }

// Under yields an organisation and all below it, each before those below it and children in the order of their ids. It
// yields none of an organisation that does not exist.
func (d *Directory) Under(id string) iter.Seq[*Organisation] {
	return func(yield func(*Organisation) bool) {
		if o, ok := d.organisation[id]; ok {
			d.walk(o, yield)
		}
	}
}

func (d *Directory) walk(o *Organisation, yield func(*Organisation) bool) bool {
	if !yield(o) {
		return false
	}
	for _, below := range d.children[o.ID] {
		if !d.walk(below, yield) {
			return false
		}
	}
	return true
}

// Path is the way from the top of the tree to an organisation, which is its last; nil when there is none.
func (d *Directory) Path(id string) []*Organisation {
	o, ok := d.organisation[id]
	if !ok {
		return nil
	}
	way, err := d.path(o)
	if err != nil {
		return []*Organisation{o}
	}
	return way
}

// Areas are what an organisation answers for: its own areas, or those of the nearest organisation above that has some.
// They are empty when none has.
func (d *Directory) Areas(id string) []AreaRef {
	for _, o := range slices.Backward(d.Path(id)) {
		if len(o.Areas) > 0 {
			return o.Areas
		}
	}
	return nil
}

// Active reports whether an organisation exists and has not ended at a time.
func (d *Directory) Active(id string, at time.Time) bool {
	o, ok := d.organisation[id]
	return ok && (o.Retired.IsZero() || at.Before(o.Retired))
}
