package cases

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// appendTell is [AppendEvent] for an event that tells marks and has nothing beside them, in the same bytes and a quarter of the
// time: a sweep writes a hundred thousand at once. told is false for every other event.
func appendTell(dst []byte, e *Event) (b []byte, told bool, err error) {
	rest := *e
	rest.Case, rest.Number, rest.At, rest.Actor, rest.Action, rest.Key = "", 0, time.Time{}, Actor{}, "", ""
	rest.From, rest.To, rest.Final, rest.Told, rest.Notify = "", "", false, nil, nil
	if e.Action != Tells || len(e.Told) == 0 || !reflect.ValueOf(&rest).Elem().IsZero() {
		return nil, false, nil
	}
	if dst == nil {
		dst = make([]byte, 0, 512)
	}
	w := tellWriter{b: dst}
	w.text(`{"v":1,"case":`, e.Case)
	w.number(`,"number":`, e.Number)
	w.instant(`,"at":`, e.At)
	w.b = append(w.b, `,"actor":{`...)
	w.some(`"person":`, e.Actor.Person, `,`)
	w.some(`"organisation":`, e.Actor.Organisation, `,`)
	w.text(`"post":`, e.Actor.Post)
	w.text(`},"action":`, e.Action)
	w.some(`,"key":`, e.Key, ``)
	w.some(`,"from":`, e.From, ``)
	w.text(`,"to":`, e.To)
	if e.Final {
		w.b = append(w.b, `,"final":true`...)
	}
	w.b = append(w.b, `,"told":[`...)
	for i := range e.Told {
		w.mark(&e.Told[i], i > 0)
	}
	w.b = append(w.b, ']')
	if len(e.Notify) > 0 {
		w.b = append(w.b, `,"notify":[`...)
		for i, n := range e.Notify {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			w.text(``, string(n))
		}
		w.b = append(w.b, ']')
	}
	return append(w.b, '}'), true, w.err
}

// tellWriter appends members of JSON objects.
type tellWriter struct {
	b   []byte
	err error
}

func (w *tellWriter) mark(m *Mark, more bool) {
	if more {
		w.b = append(w.b, ',')
	}
	w.text(`{"clock":`, m.Clock)
	w.text(`,"key":`, m.Key)
	if m.Generation != 0 {
		w.number(`,"generation":`, m.Generation)
	}
	w.some(`,"kind":`, m.Kind, ``)
	if m.Level != 0 {
		w.number(`,"level":`, m.Level)
	}
	w.instant(`,"at":`, m.At)
	w.b = append(w.b, '}')
}

// text appends a name and a text.
func (w *tellWriter) text(name, s string) {
	w.b = append(w.b, name...)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			b, err := json.Marshal(s)
			w.b = append(w.b, b...)
			w.err = err
			return
		}
	}
	w.b = append(w.b, '"')
	w.b = append(w.b, s...)
	w.b = append(w.b, '"')
}

// some appends a text that is not empty.
func (w *tellWriter) some(name, s, after string) {
	if s != "" {
		w.text(name, s)
		w.b = append(w.b, after...)
	}
}

func (w *tellWriter) number(name string, n int) {
	w.b = strconv.AppendInt(append(w.b, name...), int64(n), 10)
}

func (w *tellWriter) instant(name string, t time.Time) {
	w.b = append(append(w.b, name...), '"')
	var err error
	if w.b, err = t.AppendText(w.b); err != nil {
		w.err = err
	}
	w.b = append(w.b, '"')
}
