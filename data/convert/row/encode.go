package row

import (
	"time"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// Column is a column of a file that is written.
type Column struct {
	Name string
	Type data.Type
	// Zone is the zone in which people read its times; UTC when nil.
	Zone *time.Location
}

// Layout is what an encoder knows of a file before its rows.
type Layout struct {
	// Name is a plain name of what the rows are, Title one for people.
	Name, Title string
	Columns     []Column
	// Label is the column that names a row to people, -1 when there is none.
	Label int
	// Kind is that of all geometries; KindNone for a plain table.
	Kind geo.Kind
	// CRS is the system of the geometries, longitude and latitude (EPSG:4326) when nil.
	CRS proj.CRS
	// Encoding is how text is written where the format leaves it open; UTF-8 when zero.
	Encoding charset.Encoding
	// Time is when the file is made, for formats that note it.
	Time time.Time
}

// Record is a row to be written.
type Record struct {
	ID string
	// Values has one value for each column.
	Values []data.Value
	// Shape is the geometry in longitude and latitude, and Geometry the same in the system of the [Layout], free to be
	// changed; nil when the row has none, or for formats that know no other system.
	Shape    geo.Shape
	Geometry orb.Geometry
}

// Encoder writes rows to a file. A row that the format cannot hold is an error that says why, and nothing of it is
// written. Close ends the file and Discard gives up on it; one of them must be called, and both may be.
type Encoder interface {
	Row(r *Record) error
	Close() error
	Discard()
}
