// Package row is what the decoders and encoders of formats exchange with package convert: rows of named cells with a
// geometry. Nothing here knows a layer, so a decoder turns bytes into rows and what they mean is decided elsewhere.
//
// A cell is text whatever the format, and empty text is null, so that a value means the same whichever file it came
// from: numbers in decimal digits, true and false, dates as 2026-01-31, times as RFC 3339 or, where the file does not
// say a zone, as 2026-01-31T08:00:00.
package row

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// Head is what a decoder knows of a file before its rows.
type Head struct {
	// Columns names the cells of all rows; nil when each row names its own. A name may be empty.
	Columns []string
	// Key is the column that merely numbers the rows, such as the primary key of a table. Nobody misses it.
	Key string
	// Geometry tells that rows bring a geometry of their own, rather than in their cells.
	Geometry bool
	// CRS is the system of the geometries, longitude and latitude when nil.
	CRS proj.CRS
}

// Row is one row of a file. It belongs to the decoder again when [Sink.Row] returns; its strings do not change.
type Row struct {
	// Line is the physical line on which the row starts, 0 when the format has none.
	Line int
	// ID is the id that the format itself gives to a row, empty when it has none.
	ID string
	// Columns names the cells; nil for those of [Head].
	Columns []string
	Cells   []string
	// Geometry is in the system of [Head] and may be overwritten by the receiver. Nil is no geometry.
	Geometry orb.Geometry
	// Fault says why the row cannot be read. The cells are then what there is of it, as many as there are.
	Fault *data.FieldError
	// Notes are repairs that the decoder made.
	Notes []string
}

// Sink takes what a decoder finds, in the order of the file: first the head, once, then the rows. A decoder stops at
// an error of its sink and returns it as it is.
type Sink interface {
	Head(h Head) error
	Row(r *Row) error
	// Note tells of something that concerns the whole file.
	Note(text string)
}

// Name is what messages call column i.
func Name(columns []string, i int) string {
	if i < len(columns) && columns[i] != "" {
		return columns[i]
	}
	return fmt.Sprintf("column %d", i+1)
}

// Shorten cuts a value for a message; 80 characters are enough to find it in a file.
func Shorten(s string) string {
	const most = 80
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// Options are what the caller of a decoder knows of a file.
type Options struct {
	// Table names the table of a file that holds several.
	Table string
	// Encoding is how text is written, zero when nobody said.
	Encoding charset.Encoding
	// CRS is the system of the geometries when the caller named it: then the file need not.
	CRS proj.CRS
	// Kind is the kind of geometry that is wanted, of files that hold several.
	Kind geo.Kind
}
