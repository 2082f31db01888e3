// Package web embeds the built pages.
//
// The folder dist holds only a placeholder until `npm run build` fills it, so
// that the module builds with Go alone. Whoever serves the pages must expect
// index.html to be absent.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns the built pages with index.html at the root. The compressible
// files come with a .gz and a .br twin beside them. It is safe for concurrent
// use.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		// fs.Sub fails only on an invalid path, and this one is a constant.
		panic("web: " + err.Error())
	}
	return sub
}
