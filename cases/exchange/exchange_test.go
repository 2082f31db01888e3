package exchange_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/exchange"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
)

func peer(id string) *exchange.Peer {
	p := exchange.Standard()
	p.ID, p.Title, p.URL, p.Organisation = id, data.Title{"zh": "市平台"}, "https://city.example/v1/exchange/east", "org-"+id
	p.Secrets = [][]byte{bytes.Repeat([]byte{7}, 32)}
	return &p
}

// event is the next of a case, with as much as the exchange asks for.
func event(n int, action, unit string, via *cases.Via) *cases.Event {
	e := &cases.Event{Case: "C1", Number: n, At: time.Date(2026, 11, 2, 9, n, 0, 0, time.UTC), Action: action, From: "s", To: "s", Via: via, Form: cases.Form{Unit: unit}}
	if n == 1 {
		e.From, e.Process = "", &cases.ProcessRef{Name: "base", Version: 1}
	}
	if unit != "" {
		e.Unit = process.Set
	}
	return e
}

// TestTold sees who is told what, event by event.
func TestTold(t *testing.T) {
	by := func(p, kind string) *cases.Via { return &cases.Via{Peer: p, Kind: kind, Number: 1} }
	type step struct {
		action, unit string
		via          *cases.Via
		want         exchange.Kind // for peer city; empty for nothing
	}
	for name, steps := range map[string][]step{
		"came from there": {
			{"report", "", by("city", "hand"), ""},
			{"accept", "", nil, "progress"},
			{"annotate", "", nil, ""},
			{"press", "", by("city", "press"), ""},
			{"feedback", "", nil, "progress"},
			{"close", "", nil, "result"},
			{"reopen", "", by("city", "return"), ""},
			{"void", "", nil, "refuse"},
		},
		"is not handed back": {{"report", "", by("city", "hand"), ""}, {"dispatch", "org-city", nil, "progress"}},
		"went there": {
			{"report", "", nil, ""},
			{"press", "", nil, ""},
			{"dispatch", "org-city", nil, "hand"},
			{"take", "", by("city", "progress"), ""},
			{"press", "", nil, "press"},
			{"inspect-fail", "", nil, "return"},
			{"close", "", nil, "close"},
		},
		"to somebody else": {{"report", "", nil, ""}, {"dispatch", "org-water", nil, ""}, {"close", "", nil, ""}},
		"refused, then to somebody else": {
			{"report", "", nil, ""},
			{"dispatch", "org-city", nil, "hand"},
			{"refuse", "", by("city", "refuse"), ""},
			{"press", "", nil, ""},
			{"dispatch", "org-water", nil, ""},
			{"close", "", nil, ""},
		},
		"taken away":        {{"report", "", nil, ""}, {"dispatch", "org-city", nil, "hand"}, {"dispatch", "org-water", nil, ""}, {"close", "", nil, ""}},
		"there once more":   {{"report", "", nil, ""}, {"dispatch", "org-city", nil, "hand"}, {"refuse", "", by("city", "refuse"), ""}, {"dispatch", "org-city", nil, "return"}, {"close", "", nil, "close"}},
		"from a third side": {{"report", "", by("province", "hand"), ""}, {"dispatch", "org-city", nil, "hand"}, {"press", "", by("province", "press"), "press"}},
		"its number":        {{"report", "", nil, ""}, {"dispatch", "org-city", nil, "hand"}, {cases.Numbers, "", by("city", ""), ""}, {cases.Tells, "", nil, ""}},
	} {
		p := peer("city")
		var events []*cases.Event
		for i, s := range steps {
			events = append(events, event(i+1, s.action, s.unit, s.via))
			kind, told := p.Told(events)
			if told != (s.want != "") || told && kind != s.want {
				t.Errorf("%s: after %s it is told %q (%v), want %q", name, s.action, kind, told, s.want)
			}
		}
	}
}

// secretWords stand in every member of an event that says who somebody is.
const secretWords = "NOBODY"

// fillIn writes a word into every text that it finds.
func fillIn(v reflect.Value, word string) {
	if v.Kind() == reflect.String {
		v.SetString(word)
	}
	if v.Kind() == reflect.Struct {
		for _, field := range v.Fields() {
			if field.CanSet() {
				fillIn(field, word)
			}
		}
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		fillIn(v.Elem(), word)
	}
	if v.Kind() == reflect.Slice {
		one := reflect.New(v.Type().Elem()).Elem()
		fillIn(one, word)
		v.Set(reflect.Append(v, one))
	}
}

// TestComposedMessagesTellNobody has a case whose every text is a secret, but for what messages are to tell: no message of any
// kind has one of the others.
func TestComposedMessagesTellNobody(t *testing.T) {
	var form cases.Form
	fillIn(reflect.ValueOf(&form).Elem(), secretWords)
	form.Fields = map[string]string{"phone": secretWords}
	told := func(f *cases.Form) {
		f.Description, f.Address, f.Reason, f.Note, f.Source = "words", "street", "because", "note", "hotline"
		f.Class = &cases.Class{Edition: "e", Kind: "part", Code: "0102", Row: secretWords}
		f.Point = &cases.Position{Lon: 116, Lat: 39, CRS: secretWords}
		f.Before, f.After, f.Voice, f.Quantity, f.External, f.Unit = nil, nil, nil, nil, nil, ""
	}
	told(&form)
	actor := cases.Actor{Person: secretWords, Organisation: secretWords, Post: secretWords}
	first := event(1, "report", "", nil)
	first.Form, first.Actor, first.Key, first.Digest = form, actor, secretWords, secretWords
	last := event(2, "dispatch", "org-city", nil)
	last.Form, last.Actor = form, actor
	last.Form.Unit = "org-city"
	for _, kind := range exchange.Kinds() {
		m, err := exchange.Compose(peer("city"), kind, []*cases.Event{first, last}, 0, "me", time.Time{}, exchange.Words{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(m)
		if err != nil || strings.Contains(string(text), secretWords) {
			t.Errorf("%s: %v %s", kind, err, text)
		}
		if kind == exchange.Hand && (m.Description != "words" || m.Class.Code != "0102" || !slices.Equal(m.Trail, []string{"me"})) {
			t.Errorf("%s: %s", kind, text)
		}
	}
}

// TestResultHasWhatWasDoneSince takes the pictures and words since the case came, or was given back.
func TestResultHasWhatWasDoneSince(t *testing.T) {
	file := func(name string) []cases.File {
		return []cases.File{{Hash: strings.Repeat(name, 64), Type: "image/jpeg", Size: 1}}
	}
	via := func(kind string, n int) *cases.Via { return &cases.Via{Peer: "city", Kind: kind, Number: n} }
	events := []*cases.Event{
		event(1, "report", "", via("hand", 3)), event(2, "feedback", "", nil), event(3, "close", "", nil), event(4, "reopen", "", via("return", 9)),
		event(5, "feedback", "", nil), event(6, "inspect-pass", "", nil), event(7, "close", "", nil),
	}
	events[1].Form = cases.Form{After: file("a"), Note: "first"}
	events[4].Form = cases.Form{After: file("b"), Note: "second", Quantity: []cases.Quantity{{Number: 2, Unit: "m"}}}
	events[5].Form = cases.Form{After: file("c"), Note: "what the check says stays here"}
	m, err := exchange.Compose(peer("city"), exchange.Result, events, 6, "me", time.Time{}, exchange.Words{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range m.Files {
		names = append(names, f.SHA256[:1])
	}
	slices.Sort(names)
	if m.Text != "second" || !slices.Equal(names, []string{"b", "c"}) || len(m.Quantity) != 1 || m.Number != 7 || m.After != 6 {
		t.Errorf("%+v", m)
	}
	if m, err = exchange.Compose(peer("city"), exchange.Result, events[:3], 2, "me", time.Time{}, exchange.Words{}); err != nil || m.Text != "first" || len(m.Files) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestCheckOfMessages refuses what cannot be, by the field.
func TestCheckOfMessages(t *testing.T) {
	good := func() *exchange.Message {
		return &exchange.Message{Version: 1, Kind: exchange.Hand, Case: "SZ-1", Number: 2, Description: "words", Files: []exchange.File{{Field: "before", Content: []byte("x")}}}
	}
	if err := good().Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*exchange.Message){
		"version":         func(m *exchange.Message) { m.Version = 2 },
		"kind":            func(m *exchange.Message) { m.Kind = "sing" },
		"case":            func(m *exchange.Message) { m.Case = "" },
		"number":          func(m *exchange.Message) { m.Number = 0 },
		"after":           func(m *exchange.Message) { m.After = 1 },
		"description":     func(m *exchange.Message) { m.Description = "" },
		"text":            func(m *exchange.Message) { m.Text = "\xff" },
		"yours":           func(m *exchange.Message) { m.Yours = strings.Repeat("x", 201) },
		"class":           func(m *exchange.Message) { m.Class = &cases.Class{} },
		"point":           func(m *exchange.Message) { m.Point = &cases.Position{Lon: 500} },
		"trail":           func(m *exchange.Message) { m.Trail = make([]string, 9) },
		"files":           func(m *exchange.Message) { m.Files = make([]exchange.File, 21) },
		"files.0.field":   func(m *exchange.Message) { m.Files[0].Field = "beside" },
		"files.0.content": func(m *exchange.Message) { m.Files[0].Content = nil },
		"files.0.sha256":  func(m *exchange.Message) { m.Files[0].SHA256 = strings.Repeat("0", 64) },
		"quantity":        func(m *exchange.Message) { m.Quantity = make([]cases.Quantity, 21) },
	} {
		m := good()
		change(m)
		f, ok := errors.AsType[*data.FieldError](m.Check())
		if !ok || f.Field != want {
			t.Errorf("%s: %+v", want, f)
		}
	}
}

// TestSum recognises a message though the sender learned meanwhile what the other side calls the case.
func TestSum(t *testing.T) {
	m := exchange.Message{Version: 1, Kind: exchange.Press, Case: "1", Number: 2, Text: "hurry"}
	sum := m.Sum()
	m.Yours, m.State = "N-7", data.Title{"en": "anything"}
	if m.Sum() != sum {
		t.Error("what was learned counts")
	}
	for _, change := range []func(*exchange.Message){
		func(m *exchange.Message) { m.Text = "wait" }, func(m *exchange.Message) { m.After = 1 },
		func(m *exchange.Message) { m.Files = []exchange.File{{Content: []byte("x")}} },
	} {
		other := m
		if change(&other); other.Sum() == sum {
			t.Errorf("%+v is taken for the same", other)
		}
	}
}

// TestBook keeps peers over a restart, in a file that nobody else reads, and refuses those that cannot be.
func TestBook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peers.json")
	b, err := exchange.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"west", "city", "east"} {
		if err := b.Put(*peer(id)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Remove("west"); err != nil {
		t.Fatal(err)
	}
	if err := b.Remove("west"); !errors.Is(err, exchange.ErrUnknown) {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	again, err := exchange.Open(path)
	if err != nil || again.Self() != b.Self() || len(again.Peers()) != 2 || again.Peers()[0].ID != "city" {
		t.Fatalf("%+v, %v", again, err)
	}
	if p, err := again.Peer("east"); err != nil || !bytes.Equal(p.Secrets[0], peer("east").Secrets[0]) {
		t.Errorf("%+v, %v", p, err)
	}
	for want, change := range map[string]func(*exchange.Peer){
		"id":                func(p *exchange.Peer) { p.ID = "East" },
		"title":             func(p *exchange.Peer) { p.Title = nil },
		"url":               func(p *exchange.Peer) { p.URL = "http://city.example/" },
		"secrets":           func(p *exchange.Peer) { p.Secrets = nil },
		"secret":            func(p *exchange.Peer) { p.Secrets = [][]byte{[]byte("short")} },
		"organisation":      func(p *exchange.Peer) { p.Organisation = "org-east" },
		"post":              func(p *exchange.Peer) { p.Post = "" },
		"source":            func(p *exchange.Peer) { p.Source = "市" },
		"begin":             func(p *exchange.Peer) { p.Begin = "do this" },
		"may":               func(p *exchange.Peer) { p.May = []exchange.Kind{"sing"} },
		"theirs.send.close": func(p *exchange.Peer) { p.Theirs.Send = map[string]exchange.Kind{"close": "hand"} },
		"ours.receive.result": func(p *exchange.Peer) {
			p.Ours.Receive = map[exchange.Kind][]exchange.Step{"result": {"by"}, "close": nil}
		},
		"theirs.receive.return": func(p *exchange.Peer) { p.Theirs.Receive = map[exchange.Kind][]exchange.Step{"return": {"a b c"}} },
	} {
		p := peer("north")
		change(p)
		f, ok := errors.AsType[*data.FieldError](again.Put(*p))
		if want == "ours.receive.result" {
			if ok {
				t.Errorf("an action that is called by: %v", f)
			}
			continue
		}
		if !ok || f.Field != want {
			t.Errorf("%s: %+v", want, f)
		}
	}
	for _, text := range []string{"{", `{"version":2,"self":"x","peers":[]}`, `{"version":1,"self":"","peers":[]}`, `{"version":1,"self":"x","more":1}`, `{"version":1,"self":"x","peers":[{"id":"a"}]}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := exchange.Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestFormat reads the example of docs/formats/peers.md, and writes it as it is there.
func TestFormat(t *testing.T) {
	text, err := os.ReadFile("../../docs/formats/peers.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```json peers\n")
	example, _, also := strings.Cut(rest, "```")
	path := filepath.Join(t.TempDir(), "peers.json")
	if !ok || !also || os.WriteFile(path, []byte(example), 0o600) != nil {
		t.Fatal("there is no example")
	}
	b, err := exchange.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Put(b.Peers()[0]); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(path); err != nil || string(again) != example {
		t.Errorf("%v\n%s", err, again)
	}
}

// shelf is a case, and a log that takes everything.
type shelf struct{ one *cases.Case }

func (s shelf) Case(_ context.Context, id string) (*cases.Case, error) {
	if s.one == nil || id != s.one.ID {
		return nil, cases.ErrNoCase
	}
	return s.one, nil
}

// TestGuard refuses to hand a case over to where it came from, and nothing else.
func TestGuard(t *testing.T) {
	b, err := exchange.Open(filepath.Join(t.TempDir(), "peers.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"city", "east"} {
		if err := b.Put(*peer(id)); err != nil {
			t.Fatal(err)
		}
	}
	first := event(1, "report", "", &cases.Via{Peer: "city", Kind: "hand", Number: 1})
	first.Form.External = []cases.External{{System: "city", ID: "SZ-1"}}
	c, err := cases.Fold(first)
	if err != nil {
		t.Fatal(err)
	}
	log := &taker{}
	g := exchange.Guard(b, shelf{c}, log)
	for unit, refused := range map[string]bool{"org-city": true, "org-east": false, "org-water": false, "": false} {
		before := log.n
		_, err := g.Append(t.Context(), []*cases.Event{event(2, "dispatch", unit, nil)})
		f, is := errors.AsType[*data.FieldError](err)
		if is != refused || is && (f.Field != "unit" || !strings.Contains(f.Why, "SZ-1")) || (log.n == before) != refused {
			t.Errorf("%q: %v, %d written", unit, err, log.n-before)
		}
	}
	if _, err := exchange.Guard(b, shelf{}, log).Append(t.Context(), []*cases.Event{event(1, "dispatch", "org-city", nil)}); err != nil {
		t.Errorf("a new case: %v", err)
	}
}

type taker struct{ n int }

func (l *taker) Append(context.Context, []*cases.Event) (data.Seq, error) {
	l.n++
	return 1, nil
}

// TestForm fits what a message says into the fields of a step; what has none is said in the note.
func TestForm(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	all := func(cases.Class) bool { return true }
	none := func(cases.Class) bool { return false }
	m := &exchange.Message{
		Version: 1, Kind: exchange.Hand, Case: "SZ-1", Number: 1, Description: "words", Address: "street", Text: "please", Private: true, Due: now.Add(time.Hour),
		Class: &cases.Class{Edition: "e", Kind: "part", Code: "0102"}, Point: &cases.Position{Lon: 116, Lat: 39},
		Files: []exchange.File{{Field: "before", Content: []byte("x")}, {Field: "after", URL: "https://city.example/1.jpg"}},
	}
	kept := map[int]cases.File{0: {Hash: "h"}}
	report := &process.Step{Require: []string{"source", "description"}, Optional: []string{"class", "point", "address", "before", "note"}}
	f := m.Form(peer("city"), report, kept, all, now)
	if f.Source != "platform" || f.Description != "words" || f.Class == nil || f.Point == nil || len(f.Before) != 1 || !f.Private || !f.Until.IsZero() ||
		!slices.Equal(f.External, []cases.External{{System: "city", ID: "SZ-1"}}) || !strings.Contains(f.Note, "please") || !strings.Contains(f.Note, "https://city.example/1.jpg") || !strings.Contains(f.Note, "2026-11-02T10:00:00Z") {
		t.Errorf("%+v", f)
	}
	if f = m.Form(peer("city"), report, kept, none, now); f.Class != nil || !strings.Contains(f.Note, "0102") {
		t.Errorf("%+v", f)
	}
	bare := m.Form(peer("city"), &process.Step{Require: []string{"description"}}, kept, all, now)
	if len(bare.Filled()) != 1 || bare.Note != "" {
		t.Errorf("%v", bare.Filled())
	}
	back := &exchange.Message{Version: 1, Kind: exchange.Return, Case: "SZ-1", Number: 2, State: data.Title{"zh": "处置中"}}
	if f = back.Form(peer("city"), &process.Step{Require: []string{"reason"}}, nil, all, now); !strings.Contains(f.Reason, "处置中") {
		t.Errorf("%+v", f)
	}
}

// FuzzMessage reads anything: what passes the check is composed into a form that cases take.
func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"version":1,"kind":"hand","case":"SZ-1","number":1,"description":"x","point":{"lon":116,"lat":39},"class":{"code":"0102"},"files":[{"field":"before","content":"eA=="}]}`))
	f.Add([]byte(`{"version":1,"kind":"return","case":"SZ-1","number":7,"after":3,"text":"again","due":"2026-11-05T18:00:00+08:00"}`))
	step := &process.Step{Optional: []string{"source", "description", "address", "point", "class", "quantity", "before", "after", "voice", "reason", "note", "until"}}
	f.Fuzz(func(t *testing.T, text []byte) {
		var m exchange.Message
		if json.Unmarshal(text, &m) != nil || m.Check() != nil {
			return
		}
		sum := m.Sum()
		form := m.Form(peer("city"), step, nil, func(cases.Class) bool { return true }, time.Time{})
		if err := form.Check(); err != nil {
			if f, ok := errors.AsType[*data.FieldError](err); !ok || f.Field == "note" || f.Field == "reason" || f.Field == "external" {
				t.Fatalf("%v of %s", err, text)
			}
		}
		if m.Sum() != sum {
			t.Fatal("the message was changed")
		}
	})
}
