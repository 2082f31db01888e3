package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/stamp"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/live"
)

// event is one server-sent event.
type event struct{ name, id, data string }

// listener is a client of the feed.
type listener struct {
	t      testing.TB
	res    *http.Response
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

func (c *town) listen(t *testing.T, query, last string) *listener {
	t.Helper()
	return c.open(t, "/v1/events"+query, map[string]string{"Last-Event-ID": last})
}

// open opens a stream of events; empty headers are left out.
func (c *town) open(t testing.TB, target string, header map[string]string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.http.URL+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Content-Encoding") != "" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	l := &listener{t, res, bufio.NewScanner(res.Body), cancel}
	l.lines.Buffer(nil, 1<<20)
	t.Cleanup(l.close)
	return l
}

func (l *listener) close() {
	l.cancel()
	_ = l.res.Body.Close()
}

// next is the next event, comments left out; ok is false at the end of the stream.
func (l *listener) next() (e event, ok bool) {
	for l.lines.Scan() {
		line := l.lines.Text()
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data = value
		case "":
			if e != (event{}) && line == "" {
				return e, true
			}
		}
	}
	return event{}, false
}

func (l *listener) want(name string) event {
	l.t.Helper()
	e, ok := l.next()
	for ok && e.name == "" && name != "" {
		e, ok = l.next() // it moves the place of the client and is not shown
	}
	if !ok || e.name != name {
		l.t.Fatalf("event %+v (%v), want %s: %v", e, ok, name, l.lines.Err())
	}
	return e
}

func (l *listener) change() (live.ChangeEvent, string) {
	l.t.Helper()
	e := l.want("change")
	var c live.ChangeEvent
	if err := json.Unmarshal([]byte(e.data), &c); err != nil {
		l.t.Fatal(err)
	}
	return c, e.id
}

// TestEvents follows changes, breaks off and resumes.
func TestEvents(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.EventPause = time.Millisecond }).fill()
	epoch := c.engine.World().Epoch()
	l := c.listen(t, "", "")
	hello := l.want("hello")
	if want := fmt.Sprintf(`{"seq":2,"epoch":%q}`, epoch); hello.data != want || hello.id != city.FormatPosition(epoch, 2) {
		t.Errorf("hello is %+v, want %s", hello, want)
	}
	c.move("tree00", 121.505, 25.015)
	got, id := l.change()
	if got.Seq != 3 || got.Defined || fmt.Sprint(got.Layers) != "[trees]" || id != city.FormatPosition(epoch, 3) {
		t.Errorf("change is %+v, id %s", got, id)
	}
	// Both the old and the new place are named at every zoom level, and deeper tiles by their parent.
	old, _ := geo.FromDegrees(121.5005, 25.0051)
	now, _ := geo.FromDegrees(121.505, 25.015)
	for z := 0; z <= stamp.Zoom; z++ {
		for _, p := range []geo.Point{old, now} {
			tile := stamp.Tiles(z, geo.Box{Min: p, Max: p})
			named := false
			for _, r := range got.Tiles {
				named = named || r.Layer == "trees" && r.Z == z && (r.X[0] <= tile.X[0] && tile.X[1] <= r.X[1] && r.Y[0] <= tile.Y[0] && tile.Y[1] <= r.Y[1])
			}
			if !named {
				t.Errorf("no range holds z%d %v", z, tile)
			}
		}
	}
	l.close()

	c.move("tree01", 121.506, 25.015)
	c.put(data.Tx{Changes: []data.Change{{Stream: data.StreamScheme, Op: data.OpDelete, Layer: "unit"}}})
	l = c.listen(t, "", id)
	if e := l.want("hello"); e.id != id {
		t.Errorf("hello of a resumed stream has id %s, want %s: a client that breaks off now would miss changes", e.id, id)
	}
	got, id = l.change()
	if got.Seq != 5 || !got.Defined || fmt.Sprint(got.Layers) != "[trees]" {
		t.Errorf("the resumed stream says %+v", got)
	}
	l.close()
	// By parameter, for clients that cannot set headers.
	l = c.listen(t, "?last_event_id="+id, "")
	l.want("hello")
	c.move("tree02", 121.506, 25.015)
	if got, _ := l.change(); got.Seq != 6 {
		t.Errorf("%+v", got)
	}
}

// TestEventsReset resumes where nothing can be resumed.
func TestEventsReset(t *testing.T) {
	c := newCity(t, nil).fill()
	epoch := c.engine.World().Epoch()
	for _, last := range []string{"other-2", city.FormatPosition(epoch, 99), "nonsense", string(epoch) + "-"} {
		l := c.listen(t, "", last)
		if e := l.want("reset"); e.id != city.FormatPosition(epoch, 2) {
			t.Errorf("%s: reset has id %s", last, e.id)
		}
		l.want("hello")
		l.close()
	}
	// To the engine 0 means the present, to a client the beginning.
	l := c.listen(t, "", city.FormatPosition(epoch, 0))
	l.want("reset")
	if e := l.want("hello"); !strings.Contains(e.data, `"seq":2,`) {
		t.Errorf("after it the stream goes on from %s", e.data)
	}
}

// TestEventsOfLayers leaves out what was not asked for, and moves the position all the same.
func TestEventsOfLayers(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.EventPause = time.Millisecond }).fill()
	l := c.listen(t, "?layers=units,addresses", "")
	l.want("hello")
	c.move("tree00", 121.505, 25.015)
	e, _ := l.next()
	if e.name != "" || e.data != "" || !strings.HasSuffix(e.id, "-3") {
		t.Errorf("a change of another layer came as %+v", e)
	}
	c.put(data.Tx{Changes: []data.Change{
		{Stream: data.StreamFeature, Op: data.OpDelete, Layer: "addresses", Feature: data.Feature{ID: "addr0"}},
		{Stream: data.StreamFeature, Op: data.OpDelete, Layer: "trees", Feature: data.Feature{ID: "tree09"}},
	}})
	got, _ := l.change()
	if fmt.Sprint(got.Layers) != "[addresses]" {
		t.Errorf("%+v", got)
	}
	for _, r := range got.Tiles {
		if r.Layer != "addresses" || r.Z < 15 {
			t.Errorf("%+v is not drawn", r)
		}
	}
}

// TestEventsCoalesce gives a client that is paced many changes: it gets few events that cover all.
func TestEventsCoalesce(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.EventPause = 100 * time.Millisecond }).fill()
	l := c.listen(t, "", "")
	l.want("hello")
	const edits = 60
	go func() {
		for i := range edits {
			seq, err := c.store.Append(context.Background(), data.Tx{Changes: []data.Change{{
				Stream: data.StreamFeature, Op: data.OpPut, Layer: "trees",
				Feature: data.Feature{ID: fmt.Sprint(i), Shape: geo.PointShape(geo.Point{X: 121 * geo.Unit, Y: 25 * geo.Unit})},
			}}})
			if err != nil {
				return
			}
			_, _ = c.engine.Wait(context.Background(), seq)
		}
	}()
	events, last := 0, data.Seq(2)
	for last < 2+edits {
		got, _ := l.change()
		if got.Seq <= last {
			t.Fatalf("seq %d after %d", got.Seq, last)
		}
		last = got.Seq
		events++
	}
	if events > edits/2 {
		t.Errorf("%d edits came as %d events", edits, events)
	}
	t.Logf("%d edits in %d events", edits, events)
}

// TestEventsStuckClient drops a client that does not read, and no writer waits for it.
func TestEventsStuckClient(t *testing.T) {
	c := newCity(t, func(cfg *Config) {
		cfg.Limits.Idle = 200 * time.Millisecond
		cfg.Limits.EventPause = time.Millisecond
	}).fill()
	conn, err := net.Dial("tcp", c.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	fmt.Fprintf(conn, "GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	wait(t, "the client is there", func() bool { return c.server.feed.Clients() == 1 })
	long := "layer_of_a_long_name_to_fill_the_buffers_of_the_connection_sooner"[:60]
	c.put(data.Tx{Changes: []data.Change{{Stream: data.StreamSchema, Op: data.OpPut, Layer: long, Definition: &data.Layer{Name: long, Geometry: "point"}}}})
	slowest := time.Duration(0)
	for i := 0; c.server.feed.Clients() > 0; i++ {
		if i > 20_000 {
			t.Fatal("the client is still there")
		}
		start := time.Now()
		changes := make([]data.Change, 16)
		for j := range changes {
			changes[j] = data.Change{
				Stream: data.StreamFeature, Op: data.OpPut, Layer: long,
				Feature: data.Feature{ID: fmt.Sprint(j), Shape: geo.PointShape(geo.Point{X: int32(j+i%2)*geo.Unit + 7, Y: int32(j) * geo.Unit})},
			}
		}
		c.put(data.Tx{Changes: changes})
		slowest = max(slowest, time.Since(start))
	}
	t.Logf("slowest edit %v", slowest)
}

// TestEventsPing shows an idle client that the connection is alive.
func TestEventsPing(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.Ping = 10 * time.Millisecond }).fill()
	l := c.listen(t, "", "")
	for l.lines.Scan() {
		if l.lines.Text() == ": ping" {
			return
		}
	}
	t.Error("no ping")
}

// TestDrain ends the streams, tells /readyz, and refuses new streams, while other requests go on.
func TestDrain(t *testing.T) {
	c := newCity(t, nil).fill()
	l := c.listen(t, "", "")
	l.want("hello")
	c.server.Drain()
	c.server.Drain()
	if e, ok := l.next(); ok {
		t.Errorf("after draining came %+v", e)
	}
	if err := l.lines.Err(); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("the stream broke: %v", err)
	}
	for _, sc := range []scenario{
		{url: "/readyz", status: 503, want: []string{`"status":"draining"`, "Retry-After"}},
		{url: "/v1/events", status: 503, want: []string{"going down"}},
		{url: "/v1/locate?lon=121.505&lat=25.005", status: 200},
		{url: "/healthz", status: 200},
	} {
		sc.run(t, c)
	}
}

// TestRanges bounds the ranges of one event.
func TestRanges(t *testing.T) {
	c := newCity(t, nil).fill()
	w := c.engine.World()
	d := index.Dirty{Layers: map[string][]geo.Box{}}
	for _, name := range []string{"districts", "villages", "units", "addresses", "trees", "dropped"} {
		for i := range 16 {
			p := geo.Point{X: int32(i) * 11 * geo.Unit, Y: int32(i) * 4 * geo.Unit}
			d.Layers[name] = append(d.Layers[name], geo.Box{Min: p, Max: p})
		}
	}
	ranges := live.Ranges(w, d, d.Names(), nil)
	if len(ranges) == 0 || len(ranges) > live.MostRanges {
		t.Errorf("%d ranges", len(ranges))
	}
	for _, r := range ranges {
		l, _ := w.Layer(r.Layer)
		if !l.Def().Zoom.Contains(r.Z) && r.Z != stamp.Zoom {
			t.Errorf("%s is not drawn at z%d", r.Layer, r.Z)
		}
	}
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("in vain: %s", what)
}
