package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/gewu-city/gewu/test/peers/opening"
	"github.com/gewu-city/gewu/test/peers/wire"
)

// childVariable, when set, names the peer that this program is to be instead of measuring.
const childVariable = "GEWU_PEERS_CHILD"

// runChild is the peer that the environment asks for, if it does.
func runChild() (ran bool, err error) {
	switch name := os.Getenv(childVariable); name {
	case "":
		return false, nil
	case "static":
		return true, staticPeer(os.Args[1])
	case "events":
		return true, eventsPeer()
	case "pace":
		return true, wire.PaceMain(os.Args[1:])
	case "mvt":
		return true, mvtPeer(os.Args[1])
	case "open":
		figures, err := opening.Measure(context.Background(), os.Args[1])
		if err != nil {
			return true, err
		}
		return true, json.NewEncoder(os.Stdout).Encode(figures)
	default:
		return true, fmt.Errorf("unknown peer %q", name)
	}
}

// serveAlone serves until the process is told to end.
func serveAlone(h http.Handler) error {
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

// staticPeer answers every request with the bytes of a file, from memory: net/http and nothing else.
func staticPeer(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	length := strconv.Itoa(len(text))
	return serveAlone(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Content-Type"] = []string{"application/octet-stream"}
		h["Content-Length"] = []string{length}
		_, _ = w.Write(text)
	}))
}

// eventsPeer is a bare server of events: net/http, one goroutine and one channel for each client.
func eventsPeer() error {
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
	return serveAlone(m)
}

// open measures a data folder in a process of its own.
func (r *rig) open(path string) (o opening.Figures, err error) {
	self, err := os.Executable()
	if err != nil {
		return o, err
	}
	cmd := exec.CommandContext(r.ctx, self, path)
	cmd.Env = append(os.Environ(), childVariable+"=open")
	log := &tail{}
	cmd.Stderr = log
	out, err := cmd.Output()
	if err != nil {
		return o, fmt.Errorf("open %s: %w\n%s", path, err, log)
	}
	return o, json.Unmarshal(out, &o)
}
