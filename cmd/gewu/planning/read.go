package planning

import (
	"cmp"
	"fmt"
	"io"
	"strconv"

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
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	c.set(c.n)
	return n, err
}

// read reads the polygons of a file, with their rings as they are. named says that columns and tables are those of the
// flags; the outline has its own. Rows that are no polygons are told and passed over; wrong is the first of them.
func (c *Check) read(e *Env, name string, named bool) (cells []check.Cell, wrong, err error) {
	format := c.Format
	if !named {
		format = ""
	}
	files, total, err := upload.Open([]string{name}, format, "", e.Stdin)
	if err != nil {
		return nil, nil, err
	}
	defer files.Close()
	systems, err := e.Systems()
	if err != nil {
		return nil, nil, err
	}
	row := 0
	o := convert.Options{
		Layer:     &data.Layer{Name: "cells", Geometry: data.GeometryPolygon},
		File:      files[0].Name,
		Systems:   systems,
		KeepRings: true,
		NewID: func() (string, error) {
			return "row " + strconv.Itoa(row), nil
		},
	}
	if c.CRS != "" {
		if o.CRS, err = o.Systems.Lookup(c.CRS); err != nil {
			return nil, nil, err
		}
	}
	if named {
		o.ID, o.Table = c.ID, c.Table
		if c.Encoding != "" {
			if o.Encoding, err = charset.Lookup(c.Encoding); err != nil {
				return nil, nil, err
			}
		}
	}
	if format == "" {
		format, _ = convert.DetectFormat(name)
	}
	progress, end := func(int64) {}, func() {}
	if !c.Quiet {
		progress, end = e.Progress("read "+files[0].Name, total)
	}
	defer end()
	row = 1
	for r, err := range convert.Read(e.Ctx, format, &counted{Reader: files[0].Body, set: progress}, o) {
		if err != nil {
			return nil, nil, err
		}
		row = r.Number + 1
		if r.Err != nil {
			wrong = cmp.Or(wrong, error(r.Err))
			fmt.Fprintln(e.Stderr, r.Err.Error())
			continue
		}
		cells = append(cells, check.Cell{ID: r.Feature.ID, Shape: r.Feature.Shape})
	}
	if len(cells) == 0 {
		return nil, wrong, fmt.Errorf("%s holds no polygon", files[0].Name)
	}
	return cells, wrong, nil
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
