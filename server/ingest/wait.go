package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/rules"
	"github.com/gewu-city/gewu/server/spool"
)

// waiting is a row that needs the rows of other features, which may come behind it: refs of its own layer that name
// nothing yet, values that another feature has. Its change lies in a file until they have come.
type waiting struct {
	id     string
	file   string
	number int
	place  spool.Place
	// exists says that the feature is in the city.
	exists bool
	// ready says that it is about to be looked at again, done that it lands or was refused.
	ready, done bool
}

// String names the row.
func (w *waiting) String() string {
	if w.file == "" {
		return fmt.Sprintf("row %d", w.number)
	}
	return fmt.Sprintf("row %d of %s", w.number, w.file)
}

// wait takes a row that waits for others.
func (l *links) wait(w *waiting, f *data.Feature, on []string) {
	l.hold(f)
	l.waits[w.id] = w
	if l.over > len(l.queue)/2 {
		l.queue, l.over = slices.DeleteFunc(l.queue, func(w *waiting) bool { return w.done }), 0
	}
	l.queue = append(l.queue, w)
	l.waitOn(w, on)
}

func (l *links) waitOn(w *waiting, on []string) {
	for _, id := range on {
		l.on[id] = append(l.on[id], w)
	}
}

// wake makes the rows ready that wait for one that lands.
func (l *links) wake(id string) {
	for _, w := range l.on[id] {
		if !w.ready && !w.done {
			w.ready = true
			l.ready = append(l.ready, w)
		}
	}
	delete(l.on, id)
}

// next is a row that is ready, nil when there is none.
func (l *links) next() *waiting {
	if len(l.ready) == 0 {
		return nil
	}
	w := l.ready[0]
	l.ready, w.ready = l.ready[1:], false
	return w
}

// release notes that a row that waited lands.
func (l *links) release(w *waiting) {
	delete(l.waits, w.id)
	l.settle(w)
	l.wake(w.id)
}

// refuse notes that a row that waited does not land. What it wanted stays claimed.
func (l *links) refuse(w *waiting) { l.settle(w) }

func (l *links) settle(w *waiting) {
	w.done = true
	l.over++
}

// left is the number of rows that wait.
func (l *links) left() int { return len(l.queue) - l.over }

// shelve lets a row wait.
func (im *Import) shelve(row *convert.Row, c *data.Change, exists bool, on []string) error {
	if im.shelf == nil {
		var err error
		if im.shelf, err = im.cfg.Spool.NewShelf(); err != nil {
			return err
		}
	}
	var note []byte
	if row.Source != nil {
		note, _ = json.Marshal(row.Source) // plain texts
	}
	place, err := im.shelf.Put(c, note)
	if err != nil {
		return im.unstaged(err)
	}
	im.fresh.add(&c.Feature)
	im.links.wait(&waiting{id: c.Feature.ID, file: im.file, number: row.Number, place: place, exists: exists}, &c.Feature, on)
	return nil
}

// shelved is the change of a row that waits.
func (im *Import) shelved(w *waiting) (data.Change, error) {
	c, _, err := im.shelf.Get(w.place)
	c.Layer = im.name()
	return c, im.unstaged(err)
}

// release adds the rows to a batch that waited for its rows, and those that waited for them: any number, so that it hands
// batches on when they are full and returns the last.
func (im *Import) release(ctx context.Context, f *flight) (*flight, error) {
	for w := im.links.next(); w != nil; w = im.links.next() {
		c, err := im.shelved(w)
		if err != nil {
			return f, err
		}
		on, err := im.links.needs(&c.Feature)
		switch {
		case err != nil:
			if err := im.refuse(w, err); err != nil {
				return f, err
			}
		case len(on) > 0:
			im.links.waitOn(w, on)
		default:
			im.links.release(w)
			if f, err = im.room(ctx, f, w.place.Size()); err != nil {
				return f, err
			}
			f.count(w.exists)
			f.add(c, !im.late())
		}
	}
	return f, nil
}

// releasedBytes bounds what rows that waited add to a batch.
const releasedBytes = 16 << 20

// room is a batch that has room for a change that waited: the one given, or a new one when that is full.
func (im *Import) room(ctx context.Context, f *flight, size int) (*flight, error) {
	if f.released += size; len(f.changes) < im.cfg.BatchRows && f.released <= releasedBytes {
		return f, nil
	}
	next := newFlight(f.at, f.world)
	next.released = size
	return next, im.hand(ctx, f)
}

// refuse tells what is wrong with a row that has waited. The error is why the import ends with it.
func (im *Import) refuse(w *waiting, why error) error {
	im.links.refuse(w)
	e := rowError(w.number, why)
	e.File = w.file
	_, note, err := im.shelf.Get(w.place)
	if err != nil {
		return im.unstaged(err)
	}
	if len(note) > 0 {
		e.Source = &convert.Source{}
		_ = json.Unmarshal(note, e.Source)
	}
	return im.wrong(e)
}

// unmet yields what a feature that waited needs.
func (l *links) unmet(f *data.Feature) iter.Seq[rules.Unmet] {
	return func(yield func(rules.Unmet) bool) {
		l.self = f.ID
		defer func() { l.self = "" }()
		l.rules.Unmet(l, l.layer, f)(yield)
	}
}

// given is the row that gives what a row needs when it lands, nil when the end of a feature does. The error says that
// nothing gives it.
func (l *links) given(need *rules.Unmet, leaving func(id string) bool) (*waiting, error) {
	id := need.Holder
	if need.Target != "" {
		id = need.Value
	}
	by := l.waits[id]
	switch {
	case need.Target != "" && need.Target != l.layer:
		return nil, need.Err()
	case need.Target != "" && by == nil:
		return nil, &data.FieldError{
			Field: "properties." + need.Attribute, Value: need.Value,
			Why: fmt.Sprintf("is no feature of layer %s, and no row of this import gives it", l.layer),
		}
	case by == nil && leaving(id):
		return nil, nil
	case by == nil, need.Target == "" && slices.Contains(l.rows[id], held{need.Place, need.Value}):
		return nil, need.Err()
	case by.done:
		return nil, because(need, by)
	}
	return by, nil
}

// because says that a row needs one that was refused.
func because(need *rules.Unmet, by *waiting) error {
	why := fmt.Sprintf("is the feature of %s, which was refused", by)
	if need.Target == "" {
		why = fmt.Sprintf("is what feature %q has already, since %s was refused, and the attribute is unique", need.Holder, by)
	}
	return &data.FieldError{Field: "properties." + need.Attribute, Value: need.Value, Why: why}
}

// refusal is why a row that has waited is refused.
type refusal struct {
	row *waiting
	why error
}

// decide looks at the rows that still wait when all rows have come. It refuses those that wait for what no row gives, and
// those that wait for one that is refused. The others wait for each other, for values of features that are leaving, or for
// what somebody else has done meanwhile: they can land together. It tells all in their order.
func (im *Import) decide(leaving func(id string) bool) (land []*waiting, refused []refusal, err error) {
	type dependent struct {
		row  *waiting
		need rules.Unmet
	}
	dependents := map[string][]dependent{}
	why := map[*waiting]error{}
	var fallen []*waiting
	fall := func(w *waiting, because error) {
		if why[w] == nil {
			why[w] = because
			fallen = append(fallen, w)
		}
	}
	for _, w := range im.links.queue {
		if w.done {
			continue
		}
		c, err := im.shelved(w)
		if err != nil {
			return nil, nil, err
		}
		for need := range im.links.unmet(&c.Feature) {
			by, err := im.links.given(&need, leaving)
			if err != nil {
				fall(w, err)
				break
			}
			if by != nil {
				dependents[by.id] = append(dependents[by.id], dependent{w, need})
			}
		}
	}
	for len(fallen) > 0 {
		w := fallen[0]
		fallen = fallen[1:]
		for _, d := range dependents[w.id] {
			fall(d.row, because(&d.need, w))
		}
	}
	for _, w := range im.links.queue {
		switch because := why[w]; {
		case w.done:
		case because != nil:
			refused = append(refused, refusal{w, because})
		default:
			land = append(land, w)
		}
	}
	return land, refused, nil
}
