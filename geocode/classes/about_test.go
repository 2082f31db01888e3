package classes_test

import (
	"slices"
	"testing"

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
