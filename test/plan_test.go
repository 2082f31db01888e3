package test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestKillBeforeDue plans changes for the next moments and kills the server meanwhile: after the next start every plan
// that was acknowledged has been published once, as of the time for which it was planned, and in order.
func TestKillBeforeDue(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	due := map[string]time.Time{}
	value := 0
	for range roundsOf(t) {
		for range 20 {
			value++
			at := time.Now().Add(time.Duration(rand.IntN(600)) * time.Millisecond).UTC().Truncate(time.Microsecond)
			var planned struct {
				Plan struct{ ID string }
			}
			resp := s.call(http.MethodPost, "/v1/changes", object{"effective": at, "changes": []object{lamp(fmt.Sprint(value%7), value)}}, &planned)
			if resp.StatusCode == http.StatusAccepted { // else it was due before it arrived
				due[planned.Plan.ID] = at
			}
		}
		time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond)
		s.kill()
		s = serve(t, dir)
		wait(t, s, "/v1/plans?state=planned")
	}
	if len(due) == 0 {
		t.Fatal("nothing was planned")
	}
	published := map[string]int{}
	var last time.Time
	for next := "0"; next != ""; {
		var page struct {
			Changes []struct {
				Cause               string
				Count               int
				Recorded, Effective time.Time
			}
			Next string
		}
		s.call(http.MethodGet, "/v1/changes?limit=1000&after="+next, nil, &page)
		next = page.Next
		for _, e := range page.Changes {
			id, ok := strings.CutPrefix(e.Cause, "plan:")
			if !ok {
				continue
			}
			published[id]++
			if !e.Effective.Equal(due[id]) || e.Recorded.Before(e.Effective) || e.Count != 2 {
				t.Errorf("plan %s, due %s: an entry of %d changes recorded %s, effective %s", id, due[id], e.Count, e.Recorded, e.Effective)
			}
			if e.Recorded.Before(last) {
				t.Errorf("plan %s was recorded before the one before it", id)
			}
			last = e.Recorded
		}
	}
	for id, at := range due {
		if published[id] != 1 {
			t.Errorf("plan %s, due %s, was published %d times", id, at, published[id])
		}
	}
	if len(published) != len(due) {
		t.Errorf("%d plans were published, %d acknowledged", len(published), len(due))
	}
	s.stop()
	mustRun(t, "check", "--data", dir)
}

// wait asks until a list of plans is empty.
func wait(t *testing.T, s *server, path string) {
	t.Helper()
	for range 200 {
		var list struct{ Count int }
		s.call(http.MethodGet, path, nil, &list)
		if list.Count == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("plans that are due stay planned")
}
