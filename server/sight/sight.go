// Package sight remembers what those who ask may see: their rights, and the Worlds as they see them. People with the same
// rights share them.
package sight

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/people/rights"
)

// Bounds of what is remembered.
const (
	mostRights = 4096
	mostViews  = 128
)

// Book remembers rights and Worlds. The zero Book is ready to use; it is safe for concurrent use.
type Book struct {
	mu    sync.Mutex
	at    recordsKey
	known map[subjectKey]*remembered
	views []*view // the ones that were used last at the end
}

type recordsKey struct {
	epoch data.Epoch
	seq   data.Seq
}

// subjectKey is all that rights depend on but for the time.
type subjectKey struct {
	recordsKey
	defined data.Seq
	who     string
}

type remembered struct {
	rights *rights.Rights
	// from and until bound the time for which they hold; until is zero for no bound.
	from, until time.Time
}

// view is a World as somebody sees it.
type view struct {
	name  string
	whole *index.World
	seen  *index.World
}

// Rights are those that somebody has at a time, by the newest records: w is a World of the present.
func (b *Book) Rights(w *index.World, p *account.Principal, now time.Time) *rights.Rights {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := recordsKey{w.Epoch(), w.AdminSeq()}
	if b.at != at {
		b.at, b.known = at, nil
	}
	d := people.Of(w)
	key := subjectKey{at, w.Defined(), nameOf(p)}
	if have := b.known[key]; have != nil && !now.Before(have.from) && (have.until.IsZero() || now.Before(have.until)) {
		return have.rights
	}
	if b.known == nil || len(b.known) >= mostRights {
		b.known = map[subjectKey]*remembered{}
	}
	s := subjectOf(d, p, now)
	made := &remembered{rights: rights.Compile(d, w, &s), from: now}
	made.until, _ = rights.Changes(d, p.Staff, now)
	b.known[key] = made
	return made.rights
}

// AsSeenBy are the rights of a person of the directory; false when it knows none of that id.
func (b *Book) AsSeenBy(w *index.World, staff string, now time.Time) (*rights.Rights, bool) {
	d := people.Of(w)
	if _, ok := d.Person(staff); !ok {
		return nil, false
	}
	s := rights.Of(d, staff, now)
	return rights.Compile(d, w, &s), true
}

// subjectOf is a principal by the directory. Posts that came with the login count beside those of the directory.
func subjectOf(d *people.Directory, p *account.Principal, now time.Time) rights.Subject {
	s := rights.Subject{Everything: p.Administrator || p.Everything()}
	if p.Staff != "" {
		s = rights.Of(d, p.Staff, now)
		s.Everything = p.Administrator || p.Everything()
	}
	for _, g := range p.Granted {
		s.Holdings = append(s.Holdings, people.Holding{Post: g.Post, Organisation: g.Organisation})
	}
	if p.Scopes != nil {
		s.Scopes = []people.Permission{}
		for _, scope := range p.Scopes {
			s.Scopes = append(s.Scopes, people.Permission(scope))
		}
	}
	return s
}

// nameOf is all of a principal that rights depend on.
func nameOf(p *account.Principal) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %v %v", p.Staff, p.Administrator, p.Everything())
	for _, g := range p.Granted {
		fmt.Fprintf(&b, " %q@%q", g.Post, g.Organisation)
	}
	if p.Scopes != nil {
		fmt.Fprintf(&b, " of %q", slices.Sorted(slices.Values(p.Scopes)))
	}
	return b.String()
}

// See is a World as the holder of rights sees it. What is asked for again is there; a newer World takes over what is known
// of the one before.
func (b *Book) See(r *rights.Rights, w *index.World) *index.World {
	if r == nil || r.Everything() {
		return w
	}
	w = w.Whole()
	name := r.Sight()
	var before *index.World
	b.mu.Lock()
	for i, v := range slices.Backward(b.views) {
		if v.name != name {
			continue
		}
		if v.whole == w {
			b.views = append(slices.Delete(b.views, i, i+1), v)
			b.mu.Unlock()
			return v.seen
		}
		if before == nil && v.whole.Line() == w.Line() && v.whole.Epoch() == w.Epoch() {
			before = v.seen
		}
	}
	b.mu.Unlock()
	seen := r.See(w, before)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range b.views {
		if v.name == name && v.whole == w {
			return v.seen // somebody was faster: one World for each that asks
		}
	}
	// Of one name two states are enough: the newest, and one that somebody still answers from.
	var newest *view
	for _, v := range slices.Backward(b.views) {
		if v.name == name && v.whole.Line() == w.Line() {
			newest = v
			break
		}
	}
	b.views = slices.DeleteFunc(b.views, func(v *view) bool { return v.name == name && v.whole.Line() == w.Line() && v != newest })
	if len(b.views) >= mostViews {
		b.views = slices.Delete(b.views, 0, 1)
	}
	b.views = append(b.views, &view{name, w, seen})
	return seen
}
