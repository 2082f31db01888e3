//go:build linux || darwin

package upkeep

import "syscall"

// diskFree is the number of bytes that an ordinary user may still write into a folder; false when the system does not
// say.
func diskFree(dir string) (int64, bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true //nolint:unconvert // the types differ from system to system
}
