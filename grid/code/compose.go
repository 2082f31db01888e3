package code

import (
	"fmt"
	"strconv"
	"strings"
)

// Series are the codes of one kind that differ in their number alone: the unit grids of a community, or the parts of a class
// in a district.
type Series struct {
	kind Kind
	// prefixes are what stands before the number: that of new codes first, then the same area in the other form.
	prefixes []string
	digits   int
}

// NewSeries is the series of unit grids in a community (class is empty), or of parts of a class in a district; other kinds
// have none. The error is an *[Error].
func NewSeries(kind Kind, in, class string) (Series, error) {
	if kind == Cell {
		if class != "" {
			return Series{}, &Error{What: "cell code", Code: in, Group: "class", Why: "unit grids have no class"}
		}
		c, err := Parse(Community, in)
		if err != nil {
			return Series{}, err
		}
		s := Series{kind: kind, prefixes: []string{c.Text}, digits: 3}
		// The same community with three digits for the street, or four.
		if canonical := c.Canonical().Text; canonical != c.Text {
			s.prefixes = append(s.prefixes, canonical)
		} else if len(c.Field("street")) == 3 {
			s.prefixes = append(s.prefixes, c.Text[:6]+"0"+c.Text[6:])
		}
		return s, nil
	}
	if kind == Part {
		d, err := Parse(District, in)
		if err != nil {
			return Series{}, err
		}
		c, err := Parse(Class, class)
		if err != nil {
			return Series{}, err
		}
		return Series{kind: kind, prefixes: []string{d.Text + c.Text}, digits: 6}, nil
	}
	return Series{}, &Error{Code: in, Why: fmt.Sprintf("codes of kind %.40q are given by the authorities; cell and part are composed", string(kind))}
}

// Most is the greatest number.
func (s Series) Most() int {
	if s.digits == 6 {
		return 999_999
	}
	return 999
}

// Code is the code with a number. The error is an *[Error].
func (s Series) Code(number int) (string, error) {
	if number < 1 || number > s.Most() {
		return "", &Error{
			What: string(s.kind) + " code", Code: s.prefixes[0], Group: "sequence", Why: fmt.Sprintf("number %d is outside 1 to %d", number, s.Most()),
		}
	}
	return s.Forms(number)[0], nil
}

// Forms are all codes with a number, that of [Series.Code] first.
func (s Series) Forms(number int) []string {
	out := make([]string, len(s.prefixes))
	for i, p := range s.prefixes {
		out[i] = fmt.Sprintf("%s%0*d", p, s.digits, number)
	}
	return out
}

// Number is the number of a code of the series as it is stored, and false for other codes.
func (s Series) Number(text string) (int, bool) {
	for _, p := range s.prefixes {
		if len(text) == len(p)+s.digits && strings.HasPrefix(text, p) {
			n, err := strconv.ParseUint(text[len(p):], 10, 32)
			return int(n), err == nil && n > 0
		}
	}
	return 0, false
}
