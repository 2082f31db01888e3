package profile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/profile"
	"github.com/gewu-city/gewu/profiles"
)

// TestContacts: every profile has a time after which contacts go; a city of its own has another one, or none.
func TestContacts(t *testing.T) {
	names, _ := profile.Names(profiles.Files)
	for _, name := range names {
		if p := load(t, name); p.KeepContacts != 365*24*time.Hour {
			t.Errorf("%s: %s", name, p.KeepContacts)
		}
	}
	head := "title = { zh = \"我市\", en = \"Our city\" }\ninherits = \"base\"\n\n[contacts]\n"
	for keep, want := range map[string]time.Duration{"1d": 24 * time.Hour, "36525d": 36525 * 24 * time.Hour, "forever": 0} {
		p, err := profile.Load(own(t, map[string]string{profile.Head: head + "keep = \"" + keep + "\"\n"}), "our-city")
		if err != nil || p.KeepContacts != want {
			t.Errorf("%s: %v, want %s", keep, err, want)
		}
	}
	for _, keep := range []string{"", "0d", "-1d", "+1d", "01d", "365", "365 d", "1y", "8760h", "36526d", "99999999999999999999d", "Forever"} {
		_, err := profile.Load(own(t, map[string]string{profile.Head: head + "keep = \"" + keep + "\"\n"}), "our-city")
		if err == nil || !strings.Contains(err.Error(), "profile.toml:5: contacts: keep: must be whole days") {
			t.Errorf("%q: %v", keep, err)
		}
	}
	if _, err := profile.Load(own(t, map[string]string{profile.Head: head + "keep = 365\n"}), "our-city"); err == nil || !strings.Contains(err.Error(), "profile.toml:5") {
		t.Errorf("a number: %v", err)
	}
}
