package batch

import "bytes"

// scanner finds the end of a row of CSV that may come in pieces, as encoding/csv finds it: a line break between quotes
// belongs to the row. It keeps its place, so a long row is looked at once. The zero scanner stands before a row.
type scanner struct {
	at    int
	state scanState
	// quotes says that there was a quote.
	quotes bool
}

type scanState uint8

const (
	fieldStart scanState = iota
	inField
	inQuotes
	afterQuotes
	afterReturn // a carriage return after quotes
	broken      // no CSV; the row ends with the line
)

// row is the length of the row at the start of text with its line break, 0 when text does not hold all of it.
func (s *scanner) row(text []byte) int {
	for s.at < len(text) {
		switch s.state {
		case fieldStart, inField:
			if n, done := s.unquoted(text); done {
				return n
			}
		case inQuotes:
			i := bytes.IndexByte(text[s.at:], '"')
			if i < 0 {
				s.at = len(text)
				return 0
			}
			s.at, s.state = s.at+i+1, afterQuotes
		case afterQuotes, afterReturn:
			s.at++
			switch c := text[s.at-1]; {
			case c == '\n':
				return s.at
			case s.state == afterReturn:
				s.state = broken
			case c == '"':
				s.state = inQuotes
			case c == ',':
				s.state = fieldStart
			case c == '\r':
				s.state = afterReturn
			default:
				s.state = broken
			}
		case broken:
			i := bytes.IndexByte(text[s.at:], '\n')
			if i < 0 {
				s.at = len(text)
				return 0
			}
			return s.at + i + 1
		}
	}
	return 0
}

// unquoted moves to the end of the row, to the next quote or to the end of text.
func (s *scanner) unquoted(text []byte) (n int, done bool) {
	line := text[s.at:]
	end := bytes.IndexByte(line, '\n')
	if end >= 0 {
		line = line[:end]
	}
	quote := bytes.IndexByte(line, '"')
	switch {
	case quote >= 0:
		s.quotes = true
		opens := quote == 0 && s.state == fieldStart || quote > 0 && line[quote-1] == ','
		s.at, s.state = s.at+quote+1, broken
		if opens {
			s.state = inQuotes
		}
		return 0, false
	case end >= 0:
		return s.at + end + 1, true
	default:
		s.state = inField
		if line[len(line)-1] == ',' {
			s.state = fieldStart
		}
		s.at = len(text)
		return 0, true
	}
}
