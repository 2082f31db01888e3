package test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// listening is a client of the stream of cases.
type listening struct {
	t     *testing.T
	lines *bufio.Scanner
}

func (s *server) listen(last string) *listening {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/v1/cases/stream", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		s.t.Fatal(res.Status)
	}
	s.t.Cleanup(func() { cancel(); _ = res.Body.Close() })
	return &listening{s.t, bufio.NewScanner(res.Body)}
}

// want is the data and the id of the next event, which has a name.
func (l *listening) want(name string) (told struct {
	Case    string
	Version int
	Begun   bool
}, id string,
) {
	l.t.Helper()
	event, text := "", ""
	for l.lines.Scan() {
		switch field, value, _ := strings.Cut(l.lines.Text(), ": "); {
		case field == "event":
			event = value
		case field == "id":
			id = value
		case field == "data":
			text = value
		case l.lines.Text() == "" && event != "":
			if event != name {
				l.t.Fatalf("event %s %s, want %s", event, text, name)
			}
			if err := json.Unmarshal([]byte(text), &told); err != nil {
				l.t.Fatal(err)
			}
			return told, id
		}
	}
	l.t.Fatalf("the stream has ended: %v", l.lines.Err())
	return told, id
}

// TestCaseStreamAfterKill comes back to a server that was killed, from before what happened last: nothing is missed, and
// nothing is told twice. To another city it is a stranger.
func TestCaseStreamAfterKill(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	s.call("PUT", "/v1/organisations/command-centre", object{"title": object{"zh": "指挥中心", "en": "Command centre"}, "level": "centre"}, nil)
	report := func() string {
		t.Helper()
		var done struct{ Case struct{ ID string } }
		s.call("POST", "/v1/cases", object{"action": "report", "form": object{"source": "public", "description": "井盖丢失", "point": object{"lon": 116.41, "lat": 39.91}}}, &done)
		return done.Case.ID
	}
	first := s.listen("")
	first.want("hello")
	one := report()
	told, place := first.want("case")
	if told.Case != one || !told.Begun {
		t.Fatalf("%+v", told)
	}
	var missed []string
	for range 3 {
		missed = append(missed, report())
	}
	for range 3 {
		s.kill()
		s = serve(t, dir)
		back := s.listen(place)
		if _, id := back.want("hello"); id != place {
			t.Errorf("goes on from %s, not %s", id, place)
		}
		for _, id := range missed {
			if told, place = back.want("case"); told.Case != id || told.Version != 1 || !told.Begun {
				t.Fatalf("%+v, want %s", told, id)
			}
		}
		missed = []string{report()}
		if told, _ := back.want("case"); told.Case != missed[0] {
			t.Fatalf("%+v", told)
		}
	}
	other := serve(t, t.TempDir())
	lost := other.listen(place)
	lost.want("reset")
	lost.want("hello")
}
