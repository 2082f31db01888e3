package ingest

import (
	"errors"
	"iter"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/rules"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/linkage"
)

// links tells rows whose refs name nothing, whose values are taken, or whose codes no dictionary has, before a store
// refuses them with all the others of their transaction. It knows the rows that the import has taken before, visible or
// not, in as far as links of the layer ask for them. The store has the last word.
type links struct {
	layer string
	world linkage.World
	rules *rules.Links
	// rows are the features taken, with the texts that they hold; held are the features that hold a text.
	rows map[string][]held
	held map[held]string
}

// held is a text in an attribute.
type held struct {
	place int
	text  string
}

func newLinks(layer string) *links {
	return &links{layer: layer, rows: map[string][]held{}, held: map[held]string{}}
}

// at takes a World to check against.
func (l *links) at(w *index.World) {
	now := linkage.World{World: w}
	if l.rules == nil || l.world.Defined() != w.Defined() {
		l.rules = now.Rules()
	}
	l.world = now
}

// row checks the feature of a row and takes it. The error is nil or says what is wrong.
func (l *links) row(number int, f *data.Feature) *convert.RowError {
	err := l.rules.Codes(l.layer, f)
	if err == nil && l.rules.Linked(l.layer) {
		old := l.rows[f.ID]
		l.take(f)
		if err = l.rules.Put(l, l.layer, f); err != nil {
			l.untake(f.ID, old)
		}
	}
	if err == nil {
		return nil
	}
	field, _ := errors.AsType[*data.FieldError](err)
	if field == nil {
		return &convert.RowError{Row: number, Why: err.Error()}
	}
	name := field.Field
	if len(name) > len("properties.") {
		name = name[len("properties."):]
	}
	return &convert.RowError{Row: number, Field: name, Value: field.Value, Why: field.Why}
}

func (l *links) take(f *data.Feature) {
	l.drop(f.ID)
	texts := []held{}
	for place, text := range l.rules.Holding(l.layer, f) {
		h := held{place, text}
		texts = append(texts, h)
		if _, taken := l.held[h]; !taken {
			l.held[h] = f.ID
		}
	}
	l.rows[f.ID] = texts
}

// untake forgets a row that is wrong.
func (l *links) untake(id string, old []held) {
	l.drop(id)
	delete(l.rows, id)
	if old == nil {
		return
	}
	l.rows[id] = old
	for _, h := range old {
		l.held[h] = id
	}
}

func (l *links) drop(id string) {
	for _, h := range l.rows[id] {
		if l.held[h] == id {
			delete(l.held, h)
		}
	}
}

// end says why a feature that no file mentions cannot be ended.
func (l *links) end(id string) error {
	if !l.rules.Concerns(data.OpDelete, l.layer) {
		return nil
	}
	return l.rules.Delete(l, l.layer, id, &rules.Emptied{Most: data.MaxTxChanges})
}

// Exists implements [rules.Features].
func (l *links) Exists(layer, id string) bool {
	if _, taken := l.rows[id]; taken && layer == l.layer {
		return true
	}
	return l.world.Exists(layer, id)
}

// Holders implements [rules.Features].
func (l *links) Holders(layer string, i int, text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if id, taken := l.held[held{i, text}]; taken && layer == l.layer && !yield(id) {
			return
		}
		for id := range l.world.Holders(layer, i, text) {
			if _, newer := l.rows[id]; newer && layer == l.layer {
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
