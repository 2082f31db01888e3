package mend_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/mend"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
)

// collect reads a file and collects its wrong rows.
func collect(t *testing.T, to *mend.File, format, name, text string) {
	t.Helper()
	layer := &data.Layer{Name: "lamps", Geometry: data.GeometryPoint, ID: data.IDRule{Attribute: "no"}, Attributes: []data.Attribute{
		{Name: "no", Type: data.Text}, {Name: "height", Type: data.Number},
	}}
	o := convert.Options{Layer: layer, File: name, Sources: true}
	for row, err := range convert.Read(t.Context(), format, strings.NewReader(text), o) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Err != nil {
			if err := to.Add(row.Err); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestFile collects wrong rows of several files with different columns and reads what was written.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "wrong.csv")
	f, err := mend.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	collect(t, f, convert.CSV, "a.csv", "no,height,lon,lat\n1,5,121,25\n2,\"x, \"\"y\"\"\",121,25\n3,1,121,25,more\n")
	collect(t, f, convert.CSV, "b.csv", "lon;lat;no;colour\n0;x;4;red\n")
	collect(t, f, convert.GeoJSON, "c.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"no":"5","height":"x"},"geometry":null}]}`)
	if err := f.Add(&convert.RowError{File: "a.csv", Row: 9, Field: "id", Value: "7", Why: "occurs again"}); err != nil {
		t.Fatal(err)
	}
	names, err := f.Close()
	if err != nil || len(names) != 2 || names[0] != name || names[1] != filepath.Join(dir, "wrong.geojsonl") {
		t.Fatalf("%v, %v", names, err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := `no,height,lon,lat,column 5,colour,id,import_row,import_error
2,"x, ""y""",121,25,,,,a.csv:2,"height: is not a number (value ""x, \""y\"""")"
3,1,121,25,more,,,a.csv:3,"has 5 fields, but the header has 4 (value ""3,1,121,25,more"")"
4,,0,x,,red,,b.csv:1,"lat: is not a number (value ""x"")"
,,,,,,7,a.csv:9,"id: occurs again (value ""7"")"
`
	if string(text) != want {
		t.Errorf("written\n%s\nwant\n%s", text, want)
	}
	line, err := os.ReadFile(names[1])
	if err != nil {
		t.Fatal(err)
	}
	var feature struct {
		Type  string
		Error string `json:"import_error"`
	}
	if err := json.Unmarshal(line, &feature); err != nil || feature.Type != "Feature" || !strings.Contains(feature.Error, "c.geojson: row 1: height") {
		t.Errorf("%s: %v", line, err)
	}
	// The mended rows come in again; the columns that were added do no harm.
	mended := strings.NewReplacer(`"x, ""y"""`, "6", "3,1,121,25,more", "3,1,121,25,", "4,,0,x", "4,,121,25").Replace(string(text))
	layer := &data.Layer{Name: "lamps", Geometry: data.GeometryPoint, ID: data.IDRule{Attribute: "no"}, Attributes: []data.Attribute{
		{Name: "no", Type: data.Text}, {Name: "height", Type: data.Number},
	}}
	good := 0
	for row, err := range convert.Read(t.Context(), convert.CSV, strings.NewReader(mended), convert.Options{Layer: layer}) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Err == nil {
			good++
		}
	}
	if good != 3 {
		t.Errorf("%d rows came in again", good)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("%v, %v are left", left, err)
	}
}

// TestNothingWrong removes the file of an earlier import.
func TestNothingWrong(t *testing.T) {
	name := filepath.Join(t.TempDir(), "wrong.csv")
	if err := os.WriteFile(name, []byte("id,import_row,import_error\n1,2,old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := mend.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if names, err := f.Close(); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("the old file stays")
	}
}

// TestOthersFile leaves a file alone that holds something else.
func TestOthersFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lamps.csv")
	if err := os.WriteFile(name, []byte("id,height\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mend.Create(name); err == nil || !strings.Contains(err.Error(), "another name") {
		t.Errorf("error %v", err)
	}
	if left, err := os.ReadDir(filepath.Dir(name)); err != nil || len(left) != 1 {
		t.Errorf("%v, %v are left", left, err)
	}
}
