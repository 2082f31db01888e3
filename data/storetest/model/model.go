// Package model is a city as maps, filled by a log: what a store and an engine are compared with in tests.
package model

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/gewu-city/gewu/data"
)

var _ data.Heads = (*City)(nil)

// City is the city as maps: what a follower of the log knows. It answers preconditions as an engine does. It is
// safe for concurrent use.
type City struct {
	mu      sync.RWMutex
	applied data.Seq
	layers  map[string]*defined
	schemes map[string]*defined
	// admins are plans and other admin records, notes excepted, by name.
	admins map[string]*defined
	// dictionaries are by name, as layers are.
	dictionaries map[string]*defined
	features     map[string]map[string]*Feature
}

// defined is the newest change of a layer or scheme.
type defined struct {
	seq    data.Seq
	change data.Change
}

// Feature is the newest change of a feature. Of a deleted one only the id is left.
type Feature struct {
	data.Head
	data.Feature
}

// New is an empty city.
func New() *City {
	return &City{layers: map[string]*defined{}, schemes: map[string]*defined{}, admins: map[string]*defined{}, dictionaries: map[string]*defined{}, features: map[string]map[string]*Feature{}}
}

// Applied is the Seq up to which the model knows everything.
func (m *City) Applied() data.Seq {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.applied
}

// Head is the newest change of a feature.
func (m *City) Head(layer, id string) (data.Head, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	f, ok := m.features[layer][id]
	if !ok {
		return data.Head{}, false
	}
	return f.Head, true
}

// Layer is the current definition of a layer.
func (m *City) Layer(name string) (*data.Layer, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if d := m.layers[name]; d != nil && d.change.Op == data.OpPut {
		return d.change.Definition, true
	}
	return nil, false
}

// Scheme is the current definition of a scheme.
func (m *City) Scheme(name string) (*data.Scheme, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if d := m.schemes[name]; d != nil && d.change.Op == data.OpPut {
		return d.change.Scheme, true
	}
	return nil, false
}

// Dictionary is the current definition of a dictionary.
func (m *City) Dictionary(name string) (*data.Dictionary, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if d := m.dictionaries[name]; d != nil && d.change.Op == data.OpPut {
		return d.change.Dictionary, true
	}
	return nil, false
}

// Plan is the newest record of a plan, without its changes, and its Seq.
func (m *City) Plan(id string) (*data.Plan, data.Seq) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if d := m.admins[data.PlanName+id]; d != nil {
		return d.change.Plan, d.seq
	}
	return nil, 0
}

// Admin is a kept admin record that exists, and the Seq of its newest change, deletes included.
func (m *City) Admin(name string) (*data.Admin, data.Seq) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if d := m.admins[name]; d != nil {
		return d.change.Admin, d.seq
	}
	return nil, 0
}

// Values yields id and value of attribute i of every feature that exists, in the order of ids.
func (m *City) Values(layer string, i int) iter.Seq2[string, data.Value] {
	m.mu.RLock()
	defer m.mu.RUnlock()
	values := map[string]data.Value{}
	adapter, ok := m.adapter(layer, i)
	for id, f := range m.features[layer] {
		switch {
		case f.Deleted:
		case ok:
			values[id] = adapter.Value(f.Value(i))
		default:
			values[id] = data.Value{}
		}
	}
	return func(yield func(string, data.Value) bool) {
		for _, id := range slices.Sorted(maps.Keys(values)) {
			if !yield(id, values[id]) {
				return
			}
		}
	}
}

// Holders yields the ids of the features whose attribute i is a text, in their order.
func (m *City) Holders(layer string, i int, text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for id, v := range m.Values(layer, i) {
			if !v.Null() && v.Type().IsText() && v.Text() == text && !yield(id) {
				return
			}
		}
	}
}

// Feature is a feature that exists, its values under their present types.
func (m *City) Feature(layer, id string) (data.Feature, bool) {
	have, ok := m.Get(layer, id)
	if !ok {
		return data.Feature{}, false
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	f := have.Feature
	f.Values = slices.Clone(f.Values)
	for i, v := range f.Values {
		f.Values[i] = data.Value{}
		if adapter, ok := m.adapter(layer, i); ok {
			f.Values[i] = adapter.Value(v)
		}
	}
	return f, true
}

// Read is what a reader of a layer sees: the values of the attributes that are not dropped by id and name, with
// defaults, without nulls.
func (m *City) Read(layer string) map[string]map[string]data.Value {
	m.mu.RLock()
	defer m.mu.RUnlock()
	seen := map[string]map[string]data.Value{}
	d := m.layers[layer]
	if d == nil || d.change.Op != data.OpPut {
		return seen
	}
	for id, f := range m.features[layer] {
		if f.Deleted {
			continue
		}
		seen[id] = map[string]data.Value{}
		for i, a := range d.change.Definition.Live() {
			adapter := a.Adapter()
			v := adapter.Value(f.Value(i))
			if v.Null() {
				v = a.Fallback()
			}
			if !v.Null() {
				seen[id][a.Name] = v
			}
		}
	}
	return seen
}

// adapter is how values of an attribute are read under the present definition; false when it has none.
func (m *City) adapter(layer string, i int) (data.Adapter, bool) {
	d := m.layers[layer]
	if d == nil || d.change.Op != data.OpPut || i < 0 || i >= len(d.change.Definition.Attributes) || d.change.Definition.Attributes[i].Dropped {
		return data.Adapter{}, false
	}
	return d.change.Definition.Attributes[i].Adapter(), true
}

// Get is a feature that exists.
func (m *City) Get(layer, id string) (Feature, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	f, ok := m.features[layer][id]
	if !ok || f.Deleted {
		return Feature{}, false
	}
	return *f, true
}

// Count is the number of features of a layer that exist.
func (m *City) Count(layer string) int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n := 0
	for _, f := range m.features[layer] {
		if !f.Deleted {
			n++
		}
	}
	return n
}

// Apply takes an entry over. Changes that are older than what the model has are skipped.
func (m *City) Apply(e *data.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range e.Changes {
		m.take(e.Seq, &e.Changes[i], false)
	}
	m.applied = max(m.applied, e.Seq)
}

// Load takes a checkpoint over, up to mark.
func (m *City) Load(mark data.Seq, records ...data.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range records {
		m.take(records[i].Seq, &records[i].Change, true)
	}
	m.applied = max(m.applied, mark)
}

func (m *City) take(seq data.Seq, c *data.Change, loading bool) {
	if c.Erased {
		return
	}
	switch c.Stream {
	case data.StreamFeature:
		features := m.features[c.Layer]
		if features == nil {
			features = map[string]*Feature{}
			m.features[c.Layer] = features
		}
		// Several changes of one feature in one entry have its Seq: the last one wins.
		if old := features[c.Feature.ID]; old != nil && seq < old.Seq {
			return
		}
		f := &Feature{Head: data.Head{Seq: seq, Permanent: c.Permanent, Deleted: c.Op == data.OpDelete}}
		f.ID = c.Feature.ID
		if !f.Deleted {
			f.Feature = c.Feature
		}
		features[c.Feature.ID] = f
	case data.StreamSchema:
		if old := m.layers[c.Layer]; old != nil && seq < old.seq {
			return
		}
		m.layers[c.Layer] = &defined{seq, *c}
		if c.Op == data.OpDelete && !loading {
			delete(m.features, c.Layer)
		}
	case data.StreamScheme:
		if old := m.schemes[c.Layer]; old != nil && seq < old.seq {
			return
		}
		m.schemes[c.Layer] = &defined{seq, *c}
	case data.StreamDictionary:
		if old := m.dictionaries[c.Layer]; old != nil && seq < old.seq {
			return
		}
		m.dictionaries[c.Layer] = &defined{seq, *c}
	case data.StreamAdmin:
		if !c.Kept() {
			return
		}
		if old := m.admins[c.Layer]; old != nil && seq < old.seq {
			return
		}
		bare := *c
		if c.Plan != nil {
			bare.Plan = c.Plan.Bare() // a checkpoint has no more
		}
		m.admins[c.Layer] = &defined{seq, bare}
	default:
	}
}

// Follow loads the checkpoint of a store and then applies its entries until ctx ends or the store is closed, for
// which it returns nil.
func (m *City) Follow(ctx context.Context, store data.Store) error {
	var mark data.Seq
	for r, err := range store.Checkpoint(ctx, &mark) {
		if err != nil {
			return ended(ctx, err)
		}
		m.Load(0, r)
	}
	m.Load(mark)
	for {
		if err := m.CatchUp(ctx, store); err != nil {
			return ended(ctx, err)
		}
		if err := store.Wait(ctx, m.Applied()); err != nil {
			return ended(ctx, err)
		}
	}
}

// ended is nil for the errors with which following ends as intended.
func ended(ctx context.Context, err error) error {
	if ended := ctx.Err() != nil || errors.Is(err, data.ErrClosed); !ended {
		return err
	}
	return nil
}

// CatchUp applies the entries that the store has by now.
func (m *City) CatchUp(ctx context.Context, store data.Store) error {
	for e, err := range store.Entries(ctx, m.Applied()) {
		if err != nil {
			return err
		}
		if want := m.Applied() + 1; e.Seq != want {
			return fmt.Errorf("entry %d follows %d", e.Seq, want-1)
		}
		m.Apply(e)
	}
	return nil
}

// Diff says how the model differs from another in definitions and features, deleted ones included; empty when it
// does not.
func (m *City) Diff(other *City) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	other.mu.RLock()
	defer other.mu.RUnlock()
	if m.applied != other.applied {
		return fmt.Sprintf("applied %d, other %d", m.applied, other.applied)
	}
	for what, maps := range map[string][2]map[string]*defined{"layer": {m.layers, other.layers}, "scheme": {m.schemes, other.schemes}, "admin record": {m.admins, other.admins}, "dictionary": {m.dictionaries, other.dictionaries}} {
		if d := diffDefined(maps[0], maps[1]); d != "" {
			return what + " " + d
		}
	}
	layers := maps.Clone(m.features)
	maps.Copy(layers, other.features)
	for layer := range layers {
		if d := diffFeatures(m.features[layer], other.features[layer]); d != "" {
			return layer + "/" + d
		}
	}
	return ""
}

func diffDefined(a, b map[string]*defined) string {
	if len(a) != len(b) {
		return fmt.Sprintf("%d definitions, other %d", len(a), len(b))
	}
	for name, x := range a {
		y := b[name]
		if y == nil || x.seq != y.seq || x.change.Op != y.change.Op || x.change.Prev != y.change.Prev {
			return fmt.Sprintf("%s: %+v, other %+v", name, x, y)
		}
		if p, q := Encode(x.change), Encode(y.change); string(p) != string(q) {
			return fmt.Sprintf("%s: %q, other %q", name, p, q)
		}
	}
	return ""
}

func diffFeatures(a, b map[string]*Feature) string {
	if len(a) != len(b) {
		return fmt.Sprintf(" %d features, other %d", len(a), len(b))
	}
	for id, x := range a {
		y := b[id]
		if y == nil || x.Head != y.Head || !x.Equal(&y.Feature) {
			return fmt.Sprintf("%s: %+v, other %+v", id, x, y)
		}
	}
	return ""
}

// Encode is the encoding of a change, of a plan without its changes; the text of the error when it has none.
func Encode(c data.Change) []byte {
	if c.Plan != nil {
		c.Plan = c.Plan.End(data.PlanDone, string(c.Plan.State)+c.Plan.Reason) // one with changes cannot be encoded bare
	}
	b, err := data.AppendPayload(nil, &c)
	if err != nil {
		return []byte(err.Error())
	}
	return b
}
