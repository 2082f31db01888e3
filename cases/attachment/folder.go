package attachment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"gocloud.dev/blob/fileblob"
)

// Folder is a store in a folder of this machine. Close it when nothing is read or written any more.
type Folder struct {
	*Store
	close func() error
}

// OpenFolder returns a store in a folder, which it makes, for this account alone, unless it is there. A file is written
// beside its place, renamed and synced before Put returns. What a process that
// ended left unfinished is under no name that counts, and removed by Sweep.
func OpenFolder(dir string, o Options) (*Folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of attachments: %w", err)
	}
	bucket, err := fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite, DirFileMode: 0o700})
	if err != nil {
		return nil, fmt.Errorf("open the folder of attachments: %w", err)
	}
	o.Settle = func(key string) error { return syncFile(dir, filepath.Join(dir, filepath.FromSlash(key))) }
	return &Folder{Store: New(bucket, o), close: bucket.Close}, nil
}

// Close ends the use of the folder.
func (f *Folder) Close() error { return f.close() }

// syncFile makes a file durable, and the folders above it up to root that it may have brought along.
func syncFile(root, path string) error {
	if err := syncPath(path); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if err := syncPath(dir); err != nil {
			return err
		}
		if dir == root || len(dir) < len(root) {
			return nil
		}
	}
}

func syncPath(path string) error {
	f, err := os.Open(path) //nolint:gosec // a key of ours in our folder
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
