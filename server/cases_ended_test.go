package server

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// TestCaseOfAnEndedUnit ends the unit that has a case: its people see nothing of it any more, and whoever dispatches takes it back
// and gives it to another unit. While the unit is there nobody takes a case from it.
func TestCaseOfAnEndedUnit(t *testing.T) {
	for _, state := range []string{"assigned", "handling"} {
		t.Run(state, func(t *testing.T) {
			o := working(t, "base", nil)
			id := o.begin("operator", "report", `{"source":"hotline","description":"x",`+here+`}`).ID
			o.act(id, "operator", "accept", "", "accepted")
			o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
			o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
			if state == "handling" {
				o.act(id, "water-hand", "take", "", "handling")
			}
			offered := func() (allowed, told bool) {
				for _, of := range read[caseView](t, o.get("dispatcher", "/v1/cases/"+id)).Offers {
					if of.Action == "recall" {
						return of.Allowed, true
					}
				}
				return false, false
			}
			if p := o.refuse(id, "dispatcher", "recall", `{"reason":"x"}`, "guard"); !strings.Contains(p.Detail, "the unit that has the case has ended") || !strings.Contains(p.Refusal.Reason["zh"], "已撤销") {
				t.Errorf("%+v", p)
			}
			if allowed, told := offered(); allowed || !told {
				t.Errorf("offered before: %v, %v", allowed, told)
			}
			o.put(data.Tx{Changes: []data.Change{record(t, people.Organisation{ID: "water", Title: data.Title{"zh": "自来水", "en": "Water"}, Level: "department", Parent: "district", Retired: o.clockNow().Add(-time.Hour)})}})
			if a := o.do("POST", "/v1/cases/"+id+"/actions", as("water-hand"), body("annotate", `{"note":"x"}`)); a.status != 403 && a.status != 404 {
				t.Errorf("whoever worked there: %d %s", a.status, a.body)
			}
			if allowed, told := offered(); !allowed || !told {
				t.Errorf("offered after: %v, %v", allowed, told)
			}
			if a := o.get("dispatcher", "/v1/cases/"+id); !strings.Contains(a.body, "自来水") {
				t.Errorf("the unit is called no name any more: %s", a.body)
			}
			c := o.act(id, "dispatcher", "recall", `{"reason":"单位撤销"}`, "registered")
			for _, clock := range c.Clocks {
				if clock.Clock == "dispatch" && clock.State != "running" || clock.Clock == "handle" && clock.State == "running" {
					t.Errorf("%+v", clock)
				}
			}
			if !slices.Contains(o.inbox("dispatcher"), id) {
				t.Error("it waits for nobody")
			}
			o.refuse(id, "dispatcher", "dispatch", `{"unit":"water"}`, "field-wrong")
			o.act(id, "dispatcher", "dispatch", `{"unit":"grid"}`, "assigned")
		})
	}
}
