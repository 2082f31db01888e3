package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMissingCover plays the first story of S1 over HTTP, each step by an account of its own.
func TestMissingCover(t *testing.T) {
	o := working(t, "dongcheng-2004", nil)
	c := o.begin("collector", "report", `{"source":"collector","description":"井盖丢失","class":{"kind":"part","code":"0101"},"before":`+photo(1)+`,`+here+`}`)
	if c.State != "submitted" || c.Version != 1 || len(c.Areas) != 2 || c.Duty == nil || c.Duty.Rule != "parts" || c.Due.IsZero() || c.Light != "green" {
		t.Fatalf("the case begins as %+v", c)
	}
	id := c.ID
	if got := o.inbox("operator"); !slices.Equal(got, []string{id}) {
		t.Errorf("the inbox of the operator: %v", got)
	}
	for _, who := range []string{"chief", "dispatcher", "water-hand", "collector"} {
		if got := o.inbox(who); len(got) != 0 {
			t.Errorf("the inbox of %s: %v", who, got)
		}
	}
	o.act(id, "operator", "accept", "", "accepted")
	o.refuse(id, "operator", "register", `{"class":{"kind":"part","code":"0101"}}`, "wrong-post")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0101","row":"1"}}`, "registered")
	o.refuse(id, "chief", "close", "", "not-here")
	o.refuse(id, "dispatcher", "dispatch", "", "field-missing")
	if p := o.refuse(id, "dispatcher", "dispatch", `{"unit":"sewage"}`, "field-wrong"); p.Field != "form.unit" || p.Value != "sewage" {
		t.Errorf("the fault is of %s: %s", p.Field, p.Value)
	}
	c = o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	if got := o.inbox("water-hand"); !slices.Equal(got, []string{id}) {
		t.Errorf("the inbox of the unit: %v", got)
	}
	if got := o.inbox("gas-hand"); len(got) != 0 {
		t.Errorf("the inbox of another unit: %v", got)
	}
	handle := ""
	for _, k := range c.Clocks {
		if k.Clock == "handle" && k.State == "running" && k.Due.Equal(c.Due) {
			handle = k.Limit
		}
	}
	if handle == "" {
		t.Errorf("the clock of handling: %+v", c.Clocks)
	}
	o.act(id, "water-hand", "take", "", "handling")
	o.refuse(id, "water-hand", "feedback", "", "field-missing") // the photo is missing
	o.act(id, "water-hand", "feedback", `{"after":`+photo(2)+`,"quantity":[{"number":1,"unit":"个"}]}`, "reported")
	o.act(id, "dispatcher", "pass", "", "to-inspect")
	c = o.act(id, "operator", "inspect-ask", `{"person":"collector"}`, "inspecting")
	if c.Task != "collector" {
		t.Errorf("the task is that of %q", c.Task)
	}
	if got := o.inbox("collector2"); len(got) != 0 {
		t.Errorf("the check waits for another collector: %v", got)
	}
	o.refuse(id, "collector2", "inspect-pass", `{"after":`+photo(3)+`}`, "guard")
	o.act(id, "collector", "inspect-pass", `{"after":`+photo(3)+`}`, "to-close")
	c = o.act(id, "chief", "close", "", "closed")
	if !c.Final || !c.Due.IsZero() {
		t.Errorf("at the end %+v", c)
	}
	events := read[struct {
		Events []struct {
			Number int
			Action string
			Title  map[string]string
			Actor  struct{ Name, Post string }
		}
	}](t, o.get("water-hand", "/v1/cases/"+id+"/events")).Events
	if len(events) != c.Version || events[3].Action != "dispatch" || events[3].Actor.Name != "钱派遣" || events[3].Title["zh"] != "派遣" {
		t.Errorf("events %+v", events)
	}
}

// TestRubbishByTheGate plays the second story of S1 over HTTP: words become a place, and the second report joins the first.
func TestRubbishByTheGate(t *testing.T) {
	o := working(t, "dongcheng-2004", nil)
	report := `{"source":"hotline","description":"信義路1號门口有暴露垃圾","address":"信義路1號","class":{"kind":"event","code":"0110"},"reporter":"subject-9"}`
	first := o.begin("operator", "report", report)
	if len(first.Areas) == 0 {
		t.Fatalf("the words have no place: %+v", first)
	}
	matches := read[struct {
		Matches []struct {
			Case    struct{ ID string }
			Reasons []struct{ Code, ZH string }
		}
	}](t, o.do("POST", "/v1/cases/duplicates", as("operator"), `{"form":{"description":"信義路1號有垃圾","class":{"kind":"event","code":"0110"},"point":{"lon":121.501,"lat":25.0051}}}`)).Matches
	if len(matches) != 1 || matches[0].Case.ID != first.ID || matches[0].Reasons[0].Code != "same-class" {
		t.Fatalf("the first report is not found: %+v", matches)
	}
	o.wait(time.Minute)
	second := o.begin("operator", "report", report)
	o.refuse(second.ID, "operator", "merge", `{"into":"`+second.ID+`"}`, "field-wrong")
	c := o.act(second.ID, "operator", "merge", `{"into":"`+first.ID+`"}`, "merged")
	if c.Into != first.ID || !c.Final {
		t.Errorf("merged: %+v", c)
	}
	if c := read[caseView](t, o.get("operator", "/v1/cases/"+first.ID)); !slices.Equal(c.Joined, []string{second.ID}) {
		t.Errorf("the first has %v", c.Joined)
	}
	third := o.begin("operator", "report", report)
	a := o.do("POST", "/v1/cases/"+third.ID+"/actions", as("operator"), body("merge", `{"into":"`+second.ID+`"}`))
	if a.status != 422 || !strings.Contains(a.body, first.ID) {
		t.Errorf("joined one that has joined another: %d %s", a.status, a.body)
	}
	c = o.act(second.ID, "chief", "unmerge", `{"reason":"另一处"}`, "submitted")
	if c.Into != "" || c.Final {
		t.Errorf("taken apart: %+v", c)
	}
	// Who reported is in no answer.
	for _, target := range []string{"", "/events", "/offers"} {
		for _, who := range []string{"operator", "chief", "boss", ""} {
			if a := o.get(who, "/v1/cases/"+first.ID+target); strings.Contains(a.body, "subject-9") {
				t.Errorf("%s is told who reported: %s", who, a.body)
			}
		}
	}
}

// TestUpAndDown plays the end of the story of S5 over HTTP: up the levels and down again, closed where it began.
func TestUpAndDown(t *testing.T) {
	o := working(t, "donggaodi", nil)
	c := o.begin("head", "find", `{"source":"grid","description":"消防隐患","unit":"grid",`+here+`}`)
	id := c.ID
	if c.State != "handling" || c.Unit != "grid" {
		t.Fatalf("%+v", c)
	}
	o.refuse(id, "head", "hand-up", `{"unit":"gas","reason":"x"}`, "guard")
	o.act(id, "head", "hand-up", `{"unit":"community","reason":"出租房屋"}`, "assigned")
	if got := o.inbox("community-head"); !slices.Equal(got, []string{id}) {
		t.Errorf("the inbox above: %v", got)
	}
	o.act(id, "community-head", "take", "", "handling")
	o.act(id, "community-head", "hand-up", `{"unit":"street","reason":"都忙"}`, "assigned")
	o.act(id, "street-head", "take", "", "handling")
	if c := o.act(id, "street-head", "result", `{"after":`+photo(2)+`}`, "handling"); c.Unit != "community" {
		t.Errorf("the result came back to %s", c.Unit)
	}
	o.refuse(id, "street-head", "result", "", "guard")
	o.act(id, "community-head", "result", "", "handling")
	if c := o.act(id, "head", "done", `{"note":"已整改"}`, "closed"); !c.Final {
		t.Errorf("%+v", c)
	}
}

// TestPartsOfACase plays joint handling over HTTP: each unit gets a case of its own, and the lead waits for all.
func TestPartsOfACase(t *testing.T) {
	o := working(t, "base", nil)
	id := o.handling("water")
	o.refuse(id, "water-hand", "split", `{"units":["gas","sewage"]}`, "field-wrong")
	c := o.act(id, "water-hand", "split", `{"units":["gas","water"],"note":"联合整治"}`, "handling")
	if len(c.Children) != 2 || c.Children[0].Case != id+".1" || !c.Children[0].Open {
		t.Fatalf("the parts: %+v", c.Children)
	}
	o.refuse(id, "water-hand", "feedback", `{"after":`+photo(1)+`}`, "guard")
	if got := read[struct{ Cases []caseView }](t, o.get("boss", "/v1/cases?parent="+id)).Cases; len(got) != 2 {
		t.Errorf("cases below: %+v", got)
	}
	for n, who := range map[int]string{1: "gas-hand", 2: "water-hand"} {
		part := fmt.Sprint(id, ".", n)
		o.act(part, who, "take", "", "handling")
		o.act(part, who, "finish", "", "closed")
	}
	o.act(id, "water-hand", "feedback", `{"after":`+photo(1)+`}`, "reported")
}

// handling is a case under the base process that a unit has taken.
func (o *office) handling(unit string) string {
	o.t.Helper()
	id := o.begin("operator", "report", `{"source":"hotline","description":"井盖",`+here+`}`).ID
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	o.act(id, "dispatcher", "dispatch", `{"unit":"`+unit+`"}`, "assigned")
	o.act(id, unit+"-hand", "take", "", "handling")
	return id
}

// TestRequestsAreDecided plays extension and suspension over HTTP: asked once, decided by others, withdrawn.
func TestRequestsAreDecided(t *testing.T) {
	o := working(t, "base", nil)
	id := o.handling("water")
	before := read[caseView](t, o.get("water-hand", "/v1/cases/"+id)).Due
	o.refuse(id, "dispatcher", "extend-grant", "", "no-request")
	o.act(id, "water-hand", "extend-ask", `{"reason":"缺件"}`, "handling")
	o.refuse(id, "water-hand", "extend-ask", `{"reason":"缺件"}`, "request-pending")
	if got := o.inbox("dispatcher"); !slices.Equal(got, []string{id}) {
		t.Errorf("the request waits for %v", got)
	}
	c := o.act(id, "dispatcher", "extend-grant", "", "handling")
	if !c.Due.After(before) || len(c.Requests) != 0 {
		t.Errorf("due at %s, before the extension at %s", c.Due, before)
	}
	if got := o.inbox("dispatcher"); len(got) != 0 {
		t.Errorf("after the decision the inbox has %v", got)
	}
	past, until := o.clockNow().Add(-time.Hour).Format(time.RFC3339), o.clockNow().Add(240*time.Hour).Format(time.RFC3339)
	if p := o.refuse(id, "water-hand", "suspend-ask", `{"reason":"冬季","until":"`+past+`"}`, "field-wrong"); p.Field != "form.until" {
		t.Errorf("the fault is of %s", p.Field)
	}
	o.act(id, "water-hand", "suspend-ask", `{"reason":"冬季","until":"`+until+`"}`, "handling")
	o.act(id, "water-hand", "suspend-withdraw", "", "handling")
	o.act(id, "water-hand", "suspend-ask", `{"reason":"冬季","until":"`+until+`"}`, "handling")
	c = o.act(id, "dispatcher", "suspend-grant", "", "suspended")
	if !c.Due.IsZero() || c.Light != "grey" {
		t.Errorf("suspended: %+v", c)
	}
	a := o.do(http.MethodPost, "/v1/cases/"+id+"/actions", as("water-hand"), `{"action":"resume","as":{"post":"system"}}`)
	if a.status != http.StatusForbidden {
		t.Errorf("somebody acts as the program: %d %s", a.status, a.body)
	}
}
