//go:build linux || darwin || freebsd

package spool

import (
	"os"
	"syscall"
)

// free is the number of bytes that are free on the disk of a file; false when that is not known.
func free(f *os.File) (uint64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true //nolint:unconvert // the types differ between systems
}
