package shapefile_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gewu-city/gewu/data/convert/shapefile"
)

func TestOpenParts(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"lamps.SHP", "lamps.dbf", "lamps.Prj", "lamps.txt", "lamps2.shp", "other.dbf"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive, size, err := shapefile.OpenParts(filepath.Join(dir, "lamps.SHP"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(archive)
	if err != nil || size != int64(3*len("lamps.shp")) {
		t.Fatal(size, err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range z.File {
		names = append(names, m.Name)
		r, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(r); err != nil || string(body) != m.Name {
			t.Errorf("%s holds %q, %v", m.Name, body, err)
		}
	}
	if !slices.Equal(names, []string{"lamps.Prj", "lamps.SHP", "lamps.dbf"}) {
		t.Error(names)
	}
	if _, _, err := shapefile.OpenParts(filepath.Join(dir, "none.shp")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestBeside(t *testing.T) {
	files := []string{"a.shp", "a.dbf", "b.dbf", "a.zip", "x/a.prj"}
	for name, want := range map[string]bool{"a.shp": false, "a.dbf": true, "b.dbf": false, "a.zip": false, "x/a.prj": false} {
		if shapefile.Beside(name, files) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
