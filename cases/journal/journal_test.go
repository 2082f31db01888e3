package journal_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profiles"
)

func TestMain(m *testing.M) {
	if runDesks() {
		return // this is a child of TestKill
	}
	goleak.VerifyTestMain(m)
}

var day = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// bare answers the preconditions of a city without layers.
type bare struct{ db *boltstore.DB }

func (b bare) Applied() data.Seq                   { return b.db.Last() }
func (bare) Head(string, string) (data.Head, bool) { return data.Head{}, false }
func (bare) Layer(string) (*data.Layer, bool)      { return nil, false }
func (bare) Scheme(string) (*data.Scheme, bool)    { return nil, false }
func (bare) Values(string, int) iter.Seq2[string, data.Value] {
	return func(func(string, data.Value) bool) {}
}
func (bare) Holders(string, int, string) iter.Seq[string] { return func(func(string) bool) {} }
func (bare) Feature(string, string) (data.Feature, bool)  { return data.Feature{}, false }

// city is a log in a file with the cases in it and a desk where they move.
type city struct {
	dir   string
	db    *boltstore.DB
	j     *journal.Journal
	shelf *store.Store
	desk  *cases.Desk
	halt  func()
}

var listed = store.Options{Levels: []string{"street"}, Schemes: []string{"unit"}, Recent: 20}

func logFile(dir string) string        { return filepath.Join(dir, "city.gewu") }
func checkpointFile(dir string) string { return filepath.Join(dir, "cases.gewu") }

// start opens what is in a folder. It does not write checkpoints by itself.
func start(t testing.TB, dir string, options journal.Options) *city {
	t.Helper()
	db, err := boltstore.Open(logFile(dir), boltstore.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	c := &city{dir: dir, db: db, j: journal.New(db, checkpointFile(dir), options)}
	if c.shelf, err = store.New(c.j, listed); err == nil {
		err = c.j.Load(context.Background(), c.shelf)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.desk = desk(t, c.shelf)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := db.Run(ctx, bare{db}); err != nil {
			t.Error(err)
		}
	})
	c.halt = sync.OnceFunc(func() {
		stop()
		running.Wait()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(c.halt)
	return c
}

// run runs the journal until the returned function is called.
func (c *city) run(t testing.TB) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.j.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

type office struct{}

func (office) Path(id string) []string           { return []string{"city", id} }
func (office) Holds(string, string, string) bool { return true }

// ground locates everything in one cell.
type ground struct{}

func (ground) Locate(_ context.Context, m *cases.Matter) (*cases.Place, error) {
	return &cases.Place{
		Seq: 42, Areas: []cases.Area{{AreaKey: people.AreaKey{Level: "street", Code: "110101001"}, Name: "东华门"}},
		Cells: []people.CellRef{{Scheme: "unit", Code: "110101001001001"}}, Parts: m.Parts,
		Duty: &cases.Duty{Rule: "covers", Organisation: "water", Post: people.PostHandler},
	}, nil
}

var table = sync.OnceValues(func() (*process.Versions, error) {
	var posts []string
	for _, p := range people.DefaultPosts() {
		posts = append(posts, p.ID)
	}
	table, err := process.Load(process.FromFS(profiles.Files), "base", posts)
	if err != nil {
		return nil, err
	}
	return process.Make(table)
})

func desk(t testing.TB, shelf *store.Store) *cases.Desk {
	t.Helper()
	tables, err := table()
	if err != nil {
		t.Fatal(err)
	}
	return &cases.Desk{
		Log: shelf, Shelf: shelf, Tables: tables, Process: "base", Locate: ground{},
		Directory: func(time.Time) cases.Directory { return office{} },
	}
}

// way is how a case goes from report to filing.
func way(id string, step int) *cases.Command {
	point := &cases.Position{Lon: 116, Lat: 40}
	cmd := []cases.Command{
		{Actor: cases.Actor{Person: "o", Organisation: "city", Post: "operator"}, Action: "report", Form: cases.Form{
			Source: "public", Description: "井盖坏了 " + id, Point: point, Parts: []cases.Part{{Layer: "covers", ID: "7"}},
		}},
		{Actor: cases.Actor{Person: "o", Organisation: "city", Post: "operator"}, Action: "accept"},
		{Actor: cases.Actor{Person: "z", Organisation: "city", Post: "duty-chief"}, Action: "register", Form: cases.Form{Point: point, Class: &cases.Class{Kind: "part", Code: "0102"}}},
	}[step]
	cmd.Case, cmd.At, cmd.Key = id, day.Add(time.Duration(step)*time.Minute), fmt.Sprint(id, "-", step)
	return &cmd
}

func (c *city) do(t testing.TB, cmd *cases.Command) *cases.Done {
	t.Helper()
	done, err := c.desk.Do(context.Background(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// logged are the cases as the pure fold of the events in the log, in its order.
func logged(t rapid.TB, j *journal.Journal) map[string]*cases.Case {
	t.Helper()
	all := map[string]*cases.Case{}
	for e, err := range j.Since(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		c := all[e.Event.Case]
		if c == nil {
			c = cases.NewCase()
			all[e.Event.Case] = c
		}
		if err := c.Apply(e.Event); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// verify sees that all that is shown follows from the log.
func (c *city) verify(t rapid.TB) map[string]*cases.Case {
	t.Helper()
	want := logged(t, c.j)
	if c.shelf.Len() != len(want) {
		t.Fatalf("%d cases are shown of %d", c.shelf.Len(), len(want))
	}
	fresh, err := store.New(nowhere{}, listed)
	if err != nil {
		t.Fatal(err)
	}
	for id, is := range want {
		got, err := c.shelf.Case(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(is, got, cmp.Exporter(exportAll)); diff != "" {
			t.Fatalf("%s is not the fold of its events: %s", id, diff)
		}
		seq, _ := c.shelf.Newest(id)
		fresh.Show([]store.Shown{{Case: is, Seq: seq}})
		wanted, _ := fresh.Find(id)
		if shown, _ := c.shelf.Find(id); cmp.Diff(wanted, shown) != "" {
			t.Fatalf("%s is listed otherwise: %s", id, cmp.Diff(wanted, shown))
		}
	}
	touched := map[string]bool{}
	for _, one := range c.shelf.OfPart("covers", "7", time.Time{}) {
		touched[one.ID] = true
	}
	for id, is := range want {
		if has := is.Parts > 0; has != touched[id] {
			t.Fatalf("%s names the part %v and is found by it %v", id, has, touched[id])
		}
	}
	return want
}

type nowhere struct{}

func (nowhere) Append(context.Context, []*cases.Event) (data.Seq, error) { return 0, data.ErrClosed }

func (nowhere) Events(context.Context, string) iter.Seq2[*cases.Event, error] {
	return func(func(*cases.Event, error) bool) {}
}

// check fails the test for each broken invariant of the log.
func check(t testing.TB, dir string) {
	t.Helper()
	if err := offline.Check(context.Background(), logFile(dir), boltstore.CheckOptions{Report: func(p boltstore.Problem) { t.Errorf("check: %s", p) }}); err != nil {
		t.Error(err)
	}
}

// TestCasesMoveAndStay moves cases, stops and starts: from a checkpoint, from an old one, and from none.
func TestCasesMoveAndStay(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, journal.Options{})
	for i := range 3 {
		for step := range i + 1 {
			c.do(t, way(fmt.Sprint("A", i), step))
		}
	}
	if again := c.do(t, way("A2", 1)); again.Number != 2 || again.Event != nil {
		t.Errorf("a command that came again: %+v", again)
	}
	stop := c.run(t)
	stop()
	c.halt()
	saved, err := os.ReadFile(checkpointFile(dir))
	if err != nil {
		t.Fatal(err)
	}

	c = start(t, dir, journal.Options{})
	if got := c.j.Applied(); got != 6 {
		t.Errorf("applied up to %d", got)
	}
	c.verify(t)
	c.do(t, way("A0", 1))
	c.do(t, way("B", 0))
	if again := c.do(t, way("A2", 1)); again.Number != 2 || again.Event != nil {
		t.Errorf("a command that came again after a start: %+v", again)
	}
	c.halt() // without a checkpoint

	read := data.Seq(0)
	for name, content := range map[string][]byte{"old": saved, "none": nil, "damaged": saved[:len(saved)/2], "not one": []byte("hello, this is a file")} {
		if err := os.WriteFile(checkpointFile(dir), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if content == nil {
			if err := os.Remove(checkpointFile(dir)); err != nil {
				t.Fatal(err)
			}
		}
		var log strings.Builder
		c = start(t, dir, journal.Options{Logger: logger(&log), Progress: func(done, _ data.Seq) { read = done }})
		if all := c.verify(t); all["A0"].Version != 2 || all["B"].Version != 1 {
			t.Errorf("%s: %+v", name, all)
		}
		if said, bad := strings.Contains(log.String(), "made anew"), name == "damaged" || name == "not one"; said != bad {
			t.Errorf("%s: log %q", name, log.String())
		}
		c.halt()
	}
	_ = read
	check(t, dir)
}

// TestCheckpointOfAnotherLog sees that a checkpoint is used with the log that it was made from, and no other.
func TestCheckpointOfAnotherLog(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	c := start(t, dir, journal.Options{})
	c.do(t, way("A", 0))
	c.halt()
	copied(t, logFile(dir), logFile(other))
	// Both logs have one identity and go on in two ways.
	c = start(t, dir, journal.Options{})
	c.do(t, way("HERE", 0))
	c.run(t)()
	c.halt()
	c = start(t, other, journal.Options{})
	c.do(t, way("THERE", 0))
	c.do(t, way("THERE", 1))
	c.halt()
	copied(t, checkpointFile(dir), checkpointFile(other))
	c = start(t, other, journal.Options{})
	if all := c.verify(t); all["THERE"] == nil || all["HERE"] != nil {
		t.Errorf("%v", all)
	}
	c.halt()
	// A log that ends before the checkpoint.
	third := t.TempDir()
	c = start(t, third, journal.Options{})
	c.halt()
	copied(t, checkpointFile(dir), checkpointFile(third))
	if c = start(t, third, journal.Options{}); c.shelf.Len() != 0 {
		t.Errorf("%d cases", c.shelf.Len())
	}
}

func copied(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestTwoJournals lets two journals write to one log: neither takes a number that the other has taken, and each comes to
// show what the other has done.
func TestTwoJournals(t *testing.T) {
	c := start(t, t.TempDir(), journal.Options{})
	j := journal.New(c.db, filepath.Join(c.dir, "other"), journal.Options{})
	shelf, err := store.New(j, listed)
	if err == nil {
		err = j.Load(t.Context(), shelf)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.run(t)()
	second := &city{j: j, shelf: shelf, desk: desk(t, shelf)}
	defer second.run(t)()
	const each = 40
	var done sync.Map
	var wg sync.WaitGroup
	for w, on := range []*city{c, second} {
		wg.Go(func() {
			for i := range each {
				note := &cases.Command{
					Case: "A", At: day, Actor: cases.Actor{Person: "o", Organisation: "city", Post: "operator"}, Action: "annotate",
					Key: fmt.Sprint(w, "-", i), Form: cases.Form{Note: "意见"},
				}
				if i == 0 {
					note = way("A", 0)
					note.Key = fmt.Sprint(w, "-", i)
				}
				for {
					d, err := on.desk.Do(context.Background(), note)
					if _, stale := errors.AsType[*cases.StaleError](err); stale {
						time.Sleep(time.Millisecond)
						continue
					}
					if i == 0 && err != nil {
						break // the other one has begun the case
					}
					if err != nil {
						t.Error(err)
						return
					}
					if _, twice := done.LoadOrStore(d.Number, note.Key); twice {
						t.Errorf("number %d was given twice", d.Number)
					}
					break
				}
			}
		})
	}
	wg.Wait()
	for _, on := range []*city{c, second} {
		for deadline := time.Now().Add(20 * time.Second); on.j.Applied() < c.db.Last() && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		if all := on.verify(t); all["A"].Version < 2*each-1 {
			t.Errorf("the case is at %d", all["A"].Version)
		}
	}
}

// TestTogether sees that events of several cases and what is appended with them are one entry, and that a case is read
// back whose events stand in one entry.
func TestTogether(t *testing.T) {
	note := &data.Admin{Kind: data.AdminNote, ID: "n1", Body: []byte(`{"action":"sent"}`)}
	fail := errors.New("nothing can be sent")
	also := func(events []*cases.Event) ([]data.Change, error) {
		if events[0].Case == "BAD" {
			return nil, fail
		}
		return []data.Change{note.Put()}, nil
	}
	c := start(t, t.TempDir(), journal.Options{Also: also})
	report := func(id string) *cases.Event {
		return &cases.Event{
			Case: id, Number: 1, At: day, Actor: cases.Actor{Post: "public"}, Action: "report", To: "submitted", Process: &cases.ProcessRef{Name: "base", Version: 1},
			Form: cases.Form{Source: "public"},
		}
	}
	next := func(id string, n int) *cases.Event {
		return &cases.Event{Case: id, Number: n, At: day, Actor: cases.Actor{Person: "o", Post: "operator"}, Action: "annotate", From: "submitted", To: "submitted"}
	}
	seq, err := c.shelf.Append(t.Context(), []*cases.Event{report("A"), report("B"), next("A", 2), next("A", 3)})
	if err != nil || seq != 1 {
		t.Fatal(seq, err)
	}
	if _, err := c.shelf.Append(t.Context(), []*cases.Event{next("A", 4), next("B", 2)}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.shelf.Append(t.Context(), []*cases.Event{report("BAD")}); !errors.Is(err, fail) || c.db.Last() != 2 {
		t.Errorf("%v, the log ends at %d", err, c.db.Last())
	}
	var numbers []int
	for e, err := range c.j.Events(t.Context(), "A") {
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, e.Number)
	}
	if fmt.Sprint(numbers) != "[1 2 3 4]" {
		t.Errorf("events %v", numbers)
	}
	entry, err := c.db.Changes(t.Context(), 2, 0)
	if err != nil || len(entry) != 3 || entry[2].Admin == nil {
		t.Errorf("entry 2: %+v, %v", entry, err)
	}
	for range c.j.Events(t.Context(), "C") {
		t.Error("a case that does not exist has an event")
	}
	// Who knows an older case is told so, also without a store above.
	_, err = c.j.Append(t.Context(), []*cases.Event{next("A", 4)})
	if stale, is := errors.AsType[*cases.StaleError](err); !is || stale.Want != 3 || stale.Have != 4 {
		t.Error(err)
	}
	var order []string
	for e, err := range c.j.Since(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, fmt.Sprint(e.Seq, e.Event.Case, e.Event.Number, e.Recorded.IsZero()))
	}
	if fmt.Sprint(order) != "[2A4 false 2B2 false]" {
		t.Errorf("since 1: %v", order)
	}
}
