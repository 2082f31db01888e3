package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/data"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTags compares entity tags as RFC 9110 has it, weakly.
func TestTags(t *testing.T) {
	for header, want := range map[string]bool{
		`"a"`: true, `W/"a"`: true, `"a-gzip"`: true, `"b", "a"`: true, `*`: true, `a`: true,
		``: false, `"b"`: false, `"aa"`: false, `W/"b-gzip"`: false,
	} {
		if got := MatchesTag([]string{header}, "a"); got != want {
			t.Errorf("%s matches a: %v", header, got)
		}
	}
}

// TestAccepts reads lists with weights.
func TestAccepts(t *testing.T) {
	for header, want := range map[string]bool{
		"gzip": true, "br, GZIP": true, "gzip;q=0.5": true, "br;q=1, gzip ; q=0.1": true,
		"": false, "br": false, "gzip;q=0": false, "gzip;q=0.0": false, "gzip;q=x": false, "gzipped": false,
	} {
		if got := Accepts(header, "gzip"); got != want {
			t.Errorf("%q accepts gzip: %v", header, got)
		}
	}
}

// TestEveryKindIsExplained finds each kind that an error can become.
func TestEveryKindIsExplained(t *testing.T) {
	seen := map[Kind]bool{}
	for _, about := range Kinds {
		if seen[about.Kind] || about.Status < 400 || about.Title == "" || about.Help == "" {
			t.Errorf("%+v", about)
		}
		seen[about.Kind] = true
	}
	for _, err := range []error{
		errors.New("x"), data.ErrClosed, data.ErrEmpty, data.ErrLocked, data.ErrReadOnly, data.ErrTooLarge, data.ErrUncertain,
		&data.FieldError{Field: "a"}, &data.ChangeError{Err: errors.New("x")}, &data.ConflictError{},
		&http.MaxBytesError{}, context.DeadlineExceeded,
	} {
		if p := Of(fmt.Errorf("wrapped: %w", err)); !seen[p.Kind] || p.Detail == "" {
			t.Errorf("%v became %+v", err, p)
		}
	}
}

// TestWantedJSON says what a member takes where it has something else.
func TestWantedJSON(t *testing.T) {
	type inner struct {
		Row string `json:"row"`
	}
	for body, want := range map[string]string{
		`{"in":{"row":1}}`:          "in.row must be a text in quotation marks, not a number",
		`{"in":{"row":null}}`:       "",
		`{"in":"x"}`:                "in must be an object in braces, not a text",
		`{"list":{}}`:               "list must be a list in brackets, not an object",
		`{"list":[1]}`:              "list must be a text in quotation marks, not a number",
		`{"yes":"true"}`:            "yes must be true or false, not a text",
		`{"n":1.5}`:                 "n must be a whole number, not the number 1.5",
		`{"f":[]}`:                  "f must be a number, not a list",
		`[]`:                        "body must be an object in braces, not a list",
		`{"at":"tomorrow"}`:         `body must be a time as in RFC 3339: 2026-11-02T09:00:00+08:00 (value "tomorrow")`,
		`{"at":7}`:                  `the body has a time that is not a text in quotation marks, such as "2026-11-02T09:00:00+08:00"`,
		`{"at":"2026-11-02T09:00"}`: `body must be a time as in RFC 3339: 2026-11-02T09:00:00+08:00 (value "2026-11-02T09:00")`,
	} {
		var in struct {
			In   *inner    `json:"in"`
			List []string  `json:"list"`
			Yes  bool      `json:"yes"`
			N    int       `json:"n"`
			F    float64   `json:"f"`
			At   time.Time `json:"at"`
		}
		got := ""
		if err := DecodeJSON([]byte(body), &in); err != nil {
			got = Of(err).Detail
		}
		if got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
