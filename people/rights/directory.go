package rights

import (
	"iter"
	"maps"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
)

// Records is the directory that the admin records of a World are. It is immutable and safe for concurrent use.
type Records struct {
	posts         map[string]people.Post
	organisations map[string]people.Organisation
	staff         map[string]people.Staff
}

// DirectoryOf reads the admin records of a World. One that cannot be read is not there: what it would have allowed is not
// allowed. Posts of the beginning are there as long as no record takes their place.
func DirectoryOf(w *index.World) *Records {
	r := &Records{posts: map[string]people.Post{}, organisations: map[string]people.Organisation{}, staff: map[string]people.Staff{}}
	for _, p := range people.DefaultPosts() {
		r.posts[p.ID] = p
	}
	for record := range w.Admin(data.AdminPost) {
		if p, err := people.Read[people.Post](record.Admin); err == nil {
			r.posts[record.ID] = *p
		} else {
			delete(r.posts, record.ID)
		}
	}
	for record := range w.Admin(data.AdminOrganisation) {
		if o, err := people.Read[people.Organisation](record.Admin); err == nil {
			r.organisations[record.ID] = *o
		}
	}
	for record := range w.Admin(data.AdminStaff) {
		if s, err := people.Read[people.Staff](record.Admin); err == nil {
			r.staff[record.ID] = *s
		}
	}
	return r
}

// Post implements [Directory].
func (r *Records) Post(id string) (people.Post, bool) {
	p, ok := r.posts[id]
	return p, ok
}

// Organisation implements [Directory].
func (r *Records) Organisation(id string) (people.Organisation, bool) {
	o, ok := r.organisations[id]
	return o, ok
}

// Organisations implements [Directory].
func (r *Records) Organisations() iter.Seq[people.Organisation] { return maps.Values(r.organisations) }

// Staff implements [Directory].
func (r *Records) Staff(id string) (people.Staff, bool) {
	s, ok := r.staff[id]
	return s, ok
}
