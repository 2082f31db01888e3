package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/cases/outbox"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/server/notices"
)

// posted is an office with an outbox.
func posted(t *testing.T) (*office, *outbox.File) {
	t.Helper()
	o := working(t, "dongcheng-2004", nil)
	crs, err := (*proj.Systems)(nil).Lookup("EPSG:4326")
	if err != nil {
		t.Fatal(err)
	}
	file, err := outbox.Open(filepath.Join(t.TempDir(), "outbox.db"), notice.Usual, func(text []byte) (geo.Shape, error) { return convert.ParseShape(text, crs) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	classes := []string{"GBT30428.2-2013 part 0102"}
	o.server.notices.Service = &notices.Service{File: file, Mail: true, Wake: func() {}, Now: o.clockNow, Hooks: []string{"sms"}, Text: func(m *notice.Message, lang string) (subject, text string) {
		return lang + " " + m.Case, lang + " " + m.Event
	}, Events: func() []string { return []string{"close", "overdue"} }, Class: func(name string) bool {
		return slices.ContainsFunc(classes, func(c string) bool { return strings.HasPrefix(c, name) })
	}, Remind: func(_ context.Context, about string, ids []string, at time.Time) ([]notice.Message, error) {
		return file.Remind(about, ids, at, nil)
	}}
	return o, file
}

// call asks as somebody; the answer is validated.
func (o *office) call(who, method, target, body string) answer {
	o.t.Helper()
	header := map[string]string{whoHeader: who}
	if body != "" {
		header["Content-Type"] = "application/json"
	}
	return o.do(method, target, header, body)
}

// TestSubscriptions subscribes, lists and ends; what cannot be is refused, and nobody sees those of others.
func TestSubscriptions(t *testing.T) {
	o, file := posted(t)
	const square = `{"type":"Polygon","coordinates":[[[121.5,25],[121.6,25],[121.6,25.1],[121.5,25.1],[121.5,25]]]}`
	for _, test := range []struct {
		name, who, body string
		status          int
		field           string
	}{
		{"mail", "operator", `{"channel":{"kind":"mail","address":"wang@city.example"},"areas":["village D1-V1"],"events":["close"]}`, 201, ""},
		{"polygon", "operator", `{"channel":{"kind":"live"},"polygon":` + square + `}`, 201, ""},
		{"circle", "operator", `{"channel":{"kind":"live"},"circle":{"lon":121.5,"lat":25,"metres":500},"until":"2026-12-01T00:00:00Z"}`, 201, ""},
		{"hook of an administrator", "root", `{"channel":{"kind":"webhook","url":"https://hooks.example/gewu"},"classes":["GBT30428.2-2013 part 01"]}`, 201, ""},
		{"hook by a template", "root", `{"channel":{"kind":"webhook","url":"https://sms.example/","template":"sms","to":"+86 10 0000","secret":"theirs"},"areas":["village D1-V1"],"lang":"en"}`, 201, ""},
		{"unknown template", "root", `{"channel":{"kind":"webhook","url":"https://sms.example/","template":"pager"},"areas":["village D1-V1"]}`, 422, "channel.template"},
		{"number without a template", "root", `{"channel":{"kind":"webhook","url":"https://sms.example/","to":"1"},"areas":["village D1-V1"]}`, 422, "channel.template"},
		{"template of mail", "operator", `{"channel":{"kind":"mail","address":"a@b.example","template":"sms"},"areas":["village D1-V1"]}`, 422, "channel"},
		{"language", "operator", `{"channel":{"kind":"live"},"areas":["village D1-V1"],"lang":"fr"}`, 422, "lang"},
		{"public", "", `{"channel":{"kind":"live"},"areas":["village D1-V1"]}`, 401, ""},
		{"hook of somebody", "operator", `{"channel":{"kind":"webhook","url":"http://127.0.0.1/"},"areas":["village D1-V1"]}`, 403, "channel.kind"},
		{"hook with a password", "root", `{"channel":{"kind":"webhook","url":"https://a:b@hooks.example/"},"areas":["village D1-V1"]}`, 422, "channel.url"},
		{"no address", "operator", `{"channel":{"kind":"mail","address":"wang"},"areas":["village D1-V1"]}`, 422, "channel.address"},
		{"no kind", "operator", `{"channel":{"kind":"pigeon"},"areas":["village D1-V1"]}`, 422, "channel.kind"},
		{"address of another kind", "operator", `{"channel":{"kind":"live","address":"a@b"},"areas":["village D1-V1"]}`, 422, "channel"},
		{"nothing", "operator", `{"channel":{"kind":"live"}}`, 422, "subscription"},
		{"no polygon", "operator", `{"channel":{"kind":"live"},"polygon":{"type":"Point","coordinates":[121.5,25]}}`, 422, "area"},
		{"no case", "operator", `{"channel":{"kind":"live"},"case":"nothing"}`, 404, "case"},
		{"no radius", "operator", `{"channel":{"kind":"live"},"circle":{"lon":121.5,"lat":25,"metres":-1}}`, 422, "circle.metres"},
		{"no place", "operator", `{"channel":{"kind":"live"},"circle":{"lon":500,"lat":25,"metres":1}}`, 422, "circle"},
		{"no level", "operator", `{"channel":{"kind":"live"},"areas":["vilage D1-V1"]}`, 422, "areas"},
		{"no area", "operator", `{"channel":{"kind":"live"},"areas":["village D9-V9"]}`, 422, "areas"},
		{"no code", "operator", `{"channel":{"kind":"live"},"areas":["village"]}`, 422, "areas"},
		{"no event", "operator", `{"channel":{"kind":"live"},"areas":["village D1-V1"],"events":["close","clos"]}`, 422, "events"},
		{"no class", "operator", `{"channel":{"kind":"live"},"classes":["GBT30428.2-2013 part 99"]}`, 422, "classes"},
		{"unknown member", "operator", `{"channel":{"kind":"live"},"district":"x"}`, 400, "district"},
	} {
		a := o.call(test.who, "POST", "/v1/subscriptions", test.body)
		var p problemView
		if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != test.status || test.field != "" && p.Field != test.field {
			t.Errorf("%s: status %d, %s", test.name, a.status, a.body)
		}
		if strings.Contains(a.body, "theirs") {
			t.Errorf("%s: the secret is told: %s", test.name, a.body)
		}
		if hook := strings.Contains(a.body, "whsec_"); hook != (test.name == "hook of an administrator") {
			t.Errorf("%s: %s", test.name, a.body)
		}
	}
	var mine struct {
		Subscriptions []struct {
			ID, Secret string
			Public     bool
		}
	}
	if err := json.Unmarshal([]byte(o.call("operator", "GET", "/v1/subscriptions", "").body), &mine); err != nil || len(mine.Subscriptions) != 3 || mine.Subscriptions[0].Public {
		t.Fatalf("%+v, %v", mine, err)
	}
	id := mine.Subscriptions[0].ID
	for _, method := range []string{"GET", "DELETE"} {
		if a := o.call("collector", method, "/v1/subscriptions/"+id, ""); a.status != 404 {
			t.Errorf("%s of another's: %d", method, a.status)
		}
	}
	if a := o.call("operator", "GET", "/v1/subscriptions/"+id, ""); a.status != 200 || !strings.Contains(a.body, "wang@city.example") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.call("operator", "DELETE", "/v1/subscriptions/"+id, ""); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if _, err := file.Subscription(id); !errors.Is(err, outbox.ErrUnknown) {
		t.Errorf("after its end: %v", err)
	}
}

// TestNoticesOfCase shows who was told, and takes the receipt of whoever was.
func TestNoticesOfCase(t *testing.T) {
	o, file := posted(t)
	id := o.begin("operator", "report", `{"source":"hotline","description":"井盖缺失",`+here+`}`).ID
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	at := o.clockNow()
	made := notice.Compose(7, 100, &notice.Subject{Case: id, Event: "dispatch", At: at},
		[]notice.Subscription{{ID: "s", Channel: notice.Channel{Kind: "mail", Address: "li@city.example"}}},
		[]notice.Recipient{{ID: "organisation-water", Channel: notice.Channel{Kind: outbox.Live, Address: "organisation:water"}}})
	if err := file.Add("e", 7, made); err != nil {
		t.Fatal(err)
	}
	target := "/v1/cases/" + id + "/notices"
	receipt := target + "/" + url.PathEscape(made[0].ID) + "/receipt"
	if a := o.call("water-hand", "POST", receipt, `{"what":"received"}`); a.status != 409 {
		t.Errorf("a receipt for what was not sent: %d %s", a.status, a.body)
	}
	if _, err := file.Note(t.Context(), notice.Fact{Message: made[0].ID, What: notice.Delivered, At: at}); err != nil {
		t.Fatal(err)
	}
	a := o.call("dispatcher", "GET", target, "")
	if a.status != 200 || strings.Contains(a.body, "li@city.example") || !strings.Contains(a.body, `"to":"organisation:water"`) || !strings.Contains(a.body, `"silent":["7.100/to-organisation-water"]`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, test := range []struct {
		who, target, body string
		status            int
	}{
		{"dispatcher", receipt, `{"what":"done"}`, 403},
		{"gas-hand", receipt, `{"what":"done"}`, 404},
		{"", receipt, `{"what":"done"}`, 404},
		{"water-hand", receipt, `{"what":"sent"}`, 422},
		{"water-hand", target + "/x/receipt", `{"what":"done"}`, 404},
		{"water-hand", receipt, `{"what":"handling"}`, 200},
	} {
		if a := o.call(test.who, "POST", test.target, test.body); a.status != test.status {
			t.Errorf("%q %s: %d %s, want %d", test.who, test.body, a.status, a.body, test.status)
		}
	}
	// What it says is in the language of whoever asks; what somebody subscribed to is told to them alone, in theirs.
	if err := file.Subscribe(outbox.Subscription{Subscription: notice.Subscription{ID: "s", Owner: "person:chief", Channel: notice.Channel{Kind: "mail", Address: "li@city.example"}, Case: id, Lang: "en"}}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ who, accept, want, not string }{
		{"dispatcher", "", `"lang":"zh","subject":"zh ` + id + `","text":"zh dispatch"`, `"mine"`},
		{"dispatcher", "en-GB", `"lang":"en","subject":"en ` + id + `","text":"en dispatch"`, `"mine"`},
		{"chief", "zh", `"to":"person:chief"`, "li@city.example"},
	} {
		a := o.do("GET", target, map[string]string{whoHeader: test.who, "Accept-Language": test.accept}, "")
		if !strings.Contains(a.body, test.want) || strings.Contains(a.body, test.not) || !strings.Contains(a.body, `"tally":{"all":1,`) {
			t.Errorf("%s in %q: %s", test.who, test.accept, a.body)
		}
	}
	if a := o.call("dispatcher", "GET", target, ""); !strings.Contains(a.body, `"received":1,"handling":1,"done":0,"silent":[]`) {
		t.Errorf("%s", a.body)
	}
	if a := o.call("gas-hand", "GET", target, ""); a.status != 404 {
		t.Errorf("somebody who does not see the case: %d %s", a.status, a.body)
	}
}

// TestOutbox shows what waits and what was given up, which is tried again.
func TestOutbox(t *testing.T) {
	o, file := posted(t)
	made := notice.Compose(8, 0, &notice.Subject{Case: "C", Event: "close", At: o.clockNow()}, []notice.Subscription{
		{ID: "a", Channel: notice.Channel{Kind: "mail", Address: "a@city.example"}}, {ID: "b", Channel: notice.Channel{Kind: "mail", Address: "b@city.example"}},
	}, nil)
	if err := file.Add("e", 8, made); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Note(t.Context(), notice.Fact{Message: made[0].ID, What: notice.Refused, At: o.clockNow(), Why: "the mail server answers 550"}); err != nil {
		t.Fatal(err)
	}
	retry := "/v1/outbox/" + url.PathEscape(made[0].ID) + "/retry"
	for _, test := range []struct {
		who, method, target string
		status              int
		text                string
	}{
		{"root", "GET", "/v1/outbox", 200, `{"count":1,"messages":[{"id":"8.0/sub-b"`},
		{"root", "GET", "/v1/outbox?state=dead", 200, `"why":"the mail server answers 550"`},
		{"root", "GET", "/v1/outbox?state=lost", 400, "waiting or dead"},
		{"operator", "GET", "/v1/outbox", 403, ""},
		{"", "POST", retry, 401, ""},
		{"root", "POST", "/v1/outbox/x/retry", 404, ""},
		{"root", "POST", retry, 200, `"state":"waiting"`},
		{"root", "POST", retry, 409, "is not dead"},
	} {
		if a := o.call(test.who, test.method, test.target, ""); a.status != test.status || !strings.Contains(a.body, test.text) || strings.Contains(a.body, "a@city.example") {
			t.Errorf("%q %s %s: %d %s", test.who, test.method, test.target, a.status, a.body)
		}
	}
	if file.Queue().Len() != 2 {
		t.Errorf("%d wait", file.Queue().Len())
	}
	if got := file.Queue().Take(o.clockNow().Add(time.Minute), 9); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	o.server.notices.Service = nil
	if a := o.call("operator", "GET", "/v1/subscriptions", ""); a.status != 501 {
		t.Errorf("a city without cases: %d", a.status)
	}
}

// TestRemind reminds the unit that gave no receipt: once in a while, by somebody who sees the case, and not any more when it has
// confirmed, the reminder being as good as what it is about.
func TestRemind(t *testing.T) {
	o, file := posted(t)
	id := o.begin("operator", "report", `{"source":"hotline","description":"井盖缺失",`+here+`}`).ID
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	target := "/v1/cases/" + id + "/notices/remind"
	if a := o.call("dispatcher", "POST", target, ""); a.status != 409 || !strings.Contains(a.body, "nobody is to be reminded") {
		t.Errorf("nobody was told: %d %s", a.status, a.body)
	}
	made := notice.Compose(7, 100, &notice.Subject{Case: id, Event: "dispatch", At: o.clockNow()}, nil,
		[]notice.Recipient{{ID: "organisation-water", Channel: notice.Channel{Kind: outbox.Live, Address: "organisation:water"}}})
	if err := file.Add("e", 7, made); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Note(t.Context(), notice.Fact{Message: made[0].ID, What: notice.Delivered, At: o.clockNow()}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		who, body string
		wait      time.Duration
		status    int
		want      string
	}{
		{"", "", 0, 404, ""},
		{"gas-hand", "", 0, 404, ""},
		{"dispatcher", `{"notices":["7.100/to-nobody"]}`, 0, 404, "is no notice about this case"},
		{"dispatcher", `{"notice":1}`, 0, 400, "notice"},
		{"dispatcher", `{"notices":["` + made[0].ID + `"]}`, 0, 200, `"reminded":1`},
		{"chief", "", 9 * time.Minute, 409, "less than 10 minutes ago"},
		{"chief", "", time.Minute, 200, `"reminded":2`},
	} {
		o.wait(test.wait)
		if a := o.call(test.who, "POST", target, test.body); a.status != test.status || !strings.Contains(a.body, test.want) {
			t.Errorf("%q %s: %d %s, want %d %s", test.who, test.body, a.status, a.body, test.status, test.want)
		}
	}
	a := o.call("chief", "GET", "/v1/cases/"+id+"/notices", "")
	if !strings.Contains(a.body, `"all":1,`) || strings.Count(a.body, `"event":"remind"`) != 2 || !strings.Contains(a.body, `"reminds":"`+made[0].ID+`"`) {
		t.Errorf("%s", a.body)
	}
	if a := o.call("water-hand", "POST", "/v1/cases/"+id+"/notices/"+url.PathEscape(made[0].ID+"~2")+"/receipt", `{"what":"received"}`); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	o.wait(time.Hour)
	if a := o.call("dispatcher", "POST", target, ""); a.status != 409 || !strings.Contains(a.body, "everybody who was told has given a receipt") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.call("dispatcher", "POST", target, `{"notices":["`+made[0].ID+`"]}`); a.status != 409 || !strings.Contains(a.body, "waits for no receipt") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestUnsubscribe ends a subscription by the link of a mail: without a login, by one POST, and by no link that was changed.
func TestUnsubscribe(t *testing.T) {
	o, file := posted(t)
	for _, id := range []string{"one", "two"} {
		if err := file.Subscribe(outbox.Subscription{Subscription: notice.Subscription{ID: id, Owner: "person:chief", Channel: notice.Channel{Kind: "mail", Address: "li@city.example"}, Case: "C"}}); err != nil {
			t.Fatal(err)
		}
	}
	link := "/v1/unsubscribe/" + file.Token("one")
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	there := func() bool { _, err := file.Subscription("one"); return err == nil }
	for _, lang := range []string{"zh", "en"} {
		a := o.do("GET", link, map[string]string{"Accept-Language": lang}, "")
		if a.status != 200 || !strings.Contains(a.body, map[string]string{"zh": "退订通知", "en": "Do you not want"}[lang]) || !strings.Contains(a.body, `method="post"`) || !there() {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	signature := link[strings.LastIndex(link, ".")+1:]
	for _, changed := range []string{
		"/v1/unsubscribe/x", "/v1/unsubscribe/" + before(file.Token("two"), ".") + "." + signature,
		link[:len(link)-2] + "AA", link + "A", strings.ToUpper(link[:20]) + link[20:], "/v1/unsubscribe/.",
	} {
		if a := o.do("POST", changed, form, "List-Unsubscribe=One-Click"); a.status != 404 || !there() {
			t.Errorf("%s: %d %s", changed, a.status, a.body)
		}
	}
	if a := o.do("POST", link, form, "x=y"); a.status != 400 || !there() {
		t.Errorf("without one click: %d %s", a.status, a.body)
	}
	// A program for mail sends it from wherever it is, and may send it again.
	form["Origin"], form["Sec-Fetch-Site"] = "https://mail.example", "cross-site"
	for range 2 {
		if a := o.do("POST", link, form, "List-Unsubscribe=One-Click"); a.status != 200 || there() {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if _, err := file.Subscription("two"); err != nil {
		t.Errorf("another subscription: %v", err)
	}
}

// before is what a text has before a sign.
func before(text, sign string) string {
	head, _, _ := strings.Cut(text, sign)
	return head
}
