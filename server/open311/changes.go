package open311

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// FileChanges is [Changes] in a small file, which is written anew when the services are others than it says. An empty path
// keeps it in memory. It is safe for concurrent use.
type FileChanges struct {
	Path string

	mu    sync.Mutex
	known change
}

// change is what the file holds.
type change struct {
	Hash  string    `json:"hash"`
	Since time.Time `json:"since"`
}

// Since implements [Changes]. A file that cannot be read is an error: to begin anew would tell all clients of a change.
func (f *FileChanges) Since(hash string, now time.Time) (time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known.Hash == "" && f.Path != "" {
		b, err := os.ReadFile(f.Path)
		if err == nil {
			err = json.Unmarshal(b, &f.known)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return time.Time{}, fmt.Errorf("since when the services of Open311 are what they are: %s: %w", f.Path, err)
		}
	}
	if f.known.Hash == hash {
		return f.known.Since, nil
	}
	// Changes are sorted by their time, whatever the clock does.
	next := change{Hash: hash, Since: now.UTC().Truncate(time.Second)}
	if f.known.Hash != "" && !next.Since.After(f.known.Since) {
		next.Since = f.known.Since.Add(time.Second)
	}
	if f.Path != "" {
		if err := write(f.Path, next); err != nil {
			return time.Time{}, fmt.Errorf("since when the services of Open311 are what they are: %w", err)
		}
	}
	f.known = next
	return next.Since, nil
}

// write puts a change in the place of another one, as a whole.
func write(path string, c change) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	t, err := os.CreateTemp(filepath.Dir(path), ".open311-*")
	if err != nil {
		return err
	}
	_, err = t.Write(append(b, '\n'))
	err = errors.Join(err, t.Sync(), t.Close())
	if err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(t.Name()))
	}
	return err
}
