package intake

import (
	"cmp"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/server/rest"
)

// Options are what is said of all rows of a file.
type Options struct {
	// Source is that of rows which name none; System names whose numbers external ones are, that of the source when empty.
	Source, System string
	// Edition is that of classes which name none, the one of the city when empty.
	Edition string
	// CRS is the system of the coordinates; CRSName is its name, empty for longitude and latitude.
	CRS     proj.CRS
	CRSName string
	// Zone is that of times without one.
	Zone *time.Location
	// Now is the time after which nothing was reported yet.
	Now func() time.Time
	// Contacts says that names, telephone numbers and addresses of mail are kept, apart from the case.
	Contacts bool
	// Part finds a part of the city by its code: what it is, and where.
	Part func(code string) (cases.Part, cases.Position, bool)
}

// Report is what a row says.
type Report struct {
	Form cases.Form
	// Contact is how whoever reported is reached, by the members of a contact; nil for nothing.
	Contact map[string]string
	// External is its number in another system, empty for none.
	External string
}

// mapper turns rows into reports. It belongs to one goroutine.
type mapper struct {
	Options
	classes *classBook
}

// longestExternal bounds a number in another system, in bytes.
const longestExternal = 200

// report is what a row says, or the fault of the row.
func (m *mapper) report(h *head, cells []string) (*Report, *data.FieldError) {
	out := &Report{}
	f := &out.Form
	text := func(field Field) string {
		value, _ := h.of(field, cells)
		return value
	}
	fault := func(field Field, why string) *data.FieldError {
		value, column := h.of(field, cells)
		if field.personal() || field == Source {
			value = ""
		}
		return &data.FieldError{Field: cmp.Or(column, string(field)), Value: row.Shorten(value), Why: why}
	}
	f.Source, f.Description, f.Address, f.Reporter = cmp.Or(text(Source), m.Source), text(Description), text(Address), text(Reporter)
	if f.Source == "" {
		return nil, fault(Source, "is missing: name the door through which it came, such as hotline, in a column source or with the parameter source")
	}
	if out.External = text(External); len(out.External) > longestExternal {
		return nil, fault(External, "is longer than 200 bytes")
	}
	if out.External != "" {
		f.External = []cases.External{{System: cmp.Or(m.System, f.Source), ID: out.External}}
	}
	if at := text(Reported); at != "" {
		when, ok := m.time(at)
		switch {
		case !ok:
			return nil, fault(Reported, "is no time: write it as 2026-01-31T08:00:00+08:00, 2026-01-31 08:00 or 2026-01-31")
		case when.After(m.Now()):
			return nil, fault(Reported, "lies in the future: a report is entered after it was made; see to the zone of the file")
		}
		f.Reported = when
	}
	if name := text(Class); name != "" {
		class, wrong := m.classes.find(name, text(Kind), cmp.Or(text(Edition), m.Edition), [3]string{h.column(Class), h.column(Kind), h.column(Edition)})
		if wrong != nil {
			return nil, wrong
		}
		f.Class = class
	}
	if wrong := m.place(h, cells, f, fault); wrong != nil {
		return nil, wrong
	}
	for _, field := range []Field{Name, Phone, Email} {
		if value := text(field); value != "" && m.Contacts {
			if out.Contact == nil {
				out.Contact = map[string]string{}
			}
			out.Contact[string(field)] = value
		}
	}
	if err := f.Check(); err != nil {
		if wrong, ok := errors.AsType[*data.FieldError](err); ok {
			return nil, &data.FieldError{Field: h.column(Field(wrong.Field)), Value: wrong.Value, Why: wrong.Why}
		}
		return nil, &data.FieldError{Why: err.Error()}
	}
	return out, nil
}

// place is where a report is: by coordinates, else by the code of a part, else by the words of the address, which are looked
// up when the case begins.
func (m *mapper) place(h *head, cells []string, f *cases.Form, fault func(Field, string) *data.FieldError) *data.FieldError {
	lon, _ := h.of(Lon, cells)
	lat, _ := h.of(Lat, cells)
	switch {
	case lon != "" && lat == "":
		return fault(Lat, "is missing beside the longitude")
	case lat != "" && lon == "":
		return fault(Lon, "is missing beside the latitude")
	case lon != "":
		x, ok := number(lon)
		if !ok {
			return fault(Lon, "must be a number")
		}
		y, ok := number(lat)
		if !ok {
			return fault(Lat, "must be a number")
		}
		at, problem := rest.Place(m.CRS, x, y)
		if problem != nil {
			column := h.column(Lon)
			if problem.Field == string(Lat) {
				column = h.column(Lat)
			}
			return &data.FieldError{Field: column, Value: row.Shorten(lon + " " + lat), Why: "is no place: " + problem.Detail}
		}
		f.Point = &cases.Position{Lon: at.Lon(), Lat: at.Lat(), CRS: m.CRSName}
	}
	code, _ := h.of(Part, cells)
	if code == "" {
		return nil
	}
	part, at, ok := m.Part(code)
	if !ok {
		return fault(Part, "is no part of the city that you may see: give its code or its id, or leave it out and give coordinates or an address")
	}
	f.Parts = []cases.Part{part}
	if f.Point == nil {
		f.Point = &at
	}
	return nil
}

// layouts are how times are written that have no zone.
var layouts = []string{
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly,
	"2006/1/2 15:04:05", "2006/1/2 15:04", "2006/1/2", "2006年1月2日15:04:05", "2006年1月2日15:04", "2006年1月2日 15:04:05", "2006年1月2日 15:04", "2006年1月2日",
	"20060102150405", "20060102",
}

// time reads a time; one without a zone is in that of the city, and a day is its beginning.
func (m *mapper) time(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil && !t.IsZero() {
			return t, true
		}
	}
	text = strings.Join(strings.Fields(text), " ")
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, m.Zone); err == nil && !t.IsZero() {
			return t, true
		}
	}
	return time.Time{}, false
}

// number is a finite number in decimal.
func number(text string) (float64, bool) {
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}
