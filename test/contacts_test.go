package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestContactsSurviveKill reports cases with names and telephone numbers while the process is killed: every report that was
// acknowledged has its contact afterwards, nothing of it stands in any file or in the log of the process, and what was erased
// is gone.
func TestContactsSurviveKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills servers")
	}
	dir := filepath.Join(t.TempDir(), "city")
	s := serve(t, dir)
	const name, phone = "秘密报案人", "1391234"
	report := func(base string, i int) (id string, err error) {
		resp, raw, err := request(base, "POST", "/v1/cases", object{
			"action": "report", "form": object{"source": "public", "description": "a lamp is broken"},
			"contact": object{"name": fmt.Sprintf("%s%03d", name, i), "phone": fmt.Sprintf("%s%04d", phone, i)},
		})
		if err != nil {
			return "", err
		}
		if resp.StatusCode != http.StatusCreated {
			return "", fmt.Errorf("%s %s", resp.Status, raw)
		}
		return strings.TrimPrefix(resp.Header.Get("Location"), "/v1/cases/"), nil
	}
	taken := map[string]int{}
	logs := &bytes.Buffer{}
	for round := range 3 {
		base, stop := s.url, make(chan struct{})
		var killing atomic.Bool
		go func() {
			defer close(stop)
			for i := round * 1000; ; i++ {
				id, err := report(base, i)
				if err != nil {
					if !killing.Load() {
						t.Error(err)
					}
					return
				}
				taken[id] = i
			}
		}()
		time.Sleep(time.Duration(200+70*round) * time.Millisecond)
		killing.Store(true)
		s.kill()
		<-stop
		logs.Write(s.log.Bytes())
		s = serve(t, dir)
		for id, i := range taken {
			resp, raw := s.try("GET", "/v1/cases/"+id+"/contact?reason=test+of+contacts", nil)
			if resp.StatusCode != http.StatusOK || !bytes.Contains(raw, fmt.Appendf(nil, "%s%03d", name, i)) || !bytes.Contains(raw, fmt.Appendf(nil, "%s%04d", phone, i)) {
				t.Fatalf("report %d, case %s: %s %s", i, id, resp.Status, raw)
			}
		}
	}
	if len(taken) == 0 {
		t.Fatal("no report was taken")
	}
	gone := ""
	for id := range taken {
		gone = id
	}
	s.call("DELETE", "/v1/cases/"+gone+"/contact?reason=asked+to+be+forgotten", nil, nil)
	if resp, raw := s.try("GET", "/v1/cases/"+gone+"/contact?reason=test+of+contacts", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("after it was erased: %s %s", resp.Status, raw)
	}
	s.kill()
	logs.Write(s.log.Bytes())
	for _, text := range []string{name, phone} {
		if where := filesHold(t, dir, text); len(where) > 0 {
			t.Errorf("%s stands in %v", text, where)
		}
		if strings.Contains(logs.String(), text) {
			t.Errorf("%s stands in the log of the process", text)
		}
	}
	t.Logf("%d reports", len(taken))
}

// TestContactsGoInTime closes cases with contacts and lets a year pass, with the process killed at any moment while the contacts are
// erased: afterwards those of the closed cases are gone and told, those of the open ones are there.
func TestContactsGoInTime(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills servers")
	}
	dir := filepath.Join(t.TempDir(), "city")
	clock := []string{"--profile", "base", "--clock", "virtual=2026-11-04T10:00:00+08:00"}
	s := serve(t, dir, clock...)
	s.call(http.MethodPost, "/v1/people", object{
		"organisations": []any{object{"id": "supervision-centre", "title": object{"zh": "监督中心"}, "level": "centre"}},
		"staff":         []any{object{"id": "op", "name": "接线员", "holdings": []any{object{"post": "operator", "organisation": "supervision-centre"}}}},
	}, nil)
	var open, rests []string
	for i := range 60 {
		var begun struct{ Case struct{ ID string } }
		s.call(http.MethodPost, "/v1/cases", object{
			"action": "report", "form": object{"source": "hotline", "description": "井盖"}, "as": object{"person": "op"},
			"contact": object{"name": fmt.Sprintf("报案人%d", i), "phone": "13912345678"},
		}, &begun)
		if i%4 == 0 {
			open = append(open, begun.Case.ID)
			continue
		}
		s.call(http.MethodPost, "/v1/cases/"+begun.Case.ID+"/actions", object{"action": "reject", "form": object{"reason": "不属实"}, "as": object{"person": "op"}}, nil)
		rests = append(rests, begun.Case.ID)
	}
	has := func(id string) bool {
		t.Helper()
		resp, raw := s.try(http.MethodGet, "/v1/cases/"+id+"/contact?reason=test+of+contacts", nil)
		if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotFound {
			t.Fatalf("%s %s", resp.Status, raw)
		}
		return resp.StatusCode == http.StatusOK
	}
	mustRun(t, "clock", "advance", "364d", "--data", dir)
	for _, id := range rests {
		if !has(id) {
			t.Fatalf("%s: a day before its time", id)
		}
	}
	// Each time the process dies while, before or after they go.
	for round := range 3 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			run(t, nil, "clock", "advance", "2d", "--data", dir)
		}()
		time.Sleep(time.Duration(5+15*round) * time.Millisecond)
		s.kill()
		<-done
		s = serve(t, dir, clock...)
	}
	mustRun(t, "clock", "advance", "366d", "--data", dir)
	for _, id := range rests {
		if has(id) {
			t.Errorf("%s: after its time", id)
		}
	}
	for _, id := range open {
		if !has(id) {
			t.Errorf("%s is open and has lost its contact", id)
		}
	}
	var notes json.RawMessage
	s.call(http.MethodGet, "/v1/audit?what=erase&limit=1000", nil, &notes)
	for _, id := range rests {
		if n := bytes.Count(notes, []byte(id)); n < 1 { // twice, where the process died right after it was told
			t.Errorf("%s is told %d times", id, n)
		}
	}
	for _, id := range open {
		if bytes.Contains(notes, []byte(id)) {
			t.Errorf("%s is told as erased", id)
		}
	}
}
