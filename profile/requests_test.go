package profile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

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
	// People of its own beside inherited departments: it is loaded, and told who is missing before anybody reports.
	p, err = profile.Load(own(t, map[string]string{
		profile.Head:  "title = { zh = \"我市\", en = \"Our city\" }\ninherits = \"base\"\n",
		"people.toml": "[organisations.command-centre]\ntitle = { zh = \"局\", en = \"Bureau\" }\nlevel = \"department\"\n",
	}), "our-city")
	if err != nil {
		t.Fatal(err)
	}
	missing, others := 0, len(slices.DeleteFunc(slices.Clone(p.Requests.Departments), func(id string) bool { return id == "command-centre" }))
	for _, w := range p.Warnings(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
		if strings.Contains(w, "of change requests is no organisation of people.toml") {
			missing++
		}
	}
	if missing != others || missing == 0 {
		t.Errorf("%d of %q are told to be missing", missing, p.Requests.Departments)
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
