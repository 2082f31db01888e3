package test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// bostonRow is a case of the city of Boston. Instants that the file does not have are zero.
type bostonRow struct {
	opened, target, closed time.Time
	verdict, kind          string
	// id is the case that it became, late what its clock said when it was closed.
	id   string
	late bool
}

// bostonRows reads half a year of cases.
func bostonRows(t *testing.T) []*bostonRow {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open("../cases/clock/testdata/boston-2015-h1.tsv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	read := func(text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		at, err := time.ParseInLocation(time.DateTime, text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	var list []*bostonRow
	lines := bufio.NewScanner(plain)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		if len(f) != 5 || f[0] == "opened" {
			continue
		}
		list = append(list, &bostonRow{opened: read(f[0]), target: read(f[1]), closed: read(f[2]), verdict: f[3], kind: f[4]})
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return list
}

// bostonPerson plays the city: it takes reports in, says when each is due, and closes it.
const bostonPerson = "s-1"

// TestBoston replays cases of Boston against a served city whose clock is moved: each is reported, promised and closed at the
// instants of the city's own file. What our clock says of each is what the file says, also after the server was killed. One
// case in 300 is played; with GEWU_BOSTON=all it is every one of 58,119, which takes many minutes.
func TestBoston(t *testing.T) {
	step := 300
	if os.Getenv("GEWU_BOSTON") == "all" {
		step = 1
	}
	var list []*bostonRow
	for i, r := range bostonRows(t) {
		if i%step == 0 {
			list = append(list, r)
		}
	}
	dir, profile := t.TempDir(), filepath.Join(t.TempDir(), "boston")
	if err := os.CopyFS(profile, os.DirFS("testdata/boston")); err != nil {
		t.Fatal(err)
	}
	calendar, err := os.ReadFile("../cases/clock/testdata/boston.toml")
	if err == nil {
		err = os.WriteFile(filepath.Join(profile, "calendar.toml"), calendar, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--profile", profile, "--clock", "virtual=2014-12-31T00:00:00-05:00"}
	s := serve(t, dir, args...)
	s.call(http.MethodPut, "/v1/organisations/boston-311", object{"title": object{"en": "Boston 311"}, "level": "centre"}, nil)
	s.call(http.MethodPut, "/v1/staff/"+bostonPerson, object{"name": "Clerk", "holdings": []object{{"post": "operator", "organisation": "boston-311"}}}, nil)
	began := time.Now()
	play := &bostonPlay{server: s, clock: socketOf(dir)}
	play.all(list)
	took := time.Since(began)
	t.Logf("%d cases with %d commands at %d instants in %.1f s", len(list), play.commands, play.moves, took.Seconds())
	s.kill()
	s = serve(t, dir, args...)
	bostonVerdicts(t, s, list, step == 1)
	s.stop()
}

// socketOf is a client for the control socket of a data folder, over which the clock is moved.
func socketOf(dir string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, "gewu.sock"))
	}}}
}

// bostonPlay plays cases.
type bostonPlay struct {
	*server
	clock           *http.Client
	now             time.Time
	commands, moves int
}

// all plays cases in the order of what happened. What was closed before it was opened is closed as soon as it is there: time
// does not run backwards.
func (p *bostonPlay) all(list []*bostonRow) {
	type step struct {
		at    time.Time
		close bool
		row   *bostonRow
	}
	var steps []step
	for _, r := range list {
		steps = append(steps, step{r.opened, false, r})
		if !r.closed.IsZero() {
			at := r.closed
			if at.Before(r.opened) {
				at = r.opened
			}
			steps = append(steps, step{at, true, r})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
	for _, one := range steps {
		p.move(one.at)
		if one.close {
			p.close(one.row)
		} else {
			p.open(one.row)
		}
	}
}

// move moves the clock of the city.
func (p *bostonPlay) move(to time.Time) {
	if !to.After(p.now) {
		return
	}
	body, err := json.Marshal(object{"set": to})
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := p.clock.Post("http://gewu/v1/clock", "application/json", bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	var is struct{ Now time.Time }
	if err := json.NewDecoder(resp.Body).Decode(&is); err != nil || resp.StatusCode != http.StatusOK || !is.Now.Equal(to) {
		p.t.Fatalf("the clock was to be set to %s: %s, %v, %v", to, resp.Status, is.Now, err)
	}
	p.now = to
	p.moves++
}

// bostonCase is what is looked at of a case.
type bostonCase struct {
	ID, State string
	Opened    time.Time
	Rested    time.Time
	Clocks    []struct {
		Clock, State string
		Due          time.Time
		Late         bool
	}
}

func (p *bostonPlay) command(path, action string, form object) bostonCase {
	p.t.Helper()
	p.commands++
	var is struct{ Case bostonCase }
	p.call(http.MethodPost, path, object{"action": action, "as": object{"person": bostonPerson}, "form": form}, &is)
	return is.Case
}

// open reports a case and says when it is due.
func (p *bostonPlay) open(r *bostonRow) {
	action := "report"
	if r.target.IsZero() {
		action = "note"
	}
	is := p.command("/v1/cases", action, object{"source": "hotline", "description": r.kind})
	r.id = is.ID
	if !is.Opened.Equal(r.opened) {
		p.t.Fatalf("%+v was opened at %s", r, is.Opened)
	}
	if r.target.IsZero() {
		return
	}
	if r.target.After(r.opened) { // without a promise it is due within the second
		is = p.command("/v1/cases/"+r.id+"/actions", "promise", object{"until": r.target})
	}
	if len(is.Clocks) != 1 || !is.Clocks[0].Due.Truncate(time.Second).Equal(r.target) {
		p.t.Fatalf("%+v: %+v", r, is)
	}
}

func (p *bostonPlay) close(r *bostonRow) {
	is := p.command("/v1/cases/"+r.id+"/actions", "close", object{})
	if is.State != "closed" || !is.Rested.Equal(p.now) {
		p.t.Fatalf("%+v: %+v", r, is)
	}
	r.late = len(is.Clocks) == 1 && is.Clocks[0].Late
}

// bostonVerdicts reads all cases and compares them with the file. What cannot be compared is counted by its cause.
func bostonVerdicts(t *testing.T, s *server, list []*bostonRow, all bool) {
	t.Helper()
	got := map[string]int{}
	open := 0
	for _, r := range list {
		var is bostonCase
		s.call(http.MethodGet, "/v1/cases/"+r.id+"?person="+bostonPerson, nil, &is)
		if r.closed.IsZero() {
			open++
		}
		if want := map[bool]string{true: "open", false: "closed"}[r.closed.IsZero()]; is.State != want {
			t.Errorf("%+v is %s", r, is.State)
		}
		if r.target.IsZero() {
			got["no target"]++
			continue
		}
		if len(is.Clocks) != 1 || is.Clocks[0].Late != r.late {
			t.Errorf("%+v: was %v, is %+v", r, r.late, is.Clocks)
			continue
		}
		if r.target.Equal(r.opened) {
			got["due when it was opened"]++
		}
		if r.closed.IsZero() {
			got["open, "+r.verdict]++
			continue
		}
		if r.closed.Before(r.opened) {
			got["closed before it was opened"]++
		}
		verdict := "ONTIME"
		if r.late {
			verdict = "OVERDUE"
		}
		switch r.verdict {
		case "":
			got["closed, no verdict, ours "+verdict]++
		case verdict:
			got["the same verdict"]++
		default:
			t.Errorf("%+v: ours is %s", r, verdict)
		}
	}
	for _, cause := range slices.Sorted(maps.Keys(got)) {
		t.Logf("%6d %s", got[cause], cause)
	}
	for query, want := range map[string]int{"": len(list), "&open=true": open, "&state=closed": len(list) - open} {
		var count struct{ Count int }
		if s.call(http.MethodGet, "/v1/cases/count?person="+bostonPerson+query, nil, &count); count.Count != want {
			t.Errorf("%d cases of %q, want %d", count.Count, query, want)
		}
	}
	want := map[string]int{
		"the same verdict": 37257, "no target": 14527, "due when it was opened": 7, "closed before it was opened": 40, "closed, no verdict, ours OVERDUE": 63,
		"open, ONTIME": 571, "open, OVERDUE": 5662, "open, ": 39,
	}
	if all && !maps.Equal(got, want) {
		t.Errorf("cases by cause: %v, want %v", got, want)
	}
	if got["the same verdict"] == 0 {
		t.Error("no verdict was compared")
	}
	bostonMarks(t, s, list)
}

// bostonMarks sees that each case that was late, or is, was told of once, at its due time, and no other.
func bostonMarks(t *testing.T, s *server, list []*bostonRow) {
	t.Helper()
	var end time.Time
	for _, r := range list {
		end = later(end, later(r.opened, r.closed))
	}
	told := 0
	for _, r := range list {
		var got struct {
			Events []struct {
				At   time.Time
				Told []struct {
					Kind string
					At   time.Time
				}
			}
		}
		s.call(http.MethodGet, "/v1/cases/"+r.id+"/events?person="+bostonPerson, nil, &got)
		var at []time.Time
		for _, e := range got.Events {
			for _, m := range e.Told {
				if m.Kind == "overdue" {
					at = append(at, m.At)
				}
			}
		}
		due := r.target
		if due.Equal(r.opened) {
			due = due.Add(720 * time.Millisecond)
		}
		late := !due.IsZero() && due.Before(later(r.closed, r.opened))
		if r.closed.IsZero() {
			late = !due.IsZero() && !due.After(end)
		}
		switch {
		case late && (len(at) != 1 || !at[0].Equal(due)):
			t.Errorf("%+v was told overdue at %v", r, at)
		case !late && len(at) > 0 && !at[0].Equal(r.closed): // due at the very instant at which it was closed
			t.Errorf("%+v was in time and told overdue at %v", r, at)
		case late:
			told++
		}
	}
	t.Logf("%6d were told of as overdue", told)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
