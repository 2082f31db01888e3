package test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestVirtualClock plans a change for a day to come, moves the clock of the server beyond, and finds the change in the log
// at its time when the command ends; also after the server was killed the clock does not go back.
func TestVirtualClock(t *testing.T) {
	dir := t.TempDir()
	const start = "2026-11-02T09:00:00+08:00"
	s := serve(t, dir, "--clock", "virtual="+start)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	begin, err := time.Parse(time.RFC3339, start)
	if err != nil {
		t.Fatal(err)
	}
	due := begin.AddDate(0, 0, 3)
	s.call(http.MethodPost, "/v1/changes", object{"effective": due, "changes": []object{lamp("a", 1)}}, nil)
	if out := mustRun(t, "clock", "--data", dir); !strings.HasPrefix(out, begin.Local().Format(time.RFC3339)) {
		t.Errorf("gewu clock: %s", out)
	}
	mustRun(t, "clock", "advance", "2h", "--data", dir)
	if out := mustRun(t, "clock", "set", "2026-11-07T09:00:00+08:00", "--data", dir); !strings.Contains(out, "1 instants") {
		t.Errorf("gewu clock set: %s", out)
	}
	var page struct {
		Changes []struct {
			Recorded, Effective time.Time
			Cause               string
		}
	}
	s.call(http.MethodGet, "/v1/changes?limit=10", nil, &page)
	last := page.Changes[len(page.Changes)-1]
	if !strings.HasPrefix(last.Cause, "plan:") || !last.Recorded.Equal(due) || !last.Effective.Equal(due) {
		t.Errorf("the plan, due %s, is in the log as %+v", due, last)
	}
	if _, ok := run(t, nil, "clock", "set", start, "--data", dir); ok {
		t.Error("the clock was set back")
	}
	s.call(http.MethodPost, "/v1/changes", object{"changes": []object{lamp("b", 1)}}, nil)
	s.kill()
	if _, ok := run(t, nil, "clock", "--data", dir); ok {
		t.Error("there is a clock without a server")
	}
	s = serve(t, dir, "--clock", "virtual="+start)
	if out := mustRun(t, "clock", "show", "--data", dir); !strings.HasPrefix(out, begin.AddDate(0, 0, 5).Local().Format(time.RFC3339)) {
		t.Errorf("after the kill: %s", out)
	}
	s.stop()
}
