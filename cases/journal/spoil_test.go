package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/offline"
)

// plant appends an event as bytes, past everything that looks into it.
func (c *city) plant(t *testing.T, id string, number int, before data.Seq, body []byte) data.Seq {
	t.Helper()
	seq, err := c.db.Append(t.Context(), data.Tx{Known: c.db.Last(), Changes: []data.Change{{
		Stream: data.StreamCase, Op: data.OpPut, Layer: data.CaseName(id), IfSeq: &before, Case: &data.CaseEvent{Number: number, Body: body},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// settle waits until the journal has applied the whole log.
func (c *city) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); c.j.Applied() < c.db.Last(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("applied up to %d of %d", c.j.Applied(), c.db.Last())
		}
	}
}

// spoilt says of a case: where it cannot be read, what its version is, how it answers, and how many events of it are yielded.
func (c *city) spoilt(t *testing.T, id string) string {
	t.Helper()
	_, err := c.shelf.Case(t.Context(), id)
	u, is := errors.AsType[*cases.UnreadableError](err)
	if !is {
		return fmt.Sprint("readable: ", err)
	}
	events := 0
	for _, err := range c.j.Events(t.Context(), id) {
		if err != nil {
			t.Errorf("%s: what could be read is not there any more: %v", id, err)
		}
		events++
	}
	is2, found := c.shelf.Find(id)
	for step := range 3 {
		if _, err := c.desk.Do(t.Context(), way(id, step)); !errors.As(err, &u) || u.Case != id {
			t.Errorf("%s takes step %d: %v", id, step, err)
		}
	}
	return fmt.Sprintf("event %d of entry %d, listed %v at %d %s, %d events", u.Number, u.Seq, found && is2.Unreadable, is2.Version, is2.State, events)
}

// TestUnreadable plants events that cannot be read, or do not follow, while the journal runs: their cases stay as they were,
// whatever is begun anew, and all others go on.
func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, journal.Options{})
	stop := c.run(t)
	encoded := func(e *cases.Event) []byte {
		b, err := cases.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	event := func(id string, number int, from, to string) *cases.Event {
		return &cases.Event{Case: id, Number: number, At: day, Actor: cases.Actor{Post: "operator"}, Action: "annotate", From: from, To: to}
	}
	granted := event("GRANT", 2, "submitted", "submitted")
	granted.Request, granted.Part = "extend", process.Grant
	bodies := map[string][]byte{
		"BYTES": {0xff, 0, 'x'}, "LATER": []byte(`{"v":99,"case":"LATER","number":2,"action":"a","to":"b"}`), "FIELD": []byte(`{"v":1,"case":"FIELD","number":2,"action":"a","to":"b","surprise":1}`),
		"STATE": encoded(event("STATE", 2, "elsewhere", "closed")), "OTHER": encoded(event("BYTES", 2, "submitted", "submitted")),
		"NUMBER": encoded(event("NUMBER", 3, "submitted", "submitted")), "GRANT": encoded(granted),
	}
	want, seqs := map[string]string{}, map[string]data.Seq{}
	for id, body := range bodies {
		first := c.do(t, way(id, 0)).Seq
		c.settle(t)
		seqs[id] = c.plant(t, id, 2, first, body)
		want[id] = fmt.Sprintf("event 2 of entry %d, listed true at 1 submitted, 1 events", seqs[id])
	}
	// One that begins so, one that goes on after it, and one that is well.
	want["BEGUN"] = fmt.Sprintf("event 1 of entry %d, listed false at 0 , 0 events", c.plant(t, "BEGUN", 1, 0, []byte("?")))
	c.settle(t)
	c.plant(t, "STATE", 3, seqs["STATE"], encoded(event("STATE", 3, "closed", "closed")))
	c.do(t, way("WELL", 0))
	c.settle(t)
	verify := func(how string, version int) {
		t.Helper()
		for id, want := range want {
			if got := c.spoilt(t, id); got != want {
				t.Errorf("%s: %s: %s, want %s", how, id, got, want)
			}
		}
		if is, err := c.shelf.Case(t.Context(), "WELL"); err != nil || is.Version != version {
			t.Errorf("%s: the case that is well: %+v, %v", how, is, err)
		}
		if all := c.shelf.Unreadable(); len(all) != len(want) {
			t.Errorf("%s: %d cases are unreadable: %v", how, len(all), all)
		}
		// Whoever follows the log is not held up.
		for e, err := range c.j.Since(t.Context(), 0) {
			if err != nil || e.Event.Case != "WELL" && e.Event.Number != 1 {
				t.Errorf("%s: the log yields %+v, %v", how, e.Event, err)
			}
		}
	}
	verify("running", 1)
	stop() // which leaves a checkpoint
	c.halt()

	c = start(t, dir, journal.Options{})
	verify("from the checkpoint", 1)
	c.do(t, way("WELL", 1))
	c.halt()
	if err := os.Remove(checkpointFile(dir)); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	c = start(t, dir, journal.Options{Logger: logger(&said)})
	verify("from the log", 2)
	if n := strings.Count(said.String(), "cannot be read any further"); n != len(want) {
		t.Errorf("%d cases are told of in the log of the process: %s", n, said.String())
	}
	// The check names the same entries, and the file is sound.
	found := map[string]string{}
	if err := journal.Check(t.Context(), c.db, func(u *cases.UnreadableError) {
		found[u.Case] = fmt.Sprintf("event %d of entry %d", u.Number, u.Seq)
		if u.Why == "" || !strings.Contains(u.Error(), u.Case) {
			t.Errorf("%v", u)
		}
	}); err != nil {
		t.Fatal(err)
	}
	for id, where := range want {
		if found[id] == "" || !strings.HasPrefix(where, found[id]+",") {
			t.Errorf("the check finds %q for %s, want %s", found[id], id, where)
		}
	}
	if len(found) != len(want) {
		t.Errorf("the check finds %v", found)
	}
	c.halt()
	check(t, dir)
}

// TestFork makes two events of one number, which a writer can that says it knows the log and does not. The first one stays, the
// case is noted in all ways of starting, and the check of the file names it.
func TestFork(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, journal.Options{})
	first := c.do(t, way("A", 0))
	c.do(t, way("A", 1))
	c.do(t, way("B", 0))
	c.run(t)()
	c.halt()
	body := func(number int) []byte {
		b, err := cases.Encode(&cases.Event{Case: "A", Number: number, At: day, Actor: cases.Actor{Post: "operator"}, Action: "annotate", From: "submitted", To: "submitted"})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	c = start(t, dir, journal.Options{}) // the store has forgotten what it wrote
	stop := c.run(t)
	fork := c.plant(t, "A", 2, first.Seq, body(2))
	c.settle(t)
	want := fmt.Sprintf("event 2 of entry %d, listed true at 2 accepted, 2 events", fork)
	if got := c.spoilt(t, "A"); got != want {
		t.Errorf("running: %s, want %s", got, want)
	}
	c.plant(t, "A", 3, fork, body(3))
	c.settle(t)
	stop()
	c.halt()
	for _, how := range []string{"from the checkpoint", "from the log"} {
		c = start(t, dir, journal.Options{})
		if got := c.spoilt(t, "A"); got != want {
			t.Errorf("%s: %s, want %s", how, got, want)
		}
		c.halt()
		if err := os.Remove(checkpointFile(dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	var found []string
	report := func(p boltstore.Problem) { found = append(found, p.String()) }
	if err := offline.Check(context.Background(), logFile(dir), boltstore.CheckOptions{Report: report}); err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 || !strings.Contains(found[0], fmt.Sprintf("log entry %d, case:A", fork)) {
		t.Errorf("the check finds %q", found)
	}
}

// TestHeal sees that a case which could not be read is whole again when it can be: here because the checkpoint is of a program
// that could not.
func TestHeal(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, journal.Options{})
	c.do(t, way("A", 0))
	c.do(t, way("A", 1))
	last := c.do(t, way("A", 2)).Seq
	c.shelf.Spoil(cases.UnreadableError{Case: "A", Seq: last - 1, Number: 2, Why: "it was too new", Newest: last, Last: 3})
	c.run(t)()
	c.halt()
	c = start(t, dir, journal.Options{})
	if all := c.shelf.Unreadable(); len(all) != 0 {
		t.Errorf("unreadable: %v", all)
	}
	if all := c.verify(t); all["A"].Version != 3 {
		t.Errorf("%+v", all["A"])
	}
}
