package profile

import (
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
)

// Notice is what a text of a notice may name. It holds nothing personal.
type Notice struct {
	Case string
	// Action is the title of what happened, State that of where the case stands now, in the language of the text.
	Action, State  string
	Class, Address string
	// About is class and address, as far as they are there; Text fills it in.
	About string
	// Due is when the next clock ends, in words, empty for none; Link is where the case is seen.
	Due, Link string
}

// Notices are the texts of notices by what happened.
type Notices struct {
	texts map[string]map[string]pair
}

type pair struct{ subject, text *template.Template }

// reminds is the event of reminders to whoever gave no receipt.
const reminds = "remind"

// usual is the key of the texts for what has none of its own.
const usual = "default"

// Text is what a notice of an action, or of a mark of a clock, says in a language: Chinese where there is no text in
// that one.
func (n *Notices) Text(event, lang string, about *Notice) (subject, text string) {
	by := n.texts[event]
	if by == nil {
		by = n.texts[usual]
	}
	p, ok := by[lang]
	if !ok {
		p = by["zh"]
	}
	said := *about
	comma := map[bool]string{true: "，", false: ", "}[lang != "en"]
	said.About = strings.Join(slices.DeleteFunc([]string{about.Class, about.Address}, func(s string) bool { return s == "" }), comma)
	return fill(p.subject, &said), fill(p.text, &said)
}

func fill(t *template.Template, about *Notice) string {
	var b strings.Builder
	if err := t.Execute(&b, about); err != nil {
		return about.Case // tried when the profile was read
	}
	return strings.TrimSpace(b.String())
}

// noticeFile is notices.toml.
type noticeFile struct {
	Texts map[string]noticeRow `toml:"texts"`
}

type noticeRow struct {
	Subject data.Title `toml:"subject"`
	Text    data.Title `toml:"text"`
}

// notices reads the texts: those of the base with those of nearer profiles in their place.
func (l *loader) notices(p *Profile) {
	p.Notices = &Notices{texts: map[string]map[string]pair{}}
	files := l.all("notices.toml")
	if len(files) == 0 {
		l.nearest("notices.toml")
		return
	}
	for _, f := range slices.Backward(files) {
		var doc noticeFile
		if err := rows.Decode(f.name, f.text, &doc); err != nil {
			l.add(err)
			continue
		}
		for _, id := range rows.Keys(&f.Source, "texts", doc.Texts) {
			row := doc.Texts[id]
			if !l.tells(p, id) {
				l.add(f.fault("texts."+id, id, "is neither an action of the process nor a mark of a clock, nor %s", usual))
			}
			p.Notices.texts[id] = l.pairs(f, id, &row)
		}
	}
	if p.Notices.texts[usual] == nil {
		l.add(files[0].fault("texts", "", "has no %s: the texts for what has none of its own", usual))
	}
}

// tells reports whether something of a name happens.
func (l *loader) tells(p *Profile, id string) bool {
	if id == usual || id == reminds || p.Process == nil || p.Timing.Rules == nil {
		return true
	}
	if _, ok := p.Process.Action(id); ok {
		return true
	}
	for i := range p.Timing.Rules.Clocks {
		for j := range p.Timing.Rules.Clocks[i].Marks {
			if p.Timing.Rules.Clocks[i].Marks[j].Kind == id {
				return true
			}
		}
	}
	return false
}

func (l *loader) pairs(f *file, id string, row *noticeRow) map[string]pair {
	out := map[string]pair{}
	parse := func(field, lang, text string) *template.Template {
		t, err := template.New(id).Option("missingkey=error").Parse(text)
		if err == nil {
			err = t.Execute(&strings.Builder{}, &Notice{})
		}
		if err != nil {
			l.add(f.fault("texts."+id+"."+field, text, "%s: %s", lang, err.Error()))
			return template.Must(template.New(id).Parse(""))
		}
		return t
	}
	langs := slices.Sorted(maps.Keys(row.Text))
	for _, lang := range []string{"zh", "en"} {
		if !slices.Contains(langs, lang) || row.Subject[lang] == "" {
			l.add(f.fault("texts."+id, "", "needs subject and text in %s", lang))
		}
	}
	for _, lang := range langs {
		out[lang] = pair{parse("subject", lang, row.Subject[lang]), parse("text", lang, row.Text[lang])}
	}
	return out
}
