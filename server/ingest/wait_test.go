package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/server/ingest"
)

// area is a row or a feature of the layer areas, which refers to itself in two ways, to another layer, and has a value of
// its own. Empty texts are null.
type area struct{ id, parent, friend, code, zone string }

func (a area) csv() string {
	return strings.Join([]string{a.id, a.parent, a.friend, a.code, a.zone}, ",") + "\n"
}

const areaHead = "id,parent,friend,code,zone\n"

func areas() *data.Layer {
	return &data.Layer{Name: "areas", Geometry: data.GeometryNone, Attributes: []data.Attribute{
		{Name: "parent", Type: data.Ref, Ref: "areas"},
		{Name: "friend", Type: data.Ref, Ref: "areas", OnDelete: data.SetNull},
		{Name: "code", Type: data.Code, Unique: true},
		{Name: "zone", Type: data.Ref, Ref: "zones"},
	}}
}

func (a area) put() data.Change {
	l := areas()
	var values []data.Value
	for i, text := range []string{a.parent, a.friend, a.code, a.zone} {
		if text == "" {
			values = append(values, data.Value{})
			continue
		}
		values = append(values, data.TextValue(l.Attributes[i].Type, text))
	}
	return indextest.Put("areas", a.id, geo.Shape{}, values...)
}

func areaOf(f *data.Feature) area {
	return area{f.ID, f.Value(0).Text(), f.Value(1).Text(), f.Value(2).Text(), f.Value(3).Text()}
}

// broken says what is wrong with a city of areas.
func broken(city map[string]area) string {
	codes := map[string]string{}
	for id, a := range city {
		for _, ref := range []string{a.parent, a.friend} {
			if _, ok := city[ref]; ref != "" && !ok {
				return fmt.Sprintf("%s refers to %s, which is not there", id, ref)
			}
		}
		if other, taken := codes[a.code]; a.code != "" && taken {
			return fmt.Sprintf("%s and %s have code %s", id, other, a.code)
		}
		codes[a.code] = id
		if a.zone != "" && a.zone != "z" {
			return fmt.Sprintf("%s is in zone %s", id, a.zone)
		}
	}
	return ""
}

// strictStore is a store that refuses transactions, and groups of them, that leave a broken city.
type strictStore struct {
	store
	city map[string]area
}

func (s *strictStore) take(city map[string]area, changes []data.Change) {
	for i := range changes {
		if c := &changes[i]; c.Op == data.OpDelete {
			delete(city, c.Feature.ID)
			continue
		}
		city[changes[i].Feature.ID] = areaOf(&changes[i].Feature)
	}
}

func (s *strictStore) Append(ctx context.Context, tx data.Tx) (data.Seq, error) {
	next := maps.Clone(s.city)
	if s.take(next, tx.Changes); broken(next) != "" {
		return 0, errors.New("transaction refused: " + broken(next))
	}
	s.city = next
	return s.store.Append(ctx, tx)
}

func (s *strictStore) AppendTogether(ctx context.Context, n int, txs iter.Seq2[data.Tx, error]) (data.Seq, error) {
	next := maps.Clone(s.city)
	for tx := range txs {
		s.take(next, tx.Changes)
	}
	if why := broken(next); why != "" {
		return 0, errors.New("group refused: " + why)
	}
	s.city = next
	return s.store.AppendTogether(ctx, n, txs)
}

// outcome is what an import makes of rows, by the simplest means.
type outcome struct {
	after   map[string]area
	refused []int // rows, counted from 0
	ended   int
}

// expect says what becomes of a city and the rows of an import.
func expect(city map[string]area, rows []area, replace bool) outcome {
	var out outcome
	first := map[string]area{} // the rows that may land
	at := map[string]int{}
	mentioned := map[string]bool{}
	wants := map[string]string{}
	for i, r := range rows {
		before, exists := city[r.id]
		if exists && mentioned[r.id] {
			if now, lands := first[r.id]; lands {
				before = now
			}
			if r != before {
				out.refused = append(out.refused, i)
			}
			continue
		}
		mentioned[r.id] = mentioned[r.id] || exists
		if exists && r == before {
			continue
		}
		if now, again := first[r.id]; again {
			if r != now {
				out.refused = append(out.refused, i)
			}
			continue
		}
		other, wanted := wants[r.code]
		if r.zone == "nowhere" || r.code != "" && wanted && other != r.id && city[r.id].code != r.code {
			out.refused = append(out.refused, i)
			continue
		}
		first[r.id], at[r.id], wants[r.code] = r, i, r.id
	}
	ends := replace && len(out.refused) == 0
	land, leave := settle(city, first, mentioned, ends)
	if ends && len(land) < len(first) {
		land, leave = settle(city, first, mentioned, false)
	}
	for id := range first {
		if _, lands := land[id]; !lands {
			out.refused = append(out.refused, at[id])
		}
	}
	slices.Sort(out.refused)
	out.after, out.ended = state(city, land, leave), len(leave)
	return out
}

func state(city, land map[string]area, leave map[string]bool) map[string]area {
	after := maps.Clone(city)
	maps.Copy(after, land)
	for id := range leave {
		delete(after, id)
	}
	return after
}

// settle finds the most rows that can land together, and the most features that can end with them.
func settle(city, rows map[string]area, mentioned map[string]bool, ends bool) (land map[string]area, leave map[string]bool) {
	land, leave = maps.Clone(rows), map[string]bool{}
	for id := range city {
		if ends && !mentioned[id] {
			leave[id] = true
		}
	}
	for again := true; again; {
		again = false
		for _, a := range state(city, land, leave) {
			for _, ref := range []string{a.parent, a.friend} {
				if leave[ref] {
					delete(leave, ref)
					again = true
				}
			}
		}
	}
	for again := true; again; {
		again = false
		now := state(city, land, leave)
		for id, r := range land {
			_, parent := now[r.parent]
			_, friend := now[r.friend]
			fits := (parent || r.parent == "") && (friend || r.friend == "")
			for other, o := range now {
				if _, lands := land[other]; other != id && r.code != "" && o.code == r.code && (!lands || city[other].code == r.code) {
					fits = false
				}
			}
			if !fits {
				delete(land, id)
				again = true
				break
			}
		}
	}
	return land, leave
}

// TestRowsNeedEachOther imports random rows that refer to each other, to nothing, exchange their codes and take what ends,
// at once and together, dry and in earnest, in batches and files of any size: what lands, what is refused and what ends
// is what the most that fits together would be, and at no time does the store hold anything else.
func TestRowsNeedEachOther(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		names := []string{"1", "2", "3", "4", "5", "6"}
		ref := rapid.SampledFrom(append([]string{"", "", ""}, names...))
		anyArea := rapid.Custom(func(rt *rapid.T) area {
			a := area{
				id: rapid.SampledFrom(names).Draw(rt, "id"), parent: ref.Draw(rt, "parent"), friend: ref.Draw(rt, "friend"),
				code: rapid.SampledFrom([]string{"", "a", "b", "c", "d"}).Draw(rt, "code"),
			}
			if n := rapid.IntRange(0, 11).Draw(rt, "zone"); n == 0 {
				a.zone = "nowhere"
			} else if n < 4 {
				a.zone = "z"
			}
			return a
		})
		before := map[string]area{}
		for _, a := range rapid.SliceOfN(anyArea, 0, 5).Draw(rt, "before") {
			if a.zone == "nowhere" {
				a.zone = ""
			}
			before[a.id] = a
		}
		for broken(before) != "" { // leave out what does not fit
			for id, a := range before {
				a.parent, a.friend, a.code = "", "", ""
				if before[id] = a; broken(before) == "" {
					break
				}
			}
		}
		rows := rapid.SliceOfN(anyArea, 0, 9).Draw(rt, "rows")
		cut := rapid.IntRange(0, len(rows)).Draw(rt, "rows of the first file")
		replace := rapid.Bool().Draw(rt, "replace")
		size := rapid.IntRange(1, 4).Draw(rt, "rows of a batch")
		want := expect(before, rows, replace)
		for _, atomic := range []bool{false, true} {
			c := newAreas(t, before)
			for _, dry := range []bool{true, false} {
				cfg := ingest.Config{BatchRows: size, Atomic: atomic, DryRun: dry, AllowEmpty: true, Mode: ingest.Upsert}
				if replace {
					cfg.Mode = ingest.Replace
				}
				got, refused, err := c.run(t, cfg, rows[:cut], rows[cut:])
				if err != nil {
					rt.Fatalf("atomic %v, dry %v: %v", atomic, dry, err)
				}
				if !slices.Equal(refused, want.refused) || got.Failed != len(refused) || got.Ended != want.ended {
					rt.Fatalf("atomic %v, dry %v: rows %v are refused, %d ended; want %v, %d", atomic, dry, refused, got.Ended, want.refused, want.ended)
				}
				if all := got.Added + got.Changed + got.Unchanged + got.Failed; all != len(rows) {
					rt.Fatalf("atomic %v, dry %v: %d of %d rows are counted", atomic, dry, all, len(rows))
				}
				after := want.after
				if dry {
					after = before
				}
				if have := c.areas(); !maps.Equal(have, after) {
					rt.Fatalf("atomic %v, dry %v: the city is %v, want %v", atomic, dry, have, after)
				}
			}
			c.stop()
		}
	})
}

type areaCity struct {
	store  *strictStore
	engine *index.Engine
	stop   func()
	// told, when not nil, hears of wrong rows, with their sources.
	told func(*convert.RowError)
}

// newAreas is a city of areas and one zone.
func newAreas(t *testing.T, before map[string]area) *areaCity {
	t.Helper()
	log := indextest.NewLog()
	e := index.NewEngine(log)
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = e.Run(ctx) })
	changes := []data.Change{
		indextest.Define(&data.Layer{Name: "zones", Geometry: data.GeometryNone}), indextest.Define(areas()), indextest.Put("zones", "z", geo.Shape{}),
	}
	for _, a := range before {
		changes = append(changes, a.put())
	}
	indextest.At(t, e, log.Append(changes...))
	return &areaCity{store: &strictStore{store{log: log}, maps.Clone(before)}, engine: e, stop: func() {
		cancel()
		running.Wait()
	}}
}

// run imports files of rows. refused are the rows that are refused, counted from 0 through all files.
func (c *areaCity) run(t *testing.T, cfg ingest.Config, files ...[]area) (sum ingest.Summary, refused []int, err error) {
	t.Helper()
	if cfg.Engine, cfg.World, cfg.ID, cfg.Store = c.engine, c.engine.World(), "i1", c.store; c.store.city == nil {
		c.store.city = map[string]area{}
	}
	cfg.Spool.Path = t.TempDir()
	cfg.Layer, _ = cfg.World.Layer("areas")
	begin, at := map[string]int{}, 0
	for i, rows := range files {
		begin[fmt.Sprint(i)] = at
		at += len(rows)
	}
	reading := ""
	cfg.RowError = func(err *convert.RowError) {
		if err.File == "" {
			err.File = reading
		}
		if c.told != nil {
			c.told(err)
		}
		refused = append(refused, begin[err.File]+err.Row-1)
	}
	if cfg.Note == nil {
		cfg.Note = func(string) {}
	}
	cfg.Progress = func(*ingest.Summary) {}
	im := ingest.New(cfg)
	defer im.Close()
	for i, rows := range files {
		var text strings.Builder
		text.WriteString(areaHead)
		for _, r := range rows {
			text.WriteString(r.csv())
		}
		reading = fmt.Sprint(i)
		o := convert.Options{Layer: cfg.Layer.Def(), File: reading, ID: "id", Sources: c.told != nil}
		if err := im.File(t.Context(), convert.CSV, io.Reader(strings.NewReader(text.String())), o); err != nil {
			return *im.Summary(), refused, err
		}
	}
	err = im.Finish(t.Context())
	slices.Sort(refused)
	return *im.Summary(), refused, err
}

// areas are those that the World has.
func (c *areaCity) areas() map[string]area {
	all := map[string]area{}
	l, _ := c.engine.World().Layer("areas")
	for s := range l.Slots() {
		f := l.Feature(s)
		all[f.ID] = areaOf(&f)
	}
	return all
}
