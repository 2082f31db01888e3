package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/test/peers/proc"
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
		return true, openStore(os.Args[1])
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

// opened is what openStore measures.
type opened struct {
	Features int     `json:"features"`
	Seconds  float64 `json:"seconds"`
	// Heap is live after a collection, Resident the anonymous memory of the process, both in bytes.
	Heap     int64 `json:"heap"`
	Resident int64 `json:"resident"`
	// Locate and Nearest are lookups per second of CPU.
	Locate  float64 `json:"locate"`
	Nearest float64 `json:"nearest"`
}

// openStore opens the store of a data folder as the server does and measures time, memory and lookups.
func openStore(path string) error {
	before := liveHeap()
	start := time.Now()
	store, err := boltstore.Open(path, boltstore.Options{Now: time.Now, Verify: boltstore.VerifyAuto})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	engine := index.NewEngine(store)
	if err := engine.Load(context.Background(), nil); err != nil {
		return err
	}
	o := opened{Seconds: time.Since(start).Seconds()}
	o.Heap = liveHeap() - before
	// As gewu serve does when it has loaded.
	debug.FreeOSMemory()
	if o.Resident, err = proc.Resident(os.Getpid()); err != nil {
		return err
	}
	w := engine.World()
	var points []geo.Point
	for _, l := range w.Layers() {
		o.Features += l.Len()
		if l.Def().Name != "parts" {
			continue
		}
		step := max(1, l.Len()/50_000)
		i := 0
		for s := range l.Slots() {
			if p, ok := l.Point(s); ok && i%step == 0 {
				points = append(points, p)
			}
			i++
		}
	}
	if len(points) == 0 {
		return errors.New("the store has no parts")
	}
	if cells, ok := w.Layer("units"); ok && cells.Len() > 0 {
		o.Locate = perCPU(func(i int) { _, _ = grid.Owner(cells, points[i*7919%len(points)]) })
	}
	parts, _ := w.Layer("parts")
	var near []index.Near
	o.Nearest = perCPU(func(i int) { near = parts.AppendNearest(near[:0], points[i*7919%len(points)], 10_000, 10) })
	return json.NewEncoder(os.Stdout).Encode(o)
}

func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// perCPU runs work for a second of CPU after some to warm up, and returns how often it ran in a second.
func perCPU(work func(i int)) float64 {
	for i := range 100_000 {
		work(i)
	}
	return rate(time.Second, work)
}

// open measures a data folder in a process of its own.
func (r *rig) open(path string) (o opened, err error) {
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
