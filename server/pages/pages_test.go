package pages

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/gewu-city/gewu/server/rest"
)

// TestNothingLeaks asks for what is no page by every way around.
func TestNothingLeaks(t *testing.T) {
	p := Pages{FS: fstest.MapFS{"index.html": {Data: []byte("page")}, ".env": {Data: []byte("hidden")}, "assets/.x": {Data: []byte("hidden")}, "assets/a.js": {Data: []byte("a")}}}
	for _, path := range []string{"/.env", "/assets/.x", "/../.env", "/assets/../.env", "/assets/", "/a\x00b.js", "/assets//b.js", "/c:\\x.js"} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path = path
		r.Header.Set("Accept", "application/json")
		if err := p.Serve(w, r); err == nil || rest.Of(err).Kind != rest.NotFound || w.Body.Len() > 0 {
			t.Errorf("%q: %v %q", path, err, w.Body)
		}
	}
}
