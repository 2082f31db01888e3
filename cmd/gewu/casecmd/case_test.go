package casecmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/cmd/gewu/casecmd"
)

// city answers with what a test says, and keeps what it was asked.
type city struct {
	answers map[string]string
	asked   []string
	bodies  []string
	types   []string
}

func (c *city) Do(_ context.Context, method, path string, query url.Values, kind string, body io.Reader) (*http.Response, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	ask := method + " " + path
	if len(query) > 0 {
		ask += "?" + query.Encode()
	}
	c.asked, c.bodies, c.types = append(c.asked, ask), append(c.bodies, string(text)), append(c.types, kind)
	answer, ok := c.answers[method+" "+path]
	if !ok {
		return nil, errors.New("not found: " + path)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(answer))}, nil
}

// command runs a line of gewu case or gewu process against a city.
func (c *city) command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var cli struct {
		Case    casecmd.Case    `cmd:""`
		Process casecmd.Process `cmd:""`
	}
	parser, err := kong.New(&cli, kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	line, err := parser.Parse(args)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = line.Run(&casecmd.Env{Stdout: &out, Stderr: &out, Failed: errFailed, City: func(do func(context.Context, casecmd.Client) error) error {
		return do(t.Context(), c)
	}})
	return out.String(), err
}

const aCase = `{"id":"C1","version":2,"state":"handling","state_title":{"zh":"处置中","en":"Being handled"},"class":{"code":"0110","title":{"zh":"暴露垃圾"}},
"source":"hotline","unit":"sanitation","address":"南松乐路8号","description":"一堆垃圾","light":"green","opened":"2026-11-02T01:00:00Z","due":"2026-11-02T05:00:00Z","marks":["ledger"],
"areas":[{"level":"street","code":"110101001","name":"杏溪街道"}],"duty":{"rule":"management","organisation":"sanitation","reason":{"zh":"管理","en":"Manages"}},
"clocks":[{"title":{"zh":"处置","en":"Handling"},"state":"running","limit":"4 work_hour","due":"2026-11-02T05:00:00Z","light":"green"}],
"children":[{"case":"C1.1","unit":"brigade","open":true}],
"offers":[{"action":"feedback","title":{"zh":"处置反馈","en":"Report back"},"allowed":true,"form":[{"name":"after","required":true},{"name":"note","required":false}]},
{"action":"strike","title":{"zh":"销号","en":"Strike"},"allowed":false,"refusal":{"reason":{"zh":"条件不满足","en":"must hold"}}}]}`

func TestCaseListAndShow(t *testing.T) {
	c := &city{answers: map[string]string{
		"GET /v1/cases": `{"cases":[` + aCase + `]}`, "GET /v1/cases/C1": aCase,
		"GET /v1/cases/C1/events": `{"events":[{"number":1,"at":"2026-11-02T01:00:00Z","action":"report","title":{"zh":"上报","en":"Report"},"actor":{"name":"王受理","organisation":"centre","post":"operator"},"to":"submitted","form":{"note":"请尽快"}}]}`,
	}}
	out, err := c.command(t, "case", "list", "--as", "S-1", "--inbox", "--open", "--state", "handling,assigned", "--unit", "sanitation", "--class", "01", "--area", "street/110101001", "--order", "due", "--limit", "5")
	if err != nil || !strings.Contains(out, "C1") || !strings.Contains(out, "处置中 Being handled") || !strings.Contains(out, "南松乐路8号") {
		t.Errorf("%s %v", out, err)
	}
	if want := "GET /v1/cases?area=street%2F110101001&class=01&inbox=true&limit=5&open=true&order=due&person=S-1&state=handling%2Cassigned&unit=sanitation"; c.asked[0] != want {
		t.Errorf("asked %s", c.asked[0])
	}
	if out, err = c.command(t, "case", "list", "--json"); err != nil || strings.Count(out, "\n") < 1 || !strings.HasPrefix(out, `{"id":"C1"`) {
		t.Errorf("%s %v", out, err)
	}
	out, err = c.command(t, "case", "show", "C1", "--as", "S-1")
	for _, want := range []string{
		"case C1, version 2: 处置中 Being handled (handling)  ledger", "what   一堆垃圾", "area   street 110101001 杏溪街道", "duty   sanitation, by rule management",
		"clock  处置 Handling, running, 4 work_hour", "part   C1.1 with brigade, open: true", "上报 Report → submitted  王受理 operator centre  请尽快",
		"may    feedback  处置反馈 Report back  after\n", "not    strike  销号 Strike  条件不满足 must hold",
	} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s %v", want, out, err)
		}
	}
	if _, err = c.command(t, "case", "show", "C2"); err == nil {
		t.Error("a case that does not exist is shown")
	}
}

func TestCaseDo(t *testing.T) {
	c := &city{answers: map[string]string{
		"POST /v1/cases": `{"case":` + aCase + `,"event":1}`, "POST /v1/cases/C1/actions": `{"case":` + aCase + `,"event":3}`,
		"POST /v1/cases/route": `{"answer":{"rule":"grid","organisation":"grid-1","post":"grid-head","reason":{"zh":"所在网格","en":"The grid"}},"steps":[{"rule":"owner","why":{"zh":"无","en":"none"},"disabled":true}]}`,
	}}
	file := filepath.Join(t.TempDir(), "form.json")
	if err := os.WriteFile(file, []byte(`{"source":"hotline","fields":{"plan":"x"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := c.command(t, "case", "do", "report", "--as", "S-1", "--post", "operator", "--form", file, "--set", "description=一堆, 垃圾", "--set", "class=event 0110 2",
		"--set", "point=116.4,39.9", "--set", "parts=parts/1,parts/2", "--set", "units=a,b", "--set", "kind=rubbish")
	if err != nil || out != "C1  处置中 Being handled (handling), event 1\n" {
		t.Errorf("%s %v", out, err)
	}
	var got, want any
	if err := json.Unmarshal([]byte(c.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{"action":"report","as":{"person":"S-1","post":"operator","organisation":""},"form":{"source":"hotline","description":"一堆, 垃圾",
		"class":{"kind":"event","code":"0110","row":"2"},"point":{"lon":116.4,"lat":39.9},"parts":[{"layer":"parts","id":"1"},{"layer":"parts","id":"2"}],"units":["a","b"],
		"fields":{"plan":"x","kind":"rubbish"}}}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if out, err = c.command(t, "case", "do", "take", "C1", "--as", "S-2", "--json"); err != nil || !strings.Contains(out, `"event":3`) || c.asked[1] != "POST /v1/cases/C1/actions" {
		t.Errorf("%s %s %v", out, c.asked[1], err)
	}
	for _, set := range []string{"x", "class=0110", "point=1", "parts=1"} {
		if _, err := c.command(t, "case", "do", "report", "--set", set); err == nil || !strings.Contains(err.Error(), set) {
			t.Errorf("--set %s: %v", set, err)
		}
	}
	out, err = c.command(t, "case", "route", "--set", "class=event 0110")
	if err != nil || out != "not owner: 无 none  (switched off)\ngrid-1 grid-head  by rule grid: 所在网格 The grid\n" {
		t.Errorf("%s %v", out, err)
	}
}

func TestProcessOfTheCity(t *testing.T) {
	c := &city{answers: map[string]string{
		"GET /v1/processes":          `{"processes":[{"name":"our","version":1,"title":{"zh":"我市","en":"Ours"},"newest":true,"begins":true,"open":7}]}`,
		"POST /v1/processes/our/dry": `{"version":2,"stuck":[{"state":"handling","cases":3,"why":"there is no state handling"}]}`,
		"PUT /v1/processes/our":      `{"name":"our","version":2,"stuck":[],"seq":9}`,
	}}
	out, err := c.command(t, "process", "versions")
	if err != nil || !strings.Contains(out, "我市 Ours  (cases begin under it)") {
		t.Errorf("%s %v", out, err)
	}
	file := filepath.Join(t.TempDir(), "process.toml")
	text := "name = \"our\"\nversion = 2\ntitle = { zh = \"我\", en = \"O\" }\ninherits = \"base\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err = c.command(t, "process", "dry", file)
	if !errors.Is(err, errFailed) || out != "3 in handling: there is no state handling\n" || c.bodies[1] != text || c.types[1] != "application/toml" {
		t.Errorf("%s %v %q", out, err, c.bodies[1])
	}
	if out, err = c.command(t, "process", "put", file); err != nil || out != "process our, version 2: cases begin under it from now on\n" {
		t.Errorf("%s %v", out, err)
	}
	c.answers["POST /v1/processes/our/dry"] = `{"stuck":[]}`
	if out, err = c.command(t, "process", "dry", file); err != nil || out != "process our: no open case would be stuck\n" {
		t.Errorf("%s %v", out, err)
	}
	if err := os.WriteFile(file, []byte("name = \"our\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = c.command(t, "process", "dry", file); err == nil || len(c.asked) != 4 {
		t.Errorf("a process that cannot be read is sent: %v", err)
	}
}

func TestCaseImport(t *testing.T) {
	const answer = `{"note":"was read as gb18030"}
{"row":{"row":1,"line":2,"external":"W-1","case":"C1","alike":[{"case":"C0","score":0.6,"reasons":["same-class"]}],"notes":["the address is not found"]}}
{"row_error":{"row":2,"line":3,"field":"类别","value":"999","why":"is no class"}}
{"done":{"rows":2,"taken":1,"repeated":0,"failed":1,"alike":1,"sha256":"x"}}
`
	c := &city{answers: map[string]string{"POST /v1/cases/import": answer}}
	file := filepath.Join(t.TempDir(), "reports.csv")
	if err := os.WriteFile(file, []byte("a,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := c.command(t, "case", "import", file, "--as", "S-1", "--source", "hotline", "--map", "甲=external,乙=lon", "--dry-run")
	if !errors.Is(err, errFailed) {
		t.Errorf("%v", err)
	}
	for _, want := range []string{"note: was read as gb18030", "row 1: the address is not found", "row 1: C1 may say again C0", `row 2 (line 3): 类别: is no class (value "999")`, "2 rows: 1 taken in, 0 repeated, 1 wrong, 1 may say a case again"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if want := "POST /v1/cases/import?action=report&dry_run=true&map=" + url.QueryEscape("甲=external,乙=lon") + "&name=reports.csv&person=S-1&source=hotline"; c.asked[0] != want || c.bodies[0] != "a,b\n" {
		t.Errorf("asked %s with %q", c.asked[0], c.bodies[0])
	}
	if out, err = c.command(t, "case", "import", file, "--json"); !errors.Is(err, errFailed) || out != answer {
		t.Errorf("%v %s", err, out)
	}
	c.answers["POST /v1/cases/import"] = `{"failed":"the server is stopping"}` + "\n" + `{"done":{"rows":0}}` + "\n"
	if _, err = c.command(t, "case", "import", file); err == nil || !strings.Contains(err.Error(), "the server is stopping") {
		t.Errorf("%v", err)
	}
	c.answers["POST /v1/cases/import"] = strings.SplitAfter(answer, "\n")[0]
	if _, err = c.command(t, "case", "import", file); err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("%v", err)
	}
	if _, err = c.command(t, "case", "import", file+"x"); err == nil {
		t.Error("a file that is not there is sent")
	}
}

func TestCaseNotices(t *testing.T) {
	c := &city{answers: map[string]string{
		"GET /v1/cases/C1/notices": `{"notices":[{"id":"7.100/to-organisation-water","to":"organisation:water","kind":"live","event":"dispatch","made":"2026-11-02T01:00:00Z","state":"sent","reminded":2},
			{"id":"7.100/to-organisation-gas","to":"organisation:gas","kind":"live","event":"dispatch","state":"sent","received":"2026-11-02T01:00:00Z","handling":"2026-11-02T01:00:00Z"}]}`,
		"POST /v1/cases/C1/notices/remind": `{"reminded":[{"to":"organisation:water","event":"dispatch","reminded":3}]}`,
	}}
	out, err := c.command(t, "case", "notices", "C1", "--as", "S-1")
	if err != nil || !strings.Contains(out, "催办 reminded 2×") || !strings.Contains(out, "办理 handling") || c.asked[0] != "GET /v1/cases/C1/notices?person=S-1" {
		t.Errorf("%s %s %v", c.asked, out, err)
	}
	out, err = c.command(t, "case", "remind", "C1", "--as", "S-1")
	if err != nil || out != "organisation:water  reminded of dispatch, 3×\n" || c.bodies[1] != "{}" {
		t.Errorf("%s %s %v", c.bodies, out, err)
	}
	if _, err = c.command(t, "case", "remind", "C1", "--notice", "7.100/to-organisation-water"); err != nil || c.bodies[2] != `{"notices":["7.100/to-organisation-water"]}` {
		t.Errorf("%s %v", c.bodies, err)
	}
}
