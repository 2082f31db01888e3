// Package profiles holds the configurations of cities that come with gewu, one folder each: how their cases move, who
// gets them, how long things may take.
package profiles

import "embed"

// Files are the folders of all profiles.
//
//go:embed */*.toml */demo
var Files embed.FS
