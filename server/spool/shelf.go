package spool

import (
	"fmt"

	"github.com/gewu-city/gewu/data"
)

// Shelf keeps changes of features in a file, with their preconditions, and gives back any of them at any time. It
// belongs to one goroutine.
type Shelf struct {
	file    *File
	pending []byte // behind what the file has
	buf     []byte
	decoder data.Decoder
}

// Place is where a change lies in a [Shelf], with a note.
type Place struct {
	at           int64
	change, note int
}

// Size is the number of bytes.
func (p Place) Size() int { return p.change + p.note }

// shelfBytes are written at once.
const shelfBytes = 256 << 10

// NewShelf makes an empty shelf.
func (d Dir) NewShelf() (*Shelf, error) {
	f, err := d.Create()
	if err != nil {
		return nil, err
	}
	return &Shelf{file: f}, nil
}

// Put keeps a change and a note, which may be empty. The error is a *data.FieldError when the change cannot be stored at
// all.
func (s *Shelf) Put(change *data.Change, note []byte) (Place, error) {
	at, begin := s.file.Size()+int64(len(s.pending)), len(s.pending)
	var err error
	if s.pending, err = appendChange(s.pending, change); err != nil {
		return Place{}, err
	}
	p := Place{at: at, change: len(s.pending) - begin, note: len(note)}
	if s.pending = append(s.pending, note...); len(s.pending) >= shelfBytes {
		err = s.flush()
	}
	return p, err
}

func (s *Shelf) flush() error {
	_, err := s.file.Write(s.pending)
	s.pending = s.pending[:0]
	return err
}

// Get gives back what was put at a place. The note is valid until the next call.
func (s *Shelf) Get(p Place) (change data.Change, note []byte, err error) {
	if p.at+int64(p.Size()) > s.file.Size() {
		if err := s.flush(); err != nil {
			return change, nil, err
		}
	}
	if n := p.Size(); cap(s.buf) < n {
		s.buf = make([]byte, n+n/2)
	}
	b := s.buf[:p.Size()]
	if _, err := s.file.file.ReadAt(b, p.at); err != nil {
		return change, nil, fmt.Errorf("read spooled change: %w", err)
	}
	if change, err = decodeChange(&s.decoder, b[:headBytes], b[headBytes:p.change]); err != nil {
		err = fmt.Errorf("read spooled change: %w", err)
	}
	return change, b[p.change:], err
}

// Close removes the file.
func (s *Shelf) Close() error { return s.file.Close() }
