package test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// load is a mixed load on a city, as a busy day has it.
type load struct {
	t      *testing.T
	s      *server
	client *http.Client
	jobs   []*job
}

// job is one kind of client: workers that each do it, pause, and do it again.
type job struct {
	name    string
	workers int
	pause   time.Duration
	do      func(ctx context.Context, r *rand.Rand) error
	done    atomic.Int64
	refused atomic.Int64
	failed  atomic.Int64
	seen    atomic.Int64 // of done, when rates were last asked for
}

// errRefused is the answer of a server that has enough to do.
var errRefused = errors.New("refused for now")

func newLoad(t *testing.T, s *server) *load {
	t.Helper()
	l := &load{t: t, s: s, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	l.jobs = []*job{
		{name: "edit", workers: 16, pause: 20 * time.Millisecond, do: l.edit},
		{name: "import", workers: 1, pause: 15 * time.Second, do: l.importRows},
		{name: "define", workers: 1, pause: 20 * time.Second, do: l.define},
		{name: "locate", workers: 4, pause: 2 * time.Millisecond, do: l.get(func(r *rand.Rand) string {
			lon, lat := place(r)
			return fmt.Sprintf("/v1/locate?lon=%.6f&lat=%.6f", lon, lat)
		})},
		{name: "batch", workers: 1, pause: 5 * time.Second, do: l.batch},
		{name: "tile", workers: 4, pause: 10 * time.Millisecond, do: l.get(randomTile("city"))},
		{name: "totals tile", workers: 1, pause: 100 * time.Millisecond, do: l.get(randomTile("units_totals"))},
		{name: "card", workers: 1, pause: 100 * time.Millisecond, do: l.card},
		{name: "list", workers: 2, pause: 100 * time.Millisecond, do: l.get(func(r *rand.Rand) string {
			lon, lat := place(r)
			return fmt.Sprintf("/v1/layers/addresses/features?limit=500&bbox=%.4f,%.4f,%.4f,%.4f", lon, lat, lon+0.01, lat+0.01)
		})},
		{name: "wrong", workers: 1, pause: 200 * time.Millisecond, do: l.wrong},
		{name: "past", workers: 1, pause: 2 * time.Second, do: l.past},
		{name: "export", workers: 1, pause: 10 * time.Second, do: l.get(func(*rand.Rand) string { return "/v1/layers/trees/export" })},
		{name: "backup", workers: 1, pause: time.Minute, do: l.get(func(*rand.Rand) string { return "/v1/backup" })},
		{name: "listener", workers: 40, pause: time.Second, do: l.listen(time.Millisecond)},
		{name: "slow listener", workers: 10, pause: time.Second, do: l.listen(3 * time.Second)},
		{name: "slow reader", workers: 20, pause: time.Second, do: l.slow},
		{name: "leaver", workers: 2, pause: 50 * time.Millisecond, do: l.leave},
	}
	return l
}

func (l *load) start(ctx context.Context, all *sync.WaitGroup) {
	for i, j := range l.jobs {
		for w := range j.workers {
			r := rand.New(rand.NewPCG(uint64(i), uint64(w)))
			all.Go(func() {
				for ctx.Err() == nil {
					err := j.do(ctx, r)
					switch {
					case ctx.Err() != nil:
						return
					case errors.Is(err, errRefused):
						j.refused.Add(1)
					case err != nil:
						if j.failed.Add(1) <= 3 {
							l.t.Errorf("%s: %v", j.name, err)
						}
					default:
						j.done.Add(1)
					}
					select {
					case <-ctx.Done():
					case <-time.After(j.pause/2 + time.Duration(r.Int64N(int64(j.pause)+1))):
					}
				}
			})
		}
	}
}

// rates says what was done since it was last asked.
func (l *load) rates() string {
	var b strings.Builder
	for _, j := range l.jobs {
		done := j.done.Load()
		fmt.Fprintf(&b, "%s %d, ", j.name, done-j.seen.Swap(done))
	}
	return strings.TrimSuffix(b.String(), ", ")
}

func (l *load) report(t *testing.T) {
	t.Helper()
	for _, j := range l.jobs {
		t.Logf("%-14s %8d done, %d refused for now, %d failed", j.name, j.done.Load(), j.refused.Load(), j.failed.Load())
		if j.done.Load() == 0 {
			t.Errorf("%s was never done", j.name)
		}
	}
}

// place is somewhere in Taipei.
func place(r *rand.Rand) (lon, lat float64) { return 121.50 + r.Float64()*0.1, 25.00 + r.Float64()*0.1 }

func randomTile(set string) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		z := 12 + r.IntN(6)
		lon, lat := place(r)
		x, y := tileOf(lon, lat, z)
		return fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", set, z, x, y)
	}
}

// ask sends a request and returns its status and whole body.
func (l *load) ask(ctx context.Context, method, path, contentType string, body io.Reader) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, l.s.url+path, body)
	if err != nil {
		return 0, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, raw, err
}

// verdict tells an answer that is wanted from one that asks for patience.
func verdict(status int, raw []byte, err error, want ...int) error {
	switch {
	case err != nil:
		return err
	case slices.Contains(want, status):
		return nil
	case status == http.StatusServiceUnavailable:
		return errRefused
	default:
		return fmt.Errorf("status %d: %.300s", status, raw)
	}
}

func (l *load) get(url func(*rand.Rand) string) func(context.Context, *rand.Rand) error {
	return func(ctx context.Context, r *rand.Rand) error {
		status, raw, err := l.ask(ctx, http.MethodGet, url(r), "", nil)
		return verdict(status, raw, err, http.StatusOK, http.StatusNoContent)
	}
}

// edit puts, moves and ends lamps of a bounded number of ids.
func (l *load) edit(ctx context.Context, r *rand.Rand) error {
	id := fmt.Sprint(r.IntN(5000))
	change := lamp(id, r.IntN(1000))
	lon, lat := place(r)
	change["feature"].(object)["geometry"] = object{"type": "Point", "coordinates": []float64{lon, lat}}
	if r.IntN(10) == 0 {
		change = object{"op": "delete", "layer": "lamps", "id": id}
	}
	raw, err := json.Marshal(object{"changes": []object{change}})
	if err != nil {
		return err
	}
	status, answer, err := l.ask(ctx, http.MethodPost, "/v1/changes", "application/json", strings.NewReader(string(raw)))
	// A lamp that does not exist cannot be ended.
	return verdict(status, answer, err, http.StatusOK, http.StatusUnprocessableEntity)
}

func (l *load) importRows(ctx context.Context, r *rand.Rand) error {
	var b strings.Builder
	b.WriteString("id,lon,lat,value\n")
	for i := range 5000 {
		lon, lat := place(r)
		fmt.Fprintf(&b, "%d,%.6f,%.6f,%d\n", i, lon, lat, r.IntN(1000))
	}
	status, raw, err := l.ask(ctx, http.MethodPost, "/v1/layers/lamps/import?format=csv&id=id", "text/csv", strings.NewReader(b.String()))
	if err == nil && status == http.StatusOK && (strings.Contains(string(raw), `"failed":"`) || strings.Contains(string(raw), `"row_error"`)) {
		return fmt.Errorf("import: %.300s", raw)
	}
	return verdict(status, raw, err, http.StatusOK)
}

// define makes a layer, fills it a little and drops it.
func (l *load) define(ctx context.Context, _ *rand.Rand) error {
	status, raw, err := l.ask(ctx, http.MethodPost, "/v1/layers", "application/json", strings.NewReader(
		`{"name":"passing","geometry":"point","roles":{"part":{}},"attributes":[{"name":"value","type":"int","sum":true}]}`))
	if err := verdict(status, raw, err, http.StatusCreated); err != nil {
		return err
	}
	put := strings.NewReader(`{"changes":[{"op":"put","layer":"passing","feature":{"type":"Feature","id":"1","geometry":{"type":"Point","coordinates":[121.55,25.05]},"properties":{"value":1}}}]}`)
	status, raw, err = l.ask(ctx, http.MethodPost, "/v1/changes", "application/json", put)
	if err := verdict(status, raw, err, http.StatusOK); err != nil {
		return err
	}
	status, raw, err = l.ask(ctx, http.MethodDelete, "/v1/layers/passing", "", nil)
	return verdict(status, raw, err, http.StatusOK)
}

func (l *load) batch(ctx context.Context, r *rand.Rand) error {
	var b strings.Builder
	b.WriteString("n,lon,lat\n")
	const rows = 20_000
	for i := range rows {
		lon, lat := place(r)
		fmt.Fprintf(&b, "%d,%.6f,%.6f\n", i, lon, lat)
	}
	status, raw, err := l.ask(ctx, http.MethodPost, "/v1/locate", "text/csv", strings.NewReader(b.String()))
	if err == nil && status == http.StatusOK && strings.Count(string(raw), "\n") != rows+1 {
		return fmt.Errorf("%d lines for %d rows", strings.Count(string(raw), "\n"), rows)
	}
	return verdict(status, raw, err, http.StatusOK)
}

func (l *load) card(ctx context.Context, r *rand.Rand) error {
	lon, lat := place(r)
	status, raw, err := l.ask(ctx, http.MethodGet, fmt.Sprintf("/v1/locate?lon=%.6f&lat=%.6f", lon, lat), "", nil)
	if err := verdict(status, raw, err, http.StatusOK); err != nil {
		return err
	}
	var at struct {
		Cells []struct{ Code string }
	}
	if err := json.Unmarshal(raw, &at); err != nil || len(at.Cells) == 0 {
		return err
	}
	status, raw, err = l.ask(ctx, http.MethodGet, "/v1/schemes/unit/cells/"+at.Cells[0].Code, "", nil)
	return verdict(status, raw, err, http.StatusOK)
}

func (l *load) wrong(ctx context.Context, r *rand.Rand) error {
	urls := []string{"/v1/locate?lon=x", "/tiles/city/30/0/0.mvt", "/v1/layers/none", "/v1/layers/trees/features?bbox=1", "/v1/nothing"}
	status, raw, err := l.ask(ctx, http.MethodGet, urls[r.IntN(len(urls))], "", nil)
	return verdict(status, raw, err, http.StatusBadRequest, http.StatusNotFound)
}

// past asks for the city at an earlier position.
func (l *load) past(ctx context.Context, r *rand.Rand) error {
	status, raw, err := l.ask(ctx, http.MethodGet, "/readyz", "", nil)
	if err := verdict(status, raw, err, http.StatusOK); err != nil {
		return err
	}
	var now struct{ Seq int64 }
	if err := json.Unmarshal(raw, &now); err != nil {
		return err
	}
	back := []int64{1, 10, 100, 1000, 100_000}[r.IntN(5)]
	lon, lat := place(r)
	path := fmt.Sprintf("/v1/locate?lon=%.6f&lat=%.6f&as_of=%d", lon, lat, max(now.Seq-r.Int64N(back)-1, 1))
	status, raw, err = l.ask(ctx, http.MethodGet, path, "", nil)
	return verdict(status, raw, err, http.StatusOK)
}

// listen follows the feed for a while, reading an event in each pause.
func (l *load) listen(pause time.Duration) func(context.Context, *rand.Rand) error {
	return func(ctx context.Context, r *rand.Rand) error {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(5+r.IntN(60))*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.s.url+"/v1/events", nil)
		if err != nil {
			return err
		}
		resp, err := l.client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return verdict(resp.StatusCode, nil, nil, http.StatusOK)
		}
		lines := bufio.NewReaderSize(resp.Body, 512)
		for ctx.Err() == nil {
			if _, err := lines.ReadString('\n'); err != nil {
				break // the time is over, or the server has given a slow client up
			}
			time.Sleep(pause)
		}
		return nil
	}
}

// slow asks for much and takes it byte by byte until the server gives up.
func (l *load) slow(ctx context.Context, r *rand.Rand) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(l.s.url, "http://"))
	if err != nil {
		return err
	}
	defer conn.Close()
	urls := []string{"/v1/layers/addresses/features?limit=10000", "/v1/layers/addresses/export", "/tiles/city/12/3430/1754.mvt"}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", urls[r.IntN(len(urls))]); err != nil {
		return err
	}
	_ = conn.SetReadDeadline(time.Now().Add(90 * time.Second))
	b := make([]byte, 1)
	for start := time.Now(); time.Since(start) < 20*time.Second && ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
		if _, err := conn.Read(b); err != nil {
			return nil
		}
	}
	return nil
}

// leave starts requests and goes away.
func (l *load) leave(ctx context.Context, r *rand.Rand) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(20))*time.Millisecond)
	defer cancel()
	_, _, _ = l.ask(ctx, http.MethodGet, "/v1/layers/addresses/features?limit=5000", "", nil)
	return nil
}
