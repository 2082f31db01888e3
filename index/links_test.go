package index_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/compare"
	"github.com/gewu-city/gewu/index/indextest"
)

// TestHoldersEqualModel changes features with links at random, and compares who holds what with a replay into maps;
// the store is asked through the engine, so that its answers decide what is accepted. The World is checked at each stop.
func TestHoldersEqualModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir := t.TempDir()
		s := openStored(t, dir)
		defer func() { s.stop() }()
		for _, l := range []*data.Layer{storetest.Homes(), storetest.Tenants()} {
			if _, err := s.store.Append(t.Context(), data.Tx{Changes: []data.Change{storetest.Define(l)}}); err != nil {
				t.Fatal(err)
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"append": func(r *rapid.T) {
				changes := rapid.SliceOfN(storetest.AnyHousehold, 1, 4).Draw(r, "changes")
				_, err := s.store.Append(t.Context(), data.Tx{Changes: changes})
				if _, refused := errors.AsType[*data.ChangeError](err); err != nil && !refused {
					r.Fatal(err)
				}
			},
			"restart": func(*rapid.T) {
				s.stop()
				s = openStored(t, dir)
			},
			"": func(r *rapid.T) {
				w, err := s.Wait(t.Context(), s.store.Last())
				if err != nil {
					r.Fatal(err)
				}
				// Worlds of the past are made of the present one, which must not notice.
				old := data.Seq(rapid.IntRange(1, int(w.Seq())).Draw(r, "as of"))
				if _, err := s.past.World(t.Context(), index.Moment{AsOf: old}); err != nil {
					r.Fatal(err)
				}
				if err := compare.Check(t.Context(), w, func(p string) { r.Errorf("broken invariant: %s", p) }); err != nil {
					r.Fatal(err)
				}
				model := storetest.Replay(t, s.store)
				for _, l := range w.Layers() {
					for i := range l.Def().Live() {
						for _, text := range []string{"1", "2", "3"} {
							want := fmt.Sprint(collect(model.Holders(l.Def().Name, i, text)))
							if got := fmt.Sprint(collect(s.Holders(l.Def().Name, i, text))); got != want {
								r.Fatalf("%s: attribute %d is %q in %s, want %s", l.Def().Name, i, text, got, want)
							}
						}
					}
				}
			},
		})
	})
}

func collect(ids func(func(string) bool)) map[string]bool {
	set := map[string]bool{}
	for id := range ids {
		set[id] = true
	}
	return set
}

// TestCheckFindsBrokenLinks gives an engine a log that no store would have accepted.
func TestCheckFindsBrokenLinks(t *testing.T) {
	log := indextest.NewLog()
	ref := func(text string) data.Value { return data.TextValue(data.Ref, text) }
	log.Append(indextest.Define(storetest.Homes()), indextest.Define(storetest.Tenants()))
	put := func(id string, values ...data.Value) data.Change {
		return indextest.Put("tenants", id, geo.Shape{}, values...)
	}
	log.Append(put("p", ref("h"), data.Value{}, ref("q"), data.TextValue(data.Text, "1")), put("r", data.Value{}, ref("g"), data.Value{}, data.TextValue(data.Text, "1")))
	e := index.NewEngine(log)
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	var problems []string
	if err := compare.Check(t.Context(), e.World(), func(p string) { problems = append(problems, p) }); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(problems, "\n")
	for _, want := range []string{
		`feature "p", home: names "h", which is no feature of layer homes`, `feature "r", owns: names "g"`,
		`feature "p", friend: names "q", which is no feature of layer tenants`, `feature "r", number: has "1" as feature "p" does`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("not found: %s\n%s", want, all)
		}
	}
	if len(problems) != 4 {
		t.Errorf("%d problems:\n%s", len(problems), all)
	}
}

// BenchmarkHolders looks up who holds a unique code, and the first who refers to a road with 300 doors, among 200,000
// doors.
func BenchmarkHolders(b *testing.B) {
	e := index.NewEngine(made{200_000, true})
	if err := e.Load(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	for name, of := range map[string]struct {
		place int
		text  func(i int) string
	}{
		"unique": {0, func(i int) string {
			return strings.ToUpper(fmt.Sprintf("%010x", uint64(i%200_000)*0x9E3779B97F4A7C15>>24))
		}},
		"ref": {3, func(i int) string { return fmt.Sprint("road ", i%600) }},
	} {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				found := 0
				for range e.Holders("doors", of.place, of.text(i)) {
					found++
					break
				}
				if found != 1 {
					b.Fatal("nobody has it")
				}
			}
		})
	}
}
