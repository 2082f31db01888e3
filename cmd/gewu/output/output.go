// Package output writes the files that commands are told to write. It is the one place that decides whether a name gets a
// new file or is written into.
package output

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Target is where the bytes for a name go.
type Target struct {
	// Path is the file that is made or replaced: what the name leads to when all links have been followed.
	Path string
	// Through is set for what is no regular file, a device or a pipe, and for what the system keeps under /dev and /proc:
	// it is written into, because a file in its place would be another thing.
	Through bool
}

// mostLinks is how many links in a row are followed, as many as Linux does.
const mostLinks = 40

// Find says where the bytes for a name go. A folder, and a link that leads round in a circle, are errors.
func Find(name string) (Target, error) {
	path := name
	for range mostLinks {
		// The folder has to be known without links: a link in it is relative to where it really lies.
		path = filepath.Join(unlinked(filepath.Dir(path)), filepath.Base(path))
		info, err := os.Lstat(path)
		switch {
		case ofSystem(path):
			// What is there may look like a link and lead nowhere: /proc/self/fd/1 to "pipe:[7]".
			return Target{Path: path, Through: true}, nil
		case errors.Is(err, fs.ErrNotExist):
			return Target{Path: path}, nil
		case err != nil:
			return Target{}, err
		case info.IsDir():
			return Target{}, fmt.Errorf("%s is a folder; name a file", name)
		case info.Mode()&fs.ModeSymlink == 0:
			return Target{Path: path, Through: !info.Mode().IsRegular()}, nil
		}
		to, err := os.Readlink(path)
		if err != nil {
			return Target{}, err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return Target{}, fmt.Errorf("%s: more than %d links lead from one to the next", name, mostLinks)
}

// ofSystem reports whether a path without links in its folder belongs to what the system makes up. /dev/shm is memory for
// ordinary files.
func ofSystem(path string) bool {
	path = filepath.ToSlash(path)
	return strings.HasPrefix(path, "/proc/") || strings.HasPrefix(path, "/dev/") && !strings.HasPrefix(path, "/dev/shm/")
}

// Write writes what r gives to a name: see [Fill].
func Write(ctx context.Context, name string, r io.Reader) error {
	return Fill(ctx, name, func(w io.Writer) error {
		_, err := io.Copy(w, r)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the server has cut it off; its log says why")
		}
		return err
	})
}

// Fill writes what fill gives to a name, so that a file exists complete or not at all: the bytes go to a file beside it,
// are synced, and take the name only then. Links are followed, and a file that is replaced hands on its permissions.
// What is no regular file is written into as the bytes come. ctx ends the wait for somebody who reads a pipe.
func Fill(ctx context.Context, name string, fill func(w io.Writer) error) error {
	to, err := Find(name)
	if err != nil {
		return err
	}
	if to.Through {
		err = through(ctx, to.Path, fill)
	} else {
		err = replace(to.Path, fill)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func replace(path string, fill func(w io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if old, missing := os.Stat(path); err == nil && missing == nil {
		err = f.Chmod(old.Mode().Perm())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func through(ctx context.Context, path string, fill func(w io.Writer) error) error {
	f, own, err := open(ctx, path)
	if err != nil {
		return err
	}
	err = fill(f)
	if own {
		err = errors.Join(err, f.Close())
	}
	return err
}

// open opens what exists for writing; own says that it is to be closed. What is already open as a stream of the process is
// taken as it is: opened anew, a file that a shell appends to would be written from its start.
func open(ctx context.Context, path string) (f *os.File, own bool, err error) {
	if info, err := os.Stat(path); err == nil {
		for _, stream := range []*os.File{os.Stdout, os.Stderr} {
			if s, err := stream.Stat(); err == nil && info.Mode()&fs.ModeDevice == 0 && os.SameFile(s, info) {
				return stream, false, nil
			}
		}
	}
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened, 1)
	// A pipe lets nobody in before somebody reads it.
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		done <- opened{f, err}
	}()
	select {
	case o := <-done:
		return o.f, true, o.err
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}
