// Package bare is net/http and nothing else, in processes of their own: what a server that does more is measured beside.
package bare

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// Serve prints the URL of a handler and serves it until the process is told to end.
func Serve(h http.Handler) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(os.Stdout, "http://%s\n", l.Addr()); err != nil {
		return err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return s.Close()
	}
}

// Static answers every request with the bytes of a file, from memory: net/http and nothing else.
func Static(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	length := strconv.Itoa(len(text))
	return Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Content-Type"] = []string{"application/octet-stream"}
		h["Content-Length"] = []string{length}
		_, _ = w.Write(text)
	}))
}

// Events is a bare server of events: net/http, one goroutine and one channel for each client.
func Events() error {
	m := http.NewServeMux()
	m.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	m.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		_, _ = fmt.Fprintf(w, "go_memstats_heap_inuse_bytes %d\ngo_memstats_stack_inuse_bytes %d\n", s.HeapInuse, s.StackInuse)
	})
	m.HandleFunc("/v1/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(": hello\n\n"))
		_ = http.NewResponseController(w).Flush()
		messages := make(chan string, 1)
		select {
		case <-messages:
		case <-r.Context().Done():
		}
	})
	return Serve(m)
}
