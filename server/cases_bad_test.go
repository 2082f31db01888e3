package server

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/casework"
)

const submitted = `{"source":"hotline","description":"井盖丢失",` + here + `}`

// TestWorkerDoesNotJudge is the separation of duty: refused with its name, and told beforehand in the offers.
func TestWorkerDoesNotJudge(t *testing.T) {
	o := working(t, "dongcheng-2004", nil)
	id := o.begin("operator", "report", submitted).ID
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	a := o.do("POST", "/v1/cases/"+id+"/actions", as("mixed"), `{"action":"dispatch","as":{"post":"dispatcher"},"form":{"unit":"water"}}`)
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	o.act(id, "water-hand", "take", "", "handling")
	o.act(id, "water-hand", "feedback", `{"after":`+photo(2)+`}`, "reported")
	o.act(id, "dispatcher", "pass", "", "to-inspect")
	o.refuse(id, "mixed", "inspect-ask", `{"person":"collector"}`, "separated")
	told := false
	for _, offer := range read[caseView](t, o.get("mixed", "/v1/cases/"+id)).Offers {
		told = told || offer.Action == "inspect-ask" && !offer.Allowed && offer.Refusal.Name == "separated"
	}
	if !told {
		t.Error("the offers do not tell it")
	}
	o.act(id, "operator", "inspect-ask", `{"person":"collector"}`, "inspecting")
}

// TestStaleVersions: whoever works on what somebody else has changed is told so.
func TestStaleVersions(t *testing.T) {
	o := working(t, "base", nil)
	id := o.begin("operator", "report", submitted).ID
	read := o.get("operator", "/v1/cases/"+id)
	if read.header.Get("ETag") != `"1"` {
		t.Fatalf("ETag %s", read.header.Get("ETag"))
	}
	o.act(id, "operator", "accept", "", "accepted")
	target := "/v1/cases/" + id + "/actions"
	with := func(match string) map[string]string {
		h := as("chief")
		h["If-Match"] = match
		return h
	}
	void := body("void", `{"reason":"x"}`)
	for name, a := range map[string]answer{
		"If-Match":   o.do("POST", target, with(`"1"`), void),
		"if_version": o.do("POST", target, as("chief"), body("void", `{"reason":"x"}`, `"if_version":1`)),
	} {
		if a.status != http.StatusPreconditionFailed || !strings.Contains(a.body, "at 2") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := o.do("POST", target, with(`"one"`), void); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.do("POST", target, with(`"2"`), body("void", `{"reason":"x"}`, `"if_version":1`)); a.status != 400 {
		t.Errorf("two versions: %d %s", a.status, a.body)
	}
	if a := o.do("POST", target, with(`"2"`), void); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestSentTwice: a report and an action with a key are done once, whoever of a crowd comes first.
func TestSentTwice(t *testing.T) {
	o := working(t, "base", nil)
	keyed := func(who, key string) map[string]string {
		h := as(who)
		h["Idempotency-Key"] = key
		return h
	}
	var ids sync.Map
	var all sync.WaitGroup
	created := make(chan int, 8)
	for range 8 {
		all.Go(func() {
			a := o.do("POST", "/v1/cases", keyed("operator", "k1"), body("report", submitted))
			created <- a.status
			ids.Store(read[doneView](t, a).Case.ID, true)
		})
	}
	all.Wait()
	close(created)
	statuses := map[int]int{}
	for s := range created {
		statuses[s]++
	}
	n, id := 0, ""
	ids.Range(func(k, _ any) bool {
		n++
		id, _ = k.(string)
		return true
	})
	if n != 1 || !maps.Equal(statuses, map[int]int{201: 1, 200: 7}) {
		t.Fatalf("%d cases, answers %v", n, statuses)
	}
	if a := o.do("POST", "/v1/cases", keyed("operator", "k1"), body("report", strings.Replace(submitted, "丢失", "松动", 1))); a.status != 422 || !strings.Contains(a.body, "event 1 of case "+id+": a new request needs a new key") {
		t.Errorf("another report with the key: %d %s", a.status, a.body)
	}
	// The keys of others are their own.
	if a := o.do("POST", "/v1/cases", keyed("collector", "k1"), body("report", submitted)); a.status != 201 || read[doneView](t, a).Case.ID == id {
		t.Errorf("%d %s", a.status, a.body)
	}
	target := "/v1/cases/" + id + "/actions"
	first := read[doneView](t, o.do("POST", target, keyed("operator", "k2"), body("accept", "")))
	again := read[doneView](t, o.do("POST", target, keyed("operator", "k2"), body("accept", "")))
	if first.Repeated || !again.Repeated || again.Event != first.Event || again.Case.Version != 2 {
		t.Errorf("first %+v, again %+v", first, again)
	}
	if a := o.do("POST", target, keyed("operator", "k2"), body("accept", `{"note":"x"}`)); a.status != 422 {
		t.Errorf("another action with the key: %d %s", a.status, a.body)
	}
}

// TestClockGoesBack: events stay in order when the clock of the server is put back.
func TestClockGoesBack(t *testing.T) {
	o := working(t, "base", nil)
	id := o.begin("operator", "report", submitted).ID
	o.wait(-3 * time.Hour)
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	events := read[struct{ Events []struct{ At time.Time } }](t, o.get("operator", "/v1/cases/"+id+"/events")).Events
	for i := 1; i < len(events); i++ {
		if events[i].At.Before(events[i-1].At) {
			t.Errorf("event %d at %s, the one before at %s", i+1, events[i].At, events[i-1].At)
		}
	}
}

func han(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// TestWhatCannotBeFilledIn is one refusal for each, in the language that is asked for.
func TestWhatCannotBeFilledIn(t *testing.T) {
	o := working(t, "base", nil)
	for _, tc := range []struct {
		what, body, field, name string
		status                  int
	}{
		{"an unknown class", body("report", `{"source":"hotline","description":"x","class":{"kind":"part","code":"9999"}}`), "form.class", "field-wrong", 409},
		{"an unknown row of a class", body("report", `{"source":"hotline","description":"x","class":{"kind":"part","code":"0101","row":"77"}}`), "form.class", "field-wrong", 409},
		{"no description", body("report", `{"source":"hotline"}`), "form.description", "field-missing", 409},
		{"a photo without a hash", body("report", `{"source":"hotline","description":"x","before":[{"hash":"abc","type":"image/jpeg","size":1}]}`), "form.before", "", 422},
		{"a point that is none", body("report", `{"source":"hotline","description":"x","point":{"lon":200,"lat":25}}`), "", "", 422},
		{"a text that is too long", body("report", `{"source":"hotline","description":"`+strings.Repeat("长", 4001)+`"}`), "form.description", "", 422},
		{"a field of another step", body("report", `{"source":"hotline","description":"x","unit":"water"}`), "form.unit", "field-unknown", 409},
		{"a member that there is not", `{"action":"report","form":{"source":"hotline","words":"x"}}`, "", "", 400},
		{"reported by a clock that is fast", body("report", `{"source":"hotline","description":"x","reported":"2026-11-02T09:00:01+08:00"}`), "form.reported", "field-wrong", 409},
		{"a row that is a number", `{"action":"report","form":{"source":"hotline","description":"x","class":{"kind":"part","code":"0101","row":1}}}`, "form.class.row", "", 400},
		{"a time that is none", `{"action":"report","form":{"source":"hotline","description":"x","reported":"yesterday"}}`, "body", "", 400},
		{"no action", `{"form":{}}`, "action", "", 422},
		{"an action that there is not", body("repot", `{"source":"hotline","description":"x"}`), "", "no-action", 409},
		{"an action that begins nothing", body("close", `{}`), "", "not-here", 409},
		{"names of whoever reported", `{"action":"report","form":{"source":"hotline","description":"x"},"contact":{"name":"王小明"}}`, "contact", "", 422},
		{"a version of a new case", body("report", submitted, `"if_version":1`), "if_version", "", 422},
		{"a case above that there is not", body("report", submitted, `"parent":"nothing"`), "parent", "", 422},
		{"somebody else", body("report", submitted, `"as":{"person":"chief"}`), "as.person", "", 403},
		{"a post that is not held", body("report", submitted, `"as":{"post":"duty-chief"}`), "as", "", 403},
	} {
		a := o.do("POST", "/v1/cases", as("operator"), tc.body)
		p := read[problemView](t, a)
		asked := as("operator")
		asked["Accept-Language"] = "zh-CN,zh;q=0.9,en;q=0.5"
		if zh := read[problemView](t, o.do("POST", "/v1/cases", asked, tc.body)); tc.status != 400 && (!han(zh.Detail) || zh.Field != p.Field || zh.Value != p.Value) || han(strings.ReplaceAll(p.Detail, p.Value, "")) {
			t.Errorf("%s: %q to who asks for Chinese, %q to others", tc.what, zh.Detail, p.Detail)
		}
		if a.status != tc.status || p.Refusal.Name != tc.name || tc.field != "" && p.Field != tc.field {
			t.Errorf("%s: %d %s, want %d, field %q, refusal %q", tc.what, a.status, a.body, tc.status, tc.field, tc.name)
		}
	}
	if a := o.get("operator", "/v1/cases/count"); read[struct{ Count int }](t, a).Count != 0 {
		t.Errorf("something was written: %s", a.body)
	}
}

// TestOutsideTheCity: a place outside of the city is refused where somebody gives it, and what a file brought with one is not
// filed before it has another.
func TestOutsideTheCity(t *testing.T) {
	o := working(t, "base", nil)
	const outside = `"point":{"lon":1,"lat":2}`
	const beside = `"point":{"lon":121.4998,"lat":25.005}` // 20 m west of the first village
	refused := func(a answer, value string, words ...string) {
		t.Helper()
		p := read[problemView](t, a)
		if a.status != 409 || p.Refusal.Name != "outside" || p.Field != "form.point" || p.Value != value {
			t.Errorf("%d %s", a.status, a.body)
		}
		for _, w := range words {
			if !strings.Contains(a.body, w) {
				t.Errorf("%s does not say %q", a.body, w)
			}
		}
	}
	report := func(point string) string {
		return body("report", `{"source":"hotline","description":"x",`+point+`}`)
	}
	refused(o.do("POST", "/v1/cases", as("operator"), report(outside)), "1,2", "choose the place on the map", "在地图上重新选点")
	refused(o.do("POST", "/v1/cases", as("operator"), report(beside)), "121.4998,25.005", "里11 is nearest, 20 m away", "最近的“里11”在 20 m 外")
	refused(o.do("POST", "/v1/cases", as(""), body("report", `{"description":"x",`+outside+`}`)), "1,2")
	if o.count() != 0 {
		t.Fatal("something was written")
	}
	c := o.begin("operator", "report", `{"source":"hotline","description":"x",`+here+`}`)
	if c.Duty.Rule != "fallback:district" || c.Duty.Organisation != "district" {
		t.Errorf("within: %+v", c.Duty)
	}
	act := func(id, who, action, form string) answer {
		return o.do("POST", "/v1/cases/"+id+"/actions", as(who), body(action, form))
	}
	// A later form brings one.
	o.act(c.ID, "operator", "accept", "", "accepted")
	refused(act(c.ID, "chief", "register", `{"class":{"kind":"part","code":"0102"},`+outside+`}`), "1,2")
	// A file brings one.
	got := intakeLines(t, o.do("POST", "/v1/cases/import", typed("operator", csvType), "description,source,lon,lat\n井盖,hotline,1,2\n"))
	if got.done.Taken != 1 || len(got.rows) != 1 || !slices.ContainsFunc(got.rows[0].Notes, func(n string) bool { return strings.Contains(n, "outside of the city") }) {
		t.Fatalf("%+v", got)
	}
	id := got.rows[0].Case
	if a := o.get("operator", "/v1/cases/"+id); a.status != 200 || !strings.Contains(a.body, `"lon":1`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	o.act(id, "operator", "accept", "", "accepted")
	refused(act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`), "1,2")
	c = o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"},`+here+`}`, "registered")
	if len(c.Areas) != 2 {
		t.Errorf("filed at %+v", c.Areas)
	}
}

// TestOrganisationIsGone: what has ended gets no case, and is named.
func TestOrganisationIsGone(t *testing.T) {
	o := working(t, "base", nil)
	id := o.begin("operator", "report", `{"source":"hotline","description":"x","class":{"kind":"part","code":"0102"},`+here+`}`).ID
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	end := func(id string, level string, areas ...people.AreaRef) {
		o.put(data.Tx{Changes: []data.Change{record(t, people.Organisation{ID: id, Title: data.Title{"zh": id, "en": id}, Level: level, Parent: "district", Retired: o.clockNow().Add(-time.Hour), Areas: areas})}})
	}
	end("water", "department")
	if p := o.refuse(id, "dispatcher", "dispatch", `{"unit":"water"}`, "field-wrong"); p.Field != "form.unit" || !strings.Contains(p.Detail, "ended") {
		t.Errorf("%+v", p)
	}
	// The rule that names it is switched off, and said so; the case goes on to the next.
	c := o.begin("operator", "report", `{"source":"hotline","description":"x","class":{"kind":"part","code":"0102"},`+here+`}`)
	if c.Duty.Rule != "fallback:district" {
		t.Errorf("%+v", c.Duty)
	}
	rules := o.get("chief", "/v1/routes/rules")
	if !strings.Contains(rules.body, `"off":{"why":{"en":"the organisation \"water\" does not exist or has ended"`) {
		t.Errorf("%s", rules.body)
	}
	end("command-centre", "centre")
	a := o.do("POST", "/v1/cases", as("operator"), body("report", `{"source":"hotline","description":"x","point":{"lon":10,"lat":50}}`))
	if p := read[problemView](t, a); a.status != 409 || p.Refusal.Name != "nobody-left" || !strings.Contains(p.Detail, "command-centre") {
		t.Errorf("nobody is left: %d %s", a.status, a.body)
	}
	o.put(data.Tx{Changes: []data.Change{record(t, people.Organisation{ID: "water", Title: data.Title{"zh": "x", "en": "x"}, Level: "department", Parent: "district"})}})
	if a := o.do("POST", "/v1/routes/rules/parts/enable", as("boss"), ""); a.status != 200 || !strings.Contains(a.body, `"was_off":true`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if c := o.begin("operator", "report", `{"source":"hotline","description":"x","class":{"kind":"part","code":"0102"},`+here+`}`); c.Duty.Rule != "parts" {
		t.Errorf("%+v", c.Duty)
	}
}

// TestHolidaysRunOut: after the last table of holidays clocks have no due time and say why, and a rule about working time is
// switched off; cases go on.
func TestHolidaysRunOut(t *testing.T) {
	o := working(t, "base", nil)
	o.wait(60 * 24 * time.Hour) // into January
	c := o.begin("operator", "report", submitted)
	if len(c.Clocks) != 1 || !strings.Contains(c.Clocks[0].Fault, "holiday table") || !c.Due.IsZero() {
		t.Errorf("%+v", c.Clocks)
	}
	if a := o.get("operator", "/v1/cases/"+c.ID); !strings.Contains(a.body, `"fault_reason":{"en":"the holiday table of calendar city ends 2026-12-31, `) || !strings.Contains(a.body, "节假日表到 2026-12-31 为止") {
		t.Errorf("%s", a.body)
	}
	if c.Duty.Rule != "fallback:district" {
		t.Errorf("%+v", c.Duty)
	}
	rules := read[struct {
		Rules []struct {
			ID  string
			Off *struct{ Why map[string]string }
		}
	}](t, o.get("chief", "/v1/routes/rules"))
	if rules.Rules[0].ID != "night" || rules.Rules[0].Off == nil || !strings.Contains(rules.Rules[0].Off.Why["en"], "working time") {
		t.Errorf("%+v", rules)
	}
	o.act(c.ID, "operator", "accept", "", "accepted")
}

// TestEveryTripleHasAnAnswer asks in several states by several posts for every action: what is not offered is refused by a
// name that is known, and what is offered and not allowed has that name already.
func TestEveryTripleHasAnAnswer(t *testing.T) {
	o := working(t, "base", nil)
	names := []string{"no-action", "not-here", "wrong-post", "guard", "field-missing", "field-unknown", "field-wrong", "separated", "request-pending", "no-request", "wrong-stage", "decided-before", "nothing-before"}
	table := loadProcess(t, "base")
	id := o.begin("operator", "report", submitted).ID
	asked := 0
	ask := func() {
		for _, who := range []string{"operator", "chief", "dispatcher", "water-hand", "boss"} {
			offers := map[string]string{}
			a := o.get(who, "/v1/cases/"+id+"/offers")
			if a.status == http.StatusNotFound {
				continue // the case does not exist for them
			}
			for _, offer := range read[caseView](t, a).Offers {
				if offers[offer.Action] = "allowed"; !offer.Allowed {
					offers[offer.Action] = offer.Refusal.Name
				}
			}
			for i := range table.Actions {
				action := table.Actions[i].ID
				if offers[action] == "allowed" {
					continue
				}
				asked++
				a := o.do("POST", "/v1/cases/"+id+"/actions", as(who), body(action, ""))
				p := read[problemView](t, a)
				if p.Refusal.Name == "" && a.status == http.StatusForbidden {
					continue // no post of theirs reaches the case
				}
				if a.status != 409 || !slices.Contains(names, p.Refusal.Name) || p.Refusal.Reason["zh"] == "" {
					t.Errorf("%s, %s: %d %s", who, action, a.status, a.body)
				}
			}
		}
	}
	ask()
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	o.act(id, "water-hand", "take", "", "handling")
	ask()
	if asked < 300 {
		t.Errorf("%d were asked", asked)
	}
}

// TestSight: what somebody may not see is answered as what is not there, in every answer.
func TestSight(t *testing.T) {
	o := working(t, "base", func(c *casework.Config) { c.Public = false })
	id := o.handling("water")
	private := o.begin("operator", "report", `{"source":"hotline","description":"举报","private":true,`+here+`}`).ID
	for _, who := range []string{"far-hand", "gas-hand", "idle", "", "operator/export"} {
		for _, target := range []string{"", "/events", "/offers"} {
			there, absent := o.get(who, "/v1/cases/"+id+target), o.get(who, "/v1/cases/zzzz"+target)
			strip := func(a answer) string {
				body, _, _ := strings.Cut(a.body, `"instance"`)
				return strings.NewReplacer(id, "X", "zzzz", "X").Replace(body)
			}
			if there.status != 404 || absent.status != 404 || strip(there) != strip(absent) {
				t.Errorf("%q sees%s: %s\n%s", who, target, there.body, absent.body)
			}
		}
		if a := o.do("POST", "/v1/cases/"+id+"/actions", as(who), body("annotate", `{"note":"x"}`)); a.status != 404 {
			t.Errorf("%q acts: %d %s", who, a.status, a.body)
		}
		if a := o.get(who, "/v1/cases"); strings.Contains(a.body, id) || strings.Contains(a.body, private) {
			t.Errorf("%q lists %s", who, a.body)
		}
		if a := o.get(who, "/v1/cases/count?by=state"); read[struct{ Count int }](t, a).Count != 0 {
			t.Errorf("%q counts %s", who, a.body)
		}
		a := o.do("POST", "/v1/cases/duplicates", as(who), `{"form":{"description":"井盖丢失","class":{"kind":"part","code":"0102"},`+here+`}}`)
		if strings.Contains(a.body, id) {
			t.Errorf("%q is told of a duplicate: %s", who, a.body)
		}
		if a := o.do("POST", "/v1/cases/"+private+"/actions", as("operator"), body("merge", `{"into":"zzzz"}`)); a.status != 422 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	for who, want := range map[string]int{"water-hand": 1, "operator": 2, "chief": 2, "inspector": 2, "boss": 2, "head": 2} {
		if got := len(read[struct{ Cases []caseView }](t, o.get(who, "/v1/cases")).Cases); got != want {
			t.Errorf("%s lists %d cases, want %d", who, got, want)
		}
	}
}

// TestPublicCases: where the city opens them everybody sees that there is a case, and neither what was said nor by whom.
func TestPublicCases(t *testing.T) {
	o := working(t, "base", nil)
	c := o.begin("", "report", `{"description":"门口王小明家有垃圾",`+here+`}`)
	if c.Description != "" {
		t.Errorf("the public is answered %q", c.Description)
	}
	o.begin("", "report", `{"description":"举报","private":true,`+here+`}`)
	list := read[struct{ Cases []caseView }](t, o.get("", "/v1/cases")).Cases
	if len(list) != 1 || list[0].ID != c.ID || len(list[0].Areas) != 2 {
		t.Fatalf("%+v", list)
	}
	o.act(c.ID, "operator", "accept", `{"note":"属实"}`, "accepted")
	for _, target := range []string{"", "/events"} {
		a := o.get("", "/v1/cases/"+c.ID+target)
		if a.status != 200 || strings.Contains(a.body, "王小明") || strings.Contains(a.body, "属实") || strings.Contains(a.body, "王受理") {
			t.Errorf("%s", a.body)
		}
	}
	if a := o.do("POST", "/v1/cases", as(""), body("report", `{"source":"hotline","description":"x"}`)); a.status != 422 {
		t.Errorf("the public says it is the hotline: %d %s", a.status, a.body)
	}
	if a := o.do("POST", "/v1/cases/"+c.ID+"/actions", as(""), body("register", `{}`, `"as":{"post":"duty-chief"}`)); a.status != 401 {
		t.Errorf("the public acts as the duty chief: %d %s", a.status, a.body)
	}
	o.refuse(c.ID, "", "register", `{"class":{"kind":"part","code":"0102"}}`, "wrong-post")
	if a := o.do("POST", "/v1/cases/"+c.ID+"/actions", as("gas-hand"), body("emergency", `{"unit":"gas","reason":"x"}`)); a.status != 403 {
		t.Errorf("a unit works on what it sees as the public does: %d %s", a.status, a.body)
	}
}

// TestSeveralPosts: by which post somebody acts follows where one of them may, and is asked for where several may.
func TestSeveralPosts(t *testing.T) {
	o := working(t, "base", nil)
	c := o.begin("two-posts", "report", submitted)
	o.act(c.ID, "two-posts", "accept", "", "accepted")
	o.act(c.ID, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	o.act(c.ID, "two-posts", "dispatch", `{"unit":"water"}`, "assigned")
	a := o.do("POST", "/v1/cases/"+c.ID+"/actions", as("two-posts"), body("annotate", `{"note":"x"}`))
	if p := read[problemView](t, a); a.status != 422 || p.Field != "as" || !strings.Contains(p.Detail, "operator in supervision-centre") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.do("POST", "/v1/cases/"+c.ID+"/actions", as("two-posts"), body("annotate", `{"note":"x"}`, `"as":{"post":"dispatcher"}`)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.do("POST", "/v1/cases", as("token"), body("report", submitted, `"as":{"person":"operator"}`)); a.status != 201 {
		t.Errorf("a program acts for somebody: %d %s", a.status, a.body)
	}
	if a := o.do("POST", "/v1/cases", as("token"), body("report", submitted, `"as":{"person":"nobody"}`)); a.status != 422 {
		t.Errorf("for nobody: %d %s", a.status, a.body)
	}
}

// TestListsAndCounts filters, pages and counts.
func TestListsAndCounts(t *testing.T) {
	o := working(t, "base", nil)
	var ids []string
	for i := range 7 {
		o.wait(time.Minute)
		form := fmt.Sprintf(`{"source":"hotline","description":"第%d件","class":{"kind":"event","code":"0110"},"point":{"lon":%g,"lat":25.005}}`, i, 121.505+0.005*float64(i%2*4))
		ids = append(ids, o.begin("operator", "report", form).ID)
	}
	o.act(ids[0], "operator", "accept", "", "accepted")
	o.act(ids[1], "operator", "reject", `{"reason":"x"}`, "rejected")
	for query, want := range map[string]int{
		"": 7, "state=accepted": 1, "state=accepted,rejected": 2, "open=false": 1, "open=true": 6, "area=district/D1": 4, "area=district/D1,district/D2": 7,
		"cell=unit/A111-00": 4, "bbox=121.52,25,121.54,25.02": 3, "class=01": 7, "class=02": 0, "kind=part": 0, "source=hotline": 7, "task=collector": 0,
		"opened=2026-11-02/2026-11-03": 7, "opened=/2026-11-01": 0, "due=2026-11-02T00:00:00Z/": 6, "priority=1": 0, "parent=x": 0,
	} {
		a := o.get("operator", "/v1/cases?"+query)
		if got := len(read[struct{ Cases []caseView }](t, a).Cases); got != want {
			t.Errorf("%s lists %d, want %d", query, got, want)
		}
		if got := read[struct{ Count int }](t, o.get("operator", "/v1/cases/count?"+query)).Count; got != want {
			t.Errorf("%s counts %d, want %d", query, got, want)
		}
	}
	if got := len(read[struct{ Cases []caseView }](t, o.get("operator", "/v1/cases?q="+"%E7%AC%AC3%E4%BB%B6")).Cases); got != 1 {
		t.Errorf("by words %d", got)
	}
	for _, order := range []string{"opened", "updated", "due"} {
		var seen []string
		for cursor, pages := "", 0; pages < 10; pages++ {
			page := read[struct {
				Cases []caseView
				Next  string
			}](t, o.get("operator", "/v1/cases?limit=3&order="+order+"&cursor="+cursor))
			for _, c := range page.Cases {
				seen = append(seen, c.ID)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		slices.Sort(seen)
		if want := slices.Sorted(slices.Values(ids)); !slices.Equal(seen, want) {
			t.Errorf("by %s the pages have %v, want %v", order, seen, want)
		}
	}
	for _, bad := range []string{"state=", "area=D1", "area=galaxy/1", "cell=fire/1", "opened=yesterday", "opened=2026-11-03/2026-11-02", "order=luck", "limit=0", "cursor=x", "task=me&person=", "colour=red", "bbox=1", "open=perhaps"} {
		if a := o.get("", "/v1/cases?"+bad); a.status != 400 {
			t.Errorf("%s: %d %s", bad, a.status, a.body)
		}
	}
	by := read[struct {
		By     map[string]int
		Titles map[string]map[string]string
	}](t, o.get("operator", "/v1/cases/count?by=area:district"))
	if !maps.Equal(by.By, map[string]int{"D1": 4, "D2": 3}) || by.Titles["D1"]["zh"] != "大安區" {
		t.Errorf("%+v", by)
	}
	if a := o.get("operator", "/v1/cases/count?by=luck"); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestWithoutCases: a server without cases says so.
func TestWithoutCases(t *testing.T) {
	c := newCity(t, nil).fill()
	for _, target := range []string{"/v1/cases", "/v1/cases/x", "/v1/cases/count", "/v1/cases/form", "/v1/classes", "/v1/processes", "/v1/classes/suggest?words=x"} {
		if a := c.do("GET", target, nil, ""); a.status != 501 {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	if a := c.do("POST", "/v1/cases", map[string]string{"Content-Type": "application/json"}, body("report", submitted)); a.status != 501 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestWhoReported is told as a reference, to few, and noted.
func TestWhoReported(t *testing.T) {
	o := working(t, "base", nil)
	id := o.begin("operator", "report", `{"source":"hotline","description":"x","reporter":"subject-9",`+here+`}`).ID
	target := "/v1/cases/" + id + "/reporter"
	for who, want := range map[string]int{"operator": 403, "water-hand": 403, "": 401, "boss": 200} {
		if a := o.get(who, target); a.status != want || (want == 200) != strings.Contains(a.body, "subject-9") {
			t.Errorf("%q: %d %s, want %d", who, a.status, a.body, want)
		}
	}
	if a := o.get("boss", "/v1/audit?what=read-personal"); !strings.Contains(a.body, "case/"+id) {
		t.Errorf("nothing is noted: %s", a.body)
	}
	// The administrator's own organisation handles it now.
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	o.act(id, "dispatcher", "dispatch", `{"unit":"district"}`, "assigned")
	if a := o.get("boss", target); a.status != 403 || strings.Contains(a.body, "subject-9") {
		t.Errorf("the unit is told: %d %s", a.status, a.body)
	}
	// Nor is an organisation above the unit, unless the case needs it: the command centre that dispatches.
	watered := o.begin("operator", "report", `{"source":"hotline","description":"x","reporter":"subject-9",`+here+`}`).ID
	o.act(watered, "operator", "accept", "", "accepted")
	o.act(watered, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	o.act(watered, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	asBoss := func(organisations ...string) answer {
		who := people.Staff{ID: "boss", Name: "管理"}
		for _, at := range organisations {
			who.Holdings = append(who.Holdings, people.Holding{Post: "administrator", Organisation: at})
		}
		o.put(data.Tx{Changes: []data.Change{record(t, who)}})
		return o.get("boss", "/v1/cases/"+watered+"/reporter")
	}
	for _, tc := range []struct {
		at     []string
		status int
	}{{[]string{"district"}, 403}, {[]string{"district", "command-centre"}, 200}, {[]string{"supervision-centre"}, 200}, {[]string{"command-centre", "water"}, 403}, {[]string{"district"}, 403}} {
		if a := asBoss(tc.at...); a.status != tc.status || (tc.status == 200) != strings.Contains(a.body, "subject-9") {
			t.Errorf("an administrator of %v: %d %s, want %d", tc.at, a.status, a.body, tc.status)
		}
	}
	none := o.begin("operator", "report", submitted).ID
	if a := o.get("boss", "/v1/cases/"+none+"/reporter"); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestOpenServer: without accounts the machine itself says for whom it acts, and nobody else does.
func TestOpenServer(t *testing.T) {
	o := working(t, "base", nil)
	o.server.cfg.Enforced = func() bool { return false }
	o.server.identify = func(r *http.Request) (account.Principal, error) {
		if r.Header.Get(whoHeader) == "elsewhere" {
			return account.Principal{Way: account.Public}, nil
		}
		return account.Principal{Way: account.Open}, nil
	}
	a := o.do("POST", "/v1/cases", as("here"), body("report", submitted, `"as":{"person":"operator"}`))
	if a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	id := read[doneView](t, a).Case.ID
	ids := func(query string) int {
		t.Helper()
		return len(read[struct{ Cases []caseView }](t, o.get("here", "/v1/cases?"+query)).Cases)
	}
	if n := ids("inbox=true&person=operator"); n != 1 {
		t.Errorf("the inbox of the operator has %d cases", n)
	}
	if n := ids("inbox=true&person=operator&post=dispatcher"); n != 0 {
		t.Errorf("the inbox of a post that is not held has %d cases", n)
	}
	if n := ids("inbox=true&person=chief"); n != 0 {
		t.Errorf("the inbox of the chief has %d cases", n)
	}
	offers := read[caseView](t, o.get("here", "/v1/cases/"+id+"/offers?person=operator")).Offers
	if len(offers) == 0 || offers[0].As.Post != "operator" {
		t.Errorf("%+v", offers)
	}
	for name, tc := range map[string]struct {
		who, more string
		status    int
	}{
		"from elsewhere":             {"elsewhere", `"as":{"person":"operator"}`, 403},
		"a post and no person":       {"here", `"as":{"post":"operator"}`, 422},
		"a post from elsewhere":      {"elsewhere", `"as":{"post":"operator"}`, 401},
		"a person that there is not": {"here", `"as":{"person":"S-17"}`, 422},
		"a post that is not held":    {"here", `"as":{"person":"operator","post":"dispatcher"}`, 403},
		"as the program":             {"here", `"as":{"person":"operator","post":"system"}`, 403},
	} {
		if a := o.do("POST", "/v1/cases/"+id+"/actions", as(tc.who), body("accept", "", tc.more)); a.status != tc.status {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, tc.status)
		}
	}
	if a := o.do("GET", "/v1/cases?person=operator", as("elsewhere"), ""); a.status != 403 {
		t.Errorf("a list for somebody, from elsewhere: %d %s", a.status, a.body)
	}
}

// TestInboxFollowsTheUnit: what was handed on waits for the unit that has it, and not for the one that had it first, whatever
// else that may do.
func TestInboxFollowsTheUnit(t *testing.T) {
	o := working(t, "base", nil)
	id := o.handling("water")
	o.act(id, "water-hand", "refuse", `{"reason":"不属本部门"}`, "registered")
	if got := o.inbox("dispatcher"); !slices.Equal(got, []string{id}) {
		t.Errorf("it waits for the dispatcher: %v", got)
	}
	o.act(id, "dispatcher", "dispatch", `{"unit":"gas"}`, "assigned")
	if a := o.get("water-hand", "/v1/cases/"+id); a.status != 200 {
		t.Errorf("the first unit does not see it any more: %d", a.status)
	}
	if first, now := o.inbox("water-hand"), o.inbox("gas-hand"); len(first) != 0 || !slices.Equal(now, []string{id}) {
		t.Errorf("it waits for the first unit: %v, for the one that has it: %v", first, now)
	}
	o.act(id, "gas-hand", "dispute", `{"reason":"产权不清"}`, "disputed")
	// Whoever may claim it sees it, though no unit has it.
	a := o.do("GET", "/v1/cases?state=disputed", as("far-hand"), "")
	if got := read[struct{ Cases []caseView }](t, a).Cases; len(got) != 1 || got[0].ID != id {
		t.Errorf("%s", a.body)
	}
	o.act(id, "water-hand", "claim", `{"unit":"water"}`, "assigned")
}
