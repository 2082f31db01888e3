package open311_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/server/open311"
)

type wrong struct {
	Code        int
	Description string
}

type taken struct {
	ID     string `json:"service_request_id"`
	Notice string `json:"service_notice"`
}

func decode[T any](t testing.TB, b []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return v
}

// reported sends a request that must be taken, and returns its first event.
func (w *town) reported(fields ...string) (taken, *cases.Event) {
	w.Helper()
	rec := w.form("/open311/v2/requests.json", append(fields, "api_key", "secret")...)
	if rec.Code != http.StatusOK {
		w.Fatalf("%d %s", rec.Code, rec.Body)
	}
	list := decode[[]taken](w, rec.Body.Bytes())
	if len(list) != 1 || list[0].ID == "" {
		w.Fatalf("%s", rec.Body)
	}
	for e, err := range w.shelf.Events(context.Background(), list[0].ID) {
		if err != nil {
			w.Fatal(err)
		}
		return list[0], e
	}
	w.Fatalf("there is no case %s", list[0].ID)
	return taken{}, nil
}

func TestReport(t *testing.T) {
	w := open(t, "dongcheng-2004", func(c *open311.Config) { c.More = questions })
	_, e := w.reported("service_code", "part-01002", "lat", "39.91", "long", "116.41", "description", "一\r\n二", "attribute[TRAFFIC]", "yes",
		"attribute[SEEN]", "a", "attribute[SEEN]", "b", "attribute[CONDITION]", "3", "attribute[PART]", cover.Code, "attribute[OTHER]", "x",
		"email", "jane@example.org", "first_name", "Jane", "last_name", "Doe", "phone", "13812345678", "device_id", "D1", "account_id", "A1", "client_reference", "77", "media_url", "https://x.example/1.jpg")
	f := e.Form
	if f.Source != "open311" || f.Description != "一\n二" || f.Class == nil || f.Class.Code != "01002" || f.Class.Kind != "part" || f.Class.Row != "3" || f.Point.Lat != 39.91 || f.Point.Lon != 116.41 {
		t.Errorf("%+v", f)
	}
	if len(f.Parts) != 1 || f.Parts[0] != cover || len(f.External) != 1 || f.External[0].ID != "77" {
		t.Errorf("%+v", f)
	}
	if want := "Is traffic blocked?: Yes\nWhat do you see?: Water, Sand\nmedia_url: https://x.example/1.jpg"; f.Note != want {
		t.Errorf("%q, want %q", f.Note, want)
	}
	if e.Actor != (cases.Actor{Post: "system"}) || e.Place == nil || e.Place.Areas[0].Code != "110101" {
		t.Errorf("%+v %+v", e.Actor, e.Place)
	}
	// Who reported is with those who keep that, and nowhere else.
	if got := w.vault.sealed[f.Reporter]; got != (open311.Contact{Name: "Jane Doe", Email: "jane@example.org", Phone: "13812345678", Device: "D1", Account: "A1"}) {
		t.Errorf("%q: %+v", f.Reporter, got)
	}
	for _, b := range w.shelf.events[e.Case] {
		for _, secret := range []string{"jane", "Jane", "Doe", "13812345678", "D1", "A1"} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s is in the event: %s", secret, b)
			}
		}
	}
	if _, e := w.reported("service_code", "event-01001", "address_string", "10 Main Street"); e.Form.Point.Lon != east || e.Form.Address != "10 Main Street" || e.Form.Description == "" {
		t.Errorf("%+v", e.Form)
	}
	if _, e := w.reported("service_code", "event-01001", "address_id", cover.Code); e.Form.AddressID != cover.Code || e.Form.Parts[0] != cover || e.Form.Point.Lon != east+0.001 {
		t.Errorf("%+v", e.Form)
	}
	if _, e := w.reported("service_code", "event-01001", "address_id", "D-10", "lat", "39.95", "long", "116.45"); e.Form.Point.Lat != 39.95 || e.Form.Address != "东华门大街10号" || e.Form.Parts != nil {
		t.Errorf("%+v", e.Form)
	}
	if _, e := w.reported("service_code", "event-01001", "address_id", "#NOTPINPOINTED#", "address_string", "10 Main Street"); e.Form.AddressID != "" {
		t.Errorf("%+v", e.Form)
	}
}

// TestEveryProfileTakesRequests: all processes that come along have a way in, by the public or by the program.
func TestEveryProfileTakesRequests(t *testing.T) {
	for profile, post := range map[string]string{
		"base": "public", "dongcheng-2004": "system", "donggaodi": "public", "haidian": "public", "luqiao": "public", "county-centre": "public", "xinfeng": "public",
	} {
		w := open(t, profile, nil)
		_, e := w.reported("service_code", "event-01001", "lat", "39.9", "long", "116.4")
		if e.Actor.Post != post {
			t.Errorf("%s: reported as %s", profile, e.Actor.Post)
		}
	}
}

func TestWrongRequests(t *testing.T) {
	w := open(t, "dongcheng-2004", func(c *open311.Config) { c.More = questions })
	key, at := []string{"api_key", "secret"}, []string{"lat", "39.9", "long", "116.4"}
	with := func(more ...string) []string { return slices.Concat(key, at, more) }
	for name, c := range map[string]struct {
		fields []string
		status int
		says   string
	}{
		"no key":               {slices.Concat(at, []string{"service_code", "event-01001"}), 403, "api_key is missing"},
		"another key":          {slices.Concat(at, []string{"service_code", "event-01001", "api_key", "x"}), 403, "not valid"},
		"a key without rights": {slices.Concat(at, []string{"service_code", "event-01001", "api_key", "reader"}), 403, "may not report"},
		"no service":           {with(), 400, "service_code is missing"},
		"another service":      {with("service_code", "99"), 404, "no service_code 99"},
		"no place":             {slices.Concat(key, []string{"service_code", "event-01001"}), 400, "place is missing"},
		"half a place":         {slices.Concat(key, []string{"service_code", "event-01001", "lat", "39.9"}), 400, "lat and long"},
		"no number":            {slices.Concat(key, []string{"service_code", "event-01001", "lat", "NaN", "long", "1"}), 400, "lat and long"},
		"beyond the earth":     {slices.Concat(key, []string{"service_code", "event-01001", "lat", "91", "long", "1"}), 400, "lat and long"},
		"outside":              {slices.Concat(key, []string{"service_code", "event-01001", "lat", "48.1", "long", "11.5"}), 400, "outside"},
		"an address":           {slices.Concat(key, []string{"service_code", "event-01001", "address_string", "Nowhere 1"}), 400, "Nowhere 1"},
		"an id":                {slices.Concat(key, []string{"service_code", "event-01001", "address_id", "?"}), 400, "code ?"},
		"a required answer":    {with("service_code", "part-01002"), 400, "TRAFFIC required"},
		"an empty answer":      {with("service_code", "part-01002", "attribute[TRAFFIC]", " "), 400, "TRAFFIC required"},
		"another choice":       {with("service_code", "part-01002", "attribute[TRAFFIC]", "maybe"), 400, `TRAFFIC: has no choice "maybe"`},
		"two answers":          {with("service_code", "part-01002", "attribute[TRAFFIC]", "yes", "attribute[TRAFFIC]", "no"), 400, "one answer"},
		"no time":              {with("service_code", "part-01002", "attribute[TRAFFIC]", "yes", "attribute[SINCE]", "yesterday"), 400, "SINCE"},
		"another row":          {with("service_code", "part-01002", "attribute[TRAFFIC]", "yes", "attribute[CONDITION]", "77"), 400, "CONDITION"},
		"another part":         {with("service_code", "part-01002", "attribute[TRAFFIC]", "yes", "attribute[PART]", "77"), 400, "no part with the code 77"},
		"a long description":   {with("service_code", "event-01001", "description", strings.Repeat("字", 4001)), 400, "4001 characters"},
		"a media URL":          {with("service_code", "event-01001", "media_url", "javascript:alert(1)"), 400, "media_url"},
	} {
		before := w.shelf.Len()
		rec := w.form("/open311/v2/requests.json", c.fields...)
		list := decode[[]wrong](t, rec.Body.Bytes())
		if rec.Code != c.status || len(list) == 0 || !slices.ContainsFunc(list, func(e wrong) bool { return strings.Contains(e.Description, c.says) }) {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
		rec = w.form("/open311/v2/requests.xml", c.fields...)
		var d document
		if err := xml.Unmarshal(rec.Body.Bytes(), &d); err != nil || rec.Code != c.status || d.XMLName.Local != "errors" || d.at("error", "description").Text == "" || d.at("error", "code").Text != fmt.Sprint(c.status) {
			t.Errorf("%s: %v %d %s", name, err, rec.Code, rec.Body)
		}
		if w.shelf.Len() != before {
			t.Errorf("%s: a case began", name)
		}
	}
	// All that is wrong is said at once.
	rec := w.form("/open311/v2/requests.json", with("service_code", "part-01002", "attribute[COUNT]", "x", "description", strings.Repeat("x", 4001))...)
	if list := decode[[]wrong](t, rec.Body.Bytes()); len(list) != 3 {
		t.Errorf("%s", rec.Body)
	}
	// In the language of whoever asks.
	rec = w.send(http.MethodPost, "/open311/v2/requests.json", "", strings.NewReader("api_key=secret"), "Accept-Language", "fr, zh-CN;q=0.8, en;q=0.5")
	if !strings.Contains(rec.Body.String(), "缺少 service_code") || rec.Header().Get("Content-Language") != "zh" {
		t.Errorf("%s", rec.Body)
	}
	for name, c := range map[string]struct{ kind, body string }{"another type": {"application/json", "{}"}, "bad percent": {"", "a=%zz"}} {
		if rec := w.send(http.MethodPost, "/open311/v2/requests.json", c.kind, strings.NewReader(c.body)); rec.Code != 400 || len(decode[[]wrong](t, rec.Body.Bytes())) != 1 {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	large := w.send(http.MethodPost, "/open311/v2/requests.json", "", strings.NewReader("a="+strings.Repeat("x", 70<<10)))
	if list := decode[[]wrong](t, large.Body.Bytes()); large.Code != 400 || list[0].Code != 413 {
		t.Errorf("%d %s", large.Code, large.Body)
	}
}

// TestSentAgain: with a key, or a number of its own, a client may send a request as often as it likes.
func TestSentAgain(t *testing.T) {
	w := open(t, "dongcheng-2004", nil)
	send := func(header, key string, more ...string) (int, string) {
		var b strings.Builder
		for i := 0; i+1 < len(more); i += 2 {
			fmt.Fprintf(&b, "&%s=%s", more[i], more[i+1])
		}
		rec := w.send(http.MethodPost, "/open311/v2/requests.json", "application/x-www-form-urlencoded", strings.NewReader("service_code=event-01001&lat=39.9&long=116.4&email=a@b.example&api_key="+key+b.String()), "Idempotency-Key", header)
		if rec.Code != 200 {
			return rec.Code, fmt.Sprint(decode[[]wrong](t, rec.Body.Bytes())[0].Code)
		}
		return rec.Code, decode[[]taken](t, rec.Body.Bytes())[0].ID
	}
	_, one := send("K1", "secret")
	if _, again := send("K1", "secret"); again != one || w.shelf.Len() != 1 {
		t.Errorf("%s, then %s, %d cases", one, again, w.shelf.Len())
	}
	if status, code := send("K1", "secret", "description", "another"); status != 400 || code != "422" {
		t.Errorf("a key for two requests: %d %s", status, code)
	}
	if _, other := send("K1", "ending"); other == one {
		t.Error("another program has the same key")
	}
	if _, other := send("", "secret"); other == one || other != "C-0001" {
		t.Error("without a key: ", other)
	}
	_, numbered := send("", "secret", "attribute[fixmystreet_id]", "9")
	if _, again := send("", "secret", "attribute[fixmystreet_id]", "9"); again != numbered {
		t.Error("a number of the client is no key")
	}
	if _, again := send("", "secret", "attribute[fixmystreet_id]", "9", "device_id", "D"); again == numbered {
		t.Error("two devices have the same numbers")
	}
}

// TestTestEndpoint: it says what is wrong, and keeps nothing.
func TestTestEndpoint(t *testing.T) {
	w := open(t, "dongcheng-2004", nil)
	rec := w.form("/open311/test/requests.json", "service_code", "event-01001", "lat", "39.9", "long", "116.4", "api_key", "secret", "email", "a@b.example")
	if list := decode[[]taken](t, rec.Body.Bytes()); rec.Code != 200 || !strings.HasPrefix(list[0].ID, "test-") || !strings.Contains(list[0].Notice, "nothing was kept") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.form("/open311/test/requests.json", "service_code", "event-01001", "lat", "1", "long", "1", "api_key", "secret"); rec.Code != 400 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if w.shelf.Len() != 0 || len(w.vault.sealed) != 0 {
		t.Error("something was kept")
	}
}

// TestMedia: pictures under all names that clients use, and what is none.
func TestMedia(t *testing.T) {
	w := open(t, "dongcheng-2004", nil)
	send := func(content string, names ...string) (int, string) {
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		for _, field := range [][2]string{{"service_code", "event-01001"}, {"lat", "39.9"}, {"long", "116.4"}, {"api_key", "secret"}} {
			_ = form.WriteField(field[0], field[1])
		}
		for _, name := range names {
			p, _ := form.CreateFormFile(name, name+".jpg")
			_, _ = p.Write([]byte(content + name))
		}
		_ = form.Close()
		rec := w.send(http.MethodPost, "/open311/v2/requests.json", form.FormDataContentType(), &b)
		if rec.Code != 200 {
			return rec.Code, rec.Body.String()
		}
		return rec.Code, decode[[]taken](t, rec.Body.Bytes())[0].ID
	}
	status, id := send("\xff\xd8", "media", "media[]", "photo1", "file_2")
	if status != 200 {
		t.Fatal(status, id)
	}
	for e := range w.shelf.Events(context.Background(), id) {
		if len(e.Form.Before) != 4 {
			t.Errorf("%+v", e.Form.Before)
		}
		// None was reviewed.
		if body := w.get("/open311/v2/requests/" + id + ".json?extensions=true").Body.String(); strings.Contains(body, "files/") {
			t.Errorf("a picture that nobody looked at is shown: %s", body)
		}
		w.albums.reviewed[e.Form.Before[1].Hash] = true
	}
	if body := w.get("/open311/v2/requests/" + id + ".json").Body.String(); !strings.Contains(body, `"media_url":"https://city.example/files/0002.jpg"`) {
		t.Error(body)
	}
	if status, body := send("GIF?", "media"); status != 400 || !strings.Contains(body, "is no picture") {
		t.Error(status, body)
	}
	w.Files = nil
	if status, body := send("\xff\xd8", "media"); status != 400 || !strings.Contains(body, "takes no files") {
		t.Error(status, body)
	}
}

// TestHeaders: what a key says to who runs the program, and from which pages may be reported.
func TestHeaders(t *testing.T) {
	w := open(t, "dongcheng-2004", nil)
	body := "service_code=event-01001&lat=39.9&long=116.4&api_key=ending"
	rec := w.send(http.MethodPost, "/open311/v2/requests.json", "", strings.NewReader(body), "Origin", "https://app.example")
	if rec.Header().Get("Warning") != `299 - "this key ends on 2026-12-31"` || rec.Header().Get("Access-Control-Allow-Origin") != "https://app.example" {
		t.Errorf("%v", rec.Header())
	}
	rec = w.send(http.MethodPost, "/open311/v2/requests.json", "", strings.NewReader(body), "Origin", "https://evil.example")
	if rec.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("any page may report")
	}
	// Without somebody who keeps it, who reported is not kept, and no mail is promised.
	w.Contacts = nil
	answer, e := w.reported("service_code", "event-01001", "lat", "39.9", "long", "116.4", "email", "a@b.example")
	if strings.Contains(answer.Notice, "mail") || e.Form.Reporter != "" {
		t.Errorf("%+v %+v", answer, e.Form)
	}
}

func TestJurisdictions(t *testing.T) {
	w := open(t, "dongcheng-2004", func(c *open311.Config) { c.Settings.Jurisdictions = []string{"a.example", "b.example"} })
	for query, status := range map[string]int{"?jurisdiction_id=a.example": 200, "": 400, "?jurisdiction_id=": 400, "?jurisdiction_id=c.example": 404} {
		for _, target := range []string{"/open311/v2/services.json", "/open311/v2/requests.json"} {
			if rec := w.get(target + query); rec.Code != status {
				t.Errorf("%s: %d", target+query, rec.Code)
			}
		}
	}
	for name, status := range map[string]int{"b.example": 200, "": 400, "c.example": 404} {
		if rec := w.form("/open311/v2/requests.json", "service_code", "event-01001", "lat", "39.9", "long", "116.4", "api_key", "secret", "jurisdiction_id", name); rec.Code != status {
			t.Errorf("%q: %d %s", name, rec.Code, rec.Body)
		}
	}
	if rec := w.get("/open311/discovery.json"); rec.Code != 200 {
		t.Error("discovery wants a jurisdiction")
	}
}

// TestReportWhileLoading asks again later whoever reports while the city is being filled, in the format of the client; what is
// the same in any city is answered.
func TestReportWhileLoading(t *testing.T) {
	loading := true
	w := open(t, "dongcheng-2004", func(c *open311.Config) { c.Loading = func() bool { return loading } })
	fields := []string{"service_code", "2007-part-0101", "lat", "39.91", "long", "116.40", "api_key", "secret"}
	rec := w.form("/open311/v2/requests.json", fields...)
	if list := decode[[]wrong](t, rec.Body.Bytes()); rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") != "5" || len(list) != 1 || list[0].Code != 503 {
		t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	for target, want := range map[string]int{
		"/open311/v2/requests.xml": 503, "/open311/v2/requests/x.xml": 503, "/open311/v2/nothing.xml": 404, "/open311/discovery.xml": 200, "/open311/v2/services.xml": 200,
	} {
		if rec := w.get(target); rec.Code != want {
			t.Errorf("%s: %d %s, want %d", target, rec.Code, rec.Body, want)
		}
	}
	loading = false
	if rec := w.get("/open311/v2/requests.xml"); rec.Code != http.StatusOK {
		t.Errorf("when it is loaded: %d %s", rec.Code, rec.Body)
	}
}
