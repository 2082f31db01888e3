package profile_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/synth"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profile"
	"github.com/gewu-city/gewu/profiles"
	"github.com/gewu-city/gewu/sample"
)

func load(t testing.TB, name string) *profile.Profile {
	t.Helper()
	p, err := profile.Load(profiles.Files, name)
	if err != nil {
		t.Fatalf("%s:\n%v", name, err)
	}
	return p
}

// TestShipped sees that the profiles that come with gewu can be loaded, that each has its own way, and that those who work
// in a demonstration hold posts that the process and the routes ask for.
func TestShipped(t *testing.T) {
	names, err := profile.Names(profiles.Files)
	if err != nil || len(names) < 7 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		p := load(t, name)
		held := map[string]bool{"public": true, "system": true}
		for _, s := range p.Demo.Staff {
			for _, h := range s.Holdings {
				held[h.Post] = true
			}
		}
		for _, state := range p.Process.States {
			if len(state.Owner) > 0 && !slices.ContainsFunc(state.Owner, func(post string) bool { return held[post] }) {
				t.Errorf("%s: nobody holds a post that has cases in state %s: %v", name, state.ID, state.Owner)
			}
		}
		if p.Process.Name != name {
			t.Errorf("%s has the process of %s", name, p.Process.Name)
		}
		if len(p.Demo.Logins) < 5 || len(p.Posts) != len(p.Process.NewPosts) {
			t.Errorf("%s: %d logins, %d posts, %d of them of the process", name, len(p.Demo.Logins), len(p.Posts), len(p.Process.NewPosts))
		}
	}
}

// TestPlaces sees that areas and cells of those who work in a demonstration exist in the district that is made for it.
func TestPlaces(t *testing.T) {
	names, _ := profile.Names(profiles.Files)
	for _, name := range names {
		p := load(t, name)
		if p.Demo.Synth == nil {
			continue
		}
		c, err := synth.New(*p.Demo.Synth)
		if err != nil {
			t.Fatal(name, err)
		}
		codes := map[string]map[string]bool{}
		for level, layer := range map[string]string{"district": "districts", "street": "streets", "community": "communities", "unit": "units"} {
			codes[level] = map[string]bool{}
			l, ok := c.Layer(layer)
			if !ok {
				t.Fatal(layer)
			}
			for f := range l.Features {
				codes[level][f.ID] = true
			}
		}
		for _, o := range p.Demo.Organisations {
			for _, a := range o.Areas {
				if !codes[a.Level][a.Code] {
					t.Errorf("%s: %s is bound to %s %s, which does not exist", name, o.ID, a.Level, a.Code)
				}
			}
		}
		for _, s := range p.Demo.Staff {
			for _, h := range s.Holdings {
				for _, cell := range h.Cells {
					if !codes[h.Scheme][cell] {
						t.Errorf("%s: %s works in cell %s, which does not exist", name, s.ID, cell)
					}
				}
			}
		}
	}
}

// TestLimits sees where limits come from: stages have those of the process, handling that of the class, in Luqiao five days.
func TestLimits(t *testing.T) {
	limit := func(name, clock string, of cases.Class) string {
		l := timing.Limits{City: load(t, name).Timing}
		text, by := l.Limit(clock, of, "")
		return text + " " + by
	}
	cover := cases.Class{Kind: "part", Code: "0102"}
	for _, c := range []struct{ name, clock, want string }{
		{"dongcheng-2004", "accept", "0.25 work_hour city"},
		{"dongcheng-2004", "handle", "2 urgent_hour city"},
		{"haidian", "sign", "24 hour city"},
		{"luqiao", "handle", "5 natural_day luqiao"},
		{"luqiao", "receive", "1 natural_day luqiao"},
	} {
		if got := limit(c.name, c.clock, cover); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.name, c.clock, got, c.want)
		}
	}
	// A class without rows leaves it to the process.
	if got := limit("donggaodi", "handle", cases.Class{}); got != " city" {
		t.Errorf("no class: %q", got)
	}
	p := load(t, "luqiao")
	var kinds []string
	for _, m := range p.Timing.Rules.Rule("handle").Marks {
		kinds = append(kinds, m.Key())
	}
	if want := []string{"warned", "overdue", "alert1", "yellow", "red"}; !slices.Equal(kinds, want) {
		t.Errorf("marks of luqiao: %v", kinds)
	}
	if got := load(t, "donggaodi").Timing.Rules.Rule("handle"); len(got.Marks) != 4 || got.Marks[2].Level != 1 {
		t.Errorf("the level above is not alerted in donggaodi: %+v", got)
	}
}

// TestHolidays looks at the days around the holidays of the table, and at its end.
func TestHolidays(t *testing.T) {
	p := load(t, "luqiao")
	at := func(text string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", text, p.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, name := range []string{"city", "luqiao"} {
		c, err := p.Timing.Book.On(name, at("2025-06-01 00:00"))
		if err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]bool{
			"2025-01-26 09:00": true, "2025-01-28 09:00": false, "2025-02-04 09:00": false, "2025-02-05 09:00": true, "2025-02-08 09:00": true,
			"2025-05-31 09:00": false, "2025-09-28 09:00": true, "2025-10-08 09:00": false, "2025-10-11 09:00": true,
			"2026-01-02 09:00": false, "2026-01-04 09:00": true, "2026-02-14 09:00": true, "2026-02-23 09:00": false, "2026-02-28 09:00": true,
			"2026-05-09 09:00": true, "2026-06-19 09:00": false, "2026-09-20 09:00": true, "2026-09-25 09:00": false, "2026-10-07 09:00": false,
			"2026-10-08 09:00": true, "2026-10-10 09:00": true, "2026-10-11 09:00": false, "2026-11-26 13:00": false,
		} {
			if got, err := c.Working(at(text)); err != nil || got != want {
				t.Errorf("%s: %s works: %v, %v", name, text, got, err)
			}
		}
		_, err = c.Working(at("2027-01-04 09:00"))
		if _, ok := errors.AsType[*calendar.RangeError](err); !ok {
			t.Errorf("after the table: %v", err)
		}
	}
	if w := p.Warnings(at("2026-10-01 00:00")); len(w) != 0 {
		t.Errorf("too early: %v", w)
	}
	if w := p.Warnings(at("2026-11-26 00:00")); len(w) != 2 || !strings.Contains(w[0], "calendar city@1 ends 2026-12-31, in 35 days") {
		t.Errorf("the end of the tables: %v", w)
	}
	if w := p.Warnings(at("2027-02-01 00:00")); len(w) != 2 || !strings.Contains(w[0], "ended") {
		t.Errorf("after the end of the tables: %v", w)
	}
}

// own is a profile of a city of its own, by files that take the place of those of the base.
func own(t testing.TB, files map[string]string) fs.FS {
	t.Helper()
	folder := fstest.MapFS{profile.Head: {Data: []byte("title = { zh = \"我市\", en = \"Our city\" }\ninherits = \"base\"\n")}}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	all, err := profile.Beside(profiles.Files, folder, "our-city")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestInherit sees what comes from where.
func TestInherit(t *testing.T) {
	p, err := profile.Load(own(t, map[string]string{
		"calendar-2027.toml": "name = \"city\"\nversion = 2\nvalid = 2027-01-01\nzone = \"Asia/Shanghai\"\ntitle = { zh = \"历\", en = \"C\" }\n" +
			"holidays = { from = 2027-01-01, until = 2027-12-31 }\n[[season]]\nweek = { \"mon-fri\" = [\"09:00-17:00\"] }\n",
		"clocks.toml":  "[[clock]]\nname = \"verify\"\ntitle = { zh = \"核\", en = \"V\" }\n[[clock.mark]]\nkind = \"overdue\"\nshare = 1\n",
		"people.toml":  "[posts.operator]\ntitle = { zh = \"接线员\", en = \"Telephonist\" }\npermissions = [\"export\"]\nlayers = [{ layers = [\"*\"], read = true }]\n",
		"notices.toml": "[texts.close]\nsubject = { zh = \"结案 {{.Case}}\", en = \"Closed {{.Case}}\" }\ntext = { zh = \"谢谢\", en = \"Thank you\" }\n",
	}), "our-city")
	if err != nil {
		t.Fatal(err)
	}
	if p.Process.Name != "base" || !slices.Equal(p.Chain, []string{"our-city", "base"}) || !p.Public || p.Zone.String() != "Asia/Shanghai" {
		t.Errorf("%+v", p)
	}
	if got := len(p.Timing.Rules.Rule("verify").Marks); got != 1 {
		t.Errorf("verify has %d marks", got)
	}
	if got := len(p.Timing.Rules.Rule("handle").Marks); got != 4 {
		t.Errorf("handle has %d marks", got)
	}
	if got := p.Timing.Rules.Rule("verify").Limit.String(); got != "0.5 urgent_hour" {
		t.Errorf("verify may take %s", got)
	}
	// The table of next year continues that of this one.
	at := time.Date(2026, 12, 31, 9, 0, 0, 0, p.Zone)
	c, err := p.Timing.Book.On("city", at)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := calendar.ParseLimit("2 work_day")
	if due, err := c.Add(at, two); err != nil || due.Format(time.DateOnly) != "2027-01-04" {
		t.Errorf("two working days over the end of the year: %s, %v", due, err)
	}
	if len(p.Posts) != 1 || p.Posts[0].ID != people.PostOperator || p.Posts[0].Title["en"] != "Telephonist" {
		t.Errorf("posts: %+v", p.Posts)
	}
	// Posts alone leave the people of the base.
	if len(p.Demo.Organisations) != 4 {
		t.Errorf("%d organisations", len(p.Demo.Organisations))
	}
	if s, text := p.Notices.Text("close", "en", &profile.Notice{Case: "7"}); s != "Closed 7" || text != "Thank you" {
		t.Errorf("%q %q", s, text)
	}
	if s, text := p.Notices.Text("dispatch", "fr", &profile.Notice{Case: "7", Action: "派遣", State: "待签收", Class: "井盖", Address: "南松乐路"}); s != "案件 7：派遣" || text != "案件 7（井盖，南松乐路）：派遣。现为“待签收”。" {
		t.Errorf("%q %q", s, text)
	}
}

// TestShared sees which profiles force one scheme on all, and how one lets go of that.
func TestShared(t *testing.T) {
	for name, want := range map[string]string{"luqiao": "unit", "donggaodi": "", "base": ""} {
		if got := load(t, name).Shared; got != want {
			t.Errorf("%s forces %q", name, got)
		}
	}
	head := "title = { zh = \"我市\", en = \"Our city\" }\ninherits = \"luqiao\"\n"
	for more, want := range map[string]string{
		"": "unit", "shared_scheme = \"\"": "", "schemes = [\"grid\", \"unit\"]": "unit",
		"schemes = [\"unit\", \"grid\"]\nshared_scheme = \"grid\"": "grid",
	} {
		p, err := profile.Load(own(t, map[string]string{profile.Head: head + more}), "our-city")
		if err != nil || p.Shared != want {
			t.Errorf("%s: %q, %v", more, p.Shared, err)
		}
	}
	// What is inherited must go with what is not.
	_, err := profile.Load(own(t, map[string]string{profile.Head: head + "schemes = [\"grid\"]"}), "our-city")
	if err == nil || !strings.Contains(err.Error(), "luqiao/profile.toml:") || !strings.Contains(err.Error(), `is no scheme of the profile; there are grid (value "unit")`) {
		t.Errorf("the forced scheme is no scheme of the profile: %v", err)
	}
}

// TestFaults sees that all faults are told at once, each with file, line, row and field.
func TestFaults(t *testing.T) {
	fsys := own(t, map[string]string{
		"process.toml":    "name = \"our\"\nversion = 1\ntitle = { zh = \"我\", en = \"O\" }\ninherits = \"base\"\n\n[steps.submitted.accept]\nposts = [\"nobody\"]\n",
		"routes.toml":     "[fallback]\nlevels = [\"parish\"]\norganisation = \"nowhere\"\n\n[disputed]\norganisation = \"command-centre\"\n",
		"clocks.toml":     "[[clock]]\nname = \"accept\"\nlimit = \"3 work_day\"\n\n[[clock]]\nname = \"handle\"\n\n[[clock.mark]]\nkind = \"warned\"\n\n[[clock.mark]]\nkind = \"overdue\"\nshare = -1\n\n[[clock]]\nname = \"Sign\"\n",
		"classes.toml":    "edition = \"GBT30428.2-2013\"\n\n[[text]]\nclass = \"GBT30428.2-2013 part 0102\"\n\n[[text]]\nclass = \"GBT30428.2-2013 part 9999\"\n\n[[same]]\nclass = \"GBT30428.2-2013 part 0102\"\nmetres = -1\n",
		"calendar.toml":   "name = \"city\"\nversion = 1\nvalid = 2025-01-01\nzone = \"Asia/Shanghai\"\nholidays = { from = 2025-01-01, until = 2025-12-31 }\n\n[[season]]\nweek = { mon = [\"09:00-17:00\"] }\n\n[[exception]]\ndate = 2026-01-01\nkind = \"holiday\"\n",
		"notices.toml":    "[texts.closing]\nsubject = { zh = \"{{.Nothing}}\", en = \"x\" }\ntext = { zh = \"x\", en = \"x\" }\n",
		"people.toml":     "[organisations.bureau]\ntitle = { zh = \"局\", en = \"Bureau\" }\nlevel = \"department\"\nparent = \"nowhere\"\n\n[staff.a]\nname = \"甲\"\nlogin = \"a b\"\nholdings = [{ post = \"wizard\", organisation = \"bureau\" }]\n",
		"hooks.toml":      "[hooks.sms]\nbody = '{\"text\": \"{{.Text}}\"}'\n\n[hooks.chat]\nbody = \"{{.Reporter}}\"\n\n[hooks.sign]\nbody = \"x\"\ncontent_type = \"text/plain\"\nsign = { over = \"{{body}}\", encoding = \"rot13\" }\n",
		"duplicates.toml": "[others]\nmetres = -3\ndays = 7\nwords = 0.5\n",
	})
	_, err := profile.Load(fsys, "our-city")
	if err == nil {
		t.Fatal("loaded")
	}
	for _, want := range []string{
		"our-city/process.toml:7: steps.submitted.accept: posts",
		"our-city/clocks.toml:8: clock[1]: mark[0]",
		"our-city/clocks.toml:16: clock[2]: name",
		"our-city/classes.toml:7: text[1]: class",
		"our-city/classes.toml:11: same[0]: metres",
		"our-city/calendar.toml:10: exception[0]",
		"our-city/people.toml:4: organisations.bureau: parent",
		"our-city/people.toml:8: staff.a: login",
		"our-city/people.toml:6: staff.a: holdings[0].post",
		"our-city/notices.toml:2: texts.closing: subject",
		"our-city/duplicates.toml:2: others: metres",
		"our-city/hooks.toml:2: hooks.sms: body: must become JSON",
		"our-city/hooks.toml:5: hooks.chat: body",
		"our-city/hooks.toml:10: hooks.sign.sign: encoding: must be hex or base64",
		"our-city/routes.toml:2: fallback: levels",
		"our-city/routes.toml:3: fallback: organisation",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told", want)
		}
	}
	if t.Failed() {
		t.Log("\n" + err.Error())
	}
	for name, text := range map[string]string{
		"inherits = \"nowhere\"": "there is no such profile", "inherits = \"our-city\"": "goes round in a circle", "zone = \"Mars\"": "IANA time zone",
		"colour = 1": "nobody knows this member", "calendar = \"moon\"": "is no calendar", "levels = [\"a\", \"a\"]": "each once", "[demo]\ncity = \"synth\"": "is no preset",
		"shared_scheme = \"fire\"": "is no scheme of the profile; there are unit", "shared_scheme = true": "shared_scheme",
	} {
		head := "title = { zh = \"我市\", en = \"Our city\" }\n"
		if !strings.Contains(name, "inherits") {
			head += "inherits = \"base\"\n"
		}
		_, err := profile.Load(own(t, map[string]string{profile.Head: head + name}), "our-city")
		if err == nil || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "our-city/profile.toml:") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := profile.Load(profiles.Files, "nowhere"); !profile.Missing(err) {
		t.Errorf("a profile that does not exist: %v", err)
	}
	if _, err := profile.Beside(profiles.Files, fstest.MapFS{}, "haidian"); err == nil {
		t.Error("a profile takes the place of one that comes along")
	}
}

// FuzzLoad has files of a profile say anything: it is refused with its place, or read.
func FuzzLoad(f *testing.F) {
	names := []string{profile.Head, "process.toml", "routes.toml", "duplicates.toml", "calendar.toml", "clocks.toml", "classes.toml", "people.toml", "notices.toml", "hooks.toml"}
	for i, name := range names {
		for _, from := range []string{"base", "luqiao", "county-centre"} {
			if text, err := fs.ReadFile(profiles.Files, from+"/"+name); err == nil {
				f.Add(i, string(text))
			}
		}
	}
	f.Fuzz(func(t *testing.T, which int, text string) {
		if which < 0 || which >= len(names) || len(text) > 1<<16 {
			t.Skip()
		}
		p, err := profile.Load(own(t, map[string]string{names[which]: text}), "our-city")
		if err == nil {
			if p.Process == nil || p.Routes == nil || p.Timing.Book == nil || p.Timing.Table == nil || p.Duplicates == nil {
				t.Fatal("half a profile")
			}
			return
		}
		every(t, err)
	})
}

// every sees that each of joined errors says where it is.
func every(t *testing.T, err error) {
	t.Helper()
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			every(t, one)
		}
		return
	}
	_, placed := errors.AsType[*rows.Error](err)
	_, field := errors.AsType[*data.FieldError](err)
	if !placed && !field {
		t.Fatalf("%T without a place: %v", err, err)
	}
	_ = fmt.Sprint(err)
}

// TestSample sees that the base is played in districts that the sample city has.
func TestSample(t *testing.T) {
	packed, err := fs.ReadFile(sample.FS(), "files/districts.geojson.gz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var districts struct {
		Features []struct {
			Properties struct{ CPTID string }
		}
	}
	if err := json.NewDecoder(r).Decode(&districts); err != nil {
		t.Fatal(err)
	}
	bound := 0
	for _, o := range load(t, "base").Demo.Organisations {
		for _, a := range o.Areas {
			bound++
			if a.Level != "district" || !slices.ContainsFunc(districts.Features, func(f struct {
				Properties struct{ CPTID string }
			},
			) bool {
				return f.Properties.CPTID == a.Code
			}) {
				t.Errorf("%s is bound to %s %s, which the sample city has not", o.ID, a.Level, a.Code)
			}
		}
	}
	if bound == 0 {
		t.Error("nobody answers for anything")
	}
}
