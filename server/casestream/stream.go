// Package casestream streams what happens to cases to those who listen: to each what they see of it at that moment.
package casestream

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/recent"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/casework"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/server/streams"
)

// API is the stream of cases as a resource. It is safe for concurrent use.
type API struct {
	*city.City
	Cases *casework.API
	// ring is what happened lately; nil where it is not known: then the stream is answered 501.
	ring *recent.Ring
	streams.Set

	// reading bounds how many are told from the log at once: after a restart everybody comes back.
	reading chan struct{}
}

// New is the resource.
func New(c *city.City, of *casework.API) *API {
	a := &API{City: c, Cases: of, reading: make(chan struct{}, 4)}
	if of.Service != nil {
		a.ring = of.Moves()
	}
	return a
}

const typeEvents = "text/event-stream"

// Rights are looked at again before anything is told when the city has changed or lookAgain has gone by, and every idle while
// nothing is told.
const (
	lookAgain = time.Second
	idle      = 5 * time.Second
)

// told is the data of an event case.
type told struct {
	Case    string   `json:"case"`
	Version int      `json:"version"`
	State   string   `json:"state"`
	Final   bool     `json:"final"`
	Seq     data.Seq `json:"seq"`
	// Actions are what was done, in their order; Begun says that the case began.
	Actions []string `json:"actions"`
	Begun   bool     `json:"begun"`
	// Clocks are the marks that were reached, of cases that are seen as a whole.
	Clocks []mark `json:"clocks"`
}

// mark is what a clock has reached.
type mark struct {
	Clock string `json:"clock"`
	Kind  string `json:"kind"`
	Level int    `json:"level,omitempty"`
	// At is when it was reached.
	At time.Time `json:"at"`
}

// gone is the data of an event gone: nothing of the case but that it is not to be seen any more.
type gone struct {
	Case string   `json:"case"`
	Seq  data.Seq `json:"seq"`
}

// Stream tells of cases until the client leaves, does not read, loses a right or gets one, or the server goes down:
// GET /v1/cases/stream.
func (a *API) Stream(w http.ResponseWriter, r *http.Request) error {
	l := &listener{api: a, w: w, r: r, control: http.NewResponseController(w)}
	last, err := l.read(r)
	if err != nil {
		return err
	}
	if a.ring == nil {
		return rest.Refuse(rest.NotImplemented, "this server does not stream cases; ask for the list again now and then")
	}
	if accept := r.Header.Get("Accept"); accept != "" && !rest.Accepts(accept, typeEvents) && !rest.Accepts(accept, "*/*") && !rest.Accepts(accept, "text/*") {
		return rest.Fault(rest.NotAcceptable, "Accept", accept, "must allow "+typeEvents)
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if a.Clients() >= a.Limits.EventClients {
		return rest.Refuse(rest.Unavailable, "the stream of cases has as many clients as it takes, %d; try again", a.Limits.EventClients).With("Retry-After", "30")
	}
	if !a.Open(&cancel) {
		return rest.Refuse(rest.Unavailable, "the server is going down").With("Retry-After", "2")
	}
	defer a.Close(&cancel)
	h := w.Header()
	h.Set("Content-Type", typeEvents)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	// An error is that of a client that has gone or does not read.
	if l.open(ctx, last) == nil {
		_ = l.run(ctx)
	}
	return nil
}

// listener is one client.
type listener struct {
	api     *API
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController

	watch *casework.Watch
	// world and looked are the city and the time of the last look at the rights.
	world  *index.World
	looked time.Time
	// at is up to where everything is told.
	at data.Seq
}

// read reads what the client wants, as it may have it now, and where it comes back to.
func (l *listener) read(r *http.Request) (last string, err error) {
	l.world, l.looked = l.api.Engine.World(), l.api.Now()
	q := rest.ParseParams(r)
	last = q.Text("last_event_id")
	watch, err := l.api.Cases.Watch(r, q)
	if err == nil {
		err = q.Done("")
	}
	if err != nil {
		return "", err
	}
	l.watch = watch
	if h := r.Header.Get("Last-Event-ID"); h != "" {
		last = h
	}
	return last, nil
}

// same looks at the rights of whoever listens again; false when they are others, so that the stream must end.
func (l *listener) same() bool {
	if l.world == l.api.Engine.World() && l.api.Now().Sub(l.looked) < lookAgain {
		return true
	}
	tag := l.watch.Tag
	_, err := l.read(city.Anew(l.r))
	return err == nil && l.watch.Tag == tag
}

// place is the id of an event: a place in the log, and as who somebody listened there, and to what. With other rights they
// must fetch everything anew.
func (l *listener) place(seq data.Seq) string {
	return city.FormatPosition(l.api.Store.Epoch(), seq) + "~" + l.watch.Tag
}

// where is the data of the events hello and reset.
type where struct {
	Seq   data.Seq   `json:"seq"`
	Epoch data.Epoch `json:"epoch"`
}

// open greets the client, and tells it what it missed. The place of hello is the one from which it goes on, so that a client
// that breaks off right after it misses nothing.
func (l *listener) open(ctx context.Context, last string) error {
	m := l.missed(ctx, last)
	if err := l.write("retry: 1000\n"); err != nil {
		return err
	}
	for _, name := range []string{"reset", "hello"} {
		if name == "reset" && !m.lost {
			continue
		}
		if err := l.send(name, m.from, where{m.from, l.api.Store.Epoch()}); err != nil {
			return err
		}
	}
	l.at = m.to
	return l.tell(ctx, m.list)
}

// missed is what a client has missed: the place that it knows, the moves up to the place from which the ring goes on; lost says
// that it must fetch everything anew.
type missed struct {
	from, to data.Seq
	list     []*recent.Move
	lost     bool
}

// missed finds what a client that comes back has missed.
func (l *listener) missed(ctx context.Context, last string) missed {
	head := l.api.ring.Head()
	fresh, lost := missed{from: head, to: head}, missed{from: head, to: head, lost: true}
	if last == "" {
		return fresh
	}
	text, tag, ok := strings.Cut(last, "~")
	at, is := city.ParsePosition(text)
	if !ok || !is || tag != l.watch.Tag || at.Epoch != l.api.Store.Epoch() || at.Seq > head {
		return lost
	}
	if _, _, _, err := l.api.ring.After(at.Seq); err == nil {
		return missed{from: at.Seq, to: at.Seq} // the ring has it
	}
	select {
	case l.api.reading <- struct{}{}:
		defer func() { <-l.api.reading }()
	case <-ctx.Done():
		return lost
	}
	list, to, err := l.api.ring.Read(ctx, at.Seq, l.api.Cases.Service.Cases().Find)
	if err != nil {
		return lost
	}
	return missed{from: at.Seq, to: to, list: list}
}

// run tells what happens until the end.
func (l *listener) run(ctx context.Context) error {
	pinged := l.api.Now()
	alive := time.NewTicker(min(idle, l.api.Limits.Ping))
	defer alive.Stop()
	for {
		list, to, moved, err := l.api.ring.After(l.at)
		if err != nil {
			// It was too slow: what it missed is not in memory any more.
			l.at = l.api.ring.Head()
			if err := l.send("reset", l.at, where{l.at, l.api.Store.Epoch()}); err != nil {
				return err
			}
			continue
		}
		if len(list) > 0 {
			if !l.same() {
				return nil
			}
			if err := l.tell(ctx, list); err != nil {
				return err
			}
			if err := pause(ctx, l.api.Limits.EventPause); err != nil {
				return err
			}
		}
		l.at = to
		if len(list) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		case <-alive.C:
			if !l.same() {
				return nil
			}
			if now := l.api.Now(); now.Sub(pinged) >= l.api.Limits.Ping {
				pinged = now
				// An event without data moves the place of the client and is not shown to it.
				if err := l.write(": ping\nid: " + l.place(l.at) + "\n\n"); err != nil {
					return err
				}
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell tells of moves what the client sees of them. Those of one entry share a place, which the last of them has.
func (l *listener) tell(ctx context.Context, list []*recent.Move) error {
	for i, m := range list {
		name, what, err := l.event(ctx, m)
		if err != nil {
			return err
		}
		if name == "" {
			continue
		}
		text, err := json.Marshal(what)
		if err != nil {
			return err
		}
		place := ""
		if i+1 == len(list) || list[i+1].Seq > m.Seq {
			place = "id: " + l.place(m.Seq) + "\n"
		}
		if err := l.write("event: " + name + "\n" + place + "data: " + string(text) + "\n\n"); err != nil {
			return err
		}
	}
	return nil
}

// event is what the client is told of a move; without a name nothing.
func (l *listener) event(ctx context.Context, m *recent.Move) (name string, what any, err error) {
	in, full := l.watch.Sees(m.After)
	if !in {
		before, err := l.api.ring.Before(ctx, m)
		if err != nil {
			return "", nil, err
		}
		if was, _ := l.watch.Sees(before); was {
			return "gone", gone{m.After.ID, m.Seq}, nil
		}
		return "", nil, nil
	}
	is := m.After
	out := told{is.ID, is.Version, is.State, is.Final, m.Seq, append([]string{}, m.Actions...), m.Begins(), []mark{}}
	if full {
		out.Clocks = marks(m.Told)
	} else if len(m.Actions) == 0 {
		return "", nil, nil // the public does not hear of clocks
	}
	return "case", out, nil
}

func marks(all []cases.Mark) []mark {
	out := []mark{}
	for _, m := range all {
		out = append(out, mark{m.Clock, m.Kind, m.Level, m.At})
	}
	return out
}

func (l *listener) send(name string, seq data.Seq, what any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return l.write(fmt.Sprintf("event: %s\nid: %s\ndata: %s\n\n", name, l.place(seq), text))
}

// write sends text within the idle time, or gives the client up.
func (l *listener) write(text string) error {
	_ = l.control.SetWriteDeadline(l.api.Now().Add(l.api.Limits.Idle))
	if _, err := l.w.Write([]byte(text)); err != nil {
		return err
	}
	return l.control.Flush()
}
