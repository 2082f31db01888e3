package server

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/profiles"
	"github.com/gewu-city/gewu/server/casework/kept"
)

// toml is who asks, and that bodies are TOML.
func toml(who string) map[string]string {
	return map[string]string{whoHeader: who, "Content-Type": "application/toml"}
}

// TestProcessesChange puts a new version while cases are open: they go on under theirs, also after a restart.
func TestProcessesChange(t *testing.T) {
	o := working(t, "base", nil)
	old := o.begin("operator", "report", submitted).ID
	o.act(old, "operator", "accept", "", "accepted")
	next := `name = "base"
version = 2
title = { zh = "改版", en = "Changed" }
inherits = "base"
drop = ["steps.accepted.void"]
`
	if a := o.do("PUT", "/v1/processes/base", toml("operator"), next); a.status != http.StatusForbidden {
		t.Errorf("an operator changes the process: %d %s", a.status, a.body)
	}
	if a := o.do("PUT", "/v1/processes/base", toml(""), next); a.status != http.StatusUnauthorized {
		t.Errorf("the public changes the process: %d %s", a.status, a.body)
	}
	// A table that inherits from one of its own name goes round in a circle: the text names another base.
	if a := o.do("PUT", "/v1/processes/base", toml("boss"), next); a.status != 422 || !strings.Contains(a.body, "inherits") {
		t.Errorf("%d %s", a.status, a.body)
	}
	text := o.do("GET", "/v1/processes/base", map[string]string{whoHeader: "boss", "Accept": "application/toml"}, "")
	if text.status != 200 || !strings.HasPrefix(text.header.Get("Content-Type"), "application/toml") {
		t.Fatalf("%d %s", text.status, text.body)
	}
	sections := strings.Split(strings.Replace(text.body, "version = 1\n", "version = 2\n", 1), "\n[")
	left := slices.DeleteFunc(slices.Clone(sections), func(s string) bool {
		return strings.HasPrefix(s, "steps.accepted.void]") || strings.HasPrefix(s, "steps.accepted.void.")
	})
	changed := strings.Join(left, "\n[")
	if len(left) == len(sections) {
		t.Fatalf("the text has another form:\n%s", text.body)
	}
	for name, tc := range map[string]struct {
		body, path string
		status     int
		has        string
	}{
		"a version that is there":   {text.body, "base", 409, "above 1"},
		"another name":              {strings.Replace(changed, `name = "base"`, `name = "other"`, 1), "base", 422, ""},
		"a process that is not one": {changed, "nothing", 404, "nothing"},
		"a state that is not one":   {strings.Replace(changed, `to = "voided"`, `to = "nowhere"`, 1), "base", 422, "nowhere"},
		"no TOML":                   {"name = ", "base", 422, ""},
	} {
		a := o.do("PUT", "/v1/processes/"+tc.path, toml("boss"), tc.body)
		if a.status != tc.status || !strings.Contains(a.body, tc.has) {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, tc.status)
		}
	}
	dry := o.do("POST", "/v1/processes/base/dry", toml("boss"), changed)
	if dry.status != 200 || !strings.Contains(dry.body, `"stuck":[]`) {
		t.Errorf("%d %s", dry.status, dry.body)
	}
	if a := o.do("PUT", "/v1/processes/base", toml("boss"), changed); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	fresh := o.begin("operator", "report", submitted).ID
	o.act(fresh, "operator", "accept", "", "accepted")
	o.refuse(fresh, "chief", "void", `{"reason":"x"}`, "not-here")
	list := read[struct {
		Processes []struct {
			Name           string
			Version, Open  int
			Newest, Begins bool
			By             string
		}
	}](t, o.get("", "/v1/processes")).Processes
	if len(list) != 2 || list[0].Newest || !list[1].Newest || !list[1].Begins || list[1].By != "account:acc-boss" || list[0].Open != 1 || list[1].Open != 1 {
		t.Errorf("%+v", list)
	}
	shown := read[struct {
		Version int
		Steps   []struct{ State, Action string }
	}](t, o.get("", "/v1/processes/base?version=1"))
	if shown.Version != 1 || len(shown.Steps) < 50 {
		t.Errorf("version 1 has %d steps", len(shown.Steps))
	}
	if a := o.get("", "/v1/processes/base?version=7"); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
	// The book of a later start, whose profile has gone on to version 3 already, still has the version of the open case.
	later := func(name string) (string, string, error) {
		if name != "base" {
			return process.FromFS(profiles.Files)(name)
		}
		return "base.toml", strings.Replace(changed, "version = 2\n", "version = 3\n", 1), nil
	}
	first, err := kept.New(o.engine.World, kept.Profile{Texts: process.FromFS(profiles.Files), Process: "base"})
	if err != nil {
		t.Fatal(err)
	}
	began := []*cases.Event{{Process: &cases.ProcessRef{Name: "base", Version: 1}, At: o.clockNow()}}
	for n := range 2 { // the second time there is nothing left to keep
		changes, err := first.Also(began)
		if err != nil || len(changes) != 1-n {
			t.Fatalf("%d changes, %v", len(changes), err)
		}
		if n == 0 {
			o.put(data.Tx{Changes: changes})
		}
	}
	if changes, err := first.Also([]*cases.Event{{Number: 2}}); err != nil || len(changes) != 0 {
		t.Errorf("an event that begins no case keeps %v, %v", changes, err)
	}
	if n := len(first.All()); n != 2 {
		t.Errorf("%d versions are kept, want 2", n)
	}
	book, err := kept.New(o.engine.World, kept.Profile{Texts: later, Process: "base"})
	if err != nil {
		t.Fatal(err)
	}
	for version := range 3 {
		table, ok := book.Versions().Table("base", version+1)
		if !ok {
			t.Fatalf("version %d is lost: %v", version+1, book.Faults())
		}
		_, refusal := table.Step("accepted", "void", "duty-chief")
		if (version == 0) != (refusal == nil) {
			t.Errorf("version %d: %v", version+1, refusal)
		}
	}
	if newest, _ := book.Versions().Newest("base"); newest.Version != 3 {
		t.Errorf("the newest is %d", newest.Version)
	}
	o.act(old, "chief", "void", `{"reason":"x"}`, "voided")
}

// TestRulesChange puts rules of routing, which count at once, and tells who would get a report.
func TestRulesChange(t *testing.T) {
	o := working(t, "base", nil)
	who := func() string {
		t.Helper()
		a := o.do("POST", "/v1/cases/route", as("chief"), `{"form":{"source":"hotline","class":{"kind":"part","code":"0102"},`+here+`}}`)
		v := read[struct {
			Answer struct{ Rule, Organisation string }
			Steps  []struct{ Rule string }
		}](t, a)
		if v.Answer.Rule != "parts" && len(v.Steps) == 0 {
			t.Errorf("nothing says why the rules do not fit: %s", a.body)
		}
		return v.Answer.Rule + " " + v.Answer.Organisation
	}
	if got := who(); got != "parts water" {
		t.Errorf("before: %s", got)
	}
	text := o.do("GET", "/v1/routes/rules", map[string]string{whoHeader: "chief", "Accept": "text/toml"}, "").body
	changed := strings.Replace(text, "organisation = \"water\"\npost = \"handler\"", "organisation = \"gas\"\npost = \"handler\"", 1)
	if a := o.do("PUT", "/v1/routes/rules", toml("chief"), changed); a.status != 403 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.do("PUT", "/v1/routes/rules", toml("boss"), strings.Replace(changed, `post = "handler"`, `post = "king"`, 1)); a.status != 422 || !strings.Contains(a.body, "rules.parts.post") {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Somebody must get what is left over and what is disputed, and a name with a slip gets nothing.
	nowhere := regexp.MustCompile(`organisation = "[a-z-]+"`).ReplaceAllString(changed, `organisation = "nowhere"`)
	if a := o.do("PUT", "/v1/routes/rules", toml("boss"), nowhere); a.status != 422 || !strings.Contains(a.body, "fallback.organisation") || !strings.Contains(a.body, "disputed.organisation") || !strings.Contains(a.body, "rules.parts.organisation") {
		t.Errorf("%d %s", a.status, a.body)
	}
	headers := toml("boss")
	headers["Idempotency-Key"] = "rules"
	for range 2 {
		if a := o.do("PUT", "/v1/routes/rules", headers, changed); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if got := who(); got != "parts gas" {
		t.Errorf("after: %s", got)
	}
	for _, bad := range []struct {
		who, target string
		status      int
	}{{"boss", "/v1/routes/rules/none/enable", 404}, {"chief", "/v1/routes/rules/parts/enable", 403}, {"", "/v1/routes/rules/parts/enable", 401}} {
		if a := o.do("POST", bad.target, as(bad.who), ""); a.status != bad.status {
			t.Errorf("%s: %d %s", bad.target, a.status, a.body)
		}
	}
}

// TestClassesAreShown lists classes with limits, and suggests some from words.
func TestClassesAreShown(t *testing.T) {
	o := working(t, "base", nil)
	all := read[struct {
		Edition string
		Classes []struct {
			Kind, Code string
			Title      map[string]string
			Rows       []struct {
				Row, Limit string
				Condition  map[string]string
			}
		}
	}](t, o.get("", "/v1/classes?kind=part&edition=GBT30428.2-2013"))
	if len(all.Classes) < 50 {
		t.Fatalf("%d classes", len(all.Classes))
	}
	rows := 0
	for _, c := range all.Classes {
		if c.Kind != "part" || c.Title["zh"] == "" {
			t.Errorf("%+v", c)
		}
		for i, row := range c.Rows {
			if rows++; row.Limit == "" || row.Condition["zh"] == "" || i > 0 && row.Row == c.Rows[i-1].Row {
				t.Errorf("%s: %+v", c.Code, row)
			}
		}
	}
	if rows == 0 {
		t.Error("no class has a limit")
	}
	one := o.get("", "/v1/classes/suggest?edition=GBT30428.2-2013&words=%E4%BA%95%E7%9B%96%E4%B8%A2%E5%A4%B1")
	if s := read[struct {
		Suggestions []struct {
			Class struct{ Code string }
			Score float64
		}
	}](t, one).Suggestions; len(s) == 0 || s[0].Score <= 0 || s[0].Score > 1 {
		t.Errorf("%s", one.body)
	}
	for target, status := range map[string]int{"/v1/classes?edition=x": 404, "/v1/classes?kind=x": 400, "/v1/classes/suggest": 400, "/v1/classes/suggest?words=x&limit=0": 400} {
		if a := o.get("", target); a.status != status {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	forms := read[struct {
		Actions []struct {
			Action string
			Form   []struct {
				Name, Type string
				Required   bool
			}
		}
	}](t, o.get("operator", "/v1/cases/form")).Actions
	if len(forms) != 1 || forms[0].Action != "report" || forms[0].Form[0].Name != "source" || !forms[0].Form[0].Required {
		t.Errorf("%+v", forms)
	}
}
