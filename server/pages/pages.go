// Package pages serves the built pages: hashed files for ever, everything else fresh, packed twins where the client
// takes them, and the page itself for every address that the pages may know.
package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/server/rest"
)

// CSP is the content policy of every HTML page.
const CSP = "default-src 'self'; img-src 'self' data: blob:; worker-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// placeholder is shown when the pages have not been built.
const placeholder = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>gewu 格物</title>
<link rel="stylesheet" href="/docs/docs.css"></head>
<body><main>
<h1>gewu 格物</h1>
<p>The server runs, but its pages are not in this binary. Build them with <code>make web</code> and build again; <code>make demo</code> does both.</p>
<p>The API is here: <a href="/docs">documentation</a>, <a href="/v1/layers">layers</a>, <a href="/tiles/city.json">tiles</a>, <a href="/readyz">state</a>.</p>
</main></body>
</html>
`

// twins are the names of files beside a file that are the same compressed, by content coding.
var twins = map[string]string{"br": ".br", "gzip": ".gz"}

// Pages are the files, index.html at the root. Without a file system or without index.html a placeholder is shown.
// They are safe for concurrent use.
type Pages struct{ FS fs.FS }

// Serve answers with a page or a file. The error is a problem of the request or a fault of the file system.
func (p Pages) Serve(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	// Files that start with a dot are not pages.
	if fs.ValidPath(name) && !strings.HasPrefix(path.Base(name), ".") {
		served, err := p.file(w, r, name, http.StatusOK)
		if served || err != nil {
			return err
		}
	}
	// A missing picture or script must not become a page.
	if name != "index.html" && (path.Ext(name) != "" || !acceptsHTML(r)) {
		return rest.Refuse(rest.NotFound, "there is no such file or page")
	}
	return p.page(w, r, http.StatusOK)
}

// Missing answers a browser with the page as for [Pages.Serve], which says in the reader's language what there is not, and
// everybody else with the problem.
func (p Pages) Missing(w http.ResponseWriter, r *http.Request, problem error) error {
	if !rest.Accepts(r.Header.Get("Accept"), "text/html") {
		return problem
	}
	return p.page(w, r, http.StatusNotFound)
}

// page answers with the page itself.
func (p Pages) page(w http.ResponseWriter, r *http.Request, status int) error {
	served, err := p.file(w, r, "index.html", status)
	if served || err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", CSP)
	return rest.WriteBody(w, r, status, "text/html; charset=utf-8", []byte(placeholder))
}

func acceptsHTML(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return accept == "" || rest.Accepts(accept, "text/html") || rest.Accepts(accept, "*/*")
}

// file serves a file of the pages, as its precompressed twin where the client takes that. It reports false when there
// is no such file.
func (p Pages) file(w http.ResponseWriter, r *http.Request, name string, status int) (bool, error) {
	if p.FS == nil {
		return false, nil
	}
	info, err := fs.Stat(p.FS, name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	h := w.Header()
	h.Set("Vary", "Accept-Encoding")
	var body []byte
	var offered []string
	for _, coding := range []string{"br", "gzip"} {
		if _, err := fs.Stat(p.FS, name+twins[coding]); err == nil {
			offered = append(offered, coding)
		}
	}
	if coding, _ := rest.Coding(r, offered...); coding != "" {
		if body, err = fs.ReadFile(p.FS, name+twins[coding]); err != nil {
			return false, err
		}
		h.Set("Content-Encoding", coding)
	}
	if body == nil {
		if body, err = fs.ReadFile(p.FS, name); err != nil {
			return false, err
		}
	}
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) {
	case ".js", ".mjs":
		kind = "text/javascript; charset=utf-8"
	case ".webmanifest":
		kind = "application/manifest+json"
	case "":
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	policy := "frame-ancestors 'none'" // more would bind what workers may fetch
	if strings.HasPrefix(kind, "text/html") {
		policy = CSP
	}
	h.Set("Content-Security-Policy", policy)
	if strings.HasPrefix(name, "assets/") {
		// The names hold a hash of the content.
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		sum := sha256.Sum256(body)
		tag := hex.EncodeToString(sum[:16])
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", `"`+tag+`"`)
		if status == http.StatusOK && rest.MatchesTag(r.Header.Values("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return true, nil
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		// The client may have gone; there is nobody to tell.
		_, _ = w.Write(body) //nolint:gosec // a file of ours; the request only chose which
	}
	return true, nil
}
