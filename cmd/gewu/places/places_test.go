package places_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/places"
)

// fakeCity answers every request alike and remembers the last one.
type fakeCity struct {
	answer string
	asked  string
}

func (f *fakeCity) Do(_ context.Context, method, path string, query url.Values, kind string, body io.Reader) (*http.Response, error) {
	f.asked = method + " " + path + "?" + query.Encode() + " " + kind
	if body != nil {
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		f.asked += " " + string(text)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(f.answer))}, nil
}

func (f *fakeCity) env(in string, out, complaints io.Writer) *places.Env {
	return &places.Env{
		Stdin: strings.NewReader(in), Stdout: out, Stderr: complaints,
		CRS:      func(name string) (string, error) { return name, nil },
		WithCity: func(do func(context.Context, places.Client) error) error { return do(context.Background(), f) },
	}
}

const twoPlaces = `{"type":"FeatureCollection","features":[
{"type":"Feature","geometry":{"type":"Point","coordinates":[121.5,25.03]},"properties":{"geocoding":{"kind":"house","label":"和平路1號","relation":"offset","score":86,"radius_m":12.4,
 "faults":[{"element":"road","kind":"sounds_alike","text":"和平陸","meant":"和平路","points":2},{"element":"text","kind":"ambiguous","points":12}]},
 "areas":[{"level":"district","code":"D1","name":"大安區"}],"cells":[{"scheme":"unit","code":"A1","name":""}],"cell_shares":[{"scheme":"unit","code":"A1","share":0.75},{"scheme":"unit","code":"A2","share":0.25}]}},
{"type":"Feature","geometry":{"type":"Point","coordinates":[121.6,25]},"properties":{"geocoding":{"kind":"crossing","label":"A / B","score":7,"radius_m":8,"faults":[]},"areas":[],"cells":[]}}]}`

// TestPrint compares what a person sees.
func TestPrint(t *testing.T) {
	for _, tc := range []struct{ name, answer, want string }{
		{"none", `{"features":[]}`, "no place found\n"},
		{"two", twoPlaces, "" +
			" 1   86  house     和平路1號 (offset)  121.5,25.03  ±12 m\n" +
			"                   district D1 大安區, unit A1\n" +
			"                   unit A1 75 %, unit A2 25 %\n" +
			"                   road sounds alike 和平陸 → 和平路 (−2); text ambiguous (−12)\n" +
			" 2    7  crossing  A / B               121.6,25  ±8 m\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out strings.Builder
			g := places.Geocode{Text: []string{"x"}, Limit: 10}
			if err := g.Run((&fakeCity{answer: tc.answer}).env("", &out, io.Discard)); err != nil || out.String() != tc.want {
				t.Errorf("%v\n%s\nwant\n%s", err, out.String(), tc.want)
			}
		})
	}
}

// TestAsk checks what is sent.
func TestAsk(t *testing.T) {
	for _, tc := range []struct {
		name  string
		flags places.Geocode
		want  string
	}{
		{"plain", places.Geocode{Text: []string{"和平路", "1號"}, Limit: 10, Fallback: "none", JSON: true}, "GET /v1/geocode?limit=10&q=" + url.QueryEscape("和平路 1號") + " "},
		{"all", places.Geocode{Text: []string{"x"}, Limit: 3, Least: new(20), Focus: "1,2", Bbox: "1,2,3,4", Layers: []string{"a", "b"}, Fallback: "area", CRS: "gcj02"}, "GET /v1/geocode?bbox=1%2C2%2C3%2C4&crs=gcj02&fallback=area&focus=1%2C2&layers=a%2Cb&least=20&limit=3&q=x "},
		{"another day", places.Geocode{Text: []string{"x"}, Limit: 3, When: "2026-04-01"}, "GET /v1/geocode?limit=3&q=x&when=2026-04-01 "},
		{"all that has any score", places.Geocode{Text: []string{"x"}, Limit: 3, Least: new(0)}, "GET /v1/geocode?least=0&limit=3&q=x "},
		{"point", places.Geocode{Reverse: "121.5, -25", Limit: 2, Radius: 20}, "GET /v1/reverse?lat=-25&limit=2&lon=121.5&radius=20 "},
		{"report", places.Geocode{Text: []string{"a \"b\""}, Extract: true, Limit: 10, CRS: "gcj02"}, `POST /v1/extract?crs=gcj02 application/json {"text":"a \"b\""}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &fakeCity{answer: "{}"}
			var out strings.Builder
			if err := tc.flags.Run(c.env("", &out, io.Discard)); err != nil || c.asked != tc.want {
				t.Errorf("%v %s, want %s", err, c.asked, tc.want)
			}
			if tc.flags.JSON && out.String() != "{}\n" {
				t.Errorf("%q is not the answer", out.String())
			}
		})
	}
	c := &fakeCity{answer: `{"geocoding":{"reported":1},"features":[{"properties":{"geocoding":{"kind":"house","label":"a","score":65,"distance_m":7.6}}},{"properties":{"geocoding":{"kind":"house","label":"bb","score":97,"radius_m":5}}}]}`}
	var out strings.Builder
	if err := (&places.Geocode{Extract: true}).Run(c.env("from a file", &out, io.Discard)); err != nil || !strings.HasSuffix(c.asked, `{"text":"from a file"}`) ||
		out.String() != " 1   65  house     a     8 m away\n 2*  97  house     bb    ±5 m\n" {
		t.Errorf("%v %s\n%s", err, c.asked, out.String())
	}
	c = &fakeCity{answer: `{"geocoding":{"reported":null,"classes":[{"edition":"GB/T 30428.2-2013","kind":"event","code":"0101","name":"私搭乱建","title":{"zh":"私搭乱建","en":"Unlicensed building"},"score":87,"spans":[[2,4],[5,6]]},{"edition":"T","kind":"part","code":"02","name":"","title":{"zh":"井盖","en":"Cover"},"score":9,"spans":[[0,99]]}]},"features":[]}`}
	out.Reset()
	if err := (&places.Geocode{Text: []string{"這裡違建，搭"}, Extract: true}).Run(c.env("", &out, io.Discard)); err != nil || out.String() != ""+
		"no place found\n"+
		"it may be about\n"+
		"     87  event  0101  私搭乱建 (GB/T 30428.2-2013): 違建, 搭\n"+
		"      9  part   02  井盖 (T): 這裡違建，搭\n" {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, wrong := range []places.Geocode{
		{Reverse: "121.5"}, {Reverse: "1,2", Text: []string{"x"}}, {Reverse: "1,2", Focus: "1,2"}, {Reverse: "1,2", Extract: true}, {Extract: true, Least: new(5)}, {Extract: true, In: "x"}, {Text: []string{"x"}, Radius: 5},
	} {
		if err := wrong.Run((&fakeCity{answer: "{}"}).env("", io.Discard, io.Discard)); err == nil {
			t.Errorf("%+v is accepted", wrong)
		}
	}
	e := (&fakeCity{}).env("", io.Discard, io.Discard)
	e.CRS = func(string) (string, error) { return "", errors.New("no such system") }
	if err := (&places.Geocode{Text: []string{"x"}}).Run(e); err == nil {
		t.Error("a system that nobody knows is accepted")
	}
}
