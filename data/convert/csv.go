package convert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// longRow is the size from which texts are copied out of a row, so that a short name does not keep a long geometry
// in memory.
const longRow = 4 << 10

// encodingHint ends messages about text that is not UTF-8.
const encodingHint = "is not UTF-8; convert the file, for example with: iconv -f GB18030 -t UTF-8"

// table reads the rows of a CSV file.
type table struct {
	*builder
	records *records
	header  []string
	targets []target
	present []bool
	// Positions of columns, -1 when there is none.
	id, lon, lat, geometry int
}

func readCSV(b *builder, in io.Reader) error {
	t := &table{builder: b, records: newRecords(in), present: make([]bool, len(b.Layer.Attributes))}
	if err := t.readHeader(); err != nil {
		return err
	}
	for number := 1; ; number++ {
		err := t.records.next()
		if err == nil {
			err = t.row(number)
		} else if quote := (*quoteError)(nil); errors.As(err, &quote) {
			err = t.fail(number, t.records.at, &data.FieldError{Field: t.name(quote.field), Why: quote.why})
		} else if errors.Is(err, io.EOF) {
			return nil
		} else {
			return b.fatal("%w", err)
		}
		if err != nil {
			return err
		}
	}
}

func (t *table) readHeader() error {
	r := t.records
	comma, err := delimiter(t.Comma, r)
	if err != nil {
		return t.fatal("%w", err)
	}
	r.comma = comma
	switch err := r.next(); {
	case errors.Is(err, io.EOF):
		return t.fatal("the file is empty; the first line must name the columns")
	case err != nil:
		return t.fatal("line %d, which must name the columns: %w", r.at, err)
	case !utf8.Valid(r.text):
		return t.fatal("line %d, which must name the columns, %s", r.at, encodingHint)
	case bytes.IndexByte(r.text, 0) >= 0:
		return t.fatal("line %d has a zero byte; the file is UTF-16 or no text", r.at)
	}
	for i := range r.spans {
		name := strings.TrimSpace(string(r.field(i)))
		if name != "" && slices.Contains(t.header, name) {
			return t.fatal("two columns are called %q", name)
		}
		t.header = append(t.header, name)
	}
	if t.targets, err = t.columns.settle(t.header); err != nil {
		return t.fatal("%w", err)
	}
	for _, target := range t.targets {
		if target.use() {
			t.present[target.attribute] = true
		}
	}
	if err := t.findID(); err != nil {
		return t.fatal("%w", err)
	}
	if err := t.findGeometry(); err != nil {
		return t.fatal("%w", err)
	}
	return nil
}

// delimiter is the given one, or the one that occurs most in the first line outside quotes.
func delimiter(given rune, r *records) (byte, error) {
	if given != 0 {
		if given >= utf8.RuneSelf || given == '"' || given == '\n' || given == '\r' {
			return 0, fmt.Errorf("%q cannot be a delimiter", given)
		}
		return byte(given), nil
	}
	line := r.buf[r.start : r.start+r.lineEnd(0)]
	best, most := byte(','), 0
	for _, c := range []byte(",;\t|") {
		n, inside := 0, false
		for _, d := range line {
			if d == '"' {
				inside = !inside
			}
			if d == c && !inside {
				n++
			}
		}
		if n > most {
			best, most = c, n
		}
	}
	return best, nil
}

// name is what messages call a column.
func (t *table) name(i int) string {
	if i < len(t.header) && t.header[i] != "" {
		return t.header[i]
	}
	return fmt.Sprintf("column %d", i+1)
}

// row turns the current record into a row.
func (t *table) row(number int) error {
	r := t.records
	if len(r.spans) != len(t.header) {
		why := fmt.Sprintf("has %d fields, but the header has %d", len(r.spans), len(t.header))
		return t.fail(number, r.at, &data.FieldError{Why: why, Value: string(r.text[:min(len(r.text), 200)])})
	}
	if !utf8.Valid(r.text) {
		for i := range r.spans {
			if f := r.field(i); !utf8.Valid(f) {
				return t.fail(number, r.at, &data.FieldError{Field: t.name(i), Value: string(f), Why: encodingHint})
			}
		}
	}
	text := string(r.text)
	values := make([]data.Value, len(t.Layer.Attributes))
	for i, target := range t.targets {
		if !target.use() {
			continue
		}
		field := text[r.spans[i].from:r.spans[i].to]
		if len(text) > longRow {
			field = strings.Clone(field)
		}
		v, err := t.parse(target.attribute, field)
		if err != nil {
			err.Field = t.name(i)
			return t.fail(number, r.at, err)
		}
		values[target.attribute] = v
	}
	shape, notes, err := t.shape(text)
	if err != nil {
		return t.fail(number, r.at, err)
	}
	id := ""
	if t.id >= 0 && (t.ID != "" || t.idAttribute < 0 || values[t.idAttribute].Null()) {
		id = strings.Clone(text[r.spans[t.id].from:r.spans[t.id].to])
		if id == "" && t.ID != "" {
			return t.fail(number, r.at, &data.FieldError{Field: t.name(t.id), Why: "is missing; it holds the id"})
		}
	}
	f, err := t.feature(id, shape, values)
	if err != nil {
		return t.fail(number, r.at, err)
	}
	return t.emit(Row{Number: number, Feature: f, Present: t.present, Notes: notes})
}

// shape reads the geometry of the current record, whose text is given.
func (t *table) shape(text string) (geo.Shape, []string, *data.FieldError) {
	field := func(i int) string { return text[t.records.spans[i].from:t.records.spans[i].to] }
	switch {
	case t.lon >= 0:
		s, err := t.point(field(t.lon), field(t.lat))
		return s, nil, err
	case t.geometry >= 0:
		name, value := t.name(t.geometry), strings.TrimSpace(field(t.geometry))
		if value == "" {
			return geo.Shape{}, nil, &data.FieldError{Field: name, Why: "is missing; the layer holds " + string(t.Layer.Geometry)}
		}
		g, err := parseWKT(value)
		if err != nil {
			return geo.Shape{}, nil, &data.FieldError{Field: name, Value: value, Why: err.Error()}
		}
		return t.geometryShape(name, g)
	}
	return geo.Shape{}, nil, nil
}
