package output

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Guard refuses to write an output file over what gewu keeps in the folder of a store: the store and everything beside it
// whose name begins as its does, the folder of jobs and that of files under way. Other files may lie there.
func Guard(store, path string) error {
	if path == "" || path == "-" {
		return nil
	}
	// By its own name, through a link, and as the same file under any name.
	if a, err := os.Stat(store); err == nil {
		if b, err := os.Stat(path); err == nil && os.SameFile(a, b) {
			return fmt.Errorf("%s is the store itself; choose another file", path)
		}
	}
	to, err := Find(path)
	if err != nil {
		return err
	}
	inside, err := filepath.Rel(unlinked(filepath.Dir(store)), to.Path)
	if err != nil {
		return nil //nolint:nilerr // they have nothing in common
	}
	first, _, _ := strings.Cut(filepath.ToSlash(inside), "/")
	if own := strings.TrimSuffix(filepath.Base(store), filepath.Ext(store)) + "."; strings.HasPrefix(first, own) || first == "jobs" || first == "tmp" {
		return fmt.Errorf("%s belongs to the data folder of the city; choose a file elsewhere", path)
	}
	return nil
}

// unlinked is a folder without links, absolute as far as that can be found out.
func unlinked(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if to, err := filepath.EvalSymlinks(dir); err == nil {
		return to
	}
	return dir
}
