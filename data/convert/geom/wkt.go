package geom

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data/convert/row"
)

// ParseWKT reads well-known text. Z and M values are dropped. srid is what a leading SRID=n; says (EWKT), 0 without.
//
// It is not orb/encoding/wkt because that one refuses Z, more than one blank between numbers and MULTIPOINT without
// inner brackets, all of which GIS programs write, and does not say where a text is wrong.
func ParseWKT(text string) (g orb.Geometry, srid int, err error) {
	w := wktText{text: text}
	if before, _, ok := strings.Cut(text, ";"); ok && len(before) >= 5 && strings.EqualFold(before[:5], "SRID=") {
		if srid, err = strconv.Atoi(strings.TrimSpace(before[5:])); err != nil || srid < 0 {
			return nil, 0, fmt.Errorf("is not EWKT: SRID %q is not a number", row.Shorten(before[5:]))
		}
		w.at = len(before) + 1
	}
	g, err = w.geometry(0)
	if err == nil && w.peek() != 0 {
		err = errors.New("text follows the geometry")
	}
	if err != nil {
		return nil, 0, fmt.Errorf("is not WKT at character %d: %w", w.at+1, err)
	}
	return g, srid, nil
}

type wktText struct {
	text string
	at   int
}

// peek moves over blanks and returns the byte behind them, 0 at the end.
func (w *wktText) peek() byte {
	for ; w.at < len(w.text); w.at++ {
		if c := w.text[w.at]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c
		}
	}
	return 0
}

// take moves over c and reports whether it was there.
func (w *wktText) take(c byte) bool {
	found := w.peek() == c && w.at < len(w.text)
	if found {
		w.at++
	}
	return found
}

// run moves over the bytes of a set and returns them.
func (w *wktText) run(set string) string {
	w.peek()
	from := w.at
	for w.at < len(w.text) && strings.IndexByte(set, w.text[w.at]) >= 0 {
		w.at++
	}
	return w.text[from:w.at]
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// word moves over one of some words, in any case, and reports whether it was there.
func (w *wktText) word(words ...string) bool {
	mark := w.at
	got := w.run(letters)
	for _, word := range words {
		if strings.EqualFold(got, word) {
			return true
		}
	}
	w.at = mark
	return false
}

func (w *wktText) geometry(depth int) (orb.Geometry, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	// No type ends in Z or M, so POLYGONZ is POLYGON with heights.
	kind := strings.TrimRight(strings.ToUpper(w.run(letters)), "ZM")
	w.word("Z", "M", "ZM")
	switch kind {
	case "POINT":
		ps, err := many(w, w.position)
		if err != nil || len(ps) == 0 {
			return orb.MultiPoint{}, err
		}
		if len(ps) > 1 {
			return nil, errors.New("a point has one position")
		}
		return ps[0], nil
	case "GEOMETRYCOLLECTION":
		m, err := many(w, func() (orb.Geometry, error) { return w.geometry(depth + 1) })
		return orb.Collection(m), err
	default:
		return readCoordinates(kind, w)
	}
}

func (w *wktText) list(member func() error) error {
	if w.word("EMPTY") {
		return nil
	}
	if !w.take('(') {
		return errors.New("( expected")
	}
	for {
		if err := member(); err != nil {
			return err
		}
		switch {
		case w.take(','):
		case w.take(')'):
			return nil
		default:
			return errors.New(", or ) expected")
		}
	}
}

// position reads up to four numbers, which may have brackets of their own, as in MULTIPOINT((1 2), (3 4)).
func (w *wktText) position() (p orb.Point, err error) {
	brackets := w.take('(')
	var numbers [4]float64
	for i := range numbers {
		number := w.run("+-.0123456789eE")
		if number == "" && i >= len(p) {
			break
		}
		if numbers[i], err = strconv.ParseFloat(number, 64); err != nil {
			w.at -= len(number)
			return p, errors.New("a number is expected")
		}
	}
	p = orb.Point{numbers[0], numbers[1]}
	if brackets && !w.take(')') {
		return p, errors.New(") expected")
	}
	return p, nil
}
