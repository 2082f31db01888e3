package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gewu-city/gewu/server/gate"
	"github.com/gewu-city/gewu/server/rest"
)

// cost says what a route takes beside a little time and memory.
type cost struct {
	// scan marks answers that look at many features: they share the processors and what answers may hold.
	scan bool
	// large marks answers of up to megabytes that slow clients hold, where many share one: they are refused when memory is short.
	large bool
	// hold is the share of the streams that a stream takes: those that hold a whole World or batches of rows take more.
	hold int64
	// free marks what operators and probes must always reach, and streams with bounds of their own.
	free bool
}

// scanBytes is what a scan may hold at once: a page and its compressed form.
const scanBytes = 8 << 20

// costs are the routes that cost more, or count less, than others.
var costs = map[string]cost{
	"GET /tiles/{tileset}/{z}/{x}/{y}.mvt": {large: true},
	"GET /tiles/{tileset}/{z}/{x}/{y}.pbf": {large: true},
	"GET /v1/layers/{layer}/features":      {scan: true},
	"GET /v1/attachments/{hash}":           {large: true},
	// A page of these reads the events of up to a thousand cases.
	"GET /open311/{endpoint}/requests.{format}":              {scan: true},
	"GET /open311/{endpoint}/servicerequestupdates.{format}": {scan: true},
	"GET /open311/{endpoint}/bulk.{format}":                  {scan: true},
	// A page of these reads up to a thousand entries, each with the heads of ten thousand changes or a large polygon: 0.1 ms
	// for each entry of an import.
	"GET /v1/layers/{layer}/features/{id}/history": {scan: true},
	"GET /v1/changes":               {scan: true},
	"GET /v1/changes/{seq}":         {scan: true},
	"POST /v1/changes/{seq}/revert": {scan: true},
	// The first of these reads the headers of the log back to the import, and counts its changes: 1 ms for each entry.
	"GET /v1/imports": {scan: true},
	"GET /v1/audit":   {scan: true},
	// It looks at the ids of a layer, and at those that ended features had.
	"GET /v1/codes/{kind}":                  {scan: true},
	"GET /v1/imports/{id}":                  {scan: true},
	"GET /v1/schemes/{scheme}/cells":        {scan: true},
	"GET /v1/schemes/{scheme}/check":        {scan: true},
	"GET /v1/schemes/{scheme}/reconcile":    {scan: true},
	"GET /v1/schemes/{scheme}/report":       {scan: true},
	"GET /v1/schemes/{scheme}/impact":       {scan: true},
	"POST /v1/schemes/{scheme}/impact":      {scan: true},
	"POST /v1/schemes/{scheme}/draw":        {scan: true},
	"GET /v1/schemes/{scheme}/cells/{code}": {scan: true},
	// These may make a coverage of a city again, and prove it.
	"POST /v1/drafts":               {scan: true},
	"GET /v1/drafts/{draft}/cells":  {scan: true},
	"GET /v1/drafts/{draft}/impact": {scan: true},
	// The first of the tiles makes the picture that all are drawn from.
	"GET /v1/drafts/{draft}/tiles/{tileset}.json":            {scan: true},
	"GET /v1/drafts/{draft}/tiles/{tileset}/{z}/{x}/{y}.mvt": {large: true},
	"POST /v1/drafts/{draft}/steps":                          {scan: true},
	"POST /v1/drafts/{draft}/import":                         {scan: true},
	"POST /v1/drafts/{draft}/undo":                           {scan: true},
	"POST /v1/drafts/{draft}/redo":                           {scan: true},
	"POST /v1/drafts/{draft}/rebase":                         {scan: true},
	"GET /v1/drafts/{draft}/conflicts":                       {scan: true},
	"POST /v1/drafts/{draft}/check":                          {scan: true},
	"POST /v1/drafts/{draft}/publish":                        {scan: true},
	"GET /v1/schemes/{scheme}/lineage":                       {scan: true},
	"POST /v1/locate":                                        {hold: 1},
	"POST /v1/geocode":                                       {hold: 1},
	"POST /v1/locate/route":                                  {scan: true},
	"GET /v1/layers/{layer}/export":                          {hold: 2},
	"GET /v1/audit/export":                                   {hold: 2},
	"GET /v1/backup":                                         {hold: 8},
	"POST /v1/check":                                         {hold: 16},
	"POST /v1/compact":                                       {hold: 8},
	"POST /v1/rebuild":                                       {hold: 16},
	"POST /v1/layers/{layer}/import":                         {hold: 16},
	"POST /v1/imports/{id}/undo":                             {hold: 16},
	"GET /v1/events":                                         {free: true},
	"GET /v1/cases/stream":                                   {free: true},
	"GET /healthz":                                           {free: true},
	"GET /readyz":                                            {free: true},
	"GET /metrics":                                           {free: true},
}

// gates bound what all requests take together.
type gates struct {
	requests *gate.Gate // requests that are answered at once
	streams  *gate.Gate // shares of streams
	scans    *gate.Gate // scans that compute
	answers  *gate.Gate // bytes that scans hold until their client has taken them
	bodies   *gate.Gate // bytes of bodies that handlers hold
	memory   gate.Memory
	pace     *gate.Pace
}

// leastPace is what the client of a stream that anybody may open must send and take in a second, in the time that it is
// waited for, lest it is cut off while others wait for a place: less than any line is capable of.
const leastPace = 1 << 10

func newGates(cfg *Config) *gates {
	l := cfg.Limits
	g := &gates{
		requests: gate.New("requests", l.Requests, l.Patience, l.Requests),
		streams:  gate.New("streams", l.Streams, 2*l.Patience, l.Streams),
		scans:    gate.New("scans", l.Scans, l.Patience, 64*l.Scans),
		answers:  gate.New("answers", l.AnswerBytes, l.Patience, 1024),
		bodies:   gate.New("bodies", l.HeldBytes, l.Patience, 1024),
		memory:   gate.Memory{Now: cfg.Now},
		pace:     gate.NewPace(cfg.Now, leastPace, l.Patience),
	}
	g.streams.Relieve = g.pace.CutSlow
	return g
}

func (g *gates) all() []*gate.Gate {
	return []*gate.Gate{g.requests, g.streams, g.scans, g.answers, g.bodies}
}

// admit lets a request in when there is room for what its route takes. leave must be called when it has ended.
func (g *gates) admit(rt *route, w http.ResponseWriter, r *http.Request) (leave func(), err error) {
	c := costs[rt.method+" "+rt.path]
	if c.free {
		return func() {}, nil
	}
	body := !rt.stream && r.Body != nil && r.Body != http.NoBody
	if (c.scan || c.large || body || rt.stream) && g.memory.Short() {
		return nil, rest.Refuse(rest.Unavailable, "the server is short of memory; try again").With("Retry-After", "5")
	}
	var undo []func()
	leave = func() {
		for _, f := range undo {
			f()
		}
	}
	enter := func(into *gate.Gate, weight int64) func() {
		if err != nil {
			return nil
		}
		var out func()
		if out, err = into.Enter(r.Context(), weight); err != nil {
			err = busy(err, into)
		}
		return out
	}
	keep := func(out func()) {
		if out != nil {
			undo = append(undo, out)
		}
	}
	keep(enter(g.requests, 1))
	if rt.stream {
		keep(enter(g.streams, max(1, c.hold)))
		if err == nil && rt.access == anyone {
			keep(g.measure(w, r))
		}
	}
	if c.scan {
		keep(enter(g.answers, scanBytes))
		if out := enter(g.scans, 1); out != nil {
			// The processors are free again as soon as the answer begins, however slowly it is taken.
			keep(onFirstByte(w, out))
		}
	}
	if err != nil {
		leave()
		return nil, err
	}
	if body {
		b := gate.NewBody(r.Context(), r.Body, g.bodies)
		r.Body = b
		keep(b.Leave)
	}
	return leave, nil
}

// measure has a stream cut off when its client is slow and others wait. Whoever may write is trusted: imports are made as
// their rows are.
func (g *gates) measure(w http.ResponseWriter, r *http.Request) (leave func()) {
	control := http.NewResponseController(w)
	m, leave := g.pace.Join(func() {
		past := time.Unix(1, 0)
		// Recorders in tests have no connection, and nothing waits.
		_ = control.SetReadDeadline(past)
		_ = control.SetWriteDeadline(past)
	})
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = m.Reader(r.Body)
	}
	if res, ok := w.(*response); ok {
		res.meter = m
	}
	return leave
}

// onFirstByte calls f when the answer begins; the function that it returns calls f unless that has happened.
func onFirstByte(w http.ResponseWriter, f func()) func() {
	once := func() {
		if f != nil {
			f()
			f = nil
		}
	}
	if res, ok := w.(*response); ok {
		res.begin = once
	}
	return once
}

// busy is the answer when a gate is full.
func busy(err error, g *gate.Gate) error {
	if !errors.Is(err, gate.ErrFull) {
		return err
	}
	return rest.Refuse(rest.Unavailable, "the server is busy: it has as many %s as it takes at once; try again", g.Name).
		With("Retry-After", "2").Because(err)
}

// withinGates runs a handler when there is room for it.
func (s *Server) withinGates(rt *route, w http.ResponseWriter, r *http.Request) error {
	leave, err := s.gates.admit(rt, w, r)
	if err != nil {
		return err
	}
	defer leave()
	err = s.handle(rt, w, r)
	if errors.Is(err, gate.ErrFull) && !errors.Is(err, context.Canceled) {
		return busy(err, s.gates.bodies)
	}
	return err
}
