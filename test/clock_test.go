package test

import (
	"net/http"
	"os"
	"path/filepath"
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

// TestCalendarChanges gives a day off while a case is open: it is due later, said by a dry run before, and also after the server
// was killed and came back.
func TestCalendarChanges(t *testing.T) {
	dir := t.TempDir()
	const start = "2026-11-04T17:50:00+08:00"
	s := serve(t, dir, "--clock", "virtual="+start, "--profile", "base")
	s.call(http.MethodPost, "/v1/people", object{
		"organisations": []any{object{"id": "command-centre", "title": object{"zh": "指挥中心"}, "level": "centre"}},
		"staff":         []any{object{"id": "op", "name": "接线员", "holdings": []any{object{"post": "operator", "organisation": "command-centre"}}}},
	}, nil)
	var begun struct{ Case struct{ ID string } }
	s.call(http.MethodPost, "/v1/cases", object{"action": "report", "form": object{"source": "hotline", "description": "井盖", "address": "东四"}, "as": object{"person": "op"}}, &begun)
	due := func(want string) {
		t.Helper()
		var is struct{ Due time.Time }
		s.call(http.MethodGet, "/v1/cases/"+begun.Case.ID, nil, &is)
		if at, err := time.Parse(time.RFC3339, want); err != nil || !is.Due.Equal(at) {
			t.Errorf("the case is due %s, want %s", is.Due, want)
		}
		var list struct{ Cases []struct{ Due time.Time } }
		s.call(http.MethodGet, "/v1/cases?order=due", nil, &list)
		if len(list.Cases) != 1 || !list.Cases[0].Due.Equal(is.Due) {
			t.Errorf("the list says %+v", list.Cases)
		}
	}
	due("2026-11-05T08:05:00+08:00") // a quarter of an hour, of which ten minutes are of the day before
	file := filepath.Join(t.TempDir(), "calendar.toml")
	text := mustRun(t, "calendar", "print", "city", "--data", dir)
	if err := os.WriteFile(file, []byte(text+"\n[[exception]]\ndate = 2026-11-05\nkind = \"holiday\"\nname = \"台风\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := mustRun(t, "calendar", "dry", file, "--data", dir); !strings.Contains(out, begun.Case.ID) || !strings.Contains(out, "24h0m0s") {
		t.Errorf("gewu calendar dry: %s", out)
	}
	due("2026-11-05T08:05:00+08:00")
	mustRun(t, "calendar", "put", file, "--data", dir)
	due("2026-11-06T08:05:00+08:00")
	s.kill()
	s = serve(t, dir, "--clock", "virtual="+start)
	due("2026-11-06T08:05:00+08:00")
	if out := mustRun(t, "calendar", "list", "--data", dir); !strings.Contains(out, "2026-12-31") {
		t.Errorf("gewu calendar list: %s", out)
	}
	// What was moved is told when it is reached, and not before.
	told := func() (n int) {
		var list struct{ Events []struct{ Action string } }
		s.call(http.MethodGet, "/v1/cases/"+begun.Case.ID+"/events", nil, &list)
		for _, e := range list.Events {
			if e.Action != "report" {
				n++
			}
		}
		return n
	}
	mustRun(t, "clock", "set", "2026-11-05T12:00:00+08:00", "--data", dir)
	if n := told(); n > 1 { // the warning at four fifths lies before the day off
		t.Errorf("%d marks are told on the day off", n)
	}
	mustRun(t, "clock", "set", "2026-11-06T09:00:00+08:00", "--data", dir)
	if n := told(); n < 2 {
		t.Errorf("%d marks are told when the case is overdue", n)
	}
	s.stop()
}
