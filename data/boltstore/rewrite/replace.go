package rewrite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Replace puts a new file in the place of an old one, durably. With a suffix the old file is kept under a free name
// beside it that ends with the suffix, which is returned; kept is empty when there was no old file or no suffix.
func Replace(path, with, suffix string) (kept string, err error) {
	if _, err := os.Stat(path); err == nil && suffix != "" {
		kept = path + suffix
		for i := 2; ; i++ {
			if _, err := os.Lstat(kept); errors.Is(err, os.ErrNotExist) {
				break
			}
			kept = fmt.Sprintf("%s%s-%d", path, suffix, i)
		}
		// A link and one rename: at no moment is there no store, which a start would take for a new one. File systems
		// without links get two renames.
		if err := os.Link(path, kept); err != nil {
			if err := os.Rename(path, kept); err != nil {
				return "", err
			}
		}
	}
	if err := os.Rename(with, path); err != nil {
		return kept, err
	}
	return kept, SyncFolder(filepath.Dir(path))
}

// SyncFolder makes new names in a folder durable. Windows has no such call.
func SyncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
