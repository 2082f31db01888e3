package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/server/ingest"
	"github.com/gewu-city/gewu/server/spool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store appends to a log in memory, when the definitions are as the transactions demand.
type store struct {
	log *indextest.Log
	mu  sync.Mutex
	// fail, when not nil, is asked before each append.
	fail func() error
}

func (s *store) admit(tx *data.Tx) error {
	for layer, want := range tx.Defined {
		have := data.Seq(0)
		for _, e := range s.log.All() {
			for i := range e.Changes {
				if c := &e.Changes[i]; c.Stream == data.StreamSchema && c.Layer == layer {
					if have = e.Seq; c.Op == data.OpDelete {
						have = 0
					}
				}
			}
		}
		if have != want {
			return &data.RedefinedError{Layer: layer, Want: want, Have: have}
		}
	}
	if s.fail != nil {
		return s.fail()
	}
	return nil
}

func (s *store) Append(_ context.Context, tx data.Tx) (data.Seq, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.admit(&tx); err != nil {
		return 0, err
	}
	return s.log.Append(tx.Changes...), nil
}

func (s *store) AppendTogether(_ context.Context, n int, txs iter.Seq2[data.Tx, error]) (data.Seq, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all [][]data.Change
	for tx, err := range txs {
		if err == nil {
			err = s.admit(&tx)
		}
		if err != nil {
			return 0, err
		}
		all = append(all, tx.Changes)
	}
	if len(all) != n {
		return 0, fmt.Errorf("%d of %d transactions", len(all), n)
	}
	return s.log.Together(all...), nil
}

func (s *store) Outline(_ context.Context, seq data.Seq, take func(data.PayloadHead)) error {
	for _, e := range s.log.All() {
		if e.Seq != seq {
			continue
		}
		for i := range e.Changes {
			c := &e.Changes[i]
			take(data.PayloadHead{Stream: c.Stream, Op: c.Op, Permanent: c.Permanent, Prev: c.Prev, Layer: []byte(c.Layer)})
		}
	}
	return nil
}

func lamps(attribute string) *data.Layer {
	return &data.Layer{
		Name: "lamps", Geometry: data.GeometryPoint, ID: data.IDRule{Attribute: "no"},
		Attributes: []data.Attribute{{Name: "no", Type: data.Text}, {Name: attribute, Type: data.Text}},
	}
}

// city is an engine with an empty layer of lamps.
func city(t *testing.T) (*indextest.Log, *index.Engine) {
	t.Helper()
	log := indextest.NewLog()
	log.Append(indextest.Define(lamps("owner")))
	return log, indextest.Start(t, log)
}

// run imports a text and returns the counts, the wrong rows and the error of the whole.
func run(t *testing.T, log *indextest.Log, e *index.Engine, cfg ingest.Config, text string, during func()) (ingest.Summary, []string, error) {
	t.Helper()
	var wrong []string
	if cfg.Store == nil {
		cfg.Store = &store{log: log}
	}
	cfg.Engine, cfg.World, cfg.ID = e, e.World(), "i1"
	cfg.Layer, _ = cfg.World.Layer("lamps")
	cfg.RowError = func(err *convert.RowError) { wrong = append(wrong, err.Error()) }
	cfg.Note = func(string) {}
	cfg.Progress = func(*ingest.Summary) {
		if during != nil {
			during()
			during = nil
		}
	}
	if cfg.Atomic {
		cfg.Spool.Path = t.TempDir()
	}
	im := ingest.New(cfg)
	defer im.Close()
	err := im.File(t.Context(), convert.CSV, strings.NewReader(text), convert.Options{Layer: cfg.Layer.Def(), File: "lamps.csv"})
	if err == nil {
		err = im.Finish(t.Context())
	}
	return *im.Summary(), wrong, err
}

func counts(s ingest.Summary) string {
	return fmt.Sprintf("%d rows %d+ %d~ %d- %d= %d!", s.Rows, s.Added, s.Changed, s.Ended, s.Unchanged, s.Failed)
}

const head = "no,owner,lon,lat\n"

// TestModes follows one layer through files; a dry run before each import must tell what the import then does.
func TestModes(t *testing.T) {
	log, e := city(t)
	for _, step := range []struct {
		name, text string
		mode       ingest.Mode
		want       string
		left       int
	}{
		{"first", head + "1,a,121,25\n2,b,121,25\n3,c,121,25\n", ingest.Upsert, "3 rows 3+ 0~ 0- 0= 0!", 3},
		{"again", head + "1,a,121,25\n2,b,121,25\n3,c,121,25\n", ingest.Replace, "3 rows 0+ 0~ 0- 3= 0!", 3},
		{"a column that is missing keeps its values", "no,lon,lat\n1,121,25\n2,121,26\n", ingest.Upsert, "2 rows 0+ 1~ 0- 1= 0!", 3},
		{"twice the same and twice different", head + "4,d,121,25\n4,d,121,25\n4,e,121,25\n", ingest.Upsert, "3 rows 1+ 0~ 0- 1= 1!", 4},
		{"a wrong row keeps what replace would end", head + "1,a,121,25\n2,b,x,25\n", ingest.Replace, "2 rows 0+ 0~ 0- 1= 1!", 4},
		{"replace ends the rest", head + "1,a,121,25\n9,z,121,25\n", ingest.Replace, "2 rows 1+ 0~ 3- 1= 0!", 2},
	} {
		dry, _, err := run(t, log, e, ingest.Config{Mode: step.mode, DryRun: true}, step.text, nil)
		if err != nil || counts(dry) != step.want {
			t.Errorf("%s: dry run %s, %v; want %s", step.name, counts(dry), err, step.want)
		}
		got, wrong, err := run(t, log, e, ingest.Config{Mode: step.mode}, step.text, nil)
		if err != nil || counts(got) != step.want || len(wrong) != got.Failed {
			t.Errorf("%s: %s, %v, %q; want %s", step.name, counts(got), err, wrong, step.want)
		}
		if l, _ := e.World().Layer("lamps"); l.Len() != step.left {
			t.Errorf("%s: %d lamps are left, want %d", step.name, l.Len(), step.left)
		}
	}
	l, _ := e.World().Layer("lamps")
	if s, ok := l.Lookup("1"); !ok || l.Value(s, 1).Text() != "a" {
		t.Error("lamp 1 lost its owner")
	}
}

// TestEqualsPlainImport imports random files in batches of any size, at once and together, dry and in earnest: counts
// and city are those of a plain import into a map.
func TestEqualsPlainImport(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type lamp struct{ no, owner string }
		before := map[string]string{}
		for _, l := range rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) lamp {
			return lamp{fmt.Sprint(rapid.IntRange(0, 20).Draw(rt, "no")), rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "owner")}
		}), 0, 20).Draw(rt, "before") {
			before[l.no] = l.owner
		}
		mode := rapid.SampledFrom([]ingest.Mode{ingest.Upsert, ingest.Replace}).Draw(rt, "mode")
		var want ingest.Summary
		after, mentioned := maps.Clone(before), map[string]string{}
		text := strings.Builder{}
		text.WriteString(head)
		for range rapid.IntRange(0, 40).Draw(rt, "rows") {
			no, owner := fmt.Sprint(rapid.IntRange(0, 25).Draw(rt, "no")), rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "owner")
			lon := "121"
			if rapid.IntRange(0, 30).Draw(rt, "wrong") == 0 {
				lon = "x"
			}
			fmt.Fprintf(&text, "%s,%s,%s,25\n", no, owner, lon)
			want.Rows++
			was, exists := before[no]
			first, again := mentioned[no]
			switch {
			case lon == "x" || again && first != owner:
				want.Failed++
				continue
			case again:
				want.Unchanged++
				continue
			case !exists:
				want.Added++
			case was != owner:
				want.Changed++
			default:
				want.Unchanged++
			}
			mentioned[no], after[no] = owner, owner
		}
		if mode == ingest.Replace {
			for no := range before {
				switch _, stays := mentioned[no]; {
				case stays:
				case want.Failed > 0:
					want.Kept++
				default:
					want.Ended++
					delete(after, no)
				}
			}
		}
		size := rapid.IntRange(1, 6).Draw(rt, "rows of a batch")
		for _, atomic := range []bool{false, true} {
			log := indextest.NewLog()
			e := index.NewEngine(log)
			if err := e.Load(t.Context(), nil); err != nil {
				rt.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			var running sync.WaitGroup
			running.Go(func() { _ = e.Run(ctx) })
			changes := []data.Change{indextest.Define(lamps("owner"))}
			for no, owner := range before {
				changes = append(changes, indextest.Put("lamps", no, geo.PointShape(geo.Point{X: 1_210_000_000, Y: 250_000_000}), data.TextValue(data.Text, no), data.TextValue(data.Text, owner)))
			}
			start := log.Append(changes...)
			indextest.At(t, e, start)
			for _, dry := range []bool{true, false} {
				got, wrong, err := run(t, log, e, ingest.Config{Mode: mode, DryRun: dry, Atomic: atomic, AllowEmpty: true, BatchRows: size}, text.String(), nil)
				if err != nil || counts(got) != counts(want) || got.Kept != want.Kept || len(wrong) != want.Failed {
					rt.Fatalf("atomic %v, dry %v: %s, kept %d, %v; want %s, kept %d", atomic, dry, counts(got), got.Kept, err, counts(want), want.Kept)
				}
				if dry && log.Last() != start {
					rt.Fatal("a dry run wrote")
				}
			}
			for _, entry := range log.All()[start:] {
				if want := log.Last(); atomic && entry.Visible != want || !atomic && entry.Visible != entry.Seq {
					rt.Fatalf("atomic %v: entry %d counts from %d", atomic, entry.Seq, entry.Visible)
				}
			}
			have := map[string]string{}
			l, _ := e.World().Layer("lamps")
			for s := range l.Slots() {
				have[l.ID(s)] = l.Value(s, 1).Text()
			}
			if !maps.Equal(have, after) {
				rt.Fatalf("atomic %v: the city is %v, want %v", atomic, have, after)
			}
			stop()
			running.Wait()
		}
	})
}

// TestStoreFails lets the store fail after some batches: what has landed is counted, and nothing else.
func TestStoreFails(t *testing.T) {
	broken := errors.New("broken")
	for good := range 6 {
		for _, atomic := range []bool{false, true} {
			log, e := city(t)
			left := good
			s := &store{log: log, fail: func() error {
				if left--; left < 0 {
					return broken
				}
				return nil
			}}
			text := head
			for i := range 12 {
				text += fmt.Sprintf("%d,a,121,25\n", i)
			}
			got, _, err := run(t, log, e, ingest.Config{Mode: ingest.Upsert, BatchRows: 2, Store: s, Atomic: atomic}, text, nil)
			l, _ := e.World().Layer("lamps")
			want := 2 * good
			if atomic {
				// All changes fit into one transaction.
				want = 12 * min(good, 1)
			}
			if errors.Is(err, broken) != (want < 12) || got.Added != want || l.Len() != want {
				t.Errorf("atomic %v, %d good batches: %s, %v; %d lamps", atomic, good, counts(got), err, l.Len())
			}
			if err != nil && strings.Count(fmt.Sprint(err), "broken") != 1 {
				t.Errorf("error %v", err)
			}
		}
	}
}

// TestAltered alters the layer while an import runs: it goes on when it appends as it goes, and is not switched when it
// is atomic.
func TestAltered(t *testing.T) {
	for _, atomic := range []bool{false, true} {
		log, e := city(t)
		text := head
		for i := range 20 {
			text += fmt.Sprintf("%d,a,121,25\n", i)
		}
		got, _, err := run(t, log, e, ingest.Config{Mode: ingest.Upsert, BatchRows: 2, Atomic: atomic}, text, func() {
			wider := lamps("owner")
			wider.Title = data.Title{"en": "Lamps"}
			indextest.At(t, e, log.Append(indextest.Define(wider)))
		})
		if atomic != (err != nil) || atomic && (got.Added != 0 || !strings.Contains(err.Error(), "nothing has been imported")) || !atomic && got.Added != 20 {
			t.Errorf("atomic %v: %s, %v", atomic, counts(got), err)
		}
	}
}

// TestOvertaken lets others put, end and bring back features between what an import compares and what it appends: it
// counts what was there when it wrote.
func TestOvertaken(t *testing.T) {
	log, e := city(t)
	lamp := func(op data.Op, no string) data.Change {
		f := data.Feature{ID: no}
		if op == data.OpPut {
			f.Shape, f.Values = geo.PointShape(geo.Point{X: 1, Y: 1}), []data.Value{data.TextValue(data.Text, no), data.TextValue(data.Text, "other")}
		}
		return data.Change{Stream: data.StreamFeature, Op: op, Layer: "lamps", Feature: f}
	}
	indextest.At(t, e, log.Append(lamp(data.OpPut, "there"), lamp(data.OpPut, "ends"), lamp(data.OpPut, "returns"), lamp(data.OpPut, "gone")))
	indextest.At(t, e, log.Append(lamp(data.OpDelete, "gone")))
	s := &store{log: log}
	s.fail = sync.OnceValue(func() error {
		// The batch was compared and is about to be appended.
		log.Append(lamp(data.OpPut, "new"), lamp(data.OpPut, "new too"), lamp(data.OpDelete, "ends"), lamp(data.OpDelete, "returns"))
		log.Append(lamp(data.OpPut, "returns"))
		return nil
	})
	text := head
	for _, no := range []string{"there", "ends", "returns", "gone", "new", "new too", "newest"} {
		text += no + ",a,121,25\n"
	}
	got, wrong, err := run(t, log, e, ingest.Config{Mode: ingest.Upsert, Store: s}, text, nil)
	if want := "7 rows 3+ 4~ 0- 0= 0!"; err != nil || len(wrong) > 0 || counts(got) != want {
		t.Errorf("%s, %v, %v, want %s", counts(got), wrong, err, want)
	}
}

// TestStrict stops at the first wrong row and keeps what came before.
func TestStrict(t *testing.T) {
	log, e := city(t)
	got, _, err := run(t, log, e, ingest.Config{Mode: ingest.Upsert, Strict: true}, head+"1,a,121,25\n2,b,x,25\n3,c,121,25\n", nil)
	var file *convert.FileError
	if !errors.As(err, &file) || counts(got) != "2 rows 1+ 0~ 0- 0= 1!" {
		t.Errorf("%s, %v", counts(got), err)
	}
}

// TestStrictDryRun stops at the first wrong row and claims nothing of what would have come before.
func TestStrictDryRun(t *testing.T) {
	for _, atomic := range []bool{false, true} {
		log, e := city(t)
		last := log.Last()
		cfg := ingest.Config{Mode: ingest.Upsert, Strict: true, DryRun: true, Atomic: atomic}
		_, _, err := run(t, log, e, cfg, head+"1,a,121,25\n2,b,x,25\n", nil)
		if err == nil || err.Error() != "the import stopped at the first wrong row; nothing has been imported" || log.Last() != last {
			t.Errorf("atomic %v: %v; the log ends with %d, want %d", atomic, err, log.Last(), last)
		}
	}
}

// TestGivesUp gives up on a file that goes on but brings nothing: it cuts it off and returns.
func TestGivesUp(t *testing.T) {
	_, e := city(t)
	body, send := io.Pipe()
	go func() {
		_, _ = io.WriteString(send, head+strings.Repeat("2,b,x,25\n", 20_001)) // fails if it is not read to its end
	}()
	layer, _ := e.World().Layer("lamps")
	im := ingest.New(ingest.Config{
		Engine: e, World: e.World(), Layer: layer, Mode: ingest.Upsert, Strict: true, BatchRows: 20_000,
		RowError: func(*convert.RowError) {}, Note: func(string) {}, Progress: func(*ingest.Summary) {},
		Cut: func() { body.CloseWithError(errors.New("cut off")) },
	})
	ended := make(chan error, 1)
	go func() {
		ended <- im.File(t.Context(), convert.CSV, body, convert.Options{Layer: layer.Def(), File: "lamps.csv"})
	}()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "first wrong row") {
			t.Errorf("error %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the import waits for the rest of the file")
	}
}

// TestNoRoom imports atomically where the disk has no room for what waits: nothing is imported, and the reason is told.
func TestNoRoom(t *testing.T) {
	log, e := city(t)
	last := log.Last()
	_, _, err := run(t, log, e, ingest.Config{Mode: ingest.Upsert, Atomic: true, Spool: spool.Dir{Reserve: 1 << 62}}, head+"9,b,121,25\n", nil)
	if file, ok := errors.AsType[*convert.FileError](err); !ok || !strings.Contains(file.Error(), "no room") || log.Last() != last {
		t.Errorf("error %v, log at %d, was at %d", err, log.Last(), last)
	}
}

// TestLayerReplaced drops the layer and creates another of its name while an import runs: the rows that were read for
// the old one must not end up in the new one.
func TestLayerReplaced(t *testing.T) {
	log, e := city(t)
	var text strings.Builder
	text.WriteString(head)
	for i := range 25_000 {
		fmt.Fprintf(&text, "%d,owner,121,25\n", i)
	}
	s := &store{log: log}
	_, _, err := run(t, log, e, ingest.Config{Mode: ingest.Upsert, Store: s}, text.String(), func() {
		s.mu.Lock()
		log.Append(indextest.Drop("lamps"))
		seq := log.Append(indextest.Define(lamps("tenant")))
		s.mu.Unlock()
		indextest.At(t, e, seq)
	})
	if err == nil || !strings.Contains(err.Error(), "dropped during the import") {
		t.Errorf("error %v", err)
	}
	if l, _ := e.World().Layer("lamps"); l.Len() != 0 {
		t.Errorf("%d rows of the old layer are in the new one", l.Len())
	}
}

// TestDroppedBeforeTheWorldKnows appends to a layer that the store knows to be dropped and the World does not yet: the reason
// is said in words for the one who imports, not only for the log.
func TestDroppedBeforeTheWorldKnows(t *testing.T) {
	log, e := city(t)
	s := &store{log: log, fail: func() error { return &data.RedefinedError{Layer: "lamps", Want: 1} }}
	_, _, err := run(t, log, e, ingest.Config{Store: s, Mode: ingest.Upsert}, head+"1,a,121,25\n", nil)
	if field, ok := errors.AsType[*data.FieldError](err); !ok || field.Field != "layer" || field.Value != "lamps" || !strings.Contains(field.Why, "dropped during the import") {
		t.Errorf("%v", err)
	}
}
