package inspect

import (
	"io"

	"github.com/gewu-city/gewu/data/boltstore/image"
)

// Metered reports how much of a file has been read, by parts of a hundredth. Every page in use is read once, so the part
// is right but for free pages, which are not read. progress may be nil.
func Metered(r io.ReaderAt, meta image.Meta, progress func(part float64)) io.ReaderAt {
	if progress == nil {
		return r
	}
	return &meter{ReaderAt: r, total: max(int64(meta.Pages)*image.PageSize, 1), progress: progress}
}

// meter is for one goroutine.
type meter struct {
	io.ReaderAt
	total, read, told int64
	progress          func(part float64)
}

// ReadAt implements io.ReaderAt.
func (m *meter) ReadAt(b []byte, at int64) (int, error) {
	n, err := m.ReaderAt.ReadAt(b, at)
	m.read += int64(n)
	if m.read-m.told >= m.total/100 {
		m.told = m.read
		m.progress(min(float64(m.read)/float64(m.total), 1))
	}
	return n, err
}
