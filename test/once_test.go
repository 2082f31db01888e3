package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestKilledWritesAreDoneOnce kills the server under writers that give each request a key, starts it again and lets
// every writer send again the request whose answer it did not get: each request is one change, whether its
// acknowledgement was lost or its change.
func TestKilledWritesAreDoneOnce(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	const writers = 24
	dir := t.TempDir()
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	type request struct {
		key  string
		body []byte
	}
	send := func(url string, r request) (seq int, err error) {
		req, err := http.NewRequest(http.MethodPost, url+"/v1/changes", bytes.NewReader(r.body))
		if err != nil {
			return 0, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", r.key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			return 0, fmt.Errorf("%s %s %w", resp.Status, raw, err)
		}
		var done struct{ Seq int }
		err = json.Unmarshal(raw, &done)
		return done.Seq, err
	}
	var mu sync.Mutex
	answered := map[string]int{} // seq by key
	written := 1                 // entries there must be: the layer, and one for each key
	retried, landed := 0, 0
	for round := range rounds {
		before := len(answered)
		var open [writers]request
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() {
				for n := 0; ; n++ {
					key := fmt.Sprintf("%d-%d-%d", round, i, n)
					body, _ := json.Marshal(object{"changes": []object{lamp(key, n)}})
					open[i] = request{key, body}
					seq, err := send(s.url, open[i])
					if err != nil {
						return
					}
					mu.Lock()
					answered[key] = seq
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(50+rand.IntN(400)) * time.Millisecond)
		s.kill()
		group.Wait()
		s = serve(t, dir)
		last := lastSeq(s)
		written += len(answered) - before
		for i := range open {
			first, err := send(s.url, open[i])
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			if retried++; first <= last {
				landed++
			}
			for range 2 {
				if again, err := send(s.url, open[i]); err != nil || again != first {
					t.Errorf("round %d: %s is %d and then %d, %v", round, open[i].key, first, again, err)
				}
			}
			answered[open[i].key] = first
			written++
		}
		// The newest acknowledged ones are known too.
		for i := range open {
			var key string
			for n := range 3 {
				if k := fmt.Sprintf("%d-%d-%d", round, i, n); answered[k] != 0 && k != open[i].key {
					key = k
				}
			}
			if key == "" {
				continue
			}
			var n int
			if _, err := fmt.Sscanf(key, fmt.Sprintf("%d-%d-%%d", round, i), &n); err != nil {
				t.Fatal(err)
			}
			body, _ := json.Marshal(object{"changes": []object{lamp(key, n)}})
			if seq, err := send(s.url, request{key, body}); err != nil || seq != answered[key] {
				t.Errorf("round %d: %s was acknowledged as %d and is %d, %v", round, key, answered[key], seq, err)
			}
		}
		if have := lastSeq(s); have != written {
			t.Fatalf("round %d: the log ends at %d, %d requests were sent", round, have, written)
		}
	}
	t.Logf("%d requests, %d of them sent again after a kill, %d of those had landed", written-1, retried, landed)
	if written < rounds*writers*2 {
		t.Error("hardly anything was written: the test proves nothing")
	}
	seen := map[int]string{}
	for key, seq := range answered {
		if other, twice := seen[seq]; twice {
			t.Errorf("%s and %s were both answered with %d", key, other, seq)
		}
		seen[seq] = key
	}
}

// lastSeq is the position of the city.
func lastSeq(s *server) int {
	s.t.Helper()
	var ready struct{ Seq int }
	s.call(http.MethodGet, "/readyz", nil, &ready)
	return ready.Seq
}
