package geocode

import (
	"slices"
	"sync"

	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/index"
)

// mostViews bounds the gazetteers of what somebody sees that are kept: each takes as much memory as what it is made of.
const mostViews = 8

// views are gazetteers of Worlds as somebody sees them, the ones that were used last at the end.
type views struct {
	mu    sync.Mutex
	known []*view
}

type view struct {
	name string
	mu   sync.Mutex // guards follower while it goes on
	gazetteer.Follower
}

// Seen is a Geocoder for somebody who sees of each World what see returns: what is out of sight is neither a place nor
// a reason to doubt one. Whoever sees all that has a name shares what is known of it with those who see everything; for
// others a gazetteer of their own is made, which takes as long as for the whole city, and then follows.
func (g *Geocoder) Seen(see func(*index.World) *index.World) *Geocoder {
	whole := g.Gazetteer()
	if whole == nil {
		return g
	}
	world := see(whole.World())
	if world.View() == "" {
		return g
	}
	some := &Geocoder{finders: g.finders}
	city, ok := whole.In(world)
	if !ok {
		city = g.views.of(world)
	}
	some.Show(city)
	return some
}

func (v *views) of(w *index.World) *gazetteer.Gazetteer {
	one := v.named(w.View())
	one.mu.Lock()
	defer one.mu.Unlock()
	if have := one.Gazetteer(); have == nil || have.World() != w {
		if have != nil && have.World().Seq() > w.Seq() {
			return gazetteer.New(w) // somebody is behind
		}
		one.Advance(w)
	}
	return one.Gazetteer()
}

// named finds the view of a name, or makes it in place of the one that was not used for longest.
func (v *views) named(name string) *view {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := slices.IndexFunc(v.known, func(one *view) bool { return one.name == name })
	one := &view{name: name}
	switch {
	case i >= 0:
		one = v.known[i]
		v.known = slices.Delete(v.known, i, i+1)
	case len(v.known) >= mostViews:
		v.known = slices.Delete(v.known, 0, 1)
	}
	v.known = append(v.known, one)
	return one
}
