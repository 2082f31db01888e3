package gazetteer

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/names"
)

// book numbers names and counts what makes a road: it is known as long as it has a feature or a door.
type book struct {
	ids   map[string]names.ID
	texts []string
	doors map[section]int
	roads map[meaning]int // sections with doors, and features
}

type section struct {
	road   names.ID
	number uint32
}

// meaning is a road that a name may mean.
type meaning struct {
	name  names.ID
	sense Sense
}

func newBook() book {
	return book{ids: map[string]names.ID{}, doors: map[section]int{}, roads: map[meaning]int{}}
}

func (b *book) id(name string) names.ID {
	id, ok := b.ids[name]
	if !ok {
		id = names.ID(len(b.texts))
		b.ids[name], b.texts = id, append(b.texts, name)
	}
	return id
}

// editor makes the next version of the records.
type editor struct {
	*book
	vector
	own     []bool // chunks that no other version has
	pending map[names.ID]*difference
}

// difference is the Senses that a name gets and loses, in any order.
type difference struct{ more, less []Sense }

func (b *book) edit(of vector) *editor {
	return &editor{b, vector{slices.Clone(of.chunks)}, make([]bool, len(of.chunks)), map[names.ID]*difference{}}
}

// to is a record to be written to. Its slices are those of the version before: they are replaced, never written to.
func (e *editor) to(id names.ID) *record {
	i := int(id / chunk)
	for i >= len(e.chunks) {
		e.chunks, e.own = append(e.chunks, new([chunk]record)), append(e.own, true)
	}
	if !e.own[i] {
		fresh := *e.chunks[i]
		e.chunks[i], e.own[i] = &fresh, true
	}
	return &e.chunks[i][id%chunk]
}

// name counts the names of a feature in or out, by +1 or -1.
func (e *editor) name(all []called, by int) {
	var road names.ID
	for _, c := range all {
		id := e.id(c.name)
		if c.sense.Kind != Road {
			e.mean(id, c.sense, by)
			continue
		}
		if c.sense.Form == Proper {
			road = id
			if r := e.to(id); r.title == "" {
				r.title = c.title
			}
		}
		c.sense.Road = road
		e.road(meaning{id, c.sense}, by)
	}
}

// road counts what makes a name mean a road.
func (e *editor) road(m meaning, by int) {
	n := e.roads[m] + by
	if e.roads[m] = n; n == 0 {
		delete(e.roads, m)
	}
	if n == 0 || n == 1 && by > 0 {
		e.mean(m.name, m.sense, by)
	}
}

// street counts a door of a road in or out, by +1 or -1, and returns where it is found.
func (e *editor) street(p *plate, by int) houses.Street {
	road := e.id(p.road)
	s := section{road, p.street.Section}
	n := e.doors[s] + by
	if e.doors[s] = n; n == 0 {
		delete(e.doors, s)
	}
	if n == 0 || n == 1 && by > 0 {
		for name, form := range forms(Road, p.road, "") {
			e.road(meaning{e.id(name), Sense{Kind: Road, Form: form, Road: road}}, by)
		}
		r := e.to(road)
		i, _ := slices.BinarySearch(r.sections, s.number)
		if n == 0 {
			r.sections = slices.Concat(r.sections[:i], r.sections[i+1:])
		} else {
			r.sections = slices.Concat(r.sections[:i], []uint32{s.number}, r.sections[i:])
		}
	}
	street := p.street
	street.Road = uint32(road)
	return street
}

// mean adds a Sense to a name or takes it away. Of one Sense that comes and goes the balance counts.
func (e *editor) mean(id names.ID, s Sense, by int) {
	d := e.pending[id]
	if d == nil {
		d = &difference{}
		e.pending[id] = d
	}
	if by > 0 {
		d.more = append(d.more, s)
	} else {
		d.less = append(d.less, s)
	}
}

// done is the next version.
func (e *editor) done() vector {
	for id, d := range e.pending {
		r := e.to(id)
		slices.SortFunc(d.less, Sense.compare)
		kept := make([]Sense, 0, len(r.senses)+len(d.more))
		kept = append(append(kept, r.senses...), d.more...)
		slices.SortFunc(kept, Sense.compare)
		left, less := kept[:0], d.less
		for _, s := range kept {
			if len(less) > 0 && less[0] == s {
				less = less[1:]
				continue
			}
			left = append(left, s)
		}
		r.senses = left
	}
	return e.vector
}

// compare orders Senses, those first which a name means rather.
func (s Sense) compare(t Sense) int {
	return cmp.Or(cmp.Compare(s.Form, t.Form), cmp.Compare(s.Kind, t.Kind), cmp.Compare(s.Layer, t.Layer), cmp.Compare(s.Slot, t.Slot), cmp.Compare(s.Road, t.Road))
}
