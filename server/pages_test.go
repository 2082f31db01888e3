package server

import (
	"testing"
	"testing/fstest"
)

var html = map[string]string{"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

// TestPages serves built pages: files, their packed twins, and the page itself for every address that pages may have.
func TestPages(t *testing.T) {
	c := newCity(t, func(cfg *Config) {
		cfg.Web = fstest.MapFS{
			"index.html":             {Data: []byte("<!doctype html><title>pages</title>")},
			"favicon.svg":            {Data: []byte("<svg/>")},
			".gitkeep":               {},
			"assets/main-1a2b.js":    {Data: []byte("plain script")},
			"assets/main-1a2b.js.br": {Data: []byte("packed by brotli")},
			"assets/main-1a2b.js.gz": {Data: []byte("packed by gzip")},
		}
	}).fill()
	index := c.do("GET", "/", html, "")
	for _, sc := range []scenario{
		{name: "index", url: "/", header: html, status: 200, want: []string{"<title>pages</title>", "Content-Type: text/html; charset=utf-8", "Content-Security-Policy: default-src 'self'", "frame-ancestors 'none'", "Cache-Control: no-cache", "Referrer-Policy: same-origin"}},
		{name: "index again", url: "/", header: map[string]string{"If-None-Match": index.header.Get("ETag")}, status: 304},
		{name: "page of the application", url: "/map/deep/link", header: html, status: 200, want: []string{"<title>pages</title>"}},
		{name: "index by name", url: "/index.html", status: 200},
		{name: "asset", url: "/assets/main-1a2b.js", status: 200, want: []string{"plain script", "Content-Type: text/javascript; charset=utf-8", "max-age=31536000, immutable", "Vary: Accept-Encoding"}},
		{name: "asset, brotli", url: "/assets/main-1a2b.js", header: map[string]string{"Accept-Encoding": "gzip, deflate, br"}, status: 200, want: []string{"packed by brotli", "Content-Encoding: br", "text/javascript"}},
		{name: "icon", url: "/favicon.svg", status: 200, want: []string{"image/svg+xml", "no-cache"}},
		{name: "head", method: "HEAD", url: "/favicon.svg", status: 200, want: []string{"Content-Length: 6"}, not: []string{"<svg"}},
		{name: "asset that is not there", url: "/assets/main-0000.js", header: html, status: 404},
		{name: "hidden file", url: "/.gitkeep", header: html, status: 404},
		{name: "folder", url: "/assets", header: map[string]string{"Accept": "application/json"}, status: 404},
		{name: "way out", url: "/..%2f..%2fetc/passwd", header: map[string]string{"Accept": "application/json"}, status: 404},
		{name: "program at a wrong address", url: "/nothing", header: map[string]string{"Accept": "application/json"}, status: 404, want: []string{"application/problem+json"}},
		{name: "program at a wrong address of the API", url: "/v1/nothing", header: html, status: 404},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, c) })
	}
}

// TestPlaceholder answers without pages.
func TestPlaceholder(t *testing.T) {
	for _, web := range []fstest.MapFS{nil, {".gitkeep": {}}} {
		c := newCity(t, func(cfg *Config) {
			if web != nil {
				cfg.Web = web
			}
		})
		scenario{url: "/", header: html, status: 200, want: []string{"make web", "Content-Security-Policy"}, not: []string{"<script", "style="}}.run(t, c)
		scenario{url: "/map", header: html, status: 200, want: []string{"make web"}}.run(t, c)
	}
}
