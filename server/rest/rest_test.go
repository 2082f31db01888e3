package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

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
