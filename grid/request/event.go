package request

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
)

// Kind says what happened to a request.
type Kind string

// The kinds of events.
const (
	KindReport   Kind = "report"
	KindSurvey   Kind = "survey"
	KindOpinion  Kind = "opinion"
	KindDraft    Kind = "draft"
	KindWithdraw Kind = "withdraw"
)

// Event is one thing that happened to a request. Besides Kind, By and At it has what its kind says.
type Event struct {
	Kind Kind `json:"event"`
	// By refers to who did it, as account:ID, staff:ID, or what the operator of the machine is called; never a name of whoever
	// reported.
	By string    `json:"by"`
	At time.Time `json:"at"`

	Report  *Report  `json:"report,omitempty"`
	Survey  *Survey  `json:"survey,omitempty"`
	Opinion *Opinion `json:"opinion,omitempty"`
	// Draft is the id of a draft that was begun, Instead that of an earlier one that is gone.
	Draft   string `json:"draft,omitempty"`
	Instead string `json:"instead,omitempty"`
	// Words say why a request was withdrawn.
	Words string `json:"words,omitempty"`
}

// Report says which cells are unsuitable, and why.
type Report struct {
	Scheme string `json:"scheme"`
	// Cells are codes of the scheme, as it was when this was reported.
	Cells  []string `json:"cells"`
	Reason string   `json:"reason"`
	// Proposal says what would be better, in words; Sketch shows it, as a GeoJSON geometry.
	Proposal string          `json:"proposal,omitempty"`
	Sketch   json.RawMessage `json:"sketch,omitempty"`
}

// Survey is what somebody found who looked at the place. From here on the departments that then were named decide, by the rule
// that then counted.
type Survey struct {
	Findings    string   `json:"findings"`
	Departments []string `json:"departments"`
	Rule        Rule     `json:"rule"`
	// Cells are those that are really concerned, when they differ from the report's.
	Cells []string `json:"cells,omitempty"`
}

// Opinion is that of one department.
type Opinion struct {
	Department string `json:"department"`
	Agree      bool   `json:"agree"`
	Words      string `json:"words,omitempty"`
}

// Rule says how opinions become a decision, once all departments have spoken.
type Rule string

// The rules.
const (
	// All accepts what every department agrees to: any refusal refuses.
	All Rule = "all"
	// Majority accepts what more than half of the departments agree to.
	Majority Rule = "majority"
)

// Known reports whether r is a rule.
func (r Rule) Known() bool { return r == All || r == Majority }

// Bounds of events.
const (
	// MaxCells bounds the cells of one request.
	MaxCells = 100
	// MaxDepartments bounds those who decide.
	MaxDepartments = 16
	// MaxWords bounds each text, in characters.
	MaxWords = 4000
	// MaxOpen bounds the requests about one cell that are not decided yet.
	MaxOpen = 20
)

// Charter is what a city says of requests.
type Charter struct {
	// Departments are the organisations that decide together, by id. Without any nothing can be decided.
	Departments []string
	// Rule is how; empty is [All].
	Rule Rule
	// Public lets those report who are not logged in.
	Public bool
}

// Check sees that the charter holds. The error is a *data.FieldError.
func (c *Charter) Check() error {
	if c.Rule != "" && !c.Rule.Known() {
		return &data.FieldError{Field: "rule", Value: string(c.Rule), Why: "must be all or majority"}
	}
	return departments(c.Departments)
}

func departments(ids []string) error {
	if len(ids) > MaxDepartments {
		return &data.FieldError{Field: "departments", Value: strconv.Itoa(len(ids)), Why: fmt.Sprintf("are more than %d", MaxDepartments)}
	}
	for i, id := range ids {
		if err := data.CheckID(id); err != nil || slices.Contains(ids[:i], id) {
			return &data.FieldError{Field: "departments", Value: id, Why: "must be ids of organisations, each once"}
		}
	}
	return nil
}

// What names a person beyond doubt: addresses of mail, numbers of mobile telephones and of identity cards. Records are never
// erased, so that such words do not come in. Codes of cells have 15 digits and do.
var personal = regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}` +
	`|(?:^|\D)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?:\D|$)` +
	`|(?:^|\D)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?:\D|$)`)

// words checks a text; its value is in no error, since that may be what must not be kept.
func words(field, text string, needed string) error {
	switch {
	case text == "" && needed != "":
		return &data.FieldError{Field: field, Why: needed}
	case !utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxWords:
		return &data.FieldError{Field: field, Why: fmt.Sprintf("must be valid text of at most %d characters", MaxWords)}
	case personal.MatchString(text):
		return &data.FieldError{Field: field, Why: "holds an address of mail, a telephone or an identity card number: who is meant must not stand in a request, which is never erased"}
	}
	return nil
}

func cells(codes []string, needed bool) error {
	if needed && len(codes) == 0 {
		return &data.FieldError{Field: "cells", Why: "names no cell"}
	}
	if len(codes) > MaxCells {
		return &data.FieldError{Field: "cells", Value: strconv.Itoa(len(codes)), Why: fmt.Sprintf("are more than %d", MaxCells)}
	}
	for i, code := range codes {
		if code == "" || len(code) > data.MaxIDBytes || slices.Contains(codes[:i], code) {
			return &data.FieldError{Field: "cells", Value: code, Why: "must be codes of cells, each once"}
		}
	}
	return nil
}

// Check sees that an event can be kept, whatever came before it. The error is a *data.FieldError.
func (e *Event) Check() error {
	if e.By == "" || len(e.By) > data.MaxIDBytes || !utf8.ValidString(e.By) {
		return &data.FieldError{Field: "by", Value: e.By, Why: "must say who acts"}
	}
	has := map[Kind]bool{KindReport: e.Report != nil, KindSurvey: e.Survey != nil, KindOpinion: e.Opinion != nil, KindDraft: e.Draft != "", KindWithdraw: e.Kind == KindWithdraw}
	if !has[e.Kind] {
		return &data.FieldError{Field: "event", Value: string(e.Kind), Why: "is no event, or lacks what it is about"}
	}
	switch e.Kind {
	case KindReport:
		return e.Report.check()
	case KindSurvey:
		return e.Survey.check()
	case KindOpinion:
		needed := ""
		if !e.Opinion.Agree {
			needed = "must say why the department refuses"
		}
		return words("words", e.Opinion.Words, needed)
	case KindWithdraw:
		return words("words", e.Words, "")
	case KindDraft:
	}
	return nil
}

func (r *Report) check() error {
	if r.Scheme == "" {
		return &data.FieldError{Field: "scheme", Why: "must be the name of a scheme"}
	}
	if err := cells(r.Cells, true); err != nil {
		return err
	}
	if err := words("reason", r.Reason, "must say why the cells are unsuitable"); err != nil {
		return err
	}
	return words("proposal", r.Proposal, "")
}

func (s *Survey) check() error {
	if err := words("findings", s.Findings, "must say what was found"); err != nil {
		return err
	}
	if !s.Rule.Known() {
		return &data.FieldError{Field: "rule", Value: string(s.Rule), Why: "must be all or majority"}
	}
	if err := cells(s.Cells, false); err != nil {
		return err
	}
	return departments(s.Departments)
}
