package sensor

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
)

// Side is which values are too much.
type Side string

// Above is for values of at least a threshold, Below for values of at most one.
const (
	Above Side = "above"
	Below Side = "below"
)

// Rule says which readings raise a matter. It is immutable.
type Rule struct {
	ID    string
	Title data.Title
	// Reading is the name of the readings, Unit the unit in which they must come.
	Reading, Unit string
	// Layers are those of the parts that have such sensors, Classes beginnings of the codes of classes of the parts; none is all.
	Layers, Classes []string
	// A value that is on Side of Raise raises, one that is not on Side of Clear is over it: Clear lies on the other side of
	// Raise, or is the same.
	Side         Side
	Raise, Clear float64
	// So many readings in a row must be on the side, the last of them at least For after the first. Gap is how far apart two
	// readings of a row may be; 0 is any time.
	Count    int
	For, Gap time.Duration
	// Pause is the time that must be between the beginnings of two matters of a part.
	Pause time.Duration
	// Class is that of the case that begins. Action is by which it begins, Note by which it is told that it is over; empty tells
	// nothing.
	Class        *cases.Class
	Action, Note string

	words, over map[string]*template.Template
	// language is that of the texts that the rule makes.
	language string
}

// Rules are those of a city, with what readings may be. They are immutable.
type Rules struct {
	Rules []Rule
	// Ahead is how far the time of a reading may be ahead of the clock of the city, Behind how far behind.
	Ahead, Behind time.Duration
	// History is how many readings of a sensor are kept.
	History int
}

// Words are what a text about a reading may name.
type Words struct {
	// Rule is the title of the rule, Part the code of the part or its id, Layer the layer.
	Rule, Part, Layer string
	// Value is the value with its unit, Threshold the one that it passed; At is when, in the zone of the city.
	Value, Threshold, At string
	// Readings is how many in a row, Lasting since when, in words.
	Readings int
	Lasting  string
}

// file is sensors.toml.
type file struct {
	// Language is zh or en: of the texts that come into cases.
	Language *string `toml:"language"`
	Limits   struct {
		Ahead   string `toml:"ahead"`
		Behind  string `toml:"behind"`
		History *int   `toml:"history"`
	} `toml:"limits"`
	Rules map[string]ruleRow `toml:"rules"`
}

type ruleRow struct {
	Title   data.Title `toml:"title"`
	Reading string     `toml:"reading"`
	Unit    string     `toml:"unit"`
	Layers  []string   `toml:"layers"`
	Classes []string   `toml:"classes"`
	Above   *float64   `toml:"above"`
	Below   *float64   `toml:"below"`
	Clear   *float64   `toml:"clear"`
	Count   *int       `toml:"count"`
	For     string     `toml:"for"`
	Gap     string     `toml:"gap"`
	Pause   string     `toml:"pause"`
	Class   *classRow  `toml:"class"`
	Action  *string    `toml:"action"`
	Note    *string    `toml:"note"`
	Text    data.Title `toml:"text"`
	Over    data.Title `toml:"over"`
	Off     bool       `toml:"off"`
}

type classRow struct {
	Kind string `toml:"kind"`
	Code string `toml:"code"`
	Row  string `toml:"row"`
}

// Bounds of rules.
const (
	mostRules   = 200
	mostCount   = 1000
	mostSpan    = 30 * 24 * time.Hour
	mostHistory = 1000
)

// Layer is a file of rules with its text. Those that override come last.
type Layer struct{ File, Text string }

// Parse reads rules that are laid over each other by their ids: a row takes the place of the one below it as a whole, and
// `off = true` takes one away. The error is a *rows.Error or several joined.
func Parse(layers ...Layer) (*Rules, error) {
	p := &parser{src: &rows.Source{}, out: &Rules{Ahead: 5 * time.Minute, Behind: 24 * time.Hour, History: 24}, rules: map[string]*Rule{}, language: "zh"}
	for _, l := range layers {
		p.read(l)
	}
	for _, id := range p.order {
		if r := p.rules[id]; r != nil {
			p.out.Rules = append(p.out.Rules, *r)
		}
	}
	units := map[string]*Rule{}
	for i := range p.out.Rules {
		r := &p.out.Rules[i]
		r.language = p.language
		if other := units[r.Reading]; other != nil && other.Unit != r.Unit {
			p.fault("rules."+r.ID, "unit", r.Unit, "differs from that of rule %s about the same readings, %s", other.ID, other.Unit)
		}
		units[r.Reading] = r
	}
	if len(p.out.Rules) > mostRules {
		p.fault("", "rules", strconv.Itoa(len(p.out.Rules)), "there may be %d", mostRules)
	}
	if len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	return p.out, nil
}

type parser struct {
	src    *rows.Source
	out    *Rules
	rules  map[string]*Rule
	order  []string
	faults []error
	// language is that of the layer read last which names one.
	language string
}

func (p *parser) fault(row, field, value, format string, args ...any) {
	p.faults = append(p.faults, p.src.Fault(row, field, value, format, args...))
}

func (p *parser) read(l Layer) {
	p.src = &rows.Source{}
	p.src.Read(l.File, l.Text)
	var doc file
	if err := rows.Decode(l.File, l.Text, &doc); err != nil {
		p.faults = append(p.faults, err)
		return
	}
	if l := doc.Language; l != nil {
		if p.language = *l; *l != "zh" && *l != "en" {
			p.fault("", "language", *l, "must be zh or en: the language of the texts that come into cases")
		}
	}
	p.span("limits", "ahead", doc.Limits.Ahead, &p.out.Ahead)
	p.span("limits", "behind", doc.Limits.Behind, &p.out.Behind)
	if h := doc.Limits.History; h != nil {
		if p.out.History = *h; *h < 1 || *h > mostHistory {
			p.fault("limits", "history", strconv.Itoa(*h), "must be 1 to %d readings", mostHistory)
		}
	}
	for _, id := range rows.Keys(p.src, "rules", doc.Rules) {
		row := doc.Rules[id]
		if row.Off {
			if p.rules[id] == nil {
				p.fault("rules."+id, "off", "true", "there is no such rule below")
			}
			p.rules[id] = nil
			continue
		}
		if !slices.Contains(p.order, id) {
			p.order = append(p.order, id)
		}
		p.rules[id] = p.rule(id, &row)
	}
}

// span reads a duration; without one what stands there stays.
func (p *parser) span(row, field, text string, into *time.Duration) {
	if text == "" {
		return
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > mostSpan {
		p.fault(row, field, text, "must be a time such as 90s, 15m or 24h, at most %d days", mostSpan/(24*time.Hour))
		return
	}
	*into = d
}

func (p *parser) rule(id string, row *ruleRow) *Rule {
	at := "rules." + id
	r := &Rule{
		ID: id, Title: row.Title, Reading: row.Reading, Unit: row.Unit, Layers: row.Layers, Classes: row.Classes, Count: 1, Action: "report", Note: "annotate",
		words: map[string]*template.Template{}, over: map[string]*template.Template{},
	}
	if !validID(id) {
		p.fault(at, "", id, "must be an id of lower-case letters, digits and -, at most 40")
	}
	for _, lang := range []string{"zh", "en"} {
		if row.Title[lang] == "" {
			p.fault(at, "title", "", "has no %s", lang)
		}
		if row.Text[lang] == "" {
			p.fault(at, "text", "", "has no %s", lang)
		}
	}
	if !ValidName(row.Reading) {
		p.fault(at, "reading", row.Reading, "must be a name of lower-case letters, digits and _, at most 40, such as water_level")
	}
	if row.Unit == "" || len(row.Unit) > maxUnit {
		p.fault(at, "unit", row.Unit, "must be the unit of the readings, such as m, %% or ppm; 1 for a value without one")
	}
	for _, name := range row.Layers {
		if !data.ValidName(name) {
			p.fault(at, "layers", name, "must be names of layers")
		}
	}
	p.thresholds(at, r, row)
	if row.Count != nil {
		if r.Count = *row.Count; r.Count < 1 || r.Count > mostCount {
			p.fault(at, "count", strconv.Itoa(r.Count), "must be 1 to %d readings in a row", mostCount)
		}
	}
	p.span(at, "for", row.For, &r.For)
	p.span(at, "gap", row.Gap, &r.Gap)
	p.span(at, "pause", row.Pause, &r.Pause)
	if r.For > 0 && r.Gap == 0 {
		p.fault(at, "gap", "", "must say how far apart readings may be: two readings a day apart say nothing of the time between")
	}
	if c := row.Class; c != nil {
		if r.Class = (&cases.Class{Kind: c.Kind, Code: c.Code, Row: c.Row}); c.Kind != "part" && c.Kind != "event" || c.Code == "" {
			p.fault(at, "class", c.Kind+" "+c.Code, "must have the kind, part or event, and the code of a class")
		}
	}
	if row.Action != nil {
		if r.Action = *row.Action; r.Action == "" {
			p.fault(at, "action", "", "must be an action by which cases begin")
		}
	}
	if row.Note != nil {
		r.Note = *row.Note
	}
	p.texts(at, "text", row.Text, r.words)
	over := row.Over
	if over == nil {
		over = data.Title{"zh": "{{.Rule}}：{{.At}} 读数 {{.Value}}，已恢复（阈值 {{.Threshold}}）", "en": "{{.Rule}}: over at {{.At}} with {{.Value}} (threshold {{.Threshold}})"}
	}
	p.texts(at, "over", over, r.over)
	return r
}

func (p *parser) thresholds(at string, r *Rule, row *ruleRow) {
	switch {
	case row.Above != nil && row.Below != nil:
		p.fault(at, "below", fmt.Sprint(*row.Below), "stands beside above: a rule has one of them")
	case row.Above != nil:
		r.Side, r.Raise = Above, *row.Above
	case row.Below != nil:
		r.Side, r.Raise = Below, *row.Below
	default:
		p.fault(at, "above", "", "must be the value from which on it raises, or below the one down from which")
		return
	}
	if r.Clear = r.Raise; row.Clear != nil {
		r.Clear = *row.Clear
	}
	for field, v := range map[string]float64{string(r.Side): r.Raise, "clear": r.Clear} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			p.fault(at, field, fmt.Sprint(v), "must be a number")
			return
		}
	}
	if r.Side == Above && r.Clear > r.Raise || r.Side == Below && r.Clear < r.Raise {
		p.fault(at, "clear", fmt.Sprint(r.Clear), "lies beyond the value that raises, %v: it would be over and not at once", r.Raise)
	}
}

func (p *parser) texts(at, field string, texts data.Title, into map[string]*template.Template) {
	for lang, text := range texts {
		t, err := template.New(lang).Option("missingkey=error").Parse(text)
		if err == nil {
			err = t.Execute(&strings.Builder{}, &Words{})
		}
		if err != nil {
			p.fault(at, field, text, "%s: %v", lang, err)
			continue
		}
		into[lang] = t
	}
}

// Text is what is said of a reading that raises, or with over of one that is over it, in the language of the rules.
func (r *Rule) Text(over bool, about func(lang string) *Words) string {
	texts := r.words
	if over {
		texts = r.over
	}
	lang := r.language
	if texts[lang] == nil {
		lang = "zh"
		if texts[lang] == nil {
			lang = "en"
		}
	}
	t := texts[lang]
	if t == nil {
		return ""
	}
	var b strings.Builder
	if err := t.Execute(&b, about(lang)); err != nil { // tried when the rule was read
		return ""
	}
	return strings.TrimSpace(b.String())
}

// Of reports whether a rule is about a reading of a part.
func (r *Rule) Of(name, layer, class string) bool {
	return r.Reading == name && (len(r.Layers) == 0 || slices.Contains(r.Layers, layer)) &&
		(len(r.Classes) == 0 || class != "" && slices.ContainsFunc(r.Classes, func(c string) bool { return strings.HasPrefix(class, c) }))
}

// passes reports whether a value raises, ends whether it is over.
func (r *Rule) passes(v float64) bool {
	if r.Side == Below {
		return v <= r.Raise
	}
	return v >= r.Raise
}

func (r *Rule) ends(v float64) bool {
	if r.Side == Below {
		return v > r.Clear
	}
	return v < r.Clear
}

const (
	maxName = 40
	maxUnit = 20
)

// ValidName reports whether a reading may be called so.
func ValidName(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' })
}

func validID(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' })
}
