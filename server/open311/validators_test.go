package open311_test

import (
	"encoding/json"
	"encoding/xml"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// document is any of the XML documents, read without knowing more than names.
type document struct {
	XMLName  xml.Name
	Text     string     `xml:",chardata"`
	Children []document `xml:",any"`
}

func (d *document) all(name string) []document {
	var out []document
	for _, c := range d.Children {
		if c.XMLName.Local == name {
			out = append(out, c)
		}
	}
	return out
}

// at is the element at the end of a path of names, empty if there is none.
func (d *document) at(names ...string) *document {
	for _, name := range names {
		found := d.all(name)
		if len(found) == 0 {
			return &document{}
		}
		d = &found[0]
	}
	return d
}

func (w *town) xml(target string) *document {
	w.Helper()
	rec := w.get(target)
	if rec.Code != 200 {
		w.Fatalf("%s: %d %s", target, rec.Code, rec.Body)
	}
	var d document
	if err := xml.Unmarshal(rec.Body.Bytes(), &d); err != nil {
		w.Fatalf("%s: %v", target, err)
	}
	return &d
}

func (w *town) json(target string, v any) {
	w.Helper()
	rec := w.get(target)
	if rec.Code != 200 {
		w.Fatalf("%s: %d %s", target, rec.Code, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), v); err != nil {
		w.Fatalf("%s: %v: %s", target, err, rec.Body)
	}
}

type endpoint struct {
	Specification, URL, Changeset, Type string
	Formats                             []string
}

type discovery struct {
	Changeset, Contact string
	KeyService         string `json:"key_service"`
	Endpoints          []endpoint
}

// TestSeeClickFix are the rules of the SeeClickFix validator, each by its number there: 17 about discovery, 2 about services,
// one about definitions, and two about the header, which it compares as a whole.
func TestSeeClickFix(t *testing.T) {
	w := story(t)
	rules := 0
	rule := func(name string, holds bool) {
		t.Helper()
		rules++
		if !holds {
			t.Errorf("rule %d: %s", rules, name)
		}
	}
	const url = "/open311/discovery" // without a format: it appends .json and .xml
	x := w.xml(url + ".xml")
	var j discovery
	w.json(url+".json", &j)
	xs := x.at("endpoints").all("endpoint")
	rule("the URL ends in discovery", strings.HasSuffix(url, "discovery"))
	rule("both formats have results", len(x.Children) > 0 && j.Changeset != "")
	rule("both have a contact", strings.TrimSpace(x.at("contact").Text) != "" && j.Contact != "")
	rule("both have a key service", strings.TrimSpace(x.at("key_service").Text) != "" && j.KeyService != "")
	for _, at := range []string{x.at("changeset").Text, j.Changeset} {
		_, err := time.Parse(time.RFC3339, at)
		rule("changesets are times", err == nil)
	}
	rule("contacts are the same", x.at("contact").Text == j.Contact)
	rule("endpoints of XML are an array, which needs two", len(xs) >= 2)
	rule("there is an endpoint", len(j.Endpoints) == len(xs))
	every := func(holds func(e endpoint) bool) bool {
		all := slices.Clone(j.Endpoints)
		for _, e := range xs {
			one := endpoint{Specification: e.at("specification").Text, URL: e.at("url").Text, Changeset: e.at("changeset").Text, Type: e.at("type").Text}
			for _, f := range e.at("formats").all("format") {
				one.Formats = append(one.Formats, f.Text)
			}
			all = append(all, one)
		}
		return !slices.ContainsFunc(all, func(e endpoint) bool { return !holds(e) })
	}
	rule("each has a specification", every(func(e endpoint) bool { return e.Specification == "http://wiki.open311.org/GeoReport_v2" }))
	rule("each has a URL", every(func(e endpoint) bool { return strings.HasPrefix(e.URL, "http://") && !strings.HasSuffix(e.URL, "/") }))
	rule("each has a changeset", every(func(e endpoint) bool { return e.Changeset != "" }))
	rule("each changeset is a time in the past", every(func(e endpoint) bool {
		at, err := time.Parse(time.RFC3339, e.Changeset)
		return err == nil && !at.After(w.now)
	}))
	rule("each has a type", every(func(e endpoint) bool { return e.Type == "production" || e.Type == "test" }))
	rule("formats are an array, which needs two", every(func(e endpoint) bool { return len(e.Formats) >= 2 }))
	rule("each supports text/xml", every(func(e endpoint) bool { return slices.Contains(e.Formats, "text/xml") }))
	rule("the header of XML is text/xml", w.get(url+".xml").Header().Get("Content-Type") == "text/xml")
	rule("the header of JSON is application/json", w.get(url+".json").Header().Get("Content-Type") == "application/json")
	for _, at := range []string{"/open311/v2", "/open311/test"} {
		services := w.xml(at + "/services.xml?jurisdiction_id=").all("service")
		rule("there is a service", len(services) > 0)
		rule("all services have a code", !slices.ContainsFunc(services, func(s document) bool { return s.at("service_code").Text == "" }))
	}
	if rules != 22 {
		t.Errorf("%d rules were looked at", rules)
	}
}

// TestTest311 is what test311.py asks of services, definitions and requests.
func TestTest311(t *testing.T) {
	w := story(t)
	w.form("/open311/v2/requests.xml", "service_code", "part-01002", "lat", "40", "long", "116", "api_key", "secret", "attribute[TRAFFIC]", "no")
	defined := 0
	for _, s := range w.xml("/open311/v2/services.xml?jurisdiction_id=dc.gov").all("service") {
		code := s.at("service_code").Text
		if code == "" || s.at("description").Text == "" || !slices.Contains([]string{"true", "false"}, s.at("metadata").Text) || !slices.Contains([]string{"realtime", "batch", "blackbox"}, s.at("type").Text) {
			t.Errorf("service %q", code)
		}
		if s.at("metadata").Text != "true" {
			continue
		}
		defined++
		d := w.xml("/open311/v2/services/" + code + ".xml?jurisdiction_id=dc.gov")
		if d.XMLName.Local != "service_definition" || d.at("service_code").Text != code {
			t.Errorf("the definition of %s is that of %q", code, d.at("service_code").Text)
		}
		for i, a := range d.at("attributes").all("attribute") {
			// It takes the first text in each element, and fails where there is none.
			for _, name := range []string{"variable", "code", "datatype", "required", "datatype_description", "order", "description"} {
				if a.at(name).Text == "" {
					t.Errorf("%s: the attribute %d has no %s", code, i, name)
				}
			}
			if order, err := strconv.Atoi(a.at("order").Text); err != nil || order != i+1 {
				t.Errorf("%s: the order is %q", code, a.at("order").Text)
			}
			for _, v := range a.at("values").all("value") {
				if v.at("key").Text == "" || v.at("name").Text == "" {
					t.Errorf("%s: a value without a key or a name", code)
				}
			}
		}
	}
	requests := w.xml("/open311/v2/requests.xml?jurisdiction_id=dc.gov&service_code=part-01002").all("request")
	if defined < 100 || len(requests) != 2 {
		t.Fatalf("%d definitions, %d requests", defined, len(requests))
	}
	zulu := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?$`)
	for _, r := range requests {
		if r.at("service_request_id").Text == "" || r.at("address").Text == "" || !slices.Contains([]string{"open", "closed"}, r.at("status").Text) {
			t.Errorf("%+v", r)
		}
		for _, name := range []string{"requested_datetime", "updated_datetime", "expected_datetime"} {
			if at := r.at(name).Text; (at != "" || name == "requested_datetime") && !zulu.MatchString(at) {
				t.Errorf("%s is %q", name, at)
			}
		}
		for _, name := range []string{"lat", "long"} {
			// It evaluates them as Python, and 40 would be no float.
			if !strings.Contains(r.at(name).Text, ".") {
				t.Errorf("%s is %q", name, r.at(name).Text)
			}
		}
	}
}

// TestNames: clients that fold single elements tell lists by these names.
func TestNames(t *testing.T) {
	w := story(t)
	for target, names := range map[string][]string{
		"/open311/v2/services.xml":              {"services", "service"},
		"/open311/v2/requests.xml":              {"service_requests", "request"},
		"/open311/v2/requests/C-0000.xml":       {"service_requests", "request"},
		"/open311/v2/tokens/C-0000.xml":         {"service_requests", "request"},
		"/open311/v2/servicerequestupdates.xml": {"service_request_updates", "request_update"},
	} {
		d := w.xml(target)
		if d.XMLName.Local != names[0] || len(d.Children) == 0 || d.Children[0].XMLName.Local != names[1] || d.XMLName.Space != "" {
			t.Errorf("%s: %s of %+v", target, d.XMLName.Local, d.Children)
		}
	}
}

// TestNothing: an empty list is a list.
func TestNothing(t *testing.T) {
	w := open(t, "base", nil)
	for target, want := range map[string]string{
		"/open311/v2/requests.json": "[]\n", "/open311/v2/servicerequestupdates.json": "[]\n",
		"/open311/v2/requests.xml": xml.Header + "<service_requests></service_requests>\n",
	} {
		if rec := w.get(target); rec.Code != 200 || rec.Body.String() != want {
			t.Errorf("%s: %d %q", target, rec.Code, rec.Body)
		}
	}
}
