package server

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/casework"
	"github.com/gewu-city/gewu/server/open311"
	"github.com/gewu-city/gewu/server/rest"
)

// reachable gives an office keys for programs: of an account without limits, one that may report, and one that may not.
func (o *office) reachable() *office {
	before := o.server.identify
	o.server.identify = func(r *http.Request) (account.Principal, error) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			return before(r)
		}
		p := account.Principal{Way: account.APIKey, Account: "acc-app", Key: "key-" + token}
		switch token {
		case "app":
		case "narrow":
			p.Scopes = []string{"report"}
		case "reader":
			p.Scopes = []string{"cases"}
		default:
			return account.Principal{Way: account.Public}, rest.Refuse(rest.Unauthorized, "the key is not valid")
		}
		return p, nil
	}
	return o
}

// form sends fields of a form and reads the JSON of the answer.
func (o *office) form(t testing.TB, status int, target string, fields ...string) []map[string]any {
	t.Helper()
	q := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		q.Add(fields[i], fields[i+1])
	}
	a := o.do("POST", target, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, q.Encode())
	if a.status != status {
		t.Fatalf("POST %s %s: %d %s", target, q.Encode(), a.status, a.body)
	}
	return read[[]map[string]any](t, answer{200, a.header, a.body})
}

// TestOpen311 plays a request from an app: reported, handled by officers over the API of cases, asked for, and closed.
func TestOpen311(t *testing.T) {
	o := working(t, "dongcheng-2004", nil).reachable()
	d := read[struct {
		Contact   string
		Service   string `json:"key_service"`
		Endpoints []struct{ URL, Type string }
	}](t, o.do("GET", "/open311/discovery.json", nil, ""))
	if d.Contact == "" || d.Service != o.http.URL+"/docs" || len(d.Endpoints) != 2 || d.Endpoints[0].URL != o.http.URL+"/open311/v2" || d.Endpoints[1].Type != "test" {
		t.Errorf("%+v", d)
	}
	services := o.do("GET", "/open311/v2/services.json?lat=25.01&long=121.51", nil, "")
	if nothing := o.do("GET", "/open311/v2/services.json?lat=1&long=1", nil, ""); services.status != 200 || len(services.body) < 10_000 || nothing.body != "[]\n" || services.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v, outside %s", services.status, services.header, nothing.body)
	}
	first := o.do("GET", "/open311/v2/services.json", nil, "")
	if again := o.do("GET", "/open311/v2/services.json", map[string]string{"If-None-Match": first.header.Get("ETag")}, ""); again.status != http.StatusNotModified {
		t.Errorf("%d", again.status)
	}
	for key, status := range map[string]int{"": 403, "stolen": 403, "reader": 403, "narrow": 200} {
		o.form(t, status, "/open311/test/requests.json", "api_key", key, "service_code", "event-0101", "lat", "25.0051", "long", "121.501")
	}
	o.form(t, 400, "/open311/v2/requests.json", "api_key", "app", "service_code", "event-0101", "lat", "1", "long", "1")
	o.form(t, 400, "/open311/v2/requests.json", "api_key", "app", "service_code", "event-0101", "address_string", "沒有這條路999號")
	o.form(t, 404, "/open311/v2/requests.json", "api_key", "app", "service_code", "none", "lat", "25.0051", "long", "121.501")
	taken := o.form(t, 200, "/open311/v2/requests.json", "api_key", "narrow", "service_code", "part-0101", "address_string", "信義路1號", "attribute[CONDITION]", "2",
		"description", "井盖缺失，请联系 13812345678", "email", "jane@example.org", "first_name", "Jane")
	id, _ := taken[0]["service_request_id"].(string)
	if notice, _ := taken[0]["service_notice"].(string); id == "" || strings.Contains(notice, "邮箱") || !strings.Contains(notice, "处置时限") {
		t.Fatalf("%v", taken)
	}
	one := func() map[string]any {
		t.Helper()
		return read[[]map[string]any](t, o.do("GET", "/open311/v2/requests/"+id+".json?extensions=true", nil, ""))[0]
	}
	if r := one(); r["status"] != "open" || r["address"] != "信義路1號" || r["description"] != "井盖缺失，请联系 ***" || r["agency_responsible"] != "自来水公司" || r["expected_datetime"] != nil {
		t.Errorf("%v", r)
	}
	for _, events := range o.log.events {
		for _, e := range events {
			if strings.Contains(string(e), "jane@") || strings.Contains(string(e), "Jane") {
				t.Errorf("who reported is in %s", e)
			}
		}
	}
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0101","row":"2"}}`, "registered")
	o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	expected, _ := one()["expected_datetime"].(string)
	if due, err := time.Parse(time.RFC3339, expected); err != nil || !due.After(o.clockNow()) {
		t.Errorf("expected_datetime is %q: %v", expected, err)
	}
	o.act(id, "water-hand", "take", "", "handling")
	said := o.form(t, 200, "/open311/v2/servicerequestupdates.json", "api_key", "app", "service_request_id", id, "status", "OPEN", "description", "still missing", "update_id", "1")
	if said[0]["update_id"] != id+"-6" {
		t.Errorf("%v", said)
	}
	o.act(id, "water-hand", "feedback", `{"after":`+photo(2)+`}`, "reported")
	updates := read[[]map[string]any](t, o.do("GET", "/open311/v2/servicerequestupdates.json?start_date=2026-11-01T00:00:00Z&end_date=2026-11-09T00:00:00Z", nil, ""))
	if len(updates) != 6 || updates[4]["status"] != "IN_PROGRESS" || updates[4]["description"] != "处置中" {
		t.Errorf("%v", updates)
	}
	list := o.do("GET", "/open311/v2/requests.xml?service_code=part-0101&status=open&page_size=5", nil, "")
	var requests struct {
		Request []struct {
			ID string `xml:"service_request_id"`
		} `xml:"request"`
	}
	if err := xml.Unmarshal([]byte(list.body), &requests); err != nil || len(requests.Request) != 1 || requests.Request[0].ID != id {
		t.Errorf("%v: %s", err, list.body)
	}
	if a := o.do("GET", "/open311/v2/bulk.csv", nil, ""); a.status != 200 || !strings.Contains(a.body, id) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.do("GET", "/open311/v2/tokens/"+id+".json", nil, ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.do("GET", "/open311/v2/services/part-0101.xml", map[string]string{"Accept-Language": "en"}, ""); a.status != 200 || !strings.Contains(a.body, "<code>CONDITION</code>") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestOpen311Parts: a part and a door are places by their codes, and a part comes into the case.
func TestOpen311Parts(t *testing.T) {
	o := working(t, "dongcheng-2004", nil).reachable()
	for code, want := range map[string]string{"tree03": `"layer":"trees","id":"tree03"`, "addr0": `"address":"信義路1號"`} {
		taken := o.form(t, 200, "/open311/v2/requests.json", "api_key", "app", "service_code", "event-0101", "address_id", code)
		id, _ := taken[0]["service_request_id"].(string)
		if e := string(o.log.events[id][0]); !strings.Contains(e, want) || !strings.Contains(e, `"address_id":"`+code+`"`) {
			t.Errorf("%s: %s", code, e)
		}
	}
	o.form(t, 400, "/open311/v2/requests.json", "api_key", "app", "service_code", "event-0101", "address_id", "tree99")
	o.form(t, 400, "/open311/v2/requests.json", "api_key", "app", "service_code", "event-0101", "address_id", strings.Repeat("x", 1000))
}

// TestOpen311Closed: where the city does not open its cases, programs see those that came in here.
func TestOpen311Closed(t *testing.T) {
	o := working(t, "dongcheng-2004", func(c *casework.Config) { c.Public = false }).reachable()
	inner := o.begin("collector", "report", `{"source":"collector","description":"x",`+here+`}`)
	taken := o.form(t, 200, "/open311/v2/requests.json", "api_key", "app", "service_code", "event-0101", "lat", "25.0051", "long", "121.501")
	list := read[[]map[string]any](t, o.do("GET", "/open311/v2/requests.json", nil, ""))
	if len(list) != 1 || list[0]["service_request_id"] != taken[0]["service_request_id"] {
		t.Errorf("%v", list)
	}
	if a := o.do("GET", "/open311/v2/requests/"+inner.ID+".json", nil, ""); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestOpen311Without: a server without cases says so, and one without accounts takes any key from its own machine.
func TestOpen311Without(t *testing.T) {
	c := newCity(t, nil).fill()
	for _, target := range []string{"/open311/discovery.xml", "/open311/v2", "/open311/v2/requests.json"} {
		if a := c.do("GET", target, nil, ""); a.status != http.StatusNotImplemented {
			t.Errorf("%s: %d", target, a.status)
		}
	}
	if a := c.do("GET", "/open311/v2/services", nil, ""); a.status != http.StatusNotFound {
		t.Errorf("%d", a.status)
	}
	o := working(t, "base", nil)
	o.server.cfg.Enforced = func() bool { return false }
	o.server.identify = func(r *http.Request) (account.Principal, error) {
		if r.Header.Get("Authorization") != "" {
			return account.Principal{Way: account.Public}, rest.Refuse(rest.Unauthorized, "the token is not the one")
		}
		if r.Header.Get("X-Elsewhere") != "" {
			return account.Principal{Way: account.Public}, nil
		}
		return account.Principal{Way: account.Open}, nil
	}
	o.form(t, 200, "/open311/v2/requests.json", "api_key", "any", "service_code", "event-0101", "lat", "25.0051", "long", "121.501")
	o.form(t, 403, "/open311/v2/requests.json", "service_code", "event-0101", "lat", "25.0051", "long", "121.501")
	a := o.do("POST", "/open311/v2/requests.json", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-Elsewhere": "1"}, "api_key=any&service_code=event-0101&lat=25.0051&long=121.501")
	if a.status != 403 {
		t.Errorf("from elsewhere: %d %s", a.status, a.body)
	}
}

// TestOpen311Addresses: what clients do to addresses is taken; pages of other sites may read and not report.
func TestOpen311Addresses(t *testing.T) {
	o := working(t, "base", func(c *casework.Config) { c.Public = true }).reachable()
	o.server.open311.Settings = open311.Settings{Title: data.Title{"en": "Town"}, Lang: "en"}
	for target, kind := range map[string]string{
		"/open311/v2/services": "text/xml; charset=utf-8", "/open311/v2//requests.json": "application/json; charset=utf-8", "/open311/discovery.xml/": "text/xml", "/open311/": "text/html; charset=utf-8", "/open311/v2/": "text/html; charset=utf-8",
	} {
		if a := o.do("GET", target, nil, ""); a.status != 200 || a.header.Get("Content-Type") != kind {
			t.Errorf("%s: %d %s", target, a.status, a.header.Get("Content-Type"))
		}
	}
	res, err := client.Get(o.http.URL + "/open311/v1/none.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var list []struct{ Code int }
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil || res.StatusCode != http.StatusNotFound || len(list) != 1 || list[0].Code != 404 {
		t.Errorf("%d %v %v", res.StatusCode, list, err)
	}
	if a := o.do("OPTIONS", "/open311/v2/requests.json", map[string]string{"Origin": "https://x.example"}, ""); a.header.Get("Access-Control-Allow-Methods") != "GET, HEAD" || !slices.Contains(strings.Split(a.header.Get("Allow"), ", "), "POST") {
		t.Errorf("%v", a.header)
	}
	a := o.do("POST", "/open311/v2/requests.json", map[string]string{"Origin": "https://x.example", "Sec-Fetch-Site": "cross-site", "Content-Type": "application/x-www-form-urlencoded"}, "api_key=app")
	if a.status != 403 || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if got := fmt.Sprint(o.do("PUT", "/open311/v2/requests.json", nil, "").status); got != "405" {
		t.Error(got)
	}
}
