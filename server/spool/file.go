// Package spool keeps in files what is too large for memory and needed for a while only: bodies that wait for their
// turn, changes that wait for all others of their import. The files are removed when they are closed; on systems that
// allow it they have no name while they are open, so that a process that dies leaves nothing.
package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Dir is a folder for such files.
type Dir struct {
	// Path is the folder; empty is that of the system.
	Path string
	// Most bounds the bytes of one file; no bound when zero.
	Most int64
	// Reserve is what must stay free on the disk, so that the store goes on writing: 256 MiB when zero.
	Reserve int64
}

// Errors of files.
var (
	// ErrTooLarge is returned for more bytes than a file may hold.
	ErrTooLarge = errors.New("spool: more bytes than a file may hold")
	// ErrNoSpace is returned when the disk would have less than the reserve, or is full.
	ErrNoSpace = errors.New("spool: the disk is about to be full")
)

const prefix = "spool-"

// prefixes begin the names of files that may be left over: those of this package, and those that formats with random access
// keep in the folder for temporary files, which is this one in a server.
var prefixes = []string{prefix, "gewu-"}

// Open makes the folder and removes what a process that died has left in it.
func (d Dir) Open() error {
	if d.Path == "" {
		return nil
	}
	if err := os.MkdirAll(d.Path, 0o750); err != nil {
		return fmt.Errorf("make folder for spooled files: %w", err)
	}
	names, err := os.ReadDir(d.Path)
	if err != nil {
		return fmt.Errorf("read folder for spooled files: %w", err)
	}
	for _, name := range names {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name.Name(), p) }) {
			err = errors.Join(err, os.Remove(filepath.Join(d.Path, name.Name())))
		}
	}
	return err
}

// File is a file that is written once and then read from its beginning, by one goroutine at a time.
type File struct {
	dir   Dir
	file  *os.File
	named bool
	size  int64
	// checked is the size up to which the disk was looked at.
	checked int64
}

// Create makes an empty file.
func (d Dir) Create() (*File, error) {
	f, err := os.CreateTemp(d.Path, prefix+"*")
	if err != nil {
		return nil, fmt.Errorf("make spooled file: %w", err)
	}
	if d.Reserve == 0 {
		d.Reserve = 256 << 20
	}
	return &File{dir: d, file: f, named: os.Remove(f.Name()) != nil}, nil
}

// step is the number of bytes between two looks at the free space of the disk.
const step = 16 << 20

// Write appends. It may return [ErrTooLarge] and [ErrNoSpace].
func (f *File) Write(p []byte) (int, error) {
	if f.dir.Most > 0 && f.size+int64(len(p)) > f.dir.Most {
		return 0, ErrTooLarge
	}
	if f.size+int64(len(p)) > f.checked {
		f.checked = f.size + int64(len(p)) + step
		if free, ok := free(f.file); ok && free < uint64(f.dir.Reserve)+uint64(f.checked-f.size) {
			return 0, ErrNoSpace
		}
	}
	n, err := f.file.Write(p)
	f.size += int64(n)
	if errors.Is(err, syscall.ENOSPC) {
		err = errors.Join(ErrNoSpace, err)
	}
	if err != nil {
		err = fmt.Errorf("write spooled file: %w", err)
	}
	return n, err
}

// Size is the number of bytes written.
func (f *File) Size() int64 { return f.size }

// Reader reads the file from its beginning.
func (f *File) Reader() io.Reader { return io.NewSectionReader(f.file, 0, f.size) }

// Close removes the file.
func (f *File) Close() error {
	err := f.file.Close()
	if f.named {
		err = errors.Join(err, os.Remove(f.file.Name()))
	}
	return err
}
