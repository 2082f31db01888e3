package planning

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/cmd/gewu/planning/columns"
	"github.com/gewu-city/gewu/cmd/gewu/upload"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage/check"
)

// counted tells how many bytes were read.
type counted struct {
	io.Reader

	n   int64
	set func(n int64)
	// end, when not nil, is called when there is nothing more to read.
	end func()
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	c.set(c.n)
	if err != nil && c.end != nil {
		c.end()
	}
	return n, err
}

// source is where features come from and how they are read.
type source struct {
	// name is a file, - for standard input, or layer:NAME for a layer of the city.
	name string
	// what the features are, for messages.
	what     string
	geometry data.GeometryKind
	// columns are the attributes that are wanted, by their columns; without one an attribute stays null.
	columns                      []column
	format, crs, encoding, table string
	id, lon, lat                 string
	quiet                        bool
}

// column is an attribute that a column of a file gives.
type column columns.Column

// cityLayer begins the name of a source that is a layer of the city.
const cityLayer = "layer:"

// read hands over the features of a source, polygons with their rings as they are; values are those of the columns, in
// their order. Rows that do not fit are told and passed over; wrong is the first of them. A column that the source does not
// have is an error that names those it has, whatever each makes of the rows without it.
func read(e *Env, s source, each func(f *data.Feature) error) (wrong, err error) {
	row := 0
	want := make([]columns.Column, len(s.columns))
	for i, c := range s.columns {
		want[i] = columns.Column(c)
	}
	look, err := columns.New(s.name, s.id, want)
	if err != nil {
		return nil, err
	}
	o := convert.Options{
		Layer:     &data.Layer{Name: s.what, Geometry: s.geometry},
		KeepRings: true, ID: s.id, Table: s.table, Lon: s.lon, Lat: s.lat,
		NewID: func() (string, error) {
			return "row " + strconv.Itoa(row), nil
		},
		Map: look.Map, Report: &look.Report,
	}
	for i, c := range s.columns {
		o.Layer.Attributes = append(o.Layer.Attributes, data.Attribute{Name: columns.Wanted(i), Type: c.Kind})
	}
	if o.Systems, err = e.Systems(); err != nil {
		return nil, err
	}
	if s.crs != "" {
		if o.CRS, err = o.Systems.Lookup(s.crs); err != nil {
			return nil, err
		}
	}
	if s.encoding != "" {
		if o.Encoding, err = charset.Lookup(s.encoding); err != nil {
			return nil, err
		}
	}
	take := func(format string, r io.Reader) error {
		before := row
		row++
		for r, err := range convert.Read(e.Ctx, format, r, o) {
			if err != nil {
				return err
			}
			row = before + r.Number + 1
			if r.Err != nil {
				wrong = cmp.Or(wrong, error(r.Err))
				look.Wrong(e.Stderr, r.Err)
				continue
			}
			look.Right(e.Stderr, &r.Feature)
			if look.Failed == nil {
				look.Failed = each(&r.Feature)
			}
			if look.Failed != nil && look.Known {
				return look.Failed
			}
		}
		row--
		return nil
	}
	if layer, ok := strings.CutPrefix(s.name, cityLayer); ok {
		o.File = s.name
		if err = look.Layer(e.Ask, layer); err == nil {
			err = readCity(e, layer, take)
		}
		return wrong, err
	}
	files, total, err := upload.Open([]string{s.name}, s.format, "", e.Stdin)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	o.File = files[0].Name
	format := s.format
	if format == "" {
		format, _ = convert.DetectFormat(s.name)
	}
	progress, end := func(int64) {}, func() {}
	if !s.quiet {
		progress, end = e.Progress("read "+files[0].Name, total)
	}
	defer end()
	if err = take(format, &counted{Reader: files[0].Body, set: progress}); err == nil {
		err = look.End(e.Stderr, row)
	}
	return wrong, err
}

// page is how many features of a layer are asked for at once.
const page = "10000"

// readCity reads the features of a layer of the city, page by page.
func readCity(e *Env, layer string, take func(format string, r io.Reader) error) error {
	query := url.Values{"limit": {page}}
	for {
		var answer struct {
			Features json.RawMessage `json:"features"`
			Next     string          `json:"next"`
		}
		if err := e.Ask("/v1/layers/"+url.PathEscape(layer)+"/features", query, &answer); err != nil {
			return err
		}
		text := append([]byte(`{"type":"FeatureCollection","features":`), answer.Features...)
		if err := take("geojson", bytes.NewReader(append(text, '}'))); err != nil {
			return err
		}
		if answer.Next == "" {
			return nil
		}
		query.Set("cursor", answer.Next)
	}
}

// read reads the polygons of a file, with their rings as they are. named says that columns and tables are those of the
// flags; the outline has its own. Rows that are no polygons are told and passed over; wrong is the first of them.
func (c *Check) read(e *Env, name string, named bool) (cells []check.Cell, wrong, err error) {
	s := source{name: name, what: "cells", geometry: data.GeometryPolygon, crs: c.CRS, quiet: c.Quiet}
	if named {
		s.format, s.id, s.table, s.encoding = c.Format, c.ID, c.Table, c.Encoding
	}
	wrong, err = read(e, s, func(f *data.Feature) error {
		cells = append(cells, check.Cell{ID: f.ID, Shape: f.Shape})
		return nil
	})
	if err == nil && len(cells) == 0 {
		err = fmt.Errorf("%s holds no polygon", name)
	}
	return cells, wrong, err
}

// together is one shape of several areas, whose common edges cancel. Only valid rings make an outline.
func together(areas []check.Cell) (geo.Shape, error) {
	var xy []geo.Point
	var rings, polygons []uint32
	for _, a := range areas {
		if d := geo.Validate(a.Shape); len(d) > 0 {
			return geo.Shape{}, fmt.Errorf("%s is no outline: %w", a.ID, d[0])
		}
		for _, end := range a.Shape.PolygonEnds() {
			polygons = append(polygons, uint32(len(rings))+end)
		}
		for _, end := range a.Shape.RingEnds() {
			rings = append(rings, uint32(len(xy))+end)
		}
		xy = append(xy, a.Shape.Vertices()...)
	}
	return geo.NewShape(geo.KindPolygon, xy, rings, polygons)
}
