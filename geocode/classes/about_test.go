package classes_test

import (
	"slices"
	"testing"

	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/geocode/classes"
)

func TestAbout(t *testing.T) {
	about, ok := classes.Of("GBT47678.5-2026", classes.Part, "01002")
	if !ok || about.Title.EN != "Sewer manhole" || !slices.Contains(about.Words, "污水井盖") {
		t.Errorf("%+v, %v", about, ok)
	}
	if slices.Contains(about.Words, "路灯") || slices.Contains(about.Words, "坏了") {
		t.Errorf("words of other things, or of states: %q", about.Words)
	}
	for _, wrong := range [][3]string{{"GBT47678.5-2026", "part", "99999"}, {"nowhere", "part", "01002"}, {"GBT47678.5-2026", "area", "01002"}} {
		if about, ok := classes.Of(wrong[0], classes.Kind(wrong[1]), wrong[2]); ok {
			t.Errorf("%q: %+v", wrong, about)
		}
	}
}

// TestEnglish checks that each class that is offered has an English name, and no two of an edition and kind the same.
func TestEnglish(t *testing.T) {
	seen := map[string]string{}
	for _, c := range catalogue.All() {
		name := classes.English(c.Edition, classes.Kind(c.Kind), c.Code)
		if about, ok := classes.Of(c.Edition, classes.Kind(c.Kind), c.Code); ok != (name != "") || name != about.Title.EN {
			t.Errorf("%s: %q, but it is about %q", c.Key, name, about.Title.EN)
		}
		if name == "" {
			continue
		}
		if other, ok := seen[c.Edition+string(c.Kind)+name]; ok {
			t.Errorf("%s and %s are both called %s", other, c.Key, name)
		}
		seen[c.Edition+string(c.Kind)+name] = c.String()
	}
	if len(seen) < 500 || classes.English("GBT30428.2-2013", "part", "0102") != "Sewer manhole" || classes.English("nowhere", "part", "0102") != "" {
		t.Errorf("%d names", len(seen))
	}
}
