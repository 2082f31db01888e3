package request

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func report(by string) *Event {
	return &Event{Kind: KindReport, By: by, At: noon, Report: &Report{Scheme: "unit", Cells: []string{"A"}, Reason: "the river runs through it"}}
}

func survey(by string, rule Rule, departments ...string) *Event {
	return &Event{Kind: KindSurvey, By: by, At: noon, Survey: &Survey{Findings: "it does", Rule: rule, Departments: departments}}
}

func opinion(by, department string, agree bool) *Event {
	return &Event{Kind: KindOpinion, By: by, At: noon, Opinion: &Opinion{Department: department, Agree: agree, Words: "because"}}
}

// reasonOf is why an event is refused, empty when it is not.
func reasonOf(t *testing.T, err error) Reason {
	t.Helper()
	if err == nil {
		return ""
	}
	if r, ok := errors.AsType[*RefusalError](err); ok {
		if title := r.Reason.Title(); r.Why == "" || r.Field == "" || title["zh"] == "" || title["en"] == "" {
			t.Errorf("%+v says not what stands in the way", r)
		}
		return r.Reason
	}
	t.Fatalf("no refusal: %v", err)
	return ""
}

// TestEveryEventInEveryState writes down what each event meets in each state.
func TestEveryEventInEveryState(t *testing.T) {
	reached := map[State][]*Event{
		"":        {},
		Reported:  {report("r")},
		Surveyed:  {report("r"), survey("s", All, "x", "y"), opinion("1", "x", true)},
		Accepted:  {report("r"), survey("s", All, "x"), opinion("1", "x", true)},
		Refused:   {report("r"), survey("s", All, "x"), opinion("1", "x", false)},
		Drafted:   {report("r"), survey("s", All, "x"), opinion("1", "x", true), {Kind: KindDraft, By: "p", At: noon, Draft: "D"}},
		Withdrawn: {report("r"), {Kind: KindWithdraw, By: "r", At: noon}},
	}
	next := map[string]*Event{
		"report": report("r"), "survey": survey("s", All, "x"), "survey of nobody": survey("s", All), "opinion": opinion("2", "y", true),
		"opinion of a stranger": opinion("2", "z", true), "opinion again": opinion("2", "x", true), "opinion of one who spoke": opinion("1", "y", true),
		"opinion of the reporter": opinion("r", "y", true), "draft": {Kind: KindDraft, By: "p", At: noon, Draft: "E"},
		"draft instead": {Kind: KindDraft, By: "p", At: noon, Draft: "E", Instead: "D"}, "draft in place of another": {Kind: KindDraft, By: "p", At: noon, Draft: "E", Instead: "C"},
		"withdraw": {Kind: KindWithdraw, By: "r", At: noon},
	}
	all := func(r Reason, but map[string]Reason) map[string]Reason {
		out := map[string]Reason{}
		for name := range next {
			out[name] = r
		}
		maps.Copy(out, but)
		return out
	}
	want := map[State]map[string]Reason{
		"": all(NotReported, map[string]Reason{"report": ""}),
		Reported: all(NotSurveyed, map[string]Reason{
			"report": IsReported, "survey": "", "survey of nobody": NoDepartments, "draft": NotAccepted, "draft instead": NotAccepted, "draft in place of another": NotAccepted, "withdraw": "",
		}),
		Surveyed: all(NotAccepted, map[string]Reason{
			"report": IsReported, "survey": IsSurveyed, "survey of nobody": IsSurveyed, "opinion": "", "opinion of a stranger": NotNamed, "opinion again": HasSpoken,
			"opinion of one who spoke": SpokeElsewhere, "opinion of the reporter": OwnRequest, "withdraw": "",
		}),
		Accepted:  all(IsDecided, map[string]Reason{"report": IsReported, "draft": "", "draft instead": NotAccepted, "draft in place of another": NotAccepted}),
		Refused:   all(IsDecided, map[string]Reason{"report": IsReported, "draft": NotAccepted, "draft instead": NotAccepted, "draft in place of another": NotAccepted}),
		Drafted:   all(IsDecided, map[string]Reason{"report": IsReported, "draft": HasDraft, "draft instead": "", "draft in place of another": HasDraft}),
		Withdrawn: all(IsWithdrawn, map[string]Reason{"report": IsReported}),
	}
	for state, events := range reached {
		var q *Request
		if len(events) > 0 {
			var err error
			if q, err = Fold("Q", events); err != nil || q.State != state {
				t.Fatal(state, q, err)
			}
		}
		for name, e := range next {
			before, _ := json.Marshal(q)
			_, err := q.After(e)
			if got := reasonOf(t, err); got != want[state][name] {
				t.Errorf("%s in state %q: %q instead of %q", name, state, got, want[state][name])
			}
			if after, _ := json.Marshal(q); string(before) != string(after) {
				t.Errorf("%s in state %q has changed the request", name, state)
			}
		}
	}
}

// TestFoldIsTheState has random events meet a request, and keeps books of its own: what departments have said, in a map. The
// request is what its events, read back from JSON, make of it; nothing is decided before all have spoken, and nothing follows
// an end.
func TestFoldIsTheState(t *testing.T) {
	departments := []string{"a", "b", "c", "d"}
	rapid.Check(t, func(t *rapid.T) {
		var q *Request
		var kept []*Event
		said := map[string]bool{}
		voices := map[string]bool{}
		var named []string
		var rule Rule
		withdrawn, drafted := false, ""
		for range rapid.IntRange(1, 25).Draw(t, "events") {
			by := rapid.SampledFrom([]string{"1", "2", "3", "4", "5"}).Draw(t, "by")
			e := &Event{Kind: rapid.SampledFrom([]Kind{KindReport, KindSurvey, KindOpinion, KindOpinion, KindOpinion, KindDraft, KindWithdraw}).Draw(t, "kind"), By: by, At: noon}
			switch e.Kind {
			case KindReport:
				e.Report = report("").Report
			case KindSurvey:
				n := rapid.IntRange(0, 4).Draw(t, "n")
				e.Survey = &Survey{Findings: "f", Rule: rapid.SampledFrom([]Rule{All, Majority}).Draw(t, "rule"), Departments: departments[:n]}
			case KindOpinion:
				e.Opinion = &Opinion{Department: rapid.SampledFrom(departments).Draw(t, "department"), Agree: rapid.Bool().Draw(t, "agree"), Words: "w"}
			case KindDraft:
				e.Draft, e.Instead = rapid.SampledFrom([]string{"D", "E"}).Draw(t, "draft"), rapid.SampledFrom([]string{"", "D", "E"}).Draw(t, "instead")
			case KindWithdraw:
			}
			// the oracle
			agree := 0
			for _, yes := range said {
				if yes {
					agree++
				}
			}
			complete := len(named) > 0 && len(said) == len(named)
			accepted := complete && (agree == len(named) || rule == Majority && 2*agree > len(named))
			var may bool
			switch e.Kind {
			case KindReport:
				may = q == nil
			case KindSurvey:
				may = q != nil && !withdrawn && named == nil && len(e.Survey.Departments) > 0
			case KindOpinion:
				_, spoken := said[e.Opinion.Department]
				may = q != nil && !withdrawn && !complete && slices.Contains(named, e.Opinion.Department) && !spoken && !voices[by] && by != q.Reported.By
			case KindDraft:
				may = accepted && e.Instead == drafted && e.Draft != drafted
			case KindWithdraw:
				may = q != nil && !withdrawn && !complete
			}
			next, err := q.After(e)
			if may != (err == nil) {
				t.Fatalf("%+v after %d events: %v, and the books say %v", e, len(kept), err, may)
			}
			if err != nil {
				continue
			}
			kept, q = append(kept, e), next
			switch e.Kind {
			case KindReport:
			case KindSurvey:
				named, rule = e.Survey.Departments, e.Survey.Rule
			case KindOpinion:
				said[e.Opinion.Department], voices[by] = e.Opinion.Agree, true
			case KindDraft:
				drafted = e.Draft
			case KindWithdraw:
				withdrawn = true
			}
		}
		if q == nil {
			return
		}
		var again []*Event
		for _, e := range kept {
			text, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			back := &Event{}
			if err := json.Unmarshal(text, back); err != nil {
				t.Fatal(err)
			}
			again = append(again, back)
		}
		folded, err := Fold("", again)
		if err != nil || !reflect.DeepEqual(folded, q) {
			t.Fatalf("%v\n%+v\n%+v", err, folded, q)
		}
	})
}

// TestMajority decides with three departments.
func TestMajority(t *testing.T) {
	for yes, want := range []State{Refused, Refused, Accepted, Accepted} {
		events := []*Event{report("r"), survey("s", Majority, "a", "b", "c")}
		for i, d := range []string{"a", "b", "c"} {
			if q, err := Fold("Q", events); err != nil || q.State != Surveyed {
				t.Fatal(q, err)
			}
			events = append(events, opinion(d, d, i < yes))
		}
		if q, err := Fold("Q", events); err != nil || q.State != want {
			t.Errorf("%d of 3: %v %v", yes, q, err)
		}
	}
}

// TestWrongByItself refuses what cannot be kept, whatever came before, and names the field.
func TestWrongByItself(t *testing.T) {
	long := strings.Repeat("字", MaxWords+1)
	many := make([]string, MaxCells+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	with := func(change func(*Event)) *Event {
		e := report("r")
		change(e)
		return e
	}
	for field, list := range map[string][]*Event{
		"by":       {report(""), report(strings.Repeat("x", data.MaxIDBytes+1))},
		"event":    {{Kind: "promise", By: "x"}, {Kind: KindSurvey, By: "x"}, {Kind: KindDraft, By: "x"}, {By: "x"}},
		"scheme":   {with(func(e *Event) { e.Report.Scheme = "" })},
		"cells":    {with(func(e *Event) { e.Report.Cells = nil }), with(func(e *Event) { e.Report.Cells = many }), with(func(e *Event) { e.Report.Cells = []string{"A", "A"} }), with(func(e *Event) { e.Report.Cells = []string{""} })},
		"reason":   {with(func(e *Event) { e.Report.Reason = "" }), with(func(e *Event) { e.Report.Reason = long }), with(func(e *Event) { e.Report.Reason = "\xff" }), with(func(e *Event) { e.Report.Reason = "ring 138 1234 5678 please" }), with(func(e *Event) { e.Report.Reason = "ask li@example.org" }), with(func(e *Event) { e.Report.Reason = "身份证11010119900307123X" })},
		"proposal": {with(func(e *Event) { e.Report.Proposal = long })},
		"words":    {{Kind: KindOpinion, By: "x", Opinion: &Opinion{Department: "a"}}, {Kind: KindWithdraw, By: "x", Words: long}},
		"findings": {survey("s", All, "x"), survey("s", All, "x")},
		"rule":     {survey("s", "loudest", "x")},
	} {
		for i, e := range list {
			if field == "findings" {
				e.Survey.Findings = []string{"", long}[i]
			}
			err := e.Check()
			if f, ok := errors.AsType[*data.FieldError](err); !ok || f.Field != field || f.Why == "" {
				t.Errorf("%s %d: %v", field, i, err)
			}
		}
	}
	if err := with(func(e *Event) { e.Report.Reason = "网格110101001001008被大街分开" }).Check(); err != nil {
		t.Errorf("the code of a cell is no number of a person: %v", err)
	}
	if err := (&Charter{Departments: []string{"a", "a"}}).Check(); err == nil {
		t.Error("a department twice")
	}
}
