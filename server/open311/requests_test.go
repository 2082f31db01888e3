package open311_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/geodesy"
	"github.com/gewu-city/gewu/server/open311"
)

type request311 struct {
	ID          string `json:"service_request_id"`
	Status      string
	StatusNotes string `json:"status_notes"`
	Code        string `json:"service_code"`
	Description string
	Agency      string `json:"agency_responsible"`
	Notice      string `json:"service_notice"`
	Requested   string `json:"requested_datetime"`
	Updated     string `json:"updated_datetime"`
	Expected    string `json:"expected_datetime"`
	Address     string
	AddressID   string `json:"address_id"`
	Lat, Long   float64
	Media       string `json:"media_url"`
	Notes       []struct{ Type, Summary string }
	Attributes  []struct{ Code, Value string }
}

func ids(all []request311) []string {
	out := []string{}
	for _, r := range all {
		out = append(out, r.ID)
	}
	return out
}

func (w *town) requests(query string) []request311 {
	w.Helper()
	var out []request311
	w.json("/open311/v2/requests.json?"+query, &out)
	return out
}

// begin begins a case as somebody of the city.
func (w *town) begin(id string, at time.Time, form cases.Form) {
	w.Helper()
	if form.Source == "" {
		form.Source = "collector"
	}
	if form.Description == "" {
		form.Description = "words of " + id
	}
	_, err := w.desk.Do(context.Background(), &cases.Command{Case: id, At: at, Actor: cases.Actor{Person: "li", Organisation: "supervision", Post: "collector"}, Action: "report", Form: form})
	if err != nil {
		w.Fatal(err)
	}
}

var codes = []string{"01001", "01002", "01003"}

// TestFilters compares lists with what a scan of all cases finds.
func TestFilters(t *testing.T) {
	w := open(t, "dongcheng-2004", nil)
	w.now = monday.Add(200 * 24 * time.Hour)
	type known struct {
		id, code, status string
		at               time.Time
		p                cases.Position
	}
	var all []known
	for i := range 60 {
		k := known{id: fmt.Sprintf("A%02d", i), code: codes[i%3], status: "open", at: monday.Add(time.Duration(i*i%97) * 50 * time.Hour), p: cases.Position{Lon: east + float64(i%7)/1000, Lat: north + float64(i%5)/1000}}
		f := cases.Form{Class: &cases.Class{Edition: "GBT47678.5-2026", Kind: "part", Code: k.code}, Point: &k.p, Private: i%10 == 9}
		w.begin(k.id, k.at, f)
		if i%4 == 0 {
			k.status = "closed"
			if _, err := w.desk.Do(t.Context(), &cases.Command{Case: k.id, At: k.at.Add(time.Hour), Actor: cases.Actor{Person: "w", Organisation: "s", Post: "operator"}, Action: "reject", Form: cases.Form{Reason: "x"}}); err != nil {
				t.Fatal(err)
			}
		}
		if !f.Private {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b known) int { return b.at.Compare(a.at) })
	rapid.Check(t, func(t *rapid.T) {
		q := url.Values{"page_size": {strconv.Itoa(rapid.IntRange(1, 70).Draw(t, "size"))}, "page": {strconv.Itoa(rapid.IntRange(0, 4).Draw(t, "page"))}}
		keep := func(known) bool { return true }
		and := func(more func(known) bool) {
			before := keep
			keep = func(k known) bool { return before(k) && more(k) }
		}
		if rapid.Bool().Draw(t, "coded") {
			some := rapid.SliceOfNDistinct(rapid.SampledFrom(append(codes, "99999")), 1, 3, rapid.ID).Draw(t, "codes")
			q.Set("service_code", "part-"+strings.Join(some, ",part-"))
			and(func(k known) bool { return slices.Contains(some, k.code) })
		}
		if s := rapid.SampledFrom([]string{"", "open", "closed", "open,closed", "OPEN"}).Draw(t, "status"); s != "" {
			q.Set("status", s)
			and(func(k known) bool { return strings.Contains(strings.ToLower(s), k.status) })
		}
		if rapid.Bool().Draw(t, "started") {
			from := monday.Add(time.Duration(rapid.IntRange(-10, 100).Draw(t, "from")) * 50 * time.Hour)
			q.Set("start_date", from.In(time.FixedZone("", 8*3600)).Format(time.RFC3339))
			and(func(k known) bool { return !k.at.Before(from) })
		}
		if rapid.Bool().Draw(t, "ended") && q.Get("start_date") == "" {
			to := monday.Add(time.Duration(rapid.IntRange(-10, 100).Draw(t, "to")) * 50 * time.Hour)
			q.Set("end_date", to.Format(time.RFC3339))
			and(func(k known) bool { return !k.at.After(to) })
		}
		if rapid.Bool().Draw(t, "boxed") {
			q.Set("bbox", fmt.Sprintf("%g,%g,%g,%g", east+0.0005, north-1, east+0.0035, north+0.0025))
			and(func(k known) bool { return k.p.Lon > east+0.0005 && k.p.Lon < east+0.0035 && k.p.Lat < north+0.0025 })
		}
		if rapid.Bool().Draw(t, "around") {
			r := rapid.Float64Range(1, 900).Draw(t, "radius")
			q.Set("lat", fmt.Sprint(north))
			q.Set("long", fmt.Sprint(east))
			q.Set("radius", fmt.Sprint(r))
			centre, _ := geo.FromDegrees(east, north)
			and(func(k known) bool {
				p, _ := geo.FromDegrees(k.p.Lon, k.p.Lat)
				return geodesy.Distance(centre, p) <= r
			})
		}
		want := []string{}
		for _, k := range all {
			if keep(k) {
				want = append(want, k.id)
			}
		}
		size, _ := strconv.Atoi(q.Get("page_size"))
		page, _ := strconv.Atoi(q.Get("page"))
		skip := (max(page, 1) - 1) * size
		want = want[min(skip, len(want)):min(skip+size, len(want))]
		got := ids(w.requests(q.Encode()))
		// Cases that began at the same time come in the order of the store.
		at := func(list []string) (out []time.Time) {
			for _, id := range list {
				i := slices.IndexFunc(all, func(k known) bool { return k.id == id })
				if i < 0 || !keep(all[i]) {
					t.Fatalf("%s: %s is not asked for", q.Encode(), id)
				}
				out = append(out, all[i].at)
			}
			return out
		}
		if diff := cmp.Diff(at(want), at(got)); diff != "" {
			t.Fatalf("%s: %s", q.Encode(), diff)
		}
	})
}

// TestWindow is what is listed when a client says when, and when it does not.
func TestWindow(t *testing.T) {
	w := open(t, "dongcheng-2004", nil)
	day := func(n int) time.Time { return monday.Add(time.Duration(n) * 24 * time.Hour) }
	date := func(n int) string { return url.QueryEscape(day(n).Format(time.RFC3339)) }
	for _, n := range []int{0, 50, 100, 150, 200} {
		w.begin(fmt.Sprint("D", n), day(n), cases.Form{Point: &cases.Position{Lon: east, Lat: north}})
	}
	w.now = day(201)
	for query, want := range map[string][]string{
		"":                        {"D200", "D150"},
		"start_date=" + date(0):   {"D50", "D0"},
		"start_date=" + date(150): {"D200", "D150"},
		"end_date=" + date(100):   {"D100", "D50"},
		"start_date=" + date(0) + "&end_date=" + date(60): {"D50", "D0"},
		"start_date=" + date(0) + "&page=1":               {"D200", "D150", "D100", "D50", "D0"},
		"page=1&page_size=2":                              {"D200", "D150"},
		"page=2&page_size=2":                              {"D100", "D50"},
		"page=0&max_requests=1":                           {"D200"},
		"start_date=" + date(0) + "&end_date=" + date(200) + "&page_size=1000": {"D200", "D150", "D100", "D50", "D0"},
		"updated_after=" + date(100):  {"D200", "D150", "D100"},
		"updated_before=" + date(100): {"D100", "D50", "D0"},
		"start_date=" + strings.ReplaceAll(day(150).In(time.FixedZone("", 8*3600)).Format(time.RFC3339), "+", " "): {"D200", "D150"},
		"start_date=" + day(150).Format(time.DateOnly):                                                             {"D200", "D150"},
		"service_request_id=D0,D200,D0,none&start_date=nonsense&status=closed":                                     {"D0", "D200"},
		"status=&service_code=&unknown=1&bbox=":                                                                    {"D200", "D150"},
		"service_code=nothing":                                                                                     {},
	} {
		if diff := cmp.Diff(want, ids(w.requests(strings.ReplaceAll(query, " ", "%20")))); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
	for _, query := range []string{
		"start_date=nonsense", "end_date=2026", "status=perhaps", "page=-1", "page=x", "page_size=1.5", "bbox=1,2,3", "bbox=3,3,1,1", "lat=1", "lat=1&long=1&radius=0", "lat=1&long=1&radius=1e9",
		"start_date=" + date(100) + "&end_date=" + date(0), "start_date=" + date(0) + "&end_date=" + date(200), "page=999999&page_size=1000", "updated_after=x",
	} {
		if rec := w.get("/open311/v2/requests.json?" + query); rec.Code != http.StatusBadRequest || len(decode[[]wrong](t, rec.Body.Bytes())) != 1 {
			t.Errorf("%q: %d %s", query, rec.Code, rec.Body)
		}
	}
}

// TestWhatThePublicSees: of a case that goes on, what it may know, and of others nothing.
func TestWhatThePublicSees(t *testing.T) {
	w := open(t, "dongcheng-2004", func(c *open311.Config) { c.Settings.Sources = []string{"collector", "open311"} })
	class := &cases.Class{Edition: "GBT47678.5-2026", Kind: "part", Code: "01002", Row: "3"}
	point := &cases.Position{Lon: east, Lat: north}
	form := cases.Form{Class: class, Point: point, Description: "井盖松动，请联系张三 138 1234 5678 或 zhang.san@example.cn，身份证 11010119900307001X", Parts: []cases.Part{cover}, Reporter: "P-secret", Note: "the neighbour is Wang"}
	w.begin("V1", monday, form)
	form.Private = true
	w.begin("V2", monday, form)
	form.Private, form.Source = false, "hotline"
	w.begin("V3", monday, form)
	w.now = monday
	w.act("V1", "wang", "supervision", "operator", "accept", cases.Form{Note: "calls daily"})
	w.act("V1", "zhao", "supervision", "duty-chief", "register", cases.Form{Class: class})
	if got := w.requests("service_request_id=V1")[0]; got.Expected != "" {
		t.Errorf("%s is due before anybody has it", got.Expected)
	}
	w.act("V1", "qian", "command", "dispatcher", "dispatch", cases.Form{Unit: "water"})
	w.act("V1", "zhou", "water", "handler", "take", cases.Form{})
	w.act("V1", "zhou", "water", "handler", "split", cases.Form{Units: []string{"gas"}})
	got := w.requests("extensions=true")
	if diff := cmp.Diff([]string{"V1"}, ids(got)); diff != "" {
		t.Fatal(diff)
	}
	r := got[0]
	// Assigned on Monday at 14:00, with two working days: until Wednesday noon.
	if r.Status != "open" || r.StatusNotes != "Being handled" || r.Code != "part-01002" || r.Agency != "自来水公司" || r.Expected != "2026-11-04T04:00:00Z" || r.Requested != "2026-11-02T03:00:00Z" {
		t.Errorf("%+v", r)
	}
	if r.Address != "东华门大街10号" || r.AddressID != cover.Code || r.Lat != north || r.Long != east || !strings.Contains(r.Notice, "within 2 working days") {
		t.Errorf("%+v", r)
	}
	if r.Description != "井盖松动，请联系张三 *** 或 ***，身份证 ***" {
		t.Error(r.Description)
	}
	if len(r.Notes) != 5 || r.Notes[3].Summary != "Assigned" || len(r.Attributes) != 2 || r.Attributes[0].Value != "3" || r.Attributes[1].Value != cover.Code {
		t.Errorf("%+v", r)
	}
	for _, target := range []string{"requests.json?extensions=true", "requests.xml?extensions=true", "servicerequestupdates.xml", "bulk.csv", "bulk.json", "requests/V1.xml?extensions=true"} {
		body := w.get("/open311/v2/" + target).Body.String()
		for _, secret := range []string{"P-secret", "Wang", "calls daily", "zhang.san", "1234 5678", "11010119900307001X", "li@", "qian", "V2", "V3", "V1.1", "zhao", "zhou"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s tells %q: %s", target, secret, body)
			}
		}
	}
	for _, id := range []string{"V2", "V3", "V1.1", "none"} {
		nothing := w.get("/open311/v2/requests/none.json")
		for _, target := range []string{"requests/" + id + ".json", "requests.json?service_request_id=" + id, "servicerequestupdates.json?service_request_id=" + id} {
			rec := w.get("/open311/v2/" + target)
			if strings.HasPrefix(target, "requests/") && (rec.Code != 404 || rec.Body.String() != nothing.Body.String()) || strings.Contains(target, "?") && rec.Body.String() != "[]\n" {
				t.Errorf("%s: %d %s", target, rec.Code, rec.Body)
			}
		}
		if rec := w.get("/open311/v2/tokens/" + id + ".xml"); rec.Code != 404 {
			t.Errorf("token %s: %d", id, rec.Code)
		}
		if rec := w.form("/open311/v2/servicerequestupdates.json", "api_key", "secret", "service_request_id", id, "description", "x"); rec.Code != 404 {
			t.Errorf("update of %s: %d %s", id, rec.Code, rec.Body)
		}
	}
	zh := w.get("/open311/v2/requests/V1.json", "Accept-Language", "zh-CN").Body.String()
	if !strings.Contains(zh, `"status_notes":"处置中"`) || !strings.Contains(zh, "处置时限为2工作日") || !strings.Contains(zh, "污水井盖") {
		t.Error(zh)
	}
}

// TestUpdates: what happened, in the words that clients know, each within its time; and what is said from outside.
func TestUpdates(t *testing.T) {
	w := story(t)
	type update struct {
		ID      string `json:"update_id"`
		Request string `json:"service_request_id"`
		Status  string
		At      string `json:"updated_datetime"`
		State   string `json:"external_status_code"`
	}
	list := func(query string) []update {
		t.Helper()
		var out []update
		w.json("/open311/v2/servicerequestupdates.json?"+query, &out)
		return out
	}
	var states []string
	for _, u := range list("") {
		states = append(states, u.Status+" "+u.State)
	}
	want := []string{
		"FOR_TRIAGE submitted", "INVESTIGATING accepted", "ACTION_SCHEDULED registered", "ACTION_SCHEDULED assigned", "IN_PROGRESS handling",
		"IN_PROGRESS reported", "IN_PROGRESS to-inspect", "INVESTIGATING inspecting", "IN_PROGRESS to-close", "FIXED closed",
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	w.act("C-0000", "zhao", "supervision", "duty-chief", "reopen", cases.Form{Reason: "x"})
	all := list("")
	if last := all[len(all)-1]; last.Status != "REOPEN" || last.ID != "C-0000-11" || last.At != "2026-11-02T14:00:00Z" {
		t.Errorf("%+v", last)
	}
	within := list("start_date=2026-11-02T05:00:00Z&end_date=2026-11-02T07:00:00Z")
	if len(within) != 3 || within[0].ID != "C-0000-2" || within[2].ID != "C-0000-4" {
		t.Errorf("%+v", within)
	}
	if paged := list("page=2&page_size=4"); len(paged) != 4 || paged[0].ID != "C-0000-5" {
		t.Errorf("%+v", paged)
	}
	for _, query := range []string{"start_date=x", "end_date=x", "start_date=2026-11-03T00:00:00Z&end_date=2026-11-02T00:00:00Z", "start_date=2026-01-01T00:00:00Z", "page=x"} {
		if rec := w.get("/open311/v2/servicerequestupdates.json?" + query); rec.Code != 400 {
			t.Errorf("%s: %d", query, rec.Code)
		}
	}
	say := func(fields ...string) (int, string) {
		rec := w.form("/open311/v2/servicerequestupdates.json", append(fields, "api_key", "secret", "service_request_id", "C-0000")...)
		return rec.Code, rec.Body.String()
	}
	status, first := say("description", "still there", "status", "in_progress", "update_id", "5", "email", "a@b.example", "updated_datetime", "2026-11-02T15:00:00Z")
	if again, body := say("description", "still there", "status", "in_progress", "update_id", "5", "email", "a@b.example", "updated_datetime", "2026-11-02T15:00:00Z"); status != 200 || again != 200 || body != first || !strings.Contains(first, "C-0000-12") {
		t.Error(status, first, again, body)
	}
	var last *cases.Event
	for e := range w.shelf.Events(t.Context(), "C-0000") {
		last = e
	}
	if last.Action != "annotate" || last.Form.Note != "status: IN_PROGRESS\nstill there" || last.Actor.Post != "system" || last.From != last.To {
		t.Errorf("%+v", last)
	}
	for name, fields := range map[string][]string{
		"nothing": {}, "another status": {"description", "x", "status", "BROKEN"}, "no time": {"description", "x", "updated_datetime", "yesterday"}, "too long": {"description", strings.Repeat("x", 2001)},
	} {
		if status, body := say(fields...); status != 400 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if rec := w.form("/open311/v2/servicerequestupdates.xml", "service_request_id", "C-0000", "description", "x"); rec.Code != 403 {
		t.Errorf("without a key: %d", rec.Code)
	}
	if rec := w.form("/open311/v2/servicerequestupdates.xml", "api_key", "secret", "description", "x"); rec.Code != 400 {
		t.Errorf("without a request: %d", rec.Code)
	}
	before, _ := w.shelf.Find("C-0000")
	if rec := w.form("/open311/test/servicerequestupdates.xml", "api_key", "secret", "service_request_id", "C-0000", "description", "x"); rec.Code != 200 {
		t.Errorf("test: %d", rec.Code)
	}
	if after, _ := w.shelf.Find("C-0000"); after.Version != before.Version {
		t.Error("the test endpoint kept something")
	}
}

// TestBulk: the columns of the proposal, and nothing that a spreadsheet would run.
func TestBulk(t *testing.T) {
	w := open(t, "dongcheng-2004", nil)
	w.begin("B1", monday, cases.Form{Description: "=HYPERLINK(\"x\")\n\"quoted\", and more", Point: &cases.Position{Lon: east, Lat: north}})
	rec := w.get("/open311/v2/bulk.csv")
	rows, err := csv.NewReader(rec.Body).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatal(err, rows)
	}
	want := "service_request_id requested_datetime updated_datetime closed_date status_description status_notes source service_name service_subtype description agency_responsible address lat long"
	if strings.Join(rows[0], " ") != want || rows[1][0] != "B1" || rows[1][9] != "'=HYPERLINK(\"x\")\n\"quoted\", and more" || rows[1][12] != "39.9" {
		t.Errorf("%q", rows)
	}
	var list []map[string]any
	w.json("/open311/v2/bulk.json", &list)
	if len(list) != 1 || list[0]["description"] != "=HYPERLINK(\"x\")\n\"quoted\", and more" || list[0]["closed_date"] != nil {
		t.Errorf("%v", list)
	}
	if rec := w.get("/open311/v2/bulk.xml"); rec.Code != 404 {
		t.Errorf("%d", rec.Code)
	}
}
