package test

import (
	"context"
	"iter"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
)

// bare answers the preconditions of events of cases, which ask nothing of the city.
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

// plant appends events of cases to the store of a city that nobody serves.
func plant(t *testing.T, dir string, changes ...data.Change) {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(dir, "gewu.db"), boltstore.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- db.Run(ctx, bare{db}) }()
	_, err = db.Append(ctx, data.Tx{Known: db.Last(), Changes: changes})
	stop()
	for _, err := range []error{err, <-ended, db.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnreadableCase plants an event that is no event into the log of a city with cases. The city is served, the case is named
// to operators and by gewu check, answers with a problem of its own, and all others go on; so it is after a second start.
func TestUnreadableCase(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir, "--profile", "base")
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	s.stop()
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	began := func(id string) data.Change {
		body, err := cases.Encode(&cases.Event{
			Case: id, Number: 1, At: at, Actor: cases.Actor{Post: "public"}, Action: "report", To: "submitted",
			Process: &cases.ProcessRef{Name: "base", Version: 1}, Form: cases.Form{Source: "public", Description: "井盖丢失"},
		})
		if err != nil {
			t.Fatal(err)
		}
		return data.Change{Stream: data.StreamCase, Op: data.OpPut, Layer: data.CaseName(id), IfSeq: new(data.Seq), Case: &data.CaseEvent{Number: 1, Body: body}}
	}
	spoilt := data.Change{Stream: data.StreamCase, Op: data.OpPut, Layer: data.CaseName("bad"), Case: &data.CaseEvent{Number: 2, Body: []byte("\x00no event")}}
	plant(t, dir, began("well"), began("bad"), spoilt)

	for _, how := range []string{"from the log", "from the checkpoint"} {
		s = serve(t, dir)
		var list struct {
			Cases []struct {
				ID, State  string
				Unreadable bool
			}
		}
		s.call(http.MethodGet, "/v1/cases", nil, &list)
		if len(list.Cases) != 2 {
			t.Fatalf("%s: %+v", how, list)
		}
		for _, c := range list.Cases {
			if c.State != "submitted" || c.Unreadable != (c.ID == "bad") {
				t.Errorf("%s: %+v", how, c)
			}
		}
		s.call(http.MethodGet, "/v1/cases/well", nil, nil)
		for _, path := range []string{"", "/events", "/offers"} {
			if r, body := s.try(http.MethodGet, "/v1/cases/bad"+path, nil); r.StatusCode != http.StatusInternalServerError || !strings.Contains(string(body), "case bad goes on in entry 2 of the log, as its event 2") {
				t.Errorf("%s: %s: %d %s", how, path, r.StatusCode, body)
			}
		}
		var ready struct {
			Status string
			Notes  []string
		}
		s.call(http.MethodGet, "/readyz", nil, &ready)
		if notes := strings.Join(ready.Notes, "\n"); ready.Status != "ok" || !strings.Contains(notes, "case bad: event 2 in entry 2 of the log cannot be read") {
			t.Errorf("%s: %+v", how, ready)
		}
		if out, ok := run(t, nil, "check", "--data", dir); ok || !strings.Contains(out, "case bad: event 2 in entry 2 of the log cannot be read") || !strings.Contains(out, "1 problems") {
			t.Errorf("%s: the check of the running city: %v %s", how, ok, out)
		}
		s.stop()
		if out, ok := run(t, nil, "check", "--data", dir); ok || !strings.Contains(out, "case bad: event 2 in entry 2 of the log cannot be read") || !strings.Contains(out, "1 problems") {
			t.Errorf("%s: the check of the stopped city: %v %s", how, ok, out)
		}
	}
}
