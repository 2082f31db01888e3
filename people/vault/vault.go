package vault

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gewu-city/gewu/data"
)

var errNoKeys = errors.New("vault: there are no keys to seal with")

// Vault seals and opens values with the keys of a store. It is safe for concurrent use. A nil Vault has no keys: it opens
// nothing and refuses to seal.
type Vault struct{ keys KeyStore }

// New returns a Vault.
func New(keys KeyStore) *Vault { return &Vault{keys} }

// Keys are the keys that it works with; nil for a nil Vault.
func (v *Vault) Keys() KeyStore {
	if v == nil {
		return nil
	}
	return v.keys
}

// State says what is known of a subject; nothing of layers that are not sensitive.
func (v *Vault) State(l *data.Layer, id string) (State, error) {
	if v == nil || l.Sensitive == nil {
		return State{}, nil
	}
	return v.keys.State(Subject{l.Name, id})
}

// plain yields the places of personal values that are not sealed yet.
func plain(l *data.Layer, f *data.Feature) (places []int) {
	if l.Sensitive == nil {
		return nil
	}
	for i := range min(len(f.Values), len(l.Attributes)) {
		if t := f.Values[i].Type(); l.Attributes[i].Personal && t != "" && t != data.Sealed {
			places = append(places, i)
		}
	}
	return places
}

// Seal returns the changes with every personal value sealed; those given are not changed. layer finds definitions. Changes
// of plans are sealed, too.
func (v *Vault) Seal(changes []data.Change, layer func(name string) (*data.Layer, bool)) ([]data.Change, error) {
	type found struct {
		at     int
		places []int
	}
	var open []found
	var subjects []Subject
	out := changes
	own := func() {
		if len(out) > 0 && &out[0] == &changes[0] {
			out = slices.Clone(changes)
		}
	}
	for i := range changes {
		c := &changes[i]
		switch {
		case c.Plan != nil && len(c.Plan.Changes) > 0:
			sealed, err := v.Seal(c.Plan.Changes, layer)
			if err != nil {
				return nil, err
			}
			if &sealed[0] != &c.Plan.Changes[0] {
				own()
				plan := *c.Plan
				plan.Changes = sealed
				out[i].Plan = &plan
			}
		case c.Stream == data.StreamFeature && c.Op == data.OpPut:
			if l, ok := layer(c.Layer); ok {
				if places := plain(l, &c.Feature); len(places) > 0 {
					open = append(open, found{i, places})
					subjects = append(subjects, Subject{c.Layer, c.Feature.ID})
				}
			}
		}
	}
	if len(open) == 0 {
		return out, nil
	}
	if v == nil {
		return nil, errNoKeys
	}
	keys, err := v.keys.Ensure(subjects)
	if err != nil {
		return nil, err
	}
	own()
	for n, o := range open {
		with, err := newBox(&keys[n].Secret)
		if err != nil {
			return nil, err
		}
		f := &out[o.at].Feature
		f.Values = slices.Clone(f.Values)
		for _, i := range o.places {
			f.Values[i] = seal(with, keys[n].ID, subjects[n], i, f.Values[i])
		}
	}
	return out, nil
}

// opener opens the values of one subject. Most have one key only.
type opener struct {
	vault *Vault
	s     Subject
	key   Key
}

// value is what a sealed value holds, under the type that the attribute has now; null when there is no key for it.
func (o *opener) value(a *data.Attribute, i int, v data.Value) (data.Value, bool, error) {
	id, sealed, err := keyOf(v)
	if err != nil || o.vault == nil {
		return data.Value{}, false, err
	}
	if o.key.ID != id {
		k, ok, err := o.vault.keys.Key(id)
		if err != nil || !ok {
			return data.Value{}, false, err
		}
		o.key = k
	}
	with, err := newBox(&o.key.Secret)
	if err != nil {
		return data.Value{}, false, err
	}
	was, err := open(with, sealed, o.s, i)
	if err != nil {
		return data.Value{}, false, fmt.Errorf("%s/%s, attribute %s: %w", o.s.Layer, o.s.ID, a.Name, err)
	}
	adapter := a.Adapter()
	return adapter.Value(was), true, nil
}

// Shown is a feature as somebody sees it.
type Shown struct {
	Feature data.Feature
	// Masked are the attributes that hold something else than is shown, Lost those whose key is gone.
	Masked, Lost []string
}

// Show is a feature with what is personal in full, or masked. f is not changed. The error says that a value is damaged.
func (v *Vault) Show(l *data.Layer, f data.Feature, full bool) (Shown, error) {
	shown := Shown{Feature: f}
	if l.Sensitive == nil {
		return shown, nil
	}
	o := opener{vault: v, s: Subject{l.Name, f.ID}}
	shown.Feature.Values = slices.Clone(f.Values)
	for i := range min(len(f.Values), len(l.Attributes)) {
		a := &l.Attributes[i]
		if f.Values[i].Type() != data.Sealed || a.Dropped {
			continue
		}
		val, ok, err := o.value(a, i, f.Values[i])
		if err != nil {
			return shown, err
		}
		switch {
		case !ok:
			shown.Lost = append(shown.Lost, a.Name)
		case !full:
			shown.Masked = append(shown.Masked, a.Name)
			val = Mask(val)
		}
		shown.Feature.Values[i] = val
	}
	return shown, nil
}

// Settle gives f the sealed values of before where they hold the same: so what did not change is no change. Names in keep
// are attributes that keep what they hold, whatever f says.
func (v *Vault) Settle(l *data.Layer, f *data.Feature, before data.Feature, keep ...string) error {
	if l.Sensitive == nil {
		return nil
	}
	o := opener{vault: v, s: Subject{l.Name, f.ID}}
	for i := range l.Attributes {
		a := &l.Attributes[i]
		if !a.Personal || a.Dropped || before.Value(i).Type() != data.Sealed {
			continue
		}
		same := slices.Contains(keep, a.Name)
		if now := f.Value(i); !same && !now.Null() && now.Type() != data.Sealed {
			was, ok, err := o.value(a, i, before.Value(i))
			if err != nil {
				return err
			}
			// A mask that comes back is no name.
			same = ok && (was == now || Mask(was) == now)
		}
		if same {
			for len(f.Values) <= i {
				f.Values = append(f.Values, data.Value{})
			}
			f.Values[i] = before.Value(i)
		}
	}
	return nil
}

// Check verifies the sealed values of a feature, whose newest change was recorded at a time, and calls bad for each that
// does not open; lost reports that a value has no key although the subject was not erased since.
func (v *Vault) Check(l *data.Layer, f data.Feature, changed func() (time.Time, error), bad func(attribute, what string)) (lost bool, err error) {
	if v == nil || l.Sensitive == nil {
		return false, nil
	}
	o := opener{vault: v, s: Subject{l.Name, f.ID}}
	for i := range min(len(f.Values), len(l.Attributes)) {
		a, val := &l.Attributes[i], f.Values[i]
		switch {
		case !a.Personal || val.Null():
		case val.Type() != data.Sealed:
			bad(a.Name, "stands in plain text")
		default:
			_, ok, err := o.value(a, i, val)
			if err != nil {
				bad(a.Name, err.Error())
			}
			lost = lost || err == nil && !ok
		}
	}
	if !lost {
		return false, nil
	}
	state, err := v.keys.State(o.s)
	if err != nil || !state.Gone() {
		return true, err
	}
	at, err := changed()
	return at.After(state.Erased), err
}
