package spool

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math"
)

// Bounds of an archive. Its directory is held in memory, so it is bounded too: 1 MiB is some 10,000 members.
const (
	maxDirectory = 1 << 20
	// MaxMember is the most that a member of an archive may unpack to.
	MaxMember = 32 << 30
	// maxRatio is how much larger than its packed form a member may be once it is larger than ratioFrom. Tables of blanks
	// reach 200; the method itself reaches 1032.
	maxRatio  = 400
	ratioFrom = 64 << 20
)

var errDirectory = fmt.Errorf("the directory of the archive is larger than %d MiB", maxDirectory>>20)

// Zip opens the archive in a file.
func (s *File) Zip() (*zip.Reader, error) { return OpenZip(s, s.size) }

// OpenZip opens an archive of a size.
func OpenZip(r io.ReaderAt, size int64) (*zip.Reader, error) {
	bounded := &bounded{r: r, left: maxDirectory}
	z, err := zip.NewReader(bounded, size)
	switch {
	case errors.Is(err, zip.ErrFormat):
		return nil, errors.New("the file is not a ZIP archive, or its end is missing")
	case err != nil:
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	bounded.left = math.MaxInt64
	return z, nil
}

// bounded is a file of which only so much may be read: archive/zip holds in memory whatever it takes for the directory,
// and an archive can say that all of it is.
type bounded struct {
	r    io.ReaderAt
	left int64
}

func (b *bounded) ReadAt(p []byte, at int64) (int, error) {
	if b.left != math.MaxInt64 {
		if b.left -= int64(len(p)); b.left < 0 {
			return 0, errDirectory
		}
	}
	return b.r.ReadAt(p, at)
}

// Open opens a member of an archive. Reading it fails when it is larger than announced or unpacks to more than anyone
// would keep.
func Open(f *zip.File) (io.ReadCloser, error) {
	if f.UncompressedSize64 > MaxMember || f.UncompressedSize64 > ratioFrom && f.UncompressedSize64/maxRatio > f.CompressedSize64 {
		return nil, fmt.Errorf("%s: unpacks from %d to %d bytes, which is more than is read", f.Name, f.CompressedSize64, f.UncompressedSize64)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return &member{ReadCloser: r, name: f.Name, left: int64(f.UncompressedSize64)}, nil
}

// member names itself in errors. archive/zip checks the announced size only at the end of the packed data.
type member struct {
	io.ReadCloser
	name string
	left int64
}

func (m *member) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	if m.left -= int64(n); m.left < 0 {
		return 0, fmt.Errorf("%s: is larger than the archive says", m.name)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%s: %w", m.name, err)
	}
	return n, err
}
