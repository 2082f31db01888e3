// Package kml reads and writes KML (OGC 12-007r2): placemarks with geometries and data, in folders. A KMZ is a KML in an
// archive.
package kml

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/data/convert/xmltext"
)

// ReadArchive reads a KMZ: its doc.kml, or the first other one.
func ReadArchive(_ context.Context, file *spool.File, o row.Options, out row.Sink) error {
	z, err := file.Zip()
	if err != nil {
		return err
	}
	var main *zip.File
	for _, f := range z.File {
		if base := strings.ToLower(path.Base(f.Name)); path.Ext(base) == ".kml" && (main == nil || base == "doc.kml") {
			main = f
		}
	}
	if main == nil {
		return errors.New("the archive holds no .kml")
	}
	in, err := spool.Open(main)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // a member that was only read
	return Read(in, o, out)
}

// Read reads the placemarks of a file. Columns are the data of a placemark and, where these do not have the name already,
// name, description, address, phoneNumber, when, begin, end and folder.
func Read(in io.Reader, o row.Options, out row.Sink) error {
	d, err := xmltext.NewDecoder(in, o.Encoding)
	if err != nil {
		return err
	}
	root, err := d.Root()
	if err != nil {
		return err
	}
	if root.Name.Local != "kml" {
		return fmt.Errorf("the file is not KML: it starts with <%s>", row.Shorten(root.Name.Local))
	}
	if err := out.Head(row.Head{Geometry: true}); err != nil {
		return err
	}
	r := &reader{d: d, out: out}
	return r.container("", false)
}

type reader struct {
	d      *xmltext.Decoder
	out    row.Sink
	linked bool // that a link was met has been told
}

// container reads a document or folder. Only the name of a folder tells where its placemarks belong.
func (r *reader) container(folder string, named bool) error {
	return r.d.Each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "Placemark":
			return r.placemark(e, folder)
		case "Document":
			return r.container(folder, false)
		case "Folder":
			return r.container("", true)
		case "name":
			text, err := r.d.Text()
			if named {
				folder = strings.TrimSpace(text)
			}
			return err
		case "NetworkLink":
			if !r.linked {
				r.linked = true
				r.out.Note("links to other files (NetworkLink) are not followed")
			}
		}
		return r.d.Skip()
	})
}

// placemark reads a placemark and hands it on.
func (r *reader) placemark(e xml.StartElement, folder string) error {
	p := placemark{line: r.d.Line()}
	id := xmltext.Attr(e, "id")
	err := r.d.Each(func(e xml.StartElement) error {
		switch name := e.Name.Local; name {
		case "name", "description", "address", "phoneNumber":
			text, err := r.d.Text()
			p.elements = append(p.elements, cell{name, strings.TrimSpace(text)})
			return err
		case "TimeStamp", "TimeSpan":
			return r.d.Each(func(e xml.StartElement) error {
				text, err := r.d.Text()
				p.elements = append(p.elements, cell{e.Name.Local, strings.TrimSpace(text)})
				return err
			})
		case "ExtendedData":
			return r.data(&p)
		default:
			g, err := r.geometry(name, &p, 0)
			if g != nil {
				p.geometries = append(p.geometries, g)
			}
			return err
		}
	})
	if err != nil {
		return err
	}
	p.elements = append(p.elements, cell{"folder", folder})
	return r.out.Row(p.row(id))
}

// cell is a named text.
type cell struct{ name, text string }

// data reads data of all three kinds: untyped, of a schema, and elements of other languages.
func (r *reader) data(p *placemark) error {
	return r.d.Each(func(e xml.StartElement) error {
		name := xmltext.Attr(e, "name")
		switch e.Name.Local {
		case "Data":
			return r.d.Each(func(e xml.StartElement) error {
				if e.Name.Local != "value" {
					return r.d.Skip()
				}
				text, err := r.d.Text()
				p.data = append(p.data, cell{name, text})
				return err
			})
		case "SchemaData":
			return r.d.Each(func(e xml.StartElement) error {
				if e.Name.Local != "SimpleData" {
					return r.d.Skip()
				}
				name := xmltext.Attr(e, "name")
				text, err := r.d.Text()
				p.data = append(p.data, cell{name, text})
				return err
			})
		default:
			name = e.Name.Local
			text, err := r.d.Text()
			p.data = append(p.data, cell{name, strings.TrimSpace(text)})
			return err
		}
	})
}

// row is the row that a placemark makes.
func (p *placemark) row(id string) *row.Row {
	out := &row.Row{Line: p.line, Columns: []string{}, Geometry: p.geometry()}
	if p.fault != "" {
		out.Fault = &data.FieldError{Field: "geometry", Value: p.value, Why: p.fault}
	}
	for _, c := range p.data {
		out.Columns, out.Cells = append(out.Columns, c.name), append(out.Cells, c.text)
	}
	for _, c := range p.elements {
		if c.text != "" && !slices.Contains(out.Columns, c.name) {
			out.Columns, out.Cells = append(out.Columns, c.name), append(out.Cells, c.text)
		}
	}
	// Programs number placemarks as they please; an id among the data is meant.
	if !slices.Contains(out.Columns, "id") && !slices.Contains(out.Columns, "gewu_id") {
		out.ID = id
	}
	return out
}
