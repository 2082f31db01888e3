package version

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/records"
)

// State is how far a draft has come.
type State string

// The states. A draft that was published may wait for its day, see [Header.Of].
const (
	Open      State = "draft"
	Checked   State = "checked"
	Approved  State = "approved"
	Planned   State = "planned"
	Published State = "published"
)

// Sign says who did something, when, and with which words.
type Sign struct {
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Note string    `json:"note,omitempty"`
}

// Header is the record of a draft; its steps are records of their own. It is immutable.
type Header struct {
	ID     string `json:"id"`
	Scheme string `json:"scheme"`
	Title  string `json:"title,omitempty"`
	// Author is the person, by account; Created when the draft was made.
	Author  string    `json:"author"`
	Created time.Time `json:"created"`
	// Hands are all who did a step.
	Hands []string `json:"hands,omitempty"`
	// Base is the city that the draft began with, Version the number of the version then in force.
	Base    data.Seq `json:"base"`
	Version int      `json:"version"`
	// Rule fixed what kept the cells of the base from being a coverage; Order belongs to it.
	Rule  coverage.Rule `json:"rule,omitempty"`
	Order []string      `json:"order,omitempty"`
	// LeastArea and LeastWidth are what no cell may fall below, in square metres and metres.
	LeastArea  float64 `json:"least_area_m2,omitempty"`
	LeastWidth float64 `json:"least_width_m,omitempty"`
	State      State   `json:"state"`
	// Steps are those that are kept, of which Done are done; the others were undone.
	Steps int `json:"steps"`
	Done  int `json:"done"`
	// Codes says how codes were assigned when the draft was checked.
	Codes Codes `json:"codes,omitempty"`
	// Checked, Approved and Rejected are the newest of each; Rejected is none after a check.
	Checked  *Sign `json:"checked,omitempty"`
	Approved *Sign `json:"approved,omitempty"`
	Rejected *Sign `json:"rejected,omitempty"`
	// Published is the number of the version that the draft became, or will become.
	Published int `json:"published,omitempty"`
	// From is the version that the draft takes back, 0 for none.
	From int `json:"from,omitempty"`
	// Request is the change request that the draft answers, empty for none.
	Request string `json:"request,omitempty"`
}

// Of is the state of a draft in a World: a publication may wait, and may have failed or been withdrawn since.
func (h *Header) Of(w *index.World) State {
	if h.State != Published {
		return h.State
	}
	v, ok := Find(w, h.Scheme, h.Published)
	if !ok {
		return Published
	}
	switch v.State(w) {
	case Waiting:
		return Planned
	case Failed, Withdrawn:
		return Approved
	default:
		return Published
	}
}

// Record is a version of a scheme as the log has it. It is immutable.
type Record struct {
	Scheme string `json:"scheme"`
	Number int    `json:"number"`
	Title  string `json:"title,omitempty"`
	// Effective is when the version takes effect.
	Effective time.Time `json:"effective"`
	// Plan is the publication that waits, or waited, for that time; empty when it was published at once.
	Plan string `json:"plan,omitempty"`
	// Draft is what it was, empty for the version that was there before any draft.
	Draft     string `json:"draft,omitempty"`
	Author    string `json:"author,omitempty"`
	Approved  *Sign  `json:"approved,omitempty"`
	Published *Sign  `json:"published,omitempty"`
	// From is the version that it takes back to, 0 for none.
	From int `json:"from,omitempty"`
	// Cells are all, the others those that came, changed and ended with it.
	Cells   int `json:"cells"`
	Created int `json:"created"`
	Changed int `json:"changed"`
	Ended   int `json:"ended"`
	// Tables is the number of records of lineage.
	Tables int `json:"tables,omitempty"`
	seq    data.Seq
}

// Standing is how a version stands.
type Standing string

// The standings.
const (
	Waiting   Standing = "planned"
	Current   Standing = "current"
	Past      Standing = "history"
	Failed    Standing = "failed"
	Withdrawn Standing = "withdrawn"
)

// State is how the version stands in a World.
func (v *Record) State(w *index.World) Standing {
	switch s, _ := v.plan(w); s {
	case data.PlanPending:
		return Waiting
	case data.PlanFailed:
		return Failed
	case data.PlanCancelled:
		return Withdrawn
	case data.PlanDone:
	}
	if InForce(w, v.Scheme) != v.Number {
		return Past
	}
	return Current
}

// Reason says why a version failed.
func (v *Record) Reason(w *index.World) string {
	_, reason := v.plan(w)
	return reason
}

func (v *Record) plan(w *index.World) (data.PlanState, string) {
	if v.Plan == "" {
		return data.PlanDone, ""
	}
	p, ok := w.Plan(v.Plan)
	if !ok {
		return data.PlanDone, ""
	}
	return p.State, p.Reason
}

// Seq is the entry that recorded the version.
func (v *Record) Seq() data.Seq { return v.seq }

// Row says what became of a cell, or of an area of a level above.
type Row struct {
	// Level is that of areas, empty for cells.
	Level string `json:"level,omitempty"`
	Old   string `json:"old"`
	New   string `json:"new"`
	// Share is the part of the old cell's ground that the new one has; Weight that of its households, as far as known.
	Share  float64  `json:"share"`
	Weight *float64 `json:"weight,omitempty"`
}

// most rows stand in one record.
const rowsOfRecord = 4000

type lineageBody struct {
	Rows []Row `json:"rows"`
}

type markBody struct {
	// Highest is the greatest number that was ever given.
	Highest int `json:"highest"`
}

func put(kind, id string, body any, ifSeq *data.Seq) (data.Change, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return data.Change{}, err
	}
	c := (&data.Admin{Kind: kind, ID: id, Body: text}).Put()
	c.IfSeq = ifSeq
	return c, nil
}

// Put is the change that writes a header, when the newest has Seq before, 0 for none.
func (h *Header) Put(before data.Seq) (data.Change, error) {
	return put(data.AdminDraft, h.ID, h, &before)
}

func number(n int) string { return fmt.Sprintf("%06d", n) }

// StepID names a step of a draft; part 0 is the step itself, others hold what does not fit into it.
func StepID(draft string, n, part int) string {
	id := draft + "/" + number(n)
	if part > 0 {
		id += "/" + number(part)
	}
	return id
}

// RecordID names the record of a version.
func RecordID(scheme string, n int) string { return scheme + "/" + number(n) }

// LineageID names a table of lineage.
func LineageID(scheme string, n, table int) string { return RecordID(scheme, n) + "/" + number(table) }

// decoded is the body of a record, read once.
type decoded[T any] struct {
	value *T
	err   error
}

func read[T any](r *records.Record) (*T, error) {
	d := records.FromRecord(r, func() decoded[T] {
		v := new(T)
		err := json.Unmarshal(r.Body, v)
		return decoded[T]{v, err}
	})
	return d.value, d.err
}

// Drafts yields the drafts of a World in the order of their ids, with their Seqs. One that cannot be read is left out.
func Drafts(w *index.World) func(yield func(*Header, data.Seq) bool) {
	return func(yield func(*Header, data.Seq) bool) {
		for r := range w.Admin(data.AdminDraft) {
			if h, err := read[Header](r); err == nil && !yield(h, r.Seq) {
				return
			}
		}
	}
}

// Lookup finds a draft and the Seq of its newest record.
func Lookup(w *index.World, id string) (*Header, data.Seq, bool) {
	r, ok := w.Planning().Find(data.AdminDraft, id)
	if !ok {
		return nil, 0, false
	}
	h, err := read[Header](r)
	return h, r.Seq, err == nil
}

// Versions are the versions of a scheme, in the order of their numbers.
func Versions(w *index.World, scheme string) []*Record {
	var out []*Record
	for r := range w.Admin(data.AdminVersion) {
		if of, _, _ := strings.Cut(r.ID, "/"); of != scheme {
			continue
		}
		if v, err := read[Record](r); err == nil {
			known := *v
			known.seq = r.Seq
			out = append(out, &known)
		}
	}
	return out
}

// Find finds a version by its number.
func Find(w *index.World, scheme string, n int) (*Record, bool) {
	all := Versions(w, scheme)
	i := slices.IndexFunc(all, func(v *Record) bool { return v.Number == n })
	if i < 0 {
		return nil, false
	}
	return all[i], true
}

// InForce is the number of the version of a scheme that counts in a World, 0 without any.
func InForce(w *index.World, scheme string) int {
	n := 0
	var since time.Time
	for _, v := range Versions(w, scheme) {
		if s, _ := v.plan(w); s == data.PlanDone && !v.Effective.Before(since) {
			n, since = v.Number, v.Effective
		}
	}
	return n
}

// Upcoming is the version of a scheme whose publication waits, nil for none.
func Upcoming(w *index.World, scheme string) *Record {
	for _, v := range Versions(w, scheme) {
		if v.State(w) == Waiting {
			return v
		}
	}
	return nil
}

// Lineage are the rows of the tables of one version.
func Lineage(w *index.World, v *Record) ([]Row, error) {
	var out []Row
	for t := range v.Tables {
		r, ok := w.Planning().Find(data.AdminLineage, LineageID(v.Scheme, v.Number, t+1))
		if !ok {
			return nil, fmt.Errorf("table %d of version %d is missing", t+1, v.Number)
		}
		b, err := read[lineageBody](r)
		if err != nil {
			return nil, err
		}
		out = append(out, b.Rows...)
	}
	return out, nil
}

// MarkOf is the greatest number that publications ever gave behind a prefix in a scheme, and the Seq of its record.
func MarkOf(w *index.World, scheme, prefix string) (int, data.Seq) {
	r, ok := w.Planning().Find(data.AdminMark, scheme+"/"+prefix)
	if !ok {
		return 0, 0
	}
	b, err := read[markBody](r)
	if err != nil {
		return 0, r.Seq
	}
	return b.Highest, r.Seq
}

// ParseVersion reads the number of a version, with its scheme or without: "unit:3" or "3".
func ParseVersion(text string) (scheme string, n int, ok bool) {
	scheme, digits, both := strings.Cut(text, ":")
	if !both {
		scheme, digits = "", text
	}
	n, err := strconv.Atoi(digits)
	return scheme, n, err == nil && n > 0 && (!both || scheme != "")
}
