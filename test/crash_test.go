package test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// killRounds says how often TestKill kills the server; GEWU_KILL_ROUNDS says the same (make test-long: 50).
var killRounds = flag.Int("rounds", 0, "rounds of TestKill; 0 for 10, or 3 with -short")

func roundsOf(t *testing.T) int {
	t.Helper()
	if *killRounds > 0 {
		return *killRounds
	}
	if text := os.Getenv("GEWU_KILL_ROUNDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("GEWU_KILL_ROUNDS is %q, and not a number of rounds", text)
		}
		return n
	}
	if testing.Short() {
		return 3
	}
	return 10
}

// TestKill kills the server at random moments under 64 writers, while it compacts, rebuilds its checkpoint and is backed
// up, and starts it again: every change that was acknowledged is there, and the store is sound.
func TestKill(t *testing.T) {
	rounds := roundsOf(t)
	const writers = 64
	dir := t.TempDir()
	s := serve(t, dir)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	// acknowledged[i] is the last value of writer i's lamp that was acknowledged, attempted[i] the last one sent.
	var acknowledged, attempted [writers]int
	for round := range rounds {
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() {
				for {
					attempted[i]++
					resp, raw, err := request(s.url, http.MethodPost, "/v1/changes", object{"changes": []object{lamp(fmt.Sprint(i), attempted[i])}})
					if err != nil {
						return
					}
					if resp.StatusCode != http.StatusOK {
						// The answer may be cut by the kill; a refusal would come with a document.
						t.Logf("round %d: %s %s", round, resp.Status, raw)
						return
					}
					acknowledged[i] = attempted[i]
				}
			})
		}
		for _, work := range [][2]string{{http.MethodPost, "/v1/compact?keep_seq=200"}, {http.MethodPost, "/v1/rebuild?projection=checkpoint"}, {http.MethodGet, "/v1/backup"}} {
			group.Go(func() {
				for {
					resp, raw, err := request(s.url, work[0], work[1], nil)
					if err != nil {
						return
					}
					if resp.StatusCode != http.StatusOK {
						t.Errorf("round %d: %s %s: %s %s", round, work[0], work[1], resp.Status, raw)
						return
					}
				}
			})
		}
		time.Sleep(time.Duration(50+rand.IntN(700)) * time.Millisecond)
		s.kill()
		group.Wait()
		if out, ok := run(t, nil, "check", "--data", dir); !ok {
			t.Fatalf("round %d: gewu check:\n%s", round, out)
		}
		s = serve(t, dir)
		for i := range writers {
			if acknowledged[i] == 0 {
				continue
			}
			var f struct {
				Properties struct {
					Value int `json:"value"`
				} `json:"properties"`
			}
			_, raw := s.try(http.MethodGet, fmt.Sprintf("/v1/layers/lamps/features/%d", i), nil)
			if err := json.Unmarshal(raw, &f); err != nil {
				t.Fatalf("round %d: %v\n%s", round, err, raw)
			}
			// The write that was under way may have landed without its acknowledgement.
			if f.Properties.Value < acknowledged[i] || f.Properties.Value > attempted[i] {
				t.Errorf("round %d: lamp %d is %d; %d was acknowledged and %d attempted", round, i, f.Properties.Value, acknowledged[i], attempted[i])
			}
			acknowledged[i], attempted[i] = f.Properties.Value, f.Properties.Value
		}
	}
	s.stop()
	if out, ok := run(t, nil, "check", "--data", dir); !ok {
		t.Fatalf("gewu check after a clean stop:\n%s", out)
	}
	last := 0
	for _, n := range acknowledged {
		last += n
	}
	t.Logf("%d rounds, %d changes acknowledged, all there", rounds, last)
	if last < rounds*writers {
		t.Errorf("only %d changes were acknowledged: the test proves nothing", last)
	}
}
