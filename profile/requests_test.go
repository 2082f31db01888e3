package profile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/grid/request"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profile"
	"github.com/gewu-city/gewu/profiles"
)

// TestRequests: every profile names departments that come along with it; a city of its own takes the table as a whole.
func TestRequests(t *testing.T) {
	names, _ := profile.Names(profiles.Files)
	for _, name := range names {
		p := load(t, name)
		if len(p.Requests.Departments) < 2 || p.Requests.Rule != request.All {
			t.Errorf("%s: %+v", name, p.Requests)
		}
		for _, id := range p.Requests.Departments {
			if !slices.ContainsFunc(p.Demo.Organisations, func(o people.Organisation) bool { return o.ID == id }) {
				t.Errorf("%s: nobody comes along as %s", name, id)
			}
		}
	}
	head := "title = { zh = \"我市\", en = \"Our city\" }\ninherits = \"base\"\n\n[requests]\n"
	p, err := profile.Load(own(t, map[string]string{profile.Head: head + "departments = [\"sanitation\"]\nrule = \"majority\"\n"}), "our-city")
	if err != nil || !slices.Equal(p.Requests.Departments, []string{"sanitation"}) || p.Requests.Rule != request.Majority || p.Requests.Public {
		t.Errorf("%+v, %v", p, err)
	}
	for text, want := range map[string]string{
		"departments = [\"nowhere\"]":                    "profile.toml:5: requests: departments: is no organisation of people.toml",
		"departments = [\"sanitation\", \"sanitation\"]": "profile.toml:5: requests: departments: must be ids of organisations, each once",
		"rule = \"loudest\"":                             "profile.toml:5: requests: rule: must be all or majority",
		"quorum = 3":                                     "nobody knows this member",
	} {
		_, err := profile.Load(own(t, map[string]string{profile.Head: head + text}), "our-city")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
