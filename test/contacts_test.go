package test

import (
	"bytes"
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
