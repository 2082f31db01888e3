package notice

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/rtree"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// Channel is a way to somebody: "mail" with an address of mail, "webhook" with the name of a hook, "live" with the name of
// a login, or another kind for which there is an adapter.
type Channel struct {
	Kind    string `json:"kind"`
	Address string `json:"address"`
}

// Subscription is what somebody wants to be told of: what meets all that it names. It is a value; nobody changes one that
// a book holds.
type Subscription struct {
	ID string `json:"id"`
	// Owner is who subscribed, as an id of the directory or an opaque reference; never a name or an address.
	Owner   string  `json:"owner"`
	Channel Channel `json:"channel"`
	// Case is one case by its id.
	Case string `json:"case,omitempty"`
	// Areas are areas and cells by level or scheme and code, as "street 110101001"; one of them is enough.
	Areas []string `json:"areas,omitempty"`
	// Classes are classes by edition, kind and the beginning of a code, as "GBT30428.2-2013 part 01" for all of a major
	// class; one of them is enough.
	Classes []string `json:"classes,omitempty"`
	// Area is a drawn polygon, Circle a centre and a radius.
	Area   *geo.Shape `json:"-"`
	Circle *Circle    `json:"circle,omitempty"`
	// Events are what is told, by the names of actions and of notices of clocks; without them everything.
	Events []string `json:"events,omitempty"`
	// Public tells only what the public may see. Subscriptions of the public have it.
	Public bool `json:"public,omitempty"`
	// Sighted tells of what its owner, a person of the directory, sees of a case at that moment: as a whole, or what the
	// public may see. Whoever makes messages finds that out; Public says nothing then.
	Sighted bool `json:"sighted,omitempty"`
	// Lang is the language of what is told, zh or en; empty is zh.
	Lang string `json:"lang,omitempty"`
	// Until is when it ends; zero for never.
	Until time.Time `json:"until,omitzero"`
}

// Circle is what lies within some metres of a centre.
type Circle struct {
	Centre geo.Point `json:"centre"`
	Metres float64   `json:"metres"`
}

// Bounds of subscriptions.
const (
	maxNames  = 200
	maxMetres = 100_000
)

// Check reports the first fault of a subscription, as a *data.FieldError.
func (s *Subscription) Check() error {
	bad := func(field, value, why string) error { return &data.FieldError{Field: field, Value: value, Why: why} }
	switch {
	case s.ID == "" || strings.ContainsAny(s.ID, "/ \n"):
		return bad("id", s.ID, "must be a text without / and spaces")
	case s.Owner == "":
		return bad("owner", "", "is missing")
	case s.Channel.Kind == "" || s.Channel.Address == "":
		return bad("channel", s.Channel.Kind+" "+s.Channel.Address, "must have a kind and an address")
	case s.Lang != "" && s.Lang != "zh" && s.Lang != "en":
		return bad("lang", s.Lang, "must be zh or en")
	case s.Case == "" && len(s.Areas) == 0 && len(s.Classes) == 0 && s.Area == nil && s.Circle == nil:
		return bad("subscription", "", "names nothing: a case, areas, classes, a polygon or a circle")
	case len(s.Areas) > maxNames || len(s.Classes) > maxNames || len(s.Events) > maxNames:
		return bad("subscription", "", fmt.Sprintf("names more than %d areas, classes or events", maxNames))
	case s.Area != nil && (s.Area.Kind() != geo.KindPolygon || s.Area.NumPolygons() == 0):
		return bad("area", s.Area.Kind().String(), "must be a polygon")
	case s.Circle != nil && !(s.Circle.Metres > 0 && s.Circle.Metres <= maxMetres):
		return bad("circle.metres", fmt.Sprint(s.Circle.Metres), fmt.Sprintf("must be more than 0 and at most %d", maxMetres))
	}
	for _, class := range s.Classes {
		if part := strings.Fields(class); len(part) < 2 || len(part) > 3 || strings.Join(part, " ") != class {
			return bad("classes", class, `must be edition, kind and the beginning of a code, as "GBT30428.2-2013 part 01"`)
		}
	}
	for _, area := range s.Areas {
		if part := strings.Fields(area); len(part) != 2 {
			return bad("areas", area, `must be a level or scheme and a code, as "street 110101001"`)
		}
	}
	return nil
}

// Subject is what happened, as far as subscriptions ask.
type Subject struct {
	Case string
	// Class is edition, kind and code, Areas the areas and cells of the case, as subscriptions name them.
	Class string
	Areas []string
	// Point is where the case is, if it has a place.
	Point *geo.Point
	// Event is the action or the notice, Clock the clock that the notice is of, Level that of its mark.
	Event, Clock string
	Level        int
	// Public says that the public may see it.
	Public bool
	At     time.Time
}

// Meets reports whether a subscription asks for what happened.
func (s *Subscription) Meets(what *Subject) bool {
	switch {
	case s.Public && !s.Sighted && !what.Public,
		!s.Until.IsZero() && !what.At.Before(s.Until),
		s.Case != "" && s.Case != what.Case,
		len(s.Events) > 0 && !slices.Contains(s.Events, what.Event),
		len(s.Areas) > 0 && !slices.ContainsFunc(s.Areas, func(a string) bool { return slices.Contains(what.Areas, a) }),
		len(s.Classes) > 0 && !slices.ContainsFunc(s.Classes, func(c string) bool { return under(what.Class, c) }):
		return false
	case s.Area == nil && s.Circle == nil:
		return true
	case what.Point == nil:
		return false
	}
	return (s.Area == nil || s.Area.Contains(*what.Point)) && (s.Circle == nil || geo.Distance(s.Circle.Centre, *what.Point) <= s.Circle.Metres)
}

// under reports whether a class is one that a subscription names: its edition and kind, and the beginning of its code.
func under(class, name string) bool {
	rest, ok := strings.CutPrefix(class, name)
	return ok && (strings.Count(name, " ") == 2 || rest == "" || rest[0] == ' ')
}

// Book is the subscriptions of a city. It is safe for concurrent use.
type Book struct {
	mu  sync.RWMutex
	all map[string]*Subscription
	// Each subscription stands in one of these, by what leaves the fewest to look at: its case, its place, its areas; the
	// others in rest.
	byCase map[string][]*Subscription
	byArea map[string][]*Subscription
	places *rtree.RTreeGN[int32, *Subscription]
	rest   map[string]*Subscription
}

// NewBook is an empty book.
func NewBook() *Book {
	return &Book{
		all: map[string]*Subscription{}, byCase: map[string][]*Subscription{}, byArea: map[string][]*Subscription{},
		places: &rtree.RTreeGN[int32, *Subscription]{}, rest: map[string]*Subscription{},
	}
}

// Put adds a subscription, in the place of the one with the same id. It fails as [Subscription.Check] does.
func (b *Book) Put(s Subscription) error {
	if err := s.Check(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop(s.ID)
	b.all[s.ID] = &s
	switch boxes := s.boxes(); {
	case s.Case != "":
		b.byCase[s.Case] = append(b.byCase[s.Case], &s)
	case len(boxes) > 0:
		for _, box := range boxes {
			b.places.Insert([2]int32{box.Min.X, box.Min.Y}, [2]int32{box.Max.X, box.Max.Y}, &s)
		}
	case len(s.Areas) > 0:
		for _, area := range s.Areas {
			b.byArea[area] = append(b.byArea[area], &s)
		}
	default:
		b.rest[s.ID] = &s
	}
	return nil
}

// boxes are where a subscription with a place can be met.
func (s *Subscription) boxes() []geo.Box {
	var list []geo.Box
	switch {
	case s.Area != nil:
		list = append(list, s.Area.Box())
	case s.Circle != nil:
		disk := geo.NewDisk(s.Circle.Centre, s.Circle.Metres)
		for _, box := range disk.Boxes() {
			if !box.Empty() {
				list = append(list, box)
			}
		}
	}
	return list
}

// Drop forgets a subscription: its owner has unsubscribed.
func (b *Book) Drop(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop(id)
}

func (b *Book) drop(id string) {
	s, ok := b.all[id]
	if !ok {
		return
	}
	without := func(m map[string][]*Subscription, key string) {
		if m[key] = slices.DeleteFunc(m[key], func(other *Subscription) bool { return other == s }); len(m[key]) == 0 {
			delete(m, key)
		}
	}
	delete(b.all, id)
	delete(b.rest, id)
	if s.Case != "" {
		without(b.byCase, s.Case)
	}
	for _, area := range s.Areas {
		without(b.byArea, area)
	}
	for _, box := range s.boxes() {
		b.places.Delete([2]int32{box.Min.X, box.Min.Y}, [2]int32{box.Max.X, box.Max.Y}, s)
	}
}

// Len is how many subscriptions there are.
func (b *Book) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.all)
}

// Find are the subscriptions that ask for what happened, by id. An event without a finite place meets none with a place.
func (b *Book) Find(what *Subject) []Subscription {
	b.mu.RLock()
	defer b.mu.RUnlock()
	found := map[string]*Subscription{}
	look := func(s *Subscription) {
		if s.Meets(what) {
			found[s.ID] = s
		}
	}
	for _, s := range b.byCase[what.Case] {
		look(s)
	}
	for _, area := range what.Areas {
		for _, s := range b.byArea[area] {
			look(s)
		}
	}
	if what.Point != nil {
		at := [2]int32{what.Point.X, what.Point.Y}
		b.places.Search(at, at, func(_, _ [2]int32, s *Subscription) bool {
			look(s)
			return true
		})
	}
	for _, s := range b.rest {
		look(s)
	}
	list := make([]Subscription, 0, len(found))
	for _, s := range found {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b Subscription) int { return strings.Compare(a.ID, b.ID) })
	return list
}
