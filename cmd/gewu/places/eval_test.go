package places_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/places"
)

type quiet struct{}

func (quiet) Set(int64) {}
func (quiet) Finish()   {}

// TestEval measures a city that answers everything alike: one case is right, one is not, one must be refused.
func TestEval(t *testing.T) {
	dir := t.TempDir()
	cases := filepath.Join(dir, "cases.tsv")
	text := "query\tclass\tlon\tlat\ttolerance_m\tnone\n和平路1號\tdoor\t121.5\t25.03\t5\t\n和平路9號\tdoor\t121.6\t25.03\t5\t\n沒有\tnone\t\t\t\ttrue\n"
	if err := os.WriteFile(cases, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	failures := filepath.Join(dir, "failures.tsv")
	var out strings.Builder
	city := fakeCity{answer: twoPlaces}
	e := city.env("", &out, io.Discard)
	e.Bar = func(string, int64) places.Bar { return quiet{} }
	e.MayWrite = func(string) error { return nil }
	g := places.Geocode{Eval: cases, Failures: failures, Limit: 10}
	if err := g.Run(e); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"door   2   50.0", "none   1    0.0", "80–89   3"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	listed, err := os.ReadFile(failures)
	if err != nil || strings.Count(string(listed), "\n") != 3 || !strings.Contains(string(listed), "cases.tsv:3") {
		t.Errorf("failures: %s %v", listed, err)
	}
	for want, g := range map[string]places.Geocode{
		"--failures, --noise and --seed belong to --eval": {Noise: 3},
		"--eval has its texts in FILE":                    {Eval: cases, Text: []string{"x"}},
		"--noise must be 1 or more":                       {Eval: cases, Seed: 3},
		"no such file":                                    {Eval: filepath.Join(dir, "none.tsv")},
	} {
		g.Limit = 10
		if err := g.Run(e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
