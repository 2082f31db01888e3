package store

import (
	"bytes"
	"iter"
)

// Sections yields those of a checkpoint.
func Sections(b []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for r := bytes.NewReader(b); ; {
			kind, b, err := readSection(r, nil)
			if err != nil || !yield(kind, b) {
				return
			}
		}
	}
}

// WithSection is a checkpoint whose sections of a kind have another content.
func WithSection(b []byte, kind byte, content []byte) []byte {
	var out bytes.Buffer
	for k, was := range Sections(b) {
		if k == kind {
			was = content
		}
		if err := writeSection(&out, k, was); err != nil {
			panic(err)
		}
	}
	return out.Bytes()
}
