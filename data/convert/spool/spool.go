// Package spool gives formats that need random access a temporary file of bounded size, and opens the archives in it
// with bounds on what they unpack to.
//
// Small files stay in memory. Larger ones lie in the folder for temporary files of the system (TMPDIR) and are gone when
// they are closed; where the system allows it nothing is left even after a crash.
package spool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// MaxBytes is the most that a file in a format with random access may have.
const MaxBytes = 8 << 30

// inMemory is the size up to which a file stays in memory.
const inMemory = 1 << 20

// File is a temporary file: first it is written, then it is read. It belongs to one goroutine.
type File struct {
	memory []byte // all of it, while there is no file
	file   *os.File
	out    *bufio.Writer
	size   int64
	named  bool // others need its name
	kept   bool // it is still in its folder
}

// Create makes an empty file. Named files lie on disk from the start and keep their name until they are closed, for
// programs that open them themselves.
func Create(named bool) (*File, error) {
	s := &File{named: named}
	if named {
		return s, s.toDisk()
	}
	return s, nil
}

// toDisk moves what was written to a file on disk.
func (s *File) toDisk() error {
	f, err := os.CreateTemp("", "gewu-*")
	if err != nil {
		return fmt.Errorf("make a temporary file: %w", err)
	}
	// Where an open file cannot be removed, Close does.
	s.kept = s.named || os.Remove(f.Name()) != nil
	s.file, s.out = f, bufio.NewWriterSize(f, 64<<10)
	_, err = s.out.Write(s.memory)
	s.memory = nil
	return err
}

// Copy makes a file of all that r holds. A file larger than limit, [MaxBytes] when zero, is an error.
func Copy(r io.Reader, named bool, limit int64) (*File, error) {
	if limit == 0 {
		limit = MaxBytes
	}
	s, err := Create(named)
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(s, io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("the file is larger than %s, the most that its format may have", bytesText(limit))
	}
	if err == nil {
		err = s.Flush()
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// bytesText is a size for people.
func bytesText(n int64) string {
	for _, unit := range []string{"bytes", "KiB", "MiB", "GiB"} {
		if n < 1<<10 || n%(1<<10) != 0 {
			return fmt.Sprintf("%d %s", n, unit)
		}
		n >>= 10
	}
	return fmt.Sprintf("%d TiB", n)
}

// Name is the path of a named file.
func (s *File) Name() string { return s.file.Name() }

// Size is how much was written.
func (s *File) Size() int64 { return s.size }

// Write appends.
func (s *File) Write(p []byte) (int, error) {
	if s.file == nil && len(s.memory)+len(p) > inMemory {
		if err := s.toDisk(); err != nil {
			return 0, err
		}
	}
	s.size += int64(len(p))
	if s.file == nil {
		s.memory = append(s.memory, p...)
		return len(p), nil
	}
	return s.out.Write(p)
}

// Flush makes what was written readable. It must be called before reading.
func (s *File) Flush() error {
	if s.file == nil {
		return nil
	}
	return s.out.Flush()
}

// Refresh takes over the size that another program has given a named file.
func (s *File) Refresh() error {
	info, err := s.file.Stat()
	if err == nil {
		s.size = info.Size()
	}
	return err
}

// ReadAt reads what was written; see [io.ReaderAt].
func (s *File) ReadAt(p []byte, at int64) (int, error) {
	if s.file == nil {
		return bytes.NewReader(s.memory).ReadAt(p, at)
	}
	return s.file.ReadAt(p, at)
}

// Reader reads the file from its start.
func (s *File) Reader() io.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(s, 0, s.size), 64<<10)
}

// Close closes the file and removes it. A second call does nothing.
func (s *File) Close() error {
	s.memory = nil
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	if s.kept {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	return err
}
