// Package casecmd has the commands about cases: the processes by which they move, and cases themselves.
package casecmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/gewu-city/gewu/profile"
	"github.com/gewu-city/gewu/profiles"
)

// Env is what the commands get besides their flags.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// City runs do with a client for the city, which must exist.
	City func(do func(ctx context.Context, c Client) error) error
	// Bar shows how far a file of so many bytes is read, -1 when nobody knows; nil shows nothing.
	Bar func(name string, total int64) Bar
	// Failed ends a command that has already said what is wrong.
	Failed error
}

// Client speaks to the city.
type Client interface {
	// Do sends a request; the error is what is wrong with it, in words.
	Do(ctx context.Context, method, path string, query url.Values, contentType string, body io.Reader) (*http.Response, error)
}

// Profile finds a profile by the name of one that comes along, or by a folder.
func Profile(name string) (fsys fs.FS, found string, err error) {
	info, statErr := os.Stat(name)
	if statErr != nil || !info.IsDir() || !strings.ContainsRune(name, filepath.Separator) {
		if _, err := fs.Stat(profiles.Files, name+"/"+profile.Head); err == nil {
			return profiles.Files, name, nil
		}
	}
	if statErr != nil || !info.IsDir() {
		names, err := profile.Names(profiles.Files)
		if err != nil {
			return nil, "", err
		}
		return nil, "", fmt.Errorf("--profile %q: is neither a folder nor one of %s", name, strings.Join(names, ", "))
	}
	folder, err := filepath.Abs(name)
	if err != nil {
		return nil, "", err
	}
	found = filepath.Base(folder)
	fsys, err = profile.Beside(profiles.Files, os.DirFS(folder), found)
	return fsys, found, err
}

// Load reads a profile by name or folder.
func Load(name string) (*profile.Profile, error) {
	fsys, found, err := Profile(name)
	if err != nil {
		return nil, err
	}
	return profile.Load(fsys, found)
}

// lines prints each of joined errors on a line of its own.
func (e *Env) lines(err error) int {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		n := 0
		for _, one := range joined.Unwrap() {
			n += e.lines(one)
		}
		return n
	}
	fmt.Fprintln(e.Stderr, err)
	return 1
}

// errUsage says that a file is none of those that can be checked.
var errUsage = errors.New("must be the name of a profile, a folder with a profile.toml, or a process.toml")
