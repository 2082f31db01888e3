package route

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// Rules are the rules of a city in their order. They are immutable and safe for concurrent use.
type Rules struct {
	Rules []Rule
	// Levels are the levels of areas to which a case falls back, fine to coarse, after the cell.
	Levels []string
	// Last is the organisation that gets what nobody answers for.
	Last string
	// Ruling is the organisation, and RulingPost the post, that decides whose a disputed zone is.
	Ruling, RulingPost string
	// Zone is the time zone of hours.
	Zone *time.Location
}

// Rule says who gets the cases that it fits. Each condition that is given must hold; lists hold if one of them does.
type Rule struct {
	ID     string
	Reason data.Title

	// Classes are beginnings of class codes, Editions the editions of which they are; Kinds are part and event.
	Classes, Editions, Kinds []string
	Sources                  []string
	// Areas are where the matter is, Cells in which cells, as SCHEME/CODE.
	Areas []people.AreaKey
	Cells []people.CellRef
	// Layers are those of the first part, Owners the organisations that it belongs to.
	Layers, Owners []string
	// Levels are those of the unit that reports.
	Levels []string
	// Hours is a time of day, from–to in minutes, which may go over midnight; Days are days of the week.
	Hours *[2]int
	Days  []time.Weekday
	// Working demands that it is, or is not, working time.
	Working *bool

	// Organisation gets it; or Owner, the owner of the first part; or Role, whoever answers for the place in it.
	Organisation string
	Owner        bool
	Role         people.Role
	Post         string
	Limit        string
	Priority     int
	Automatic    bool
}

type (
	document struct {
		Zone     string             `toml:"zone"`
		Fallback fallbackRow        `toml:"fallback"`
		Disputed disputedRow        `toml:"disputed"`
		Rules    map[string]ruleRow `toml:"rules"`
	}
	fallbackRow struct {
		Levels       []string `toml:"levels"`
		Organisation string   `toml:"organisation"`
	}
	disputedRow struct {
		Organisation string `toml:"organisation"`
		Post         string `toml:"post"`
	}
	ruleRow struct {
		Reason       data.Title `toml:"reason"`
		Classes      []string   `toml:"classes"`
		Editions     []string   `toml:"editions"`
		Kinds        []string   `toml:"kinds"`
		Sources      []string   `toml:"sources"`
		Areas        []string   `toml:"areas"`
		Cells        []string   `toml:"cells"`
		Layers       []string   `toml:"layers"`
		Owners       []string   `toml:"owners"`
		Levels       []string   `toml:"levels"`
		Hours        string     `toml:"hours"`
		Days         []string   `toml:"days"`
		Working      *bool      `toml:"working"`
		To           string     `toml:"to"`
		Organisation string     `toml:"organisation"`
		Role         string     `toml:"role"`
		Post         string     `toml:"post"`
		Limit        string     `toml:"limit"`
		Priority     int        `toml:"priority"`
		Automatic    bool       `toml:"automatic"`
	}
)

var weekdays = map[string]time.Weekday{
	"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "fri": time.Friday,
	"sat": time.Saturday, "sun": time.Sunday,
}

// Parse reads rules from the text of a file. Posts are those that exist; whether organisations do is looked at when a rule
// is asked, since they come and go. The error is a *rows.Error or several joined.
func Parse(file, text string, posts []string) (*Rules, error) {
	var doc document
	if err := rows.Decode(file, text, &doc); err != nil {
		return nil, err
	}
	p := parser{posts: posts}
	p.from.Read(file, text)
	return p.rules(&doc)
}

type parser struct {
	from   rows.Source
	posts  []string
	faults []error
}

func (p *parser) fault(row, field, value, format string, args ...any) {
	p.faults = append(p.faults, p.from.Fault(row, field, value, format, args...))
}

func (p *parser) rules(doc *document) (*Rules, error) {
	out := &Rules{
		Levels: doc.Fallback.Levels, Last: doc.Fallback.Organisation, Ruling: doc.Disputed.Organisation, RulingPost: doc.Disputed.Post, Zone: time.UTC,
	}
	if doc.Zone != "" {
		zone, err := time.LoadLocation(doc.Zone)
		if err != nil {
			p.fault("", "zone", doc.Zone, "must be an IANA time zone such as Asia/Shanghai")
		} else {
			out.Zone = zone
		}
	}
	if out.Last == "" {
		p.fault("fallback", "organisation", "", "is missing: somebody must get what nobody answers for")
	}
	if out.Ruling == "" {
		p.fault("disputed", "organisation", "", "is missing: somebody must decide whose a disputed zone is")
	}
	p.post("disputed", out.RulingPost)
	ended := ""
	for _, id := range rows.Keys(&p.from, "rules", doc.Rules) {
		row := doc.Rules[id]
		r := p.rule(id, &row)
		if ended != "" {
			p.fault("rules."+id, "", id, "is never asked: %q before it fits every case", ended)
		}
		if ended == "" && r.fitsAll() {
			ended = id
		}
		out.Rules = append(out.Rules, r)
	}
	if len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	return out, nil
}

func (p *parser) post(row, post string) {
	if post != "" && !slices.Contains(p.posts, post) {
		p.fault(row, "post", post, "there is no such post")
	}
}

func (p *parser) rule(id string, row *ruleRow) Rule {
	at := "rules." + id
	r := Rule{
		ID: id, Reason: row.Reason, Classes: row.Classes, Editions: row.Editions, Kinds: row.Kinds, Sources: row.Sources, Layers: row.Layers,
		Owners: row.Owners, Levels: row.Levels, Working: row.Working, Organisation: row.Organisation, Role: people.Role(row.Role),
		Post: row.Post, Limit: row.Limit, Priority: row.Priority, Automatic: row.Automatic,
	}
	for _, lang := range []string{"zh", "en"} {
		if row.Reason[lang] == "" {
			p.fault(at, "reason", "", "has no %s: whoever gets the case is told why", lang)
		}
	}
	for _, kind := range row.Kinds {
		if kind != "part" && kind != "event" {
			p.fault(at, "kinds", kind, "must be part or event")
		}
	}
	for _, s := range row.Areas {
		level, code, ok := strings.Cut(s, "/")
		if !ok || level == "" || code == "" {
			p.fault(at, "areas", s, "must be LEVEL/CODE, as street/110101001")
		}
		r.Areas = append(r.Areas, people.AreaKey{Level: level, Code: code})
	}
	for _, s := range row.Cells {
		scheme, code, ok := strings.Cut(s, "/")
		if !ok || scheme == "" || code == "" {
			p.fault(at, "cells", s, "must be SCHEME/CODE, as unit/110101001001001")
		}
		r.Cells = append(r.Cells, people.CellRef{Scheme: scheme, Code: code})
	}
	for _, s := range row.Days {
		day, ok := weekdays[s]
		if !ok {
			p.fault(at, "days", s, "must be mon, tue, wed, thu, fri, sat or sun")
		}
		r.Days = append(r.Days, day)
	}
	if row.Hours != "" {
		hours, ok := parseHours(row.Hours)
		if !ok {
			p.fault(at, "hours", row.Hours, "must be HH:MM-HH:MM, as 22:00-06:00")
		}
		r.Hours = &hours
	}
	p.target(at, row, &r)
	p.post(at, row.Post)
	if row.Limit != "" && !process.ValidLimit(row.Limit) {
		p.fault(at, "limit", row.Limit, "must be a number above 0 and a unit, as %q", "2 work_day")
	}
	return r
}

func (p *parser) target(at string, row *ruleRow, r *Rule) {
	given := 0
	for _, is := range []bool{row.To != "", row.Organisation != "", row.Role != ""} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		p.fault(at, "organisation", row.Organisation, `says who gets the case, or else to = "owner", or role: one of the three`)
	case row.To != "" && row.To != "owner":
		p.fault(at, "to", row.To, "must be owner: the owner of the part")
	case row.Role != "" && !r.Role.Known():
		p.fault(at, "role", row.Role, "must be one of %v", people.Roles())
	}
	r.Owner = row.To == "owner"
}

func parseHours(s string) (out [2]int, ok bool) {
	from, to, ok := strings.Cut(s, "-")
	for i, part := range []string{from, to} {
		h, m, colon := strings.Cut(part, ":")
		hour, err1 := strconv.Atoi(h)
		minute, err2 := strconv.Atoi(m)
		if !ok || !colon || err1 != nil || err2 != nil || hour < 0 || hour > 24 || minute < 0 || minute > 59 || hour == 24 && minute > 0 || len(h) != 2 || len(m) != 2 {
			return out, false
		}
		out[i] = hour*60 + minute
	}
	return out, out[0] != out[1]
}

// fitsAll reports whether the rule fits whatever it is asked and always has a target.
func (r *Rule) fitsAll() bool {
	return len(r.Classes)+len(r.Editions)+len(r.Kinds)+len(r.Sources)+len(r.Areas)+len(r.Cells)+len(r.Layers)+len(r.Owners)+len(r.Levels)+len(r.Days) == 0 &&
		r.Hours == nil && r.Working == nil && !r.Owner && r.Role == ""
}
