package requests_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/requests"
)

// city is a client that answers each request with the same answer and keeps what it was asked.
type city struct {
	answer string
	asked  string
}

func (c *city) Do(_ context.Context, method, path string, query url.Values, kind string, body io.Reader) (*http.Response, error) {
	text := ""
	if body != nil {
		raw, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		text = kind + " " + string(raw)
	}
	c.asked = strings.TrimSpace(method + " " + path + "?" + query.Encode() + " " + text)
	if c.answer == "" {
		return nil, errors.New("the city refuses")
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(c.answer))}, nil
}

const (
	whole = `{"request":{"id":"Q1","scheme":"unit","cells":["a","b"],"state":"surveyed","reported":"2026-11-26T08:00:00Z","reporter":"staff:head","reason":"one yard\ntwo grids","proposal":"west","sketch":{"type":"LineString","coordinates":[[1,2],[3,4]]},` +
		`"survey":{"findings":"so it is","cells":["a"],"by":"li","at":"2026-11-26T08:00:00Z"},"departments":["police","parks"],"rule":"all","waiting":["parks"],"opinions":[{"department":"police","agree":false,"words":"the beat","by":"ke","at":"2026-11-26T08:00:00Z"}],"seq":9},"seq":9}`
	list = `{"requests":[{"id":"Q1","scheme":"unit","cells":["a","b","c","d","e"],"state":"reported","reported":"2026-11-26T08:00:00Z","reason":"one yard\ntwo grids","seq":9}],"count":3,"seq":9}`
)

// TestCommands runs each command: what it asks for, and what it prints.
func TestCommands(t *testing.T) {
	t.Parallel()
	sketch := filepath.Join(t.TempDir(), "s.geojson")
	if err := os.WriteFile(sketch, []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"who":"Li"},"geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		run    interface{ Run(e *requests.Env) error }
		answer string
		asks   string
		prints []string
	}{
		{&requests.List{Scheme: "unit", State: "reported", Cell: "a", Mine: true}, list, `GET /v1/requests?cell=a&limit=1000&mine=true&scheme=unit&state=reported`, []string{"WAITS FOR", "a b c d and 1 more", "one yard…", "and 2 more"}},
		{&requests.List{JSON: true}, list, `GET /v1/requests?limit=1000`, []string{`{"id":"Q1"`}},
		{&requests.Report{Scheme: "unit", Cells: []string{"a"}, Reason: "r", Sketch: sketch, By: "head"}, whole, `POST /v1/requests? application/json {"by":"head","cells":["a"],"reason":"r","scheme":"unit","sketch":{"type":"LineString","coordinates":[[1,2],[3,4]]}}`, []string{"Q1\n"}},
		{&requests.Report{Scheme: "unit", At: "121.5, 25", Reason: "r"}, whole, `POST /v1/requests? application/json {"at":[121.5,25],"reason":"r","scheme":"unit"}`, []string{"Q1\n"}},
		{&requests.Show{Request: "Q/1"}, whole, `GET /v1/requests/Q%2F1?`, []string{"request Q1 is surveyed; it waits for parks", "by staff:head", "proposal: west", "li: so it is", "really concerned: a", "police refuses", "ke: the beat", "show --sketch Q1"}},
		{&requests.Show{Request: "Q1", Sketch: true}, whole, `GET /v1/requests/Q1?`, []string{`{"type":"LineString","coordinates":[[1,2],[3,4]]}` + "\n"}},
		{&requests.Survey{Request: "Q1", Findings: "f", By: "li"}, whole, `POST /v1/requests/Q1/survey? application/json {"by":"li","findings":"f"}`, []string{"waits for parks"}},
		{&requests.Opinion{Request: "Q1", Department: "parks", Refuse: true, Words: "no"}, whole, `POST /v1/requests/Q1/opinion? application/json {"agree":false,"department":"parks","words":"no"}`, nil},
		{&requests.Opinion{Request: "Q1", Agree: true, JSON: true}, whole, `POST /v1/requests/Q1/opinion? application/json {"agree":true}`, []string{`{"request":{"id":"Q1"`}},
		{&requests.Draft{Request: "Q1", Title: "t"}, `{"draft":{"id":"D1"}}`, `POST /v1/requests/Q1/draft? application/json {"title":"t"}`, []string{"D1\n"}},
		{&requests.Withdraw{Request: "Q1", Words: "settled"}, whole, `POST /v1/requests/Q1/withdraw? application/json {"words":"settled"}`, nil},
	} {
		var out bytes.Buffer
		have := &city{answer: c.answer}
		e := &requests.Env{Ctx: t.Context(), Stdout: &out, City: func(do func(requests.Client) error) error { return do(have) }}
		if err := c.run.Run(e); err != nil || have.asked != c.asks {
			t.Errorf("%T: %v, asked\n%s\ninstead of\n%s", c.run, err, have.asked, c.asks)
		}
		for _, want := range c.prints {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%T prints %q, without %q", c.run, out.String(), want)
			}
		}
		have.answer = ""
		if err := c.run.Run(e); err == nil || err.Error() != "the city refuses" {
			t.Errorf("%T: %v", c.run, err)
		}
	}
}

// TestSketchFiles: what is no single geometry is told with the name of the file, before the city is asked.
func TestSketchFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{`: "is no GeoJSON", `{"type":"FeatureCollection","features":[]}`: "has 0 features", `{"type":"FeatureCollection","features":[{},{}]}`: "has 2 features",
		strings.Repeat(" ", 1<<20) + `{}`: "is larger than",
	} {
		name := filepath.Join(t.TempDir(), "s.geojson")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		have := &city{}
		e := &requests.Env{Ctx: t.Context(), Stdout: io.Discard, City: func(do func(requests.Client) error) error { return do(have) }}
		if err := (&requests.Report{Scheme: "unit", Cells: []string{"a"}, Reason: "r", Sketch: name}).Run(e); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) || have.asked != "" {
			t.Errorf("%.40s: %v", text, err)
		}
	}
	if err := (&requests.Report{Scheme: "unit", At: "here", Reason: "r"}).Run(&requests.Env{}); err == nil || !strings.Contains(err.Error(), "must be a longitude and a latitude") {
		t.Error(err)
	}
}
