package exchange

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
)

// Form is what a message fills in at a step. Kept are its files as they are kept here, by their place in the message; known
// reports whether there is a class. What the step has no field for is said in the note, as far as that is for people.
func (m *Message) Form(p *Peer, step *process.Step, kept map[int]cases.File, known func(cases.Class) bool, now time.Time) cases.Form {
	has := func(field string) bool {
		return slices.Contains(step.Require, field) || slices.Contains(step.Optional, field)
	}
	f := cases.Form{Quantity: m.Quantity}
	var notes []string
	if m.Kind == Hand {
		f.Source = cmp.Or(m.Source, p.Source)
		f.Description, f.Address, f.Point, f.Private = m.Description, m.Address, m.Point, m.Private
		f.External = []cases.External{{System: p.ID, ID: m.Case}}
		switch class := m.Class; {
		case class == nil:
		case has("class") && known(*class):
			f.Class = &cases.Class{Edition: class.Edition, Kind: class.Kind, Code: class.Code}
		default:
			notes = append(notes, strings.Join(strings.Fields("对方类别 their class: "+class.Edition+" "+class.Kind+" "+class.Code), " "))
		}
	}
	words := cmp.Or(m.Text, m.words())
	switch {
	case has("reason"):
		f.Reason = words
	case m.Text != "" || m.Kind != Hand:
		notes = slices.Insert(notes, 0, words)
	}
	if !m.Due.IsZero() {
		notes = append(notes, "对方要求完成时间 wanted until: "+m.Due.Format(time.RFC3339))
		if has("until") && m.Due.After(now) {
			f.Until = m.Due
		}
	}
	for i := range m.Files {
		one := &m.Files[i]
		file, ok := kept[i]
		into := map[string]*[]cases.File{"before": &f.Before, "after": &f.After, "voice": &f.Voice}[one.Field]
		switch {
		case !ok:
			notes = append(notes, "附件 file: "+cmp.Or(one.URL, one.SHA256))
		case has(one.Field):
			*into = append(*into, file)
		case has("before"):
			f.Before = append(f.Before, file)
		}
	}
	if has("note") {
		f.Note = clip(strings.Join(notes, "\n"), cases.MaxText)
	}
	for field, drop := range map[string]func(){
		"address": func() { f.Address = "" }, "point": func() { f.Point = nil }, "quantity": func() { f.Quantity = nil },
		"description": func() { f.Description = "" }, "source": func() { f.Source = "" },
	} {
		if !has(field) {
			drop()
		}
	}
	return f
}

// words are what a message without a text says.
func (m *Message) words() string {
	name := map[Kind]string{
		Hand: "交办 handed over", Progress: "进展 progress", Result: "处置结果 result", Refuse: "退回 refused", Return: "要求重新办理 to be done again",
		Press: "督办 pressed", Close: "对方结案 closed on the other side", Attach: "补充材料 more about it",
	}[m.Kind]
	words := []string{name}
	for _, t := range []map[string]string{m.Action, m.State} {
		if text := strings.TrimSpace(t["zh"] + " " + t["en"]); text != "" {
			words = append(words, clip(text, 200))
		}
	}
	return strings.Join(words, "：")
}

func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
