package once_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/rest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// history is a log of headers; the seq of the first is 1.
type history struct {
	mu      sync.Mutex
	headers []data.Header
	read    int
}

func (l *history) Last() data.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	return data.Seq(len(l.headers))
}

func (l *history) Header(_ context.Context, seq data.Seq) (data.Header, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read++
	return l.headers[seq-1], nil
}

func (l *history) append(at time.Time, receipt data.Receipt) data.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	seq := data.Seq(len(l.headers) + 1)
	l.headers = append(l.headers, data.Header{Seq: seq, Recorded: at, Receipt: receipt})
	return seq
}

// city takes requests, each of which writes an entry.
type city struct {
	*history
	keys *once.Keys
	now  time.Time
	fail error
}

func newCity() *city {
	c := &city{history: &history{}, now: time.Unix(1_000_000, 0)}
	c.restart()
	return c
}

// restart forgets what is in memory.
func (c *city) restart() { c.keys = once.NewKeys(c.history, func() time.Time { return c.now }) }

// send sends a request and returns the entry it stands for and whether this request wrote it.
func (c *city) send(key, method, target, body string) (seq data.Seq, wrote bool, err error) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if key != "" {
		r.Header.Set(once.Header, key)
	}
	err = c.keys.Serve(httptest.NewRecorder(), r, 1000, func(_ http.ResponseWriter, r *http.Request) error {
		if c.fail != nil {
			return c.fail
		}
		wrote, seq = true, c.append(c.now, once.ReceiptOf(r))
		once.Landed(r, seq)
		return nil
	}, func(_ http.ResponseWriter, _ *http.Request, was data.Seq, got []byte) error {
		if string(got) != body {
			return fmt.Errorf("answered again with body %q", got)
		}
		seq = was
		return nil
	})
	return seq, wrote, err
}

// mustWrite fails the test unless the request wrote, or did not.
func (c *city) mustWrite(t *testing.T, want bool, key, body string) data.Seq {
	t.Helper()
	seq, wrote, err := c.send(key, http.MethodPost, "/v1/changes", body)
	if err != nil || wrote != want {
		t.Errorf("key %q, body %q: wrote %v, %v; want %v", key, body, wrote, err, want)
	}
	return seq
}

// TestOnce sends requests again, before and after a restart.
func TestOnce(t *testing.T) {
	c := newCity()
	first := c.mustWrite(t, true, "a", "1")
	for range 2 {
		if again := c.mustWrite(t, false, "a", "1"); again != first {
			t.Errorf("the request wrote %d and is answered with %d", first, again)
		}
		for name, other := range map[string][3]string{
			"body": {http.MethodPost, "/v1/changes", "2"}, "path": {http.MethodPost, "/v1/schemes", "1"},
			"query": {http.MethodPost, "/v1/changes?x", "1"}, "method": {http.MethodPut, "/v1/changes", "1"},
		} {
			var p *rest.Problem
			if _, wrote, err := c.send("a", other[0], other[1], other[2]); wrote || !errors.As(err, &p) || p.Kind != rest.Invalid {
				t.Errorf("the key with another %s: wrote %v, %v", name, wrote, err)
			}
		}
		c.restart()
	}
	c.mustWrite(t, true, "b", "1")
	c.mustWrite(t, true, "", "1")
	c.mustWrite(t, true, "", "1")
	c.fail = errors.New("full")
	if _, _, err := c.send("c", http.MethodPost, "/", "1"); !errors.Is(err, c.fail) {
		t.Errorf("error %v", err)
	}
	c.fail = nil
	c.mustWrite(t, true, "c", "1")
	for _, bad := range []string{strings.Repeat("k", 129), "a\x7f", "路"} {
		if _, wrote, err := c.send(bad, http.MethodPost, "/", ""); wrote || err == nil {
			t.Errorf("key %q was taken", bad)
		}
	}
	if _, wrote, err := c.send("d", http.MethodPost, "/", strings.Repeat("x", 1001)); wrote || err == nil {
		t.Error("a body over the limit was taken")
	}
}

// TestBounds checks the age and the number of keys that are known, in memory and from the log.
func TestBounds(t *testing.T) {
	c := newCity()
	c.mustWrite(t, true, "a", "")
	c.now = c.now.Add(24 * time.Hour)
	c.mustWrite(t, false, "a", "")
	c.now = c.now.Add(time.Second)
	c.restart()
	c.mustWrite(t, true, "a", "")
	c.now = c.now.Add(24*time.Hour + time.Second)
	c.mustWrite(t, true, "a", "")
	for i := range 10_000 {
		c.mustWrite(t, true, fmt.Sprint(i), "")
	}
	c.mustWrite(t, true, "a", "")
	c.mustWrite(t, false, "9999", "")
	c.restart()
	c.read = 0
	c.mustWrite(t, false, "9999", "")
	c.mustWrite(t, false, "a", "")
	if c.mustWrite(t, true, "0", ""); c.read > 10_001 {
		t.Errorf("%d entries were read", c.read)
	}
}

// TestTogether sends one request many times at once: one of them writes.
func TestTogether(t *testing.T) {
	c := newCity()
	var all sync.WaitGroup
	var mu sync.Mutex
	wrote, seqs := 0, map[data.Seq]bool{}
	for range 50 {
		all.Go(func() {
			seq, mine, err := c.send("k", http.MethodPost, "/", "body")
			mu.Lock()
			defer mu.Unlock()
			if seqs[seq] = true; mine {
				wrote++
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if wrote != 1 || len(seqs) != 1 || c.Last() != 1 {
		t.Errorf("%d requests wrote, the answers are %v, the log ends at %d", wrote, seqs, c.Last())
	}
}

// TestPanic lets the next request with the key go on.
func TestPanic(t *testing.T) {
	c := newCity()
	r := httptest.NewRequest(http.MethodPost, "/v1/changes", http.NoBody)
	r.Header.Set(once.Header, "k")
	func() {
		defer func() { _ = recover() }()
		_ = c.keys.Serve(httptest.NewRecorder(), r, 10, func(http.ResponseWriter, *http.Request) error { panic("oops") }, nil)
	}()
	c.mustWrite(t, true, "k", "")
}
