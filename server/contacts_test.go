package server

import (
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cases/recent"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/contacts"
)

const (
	callerName  = "赵钱孙李周吴郑王"
	callerPhone = "13812341234"
	callerMail  = "jane.doe@mail.example"
	calling     = `"contact":{"name":"` + callerName + `","phone":"` + callerPhone + `","email":"` + callerMail + `"}`
	hotlined    = `{"source":"hotline","description":"x",` + here + `}`
	why         = "?reason=call+back+about+it"
)

// called is an office that keeps contacts in a folder, with its cases in log.
func called(t *testing.T, dir string, log *caseLog) *office {
	t.Helper()
	return workingOver(t, "base", func(cfg *Config) (eventLog, func(*store.Store) *recent.Ring) {
		guarded(t, dir)(cfg)
		file, err := contacts.Open(filepath.Join(dir, "contacts.db"), cfg.Vault)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		cfg.Contacts = file
		return log, func(*store.Store) *recent.Ring { return nil }
	}, nil).reachable()
}

func newCaseLog() *caseLog {
	return &caseLog{events: map[string][][]byte{}, at: map[string][]data.Seq{}}
}

// hides verifies that nobody who called is in a text.
func hides(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range []string{callerName, callerPhone, callerMail, "jane.doe"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s tells %s", what, secret)
		}
	}
}

func tellsCaller(a answer) bool {
	return strings.Contains(a.body, callerName) && strings.Contains(a.body, callerPhone) && strings.Contains(a.body, callerMail)
}

// everywhere verifies that nobody who called is in a file, a log or an answer about a case.
func (o *office) everywhere(t *testing.T, dir, id string, log *caseLog) {
	t.Helper()
	hides(t, "a file", string(o.files(t, dir)))
	hides(t, "the log of the process", o.logged())
	log.mu.Lock()
	for _, events := range log.events {
		for _, e := range events {
			hides(t, "an event", string(e))
		}
	}
	log.mu.Unlock()
	for _, target := range []string{"", "/events", "/offers", "/persons", "/notices", "/reporter"} {
		hides(t, target, o.plain("boss", "/v1/cases/"+id+target).body)
	}
	for _, target := range []string{"/v1/cases", "/v1/cases?q=" + callerPhone, "/v1/cases.atom", "/v1/audit", "/v1/changes", "/open311/v2/requests.json", "/open311/v2/bulk.csv", "/v1/personal/expired"} {
		hides(t, target, o.plain("boss", target).body)
	}
}

// TestContacts goes through the life of a contact: it comes with a report, is told to few for a reason, is nowhere else, and
// is erased.
func TestContacts(t *testing.T) {
	dir, log := t.TempDir(), newCaseLog()
	o := called(t, dir, log)
	a := o.call("operator", "POST", "/v1/cases", body("report", hotlined, calling))
	if a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	hides(t, "the answer", a.body)
	id := read[doneView](t, a).Case.ID
	target := "/v1/cases/" + id + "/contact"
	for who, want := range map[string]int{"operator": 403, "water-hand": 403, "idle": 403, "": 401, "boss": 200} {
		if a := o.get(who, target+why); a.status != want || (want == 200) != tellsCaller(a) || want == 200 && a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%q: %d %s, want %d", who, a.status, a.body, want)
		}
	}
	if a := o.get("boss", target); a.status != 400 || !strings.Contains(a.body, "X-Gewu-Reason") {
		t.Errorf("without a reason: %d %s", a.status, a.body)
	}
	if a := o.get("boss", "/v1/cases/none/contact"+why); a.status != 404 {
		t.Errorf("no case: %d %s", a.status, a.body)
	}
	none := o.begin("operator", "report", hotlined).ID
	if a := o.get("boss", "/v1/cases/"+none+"/contact"+why); a.status != 404 {
		t.Errorf("nobody is named: %d %s", a.status, a.body)
	}
	notes := func() string { return o.get("boss", "/v1/audit?what=read-personal,erase").body }
	if n := notes(); strings.Count(n, contacts.Layer+"/"+id) != 1 || !strings.Contains(n, "call back about it") {
		t.Errorf("the look is noted as %s", n)
	}
	// A sweep of persons leaves the keys of others alone.
	if a := o.do("POST", "/v1/personal/expired", as("boss"), ""); a.status != 200 || strings.Contains(a.body, contacts.Layer) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.get("boss", target+why); !tellsCaller(a) {
		t.Errorf("after a sweep: %d %s", a.status, a.body)
	}
	o.everywhere(t, dir, id, log)

	for name, tc := range map[string]struct {
		who, query string
		status     int
	}{
		"the public": {"", why, 401}, "who took it": {"operator", why, 403}, "without a reason": {"boss", "", 400},
	} {
		if a := o.do("DELETE", target+tc.query, as(tc.who), ""); a.status != tc.status {
			t.Errorf("erase, %s: %d %s, want %d", name, a.status, a.body, tc.status)
		}
	}
	if a := o.get("boss", target+why); !tellsCaller(a) {
		t.Errorf("erased by somebody who may not: %d", a.status)
	}
	keyed, done := as("boss"), answer{}
	keyed["Idempotency-Key"] = "forget-1"
	for range 2 {
		a := o.do("DELETE", target+"?reason=asked+to+be+forgotten", keyed, "")
		if a.status != 200 || !strings.Contains(a.body, `"case":"`+id+`","erased":true`) || done.body != "" && a.body != done.body {
			t.Fatalf("erase: %d %s, before %s", a.status, a.body, done.body)
		}
		done = a
	}
	for _, method := range []string{"GET", "DELETE"} {
		if a := o.do(method, target+why, as("boss"), ""); a.status != 404 {
			t.Errorf("%s after it was erased: %d %s", method, a.status, a.body)
		}
	}
	if n := notes(); strings.Contains(n, "call back about it") || !strings.Contains(n, "asked to be forgotten") {
		t.Errorf("reasons after the erasure: %s", n)
	}
	if a := o.get("boss", "/v1/cases/"+id); a.status != 200 {
		t.Errorf("the case is gone: %d", a.status)
	}
}

// TestContactsKeptFrom: a contact is told to no unit that has the case and to no organisation above, but to those that the case
// needs.
func TestContactsKeptFrom(t *testing.T) {
	o := called(t, t.TempDir(), newCaseLog())
	id := read[doneView](t, o.call("operator", "POST", "/v1/cases", body("report", hotlined, calling))).Case.ID
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	for _, tc := range []struct {
		at     []string
		status int
	}{{[]string{"district"}, 403}, {[]string{"water"}, 403}, {[]string{"district", "command-centre"}, 200}, {[]string{"command-centre", "water"}, 403}} {
		who := people.Staff{ID: "boss", Name: "管理"}
		for _, at := range tc.at {
			who.Holdings = append(who.Holdings, people.Holding{Post: "administrator", Organisation: at})
		}
		o.put(data.Tx{Changes: []data.Change{record(t, who)}})
		if a := o.get("boss", "/v1/cases/"+id+"/contact"+why); a.status != tc.status || (tc.status == 200) != tellsCaller(a) {
			t.Errorf("an administrator of %v: %d %s, want %d", tc.at, a.status, a.body, tc.status)
		}
	}
}

// TestContactsRefused: what is no contact, where none may be, and what stays when the report is refused or cannot be written.
func TestContactsRefused(t *testing.T) {
	dir, log := t.TempDir(), newCaseLog()
	o := called(t, dir, log)
	file, keys := o.server.cfg.Contacts, o.server.cfg.Vault.Keys()
	held := func() (ids []string) {
		t.Helper()
		if err := keys.Each(func(s vault.Subject, state vault.State) error {
			if s.Layer == contacts.Layer && state.Key {
				ids = append(ids, s.ID)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return ids
	}
	for contact, field := range map[string]string{
		`{"phone":"` + callerName + `"}`: "contact.phone", `{"email":"` + callerName + `"}`: "contact.email", `{"` + callerName + `":"x"}`: "contact", `{"name":"` + strings.Repeat(callerName, 40) + `"}`: "contact.name",
	} {
		a := o.call("operator", "POST", "/v1/cases", body("report", hotlined, `"contact":`+contact))
		if a.status != 422 || read[problemView](t, answer{200, a.header, a.body}).Field != field {
			t.Errorf("%s: %d %s", contact, a.status, a.body)
		}
	}
	for _, contact := range []string{`{"phone":` + callerPhone + `}`, `"` + callerName + " " + callerPhone + `"`, `["` + callerMail + `"]`, `{"name":"` + callerName + `","name":"` + callerMail + `"`, `{"name":{"` + callerName + `":1}}`} {
		if a := o.call("operator", "POST", "/v1/cases", body("report", hotlined, `"contact":`+contact)); a.status < 400 || a.status >= 500 {
			t.Errorf("%s: %d %s", contact, a.status, a.body)
		}
	}
	hides(t, "the log of the process", o.logged())
	// The report is refused: nothing is kept.
	if a := o.call("operator", "POST", "/v1/cases", body("report", `{"source":"13900139000","description":"x",`+here+`}`, calling)); a.status != 422 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.call("operator", "POST", "/v1/cases", body("close", hotlined, calling)); a.status != 409 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if ids := held(); len(ids) != 0 {
		t.Errorf("refused reports left %v", ids)
	}
	// The log fails: what is left is no case's, and is swept away; then the same report is a case with its contact.
	log.broken = func() error { return errors.New("the disk is full") }
	key := map[string]string{whoHeader: "operator", "Content-Type": "application/json", "Idempotency-Key": "call-7"}
	if a := o.do("POST", "/v1/cases", key, body("report", hotlined, calling)); a.status != 500 {
		t.Errorf("%d %s", a.status, a.body)
	}
	log.broken = nil
	ids := held()
	if len(ids) != 1 {
		t.Fatalf("%v are kept", ids)
	}
	if n, err := o.server.contacts.Sweep(t.Context(), 0); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if there, err := file.Has(ids[0]); there || err != nil || len(held()) != 0 {
		t.Errorf("after the sweep: %v, %v", there, err)
	}
	a := o.do("POST", "/v1/cases", key, body("report", hotlined, calling))
	if id := read[doneView](t, a).Case.ID; a.status != 201 || id != ids[0] {
		t.Fatalf("%d, case %s, want %s", a.status, id, ids[0])
	}
	// Sent again it is the same case, whatever comes with it.
	if a := o.do("POST", "/v1/cases", key, body("report", hotlined, `"contact":{"name":"another"}`)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if n, err := o.server.contacts.Sweep(t.Context(), 0); n != 0 || err != nil {
		t.Errorf("swept %d of cases, %v", n, err)
	}
	if a := o.get("boss", "/v1/cases/"+ids[0]+"/contact"+why); !tellsCaller(a) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.call("operator", "POST", "/v1/cases/"+ids[0]+"/actions", body("accept", "", calling)); a.status != 422 || !strings.Contains(a.body, "new case") {
		t.Errorf("%d %s", a.status, a.body)
	}
	o.everywhere(t, dir, ids[0], log)
}

// TestContactsNowhere: a server without keys refuses contacts and has none.
func TestContactsNowhere(t *testing.T) {
	o := working(t, "base", nil)
	if a := o.call("operator", "POST", "/v1/cases", body("report", hotlined, calling)); a.status != 422 || !strings.Contains(a.body, "is not kept here") {
		t.Errorf("%d %s", a.status, a.body)
	}
	id := o.begin("operator", "report", hotlined).ID
	for _, method := range []string{"GET", "DELETE"} {
		if a := o.do(method, "/v1/cases/"+id+"/contact"+why, as("boss"), ""); a.status != http.StatusNotImplemented {
			t.Errorf("%s: %d %s", method, a.status, a.body)
		}
	}
	hides(t, "the log of the process", o.logged())
	hides(t, "a file", string(o.files(t)))
}

// TestContactsOfOpen311: who reports through an app is kept, too, and a reference is all that the case has of them.
func TestContactsOfOpen311(t *testing.T) {
	dir, log := t.TempDir(), newCaseLog()
	o := called(t, dir, log)
	first, last, _ := strings.Cut(callerName, "李")
	send := func() string {
		t.Helper()
		taken := o.form(t, 200, "/open311/v2/requests.json", "api_key", "app", "service_code", "event-0101", "lat", "25.0051", "long", "121.501", "client_reference", "app-9",
			"first_name", first+"李", "last_name", last, "phone", callerPhone, "email", callerMail, "device_id", "device-"+callerPhone)
		id, _ := taken[0]["service_request_id"].(string)
		return id
	}
	id := send()
	if again := send(); id == "" || again != id {
		t.Fatalf("%q, again %q", id, again)
	}
	a := o.get("boss", "/v1/cases/"+id+"/contact"+why)
	if name := first + "李 " + last; a.status != 200 || !strings.Contains(a.body, name) || !strings.Contains(a.body, callerPhone) || !strings.Contains(a.body, callerMail) {
		t.Errorf("%d %s", a.status, a.body)
	}
	ref := read[struct{ Reporter string }](t, o.get("boss", "/v1/cases/"+id+"/reporter")).Reporter
	if !strings.HasPrefix(ref, "contact:") || strings.ContainsFunc(ref, func(r rune) bool { return r >= '0' && r <= '9' }) {
		t.Errorf("the reference is %q", ref)
	}
	if !slices.ContainsFunc(log.events[id], func(e []byte) bool { return strings.Contains(string(e), ref) }) {
		t.Error("the case has no reference")
	}
	o.everywhere(t, dir, id, log)
}
