// Package sample is the demonstration city: Taipei's districts, villages, unit areas, addresses and street trees,
// embedded in the binary. README.md names sources, licences and known errors.
package sample

import (
	"embed"
	"io/fs"
)

//go:embed city.toml layers files
var files embed.FS

// FS is the files of the city; city.toml says what they are, see [Load].
func FS() fs.FS { return files }
