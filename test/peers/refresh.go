package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/test/peers/wire"
)

// refresh measures budget 8: how long after an edit is acknowledged, which is when it is durable, the feed has named the
// tile that it touched, and that the tile of before is not served again. Edits come one at a time, as far apart as
// those of a person.
func (r *rig) refresh() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	city, err := r.theCity()
	if err != nil {
		return err
	}
	feed, err := follow(city)
	if err != nil {
		return err
	}
	defer feed.close()
	edits := 40
	if r.options.short {
		edits = 4
	}
	w, err := wire.Dial(city.address)
	if err != nil {
		return err
	}
	defer w.Close()
	turn := 0
	return r.contest(contest{"8", "a part of a million gets another state, and its tile at z16 is asked for at once", []metric{
		{name: "from durable to named on the feed, p99", unit: "ms", lower: true, goals: []goal{{atMost: 10}}},
		{name: "from durable to the new tile at the client, p99", unit: "ms", lower: true},
		{name: "edit, p50", unit: "ms", lower: true},
	}, []contestant{{gewuItself, func() ([]float64, error) {
		turn++
		var named, drawn, edited []time.Duration
		for i := range edits {
			p := t.parts[(i+turn*edits)*997%len(t.parts)]
			old, err := tileOf(w, p.at())
			if err != nil {
				return nil, err
			}
			path := "/v1/layers/parts/features/" + p.id
			body, err := withState(w, path, fmt.Sprintf("%d-%d", turn, i))
			if err != nil {
				return nil, err
			}
			start := time.Now()
			var answer bytes.Buffer
			if err := w.Do(wire.Request("PUT", path, body, "Content-Type: application/geo+json"), &answer); err != nil {
				return nil, err
			}
			durable := time.Now()
			edited = append(edited, durable.Sub(start))
			fresh, err := tileOf(w, p.at())
			if err != nil {
				return nil, err
			}
			drawn = append(drawn, time.Since(durable))
			if bytes.Equal(old, fresh) {
				return nil, fmt.Errorf("edit %d of %s is durable, and its tile is the one of before", i, p.id)
			}
			seq, err := lastSeq(answer.Bytes())
			if err != nil {
				return nil, err
			}
			at, err := feed.named(seq, p.at())
			if err != nil {
				return nil, err
			}
			named = append(named, max(0, at.Sub(durable)))
			time.Sleep(100 * time.Millisecond)
		}
		return []float64{milliseconds(named, 0.99), milliseconds(drawn, 0.99), milliseconds(edited, 0.5)}, nil
	}}}})
}

// withState is a part with another state.
func withState(w *wire.Conn, path, state string) ([]byte, error) {
	var b bytes.Buffer
	if err := w.Do(wire.Get(path), &b); err != nil {
		return nil, err
	}
	var f struct {
		Type       string          `json:"type"`
		ID         string          `json:"id"`
		Geometry   json.RawMessage `json:"geometry"`
		Properties map[string]any  `json:"properties"`
	}
	if err := json.Unmarshal(b.Bytes(), &f); err != nil {
		return nil, err
	}
	f.Properties["state"] = state
	return json.Marshal(f)
}

// milliseconds is a percentile of durations.
func milliseconds(d []time.Duration, share float64) float64 {
	slices.Sort(d)
	return d[min(len(d)-1, int(share*float64(len(d))))].Seconds() * 1000
}

// namedZoom is the zoom of the tiles that the feed names.
const namedZoom = 16

// tileAt is the address of a tile around a place.
func tileAt(p geo.Point) (x, y int) {
	n := math.Exp2(namedZoom)
	mx, my := p.Mercator()
	return int(mx * n), int(my * n)
}

// tileOf asks for the tile around a place.
func tileOf(w *wire.Conn, p geo.Point) ([]byte, error) {
	x, y := tileAt(p)
	var b bytes.Buffer
	err := w.Do(wire.Get(fmt.Sprintf("/tiles/parts/%d/%d/%d.mvt", namedZoom, x, y), "Accept-Encoding: gzip"), &b)
	return b.Bytes(), err
}

// change is an event of the feed and when it came.
type change struct {
	at    time.Time
	Seq   uint64
	Tiles []struct {
		Layer string
		Z     int
		X, Y  [2]int
	}
}

// names reports whether the event names the tile around a place.
func (c *change) names(p geo.Point) bool {
	x, y := tileAt(p)
	for _, t := range c.Tiles {
		if t.Layer == "parts" && t.Z == namedZoom && t.X[0] <= x && x <= t.X[1] && t.Y[0] <= y && y <= t.Y[1] {
			return true
		}
	}
	return false
}

// follower is a client of the feed that keeps what it was told.
type follower struct {
	listener *listener
	events   chan change
	done     sync.WaitGroup
}

// follow opens a client of the feed.
func follow(s *server) (*follower, error) {
	l, err := listen(s, 1)
	if err != nil {
		return nil, err
	}
	f := &follower{listener: l[0], events: make(chan change, 1024)}
	f.done.Go(func() {
		defer close(f.events)
		for {
			line, err := f.listener.wire.In.ReadSlice('\n')
			if err != nil {
				return
			}
			if text, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
				c := change{at: time.Now()}
				if json.Unmarshal(text, &c) == nil {
					f.events <- c
				}
			}
		}
	})
	return f, nil
}

func (f *follower) close() {
	_ = f.listener.wire.Close()
	for range f.events {
	}
	f.done.Wait()
}

// named waits for the event that holds a seq and returns when it came.
func (f *follower) named(seq uint64, p geo.Point) (time.Time, error) {
	late := time.After(10 * time.Second)
	for {
		select {
		case c, ok := <-f.events:
			switch {
			case !ok:
				return time.Time{}, errors.New("the feed has ended")
			case c.Seq < seq:
			case !c.names(p):
				return time.Time{}, fmt.Errorf("seq %d does not name the tile of %v: %v", c.Seq, p, c.Tiles)
			default:
				return c.at, nil
			}
		case <-late:
			return time.Time{}, fmt.Errorf("the feed has not told of seq %d", seq)
		}
	}
}
