package shapefile

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/row"
)

const bufferBytes = 256 << 10

// reader reads the geometries and the table side by side.
type reader struct {
	out     row.Sink
	head    row.Head
	shp     *shapes // nil for a table alone
	dbf     *table  // nil for geometries alone
	closers []io.Closer
}

func (r *reader) close() {
	for _, c := range r.closers {
		_ = c.Close()
	}
}

// open opens a part for reading.
func (r *reader) open(p parts, extension string) (*bufio.Reader, error) {
	in, err := p[extension]()
	if err != nil {
		return nil, err
	}
	r.closers = append(r.closers, in)
	return bufio.NewReaderSize(in, bufferBytes), nil
}

func (r *reader) openShapes(p parts) (*shapes, error) {
	in, err := r.open(p, ".shp")
	if err != nil {
		return nil, err
	}
	s := &shapes{in: in}
	if err := s.header(); err != nil {
		return nil, fmt.Errorf(".shp: %w", err)
	}
	if p[".shx"] == nil {
		return s, nil
	}
	index, err := r.open(p, ".shx")
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(index, make([]byte, headerBytes)); err != nil {
		return nil, fmt.Errorf(".shx: %w", early(err))
	}
	s.index = index
	return s, nil
}

func (r *reader) openTable(p parts, e charset.Encoding) (*table, error) {
	in, err := r.open(p, ".dbf")
	if err != nil {
		return nil, err
	}
	t := &table{in: in, enc: e, note: r.out.Note}
	if err := t.header(); err != nil {
		return nil, fmt.Errorf(".dbf: %w", err)
	}
	return t, nil
}

func (r *reader) read() error {
	r.head.Columns = []string{}
	if r.dbf != nil {
		r.head.Columns = r.dbf.columns()
	}
	if err := r.out.Head(r.head); err != nil {
		return err
	}
	for n := 1; ; n++ {
		var out row.Row
		more, deleted, err := r.next(n, &out)
		switch {
		case err != nil:
			return err
		case !more:
			return nil
		case deleted:
			continue
		}
		if err := r.out.Row(&out); err != nil {
			return err
		}
	}
}

// next reads row n of both parts, which must end together.
func (r *reader) next(n int, out *row.Row) (more, deleted bool, err error) {
	shape, cells := r.shp != nil, r.dbf != nil
	if r.dbf != nil {
		if cells, deleted, err = r.dbf.next(n, out); err != nil {
			return false, false, fmt.Errorf(".dbf: row %d: %w", n, err)
		}
	}
	if r.shp != nil {
		if shape, err = r.shp.next(out); err != nil {
			return false, false, fmt.Errorf(".shp: record %d: %w", n, err)
		}
	}
	if r.shp != nil && r.dbf != nil && shape != cells {
		longer := ".shp"
		if cells {
			longer = ".dbf"
		}
		return false, false, fmt.Errorf(".shp and .dbf do not belong together: the %s goes on behind row %d, the other part ends there", longer, n-1)
	}
	return shape || cells, deleted, nil
}

// early says of an end of file that it came too soon.
func early(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends early")
	}
	return err
}
