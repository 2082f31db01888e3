package vault_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/sensitive"
	"github.com/gewu-city/gewu/people/vault"
)

var day = time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)

func elders() *data.Layer {
	return &data.Layer{
		Name: "elders", Geometry: data.GeometryNone,
		Sensitive: &sensitive.Rule{Subject: sensitive.Person, Purpose: "meals", Basis: "consent", Owner: "s1", Expiry: "P2Y", Readers: []string{"meals"}},
		Attributes: []data.Attribute{
			{Name: "name", Type: data.Text, Personal: true},
			{Name: "born", Type: data.Date, Personal: true},
			{Name: "floor", Type: data.Int, Personal: true},
			{Name: "score", Type: data.Number, Personal: true},
			{Name: "alone", Type: data.Bool, Personal: true},
			{Name: "seen", Type: data.Time, Personal: true},
			{Name: "kind", Type: data.Code, Personal: true},
			{Name: "need", Type: data.Text},
		},
	}
}

func options(master vault.Master) vault.FileOptions {
	return vault.FileOptions{
		Master: func() (vault.Master, error) { return master, nil }, Now: func() time.Time { return day }, Random: rand.Reader, NoSync: true,
	}
}

func openFile(t testing.TB, path string, master vault.Master) *vault.File {
	t.Helper()
	f, err := vault.OpenFile(path, options(master))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func put(id string, values ...data.Value) data.Change {
	return data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "elders", Feature: data.Feature{ID: id, Values: values}}
}

func layerOf(l *data.Layer) func(string) (*data.Layer, bool) {
	return func(name string) (*data.Layer, bool) { return l, name == l.Name }
}

// anyValues are values of the types of the layer, some null.
func anyValues(l *data.Layer) *rapid.Generator[[]data.Value] {
	return rapid.Custom(func(t *rapid.T) []data.Value {
		values := make([]data.Value, len(l.Attributes))
		for i, a := range l.Attributes {
			switch {
			case rapid.IntRange(0, 4).Draw(t, "null") == 0:
			case a.Type == data.Text || a.Type == data.Code:
				values[i] = data.TextValue(a.Type, rapid.StringN(0, 80, 200).Draw(t, "text"))
			case a.Type == data.Bool:
				values[i] = data.BoolValue(rapid.Bool().Draw(t, "bool"))
			case a.Type == data.Number:
				values[i] = data.NumberValue(rapid.Float64().Draw(t, "number"))
			default:
				values[i] = data.WordValue(a.Type, rapid.Uint64().Draw(t, "word"))
			}
		}
		return values
	})
}

// TestRandom puts, reads, erases, rewraps and opens again in random order and compares with a map of what was put.
func TestRandom(t *testing.T) {
	dir, run := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		path, master, l := filepath.Join(dir, fmt.Sprint(run)), vault.Master{1}, elders()
		keys, err := vault.OpenFile(path, options(master))
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = keys.Close() }()
		v := vault.New(keys)
		type version struct {
			stored data.Feature
			want   []data.Value // nil once erased
		}
		history := map[string][]version{}
		erased := map[string]bool{}
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "id")
				values := anyValues(l).Draw(rt, "values")
				out, err := v.Seal([]data.Change{put(id, values...)}, layerOf(l))
				if err != nil {
					rt.Fatal(err)
				}
				if err := l.CheckStored(&out[0].Feature); err != nil {
					rt.Fatal(err)
				}
				history[id] = append(history[id], version{out[0].Feature, values})
				for i := range l.Attributes[:7] {
					if !values[i].Null() {
						erased[id] = false
					}
				}
			},
			"erase": func(rt *rapid.T) {
				id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "id")
				if err := keys.Destroy(day, vault.Subject{Layer: "elders", ID: id}); err != nil {
					rt.Fatal(err)
				}
				erased[id] = true
				for i := range history[id] {
					history[id][i].want = nil
				}
			},
			"rewrap": func(rt *rapid.T) {
				master[0]++
				if err := keys.Rewrap(master); err != nil {
					rt.Fatal(err)
				}
			},
			"open again": func(rt *rapid.T) {
				if err := keys.Close(); err != nil {
					rt.Fatal(err)
				}
				if keys, err = vault.OpenFile(path, options(master)); err != nil {
					rt.Fatal(err)
				}
				v = vault.New(keys)
			},
			"": func(rt *rapid.T) {
				for id, versions := range history {
					state, err := v.State(l, id)
					if err != nil || state.Gone() != erased[id] {
						rt.Fatalf("%s: %+v, %v; erased %v", id, state, err, erased[id])
					}
					for _, was := range versions {
						shown, err := v.Show(l, was.stored, true)
						if err != nil {
							rt.Fatal(err)
						}
						for i := range l.Attributes {
							got, want := shown.Feature.Value(i), was.stored.Value(i)
							if l.Attributes[i].Personal {
								want = data.Value{}
								if was.want != nil {
									want = was.want[i]
								}
							}
							if got != want {
								rt.Fatalf("%s.%s: %v, want %v", id, l.Attributes[i].Name, got, want)
							}
						}
					}
				}
			},
		})
	})
}

// TestBound: a sealed value opens nowhere but where it was sealed.
func TestBound(t *testing.T) {
	l := elders()
	v := vault.New(openFile(t, filepath.Join(t.TempDir(), "keys.db"), vault.Master{1}))
	out, err := v.Seal([]data.Change{put("a", data.TextValue(data.Text, "王小明")), put("b", data.TextValue(data.Text, "李四"))}, layerOf(l))
	if err != nil {
		t.Fatal(err)
	}
	name := out[0].Feature.Values[0]
	other := elders()
	other.Name = "households"
	place := data.Feature{ID: "a", Values: make([]data.Value, 8)}
	place.Values[6] = name
	for what, move := range map[string]struct {
		l *data.Layer
		f data.Feature
	}{
		"feature":   {l, data.Feature{ID: "b", Values: []data.Value{name}}},
		"layer":     {other, data.Feature{ID: "a", Values: []data.Value{name}}},
		"attribute": {l, place},
		"bytes":     {l, data.Feature{ID: "a", Values: []data.Value{data.SealedValue([]byte(name.Text()[:len(name.Text())-1] + "x"))}}},
		"short":     {l, data.Feature{ID: "a", Values: []data.Value{data.SealedValue([]byte("\x01"))}}},
	} {
		if shown, err := v.Show(move.l, move.f, true); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("moved to another %s it opens: %v, %v", what, shown, err)
		}
	}
	// The same again is another text, but no change.
	again := put("a", data.TextValue(data.Text, "王小明"), data.DateValue(day)).Feature
	if err := v.Settle(l, &again, out[0].Feature); err != nil || again.Values[0] != name || again.Values[1].Type() != data.Date {
		t.Errorf("%v: %v", again, err)
	}
	if kept := (data.Feature{ID: "a", Values: []data.Value{data.TextValue(data.Text, "王**")}}); v.Settle(l, &kept, out[0].Feature, "name") != nil || kept.Values[0] != name {
		t.Errorf("a kept value is %v", kept)
	}
	// Without keys nothing is sealed, and nothing shown.
	var none *vault.Vault
	if _, err := none.Seal([]data.Change{put("a", data.TextValue(data.Text, "x"))}, layerOf(l)); err == nil {
		t.Error("sealed without keys")
	}
	if shown, err := none.Show(l, out[0].Feature, true); err != nil || !shown.Feature.Value(0).Null() {
		t.Errorf("shown without keys: %v, %v", shown, err)
	}
	// Plans hold changes.
	plan := data.Change{Stream: data.StreamAdmin, Op: data.OpPut, Layer: "plan:1", Plan: &data.Plan{ID: "1", Changes: []data.Change{put("c", data.TextValue(data.Text, "秘密"))}}}
	sealed, err := v.Seal([]data.Change{plan}, layerOf(l))
	if err != nil || sealed[0].Plan.Changes[0].Feature.Values[0].Type() != data.Sealed || plan.Plan.Changes[0].Feature.Values[0].Type() != data.Text {
		t.Errorf("a plan is %+v, %v", sealed, err)
	}
}

// TestDestroyed: nothing of a key is left in the folder, also when the process dies between deleting and writing anew;
// and another master key opens nothing.
func TestDestroyed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.db")
	keys := openFile(t, path, vault.Master{1})
	var subjects []vault.Subject
	for i := range 300 {
		subjects = append(subjects, vault.Subject{Layer: "elders", ID: fmt.Sprint(i)})
	}
	if _, err := keys.Ensure(subjects); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(before, []byte("elders\x007")) // in the record of a key
	made, err := keys.Ensure(subjects[7:8])
	if err != nil || at < 0 {
		t.Fatal(err, at)
	}
	if !bytes.Contains(before, made[0].ID[:]) {
		t.Fatal("the id of the key is not in the file")
	}
	if err := keys.Destroy(day, subjects[7]); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	after, err := os.ReadFile(path)
	if err != nil || bytes.Contains(after, made[0].ID[:]) {
		t.Errorf("the key is still in the file: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, ok, err := keys.Key(made[0].ID); ok || err != nil {
		t.Errorf("the key is still known: %v", err)
	}
	if state, err := keys.State(subjects[7]); err != nil || !state.Gone() || !state.Erased.Equal(day) {
		t.Errorf("%+v, %v", state, err)
	}
	if err := keys.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.OpenFile(path, options(vault.Master{2})); !errors.Is(err, vault.ErrMaster) {
		t.Errorf("another master key: %v", err)
	}
}

func TestMaster(t *testing.T) {
	m := vault.Master{1, 2, 3}
	path := filepath.Join(t.TempDir(), "master")
	if err := m.Write(path); err != nil {
		t.Fatal(err)
	}
	if err := m.Write(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("written over: %v", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := vault.ParseMaster(text); err != nil || again != m {
		t.Errorf("%v, %v", again, err)
	}
	for _, bad := range []string{"", "xyz", hex.EncodeToString(m[:31])} {
		if _, err := vault.ParseMaster([]byte(bad)); !errors.Is(err, vault.ErrMaster) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"王小明": "王**", "欧阳娜娜": "欧**", "王": "*", "": "", "13812341234": "138****1234", "110101199003070011": "1****************1",
		"11010119900307001X": "1****************X", "someone@example.org": "s***@example.org", "13812341234@qq.com": "***@qq.com",
		"东城区朝阳门内大街12号3单元": "东***", "6-301": "***", "010-65123456": "***",
	} {
		if got := vault.Mask(data.TextValue(data.Text, text)); got.Text() != want {
			t.Errorf("%s is shown as %s, want %s", text, got.Text(), want)
		}
	}
	if got := vault.Mask(data.DateValue(day)); !got.Null() {
		t.Errorf("a date is shown as %v", got)
	}
}

// FuzzSealed feeds bytes as sealed values: whatever they are, they open to nothing, and nothing panics.
func FuzzSealed(f *testing.F) {
	l := elders()
	v := vault.New(openFile(f, filepath.Join(f.TempDir(), "keys.db"), vault.Master{1}))
	out, err := v.Seal([]data.Change{put("a", data.TextValue(data.Text, "王小明"))}, layerOf(l))
	if err != nil {
		f.Fatal(err)
	}
	good := out[0].Feature.Values[0].Text()
	f.Add([]byte(good))
	f.Add([]byte(good[:40]))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		shown, err := v.Show(l, data.Feature{ID: "a", Values: []data.Value{data.SealedValue(b)}}, true)
		if got := shown.Feature.Value(0); err == nil && !got.Null() && string(b) != good {
			t.Errorf("%x opens to %v", b, got)
		}
	})
}

// TestTogether reads, seals and erases from several goroutines: a value is what it was, or gone for good.
func TestTogether(t *testing.T) {
	l := elders()
	keys := openFile(t, filepath.Join(t.TempDir(), "keys.db"), vault.Master{1})
	v := vault.New(keys)
	const people = 24
	var changes []data.Change
	for i := range people {
		changes = append(changes, put(fmt.Sprint(i), data.TextValue(data.Text, fmt.Sprintf("人%d", i))))
	}
	stored, err := v.Seal(changes, layerOf(l))
	if err != nil {
		t.Fatal(err)
	}
	var erased [people]atomic.Bool
	var running sync.WaitGroup
	for range 3 {
		running.Go(func() {
			for n := range 20 * people {
				i := n % people
				before := erased[i].Load()
				shown, err := v.Show(l, stored[i].Feature, true)
				if err != nil {
					t.Error(err)
					return
				}
				if got := shown.Feature.Value(0); !got.Null() && (before || got.Text() != fmt.Sprintf("人%d", i)) {
					t.Errorf("%d is %v, erased before: %v", i, got, before)
				}
			}
		})
	}
	running.Go(func() {
		for i := range people / 2 {
			if err := keys.Destroy(day, vault.Subject{Layer: "elders", ID: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
			erased[i].Store(true)
		}
	})
	running.Go(func() {
		for i := range people {
			if _, err := keys.Ensure([]vault.Subject{{Layer: "others", ID: fmt.Sprint(i)}}); err != nil {
				t.Error(err)
			}
		}
	})
	running.Wait()
}
