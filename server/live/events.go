// Package live streams what changes in the city to the clients that listen.
package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/stamp"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/server/streams"
	"github.com/gewu-city/gewu/tiles"
)

// Feed is the resource events. The zero value needs only City; it is safe for concurrent use.
type Feed struct {
	*city.City
	streams.Set
}

const typeEvents = "text/event-stream"

// MostRanges bounds the tile ranges of one event; what exceeds it is named by larger ranges.
const MostRanges = 1024

// ChangeEvent is the data of an event change. Tile ranges are supersets of what changed.
type ChangeEvent struct {
	Seq     data.Seq    `json:"seq"`
	Layers  []string    `json:"layers"`
	Defined bool        `json:"defined"`
	Tiles   []TileRange `json:"tiles"`
}

// TileRange names tiles of one layer and zoom level, both ends included.
type TileRange struct {
	Layer string    `json:"layer"`
	Z     int       `json:"z"`
	X     [2]uint32 `json:"x"`
	Y     [2]uint32 `json:"y"`
}

// Events streams what changes until the client leaves, cannot keep up, or the server drains.
func (f *Feed) Events(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	only, last, shift := q.Text("layers"), q.Text("last_event_id"), q.Shift("crs")
	if err := q.Done(""); err != nil {
		return err
	}
	if h := r.Header.Get("Last-Event-ID"); h != "" {
		last = h
	}
	stream := &eventStream{shift: shift, city: f.City, w: w, r: r, control: http.NewResponseController(w), sight: city.SightOf(r)}
	if only != "" {
		stream.only = strings.Split(only, ",")
		for _, name := range stream.only {
			if !data.ValidName(name) {
				return rest.Fault(rest.BadRequest, "layers", name, "is not the name of a layer")
			}
		}
	}
	if accept := r.Header.Get("Accept"); accept != "" && !rest.Accepts(accept, typeEvents) && !rest.Accepts(accept, "*/*") && !rest.Accepts(accept, "text/*") {
		return rest.Fault(rest.NotAcceptable, "Accept", accept, "must allow "+typeEvents)
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if f.Clients() >= f.Limits.EventClients {
		return rest.Refuse(rest.Unavailable, "the live feed has as many clients as it takes, %d; try again", f.Limits.EventClients).With("Retry-After", "30")
	}
	if !f.Open(&cancel) {
		return rest.Refuse(rest.Unavailable, "the server is going down").With("Retry-After", "2")
	}
	defer f.Close(&cancel)

	world := f.Present(r)
	after, lost := resume(world, last)
	sub := f.Engine.Subscribe(after)
	defer sub.Close()
	// To the engine 0 means the present: what came in between would be missing.
	if after == 0 && f.Engine.World().Seq() != 0 {
		after, lost = world.Seq(), true
	}
	if after == world.Seq() {
		stream.before = world
	}

	h := w.Header()
	h.Set("Content-Type", typeEvents)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	if err := stream.open(world, after, lost); err != nil {
		return nil // the client has gone
	}
	return stream.run(ctx, sub)
}

// resume finds where a client goes on. lost says that it must fetch everything anew.
func resume(w *index.World, last string) (after data.Seq, lost bool) {
	if last == "" {
		return w.Seq(), false
	}
	at, ok := city.ParsePosition(last)
	if !ok || at.Epoch != w.Epoch() || at.Seq > w.Seq() {
		return w.Seq(), true
	}
	return at.Seq, false
}

// eventStream is one client of the feed.
type eventStream struct {
	city    *city.City
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	only    []string
	// shift is that of the client's map, nil for none.
	shift *proj.Shift
	// before is the World that the client knows, as it sees it; nil when that is gone.
	before *index.World
	// sight names what was in sight when that World was told of.
	sight string
}

// seen is what of a change whoever listens may know: layers that are in sight, and where features are out of sight, the
// places of those that were or are in it. Totals count what is in sight, too: anywhere, if any of it changed.
func (e *eventStream) seen(w *index.World, d index.Dirty) index.Dirty {
	before := e.before
	if e.before = w; w.View() == "" {
		e.before = nil // nothing need be compared, and it would be held
		return d
	}
	some := d
	some.Layers = map[string][]geo.Box{}
	for _, l := range w.Layers() {
		name := l.Def().Name
		boxes, changed := d.Layers[name]
		if l.Masked() {
			// The World may be newer than the change: what is told is what is new in it.
			boxes, changed = changedIn(before, l, changed)
		}
		if changed {
			some.Layers[name] = boxes
		}
	}
	for name := range d.Layers {
		if base, totals := strings.CutSuffix(name, tiles.TotalsSuffix); totals && len(some.Layers) > 0 {
			if l, ok := w.Layer(base); ok && !l.Bounds().Empty() {
				some.Layers[name] = []geo.Box{l.Bounds()}
			}
		}
	}
	return some
}

// changedIn are the places of features that are or were in sight and have changed. When it is not known what was, it is
// all that is in sight, if the layer is told to have changed or is another one.
func changedIn(before *index.World, l *index.Layer, told bool) (boxes []geo.Box, changed bool) {
	if before == nil {
		return []geo.Box{l.Bounds()}, told
	}
	old, _ := before.Layer(l.Def().Name)
	slots, ok := l.Changed(old)
	if !ok {
		return []geo.Box{l.Bounds()}, true
	}
	for s := range slots {
		for _, state := range []*index.Layer{old, l} {
			if !state.Alive(s) {
				continue
			}
			changed = true
			if box := state.Box(s); !box.Empty() {
				boxes = append(boxes, box)
			}
		}
	}
	return boxes, changed
}

// open greets the client. The id of hello is the position from which the stream goes on, so that a client that breaks
// off right after it misses nothing.
func (e *eventStream) open(world *index.World, after data.Seq, lost bool) error {
	hello := fmt.Sprintf(`{"seq":%d,"epoch":%q}`, after, world.Epoch())
	if !lost {
		return e.send("hello", world.Epoch(), after, hello)
	}
	if err := e.send("reset", world.Epoch(), world.Seq(), fmt.Sprintf(`{"seq":%d,"epoch":%q}`, world.Seq(), world.Epoch())); err != nil {
		return err
	}
	return e.send("hello", world.Epoch(), world.Seq(), hello)
}

// run sends events until the end. A client that is slower than the changes gets fewer, larger events: the
// subscription merges what it has not fetched.
func (e *eventStream) run(ctx context.Context, sub *index.Subscription) error {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		wait, cancel := context.WithTimeout(ctx, e.city.Limits.Ping)
		dirty, err := sub.Next(wait)
		cancel()
		switch {
		case err == nil:
			err = e.change(dirty)
		case ctx.Err() != nil, errors.Is(err, data.ErrClosed):
			return nil
		case errors.Is(err, context.DeadlineExceeded):
			err = e.write(": ping\n\n")
		}
		if err != nil {
			return nil // the client has gone or does not read
		}
		pause.Reset(e.city.Limits.EventPause)
	}
}

// change tells of one or several publications.
func (e *eventStream) change(d index.Dirty) error {
	world := e.city.Engine.World()
	if d.Reset {
		return e.send("reset", world.Epoch(), d.To, fmt.Sprintf(`{"seq":%d,"epoch":%q}`, d.To, world.Epoch()))
	}
	// Somebody who has lost a right, or got one, has another city before them: what they hold of it counts no more.
	if sight := city.SightOf(e.r); sight != e.sight {
		e.sight, e.before = sight, nil
		return e.send("reset", world.Epoch(), d.To, fmt.Sprintf(`{"seq":%d,"epoch":%q}`, d.To, world.Epoch()))
	}
	world = e.city.See(e.r, world)
	d = e.seen(world, d)
	names := d.Names()
	names = slices.DeleteFunc(names, func(name string) bool {
		l, ok := world.Layer(name)
		return ok && l.Def().Sensitive != nil
	})
	if e.only != nil {
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(e.only, name) })
	}
	if len(names) == 0 && !d.Defined {
		// An event without data moves the client's position and is not shown to it.
		return e.write("id: " + city.FormatPosition(world.Epoch(), d.To) + "\n\n")
	}
	text, err := json.Marshal(ChangeEvent{
		Seq: d.To, Layers: append([]string{}, names...), Defined: d.Defined, Tiles: Ranges(world, d, names, e.shift),
	})
	if err != nil {
		return err
	}
	return e.send("change", world.Epoch(), d.To, string(text))
}

// Ranges names the tiles of each layer at each zoom level at which it is drawn, up to [stamp.Zoom], on a map with the
// given shift, nil for none.
func Ranges(w *index.World, d index.Dirty, names []string, shift *proj.Shift) []TileRange {
	ranges := []TileRange{}
	for _, name := range names {
		layer, ok := w.Layer(name)
		if !ok {
			// Totals are drawn where their layer is.
			if layer, ok = w.Layer(strings.TrimSuffix(name, tiles.TotalsSuffix)); !ok {
				continue
			}
		}
		boxes := d.Layers[name]
		if len(ranges)+len(boxes)*(stamp.Zoom+1) > MostRanges && len(boxes) > 0 {
			union := geo.EmptyBox()
			for _, b := range boxes {
				union = union.Union(b)
			}
			boxes = []geo.Box{union}
		}
		if shift != nil {
			shifted := make([]geo.Box, len(boxes))
			for i, b := range boxes {
				if shifted[i] = b; !b.Empty() {
					shifted[i] = shift.Image(b)
				}
			}
			boxes = shifted
		}
		for z := 0; z <= stamp.Zoom; z++ {
			// Deeper tiles follow their parent at the deepest stamped level.
			if zoom := layer.Def().Zoom; !zoom.Contains(z) && (z < stamp.Zoom || zoom.Min <= z) {
				continue
			}
			from := len(ranges)
			for _, b := range boxes {
				t := stamp.Tiles(z, b)
				r := TileRange{Layer: name, Z: z, X: t.X, Y: t.Y}
				if !slices.ContainsFunc(ranges[from:], r.within) {
					ranges = append(ranges, r)
				}
			}
		}
	}
	return ranges
}

// within reports whether all tiles of r are in o, of the same layer and level.
func (r TileRange) within(o TileRange) bool {
	return o.X[0] <= r.X[0] && r.X[1] <= o.X[1] && o.Y[0] <= r.Y[0] && r.Y[1] <= o.Y[1]
}

func (e *eventStream) send(name string, epoch data.Epoch, seq data.Seq, text string) error {
	return e.write("event: " + name + "\nid: " + city.FormatPosition(epoch, seq) + "\ndata: " + text + "\n\n")
}

// write sends text within the idle time, or gives the client up.
func (e *eventStream) write(text string) error {
	_ = e.control.SetWriteDeadline(e.city.Now().Add(e.city.Limits.Idle))
	if _, err := e.w.Write([]byte(text)); err != nil { //nolint:gosec // events are not HTML, and their type says so
		return err
	}
	return e.control.Flush()
}
