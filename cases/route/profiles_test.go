package route_test

import (
	"io/fs"
	"testing"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profiles"
)

// TestProfiles sees that the rules that come with gewu can be read, with the posts that exist or that their process brings.
func TestProfiles(t *testing.T) {
	files, err := fs.Glob(profiles.Files, "*/routes.toml")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	var posts []string
	for _, p := range people.DefaultPosts() {
		posts = append(posts, p.ID)
	}
	for _, file := range files {
		text, err := fs.ReadFile(profiles.Files, file)
		if err != nil {
			t.Fatal(err)
		}
		table, err := process.Load(process.FromFS(profiles.Files), file[:len(file)-len("/routes.toml")], posts)
		if err != nil {
			t.Fatal(err)
		}
		all := posts
		for _, n := range table.NewPosts {
			all = append(all, n.ID)
		}
		rules, err := route.Parse(file, string(text), all)
		if err != nil {
			t.Fatal(err)
		}
		if a, err := route.NewRouter(rules).Dry(&route.Question{At: night}, &city{}); err != nil || a.Organisation == "" {
			t.Errorf("%s: %+v, %v", file, a, err)
		}
	}
}
