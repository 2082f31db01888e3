package geocode

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/ground"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/number"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
	"github.com/gewu-city/gewu/index"
)

// Typing is what somebody has typed so far.
type Typing struct {
	Text string
	// Limit is how many suggestions are returned: 10 when it is 0, at most 50.
	Limit int
	// Focus is a place near which the answer is likely; of suggestions that are as good the nearer one comes first.
	Focus *geo.Point
	// When is as that of a [Question]: what is not there is not suggested.
	When time.Time
}

// mostBeginning bounds the names that are looked at for one suggestion, and the doors of a street.
const mostBeginning = 2000

// Suggest returns the places that a text may be the beginning of, the likeliest first: names by their first characters,
// their spelling or its initials, and behind the name of a road the house numbers that begin with what follows it.
func (g *Geocoder) Suggest(t Typing) ([]Place, *index.World) {
	city := g.Gazetteer()
	if city == nil {
		return nil, nil
	}
	limit := t.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	limit = min(limit, MostPlaces)
	f := g.finders.Get().(*finder)
	defer g.finders.Put(f)
	f.begin(city, t.Text, t.When)
	s := suggester{finder: f, typing: &t}
	s.numbers()
	if len(s.doors) == 0 {
		s.spelled()
	}
	if len(s.doors) == 0 {
		s.names()
	}
	var places []Place
	for _, c := range s.doors[:min(len(s.doors), limit)] {
		places = append(places, s.door(c))
	}
	for _, o := range s.options[:min(len(s.options), limit-len(places))] {
		places = append(places, s.named(o))
	}
	return places, city.World()
}

type suggester struct {
	*finder
	typing  *Typing
	doors   []houses.Door
	options []option
}

// option is a name that the text may be the beginning of, as one of the things that it means.
type option struct {
	id       names.ID
	way      names.Way
	sense    gazetteer.Sense
	length   int
	distance float64
}

// names collects the names that the last part of the text begins.
func (s *suggester) names() {
	seen := map[gazetteer.Sense]bool{}
	left := mostBeginning
	for _, tail := range s.tails() {
		s.g.Beginning(tail, func(id names.ID, way names.Way) bool {
			for _, sense := range s.g.Senses(id) {
				if left--; left < 0 {
					return false
				}
				thing := sense
				thing.Form = gazetteer.Proper
				there, _ := s.g.InForce(sense, s.when)
				if seen[thing] || sense.Form == gazetteer.Short || !there {
					continue
				}
				seen[thing] = true
				o := option{id: id, way: way, sense: sense, length: len(s.g.Name(id))}
				if s.typing.Focus != nil {
					o.distance = geo.Distance(s.placeOf(sense), *s.typing.Focus)
				}
				s.options = append(s.options, o)
			}
			return true
		})
		if len(s.options) > 0 {
			break
		}
	}
	slices.SortFunc(s.options, func(a, b option) int {
		return cmp.Or(cmp.Compare(a.way, b.way), cmp.Compare(a.distance, b.distance), cmp.Compare(a.length, b.length), cmp.Compare(a.sense.Kind, b.sense.Kind),
			slices.Compare(s.g.Name(a.id), s.g.Name(b.id)), cmp.Compare(a.sense.Layer, b.sense.Layer), cmp.Compare(a.sense.Slot, b.sense.Slot))
	})
}

// tails are the text, and what is left of it behind areas that it names in full.
func (s *suggester) tails() []string {
	all := []string{s.text.String()}
	for _, r := range s.reader.Read(s.text.Runes, s.g, 1, nil) {
		for _, e := range r.Elements {
			if e.Kind == phrase.Admin || relation.Means(s.g, &e, gazetteer.Area) {
				if tail := strings.TrimLeft(string(s.text.Runes[e.End:]), " ,"); tail != "" {
					all = append(all, tail)
				}
			}
		}
	}
	slices.Reverse(all[1:])
	return all
}

// numbers collects the doors of the road that the text names whose numbers begin as it goes on.
func (s *suggester) numbers() {
	for _, r := range s.reader.Read(s.text.Runes, s.g, 1, nil) {
		s.claims.Read(s.g, r.Elements)
		for i := range s.claims.Found {
			cl := &s.claims.Found[i]
			if cl.Last != len(r.Elements)-1 || cl.Second >= 0 || len(cl.Numbers) == 0 {
				continue
			}
			for _, sense := range s.g.Senses(r.Elements[cl.Main].Name) {
				if sense.Kind == gazetteer.Road {
					s.street(sense.Road, houses.AddressOf(cl.Numbers), cl.Numbers[len(cl.Numbers)-1])
				}
			}
		}
	}
}

// spelled collects the doors of the roads of which a word in letters is the spelling or the initials, and whose numbers
// begin with what follows it: hpdl 1.
func (s *suggester) spelled() {
	head, tail, _ := strings.Cut(s.text.String(), " ")
	if i := strings.IndexFunc(head, func(r rune) bool { return '0' <= r && r <= '9' }); i > 0 && tail == "" {
		head, tail = head[:i], head[i:]
	}
	numbers, end := number.Parse([]rune(tail), nil)
	if len(numbers) == 0 || end != len([]rune(tail)) || head == "" || head[0] < 'a' || head[0] > 'z' {
		return
	}
	left, seen := mostBeginning, map[names.ID]bool{}
	s.g.Beginning(head, func(id names.ID, way names.Way) bool {
		for _, sense := range s.g.Senses(id) {
			if whole := way == names.Spelled || way == names.Initials && len(s.g.Name(id)) == len(head); whole && sense.Kind == gazetteer.Road && sense.Form != gazetteer.Short && !seen[sense.Road] {
				seen[sense.Road] = true
				s.street(sense.Road, houses.AddressOf(numbers), numbers[len(numbers)-1])
			}
		}
		left--
		return left > 0
	})
}

// street collects the doors of a street whose numbers begin with the last number, or all if that is of the street itself.
func (s *suggester) street(road names.ID, a houses.Address, last number.Element) {
	begins := ""
	if last.Unit == number.None || last.Unit == number.House {
		begins = strconv.FormatUint(uint64(a.House.Base), 10)
	}
	sections := s.g.Sections(road)
	if a.Section.Base > 0 {
		sections = []uint32{a.Section.Base}
	}
	for _, section := range sections {
		left := mostBeginning
		for d := range s.g.Doors().Doors(a.Street(uint32(road), section)) {
			if left--; left < 0 {
				break
			}
			if strings.HasPrefix(d.Number.String(), begins) {
				s.doors = append(s.doors, d)
			}
		}
	}
	// What is typed in full comes first, then what is one digit longer.
	slices.SortStableFunc(s.doors, func(a, b houses.Door) int {
		return cmp.Or(cmp.Compare(utf8.RuneCountInString(a.Number.String()), utf8.RuneCountInString(b.Number.String())), a.Number.Compare(b.Number), cmp.Compare(a.ID, b.ID))
	})
}

func (s *suggester) door(d houses.Door) Place {
	return s.place(&candidate{kind: House, at: d.At, radius: doorRadius, isDoor: true, door: d.ID, score: doorPrecision})
}

func (s *suggester) named(o option) Place {
	c := candidate{kind: Road, road: o.sense.Road, sense: o.sense, score: roadPrecision}
	switch o.sense.Kind {
	case gazetteer.Area:
		c.kind, c.score = Area, areaPrecision
	case gazetteer.Landmark:
		c.kind, c.score = Landmark, landmarkPrecision
	case gazetteer.Building:
		c.kind, c.score = Building, landmarkPrecision
	case gazetteer.Road:
		c.sense, c.street = gazetteer.Sense{}, houses.Street{Road: uint32(o.sense.Road)}
		c.at, c.radius, _ = s.ways.Reach(o.sense.Road)
		c.radius = max(c.radius, doorRadius)
	}
	if c.kind != Road {
		c.at = s.placeOf(o.sense)
		l := s.g.Layer(o.sense.Layer)
		c.layer, c.slot, c.radius = l.Def().Name, o.sense.Slot, ground.Extent(l.Box(o.sense.Slot), c.at)
	}
	return s.place(&c)
}

// placeOf is where the thing of a sense is, of a road a point on it.
func (s *suggester) placeOf(sense gazetteer.Sense) geo.Point {
	if sense.Kind != gazetteer.Road {
		at, _ := s.g.Place(sense)
		return at
	}
	at, _, ok := s.g.Lines().Middle(uint32(sense.Road))
	for _, section := range s.g.Sections(sense.Road) {
		if ok {
			break
		}
		for d := range s.g.Doors().Doors(houses.Street{Road: uint32(sense.Road), Section: section}) {
			at, ok = d.At, true
			break
		}
	}
	return at
}
