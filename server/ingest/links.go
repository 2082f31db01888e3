package ingest

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/rules"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/linkage"
)

// links tells rows whose refs name nothing, whose values are taken, or whose codes no dictionary has, before a store
// refuses them with all the others of their transaction, and rows that have to wait because a row behind them may give
// what they need. It knows the rows that the import has taken before, visible or not, in as far as links of the layer ask
// for them. The store has the last word.
type links struct {
	layer string
	world linkage.World
	rules *rules.Links
	// rows are the features that land, wait or have waited in vain, with the texts that they hold; held are the features
	// that hold a text: of a unique attribute the row that counts, of a ref the first.
	rows map[string][]held
	held map[held]string
	// waits are those of them that do not land, by their ids; queue has those that wait, and some that did, in their
	// order.
	waits map[string]*waiting
	queue []*waiting
	over  int // of the queue
	// on are those that wait for the row of a feature; ready are those for which it has come.
	on    map[string][]*waiting
	ready []*waiting
	// self is the feature that is being checked: it may refer to itself.
	self string
}

// held is a text in an attribute.
type held struct {
	place int
	text  string
}

func newLinks(layer string) *links {
	return &links{layer: layer, rows: map[string][]held{}, held: map[held]string{}, waits: map[string]*waiting{}, on: map[string][]*waiting{}}
}

// at takes a World to check against.
func (l *links) at(w *index.World) {
	now := linkage.World{World: w}
	if l.rules == nil || l.world.Defined() != w.Defined() {
		l.rules = now.Rules()
	}
	l.world = now
}

// row checks the feature of a row. on are the features whose rows it needs: it lands when there are none. The error says
// what is wrong with it, whatever comes.
func (l *links) row(f *data.Feature) (on []string, err error) {
	if err := l.rules.Codes(l.layer, f); err != nil {
		return nil, err
	}
	if !l.rules.Linked(l.layer) {
		return nil, nil
	}
	if err := l.contested(f); err != nil {
		return nil, err
	}
	return l.needs(f)
}

// contested says which value of a feature a row before wants, which waits. Of several rows that want one value the first
// counts, unless the feature of another has it and keeps it.
func (l *links) contested(f *data.Feature) error {
	for place, text := range l.rules.Unique(l.layer, f) {
		first := l.waits[l.held[held{place, text}]]
		if first == nil || first.id == f.ID || l.keeps(f.ID, place, text) {
			continue
		}
		return &data.FieldError{
			Field: "properties." + l.attribute(place), Value: text,
			Why: fmt.Sprintf("is what %s gives feature %q, and the attribute is unique; the first row counts", first, first.id),
		}
	}
	return nil
}

// keeps reports whether a feature has a text in the city.
func (l *links) keeps(id string, place int, text string) bool {
	for holder := range l.world.Holders(l.layer, place, text) {
		if holder == id {
			return true
		}
	}
	return false
}

func (l *links) attribute(place int) string {
	layer, _ := l.world.Layer(l.layer)
	return layer.Def().Attributes[place].Name
}

// needs are the features whose rows a feature needs. The error says what no row can give.
func (l *links) needs(f *data.Feature) (on []string, err error) {
	for u := range l.unmet(f) {
		switch {
		case u.Target == l.layer:
			on = append(on, u.Value)
		case u.Target == "" && !l.lands(u.Holder):
			on = append(on, u.Holder)
		default:
			return nil, u.Err()
		}
	}
	return on, nil
}

// lands reports whether the row of a feature lands.
func (l *links) lands(id string) bool {
	_, known := l.rows[id]
	return known && l.waits[id] == nil
}

// hold notes what the feature of a row holds.
func (l *links) hold(f *data.Feature) {
	if !l.rules.Linked(l.layer) {
		return
	}
	texts := []held{}
	for place, text := range l.rules.Holding(l.layer, f) {
		h := held{place, text}
		texts = append(texts, h)
		if _, taken := l.held[h]; !taken {
			l.held[h] = f.ID
		}
	}
	for place, text := range l.rules.Unique(l.layer, f) {
		l.held[held{place, text}] = f.ID
	}
	l.rows[f.ID] = texts
}

// take notes that a row lands.
func (l *links) take(f *data.Feature) {
	l.hold(f)
	l.wake(f.ID)
}

// end says why a feature that no file mentions cannot end, while those that are leaving do. What a row of the files refers
// to does not, whatever ending it would do to the ref: the file says that it is there.
func (l *links) end(id string, leaving func(id string) bool) error {
	left := &ending{l, leaving}
	if err := l.rules.Delete(left, l.layer, id, &rules.Emptied{Most: data.MaxTxChanges}); err != nil {
		return err
	}
	if holder, attribute := l.rules.Referrer(left, l.layer, id); holder != "" {
		return fmt.Errorf("feature %q refers to it by %s", holder, attribute)
	}
	return nil
}

// Exists implements [rules.Features].
func (l *links) Exists(layer, id string) bool {
	if layer == l.layer && (id == l.self || l.lands(id)) {
		return true
	}
	return l.world.Exists(layer, id)
}

// Holders implements [rules.Features].
func (l *links) Holders(layer string, i int, text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if id, taken := l.held[held{i, text}]; taken && layer == l.layer && l.lands(id) && !yield(id) {
			return
		}
		for id := range l.world.Holders(layer, i, text) {
			if layer == l.layer && l.lands(id) {
				continue
			}
			if !yield(id) {
				return
			}
		}
	}
}

// Feature implements [rules.Features].
func (l *links) Feature(layer, id string) (data.Feature, bool) { return l.world.Feature(layer, id) }

// ending is the city that a replacing import leaves behind, in as far as refs to what ends ask for it: all rows land.
type ending struct {
	*links
	leaving func(id string) bool
}

// Holders implements [rules.Features].
func (e *ending) Holders(layer string, i int, text string) iter.Seq[string] {
	if layer != e.layer {
		return e.world.Holders(layer, i, text)
	}
	return func(yield func(string) bool) {
		if id, taken := e.held[held{i, text}]; taken && !yield(id) {
			return
		}
		for id := range e.world.Holders(layer, i, text) {
			if _, row := e.rows[id]; !row && !e.leaving(id) && !yield(id) {
				return
			}
		}
	}
}

// rowError is what is wrong with a row, as those who wrote the file read it.
func rowError(number int, err error) *convert.RowError {
	field, _ := errors.AsType[*data.FieldError](err)
	if field == nil {
		return &convert.RowError{Row: number, Why: err.Error()}
	}
	return &convert.RowError{Row: number, Field: strings.TrimPrefix(field.Field, "properties."), Value: field.Value, Why: field.Why}
}
