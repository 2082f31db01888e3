package city

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/rights"
	"github.com/gewu-city/gewu/server/rest"
)

// Definition is the newest definition of a layer as whoever asks sees it: of what they write, hidden attributes are none.
func (c *City) Definition(r *http.Request, name string) (*data.Layer, bool) {
	if RightsOf(r) == nil {
		return c.Engine.Layer(name)
	}
	l, ok := c.Present(r).Layer(name)
	if !ok {
		return nil, false
	}
	return l.Def(), true
}

// allow verifies that whoever asks may make changes of features. What is hidden from them stays as it is, and each change
// is bound to the state of its feature that was judged; bound are the changes to which that was added. mine names a
// change in messages.
func (c *City) allow(r *http.Request, changes []data.Change, mine func(i int) string) (bound []int, err error) {
	may := RightsOf(r)
	if may == nil {
		return nil, nil
	}
	// What is durable and not visible yet may have moved a feature.
	w, err := c.Engine.Wait(r.Context(), c.Store.Last())
	if err != nil {
		return nil, err
	}
	for i := range changes {
		ch := &changes[i]
		if ch.Stream != data.StreamFeature {
			continue
		}
		seen, ok := c.See(r, w).Layer(ch.Layer)
		if !ok {
			return nil, rest.Fault(rest.NotFound, mine(i), ch.Layer, "belongs to a layer that does not exist")
		}
		head, err := judge(may, w, seen, ch)
		if err != nil {
			return nil, rest.Fault(rest.Forbidden, mine(i), ch.Layer+"/"+ch.Feature.ID, err.Error())
		}
		if ch.IfSeq == nil {
			seq := head.Seq
			if head.Deleted {
				seq = 0 // it demands that the feature does not exist
			}
			ch.IfSeq = &seq
			bound = append(bound, i)
		}
	}
	return bound, nil
}

// Why a change is not allowed.
var (
	errReadOnly  = errors.New("may be read and not changed")
	errElsewhere = errors.New("lies outside of what may be changed, or has an id that cannot be used")
)

// judge decides about one change of a layer of a World, as somebody sees it; head is the state of the feature.
func judge(may *rights.Rights, w *index.World, seen *index.Layer, ch *data.Change) (head data.Head, err error) {
	whole := seen.Whole()
	access, ok := may.Layer(ch.Layer)
	if !ok || !access.Writes() {
		return head, errReadOnly
	}
	head, _ = whole.Head(ch.Feature.ID)
	slot, exists := whole.Lookup(ch.Feature.ID)
	if exists {
		if _, there := seen.Lookup(ch.Feature.ID); !there {
			return head, errElsewhere
		}
		if len(may.Writable(w, whole, []index.Slot{slot})) == 0 {
			return head, errReadOnly
		}
	}
	if ch.Op != data.OpPut {
		if !exists {
			return head, errElsewhere
		}
		return head, nil
	}
	for i := range whole.Def().Attributes {
		if exists && hides(seen, i) {
			for len(ch.Feature.Values) <= i {
				ch.Feature.Values = append(ch.Feature.Values, data.Value{})
			}
			ch.Feature.Values[i] = whole.Own(slot, i)
		}
	}
	if len(may.Writable(w, whole.Of([]data.Feature{ch.Feature}), []index.Slot{0})) == 0 {
		return head, errElsewhere
	}
	return head, nil
}

// hides reports whether attribute i of a layer is hidden from those who see it so.
func hides(seen *index.Layer, i int) bool {
	return seen.Def().Attributes[i].Dropped && !seen.Whole().Def().Attributes[i].Dropped
}

// Hide is an older definition of a layer, without the attributes that are hidden now.
func Hide(seen *index.Layer, def *data.Layer) *data.Layer {
	if seen.View() == "" {
		return def
	}
	some := *def
	some.Attributes = slices.Clone(def.Attributes)
	for i := range some.Attributes {
		if i < len(seen.Def().Attributes) && hides(seen, i) {
			some.Attributes[i] = data.Attribute{Type: some.Attributes[i].Type, Dropped: true}
		}
	}
	return &some
}

// Shows reports whether whoever asks may see a state of a feature of a layer that they see.
func (c *City) Shows(r *http.Request, w *index.World, seen *index.Layer, f *data.Feature) bool {
	may := RightsOf(r)
	if may == nil || !seen.Masked() {
		return true
	}
	whole := seen.Whole()
	return len(may.Readable(w.Whole(), whole.Of([]data.Feature{whole.Def().Adapt(*f)}), []index.Slot{0})) == 1
}

// Guard judges rows of an import for whoever asks; nil when they may do everything.
func (c *City) Guard(r *http.Request) func(w *index.World, layer *index.Layer, op data.Op, f *data.Feature) error {
	may := RightsOf(r)
	if may == nil {
		return nil
	}
	return func(w *index.World, layer *index.Layer, op data.Op, f *data.Feature) error {
		seen, ok := c.Sights.See(may, w).Layer(layer.Def().Name)
		if !ok {
			return errElsewhere
		}
		ch := data.Change{Stream: data.StreamFeature, Op: op, Layer: layer.Def().Name, Feature: *f}
		_, err := judge(may, w, seen, &ch)
		f.Values = ch.Feature.Values
		return err
	}
}

// May reports whether whoever asks has a permission.
func May(r *http.Request, p people.Permission) bool {
	may := RightsOf(r)
	return may == nil || may.May(p)
}

// Own reports whether something that an actor did is that of whoever asks, or they have a permission for that of all.
func Own(r *http.Request, actor string, all people.Permission) bool {
	return May(r, all) || actor == ActorOf(r)
}

// changeNames name the changes of a transaction as the body of POST /v1/changes has them.
func changeNames(i int) string { return fmt.Sprintf("changes[%d]", i) }
