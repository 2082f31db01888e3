package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/recent"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/casework"
)

// listened is an office whose cases are in the log of the city, with a ring of so many moves.
func listened(t *testing.T, public bool, most int, change func(*Config)) *office {
	t.Helper()
	return listenedOver(t, most, change, func(c *casework.Config) { c.Public = public })
}

func listenedOver(t *testing.T, most int, change func(*Config), cases func(*casework.Config)) *office {
	t.Helper()
	over := func(cfg *Config) (eventLog, func(*store.Store) *recent.Ring) {
		cfg.Limits.EventPause = time.Millisecond
		if change != nil {
			change(cfg)
		}
		j := journal.New(cfg.Store.(journal.City), filepath.Join(t.TempDir(), "checkpoint"), journal.Options{})
		return j, func(shelf *store.Store) *recent.Ring {
			if err := j.Load(t.Context(), shelf); err != nil {
				t.Fatal(err)
			}
			ring := recent.New(j, shelf, most)
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan error, 2)
			go func() { done <- j.Run(ctx) }()
			go func() { done <- ring.Run(ctx) }()
			t.Cleanup(func() {
				stop()
				if err := errors.Join(<-done, <-done); err != nil {
					t.Error(err)
				}
			})
			return ring
		}
	}
	return workingOver(t, "dongcheng-2004", over, cases)
}

// hear listens to cases as somebody; the first event is hello, or reset and hello.
func (o *office) hear(who, query, last string) *listener {
	o.t.Helper()
	return o.open(o.t, "/v1/cases/stream"+query, map[string]string{whoHeader: who, "Last-Event-ID": last})
}

type toldView struct {
	Case, State  string
	Version, Seq int
	Actions      []string
	Begun, Final bool
	Clocks       []struct{ Clock, Kind string }
}

// told wants an event about a case, which is checked against the document of the interface.
func (l *listener) told(o *office, name, id string) (toldView, string) {
	l.t.Helper()
	e := l.want(name)
	schema := o.spec.doc.Components.Schemas[map[string]string{"case": "CaseTold", "gone": "CaseGone"}[name]]
	var v any
	if err := json.Unmarshal([]byte(e.data), &v); err != nil || schema.Value.VisitJSON(v) != nil {
		l.t.Fatalf("%s: %v %v", e.data, err, schema.Value.VisitJSON(v))
	}
	var t toldView
	if err := json.Unmarshal([]byte(e.data), &t); err != nil || t.Case != id {
		l.t.Fatalf("%s, want case %s: %v", e.data, id, err)
	}
	return t, e.id
}

func (o *office) reported(who string) string {
	o.t.Helper()
	return o.begin(who, "report", `{"source":"collector","description":"井盖丢失","class":{"kind":"part","code":"0101"},"before":`+photo(1)+`,`+here+`}`).ID
}

// filed brings a case to where it is dispatched.
func (o *office) filed(id string) {
	o.t.Helper()
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0101","row":"1"}}`, "registered")
}

// TestCaseStream has people of different sight listen while a case comes into the sight of one of them and leaves it.
func TestCaseStream(t *testing.T) {
	o := listened(t, false, 64, nil)
	operator, water, gas, far := o.hear("operator", "", ""), o.hear("water-hand", "", ""), o.hear("gas-hand", "", ""), o.hear("far-hand", "", "")
	everyone := []*listener{operator, water, gas, far}
	for _, l := range everyone {
		l.want("hello")
	}
	id := o.reported("collector")
	begun, first := operator.told(o, "case", id)
	if !begun.Begun || begun.Version != 1 || begun.State != "submitted" || !slices.Equal(begun.Actions, []string{"report"}) || begun.Seq == 0 || !strings.Contains(first, fmt.Sprint("-", begun.Seq, "~")) {
		t.Errorf("%+v %s", begun, first)
	}
	o.filed(id)
	o.act(id, "dispatcher", "dispatch", `{"unit":"gas"}`, "assigned")
	last := ""
	for _, want := range []string{"accept", "register", "dispatch"} {
		var got toldView
		if got, last = operator.told(o, "case", id); !slices.Equal(got.Actions, []string{want}) || got.Begun {
			t.Errorf("%+v, want %s", got, want)
		}
	}
	// The case comes into the sight of the unit, which had it first and keeps seeing it.
	if got, _ := gas.told(o, "case", id); got.Version != 4 || got.State != "assigned" || got.Begun {
		t.Errorf("%+v", got)
	}
	o.act(id, "gas-hand", "refuse", `{"reason":"不属本部门"}`, "registered")
	gas.told(o, "case", id)
	o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	gas.told(o, "case", id)
	if got, _ := water.told(o, "case", id); got.Version != 6 {
		t.Errorf("%+v", got)
	}
	// It leaves the sight of the second unit: that is said, and nothing else.
	o.act(id, "water-hand", "refuse", `{"reason":"不属本部门"}`, "registered")
	e := water.want("gone")
	if e.data != fmt.Sprintf(`{"case":%q,"seq":%s}`, id, e.id[strings.LastIndex(e.id, "-")+1:strings.Index(e.id, "~")]) {
		t.Errorf("%+v", e)
	}
	o.act(id, "dispatcher", "dispatch", `{"unit":"gas"}`, "assigned")
	// Whoever never sees the case hears of nothing: what comes next is a case of their own unit.
	other := o.reported("collector")
	o.filed(other)
	o.act(other, "dispatcher", "dispatch", `{"unit":"other"}`, "assigned")
	if got, _ := far.told(o, "case", other); got.Version != 4 || got.Begun || !slices.Equal(got.Actions, []string{"dispatch"}) {
		t.Errorf("%+v", got)
	}

	// Breaking off and coming back: nothing is missed, and what left sight meanwhile is gone.
	again := o.hear("operator", "?last_event_id="+last, "")
	if hello := again.want("hello"); hello.id != last {
		t.Errorf("goes on from %s, not %s", hello.id, last)
	}
	if got, _ := again.told(o, "case", id); got.Version != 8 || !slices.Equal(got.Actions, []string{"refuse", "dispatch", "refuse", "dispatch"}) {
		t.Errorf("what was missed of the first case: %+v", got)
	}
	if got, _ := again.told(o, "case", other); got.Version != 4 || !got.Begun {
		t.Errorf("what was missed of the other: %+v", got)
	}
	// The place of somebody else, of another filter, of another history, and of the future is of no use.
	for who, at := range map[string]string{"water-hand": last, "operator": "other-3~" + last[strings.Index(last, "~")+1:], "chief": "nonsense"} {
		l := o.hear(who, "", at)
		l.want("reset")
		l.want("hello")
	}
	l := o.hear("operator", "?state=closed", last)
	l.want("reset")
	l.want("hello")
}

// TestCaseStreamFilters hears only what passes, and of what passes no more that it is gone.
func TestCaseStreamFilters(t *testing.T) {
	o := listened(t, true, 64, nil)
	inbox, village, public := o.hear("operator", "?inbox=true", ""), o.hear("operator", "?area=village/D1-V1&state=accepted,registered", ""), o.hear("", "", "")
	for _, l := range []*listener{inbox, village, public} {
		l.want("hello")
	}
	id := o.reported("collector")
	inbox.told(o, "case", id)
	o.act(id, "operator", "accept", "", "accepted")
	inbox.told(o, "gone", id)
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0101","row":"1"}}`, "registered")
	o.act(id, "dispatcher", "dispatch", `{"unit":"gas"}`, "assigned")
	for _, want := range []string{"case", "case", "gone"} {
		village.told(o, want, id)
	}
	for _, want := range []string{"submitted", "accepted", "registered", "assigned"} {
		if got, _ := public.told(o, "case", id); got.State != want {
			t.Errorf("%+v, want %s", got, want)
		}
	}
	for _, sc := range []scenario{
		{url: "/v1/cases/stream?area=nowhere/1", status: 400, want: []string{`"field":"area"`}},
		{url: "/v1/cases/stream?order=due", status: 400, want: []string{"order"}},
		{url: "/v1/cases/stream?task=me", status: 400, want: []string{"task"}},
		{url: "/v1/cases/stream", header: map[string]string{"Accept": "application/json"}, status: 406, want: []string{"text/event-stream"}},
	} {
		sc.run(t, o.town)
	}
}

// TestCaseStreamMarks tells that a clock was reached, to those who see the case as a whole.
func TestCaseStreamMarks(t *testing.T) {
	o := listened(t, true, 64, nil)
	operator, public := o.hear("operator", "", ""), o.hear("", "", "")
	operator.want("hello")
	public.want("hello")
	id := o.reported("collector")
	operator.told(o, "case", id)
	public.told(o, "case", id)
	shelf := o.server.cases.Cases()
	c, err := shelf.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	tell := c.Tell(o.clockNow(), "warned", []cases.Mark{{Clock: "accept", Key: "warned", Kind: "warned", At: o.clockNow()}})
	if _, err := shelf.Tell(t.Context(), []*cases.Event{tell}); err != nil {
		t.Fatal(err)
	}
	if got, _ := operator.told(o, "case", id); got.Version != 2 || len(got.Actions) != 0 || fmt.Sprint(got.Clocks) != "[{accept warned}]" {
		t.Errorf("%+v", got)
	}
	o.act(id, "operator", "accept", "", "accepted")
	if got, _ := public.told(o, "case", id); got.Version != 3 || len(got.Clocks) != 0 {
		t.Errorf("the public hears %+v", got)
	}
}

// TestCaseStreamRights ends streams when the session does, when a post is taken away, and with the server.
func TestCaseStreamRights(t *testing.T) {
	o := listened(t, false, 64, func(cfg *Config) { cfg.Limits.Ping = 20 * time.Millisecond })
	var out atomic.Bool
	before := o.server.identify
	o.server.identify = func(r *http.Request) (account.Principal, error) {
		if out.Load() && r.Header.Get(whoHeader) == "operator" {
			return account.Principal{Way: account.Public}, nil
		}
		return before(r)
	}
	operator, chief, boss := o.hear("operator", "", ""), o.hear("chief", "", ""), o.hear("root", "", "")
	for _, l := range []*listener{operator, chief, boss} {
		l.want("hello")
	}
	id := o.reported("collector")
	operator.told(o, "case", id)
	_, place := chief.told(o, "case", id)
	boss.told(o, "case", id)
	out.Store(true)
	for e, ok := operator.next(); ok; e, ok = operator.next() {
		if e.name != "" {
			t.Errorf("after the session has ended comes %+v", e)
		}
	}
	if err := operator.lines.Err(); err != nil {
		t.Errorf("after the session has ended the stream goes on: %v", err)
	}
	o.put(data.Tx{Changes: []data.Change{record(t, people.Staff{ID: "chief", Name: "赵值班"})}})
	o.act(id, "collector", "annotate", `{"note":"补充"}`, "submitted")
	for e, ok := chief.next(); ok; e, ok = chief.next() {
		if e.name != "" {
			t.Errorf("without a post comes %+v", e)
		}
	}
	boss.told(o, "case", id)
	l := o.hear("chief", "", place)
	if e := l.want("reset"); strings.Contains(e.data, id) {
		t.Errorf("%+v", e)
	}
	l.want("hello")
	o.server.Drain()
	for e, ok := boss.next(); ok; e, ok = boss.next() {
		if e.name != "" {
			t.Errorf("while the server goes down comes %+v", e)
		}
	}
	if a := o.get("operator", "/v1/cases/stream"); a.status != http.StatusServiceUnavailable {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestCaseStreamFar comes back after more than the ring holds: it is told from the log, exactly what is in sight, and what is
// too far away is a reset.
func TestCaseStreamFar(t *testing.T) {
	o := listened(t, false, 4, nil)
	id := o.reported("collector")
	o.filed(id)
	o.act(id, "dispatcher", "dispatch", `{"unit":"gas"}`, "assigned")
	o.act(id, "gas-hand", "refuse", `{"reason":"不属本部门"}`, "registered")
	o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	water := o.hear("water-hand", "", "")
	place := water.want("hello").id
	operator := o.hear("operator", "", "").want("hello").id
	o.act(id, "water-hand", "refuse", `{"reason":"不属本部门"}`, "registered")
	water.told(o, "gone", id)
	var others []string
	for range 6 {
		others = append(others, o.reported("collector"))
	}
	wait(t, "the ring has gone on", func() bool { return o.server.cases.Moves().Head() >= o.store.Last() })
	back := o.hear("water-hand", "", place)
	if e := back.want("hello"); e.id != place {
		t.Errorf("%+v", e)
	}
	back.told(o, "gone", id)
	seen := o.hear("operator", "", operator)
	seen.want("hello")
	if got, _ := seen.told(o, "case", id); got.State != "registered" || got.Begun {
		t.Errorf("%+v", got)
	}
	for _, other := range others {
		if got, _ := seen.told(o, "case", other); !got.Begun || got.Version != 1 {
			t.Errorf("%+v", got)
		}
	}
	// From then on it is told as it happens.
	o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	back.told(o, "case", id)
	seen.told(o, "case", id)
}

// TestCaseStreamSlow drops a client that does not read, while others hear and nobody waits for it.
func TestCaseStreamSlow(t *testing.T) {
	o := listened(t, true, 64, func(cfg *Config) { cfg.Limits.Idle = 300 * time.Millisecond })
	conn, err := net.Dial("tcp", o.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	fmt.Fprintf(conn, "GET /v1/cases/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n%s: operator\r\n\r\n", whoHeader)
	wait(t, "the client is there", func() bool { return o.server.caseStream.Clients() == 1 })
	reading := o.hear("operator", "", "")
	reading.want("hello")
	id := o.reported("collector")
	reading.told(o, "case", id)
	c, err := o.server.cases.Cases().Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	shelf, long := o.server.cases.Cases(), strings.Repeat("x", 4000)
	slowest := time.Duration(0)
	for n := 0; o.server.caseStream.Clients() > 1; n++ {
		if n > 20_000 {
			t.Fatal("the client is still there")
		}
		begun := time.Now()
		e := c.Tell(o.clockNow(), fmt.Sprint(n), []cases.Mark{{Clock: "accept", Key: fmt.Sprint(n), Kind: long, At: o.clockNow()}})
		if _, err := shelf.Tell(t.Context(), []*cases.Event{e}); err != nil {
			t.Fatal(err)
		}
		slowest = max(slowest, time.Since(begun))
		if c, err = shelf.Case(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("slowest event %v", slowest)
}

// TestCaseStreamClients has a thousand listen: all hear of a case, and each takes little memory.
func TestCaseStreamClients(t *testing.T) {
	const clients, most = 1000, 200 << 10
	if testing.Short() {
		t.Skip("a thousand connections")
	}
	o := listened(t, true, 64, nil)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	before := heap()
	var all []*bufio.Reader
	for i := range clients {
		conn, err := net.Dial("tcp", o.http.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		who := []string{"operator", "water-hand", "gas-hand", "chief"}[i%4]
		fmt.Fprintf(conn, "GET /v1/cases/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n%s: %s\r\n\r\n", whoHeader, who)
		all = append(all, bufio.NewReaderSize(conn, 512))
	}
	wait(t, "everybody listens", func() bool { return o.server.caseStream.Clients() == clients })
	each := (heap() - before) / clients
	t.Logf("%d bytes for each client, both ends", each)
	if each > most {
		t.Errorf("a client takes %d bytes, at most %d are fine", each, most)
	}
	begun := time.Now()
	id := o.reported("collector")
	for i, r := range all {
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatalf("client %d: %v", i, err)
			}
			if strings.HasPrefix(line, "data: ") && strings.Contains(line, id) {
				break
			}
		}
	}
	t.Logf("all have heard after %v", time.Since(begun))
}

// TestNoCaseStream answers where nobody can listen.
func TestNoCaseStream(t *testing.T) {
	o := working(t, "base", nil)
	(&scenario{url: "/v1/cases/stream", status: 501, want: []string{"does not stream"}}).run(t, o.town)
	c := newCity(t, nil)
	(&scenario{url: "/v1/cases/stream", status: 501, want: []string{"no cases"}}).run(t, c)
}
