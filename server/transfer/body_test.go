package transfer

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/server/city"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// exchange sends a body to a handler that uses it. err is why the answer has no end.
func exchange(t *testing.T, send io.Reader, use func(*body, http.ResponseWriter)) (text string, err error) {
	t.Helper()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		b := receive(&city.City{Now: time.Now}, w, r)
		use(b, w)
		_ = http.NewResponseController(w).Flush()
		b.close()
	}))
	defer h.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, send)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := h.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return string(answer), err
}

// TestBody reads a body to its end, as it came and counted.
func TestBody(t *testing.T) {
	text := strings.Repeat("0123456789", 100_000)
	got, err := exchange(t, strings.NewReader(text), func(b *body, w http.ResponseWriter) {
		read, err := io.ReadAll(b)
		if err != nil || b.n.Load() != int64(len(text)) {
			t.Errorf("%d bytes, %d counted, %v", len(read), b.n.Load(), err)
		}
		_, _ = w.Write(read)
	})
	if got != text || err != nil {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
}

// TestBodyIsCut cuts bodies off from the import, while the client sends as fast as it can and while it sends nothing:
// reading ends at once, and the client gets its answer although it has not sent everything.
func TestBodyIsCut(t *testing.T) {
	for _, busy := range []bool{true, false} {
		in, out := io.Pipe()
		go func() {
			_, err := out.Write([]byte("first"))
			for busy && err == nil {
				_, err = out.Write(make([]byte, 100_000))
			}
		}()
		var took time.Duration
		// Whoever sends on for longer than the rest is read finds the connection closed, behind its answer.
		got, _ := exchange(t, in, func(b *body, w http.ResponseWriter) {
			if _, err := io.ReadFull(b, make([]byte, 5)); err != nil {
				t.Error(err)
			}
			time.AfterFunc(20*time.Millisecond, b.cut)
			start := time.Now()
			_, err := io.Copy(io.Discard, b)
			if took = time.Since(start); err == nil {
				t.Error("a body that was cut came to its end")
			}
			_, _ = io.WriteString(w, "the answer")
		})
		if got != "the answer" || took > time.Second {
			t.Errorf("busy %v: %q after %v", busy, got, took)
		}
		in.Close()
	}
}
