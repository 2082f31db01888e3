package server

import (
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// TestOwnersAndReadersExist: a layer about persons names an office and posts of the directory, where there is one, each time it is
// defined; what it named before may stay when they are gone.
func TestOwnersAndReadersExist(t *testing.T) {
	jsonBody := map[string]string{"Content-Type": "application/json"}
	layer := func(name, owner, readers string) string {
		return strings.NewReplacer(`"elders"`, `"`+name+`"`, `"street-1"`, `"`+owner+`"`, `["meals"]`, readers).Replace(elders)
	}
	// Without a directory nothing can be looked up.
	empty := newCity(t, guarded(t, t.TempDir()))
	if a := empty.do("POST", "/v1/layers", jsonBody, layer("elders", "nobody", `["nobody"]`)); a.status != 201 {
		t.Errorf("in a city without a directory: %d %s", a.status, a.body)
	}

	c := newCity(t, guarded(t, t.TempDir()))
	title := data.Title{"en": "x"}
	c.put(data.Tx{Changes: []data.Change{
		record(t, people.Organisation{ID: "street-1", Title: title, Level: "street"}),
		record(t, people.Organisation{ID: "street-2", Title: title, Level: "street"}),
		record(t, people.Post{ID: "meals", Title: title}),
	}})
	for name, tc := range map[string]struct {
		body string
		want []string
	}{
		"unknown owner":     {layer("a", "street-9", `["meals"]`), []string{`"field":"sensitive.owner","value":"street-9"`, "is no organisation of the directory"}},
		"unknown reader":    {layer("a", "street-1", `["meals","police"]`), []string{`"field":"sensitive.readers[1]","value":"police"`, "is no post of the directory"}},
		"both":              {layer("a", "meals", `["street-1"]`), []string{`"value":"meals"`, `"value":"street-1"`}},
		"another case":      {layer("a", "Street-1", `["meals"]`), []string{`"value":"Street-1"`}},
		"no readers at all": {layer("a", "street-1", `[]`), []string{"readers"}},
	} {
		a := c.do("POST", "/v1/layers", jsonBody, tc.body)
		for _, words := range tc.want {
			if a.status != 422 || !strings.Contains(a.body, words) {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
	}
	if a := c.do("POST", "/v1/layers", jsonBody, layer("elders", "street-1", `["meals"]`)); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	change := func(what, body string, want int) {
		t.Helper()
		if a := c.do("PATCH", "/v1/layers/elders", jsonBody, body); a.status != want {
			t.Errorf("%s: %d %s, want %d", what, a.status, a.body, want)
		}
	}
	change("a reader that is none", `{"sensitive":{"readers":["meals","police"]}}`, 422)
	change("an owner that is none", `{"sensitive":{"owner":"street-9"}}`, 422)
	change("another owner", `{"sensitive":{"owner":"street-2"}}`, 200)
	c.put(data.Tx{Changes: []data.Change{{Stream: data.StreamAdmin, Op: data.OpDelete, Layer: record(t, people.Organisation{ID: "street-2", Title: title, Level: "street"}).Layer}}})
	change("something else, the owner being gone", `{"title":{"en":"Elders"}}`, 200)
	change("readers, the owner being gone", `{"sensitive":{"readers":["meals","handler"]}}`, 422)
	change("an owner that is there again", `{"sensitive":{"owner":"street-1","readers":["meals","handler"]}}`, 200)
}
