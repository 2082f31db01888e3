package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases/adapters"
	peers "github.com/gewu-city/gewu/cases/exchange"
	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/server/exchange"
)

// exchanging is an office that exchanges cases.
func exchanging(t *testing.T) (*office, string) {
	t.Helper()
	o, file := posted(t)
	path := filepath.Join(t.TempDir(), "peers.json")
	book, err := peers.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	hooks := adapters.NewWebhook(nil, nil, time.Now)
	t.Cleanup(hooks.Close)
	o.server.exchange.Service = &exchange.Service{Book: book, Log: o.log, Outbox: file, Now: time.Now, Sender: &exchange.Sender{
		Book: book, Cases: o.server.cases.Service, Outbox: file, Post: hooks.Post, Now: time.Now,
	}}
	return o, path
}

const cityPeer = `"title":{"zh":"市平台"},"url":"https://city.example/v1/exchange/east","organisation":"other"`

// peerView is a peer as it is shown.
type peerView struct {
	ID, Secret string
	Secrets    int
	May        []string
}

func (o *office) peer(body string) (peerView, answer) {
	o.t.Helper()
	a := o.call("root", "PUT", "/v1/peers/city", body)
	var p peerView
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		o.t.Fatal(err, a.body)
	}
	return p, a
}

// TestPeers sets a platform up, changes its secret while both are good, and refuses what cannot be. Secrets are shown once.
func TestPeers(t *testing.T) {
	o, path := exchanging(t)
	p, a := o.peer(`{` + cityPeer + `}`)
	if a.status != 201 || !strings.HasPrefix(p.Secret, "whsec_") || p.Secrets != 1 || len(p.May) != len(peers.Kinds()) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	first := p.Secret
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), strings.TrimPrefix(first, "whsec_")) {
		t.Fatalf("it is not kept: %v", err)
	}
	for _, address := range []string{"/v1/peers", "/v1/peers/city"} {
		if a := o.call("root", "GET", address, ""); a.status != 200 || !strings.Contains(a.body, `"id":"city"`) || strings.Contains(a.body, strings.TrimPrefix(first, "whsec_")) {
			t.Errorf("%s: %d %s", address, a.status, a.body)
		}
	}
	second := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("s", 32)))
	for _, step := range []struct {
		body    string
		secrets int
		shown   bool
	}{
		{`{` + cityPeer + `}`, 1, false},
		{`{` + cityPeer + `,"secret":"` + second + `"}`, 2, false},
		{`{` + cityPeer + `,"secret":"` + second + `"}`, 2, false},
		{`{` + cityPeer + `,"drop_secret":true}`, 1, false},
		{`{` + cityPeer + `,"new_secret":true}`, 2, true},
		{`{` + cityPeer + `,"drop_secret":true,"new_secret":true}`, 2, true},
	} {
		if p, a := o.peer(step.body); a.status != 200 || p.Secrets != step.secrets || (p.Secret != "") != step.shown {
			t.Errorf("%s: %d %s", step.body, a.status, a.body)
		}
	}
	for _, test := range []struct {
		who, method, address, body string
		status                     int
		field                      string
	}{
		{"root", "PUT", "/v1/peers/City", `{` + cityPeer + `}`, 422, "id"},
		{"root", "PUT", "/v1/peers/east", `{` + cityPeer + `}`, 422, "organisation"},
		{"root", "PUT", "/v1/peers/east", `{"title":{"zh":"x"},"url":"https://a.example","organisation":"nowhere"}`, 422, "organisation"},
		{"root", "PUT", "/v1/peers/east", `{"title":{"zh":"x"},"url":"http://a.example","organisation":"gas"}`, 422, "url"},
		{"root", "PUT", "/v1/peers/east", `{"title":{"zh":"x"},"url":"https://u:p@a.example","organisation":"gas"}`, 422, "url"},
		{"root", "PUT", "/v1/peers/east", `{"title":{"zh":"x"},"url":"https://a.example","organisation":"gas","secret":"whsec_x"}`, 422, "secret"},
		{"root", "PUT", "/v1/peers/east", `{"title":{"zh":"x"},"url":"https://a.example","organisation":"gas","secret":"whsec_eA=="}`, 422, "secret"},
		{"root", "PUT", "/v1/peers/east", `{"title":{"zh":"x"},"url":"https://a.example","organisation":"gas","colour":"red"}`, 400, "colour"},
		{"root", "GET", "/v1/peers/nobody", "", 404, "peer"},
		{"root", "DELETE", "/v1/peers/nobody", "", 404, "peer"},
		{"root", "POST", "/v1/peers/nobody/test", "", 404, "peer"},
		{"operator", "GET", "/v1/peers", "", 403, ""},
		{"operator", "PUT", "/v1/peers/east", `{` + cityPeer + `}`, 403, ""},
		{"", "GET", "/v1/peers/city", "", 401, ""},
	} {
		a := o.call(test.who, test.method, test.address, test.body)
		var p problemView
		if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != test.status || p.Field != test.field {
			t.Errorf("%s %s %s: %d %s", test.who, test.address, test.body, a.status, a.body)
		}
	}
	// The other side.
	for _, test := range []struct {
		body, url, why string
		ok             bool
	}{
		{`{"may":["hand","close"]}`, "", "", true},
		{`{"title":"x","status":401,"detail":"no","refusal":{"name":"not-signed"}}`, "", "401 not-signed: no", false},
		{"", "https://127.0.0.1:1/", "private network", false},
	} {
		status := 200
		if !test.ok {
			status = 401
		}
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, err := io.ReadAll(r.Body)
			peer, _ := o.server.exchange.Book.Peer("city")
			if err == nil {
				err = notice.Verify(peer.Secrets[1:], r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), text, time.Now())
			}
			if err != nil {
				t.Errorf("the older secret does not sign: %v", err)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, test.body)
		}))
		url, local := test.url, test.url == ""
		if local {
			url = other.URL
		}
		if _, a := o.peer(fmt.Sprintf(`{"title":{"zh":"市平台"},"url":%q,"organisation":"other","local":%t}`, url, local)); a.status != 200 {
			t.Fatal(a.body)
		}
		a := o.call("root", "POST", "/v1/peers/city/test", "")
		var is struct {
			OK  bool
			Why string
			May []string
		}
		if err := json.Unmarshal([]byte(a.body), &is); err != nil || a.status != 200 || is.OK != test.ok || !strings.Contains(is.Why, test.why) {
			t.Errorf("%d %s", a.status, a.body)
		}
		other.Close()
	}
	if a := o.call("root", "DELETE", "/v1/peers/city", ""); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// message sends a message as the city does.
func (o *office) message(secret, peer string, at time.Time, m string) (answer, problemView) {
	o.t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		o.t.Fatal(err)
	}
	a := o.do("POST", "/v1/exchange/"+peer, map[string]string{
		"Content-Type": "application/json", "webhook-id": "m", "webhook-timestamp": strconv.FormatInt(at.Unix(), 10), "webhook-signature": "v1,x " + notice.Signature(key, "m", at, []byte(m)),
	}, m)
	var p problemView
	_ = json.Unmarshal([]byte(a.body), &p)
	return a, p
}

// TestExchangeRefusals sends a case and all that goes with it, and everything that cannot be; each refusal has its name.
func TestExchangeRefusals(t *testing.T) {
	o, _ := exchanging(t)
	p, _ := o.peer(`{` + cityPeer + `,"may":["hand","return","press","close"]}`)
	now := time.Now()
	hand := func(number, more string) string {
		return `{"version":1,"kind":"hand","case":"` + number + `","number":3,"description":"路灯不亮"` + more + `}`
	}
	msg := func(kind, number string, n, after int, more string) string {
		return fmt.Sprintf(`{"version":1,"kind":%q,"case":%q,"number":%d,"after":%d%s}`, kind, number, n, after, more)
	}
	var ack struct {
		Case, State string
		Event, Seq  int
	}
	a, _ := o.message(p.Secret, "city", now, hand("SZ-1", `,"source":"12345","class":{"kind":"part","code":"0102"},"due":"2026-11-05T18:00:00+08:00",`+here))
	if err := json.Unmarshal([]byte(a.body), &ack); err != nil || a.status != 200 || ack.State != "submitted" || ack.Event != 1 || ack.Seq == 0 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if again, _ := o.message(p.Secret, "city", now, hand("SZ-1", `,"source":"12345","class":{"kind":"part","code":"0102"},"due":"2026-11-05T18:00:00+08:00",`+here)); again.body != a.body {
		t.Errorf("again: %s, before: %s", again.body, a.body)
	}
	id := ack.Case
	shown := o.call("operator", "GET", "/v1/cases/"+id, "")
	for _, has := range []string{`"source":"12345"`, `"elsewhere":[{"peer":"city","number":"SZ-1","way":"from","due":"2026-11-05T18:00:00+08:00"}]`} {
		if !strings.Contains(shown.body, has) {
			t.Errorf("%s is not in %s", has, shown.body)
		}
	}
	for who, want := range map[string]bool{"operator": true, "": false} {
		if a := o.call(who, "GET", "/v1/cases?external=SZ-1", ""); a.status != 200 || strings.Contains(a.body, id) != want {
			t.Errorf("%q finds by the number of the other side: %s", who, a.body)
		}
	}
	for name, test := range map[string]struct {
		message string
		status  int
		refusal string
	}{
		"not allowed":             {msg("attach", "SZ-1", 9, 3, ""), 403, "kind-not-allowed"},
		"unknown":                 {msg("press", "SZ-2", 4, 3, ""), 404, "unknown-case"},
		"somebody else's":         {msg("press", "SZ-2", 4, 3, `,"yours":"`+o.begin("operator", "report", `{"source":"hotline","description":"别的",`+here+`}`).ID+`"`), 404, "unknown-case"},
		"another number":          {msg("press", "SZ-2", 4, 3, `,"yours":"`+id+`"`), 404, "unknown-case"},
		"before its turn":         {msg("press", "SZ-1", 9, 7, ""), 409, "out-of-order"},
		"said otherwise":          {hand("SZ-1", ""), 409, "number-used"},
		"handed over before":      {strings.Replace(hand("SZ-1", ""), `"number":3`, `"number":4`, 1), 409, "handed-over"},
		"was here":                {hand("SZ-9", `,"trail":["a","`+o.server.exchange.Book.Self()+`"]`), 409, "loop"},
		"what the state does not": {msg("return", "SZ-1", 9, 3, `,"text":"x"`), 409, "not-here"},
		"outside of the city":     {hand("SZ-8", `,"point":{"lon":1,"lat":2}`), 409, "outside"},
		"no message":              {`{`, 400, ""},
		"unknown member":          {hand("SZ-3", `,"telephone":"13800000000"`), 400, ""},
		"a later version":         {`{"version":2,"kind":"ping"}`, 422, ""},
	} {
		a, problem := o.message(p.Secret, "city", now, test.message)
		if a.status != test.status || test.refusal != "not-here" && problem.Refusal.Name != test.refusal || test.refusal != "" && problem.Refusal.Name == "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a, _ := o.message(p.Secret, "city", now, `{"version":1,"kind":"ping"}`); a.status != 200 || !strings.Contains(a.body, `"may":["hand"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	wrong := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("w", 32)))
	for name, sent := range map[string]func() (answer, problemView){
		"wrong secret": func() (answer, problemView) { return o.message(wrong, "city", now, hand("SZ-4", "")) },
		"old": func() (answer, problemView) {
			return o.message(p.Secret, "city", now.Add(-6*time.Minute), hand("SZ-4", ""))
		},
		"early": func() (answer, problemView) {
			return o.message(p.Secret, "city", now.Add(6*time.Minute), hand("SZ-4", ""))
		},
	} {
		if a, problem := sent(); a.status != 401 || problem.Refusal.Name != "not-signed" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a, _ := o.message(p.Secret, "town", now, hand("SZ-4", "")); a.status != 404 {
		t.Errorf("an unknown peer: %d %s", a.status, a.body)
	}
	if a := o.do("POST", "/v1/exchange/city", map[string]string{"Content-Type": "application/json"}, hand("SZ-4", "")); a.status != 401 {
		t.Errorf("without a signature: %d %s", a.status, a.body)
	}
	// A class that is not known here is said in words.
	if a, _ := o.message(p.Secret, "city", now, hand("SZ-5", `,"class":{"kind":"part","code":"9999"}`)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Pressed, closed here, given back.
	if a, _ := o.message(p.Secret, "city", now, msg("press", "SZ-1", 5, 3, `,"text":"请尽快"`)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a, problem := o.message(p.Secret, "city", now, msg("press", "SZ-1", 4, 3, "")); a.status != 409 || problem.Refusal.Name != "too-late" {
		t.Errorf("%d %s", a.status, a.body)
	}
	o.act(id, "operator", "reject", `{"reason":"不属本区"}`, "rejected")
	if a, _ := o.message(p.Secret, "city", now, msg("return", "SZ-1", 6, 5, `,"text":"属本区"`)); a.status != 200 || !strings.Contains(a.body, `"state":"submitted"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if events := o.call("operator", "GET", "/v1/cases/"+id+"/events", ""); !strings.Contains(events.body, `"via":{"peer":"city","kind":"return","number":6}`) || strings.Contains(events.body, "whsec") {
		t.Errorf("%s", events.body)
	}
}
