package server

import (
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases/sensor"
	"github.com/gewu-city/gewu/cases/sensor/book"
	"github.com/gewu-city/gewu/profiles"
	"github.com/gewu-city/gewu/server/casework"
	"github.com/gewu-city/gewu/server/readings"
)

const sensorRules = `
[limits]
history = 3
[rules.wet]
title = { zh = "树穴积水", en = "Water around a tree" }
reading = "water_level"
unit = "m"
layers = ["trees"]
above = 2
clear = 1.5
count = 2
class = { kind = "event", code = "0506" }
text = { zh = "{{.Rule}} {{.Part}} {{.At}} {{.Value}}", en = "{{.Rule}} {{.Value}}" }
[rules.dry]
title = { zh = "缺水", en = "Dry" }
reading = "moisture"
unit = "%"
layers = ["villages"]
below = 10
text = { zh = "缺水", en = "dry" }
`

// sensing is an office with sensors.
func sensing(t *testing.T, rules string) *office {
	t.Helper()
	o := working(t, "dongcheng-2004", func(c *casework.Config) { c.Public = false })
	parsed, err := sensor.Parse(sensor.Layer{File: "sensors.toml", Text: rules})
	if err != nil {
		t.Fatal(err)
	}
	s := &readings.Service{Cases: o.server.cases.Service, Zone: time.FixedZone("", 8*3600)}
	if s.Book, err = book.Open(filepath.Join(t.TempDir(), "sensors.db"), parsed, s, o.clockNow); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Book.Close() })
	o.server.readings.Service = s
	return o
}

type takenView struct {
	Taken, Again, Late, Failed int
	Faults                     []struct {
		Reading, Line     int
		Field, Value, Why string
	}
	Raised, Over []struct {
		Reading          int
		Rule, Part, Case string
	}
}

// measure sends readings of a tree, one a minute up to now.
func (o *office) measure(part string, values ...float64) takenView {
	o.t.Helper()
	var rows []string
	for _, v := range values {
		o.wait(time.Minute)
		rows = append(rows, fmt.Sprintf(`{"part":%q,"name":"water_level","value":%v,"unit":"m","time":%q}`, part, v, o.clockNow().Format(time.RFC3339)))
	}
	a := o.call("collector/report", "POST", "/v1/readings", `{"readings":[`+strings.Join(rows, ",")+`]}`)
	if a.status != http.StatusOK {
		o.t.Fatalf("%d %s", a.status, a.body)
	}
	return read[takenView](o.t, a)
}

// TestReadings raises a case by readings that tremble about the threshold, has it over and raised again.
func TestReadings(t *testing.T) {
	o := sensing(t, sensorRules)
	if got := o.measure("trees/tree00", 1, 2, 1.9, 2); len(got.Raised) != 0 || got.Taken != 4 {
		t.Fatalf("not two in a row: %+v", got)
	}
	got := o.measure("trees/tree00", 2.5, 3, 1.8, 2.2)
	if len(got.Raised) != 1 || got.Raised[0].Reading != 0 || got.Raised[0].Rule != "wet" || got.Raised[0].Part != "trees/tree00" || len(got.Over) != 0 {
		t.Fatalf("%+v", got)
	}
	id := got.Raised[0].Case
	c := read[struct {
		ID, State, Source, Description string
		Class                          struct{ Code, Kind, Edition string }
		Areas                          []struct{ Level, Code string }
		Intake                         struct{ Parts []struct{ Layer, ID string } }
		Version                        int
	}](t, o.get("operator", "/v1/cases/"+id))
	if c.Source != "sensor" || c.State != "submitted" || c.Class.Code != "0506" || c.Class.Edition == "" || len(c.Areas) == 0 || len(c.Intake.Parts) != 1 || c.Intake.Parts[0].ID != "tree00" || c.Version != 1 ||
		!strings.Contains(c.Description, "树穴积水") || !strings.Contains(c.Description, "2.5 m") || strings.Contains(c.Description, "Water around a tree") {
		t.Errorf("%+v", c)
	}
	if got := o.inbox("operator"); !slices.Equal(got, []string{id}) {
		t.Errorf("the inbox: %v", got)
	}
	if a := o.get("far-hand", "/v1/cases/"+id); a.status != http.StatusNotFound {
		t.Errorf("somebody elsewhere sees it: %d", a.status)
	}
	// It is over: the case is told, and goes on.
	got = o.measure("trees/tree00", 1.4, 1.2)
	if len(got.Over) != 1 || got.Over[0].Case != id || len(got.Raised) != 0 {
		t.Errorf("%+v", got)
	}
	if now := read[caseView](t, o.get("operator", "/v1/cases/"+id)); now.Version != 2 || now.State != "submitted" {
		t.Errorf("after it is over: %+v", now)
	}
	if a := o.get("operator", "/v1/cases/"+id+"/events"); !strings.Contains(a.body, "1.4 m") || !strings.Contains(a.body, `"post":"system"`) {
		t.Errorf("%s", a.body)
	}
	got = o.measure("trees/tree00", 2, 2)
	if len(got.Raised) != 1 || got.Raised[0].Case == id {
		t.Errorf("raised again: %+v", got)
	}
	// Another part is another matter.
	if got := o.measure("trees/tree01", 9, 9, 9); len(got.Raised) != 1 {
		t.Errorf("%+v", got)
	}
	type list struct {
		Sensors []struct {
			Part, Name, Unit string
			Value            float64
			Readings         []struct{ Value float64 }
			Rules            []struct {
				Rule, Case string
				Raised     bool
				Number     int
			}
		}
		Next string
	}
	all := read[list](t, o.get("operator", "/v1/readings?raised=true&limit=1"))
	if len(all.Sensors) != 1 || all.Next == "" {
		t.Fatalf("%+v", all)
	}
	one := all.Sensors[0]
	if one.Part != "trees/tree00" || one.Value != 2 || len(one.Readings) != 3 || len(one.Rules) != 1 || !one.Rules[0].Raised || one.Rules[0].Number != 2 || one.Rules[0].Case == "" {
		t.Errorf("%+v", one)
	}
	all = read[list](t, o.get("operator", "/v1/readings?limit=1&cursor="+all.Next))
	if len(all.Sensors) != 1 || all.Sensors[0].Part != "trees/tree01" || all.Next != "" {
		t.Errorf("%+v", all)
	}
	// Whoever does not see the case is not told which it is.
	if a := o.get("far-hand", "/v1/readings?part=trees/tree00"); a.status == http.StatusOK && strings.Contains(a.body, `"case"`) {
		t.Errorf("%s", a.body)
	}
}

// TestWrongReadings sees that each wrong reading is named by what is wrong with it, and that the others are taken.
func TestWrongReadings(t *testing.T) {
	o := sensing(t, sensorRules)
	at := func(d time.Duration) string { return o.clockNow().Add(d).Format(time.RFC3339) }
	good := func(n int) string {
		return fmt.Sprintf(`{"part":"trees/tree%02d","name":"water_level","value":1,"unit":"m","time":%q}`, n, at(0))
	}
	rows := []struct{ row, field string }{
		{good(0), ""},
		{`{"part":"trees/nothing","name":"water_level","value":1,"unit":"m","time":"` + at(0) + `"}`, "part"},
		{`{"part":"nowhere/1","name":"water_level","value":1,"unit":"m","time":"` + at(0) + `"}`, "part"},
		{`{"part":"units/1","name":"water_level","value":1,"unit":"m","time":"` + at(0) + `"}`, "part"},
		{`{"code":"no-such-code","name":"water_level","value":1,"unit":"m","time":"` + at(0) + `"}`, "code"},
		{`{"name":"water_level","value":1,"unit":"m","time":"` + at(0) + `"}`, "part"},
		{`{"part":"trees/tree01","name":"smoke","value":1,"unit":"m","time":"` + at(0) + `"}`, "name"},
		{`{"part":"trees/tree01","name":"moisture","value":1,"unit":"%","time":"` + at(0) + `"}`, "name"},
		{`{"part":"trees/tree01","name":"water_level","value":1,"unit":"cm","time":"` + at(0) + `"}`, "unit"},
		{`{"part":"trees/tree01","name":"water_level","value":"high","unit":"m","time":"` + at(0) + `"}`, "value"},
		{`{"part":"trees/tree01","name":"water_level","value":1e999,"unit":"m","time":"` + at(0) + `"}`, "value"},
		{`{"part":"trees/tree01","name":"water_level","value":null,"unit":"m","time":"` + at(0) + `"}`, "value"},
		{`{"part":"trees/tree01","name":"water_level","value":NaN,"unit":"m","time":"` + at(0) + `"}`, "reading"},
		{`{"part":"trees/tree01","name":"water_level","unit":"m","time":"` + at(0) + `"}`, "value"},
		{`{"part":"trees/tree01","name":"water_level","value":1,"time":"` + at(0) + `"}`, "unit"},
		{`{"part":"trees/tree01","name":"water_level","value":1,"unit":"m","time":"yesterday"}`, "time"},
		{`{"part":"trees/tree01","name":"water_level","value":1,"unit":"m","time":"` + at(time.Hour) + `"}`, "time"},
		{`{"part":"trees/tree01","name":"water_level","value":1,"unit":"m","time":"` + at(-48*time.Hour) + `"}`, "time"},
		{`{"part":"trees/tree01","name":"water_level","value":1,"unit":"m","time":"` + at(0) + `","colour":"red"}`, "colour"},
		{`{"part":"trees/tree00","name":"water_level","value":1,"unit":"m","time":"` + at(-time.Minute) + `"}`, "time"},
		{`not JSON`, "reading"},
		{good(2), ""},
	}
	var lines []string
	for _, r := range rows {
		lines = append(lines, r.row)
	}
	a := o.do("POST", "/v1/readings", map[string]string{whoHeader: "token", "Content-Type": "application/x-ndjson"}, strings.Join(lines, "\n")+"\n\n")
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	got := read[takenView](t, a)
	faults := map[int]string{}
	for _, f := range got.Faults {
		faults[f.Reading] = f.Field
		if f.Line != f.Reading+1 || f.Why == "" {
			t.Errorf("%+v", f)
		}
	}
	for i, r := range rows {
		if faults[i] != r.field {
			t.Errorf("%s: the fault is of %q, want %q", r.row, faults[i], r.field)
		}
	}
	if got.Taken != 2 || got.Late != 1 || got.Failed != len(rows)-3 {
		t.Errorf("%+v", got)
	}
	a = o.do("POST", "/v1/readings", map[string]string{whoHeader: "token", "Content-Type": "application/x-ndjson"}, good(0)+"\n"+good(2))
	if again := read[takenView](t, a); again.Again != 2 || again.Taken != 0 {
		t.Errorf("sent again: %+v", again)
	}
	many := `{"readings":[` + strings.Repeat(good(3)+",", 10_000) + good(3) + `]}`
	for _, sc := range []struct {
		who, body, kind string
		status          int
		want            string
	}{
		{"", good(0), "application/x-ndjson", 401, "scope report"},
		{"operator/cases", good(0), "application/x-ndjson", 403, "scopes leave report out"},
		{"operator/report", good(5), "application/x-ndjson", 200, `"taken":1`},
		{"operator", good(6), "application/x-ndjson", 200, `"taken":1`},
		{"operator", `{"readings":[]}`, "application/json", 422, "at least one"},
		{"operator", `{"reading":[]}`, "application/json", 400, "reading"},
		{"operator", `{"readings":[`, "application/json", 400, "body"},
		{"operator", "part,value", "text/csv", 415, "application/json"},
		{"operator", many, "application/json", 422, "10001"},
	} {
		a := o.do("POST", "/v1/readings", map[string]string{whoHeader: sc.who, "Content-Type": sc.kind}, sc.body)
		if a.status != sc.status || !strings.Contains(a.body, sc.want) {
			t.Errorf("%s %.60s: %d %.300s, want %d %s", sc.who, sc.body, a.status, a.body, sc.status, sc.want)
		}
	}
	if a := o.get("", "/v1/readings"); a.status != http.StatusUnauthorized {
		t.Errorf("the public lists sensors: %d", a.status)
	}
}

// TestRefusedReadings has a case refused, because nobody is there to get it: the reading is not kept, and raises when it comes
// again.
func TestRefusedReadings(t *testing.T) {
	o := sensing(t, strings.Replace(sensorRules, `code = "0506"`, `code = "9999"`, 1))
	got := o.measure("trees/tree00", 2, 3)
	if got.Taken != 1 || got.Failed != 1 || got.Faults[0].Field != "rule" || got.Faults[0].Value != "wet" || len(got.Raised) != 0 {
		t.Errorf("%+v", got)
	}
	for _, o := range []*office{working(t, "base", nil), sensing(t, "")} {
		if a := o.call("operator", "POST", "/v1/readings", `{"readings":[{}]}`); a.status != http.StatusNotImplemented {
			t.Errorf("without sensors: %d %s", a.status, a.body)
		}
	}
}

// TestManholes has the water rise by the rule of Dongcheng, whose parts are trees here: for ten minutes, without gaps.
func TestManholes(t *testing.T) {
	text, err := fs.ReadFile(profiles.Files, "dongcheng-2004/sensors.toml")
	if err != nil {
		t.Fatal(err)
	}
	rules := strings.Replace(strings.Replace(string(text), `layers = ["parts"]`, `layers = ["trees"]`, 1), `classes = ["0102", "0103"]`, "", 1)
	o := sensing(t, rules)
	raised, over := 0, 0
	for i, step := range []struct {
		after        time.Duration
		value        float64
		raised, over int
	}{
		{0, 2.4, 0, 0}, {4 * time.Minute, 2.4, 0, 0}, {3 * time.Minute, 2.4, 0, 0}, {time.Minute, 2.5, 1, 0}, // three in a row, and ten minutes
		{time.Minute, 1.6, 1, 0}, {time.Minute, 2.5, 1, 0}, {time.Minute, 1.4, 1, 1}, // over below 1.5 alone
		{time.Minute, 2, 1, 1}, {8 * time.Minute, 2, 1, 1}, {20 * time.Minute, 2, 1, 1}, {8 * time.Minute, 2, 1, 1}, {8 * time.Minute, 2, 1, 1}, // a gap
		{55 * time.Minute, 2, 1, 1}, {8 * time.Minute, 2, 1, 1}, {10 * time.Minute, 2, 2, 1}, // two hours after the first
	} {
		o.wait(step.after)
		got := o.measure("trees/tree00", step.value)
		raised, over = raised+len(got.Raised), over+len(got.Over)
		if raised != step.raised || over != step.over {
			t.Fatalf("step %d: raised %d, over %d, want %d and %d", i, raised, over, step.raised, step.over)
		}
	}
}

// TestSensorOutside has a sensor beyond the outline of the city: what it raises is a case that is seen where it is, and is not
// filed before it has a place in the city.
func TestSensorOutside(t *testing.T) {
	o := sensing(t, sensorRules)
	o.move("beyond", 121.6, 25.005)
	got := o.measure("trees/beyond", 3, 3)
	if len(got.Raised) != 1 {
		t.Fatalf("%+v", got)
	}
	id := got.Raised[0].Case
	if a := o.get("operator", "/v1/cases?inbox=true"); !strings.Contains(a.body, id) {
		t.Errorf("%s", a.body)
	}
	o.act(id, "operator", "accept", "", "accepted")
	const class = `"class":{"kind":"event","code":"0506"}`
	if p := o.refuse(id, "chief", "register", `{`+class+`}`, "outside"); p.Value != "121.6,25.005" {
		t.Errorf("%+v", p)
	}
	o.act(id, "chief", "register", `{`+class+`,`+here+`}`, "registered")
}
