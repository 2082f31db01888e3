package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/storetest/model"
)

// Homes is a layer of houses, Tenants one of persons who live in one (which may not be deleted under them), own one
// (which may), have a friend, and a number of their own.
func Homes() *data.Layer {
	return &data.Layer{Name: "homes", Geometry: data.GeometryNone, Attributes: []data.Attribute{{Name: "no", Type: data.Code, Unique: true}}}
}

// Tenants refers to [Homes] and to itself.
func Tenants() *data.Layer {
	return &data.Layer{
		Name: "tenants", Geometry: data.GeometryNone,
		Attributes: []data.Attribute{
			{Name: "home", Type: data.Ref, Ref: "homes"},
			{Name: "owns", Type: data.Ref, Ref: "homes", OnDelete: data.SetNull},
			{Name: "friend", Type: data.Ref, Ref: "tenants", OnDelete: data.SetNull},
			{Name: "number", Type: data.Text, Unique: true},
		},
	}
}

// row is the change that puts a feature without geometry; empty texts are null.
func row(l *data.Layer, id string, texts ...string) data.Change {
	f := data.Feature{ID: id}
	for i, text := range texts {
		v := data.Value{}
		if text != "" {
			v = data.TextValue(l.Attributes[i].Type, text)
		}
		f.Values = append(f.Values, v)
	}
	return data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: l.Name, Feature: f}
}

func gone(layer, id string) data.Change {
	return data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: layer, Feature: data.Feature{ID: id}}
}

func (c contract) links(t *testing.T) {
	dir := t.TempDir()
	s := Start(t, c.open(t, dir))
	home := func(id, no string) data.Change { return row(Homes(), id, no) }
	tenant := func(id string, texts ...string) data.Change { return row(Tenants(), id, texts...) }
	s.refuse(t, "attributes.home.ref", Define(Tenants()))
	s.Must(t, Define(Homes()), Define(Tenants()))
	s.refuse(t, "properties.home", tenant("p", "h"))
	s.Must(t, tenant("p", "h", "h", "p", "1"), home("h", "7")) // in one transaction, in any order, and oneself
	s.refuse(t, "properties.number", tenant("q", "", "", "", "1"))
	s.refuse(t, "properties.no", home("h2", "7"))
	s.refuse(t, "id", gone("homes", "h"))
	s.Must(t, home("h2", "8"), home("h", "8"), home("h2", "7")) // what counts is what the transaction leaves behind
	s.Must(t, tenant("q", "h2", "h", "p"), tenant("p", "", "h", "q"))
	before := s.Last()
	seq := s.Must(t, gone("homes", "h"))
	var made []string
	for e, err := range s.Entries(t.Context(), before) {
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range e.Changes {
			made = append(made, fmt.Sprint(ch.Op, ch.Layer, "/", ch.Feature.ID, ch.Prev, ch.Permanent, ch.Feature.Value(1)))
		}
	}
	if want := []string{"2homes/h3 2 ", "1tenants/p4 1 ", "1tenants/q4 4 "}; !slices.Equal(made, want) {
		t.Errorf("deleting made %q, want %q", made, want)
	}
	if p, _ := s.Model.Feature("tenants", "p"); !p.Value(1).Null() || p.Value(2).Text() != "q" {
		t.Errorf("p is %+v after entry %d", p, seq)
	}
	s.refuse(t, "properties.home", tenant("p", "h"))
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.refuse(t, "id", gone("homes", "h2"))
	s.Must(t, gone("tenants", "p")) // q loses its friend
	if q, _ := s.Model.Feature("tenants", "q"); !q.Value(2).Null() || q.Value(0).Text() != "h2" {
		t.Errorf("q is %+v", q)
	}
	// The referring feature may go in the same transaction, before or after.
	s.Must(t, gone("homes", "h2"), gone("tenants", "q"))
	s.refuse(t, "layer", row(Tenants(), "x"), Drop("tenants"))
	s.Must(t, home("h", ""), tenant("p", "h"))
	s.refuse(t, "layer", Drop("homes"))
	err := s.fail(t, gone("homes", "h"))
	if why, ok := errors.AsType[*data.FieldError](err); !ok || !strings.Contains(why.Why, `1 feature of layer tenants refers to it by home: "p"`) {
		t.Errorf("refused with %v", err)
	}
	s.Must(t, tenant("p", "", "h"))
	s.Must(t, Drop("homes")) // and p owns nothing
	if p, _ := s.Model.Feature("tenants", "p"); !p.Value(1).Null() {
		t.Errorf("p is %+v", p)
	}
	s.refuse(t, "properties.owns", tenant("p", "", "h"))
	if d := Replay(t, s).Diff(s.Model); d != "" {
		t.Error(d)
	}
}

// linksAlter makes and unmakes links over features that exist.
func (c contract) linksAlter(t *testing.T) {
	s, _ := c.start(t)
	plain := &data.Layer{Name: "tenants", Geometry: data.GeometryNone, Attributes: []data.Attribute{{Name: "home", Type: data.Text}}}
	s.Must(t, Define(Homes()), Define(plain))
	s.Must(t, row(Homes(), "h"), row(Homes(), "g"))
	s.Must(t, row(plain, "p", "h"), row(plain, "q", "h"), row(plain, "r", "nowhere"))
	ref := step("widen", "home", "", "type", "ref", "ref", "homes")
	s.refuse(t, "attributes.home.ref", altered(t, plain, ref))
	s.Must(t, row(plain, "r", "g"))
	linked := altered(t, plain, ref)
	s.Must(t, linked)
	s.refuse(t, "id", gone("homes", "h"))
	s.refuse(t, "properties.home", row(plain, "r", "nowhere")) // still under the definition of before
	unique := altered(t, linked.Definition, step("set", "home", "", "unique", true))
	s.refuse(t, "attributes.home.unique", unique)
	s.Must(t, gone("tenants", "p"))
	s.Must(t, unique)
	s.refuse(t, "properties.home", row(linked.Definition, "r", "h"))
	loose := altered(t, unique.Definition, step("set", "home", "", "ref", nil, "unique", nil))
	s.Must(t, loose)
	s.Must(t, row(loose.Definition, "r", "nowhere"), gone("homes", "h"))
}

// household is the plain city that links are compared with: what each feature of homes and tenants holds.
type household map[string]map[string][]string

func (h household) clone() household {
	next := household{}
	for layer, rows := range h {
		next[layer] = maps.Clone(rows)
	}
	return next
}

// take applies a transaction and reports whether what it leaves behind is whole.
func (h household) take(changes []data.Change) bool {
	for i := range changes {
		ch := &changes[i]
		if ch.Op == data.OpDelete {
			if _, ok := h[ch.Layer][ch.Feature.ID]; !ok {
				return false
			}
			delete(h[ch.Layer], ch.Feature.ID)
			continue
		}
		texts := make([]string, 4)
		for i, v := range ch.Feature.Values {
			texts[i] = v.Text()
		}
		h[ch.Layer][ch.Feature.ID] = texts
	}
	deleted := func(layer, id string) bool {
		for i := range changes {
			if changes[i].Op == data.OpDelete && changes[i].Layer == layer && changes[i].Feature.ID == id {
				_, back := h[layer][id]
				return !back
			}
		}
		return false
	}
	put := func(id string) bool {
		return slices.ContainsFunc(changes, func(c data.Change) bool {
			return c.Op == data.OpPut && c.Layer == "tenants" && c.Feature.ID == id
		})
	}
	for id, texts := range h["tenants"] {
		for place, target := range map[int]string{1: "homes", 2: "tenants"} {
			// What the transaction itself put is not put right.
			if deleted(target, texts[place]) && !put(id) {
				texts = slices.Clone(texts)
				texts[place] = ""
				h["tenants"][id] = texts
			}
		}
	}
	return h.whole() == ""
}

// whole says which link is broken.
func (h household) whole() string {
	numbers := map[string]string{}
	for id, texts := range h["tenants"] {
		for place, target := range []string{"homes", "homes", "tenants"} {
			if _, ok := h[target][texts[place]]; texts[place] != "" && !ok {
				return fmt.Sprintf("tenant %s has %q, which is not in %s", id, texts[place], target)
			}
		}
		if other, taken := numbers[texts[3]]; texts[3] != "" && taken {
			return fmt.Sprintf("tenants %s and %s have number %s", id, other, texts[3])
		}
		numbers[texts[3]] = id
	}
	clear(numbers)
	for id, texts := range h["homes"] {
		if other, taken := numbers[texts[0]]; texts[0] != "" && taken {
			return fmt.Sprintf("homes %s and %s have number %s", id, other, texts[0])
		}
		numbers[texts[0]] = id
	}
	return ""
}

// householdOf is the household of a model.
func householdOf(m *model.City) household {
	h := household{"homes": {}, "tenants": {}}
	for layer := range h {
		for id := range m.Values(layer, -1) {
			f, _ := m.Feature(layer, id)
			texts := make([]string, 4)
			for i, v := range f.Values {
				texts[i] = v.Text()
			}
			h[layer][id] = texts
		}
	}
	return h
}

// AnyHousehold is a generator of changes of [Homes] and [Tenants], of which a store refuses some.
var AnyHousehold = rapid.Custom(func(t *rapid.T) data.Change {
	id := rapid.SampledFrom([]string{"1", "2", "3"})
	text := rapid.SampledFrom([]string{"", "", "1", "2", "3"})
	layer := rapid.SampledFrom([]*data.Layer{Homes(), Tenants()}).Draw(t, "layer")
	if rapid.IntRange(0, 2).Draw(t, "op") == 0 {
		return gone(layer.Name, id.Draw(t, "id"))
	}
	texts := make([]string, len(layer.Attributes))
	for i := range texts {
		texts[i] = text.Draw(t, layer.Attributes[i].Name)
	}
	return row(layer, id.Draw(t, "id"), texts...)
})

// linksEqualModel runs random transactions while the engine lags, and compares what is accepted and what it leaves with
// maps.
func (c contract) linksEqualModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, remove := tempDir(t)
		defer remove()
		lag := startLagging(t, c.open(t, dir))
		defer lag.stop()
		lag.must(Define(Homes()), Define(Tenants()))
		city := household{"homes": {}, "tenants": {}}
		r.Repeat(map[string]func(*rapid.T){
			"append": func(r *rapid.T) {
				changes := rapid.SliceOfN(AnyHousehold, 1, 5).Draw(r, "changes")
				next := city.clone()
				want := next.take(changes)
				err := lag.append(changes)
				if _, refused := errors.AsType[*data.ChangeError](err); want != (err == nil) || err != nil && !refused {
					r.Fatalf("possible %v, got %v", want, err)
				}
				if want {
					city = next
				}
			},
			"catch up": func(*rapid.T) { lag.catchUp() },
			"": func(r *rapid.T) {
				now := householdOf(Replay(t, lag.store))
				if fmt.Sprint(now) != fmt.Sprint(city) {
					r.Fatalf("have %v, want %v", now, city)
				}
			},
		})
	})
}

// linksUnderWriters lets many writers break links at once: after every entry of the log all links are whole.
func (c contract) linksUnderWriters(t *testing.T) {
	dir := t.TempDir()
	s := Start(t, c.open(t, dir))
	s.Must(t, Define(Homes()), Define(Tenants()))
	const writers, each = 8, 60
	var wg sync.WaitGroup
	var mu sync.Mutex
	accepted, refused := 0, 0
	for w := range writers {
		example := AnyHousehold
		wg.Go(func() {
			for i := range each {
				changes := []data.Change{example.Example(w*each*2 + 2*i)}
				if i%3 == 0 {
					changes = append(changes, example.Example(w*each*2+2*i+1))
				}
				_, err := s.Append(t.Context(), data.Tx{Changes: changes})
				if _, ok := errors.AsType[*data.ChangeError](err); err != nil && !ok {
					t.Error(err)
					return
				}
				mu.Lock()
				if err == nil {
					accepted++
				} else {
					refused++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if accepted < writers || refused < writers {
		t.Errorf("%d transactions were accepted and %d refused, which proves little", accepted, refused)
	}
	m := model.New()
	for e, err := range s.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		m.Apply(e)
		if broken := householdOf(m).whole(); broken != "" {
			t.Fatalf("entry %s: %s", strconv.FormatUint(uint64(e.Seq), 10), broken)
		}
	}
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.Settle(t)
	if broken := householdOf(s.Model).whole(); broken != "" {
		t.Errorf("after opening again: %s", broken)
	}
}

// setNullLimit deletes what more features refer to than one transaction can change.
func (c contract) setNullLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("100,000 features")
	}
	s, _ := c.start(t)
	s.Must(t, Define(Homes()), Define(Tenants()), row(Homes(), "h"))
	changes := make([]data.Change, data.MaxTxChanges)
	for i := range changes {
		changes[i] = row(Tenants(), strconv.Itoa(i), "", "h")
	}
	s.Must(t, changes...)
	s.refuse(t, "id", gone("homes", "h"))
	s.Must(t, gone("tenants", "0"))
	s.Must(t, gone("homes", "h"))
	for id, v := range s.Model.Values("tenants", 1) {
		if !v.Null() {
			t.Fatalf("tenant %s still owns %v", id, v)
		}
	}
}
