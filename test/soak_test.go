package test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSoak puts a mixed load on the sample city for the time in GEWU_SOAK (make soak: 30 minutes) and demands that
// memory stays flat, that no goroutines are left over, that nothing fails, and that the store is sound afterwards.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(cmp.Or(os.Getenv("GEWU_SOAK"), "0s"))
	if err != nil {
		t.Fatal(err)
	}
	if length <= 0 {
		t.Skip("GEWU_SOAK says how long: make soak")
	}
	dir := t.TempDir()
	s := startServer(t, "demo", "--data", dir, "--listen", "127.0.0.1:0", "--tile-cache", "32", "--log-level", "error")
	s.waitForSample()
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	idle := s.sample()

	load := newLoad(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var workers sync.WaitGroup
	load.start(ctx, &workers)

	var samples []sample
	const every = 5 * time.Second
	for start, next := time.Now(), time.Now().Add(every); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(next)):
			next = next.Add(every)
			now := s.sample()
			samples = append(samples, now)
			if n := len(samples); n%12 == 0 {
				t.Logf("%4.0f s: %v, %s", time.Since(start).Seconds(), now, load.rates())
			}
		}
	}
	workers.Wait()
	load.report(t)
	judge(t, idle, samples)

	// What the load has left behind must go.
	var rest sample
	for range 60 {
		if rest = s.sample(); rest.goroutines <= idle.goroutines+10 {
			break
		}
		time.Sleep(time.Second)
	}
	t.Logf("idle before: %v; after: %v", idle, rest)
	if rest.goroutines > idle.goroutines+10 {
		t.Errorf("%d goroutines are left of %d before the load", rest.goroutines, idle.goroutines)
	}
	s.stop()
	if out, ok := run(t, nil, "check", "--data", dir); !ok {
		t.Errorf("gewu check:\n%s", out)
	}
}

// judge compares the middle third of the samples with the last: what grows without bound grows between them.
func judge(t *testing.T, idle sample, samples []sample) {
	t.Helper()
	n := len(samples) / 3
	if n < 2 {
		t.Log("too short to judge growth")
		return
	}
	middle, last := samples[n:2*n], samples[2*n:]
	for _, m := range []struct {
		name  string
		of    func(sample) float64
		allow float64 // beside 5 %
	}{
		{"resident memory", func(s sample) float64 { return s.rss }, 32},
		{"heap", func(s sample) float64 { return s.heap }, 32},
		{"goroutines", func(s sample) float64 { return float64(s.goroutines) }, 20},
	} {
		before, after := median(middle, m.of), median(last, m.of)
		t.Logf("%s: %.0f idle, %.0f in the middle third, %.0f in the last", m.name, m.of(idle), before, after)
		if after > before*1.05+m.allow {
			t.Errorf("%s grows: %.0f in the middle third, %.0f in the last", m.name, before, after)
		}
	}
}

func median(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// sample is the state of the process: memory in MiB.
type sample struct {
	rss, heap  float64
	goroutines int
}

// String is one line.
func (s sample) String() string {
	return fmt.Sprintf("%.0f MiB resident, %.0f MiB heap, %d goroutines", s.rss, s.heap, s.goroutines)
}

// sample reads the metrics of the server.
func (s *server) sample() sample {
	s.t.Helper()
	resp, err := http.Get(s.url + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var got sample
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue
		}
		switch name {
		case "process_resident_memory_bytes":
			got.rss = v / (1 << 20)
		case "go_memstats_heap_inuse_bytes":
			got.heap = v / (1 << 20)
		case "go_goroutines":
			got.goroutines = int(v)
		}
	}
	return got
}

// waitForSample waits until the demo has loaded its sample: it answers before.
func (s *server) waitForSample() {
	s.t.Helper()
	for range 600 {
		var list struct {
			Schemes []struct{ Name string } `json:"schemes"`
		}
		s.call(http.MethodGet, "/v1/schemes", nil, &list)
		if len(list.Schemes) > 0 {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.t.Fatal("the sample is not loaded")
}
