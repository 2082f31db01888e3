package titles_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework/titles"
)

const rules = `
[[clock]]
name = "accept"
title = { zh = "受理", en = "Acceptance" }
limit = "1 work_hour"
[[clock.mark]]
kind = "overdue"
title = { zh = "超时", en = "Overdue" }
share = 1
[[clock.mark]]
kind = "alert"
level = 1
share = 1
`

// TestTitles names what an event names, and leaves out what nobody knows.
func TestTitles(t *testing.T) {
	parsed, err := clock.ParseRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	names := &titles.Names{
		Directory: &people.Directory{}, Rules: parsed,
		Field: func(id string) (*process.Field, bool) {
			return &process.Field{ID: id, Title: data.Title{"zh": "满意度"}, Choices: []process.Name{{ID: "no", Title: data.Title{"zh": "不满意"}}}}, id == "satisfied"
		},
		Class: func(c cases.Class) data.Title { return data.Title{"zh": "井盖" + c.Code} },
	}
	for name, tc := range map[string]struct {
		form cases.Form
		want *titles.Titles
	}{
		"nothing":      {cases.Form{Note: "x"}, nil},
		"unknown":      {cases.Form{Unit: "gone", Person: "S-1", Fields: map[string]string{"old": "1"}}, nil},
		"class":        {cases.Form{Class: &cases.Class{Code: "01"}}, &titles.Titles{Class: data.Title{"zh": "井盖01"}}},
		"field":        {cases.Form{Fields: map[string]string{"satisfied": "no", "old": "1"}}, &titles.Titles{Fields: map[string]data.Title{"satisfied": {"zh": "满意度"}}, Choices: map[string]data.Title{"satisfied": {"zh": "不满意"}}}},
		"other choice": {cases.Form{Fields: map[string]string{"satisfied": "perhaps"}}, &titles.Titles{Fields: map[string]data.Title{"satisfied": {"zh": "满意度"}}}},
	} {
		if got := names.Of(&tc.form); !cmp.Equal(got, tc.want) {
			t.Errorf("%s: %s", name, cmp.Diff(tc.want, got))
		}
	}
	told := names.Told([]cases.Mark{{Clock: "accept", Key: "overdue", Kind: "overdue"}, {Clock: "accept", Key: "alert1", Kind: "alert", Level: 1}, {Clock: "gone", Key: "overdue", Kind: "overdue"}})
	if len(told) != 3 || told[0].Title["zh"] != "受理：超时" || told[0].Title["en"] != "Acceptance: Overdue" || told[1].Title != nil || told[2].Title != nil {
		t.Errorf("%+v", told)
	}
}
