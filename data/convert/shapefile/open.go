// Package shapefile reads and writes shapefiles: geometries (.shp), their index (.shx), a dBASE table (.dbf), the
// coordinate system (.prj) and the encoding of the table (.cpg), in one archive. A single .shp or .dbf is read too.
//
// Everything is read in one pass, so that memory does not grow with the file. The format is the one of ESRI's technical
// description of July 1998.
package shapefile

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/data/convert/srs"
	"github.com/gewu-city/gewu/geo/proj"
)

// parts are the files of one shapefile by their extensions in small letters.
type parts map[string]func() (io.ReadCloser, error)

// Read reads a shapefile.
func Read(_ context.Context, file *spool.File, o row.Options, out row.Sink) error {
	p, err := find(file, o.Table)
	if err != nil {
		return err
	}
	r := &reader{out: out}
	defer r.close()
	if p[".shp"] != nil {
		if r.head.CRS, err = p.system(o.CRS, out); err != nil {
			return err
		}
		if r.shp, err = r.openShapes(p); err != nil {
			return err
		}
		r.head.Geometry = true
	}
	if p[".dbf"] != nil {
		e, err := p.encoding(o.Encoding)
		if err != nil {
			return err
		}
		if r.dbf, err = r.openTable(p, e); err != nil {
			return err
		}
	} else {
		out.Note("the shapefile has no .dbf: its features have no attributes")
	}
	return r.read()
}

// find lists the parts of the shapefile in a file: an archive, or a single part.
func find(file *spool.File, table string) (parts, error) {
	magic := make([]byte, 4)
	if n, err := file.ReadAt(magic, 0); n < len(magic) {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return nil, errors.New("the file is too short for a shapefile")
	}
	whole := func() (io.ReadCloser, error) { return io.NopCloser(file.Reader()), nil }
	switch {
	case string(magic) == "PK\x03\x04" || string(magic) == "PK\x05\x06":
		z, err := file.Zip()
		if err != nil {
			return nil, err
		}
		return choose(z.File, table)
	case string(magic) == "\x00\x00\x27\x0a":
		return parts{".shp": whole}, nil
	case dbfVersions[magic[0]] && magic[2] <= 12 && magic[3] <= 31:
		return parts{".dbf": whole}, nil
	}
	return nil, errors.New("the file is neither a ZIP archive with a shapefile nor a .shp nor a .dbf")
}

// choose finds the shapefile of a name in an archive, or the only one.
func choose(files []*zip.File, table string) (parts, error) {
	found := map[string]parts{}
	var shapes, tables []string
	for _, f := range files {
		name := strings.ReplaceAll(f.Name, `\`, "/")
		base := path.Base(name)
		if strings.HasPrefix(base, ".") || strings.HasPrefix(name, "__MACOSX/") {
			continue
		}
		extension := strings.ToLower(path.Ext(base))
		stem := name[:len(name)-len(extension)]
		if found[stem] == nil {
			found[stem] = parts{}
		}
		found[stem][extension] = func() (io.ReadCloser, error) { return spool.Open(f) }
		switch extension {
		case ".shp":
			shapes = append(shapes, stem)
		case ".dbf":
			tables = append(tables, stem)
		}
	}
	if len(shapes) == 0 {
		shapes = tables
	}
	names := make([]string, len(shapes))
	for i, stem := range shapes {
		names[i] = strings.ToValidUTF8(path.Base(stem), "\uFFFD")
	}
	switch i := slices.Index(names, table); {
	case len(shapes) == 0:
		return nil, errors.New("the archive holds neither a .shp nor a .dbf")
	case table == "" && len(shapes) > 1:
		return nil, fmt.Errorf("the archive holds %s; say which with --table", strings.Join(names, ", "))
	case table == "":
		return found[shapes[0]], nil
	case i < 0:
		return nil, fmt.Errorf("the archive has no shapefile %q; it holds %s", table, strings.Join(names, ", "))
	default:
		return found[shapes[i]], nil
	}
}

// text is the beginning of a small part, empty when it is not there.
func (p parts) text(extension string) (string, error) {
	open := p[extension]
	if open == nil {
		return "", nil
	}
	r, err := open()
	if err != nil {
		return "", err
	}
	defer r.Close() //nolint:errcheck // a part that was only read
	b, err := io.ReadAll(io.LimitReader(r, 64<<10))
	return strings.Trim(string(b), "\ufeff \t\r\n\x00"), err
}

// system is the system that the .prj names, nil for longitude and latitude.
func (p parts) system(named proj.CRS, out row.Sink) (proj.CRS, error) {
	if named != nil {
		return named, nil
	}
	text, err := p.text(".prj")
	switch {
	case err != nil:
		return nil, err
	case text == "":
		out.Note("the shapefile has no .prj: its coordinates were taken for longitude and latitude; if they are not, name the system with --crs")
		return nil, nil //nolint:nilnil // no system is longitude and latitude
	}
	crs, err := srs.Parse(text)
	if err != nil {
		return nil, fmt.Errorf(".prj: %w; name it with --crs", err)
	}
	return crs, nil
}

// encoding is what the caller or the .cpg says; the zero Encoding when neither does.
func (p parts) encoding(named charset.Encoding) (charset.Encoding, error) {
	if named.Given() {
		return named, named.Narrow()
	}
	text, err := p.text(".cpg")
	if text == "" || err != nil {
		return charset.Encoding{}, err
	}
	e, err := charset.Lookup(text)
	if err != nil {
		return e, fmt.Errorf(".cpg: %w; name it with --encoding", err)
	}
	return e, e.Narrow()
}
