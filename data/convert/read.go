package convert

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/delimited"
	"github.com/gewu-city/gewu/data/convert/osm"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/geo/proj"
)

// Options say how the columns of a file (properties, in GeoJSON) become features of a layer.
type Options struct {
	// Layer is the layer that the features must fit.
	Layer *data.Layer
	// File names the file in messages.
	File string
	// CRS is the system of the coordinates. Nil is longitude and latitude, or the system that a GeoJSON file names.
	CRS proj.CRS
	// Systems are what a GeoJSON file may name; nil knows the built-in ones.
	Systems *proj.Systems
	// ID is the column of the feature id; empty follows the id rule of the layer.
	ID string
	// Lon and Lat are the columns of a point's coordinates, Geometry the one of a geometry as WKT, all in CSV.
	// Without them, columns with the usual names are taken.
	Lon, Lat, Geometry string
	// Map names the attribute of a column where names alone do not tell.
	Map map[string]string
	// Ignore are columns, or attributes, that are left alone: what a layer holds in them stays.
	Ignore []string
	// FixRings repairs invalid rings and notes each repair, instead of refusing the row.
	FixRings bool
	// KeepRings takes invalid rings as they are, for whoever judges them.
	KeepRings bool
	// Encoding is how text is written. The zero Encoding is what the file says, else UTF-8, else a guess that is noted.
	Encoding charset.Encoding
	// Table names the table of a file that holds several.
	Table string
	// Mapping says what the elements of an OSM file are; other formats have none.
	Mapping *osm.Mapping
	// Comma is the delimiter of CSV; zero finds it from the header.
	Comma rune
	// NewID makes ids for features that come without one and whose layer does not tell; see [ULIDs]. Nil refuses
	// such rows.
	NewID func() (string, error)
	// Sources gives rows as the file has them, so that those that turn out to be wrong can be mended.
	Sources bool
	// Report, when not nil, is filled when reading ends without an error.
	Report *Report
}

// Row is one row of a file: a feature that fits the layer, or the reason why there is none.
type Row struct {
	// Number counts the rows with data from 1.
	Number  int
	Feature data.Feature
	// Present tells for each attribute of the layer whether the row supplies it, be it as null. Rows share the
	// slice: it must not be written.
	Present []bool
	// Err is set when the row is no feature.
	Err *RowError
	// Notes are repairs made to the row.
	Notes []string
	// Source is the row as the file has it, when that was asked for and Err is nil; else Err has it.
	Source *Source
}

// Report says what became of the columns.
type Report struct {
	// Matched maps each column used to its attribute.
	Matched map[string]string
	// Unmatched are the columns without an attribute, in order of first appearance; Ignored the ones left out on
	// request.
	Unmatched, Ignored []string
	// Missing are the attributes that no column supplied, save the one that holds the id.
	Missing []string
	// Notes concern the file as a whole. They are there also when reading ends with an error.
	Notes []string
}

// RowError says which row of which file is wrong, in which field, and what value it had.
type RowError struct {
	File string `json:"file,omitempty"`
	// Row counts rows with data from 1.
	Row int `json:"row"`
	// Line is the physical line on which the row starts, 0 when not known.
	Line  int    `json:"line,omitempty"`
	Field string `json:"field,omitempty"`
	// Value is shortened to what helps to find it.
	Value string `json:"value,omitempty"`
	Why   string `json:"why"`
	// Source is the row as the file has it, when that was asked for.
	Source *Source `json:"source,omitempty"`
}

// Error is "file: row 3 (line 5): field: why (value …)".
func (e *RowError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	fmt.Fprintf(&b, "row %d", e.Row)
	if e.Line > 0 {
		fmt.Fprintf(&b, " (line %d)", e.Line)
	}
	b.WriteString(": ")
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Why)
	if e.Value != "" {
		fmt.Fprintf(&b, " (value %q)", e.Value)
	}
	return b.String()
}

// FileError is why a whole file cannot be read on; its text is for whoever sent the file.
type FileError struct{ Err error }

// Error is the text, which names the file, or says "the file" of one without a name.
func (e *FileError) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Read yields the rows of a file in order. A wrong row yields a Row with Err and the rest goes on; an error ends the
// sequence: a *[FileError] for an unknown format, a file that cannot be read or columns that cannot be matched, or
// the error of ctx. A file in gzip is unpacked, whatever it is called.
func Read(ctx context.Context, format string, r io.Reader, o Options) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		err := read(ctx, format, r, o, func(row Row) bool { return yield(row, nil) })
		switch {
		case err == nil:
		case ctx.Err() != nil:
			yield(Row{}, err)
		default:
			yield(Row{}, &FileError{err})
		}
	}
}

func read(ctx context.Context, format string, r io.Reader, o Options, yield func(Row) bool) error {
	name := o.File
	if name == "" {
		name = "the file"
	}
	f, err := lookup(format)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b, err := newBuilder(ctx, o, yield)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if o.Table != "" && !f.tables {
		return fmt.Errorf("%s: a file in format %s has no tables to choose from", name, format)
	}
	if o.Mapping != nil && format != OSM {
		return fmt.Errorf("%s: a mapping is for files in format osm, not %s", name, format)
	}
	in, err := unpack(r)
	if err == nil {
		err = f.read(b, in)
	}
	switch {
	case err == nil || errors.Is(err, errStop):
		b.report()
		return nil
	case ctx.Err() != nil:
		return err
	default:
		return fmt.Errorf("%s: %w", name, err)
	}
}

func readCSV(b *builder, file *bufio.Reader) error {
	in, err := b.text(file)
	if err != nil {
		return err
	}
	return delimited.Read(in, b.Comma, &intake{builder: b})
}

// checkEvery is the number of rows between looks at the context.
const checkEvery = 256

// emit hands a row to the caller. errStop says that the caller wants no more.
func (b *builder) emit(row Row) error {
	if b.Sources && row.Err == nil {
		row.Source = b.source()
	}
	if !b.yield(row) {
		return errStop
	}
	if row.Number%checkEvery == 0 {
		return b.ctx.Err()
	}
	return nil
}

// fail hands a wrong row to the caller.
func (b *builder) fail(number, line int, err *data.FieldError) error {
	return b.emit(Row{Number: number, Err: &RowError{
		File: b.File, Row: number, Line: line, Field: err.Field, Value: row.Shorten(err.Value), Why: err.Why, Source: b.source(),
	}})
}
