// Package osm reads OpenStreetMap extracts, PBF and XML, through a mapping that says which elements are features and
// which tags are columns. It never writes.
//
// A file is read once for its relations, once for its ways and once for its nodes, so that only what the mapping selects
// is held in memory: eight bytes for each node that a selected way passes, and as much for its place.
//
// It is not paulmach/osm because that library ends the whole program, in a goroutine of its own, at a file that is wrong or
// holds nodes in the older form, and does not bound what a block unpacks to.
package osm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/geo"
)

// kind is a kind of element.
type kind uint8

const (
	node kind = iota
	way
	relation
	kinds // their number
)

func (k kind) String() string { return [...]string{"node", "way", "relation"}[k] }

// element is an element of a file. It belongs to the scanner again when the visit returns; its strings do not change.
type element struct {
	kind kind
	id   int64
	tags []tag
	// place is that of a node, placed that it lies on the globe.
	place  geo.Point
	placed bool
	// refs are the nodes of a way.
	refs []int64
	// members are those of a relation.
	members []member
}

type tag struct{ key, value string }

type member struct {
	kind kind
	ref  int64
	role string
}

// name is the id of a feature.
func (e *element) name() string { return e.kind.String() + "/" + strconv.FormatInt(e.id, 10) }

// tag is the value of a tag, empty when it is not there.
func (e *element) tag(key string) string {
	for _, t := range e.tags {
		if t.key == key {
			return t.value
		}
	}
	return ""
}

// scan visits the elements of one kind in the order of a file.
func scan(ctx context.Context, file *spool.File, k kind, visit func(*element) error) error {
	head := make([]byte, 16)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case n == 0:
		return errors.New("the file is empty")
	case bytes.HasPrefix(text, []byte("<")):
		return scanXML(ctx, file.Reader(), k, visit)
	case n > 6 && head[0] == 0 && head[1] == 0 && head[4] == 0x0a:
		return scanPBF(ctx, file.Reader(), k, visit)
	}
	return errors.New("the file is neither OSM PBF nor OSM XML")
}

// nanodegrees makes a place of billionths of degrees.
func nanodegrees(lon, lat int64) (geo.Point, bool) {
	const each = 1e9 / geo.Unit
	x, y := round(lon, each), round(lat, each)
	return geo.Point{X: int32(x), Y: int32(y)}, x >= -geo.MaxX && x <= geo.MaxX && y >= -geo.MaxY && y <= geo.MaxY
}

// round divides to the nearest whole number.
func round(n, by int64) int64 {
	if n < 0 {
		return -((-n + by/2) / by)
	}
	return (n + by/2) / by
}
