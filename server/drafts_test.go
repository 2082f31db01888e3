package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// draftView is what tests look at of an answer about a draft.
type draftView struct {
	Draft struct {
		ID, State, Author string
		Seq               data.Seq
		Steps, Done       int
		Version           int
		Published         int
	}
	Changed  struct{ Created, Altered, Ended []string }
	Counts   map[string]int
	OK       bool
	Codes    []struct{ Drawn, Code string }
	Created  []string
	Ended    []string
	Areas    []string
	Warnings []string
	Lineage  []struct {
		Old, New string
		Share    float64
	}
	Conflicts []struct {
		Kind  string
		Cells []string
	}
}

// draft sends a request about a draft and expects a status.
func (c *town) draft(status int, method, path, body string) draftView {
	c.t.Helper()
	return c.draftAs(nil, status, method, path, body)
}

func (c *town) draftAs(header map[string]string, status int, method, path, body string) draftView {
	c.t.Helper()
	if header == nil {
		header = jsonBody
	}
	a := c.do(method, path, header, body)
	if a.status != status {
		c.t.Fatalf("%s %s %s: %d instead of %d: %s", method, path, body, a.status, status, a.body)
	}
	var v draftView
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		c.t.Fatal(err)
	}
	return v
}

// begun is the path of a new draft by somebody.
func (c *town) begun(by string) string {
	c.t.Helper()
	return "/v1/drafts/" + c.draft(201, "POST", "/v1/drafts", fmt.Sprintf(`{"scheme":"unit","title":"t","by":%q}`, by)).Draft.ID
}

// cellAt are the codes of the cells at a point.
func (c *town) cellAt(lon, lat float64, more string) string {
	c.t.Helper()
	a := c.do("GET", fmt.Sprintf("/v1/locate?lon=%g&lat=%g%s", lon, lat, more), nil, "")
	var v struct {
		Cells []struct{ Code string }
		Areas []struct{ Level, Code string }
	}
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || a.status != 200 {
		c.t.Fatal(a.status, a.body)
	}
	out := ""
	for _, cell := range v.Cells {
		out += cell.Code
	}
	for _, area := range v.Areas {
		if area.Level == "village" {
			out += "/" + area.Code
		}
	}
	return out
}

// TestDraftBecomesVersion draws, checks, approves and publishes: cells, areas above and lineage follow, and both versions
// can be asked for.
func TestDraftBecomesVersion(t *testing.T) {
	c := newCity(t, nil).fill()
	d := c.begun("li")
	v := c.draft(200, "POST", d+"/steps", `{"op":"move_vertex","from":[121.51,25.01],"to":[121.512,25.012]}`)
	if !slices.Equal(v.Changed.Altered, []string{"A111-00", "A112-00", "A121-00", "A122-00"}) || len(v.Counts) > 0 || v.Draft.Done != 1 {
		t.Errorf("%+v", v)
	}
	v = c.draft(200, "POST", d+"/steps", `{"op":"split","code":"A211-00","line":[[121.525,24.99],[121.525,25.02]]}`)
	if len(v.Changed.Created) != 1 || v.Draft.Steps != 2 {
		t.Errorf("%+v", v)
	}
	c.draft(409, "POST", d+"/approve", `{"by":"wang"}`)
	v = c.draft(200, "POST", d+"/check", "")
	if !v.OK || v.Draft.State != "checked" || !slices.Equal(v.Created, []string{"D2-V1-001"}) || len(v.Ended) > 0 {
		t.Errorf("check: %+v", v)
	}
	if !slices.Equal(v.Areas, []string{"village/D1-V1", "village/D1-V2"}) {
		t.Errorf("areas %v", v.Areas)
	}
	c.draft(403, "POST", d+"/approve", `{"by":"li"}`)
	c.draft(403, "POST", d+"/approve", ``)
	c.draft(409, "POST", d+"/publish", ``)
	if v = c.draft(200, "POST", d+"/approve", `{"by":"wang","note":"good"}`); v.Draft.State != "approved" {
		t.Errorf("%+v", v)
	}
	before := c.store.Last()
	if v = c.draft(200, "POST", d+"/publish", `{"by":"wang"}`); v.Draft.State != "published" || v.Draft.Published != 2 {
		t.Errorf("%+v", v)
	}
	if c.store.Last() != before+1 {
		t.Errorf("a publication took %d entries", c.store.Last()-before)
	}
	// The corner belongs to A111-00 and its village now, and the split cell has the new code.
	for _, q := range []struct{ more, corner, half string }{
		{"", "A111-00/D1-V1", "D2-V1-001/D2-V1"},
		{"&version=2", "A111-00/D1-V1", "D2-V1-001/D2-V1"},
		{"&version=unit:1", "A122-00/D1-V2", "A211-00/D2-V1"},
		{fmt.Sprintf("&as_of=%d", before), "A122-00/D1-V2", "A211-00/D2-V1"},
	} {
		if got := c.cellAt(121.5105, 25.0105, q.more); got != q.corner {
			t.Errorf("corner%s: %s instead of %s", q.more, got, q.corner)
		}
		half := c.cellAt(121.5275, 25.005, q.more)
		other := c.cellAt(121.5225, 25.005, q.more)
		if half != q.half && other != q.half {
			t.Errorf("halves%s: %s and %s, none is %s", q.more, other, half, q.half)
		}
	}
	a := c.do("GET", "/v1/schemes/unit/lineage?code=D2-V1-001", nil, "")
	if !strings.Contains(a.body, `{"version":2,"old":"A211-00","new":"D2-V1-001","share":0.5`) {
		t.Error(a.body)
	}
	if a := c.do("GET", "/v1/schemes/unit/lineage?format=csv", nil, ""); !strings.HasPrefix(a.body, "version,old,new,share,weight,level\n") || !strings.Contains(a.body, "2,A211-00,A211-00,0.5") {
		t.Error(a.body)
	}
	if a := c.do("GET", "/v1/schemes/unit/versions", nil, ""); !strings.Contains(a.body, `"current":2`) {
		t.Error(a.body)
	}
	if a := c.do("GET", "/v1/schemes/unit/check", nil, ""); !strings.Contains(a.body, `"defects":[]`) {
		t.Error(a.body)
	}
	c.draft(409, "POST", d+"/steps", `{"op":"delete_vertex","at":[121.5,25]}`)
	c.draft(409, "DELETE", d, "")

	// Back to the first version: its ground and its codes, as a third.
	back := c.draft(201, "POST", "/v1/drafts", `{"scheme":"unit","from_version":1,"by":"li"}`)
	d = "/v1/drafts/" + back.Draft.ID
	if v = c.draft(200, "POST", d+"/check", ""); !v.OK || !slices.Equal(v.Ended, []string{"D2-V1-001"}) || len(v.Created) > 0 {
		t.Errorf("back: %+v", v)
	}
	c.draft(200, "POST", d+"/approve", `{"by":"wang"}`)
	c.draft(200, "POST", d+"/publish", "")
	if got := c.cellAt(121.5105, 25.0105, ""); got != "A122-00/D1-V2" {
		t.Errorf("after going back the corner is %s", got)
	}
	// The code that ended is not given again.
	d = c.begun("li")
	c.draft(200, "POST", d+"/steps", `{"op":"split","code":"A212-00","line":[[121.535,24.99],[121.535,25.02]]}`)
	if v = c.draft(200, "POST", d+"/check", ""); !slices.Equal(v.Created, []string{"D2-V1-002"}) {
		t.Errorf("new codes %v", v.Created)
	}
	if a := c.do("POST", d+"/steps", jsonBody, `{"op":"split","code":"A221-00","new":["D2-V1-001"],"line":[[121.525,24.99],[121.525,25.03]]}`); a.status != 422 || !strings.Contains(a.body, "code_exists") {
		t.Errorf("a code that ended: %d %s", a.status, a.body)
	}
}

// TestDraftAtADate plans a publication, which counts when it is due and not before, and withdraws another.
func TestDraftAtADate(t *testing.T) {
	c := newCity(t, nil).fill()
	d := c.begun("li")
	c.draft(200, "POST", d+"/steps", `{"op":"merge","codes":["A111-00","A112-00"]}`)
	c.draft(200, "POST", d+"/check", "")
	c.draft(200, "POST", d+"/approve", `{"by":"wang"}`)
	c.draft(422, "POST", d+"/publish", `{"at":"2020-01-01"}`)
	c.draft(422, "POST", d+"/publish", `{"at":"soon"}`)
	if v := c.draft(202, "POST", d+"/publish", `{"at":"2999-01-01"}`); v.Draft.State != "planned" {
		t.Errorf("%+v", v)
	}
	c.draft(409, "POST", d+"/steps", `{"op":"merge","codes":["A121-00","A122-00"]}`)
	other := c.begun("li")
	c.draft(200, "POST", other+"/steps", `{"op":"merge","codes":["A211-00","A212-00"]}`)
	c.draft(200, "POST", other+"/check", "")
	c.draft(200, "POST", other+"/approve", `{"by":"wang"}`)
	if a := c.do("POST", other+"/publish", jsonBody, ""); a.status != 409 || !strings.Contains(a.body, "version 2 of the scheme is planned for 2999-01-01") {
		t.Errorf("beside a plan: %d %s", a.status, a.body)
	}
	if a := c.do("GET", "/v1/locate?lon=121.51&lat=25&version=2", nil, ""); a.status != 400 || !strings.Contains(a.body, "planned") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if v := c.draft(200, "POST", d+"/withdraw", ""); v.Draft.State != "approved" {
		t.Errorf("%+v", v)
	}
	due := time.Now().Add(time.Second)
	if v := c.draft(202, "POST", d+"/publish", fmt.Sprintf(`{"at":%q}`, due.Format(time.RFC3339Nano))); v.Draft.State != "planned" || v.Draft.Published != 3 {
		t.Errorf("%+v", v)
	}
	if got := c.cellAt(121.515, 25.005, ""); got != "A112-00/D1-V1" {
		t.Errorf("before its time %s", got)
	}
	for end := time.Now().Add(20 * time.Second); c.draft(200, "GET", d, "").Draft.State != "published"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it was never published")
		}
	}
	for more, want := range map[string]string{
		"": "A111-00/D1-V1", "&version=3": "A111-00/D1-V1", "&version=1": "A112-00/D1-V1",
		"&at=" + due.UTC().Format("2006-01-02T15:04:05.999999999Z"): "A111-00/D1-V1", "&at=" + due.UTC().Add(-time.Millisecond).Format("2006-01-02T15:04:05.999999999Z"): "A112-00/D1-V1",
	} {
		if got := c.cellAt(121.515, 25.005, more); got != want {
			t.Errorf("%s: %s instead of %s", more, got, want)
		}
	}
	// The other one is against an ended version now; what it changes is as it was.
	if a := c.do("POST", other+"/publish", jsonBody, ""); a.status != 409 || !strings.Contains(a.body, "version 3 counts since") {
		t.Errorf("against an ended version: %d %s", a.status, a.body)
	}
	if v := c.draft(200, "POST", other+"/rebase", ""); v.Draft.Version != 3 || v.Draft.State != "draft" {
		t.Errorf("%+v", v)
	}
	c.draft(200, "POST", other+"/check", "")
}

// TestDraftsMeet edits one border in two drafts: both are told, the first that is published counts, and the other cannot be put
// on top of it.
func TestDraftsMeet(t *testing.T) {
	c := newCity(t, nil).fill()
	one, two := c.begun("li"), c.begun("zhao")
	c.draft(200, "POST", one+"/steps", `{"op":"insert_vertex","a":[121.51,25],"b":[121.51,25.01],"at":[121.511,25.005]}`)
	c.draft(200, "POST", two+"/steps", `{"op":"insert_vertex","a":[121.51,25],"b":[121.51,25.01],"at":[121.509,25.005]}`)
	for _, d := range []string{one, two} {
		v := c.draft(200, "GET", d+"/conflicts", "")
		if len(v.Conflicts) != 1 || v.Conflicts[0].Kind != "border" || !slices.Equal(v.Conflicts[0].Cells, []string{"A111-00", "A112-00"}) {
			t.Errorf("%+v", v.Conflicts)
		}
		if v = c.draft(200, "POST", d+"/check", ""); !v.OK || len(v.Conflicts) != 1 || len(v.Warnings) != 1 {
			t.Errorf("%+v", v)
		}
		c.draft(200, "POST", d+"/approve", `{"by":"wang"}`)
	}
	c.draft(200, "POST", one+"/publish", "")
	c.draft(409, "POST", two+"/publish", "")
	if a := c.do("POST", two+"/rebase", jsonBody, ""); a.status != 409 || !strings.Contains(a.body, "A111-00") {
		t.Errorf("%d %s", a.status, a.body)
	}
	c.draft(200, "DELETE", two, "")
	c.draft(404, "GET", two, "")
	for r := range c.engine.World().Admin(data.AdminStep) {
		if strings.HasPrefix(r.ID, strings.TrimPrefix(two, "/v1/drafts/")) {
			t.Errorf("step %s is left", r.ID)
		}
	}
}

// TestDraftSteps undoes and does again, with conditions and keys.
func TestDraftSteps(t *testing.T) {
	c := newCity(t, nil).fill()
	d := c.begun("li")
	cells := func() string { return c.do("GET", d+"/cells", nil, "").body }
	states := []string{cells()}
	for _, op := range []string{
		`{"op":"split","code":"A111-00","line":[[121.505,24.99],[121.505,25.02]]}`, `{"op":"carve","code":"A222-00","ring":[[121.535,25.012],[121.537,25.012],[121.537,25.014]]}`,
		`{"op":"reassign","codes":["A112-00"],"parent":"D1-V2"}`, `{"op":"lock","codes":["A121-00"]}`, `{"op":"renumber","parents":["D2-V2"]}`,
	} {
		c.draft(200, "POST", d+"/steps", op)
		states = append(states, cells())
	}
	for i := len(states) - 2; i >= 0; i-- {
		c.draft(200, "POST", d+"/undo", "")
		if cells() != states[i] {
			t.Errorf("undo to %d is not as before", i)
		}
	}
	c.draft(409, "POST", d+"/undo", "")
	c.server.drafts.Forget()
	for i := 1; i < len(states); i++ {
		c.draft(200, "POST", d+"/redo", "")
		if cells() != states[i] {
			t.Errorf("redo to %d is not as before", i)
		}
	}
	v := c.draft(409, "POST", d+"/redo", "")
	_ = v
	// A locked cell stays.
	if a := c.do("POST", d+"/steps", jsonBody, `{"op":"move_vertex","from":[121.51,25.01],"to":[121.512,25.012]}`); a.status != 422 || !strings.Contains(a.body, `"value":"locked"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	c.draft(200, "POST", d+"/undo", "")
	now := c.draft(200, "GET", d, "").Draft
	if now.Done != 4 || now.Steps != 5 {
		t.Errorf("%+v", now)
	}
	c.draft(412, "POST", fmt.Sprintf("%s/undo?if_seq=%d", d, now.Seq-1), "")
	c.draftAs(map[string]string{"If-Match": fmt.Sprintf(`"%d"`, now.Seq-1)}, 412, "POST", d+"/undo", "")
	keyed := map[string]string{"Content-Type": "application/json", "Idempotency-Key": "k", "If-Match": fmt.Sprintf(`"%d"`, now.Seq)}
	for range 2 {
		if v := c.draftAs(keyed, 200, "POST", d+"/steps", `{"op":"set_attributes","code":"A221-00","set":{"CODEBASE":"x"}}`); v.Draft.Steps != 5 || v.Draft.Done != 5 {
			t.Errorf("%+v", v)
		}
	}
	if a := c.do("GET", d+"/steps", nil, ""); !strings.Contains(a.body, `"count":5,"done":5`) || strings.Contains(a.body, "renumber") {
		t.Error(a.body)
	}
	size := c.store.Last()
	entry := 0
	for e, err := range c.store.Entries(t.Context(), size-1) {
		if err != nil {
			t.Fatal(err)
		}
		entry = len(e.Changes)
	}
	if entry > 3 {
		t.Errorf("a step wrote %d records", entry)
	}
}

// TestDraftOfADivision puts polygons without codes into a draft: they have codes to come, the same after undo and redo and when
// the draft is opened anew, and the check gives them.
func TestDraftOfADivision(t *testing.T) {
	c := newCity(t, nil).fill()
	d := c.begun("li")
	third := func(code string, w, e float64) string {
		return fmt.Sprintf(`{"type":"Feature","properties":{"code":%q,"community":"D1-V1"},"geometry":{"type":"Polygon","coordinates":[[[%g,25],[%g,25],[%g,25.01],[%g,25.01],[%g,25]]]}}`, code, w, e, e, w, w)
	}
	body := `{"type":"FeatureCollection","features":[` + third("", 121.5, 121.507) + "," + third("A112-00", 121.507, 121.514) + "," + third("", 121.514, 121.52) + `]}`
	v := c.draft(200, "POST", d+"/import?communities=D1-V1", body)
	if !slices.Equal(v.Changed.Created, []string{"~1.1", "~1.3"}) || len(v.Counts) > 0 || v.Draft.Done != 1 {
		t.Errorf("%+v", v)
	}
	cells := c.do("GET", d+"/cells", nil, "").body
	c.draft(200, "POST", d+"/undo", "")
	c.server.drafts.Forget()
	c.draft(200, "POST", d+"/redo", "")
	if again := c.do("GET", d+"/cells", nil, "").body; again != cells || !strings.Contains(again, `"~1.3"`) {
		t.Errorf("after undo and redo %s instead of %s", again, cells)
	}
	// Before a check an impact knows what is drawn alone.
	if a := c.do("GET", d+"/impact", nil, ""); !strings.Contains(a.body, `"~1.3"`) {
		t.Error(a.body)
	}
	// A111-00 has seven tenths in the first third; the last one is new.
	v = c.draft(200, "POST", d+"/check", "")
	if !v.OK || !slices.Equal(v.Created, []string{"D1-V1-001"}) || len(v.Ended) > 0 {
		t.Errorf("check: %+v", v)
	}
	// What it would do is told with these codes now, also when the check is not in memory any more, and when somebody has approved.
	for i := range 3 {
		a := c.do("GET", d+"/impact", nil, "")
		for _, want := range []string{`{"code":"D1-V1-001","change":"added"`, `{"code":"A111-00","change":"reshaped"`, `{"code":"A112-00","change":"reshaped"`} {
			if a.status != 200 || !strings.Contains(a.body, want) || strings.Contains(a.body, "~1.") {
				t.Errorf("%d: no %s in %s", i, want, a.body)
			}
		}
		switch i {
		case 0:
			c.server.drafts.Forget()
		case 1:
			c.draft(200, "POST", d+"/approve", `{"by":"wang"}`)
		}
	}
	// A step takes the check back, and with it the codes.
	c.draft(200, "POST", d+"/steps", `{"op":"lock","codes":["A121-00"]}`)
	if a := c.do("GET", d+"/impact", nil, ""); !strings.Contains(a.body, `"~1.3"`) {
		t.Error(a.body)
	}
}

// TestImportByHand gives ground that an import leaves without a cell to whom somebody chooses, at the place that the refusal lists
// although more than it lists was mended; the choice is found again from the log, and one about no defect is refused.
func TestImportByHand(t *testing.T) {
	c := newCity(t, nil).fill()
	d := c.begun("li")
	before, last := c.bytesOf(d), c.store.Last()
	// The western cell has thirty vertices on the border of the community above, which has none there: all are added to it.
	edge := ""
	for i := 1; i < 30; i++ {
		edge += fmt.Sprintf("[%.7f,25.01],", 121.506-0.0002*float64(i))
	}
	body := `{"type":"FeatureCollection","features":[
		{"type":"Feature","properties":{"code":"A111-00","community":"D1-V1"},"geometry":{"type":"Polygon","coordinates":[[[121.5,25],[121.506,25],[121.506,25.01],` + edge + `[121.5,25.01],[121.5,25]]]}},
		{"type":"Feature","properties":{"code":"A112-00","community":"D1-V1"},"geometry":{"type":"Polygon","coordinates":[[[121.51,25],[121.52,25],[121.52,25.01],[121.51,25.01],[121.51,25]]]}}]}`
	where := func(more string) string { return d + "/import?communities=D1-V1" + more }
	a := c.do("POST", where(""), jsonBody, body)
	place := regexp.MustCompile(`"value":"gap","detail":"[^"]* m² at ([0-9.]+), ([0-9.]+)"`).FindStringSubmatch(a.body)
	if a.status != 422 || place == nil {
		t.Fatal(a.status, a.body)
	}
	lon, lat := place[1], place[2]
	give := func(lon, code string) string {
		return "&choices=" + url.QueryEscape(fmt.Sprintf(`[{"at":[%s,%s],"code":%q}]`, lon, lat, code))
	}
	for more, want := range map[string]string{
		"&rule=manual":                            `"field":"choices"`,
		"&rule=manual&choices=x":                  "must be a JSON list",
		"&rule=manual" + give("121.5", "A112-00"): "there is no defect at the place",
		"&rule=manual" + give(lon, "nobody"):      "1 gap",
		"&rule=hand":                              "longest_border, priority or manual",
	} {
		if a := c.do("POST", where(more), jsonBody, body); a.status/100 != 4 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d %s", more, a.status, a.body)
		}
	}
	if c.bytesOf(d) != before || c.store.Last() != last {
		t.Error("a refused import has changed the draft, or written")
	}
	v := c.draft(200, "POST", where("&rule=manual"+give(lon, "A112-00")), body)
	if len(v.Counts) > 0 || !slices.Contains(v.Changed.Altered, "A112-00") {
		t.Errorf("%+v", v)
	}
	cells := c.do("GET", d+"/cells", nil, "").body
	c.draft(200, "POST", d+"/undo", "")
	c.server.drafts.Forget()
	c.draft(200, "POST", d+"/redo", "")
	if again := c.do("GET", d+"/cells", nil, "").body; again != cells {
		t.Errorf("after undo and redo %s instead of %s", again, cells)
	}
	c.draft(200, "POST", d+"/check", "")
	c.draft(200, "POST", d+"/approve", `{"by":"wang"}`)
	c.draft(200, "POST", d+"/publish", "")
	if got := c.cellAt(121.508, 25.005, ""); !strings.HasPrefix(got, "A112-00") {
		t.Error(got)
	}
}

// TestBadDrafts goes through what is refused, with the cause and the place, the draft unchanged.
func TestBadDrafts(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.BodyBytes = 256 << 10 }).fill()
	d := c.begun("li")
	before := c.do("GET", d, nil, "").body
	square := func(w, s, e, n float64) string {
		return fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%g,%g],[%g,%g],[%g,%g],[%g,%g],[%g,%g]]]}`, w, s, e, s, e, n, w, n, w, s)
	}
	one := func(geometry string) string {
		return `{"type":"FeatureCollection","features":[{"type":"Feature","id":"x","properties":{"community":"D1-V1"},"geometry":` + geometry + `}]}`
	}
	for _, tc := range []struct {
		name, path, body string
		status           int
		want             []string
	}{
		{"self-crossing cut", "/steps", `{"op":"split","code":"A111-00","line":[[121.505,24.99],[121.505,25.02],[121.502,25.005],[121.508,25.005]]}`, 422, []string{"line_crosses_itself", `"field":"point"`, "121.5"}},
		{"cut that misses", "/steps", `{"op":"split","code":"A111-00","line":[[121.6,24.99],[121.6,25.02]]}`, 422, []string{"line_misses", "misses cell A111-00"}},
		{"cut that ends inside", "/steps", `{"op":"split","code":"A111-00","line":[[121.505,24.99],[121.505,25.005]]}`, 422, []string{"line_misses", "ends inside", "121.5050000,25.0050000"}},
		{"sliver", "/steps", `{"op":"split","code":"A111-00","line":[[121.500001,24.99],[121.500001,25.02]]}`, 422, []string{"too_small", "m wide on average"}},
		{"no neighbours", "/steps", `{"op":"merge","codes":["A111-00","A122-00"]}`, 422, []string{"different_parents", "D1-V2"}},
		{"apart", "/steps", `{"op":"merge","codes":["A111-00","A111-00"]}`, 422, []string{"nothing_to_do"}},
		{"a code that exists", "/steps", `{"op":"split","code":"A111-00","new":["A222-00"],"line":[[121.505,24.99],[121.505,25.02]]}`, 422, []string{"code_exists", "A222-00"}},
		{"a code for codes to come", "/steps", `{"op":"split","code":"A111-00","new":["~1.1"],"line":[[121.505,24.99],[121.505,25.02]]}`, 422, []string{"must not begin with ~"}},
		{"borders collide", "/steps", `{"op":"move_vertex","from":[121.51,25.01],"to":[121.55,25.012]}`, 422, []string{"borders_collide"}},
		{"no vertex", "/steps", `{"op":"delete_vertex","at":[121.5012,25.0012]}`, 422, []string{"unknown", "there is no vertex"}},
		{"no operation", "/steps", `{"op":"explode"}`, 422, []string{"is no operation", "move_vertex"}},
		{"no op", "/steps", `{}`, 422, []string{`"field":"op"`}},
		{"a member too many", "/steps", `{"op":"delete_vertex","at":[121.5,25],"to":[1,2]}`, 422, []string{`"field":"to"`, "is no member of delete_vertex"}},
		{"a member too few", "/steps", `{"op":"move_vertex","from":[121.5,25]}`, 422, []string{`"field":"to"`, "is missing"}},
		{"no place", "/steps", `{"op":"delete_vertex","at":[500,25]}`, 422, []string{`"field":"at"`, "no longitude and latitude"}},
		{"no JSON", "/steps", `{"op":`, 400, []string{"not JSON"}},
		{"outline that is not closed", "/import?communities=D1-V1", one(`{"type":"Polygon","coordinates":[[[121.5,25],[121.52,25],[121.52,25.01],[121.5,25.01]]]}`), 422, []string{"is not closed", "121.5, 25"}},
		{"import with a gap", "/import?communities=D1-V1", one(square(121.5, 25, 121.519, 25.01)), 422, []string{"1 gap", `"detail":"`}},
		{"import that overlaps", "/import?communities=D1-V1", one(square(121.5, 25, 121.521, 25.01)), 422, []string{"1 overlap"}},
		{"import outside", "/import?communities=D1-V1", one(square(121.499, 25, 121.52, 25.01)), 422, []string{"1 outside"}},
		{"import of a bow-tie", "/import?communities=D1-V1", one(`{"type":"Polygon","coordinates":[[[121.5,25],[121.52,25.01],[121.52,25],[121.5,25.01],[121.5,25]]]}`), 422, []string{"invalid_ring"}},
		{"import elsewhere", "/import?communities=nowhere", one(square(121.5, 25, 121.52, 25.01)), 422, []string{"no cell belongs to"}},
		{"import of a point", "/import", one(`{"type":"Point","coordinates":[121.5,25]}`), 422, []string{"must be a polygon"}},
		{"import of nothing", "/import", `{"type":"FeatureCollection","features":[]}`, 422, []string{"must be 1 to"}},
		{"a property for codes that there is not", "/import?code=nr", one(square(121.5, 25, 121.52, 25.01)), 422, []string{`"field":"code"`, `"value":"nr"`, "is a property of no feature; they have community"}},
		{"a property for communities that there is not", "/import?community=in", one(square(121.5, 25, 121.52, 25.01)), 422, []string{`"field":"community"`, "they have community"}},
		{"too large", "/import", one(square(121.5, 25, 121.52, 25.01)) + strings.Repeat(" ", 300<<10), 413, []string{"larger than"}},
		{"undo of nothing", "/undo", "", 409, []string{"no step"}},
		{"approval of what is not checked", "/approve", `{"by":"wang"}`, 409, []string{"must be checked"}},
		{"publication of what is not approved", "/publish", "", 409, []string{"only what is approved"}},
		{"withdrawal of nothing", "/withdraw", "", 409, []string{"is draft"}},
		{"rejection of nothing", "/reject", "", 409, []string{"only what is checked"}},
		{"codes that are none", "/check", `{"codes":"mine"}`, 422, []string{"must be rule or drawn"}},
		{"a date for an approval", "/approve", `{"at":"2999-01-01"}`, 422, []string{"has no meaning here"}},
	} {
		a := c.do("POST", d+tc.path, jsonBody, tc.body)
		if a.status != tc.status {
			t.Errorf("%s: %d %s", tc.name, a.status, a.body)
		}
		for _, want := range tc.want {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s: no %q in %s", tc.name, want, a.body)
			}
		}
	}
	if after := c.do("GET", d, nil, "").body; after[:strings.LastIndex(after, `"seq":`)] != before[:strings.LastIndex(before, `"seq":`)] {
		t.Errorf("the draft has changed: %s", after)
	}
	for body, want := range map[string]string{
		`{"scheme":"none"}`: "none", `{"scheme":"unit","rule":"none"}`: "longest_border", `{"scheme":"unit","from_version":7}`: "is no version", `{"scheme":"unit","least_width_m":-1}`: "metres",
		`{"scheme":"unit","order":["a"]}`: "priority", `{"scheme":"unit","x":1}`: "is not a member", ``: "scheme", `{"scheme":"unit","from_version":1}`: "earlier version",
	} {
		if a := c.do("POST", "/v1/drafts", jsonBody, body); a.status/100 != 4 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	for _, path := range []string{"/v1/drafts/none", "/v1/drafts/none/cells", "/v1/drafts/none/steps", "/v1/drafts/none/conflicts", "/v1/schemes/none/versions", "/v1/schemes/none/lineage", "/v1/schemes/unit/lineage?code=none"} {
		if a := c.do("GET", path, nil, ""); a.status != 404 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// TestMergesOfOneCommunity: what belongs to one community and is no neighbour is not merged, whether other cells lie between or
// both touch in a corner alone. The refusal says why, where both are and which they are; nothing has changed.
func TestMergesOfOneCommunity(t *testing.T) {
	c := newCity(t, nil).fill()
	d := c.begun("li")
	c.draft(200, "POST", d+"/steps", `{"op":"split","code":"A111-00","new":["west"],"keep_at":[121.508,25.005],"line":[[121.505,24.99],[121.505,25.02]]}`)
	c.draft(200, "POST", d+"/steps", `{"op":"split","code":"A112-00","new":["corner"],"keep_at":[121.512,25.002],"line":[[121.509,25.005],[121.521,25.005]]}`)
	c.draft(200, "POST", d+"/steps", `{"op":"split","code":"A111-00","new":["top"],"keep_at":[121.508,25.002],"line":[[121.504,25.005],[121.511,25.005]]}`)
	before, last := c.bytesOf(d), c.store.Last()
	for _, tc := range []struct{ codes, place, lone string }{
		{`"west","A112-00"`, "121.5", "is no neighbour of the others"},                        // A111-00 lies between
		{`"A111-00","corner"`, "121.5", "is no neighbour of the others"},                      // they have the vertex 121.51, 25.005 in common, and no border
		{`"west","A111-00","corner"`, "121.515", "cell corner is no neighbour of the others"}, // two of three are neighbours
		{`"A111-00","A121-00"`, "121.5", "different_parents"},                                 // of another community: a place, too
	} {
		a := c.do("POST", d+"/steps", jsonBody, `{"op":"merge","codes":[`+tc.codes+`]}`)
		reason := "not_neighbours"
		if tc.lone == "different_parents" {
			reason = tc.lone
		}
		for _, want := range []string{reason, `{"field":"point","value":"` + tc.place, tc.lone, `"field":"cell"`} {
			if a.status != 422 || !strings.Contains(a.body, want) {
				t.Errorf("merge of %s: no %q: %d %s", tc.codes, want, a.status, a.body)
			}
		}
	}
	if c.bytesOf(d) != before || c.store.Last() != last {
		t.Error("a refused merge has changed the draft, or written")
	}
	// Neighbours are merged after all that.
	c.draft(200, "POST", d+"/steps", `{"op":"merge","codes":["top","corner"]}`)
}

// TestDraftsRefuseHugeBodies sends 100 MB to a draft under the limits that every server has, never more than a megabyte of it
// in memory here: by its length, in chunks without one, and as a job. The answer is read each time although the client sends
// all before it looks, and the draft is byte for byte what it was.
func TestDraftsRefuseHugeBodies(t *testing.T) {
	c := newCity(t, nil).fill()
	d := c.begun("li")
	before, last := c.bytesOf(d), c.store.Last()
	const size = 100_000_000
	length := fmt.Sprintf("Content-Length: %d\r\n", size)
	for _, tc := range []struct{ path, how string }{
		{"/import", length}, {"/import", "Transfer-Encoding: chunked\r\n"}, {"/import?async=true", length},
	} {
		res, body, err := c.sendAll("POST", d+tc.path, "application/json", size, tc.how)
		if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, "larger than 32 MiB") {
			t.Errorf("%s, %.20q: %v, %v, %s", tc.path, tc.how, err, res, body)
		}
	}
	if c.bytesOf(d) != before || c.store.Last() != last {
		t.Error("a refused body has changed the draft, or written")
	}
}

// TestDraftsByRights: a planner draws what lies in sight, another person approves, and the public sees no draft.
func TestDraftsByRights(t *testing.T) {
	c := staffed(t)
	title := data.Title{"en": "x"}
	c.put(data.Tx{Changes: []data.Change{
		record(t, people.Staff{ID: "boss", Name: "Boss", Holdings: []people.Holding{{Post: people.PostApprover, Organisation: "d1"}}}),
		record(t, people.Post{ID: "both", Title: title, Permissions: []people.Permission{people.Draft, people.Approve, people.Publish}, Layers: []people.Grant{{Layers: []string{"*"}, Read: true}}}),
		record(t, people.Staff{ID: "all", Name: "All", Holdings: []people.Holding{{Post: "both", Organisation: "d1"}}}),
	}})
	d := "/v1/drafts/" + c.draftAs(as("plan"), 201, "POST", "/v1/drafts", `{"scheme":"unit"}`).Draft.ID
	c.draftAs(as("plan"), 403, "POST", "/v1/drafts", `{"scheme":"unit","by":"somebody"}`)
	c.draftAs(as("one"), 403, "POST", "/v1/drafts", `{"scheme":"unit"}`)
	c.draftAs(as(""), 401, "GET", d, "")
	c.draftAs(as("one"), 403, "GET", d, "")
	c.draftAs(as("plan"), 200, "POST", d+"/steps", `{"op":"merge","codes":["A111-00","A112-00"]}`)
	// The planner of one district neither sees nor changes the other.
	c.draftAs(as("plan"), 403, "POST", d+"/steps", `{"op":"merge","codes":["A211-00","A212-00"]}`)
	if a := c.do("GET", d+"/cells", as("plan"), ""); strings.Contains(a.body, "A211-00") || !strings.Contains(a.body, "A121-00") {
		t.Error(a.body)
	}
	c.draftAs(as("plan"), 200, "POST", d+"/check", "")
	c.draftAs(as("plan"), 403, "POST", d+"/approve", "")
	c.draftAs(as("boss"), 200, "GET", d, "")
	c.draftAs(as("boss"), 403, "POST", d+"/steps", `{"op":"merge","codes":["A211-00","A212-00"]}`)
	c.draftAs(as("boss"), 200, "POST", d+"/approve", `{"note":"yes"}`)
	c.draftAs(as("plan"), 403, "POST", d+"/publish", "")
	c.draftAs(as("boss"), 200, "POST", d+"/publish", "")
	// Who may do all of it still needs somebody else.
	d = "/v1/drafts/" + c.draftAs(as("all"), 201, "POST", "/v1/drafts", `{"scheme":"unit"}`).Draft.ID
	c.draftAs(as("all"), 200, "POST", d+"/steps", `{"op":"merge","codes":["A211-00","A212-00"]}`)
	c.draftAs(as("all"), 200, "POST", d+"/check", "")
	if a := c.do("POST", d+"/approve", as("all"), ""); a.status != 403 || !strings.Contains(a.body, "another person must approve") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := c.do("GET", "/v1/schemes/unit/versions", as("one"), ""); a.status != 200 || strings.Contains(a.body, "acc-") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestPublishersMeet lets two publish at once: one version, the other is told why not.
func TestPublishersMeet(t *testing.T) {
	c := newCity(t, nil).fill()
	drafts := []string{c.begun("li"), c.begun("zhao")}
	for i, codes := range []string{`["A111-00","A112-00"]`, `["A211-00","A212-00"]`} {
		c.draft(200, "POST", drafts[i]+"/steps", `{"op":"merge","codes":`+codes+`}`)
		c.draft(200, "POST", drafts[i]+"/check", "")
		c.draft(200, "POST", drafts[i]+"/approve", `{"by":"wang"}`)
	}
	answers := make(chan answer, 2)
	for _, d := range drafts {
		go func() { answers <- c.do("POST", d+"/publish", jsonBody, "") }()
	}
	one, two := <-answers, <-answers
	if one.status > two.status {
		one, two = two, one
	}
	if one.status != 200 || two.status != 409 || !strings.Contains(two.body, "version") {
		t.Errorf("%d %s; %d %s", one.status, one.body, two.status, two.body)
	}
}
