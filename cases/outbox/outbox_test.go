package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/adapters"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/cases/outbox"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/people"
)

var begin = time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)

// memory is a log of the city that is held in memory.
type memory struct {
	mu      sync.Mutex
	entries []journal.Entry
	last    data.Seq
	// shown is the entry up to which somebody waited for cases to be shown.
	shown data.Seq
}

// Await shows cases.
func (m *memory) Await(_ context.Context, seq data.Seq) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shown = max(m.shown, seq)
	return nil
}

func (m *memory) Epoch() data.Epoch { return "e" }

func (m *memory) Last() data.Seq {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

func (m *memory) Wait(ctx context.Context, after data.Seq) error {
	for m.Last() <= after {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

func (m *memory) Since(_ context.Context, after data.Seq) iter.Seq2[journal.Entry, error] {
	m.mu.Lock()
	list := slices.Clone(m.entries)
	m.mu.Unlock()
	return func(yield func(journal.Entry, error) bool) {
		for _, e := range list {
			if e.Seq > after && !yield(e, nil) {
				return
			}
		}
	}
}

func (m *memory) Events(ctx context.Context, id string) iter.Seq2[*cases.Event, error] {
	return func(yield func(*cases.Event, error) bool) {
		m.mu.Lock()
		shown := m.shown
		m.mu.Unlock()
		for e := range m.Since(ctx, 0) {
			if e.Event.Case == id && e.Seq <= shown && !yield(e.Event, nil) {
				return
			}
		}
	}
}

// add appends an entry with events.
func (m *memory) add(events ...*cases.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	for _, e := range events {
		m.entries = append(m.entries, journal.Entry{Seq: m.last, Recorded: begin, Event: e})
	}
}

// found is the first event of a case that a unit gets in a street.
func found(id, unit string) *cases.Event {
	return &cases.Event{
		Case: id, Number: 1, At: begin, Actor: cases.Actor{Post: "collector"}, Action: "find", To: "handling", Unit: process.Set,
		Process: &cases.ProcessRef{Name: "p", Version: 1}, Form: cases.Form{Unit: unit, Class: &cases.Class{Kind: "part", Code: "0102"}},
		Place: &cases.Place{
			Point: &cases.Position{Lon: 116.41, Lat: 39.91}, Areas: []cases.Area{{AreaKey: people.AreaKey{Level: "street", Code: "1"}}},
			Cells: []people.CellRef{{Scheme: "unit", Code: "11"}},
		},
		Notify: []process.Notify{"unit"},
	}
}

// late tells that a case is overdue, also to the level above.
func late(id string, number int) *cases.Event {
	return &cases.Event{
		Case: id, Number: number, At: begin, Actor: cases.Actor{Post: process.System}, Action: cases.Tells, From: "handling", To: "handling",
		Told: []cases.Mark{{Clock: "handle", Key: "overdue", Kind: "overdue"}, {Clock: "handle", Key: "alert1", Kind: "alert", Level: 1}},
	}
}

type tree struct{}

func (tree) Path(id string) []string           { return []string{"city", "district", id} }
func (tree) Holds(string, string, string) bool { return true }

func noShape([]byte) (geo.Shape, error) { return geo.Shape{}, errors.New("no shapes here") }

func open(t testing.TB, path string) *outbox.File {
	t.Helper()
	policy := notice.Policy{First: time.Millisecond, Longest: 2 * time.Millisecond, Factor: 2, Tries: 3, Within: time.Hour}
	f, err := outbox.Open(path, policy, noShape)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func follower(f *outbox.File, log *memory) *outbox.Follower {
	return &outbox.Follower{
		File: f, Log: log, Journal: log, Directory: func(time.Time) cases.Directory { return tree{} }, Public: true, Edition: "E", Wake: func() {}, Logger: slog.New(slog.DiscardHandler),
	}
}

func subscribe(t testing.TB, f *outbox.File, s notice.Subscription) {
	t.Helper()
	if err := f.Subscribe(outbox.Subscription{Subscription: s, Made: begin}); err != nil {
		t.Fatal(err)
	}
}

// told are the messages about a case as event and address.
func told(t testing.TB, f *outbox.File, id string) []string {
	t.Helper()
	list, err := f.OfCase(id)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := range list {
		out = append(out, list[i].Event+" "+list[i].Channel.Kind+" "+list[i].Channel.Address)
	}
	slices.Sort(out)
	return out
}

// TestWhoIsTold checks that units, the level above and those who subscribed are told what they ask for, and nobody of the past.
func TestWhoIsTold(t *testing.T) {
	log := &memory{}
	log.add(found("C-0", "water"))
	f := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	defer f.Close()
	w := follower(f, log)
	catch := func() {
		t.Helper()
		if err := w.Catch(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	catch()
	subscribe(t, f, notice.Subscription{ID: "a", Owner: "o", Channel: notice.Channel{Kind: "mail", Address: "a@x"}, Areas: []string{"unit 11"}})
	subscribe(t, f, notice.Subscription{ID: "b", Owner: "o", Channel: notice.Channel{Kind: "mail", Address: "b@x"}, Classes: []string{"E part 01"}, Events: []string{"overdue"}})
	subscribe(t, f, notice.Subscription{ID: "c", Owner: "o", Channel: notice.Channel{Kind: "mail", Address: "c@x"}, Areas: []string{"street 2"}})
	centre, _ := geo.FromDegrees(116.41, 39.91)
	subscribe(t, f, notice.Subscription{ID: "d", Owner: "o", Channel: notice.Channel{Kind: "mail", Address: "d@x"}, Circle: &notice.Circle{Centre: centre, Metres: 10}, Public: true})
	log.add(found("C-1", "water"))
	private := found("C-2", "gas")
	private.Form.Private = true
	log.add(private)
	log.add(late("C-1", 2))
	catch()
	list, err := f.OfCase("C-1")
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		// What is seen in gewu itself is there at once.
		if m := &list[i]; (m.Channel.Kind == outbox.Live) != (m.State == notice.Sent && m.SentAt.Equal(begin)) {
			t.Errorf("%+v", m)
		}
	}
	for id, want := range map[string][]string{
		"C-0": nil,
		"C-1": {
			"alert live organisation:district", "alert mail a@x", "alert mail d@x", "find live organisation:water", "find mail a@x", "find mail d@x",
			"overdue live organisation:water", "overdue mail a@x", "overdue mail b@x", "overdue mail d@x",
		},
		"C-2": {"find live organisation:gas", "find mail a@x"},
	} {
		if got := told(t, f, id); !slices.Equal(got, want) {
			t.Errorf("%s: told\n\t%s", id, strings.Join(got, "\n\t"))
		}
	}
	if err := f.Unsubscribe("a"); err != nil {
		t.Fatal(err)
	}
	log.add(late("C-2", 2))
	catch()
	if got := told(t, f, "C-2"); slices.Contains(got, "overdue mail a@x") {
		t.Errorf("told after unsubscribing: %v", got)
	}
}

// TestSightedSubscriptions checks that somebody is told of the cases that they see when something happens, of others what the
// public may see, and nothing of those that are out of sight.
func TestSightedSubscriptions(t *testing.T) {
	log := &memory{}
	f := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	defer f.Close()
	w := follower(f, log)
	sees := map[string]bool{"1 C-1": true, "1 C-2": true}
	w.Sees = func(person, id string) bool { return sees[person+" "+id] }
	if err := w.Catch(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, owner := range []string{"person:1", "person:2", "operator"} {
		subscribe(t, f, notice.Subscription{ID: strings.ReplaceAll(owner, ":", ""), Owner: owner, Channel: notice.Channel{Kind: "mail", Address: owner}, Areas: []string{"unit 11"}, Sighted: true})
	}
	next := func(of *cases.Event, private bool, want ...string) {
		t.Helper()
		of.Form.Private = private
		log.add(of)
		if err := w.Catch(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := f.OfCase(of.Case)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range list {
			if m := &list[i]; m.Seq == log.Last() && m.Channel.Kind == "mail" && m.Event != "alert" {
				got = append(got, fmt.Sprintf("%s public %t", m.Channel.Address, m.Public))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("event %d of %s: told %q, want %q", of.Number, of.Case, got, want)
		}
	}
	next(found("C-1", "water"), false, "operator public true", "person:1 public false", "person:2 public true")
	next(found("C-2", "gas"), true, "person:1 public false")
	sees["2 C-2"] = true // has come to work there
	delete(sees, "1 C-2")
	next(late("C-2", 2), false, "person:2 public false")
	w.Sees = nil
	next(late("C-1", 2), false, "operator public true", "person:1 public true", "person:2 public true")
}

// TestSubscriptions checks what is kept and what is refused.
func TestSubscriptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	f := open(t, path)
	subscribe(t, f, notice.Subscription{ID: "a", Owner: "person:1", Channel: notice.Channel{Kind: "live", Address: "person:1"}, Case: "C"})
	subscribe(t, f, notice.Subscription{ID: "b", Owner: "person:2", Channel: notice.Channel{Kind: "live", Address: "person:2"}, Case: "C"})
	for name, s := range map[string]outbox.Subscription{
		"nothing": {Subscription: notice.Subscription{ID: "x", Owner: "o", Channel: notice.Channel{Kind: "live", Address: "p"}}},
		"polygon": {Subscription: notice.Subscription{ID: "x", Owner: "o", Channel: notice.Channel{Kind: "live", Address: "p"}}, Polygon: []byte(`{}`)},
	} {
		if err := f.Subscribe(s); !errors.As(err, new(*data.FieldError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = open(t, path)
	defer f.Close()
	list, err := f.Subscriptions("person:1")
	if err != nil || len(list) != 1 || list[0].ID != "a" || !list[0].Made.Equal(begin) {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := f.Subscription("x"); !errors.Is(err, outbox.ErrUnknown) {
		t.Error(err)
	}
	if got := f.Find(&notice.Subject{Case: "C", At: begin}); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	for i := range outbox.MostOf {
		err = f.Subscribe(outbox.Subscription{Subscription: notice.Subscription{ID: fmt.Sprint("n", i), Owner: "person:1", Channel: notice.Channel{Kind: "live", Address: "p"}, Case: "C"}})
	}
	if !errors.Is(err, outbox.ErrFull) {
		t.Errorf("one more than there may be: %v", err)
	}
}

// TestNothingLostOrTwice stops anywhere: every event makes its messages once.
func TestNothingLostOrTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(t.TempDir(), "outbox.db")
		log := &memory{}
		f := open(t, path)
		defer func() { _ = f.Close() }()
		if err := follower(f, log).Catch(t.Context()); err != nil {
			rt.Fatal(err)
		}
		want := map[string]int{}
		versions := map[string]int{}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0, 1:
				var events []*cases.Event
				for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"C-1", "C-2", "C-3"}), 1, 3, rapid.ID).Draw(rt, "cases") {
					versions[id]++
					if versions[id] == 1 {
						events = append(events, found(id, "water"))
						want[id]++
					} else {
						events = append(events, late(id, versions[id]))
						want[id] += 2
					}
				}
				log.add(events...)
			case 2:
				if err := follower(f, log).Catch(t.Context()); err != nil {
					rt.Fatal(err)
				}
			case 3:
				_ = f.Close()
				f = open(t, path)
			}
		}
		if err := follower(f, log).Catch(t.Context()); err != nil {
			rt.Fatal(err)
		}
		got := map[string]int{}
		for id := range versions {
			got[id] = len(told(t, f, id))
		}
		if !maps.Equal(got, want) {
			rt.Fatalf("made %v, want %v", got, want)
		}
		if f.Queue().Len() != 0 {
			rt.Fatalf("%d of what is seen in gewu itself wait", f.Queue().Len())
		}
	})
}

// TestOnTheWay brings a message to a hook that answers at the third try, gives up one that nobody takes, and tries it again
// when it is told to, with what is kept on disk.
func TestOnTheWay(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	secret := []byte("a secret of thirty-two bytes....")
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if err := notice.Verify([][]byte{secret}, r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), body, time.Now()); err != nil {
			t.Errorf("the signature: %v", err)
		}
		if seen = append(seen, r.Header.Get("webhook-id")); len(seen) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer hook.Close()
	log := &memory{}
	f := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	defer f.Close()
	hooks := adapters.NewWebhook(func(_ context.Context, name string) (adapters.Hook, bool) {
		s, err := f.Subscription(name)
		if err != nil {
			return adapters.Hook{}, false
		}
		return adapters.Hook{URL: s.Hook.URL, Secret: s.Hook.Secret, Local: true}, true
	}, func(m *notice.Message) (subject, text string) { return m.Case, m.Event }, time.Now)
	defer hooks.Close()
	c := adapters.NewCourier(f.Queue(), map[string]adapters.Sender{"webhook": hooks}, f, time.Now, slog.New(slog.DiscardHandler))
	w := follower(f, log)
	w.Wake = c.Wake
	if err := f.Subscribe(outbox.Subscription{
		Subscription: notice.Subscription{ID: "h", Owner: "operator", Channel: notice.Channel{Kind: "webhook", Address: "h"}, Case: "C-1"},
		Hook:         &outbox.Hook{URL: hook.URL, Secret: secret},
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.Catch(t.Context()); err != nil { // nothing of the past
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- w.Run(ctx) }()
	go func() { ended <- c.Run(ctx) }()
	at := time.Now()
	e := found("C-1", "")
	e.At, e.Notify = at, nil
	log.mu.Lock()
	log.last++
	log.entries = append(log.entries, journal.Entry{Seq: log.last, Recorded: at, Event: e})
	log.mu.Unlock()
	state := func(want notice.State) notice.Message {
		t.Helper()
		for range 5000 {
			if list, err := f.OfCase("C-1"); err == nil && len(list) == 1 && list[0].State == want {
				return list[0]
			}
			time.Sleep(time.Millisecond)
		}
		list, _ := f.OfCase("C-1")
		t.Fatalf("not %s: %+v", want, list)
		return notice.Message{}
	}
	m := state(notice.Sent)
	mu.Lock()
	if len(seen) != 3 || slices.Compact(slices.Clone(seen))[0] != m.ID || m.Tries != 3 {
		t.Errorf("tried %v, %+v", seen, m)
	}
	mu.Unlock()
	if _, n, err := f.In(notice.Dead, 10); n != 0 || err != nil {
		t.Errorf("%d are dead, %v", n, err)
	}
	cancel()
	for range cap(ended) {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if _, err := f.Note(t.Context(), notice.Fact{Message: m.ID, What: notice.Revived, At: at}); !errors.As(err, new(*data.FieldError)) {
		t.Errorf("a message that was sent is tried again: %v", err)
	}
	if _, err := f.Note(t.Context(), notice.Fact{Message: "x", What: notice.Revived, At: at}); !errors.Is(err, outbox.ErrUnknown) {
		t.Error(err)
	}
}

// TestWhoActsHasItInHand sees a unit that does something about a case as one that got what it was told, also of the same moment,
// and nobody else; reading the log once more changes nothing.
func TestWhoActsHasItInHand(t *testing.T) {
	log := &memory{}
	path := filepath.Join(t.TempDir(), "outbox.db")
	f := open(t, path)
	defer f.Close()
	w := follower(f, log)
	if err := w.Catch(t.Context()); err != nil { // nothing of the past
		t.Fatal(err)
	}
	push := func(e *cases.Event) {
		t.Helper()
		log.mu.Lock()
		log.last++
		log.entries = append(log.entries, journal.Entry{Seq: log.last, Recorded: e.At, Event: e})
		log.mu.Unlock()
	}
	act := func(number int, organisation string) *cases.Event {
		return &cases.Event{Case: "C-1", Number: number, At: begin.Add(time.Duration(number) * time.Minute), Actor: cases.Actor{Person: "p", Post: "handler", Organisation: organisation}, Action: "annotate", From: "handling", To: "handling"}
	}
	push(found("C-1", "grid-1"))
	push(act(2, "elsewhere"))
	if err := w.Catch(t.Context()); err != nil {
		t.Fatal(err)
	}
	one := func() notice.Message {
		t.Helper()
		list, err := f.OfCase("C-1")
		if err != nil || len(list) == 0 || list[0].Channel.Address != "organisation:grid-1" {
			t.Fatalf("%+v %v", list, err)
		}
		return list[0]
	}
	if m := one(); !m.Received.IsZero() {
		t.Fatalf("somebody else has it in hand: %+v", m)
	}
	// They are reminded, and whoever asked for reminders by name is told; whoever asked for everything is not.
	for _, s := range []notice.Subscription{{ID: "sms", Events: []string{"remind"}}, {ID: "all"}} {
		s.Owner, s.Case, s.Channel = "operator", "C-1", notice.Channel{Kind: "webhook", Address: s.ID}
		subscribe(t, f, s)
	}
	reminded, err := w.Remind(t.Context(), "C-1", nil, begin.Add(time.Hour))
	if err != nil || len(reminded) != 1 || reminded[0].Reminded != 1 {
		t.Fatalf("%+v %v", reminded, err)
	}
	if got, want := told(t, f, "C-1"), []string{"find live organisation:grid-1", "remind live organisation:grid-1", "remind webhook sms"}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	if f.Queue().Len() != 1 {
		t.Errorf("%d wait to be sent", f.Queue().Len())
	}
	if _, err := w.Remind(t.Context(), "C-1", nil, begin.Add(time.Hour+outbox.Pause-1)); !errors.Is(err, outbox.ErrReminded) {
		t.Errorf("at once again: %v", err)
	}
	push(act(3, "grid-1"))
	if err := w.Catch(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := one()
	if !m.Handling.Equal(begin.Add(3*time.Minute)) || m.Done != (time.Time{}) {
		t.Fatalf("%+v", m)
	}
	if _, err := w.Remind(t.Context(), "C-1", nil, begin.Add(5*time.Hour)); !errors.Is(err, outbox.ErrConfirmed) {
		t.Errorf("after the receipt: %v", err)
	}
	// What links and mails are signed with stays over a restart.
	token, id := f.Token("sms"), f.MailID(m.ID)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	defer again.Close()
	if got, ok := again.Signed(token); !ok || got != "sms" || again.MailID(m.ID) != id || again.MailID("x") == id {
		t.Errorf("%q %v %s", got, ok, again.MailID(m.ID))
	}
	other := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	defer other.Close()
	if _, ok := other.Signed(token); ok || other.MailID(m.ID) == id {
		t.Error("another city takes the link for its own")
	}
}
