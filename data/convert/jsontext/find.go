package jsontext

import "bytes"

// Finder finds a member of an object whose text is written to it from behind the name of another member. It takes any text,
// also such as is no JSON: that is for whoever reads it. It belongs to one goroutine.
type Finder struct {
	want  string
	found []byte // the value

	depth           int
	inside, escaped bool // a text; a character of it behind a backslash
	key             bool // the text is the name of a member
	naming          bool // the next text at depth 1 is one
	taking          bool // what comes is the value
	name            []byte
}

// longestFound bounds the value that is kept.
const longestFound = 4 << 10

// NewFinder finds the first member of a name.
func NewFinder(name string) *Finder { return &Finder{want: name, depth: 1} }

// Found is the text of the value, at most its first 4 KiB, nil without one.
func (f *Finder) Found() []byte {
	if len(f.found) == 0 {
		return nil
	}
	return bytes.TrimSpace(f.found)
}

// Write implements [io.Writer].
func (f *Finder) Write(text []byte) (int, error) {
	for _, b := range text {
		ends := f.depth == 1 && !f.inside && (b == ',' || b == '}')
		if f.taking && !ends && len(f.found) < longestFound {
			f.found = append(f.found, b)
		}
		if f.inside {
			switch {
			case f.escaped:
				f.escaped = false
			case b == '\\':
				f.escaped = true
			case b == '"':
				f.inside = false
			}
			if f.key && f.inside && len(f.name) <= len(`\u0000`)*len(f.want) {
				f.name = append(f.name, b)
			}
			continue
		}
		switch b {
		case '"':
			f.inside = true
			if f.key = f.depth == 1 && f.naming; f.key {
				f.name = f.name[:0]
			}
			f.naming = false
		case '{', '[':
			f.depth++
		case '}', ']':
			if f.depth--; f.depth == 0 {
				f.taking = false
			}
		case ',':
			if f.depth == 1 {
				f.naming, f.taking = true, false
			}
		case ':':
			if f.depth == 1 && f.key {
				f.key = false
				if Unquote([]byte(`"`+string(f.name)+`"`)) == f.want && f.found == nil {
					f.taking, f.found = true, []byte{}
				}
			}
		}
	}
	return len(text), nil
}
