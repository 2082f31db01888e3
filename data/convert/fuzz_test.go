package convert_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
)

// addCases seeds a fuzz test with the inputs of the case files.
func addCases(f *testing.F, format string) {
	f.Helper()
	files, err := filepath.Glob("testdata/read/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal("no cases", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			if got, ok := convert.DetectFormat(part.Name); ok && got == format {
				f.Add(string(part.Data), uint8(1))
			}
		}
	}
}

// readAll checks the promise of Read: a row is a feature that fits the layer, or says why not, and numbers ascend.
func readAll(t *testing.T, format, text string, kind uint8) {
	t.Helper()
	layer := everyType(kinds[int(kind)%len(kinds)], data.IDRule{Generate: []string{"", "hash"}[kind>>2&1]})
	number := 0
	options := convert.Options{Layer: layer, File: "f", FixRings: kind&8 != 0, Report: &convert.Report{}}
	for row, err := range convert.Read(context.Background(), format, strings.NewReader(text), options) {
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f: ") {
				t.Fatalf("an error without the file: %v", err)
			}
			return
		}
		number++
		if row.Number != number {
			t.Fatalf("row %d after row %d", row.Number, number-1)
		}
		if row.Err != nil {
			if row.Err.Why == "" || row.Err.Row != number || row.Err.File != "f" || len(row.Err.Value) > 400 {
				t.Fatalf("%#v", row.Err)
			}
			continue
		}
		if err := layer.Check(&row.Feature); err != nil {
			t.Fatal(err)
		}
		if len(row.Present) != len(layer.Attributes) {
			t.Fatalf("present is %v", row.Present)
		}
		again, err := convert.DecodeFeature(layer, convert.AppendFeature(nil, layer, &row.Feature), nil)
		if err != nil || !again.Equal(&row.Feature) {
			t.Fatalf("%s: %v", convert.AppendFeature(nil, layer, &row.Feature), err)
		}
	}
}

func FuzzCSV(f *testing.F) {
	addCases(f, convert.CSV)
	f.Fuzz(func(t *testing.T, text string, kind uint8) { readAll(t, convert.CSV, text, kind) })
}

func FuzzGeoJSON(f *testing.F) {
	addCases(f, convert.GeoJSON)
	f.Fuzz(func(t *testing.T, text string, kind uint8) { readAll(t, convert.GeoJSON, text, kind) })
}

func FuzzGeoJSONSeq(f *testing.F) {
	addCases(f, convert.GeoJSONSeq)
	f.Fuzz(func(t *testing.T, text string, kind uint8) { readAll(t, convert.GeoJSONSeq, text, kind) })
}

func FuzzTopoJSON(f *testing.F) {
	addCases(f, convert.TopoJSON)
	f.Fuzz(func(t *testing.T, text string, kind uint8) { readAll(t, convert.TopoJSON, text, kind) })
}

func FuzzKML(f *testing.F) {
	addCases(f, convert.KML)
	f.Fuzz(func(t *testing.T, text string, kind uint8) { readAll(t, convert.KML, text, kind) })
}

func FuzzGPX(f *testing.F) {
	addCases(f, convert.GPX)
	f.Fuzz(func(t *testing.T, text string, kind uint8) { readAll(t, convert.GPX, text, kind) })
}

func FuzzDecodeFeature(f *testing.F) {
	addCases(f, convert.GeoJSONSeq)
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		layer := everyType(kinds[int(kind)%len(kinds)], data.IDRule{})
		feature, err := convert.DecodeFeature(layer, []byte(text), nil)
		if err != nil {
			return
		}
		if err := layer.Check(&feature); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzWKT(f *testing.F) {
	for _, text := range []string{
		"POINT(1 2)", "point z (1 2 3)", "MULTIPOINT((1 2),(3 4))", "MULTIPOINT(1 2,3 4)", "POINT EMPTY", "LINESTRING(0 0,1 1)",
		"MULTILINESTRING((0 0,1 1),(2 2,3 3))", "GEOMETRYCOLLECTION(POINT(1 2),POINT(3 4))", "SRID=4326;POINT(1 2)",
		"MULTIPOLYGON(((0 0,0 1,1 1,0 0)))",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		readAll(t, convert.CSV, "id;geo_wkt\na;"+text+"\n", 0)
		readAll(t, convert.CSV, "id;geo_wkt\na;"+text+"\n", 2)
	})
}
