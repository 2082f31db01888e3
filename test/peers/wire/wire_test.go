package wire_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/test/peers/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// TestAnswers reads answers of each form on one connection.
func TestAnswers(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/length":
			w.Header().Set("Content-Length", "5")
			_, _ = w.Write([]byte("hello"))
		case "/chunks":
			for range 3 {
				_, _ = w.Write(bytes.Repeat([]byte("x"), 5000))
				_ = http.NewResponseController(w).Flush()
			}
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/echo":
			_, _ = w.Write(append([]byte(r.Method+r.Header.Get("X-Test")), body...))
		default:
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write([]byte("short and stout"))
		}
	})
	c, err := wire.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		for _, test := range []struct {
			request []byte
			want    string
		}{
			{wire.Get("/length"), "hello"},
			{wire.Get("/chunks"), strings.Repeat("x", 15000)},
			{wire.Get("/empty"), ""},
			{wire.Request("POST", "/echo", []byte("body"), "X-Test: 1"), "POST1body"},
			{wire.Get("/echo"), "GET"},
		} {
			var got bytes.Buffer
			if err := c.Do(test.request, &got); err != nil || got.String() != test.want {
				t.Errorf("%.20q: %q, %v", test.request, &got, err)
			}
		}
		if err := c.Do(wire.Get("/other"), nil); err == nil || !strings.Contains(err.Error(), "418: short and stout") {
			t.Errorf("a teapot: %v", err)
		}
	}
}

func TestHammer(t *testing.T) {
	var asked atomic.Int64
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/x" {
			t.Errorf("path %s", r.URL.Path)
		}
		asked.Add(1)
	})
	got, err := wire.Hammer(t.Context(), address, os.Getpid(), 4, 100*time.Millisecond, func(int) []byte { return wire.Get("/x") })
	if err != nil {
		t.Fatal(err)
	}
	if got.Done == 0 || int64(got.Done)+4 != asked.Load() || len(got.Latencies) != got.Done || got.PerCPU() <= 0 {
		t.Errorf("%d done of %d asked, %v/s of CPU", got.Done, asked.Load(), got.PerCPU())
	}
	if got.Percentile(0.5) > got.Percentile(0.99) || got.Percentile(1) != got.Percentile(0.99999) {
		t.Errorf("percentiles %v, %v, %v", got.Percentile(0.5), got.Percentile(0.99), got.Percentile(1))
	}
	if _, err := wire.Hammer(t.Context(), "127.0.0.1:1", os.Getpid(), 1, time.Millisecond, func(int) []byte { return nil }); err == nil {
		t.Error("nobody answers, and that is no error")
	}
}

// TestPace stalls a server once: the requests that were due meanwhile must all show it.
func TestPace(t *testing.T) {
	var first atomic.Bool
	stalled := make(chan struct{})
	address := serve(t, func(http.ResponseWriter, *http.Request) {
		if first.CompareAndSwap(false, true) {
			time.AfterFunc(200*time.Millisecond, func() { close(stalled) })
		}
		<-stalled
	})
	got, err := wire.Pace(t.Context(), address, 100, 200*time.Millisecond, func(int) []byte { return wire.Get("/") })
	if err != nil {
		t.Fatal(err)
	}
	if got.Done != 20 || got.Percentile(1) < 150 || got.Percentile(0.5) < 50 {
		t.Errorf("%d requests, median %v ms, longest %v ms", got.Done, got.Percentile(0.5), got.Percentile(1))
	}
}
