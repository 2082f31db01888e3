package server

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// changeView is what a change of a calendar does.
type changeView struct {
	Version                         int
	New, More                       bool
	Clocks, Changed, Dated, Undated int
	Cases                           []shiftView
	Seq                             int
}

type shiftView struct {
	Case, Clock string
	Was, Is     time.Time
	By          float64 `json:"by_s"`
}

// TestCalendarsChange gives a day off while a case is handled: its due time and what lies ahead follow, a closed clock stays, and
// what may not be is refused with the day.
func TestCalendarsChange(t *testing.T) {
	o := working(t, "base", nil)
	id := o.begin("operator", "report", `{"source":"hotline","description":"井盖",`+here+`}`).ID
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0101","row":"4"}}`, "registered")
	o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	o.act(id, "water-hand", "take", "", "handling")
	due := func() time.Time {
		t.Helper()
		is := read[caseView](t, o.get("water-hand", "/v1/cases/"+id))
		for _, c := range is.Clocks {
			if c.Clock == "handle" && c.Due.Equal(is.Due) {
				return is.Due
			}
		}
		t.Fatalf("the clocks %+v do not end at %s", is.Clocks, is.Due)
		return time.Time{}
	}
	before := due()
	if week := before.Sub(o.clockNow()); week > 7*24*time.Hour || week < 7*24*time.Hour-10*time.Minute {
		t.Fatalf("due %s, want five working days from a Monday: %s", before, o.clockNow())
	}
	text := o.do("GET", "/v1/calendars/city", map[string]string{whoHeader: "boss", "Accept": "application/toml"}, "")
	if text.status != 200 || text.body != caseCalendar {
		t.Fatalf("%d %s", text.status, text.body)
	}
	off := func(day string) string {
		return caseCalendar + "[[exception]]\ndate = " + day + "\nkind = \"holiday\"\n"
	}
	for name, tc := range map[string]struct {
		who, path, body string
		status          int
		has             string
	}{
		"the public":                {"", "city", off("2026-11-05"), 401, ""},
		"an operator":               {"operator", "city", off("2026-11-05"), 403, ""},
		"a day that has begun":      {"boss", "city", off("2026-11-02"), 422, "2026-11-02, which has begun"},
		"another name":              {"boss", "other", off("2026-11-05"), 422, "differs from the name in the path"},
		"a member that nobody has":  {"boss", "city", caseCalendar + "colour = 1\n", 422, "colour"},
		"a date that is none":       {"boss", "city", off("2026-13-05"), 422, ""},
		"a table that ends earlier": {"boss", "city", strings.Replace(caseCalendar, "2026-12-31", "2026-12-30", 1), 422, "must not be before 2026-12-31"},
		"a version of the past":     {"boss", "city", strings.Replace(caseCalendar, "version = 1", "version = 2", 1), 422, "must be after 2026-01-01"},
	} {
		for _, way := range []struct{ method, what string }{{"POST", "/dry"}, {"PUT", ""}} {
			if a := o.do(way.method, "/v1/calendars/"+tc.path+way.what, toml(tc.who), tc.body); a.status != tc.status || !strings.Contains(a.body, tc.has) {
				t.Errorf("%s of %s: %d %s, want %d", way.method, name, a.status, a.body, tc.status)
			}
		}
	}
	dry := read[changeView](t, o.do("POST", "/v1/calendars/city/dry", toml("boss"), off("2026-11-05")))
	if dry.New || dry.Changed != 1 || dry.Clocks != 1 || dry.Seq != 0 {
		t.Errorf("%+v", dry)
	}
	if !due().Equal(before) {
		t.Error("a dry run has changed a case")
	}
	done := o.do("PUT", "/v1/calendars/city", toml("boss"), off("2026-11-05"))
	if got := read[changeView](t, done); done.status != 200 || got.Changed != 1 || got.Seq == 0 {
		t.Errorf("%d %s", done.status, done.body)
	}
	if is := due(); !is.Equal(before.AddDate(0, 0, 1)) {
		t.Errorf("due %s, want a day after %s", is, before)
	}
	// A list by due time has it where it belongs, and the administrator sees by how much it changed.
	seen := read[changeView](t, o.do("POST", "/v1/calendars/city/dry", toml("root"), caseCalendar))
	if !slices.ContainsFunc(seen.Cases, func(c shiftView) bool {
		return c.Case == id && c.Clock == "handle" && c.By == -24*3600
	}) {
		t.Errorf("%+v", seen)
	}
	next := strings.NewReplacer("version = 1", "version = 2", "2026-01-01", "2027-01-01", "2026-12-31", "2027-12-31").Replace(caseCalendar)
	if a := o.do("PUT", "/v1/calendars/city", toml("boss"), next); a.status != http.StatusCreated || !strings.HasSuffix(a.header.Get("Location"), "/v1/calendars/city?version=2") {
		t.Errorf("%d %s", a.status, a.body)
	}
	list := read[struct {
		Calendars []struct {
			Version, Changes int
			Newest, Standard bool
			By               string
			Complete         string `json:"complete_until"`
		}
	}](t, o.get("", "/v1/calendars")).Calendars
	if len(list) != 2 || list[0].Newest || !list[1].Newest || !list[0].Standard || list[0].Changes != 1 || list[0].By != "account:acc-boss" || list[0].Complete != "2027-12-31" {
		t.Errorf("%+v", list)
	}
	for _, path := range []string{"/v1/calendars/moon", "/v1/calendars/city?version=9"} {
		if a := o.get("", path); a.status != 404 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
