// Package upload opens the files of an import and sends them as a form.
package upload

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/shapefile"
)

// File is a file to send.
type File struct {
	Name string
	Body io.ReadCloser
	form string // what the form calls it, a file when empty
}

// Files are sent in one form, in their order. They belong to one goroutine.
type Files []File

// Close closes all files.
func (f Files) Close() {
	for _, file := range f {
		_ = file.Body.Close()
	}
}

// spreadsheets are the files of programs that can write another format.
var spreadsheets = []string{".xls", ".xlsb", ".ods", ".et"}

// maps are files of map programs that GDAL reads.
var maps = []string{".mif", ".mid", ".fgb", ".gml", ".dxf", ".dwg", ".gdb", ".parquet", ".mdb", ".e00"}

// Unknown is the size of standard input.
const Unknown = -1

// Open opens files by their names, so that a missing one is found before anything is sent; - is standard input. format is
// what the caller says they are, empty when their names tell. With a .shp go the parts beside it. mapping, when not empty,
// is a file that goes in front. size is that of all in bytes, or [Unknown].
func Open(names []string, format, mapping string, stdin io.Reader) (files Files, size int64, err error) {
	defer func() {
		if err != nil {
			files.Close()
			files = nil
		}
	}()
	add := func(f File, n int64) {
		files = append(files, f)
		if n < 0 || size < 0 {
			size = Unknown
		} else {
			size += n
		}
	}
	if mapping != "" {
		f, n, err := open(mapping)
		if err != nil {
			return nil, 0, err
		}
		add(File{Name: filepath.Base(mapping), Body: f, form: "mapping"}, n)
	}
	for _, name := range names {
		extension, _ := shapefile.Part(name)
		switch _, known := convert.DetectFormat(name); {
		case name == "-" && format == "":
			return files, 0, errors.New("--format is needed for standard input")
		case name == "-":
			add(File{Name: "standard input", Body: io.NopCloser(stdin)}, Unknown)
			continue
		case shapefile.Beside(name, names):
			continue
		case !known && format == "" && slices.Contains(spreadsheets, strings.ToLower(filepath.Ext(name))):
			return files, 0, fmt.Errorf("%s: this kind of spreadsheet is not read; save it as .xlsx", name)
		case !known && format == "" && slices.Contains(maps, strings.ToLower(filepath.Ext(name))):
			return files, 0, fmt.Errorf("%s: this format is not read; convert it, for example with ogr2ogr -f GPKG %s.gpkg %s", name, strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), name)
		case !known && format == "":
			return files, 0, fmt.Errorf("%s: the format cannot be told from the name; say --format %s", name, strings.Join(convert.Formats(), "|"))
		}
		opened := open
		if extension == ".shp" {
			opened = shapefile.OpenParts
		}
		f, n, err := opened(name)
		if err != nil {
			return files, 0, err
		}
		add(File{Name: filepath.Base(name), Body: f}, n)
	}
	return files, size, nil
}

func open(name string) (io.ReadCloser, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// OpenFS opens files of a folder by their names. size is that of all in bytes.
func OpenFS(folder fs.FS, names []string) (files Files, size int64, err error) {
	for _, name := range names {
		f, err := folder.Open(name)
		if err != nil {
			files.Close()
			return nil, 0, err
		}
		files = append(files, File{Name: path.Base(name), Body: f})
		if info, err := f.Stat(); err == nil {
			size += info.Size()
		}
	}
	return files, size, nil
}

// Send writes the files into a form and ends it.
func (f Files) Send(form *multipart.Writer) error {
	for _, file := range f {
		part, err := form.CreateFormFile(cmp.Or(file.form, "file"), file.Name)
		if err != nil {
			return err
		}
		if _, err := io.Copy(part, file.Body); err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	return form.Close()
}
