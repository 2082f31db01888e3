package question_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/question"
)

// TestLocate checks what is sent for the forms of the command.
func TestLocate(t *testing.T) {
	at := func(f float64) *float64 { return &f }
	way := filepath.Join(t.TempDir(), "way.geojson")
	if err := os.WriteFile(way, []byte("a way"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, in string
		flags    question.Locate
		want     string
	}{
		{"point", "", question.Locate{Lon: at(121.5), Lat: at(-25), Include: []string{"cells", "edge"}, Radius: 30}, "GET /v1/locate?crs=X&include=cells%2Cedge&lat=-25&lon=121.5&radius=30  "},
		{"duties", "", question.Locate{Lon: at(1), Lat: at(2), Include: []string{"duties"}, Class: "0101"}, "GET /v1/locate?class=0101&crs=X&include=duties&lat=2&lon=1  "},
		{"rows", "a,b\n", question.Locate{LonCol: "a", LatCol: "b", Scheme: "unit"}, "POST /v1/locate?crs=X&lat=b&lon=a&scheme=unit text/csv a,b\n"},
		{"objects", "{}", question.Locate{Rule: "share", Shares: 0.25}, "POST /v1/locate?crs=X&rule=share&shares=0.25 application/x-ndjson {}"},
		{"route", "", question.Locate{Route: way}, "POST /v1/locate/route?crs=X application/geo+json a way"},
		{"route from standard input", "here", question.Locate{Route: "-"}, "POST /v1/locate/route?crs=X application/geo+json here"},
		{"half a point", "", question.Locate{Lon: at(1)}, "--lon and --lat belong together"},
		{"point and route", "", question.Locate{Lon: at(1), Lat: at(1), Route: way}, "--route is about a line; leave out --lon and --lat"},
		{"no such file", "", question.Locate{Route: way + "x"}, "open " + way + "x: no such file or directory"},
	} {
		if got := sent(test.flags.Request("X", strings.NewReader(test.in))); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// sent is a request as one line, or why there is none.
func sent(r *question.Request, err error) string {
	if err != nil {
		return err.Error()
	}
	body := ""
	if r.Body != nil {
		text, err := io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return err.Error()
		}
		body = string(text)
	}
	return r.Method + " " + r.Path + "?" + r.Query.Encode() + " " + r.ContentType + " " + body
}
