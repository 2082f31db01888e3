package convert_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo/proj"
)

var update = flag.Bool("update", false, "rewrite the expected results in testdata/read")

// caseOptions are the options of a case file.
type caseOptions struct {
	CRS       string            `toml:"crs"`
	ID        string            `toml:"id"`
	Table     string            `toml:"table"`
	Lon       string            `toml:"lon"`
	Lat       string            `toml:"lat"`
	Geometry  string            `toml:"geometry"`
	Map       map[string]string `toml:"map"`
	Ignore    []string          `toml:"ignore"`
	FixRings  bool              `toml:"fix_rings"`
	Comma     string            `toml:"comma"`
	NumberIDs bool              `toml:"number_ids"` // new ids count from 1
}

// TestRead runs the cases of testdata/read: a layer, options, an input named after its format, and what reading it
// gives. Tabs, separators and CRLF are written as ⇥, ␞ and ␍.
func TestRead(t *testing.T) {
	files, err := filepath.Glob("testdata/read/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runCase(t, file) })
	}
}

func runCase(t *testing.T, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var layer *data.Layer
	var options convert.Options
	var got strings.Builder
	var want *txtar.File
	for i, f := range archive.Files {
		switch f.Name {
		case "layer.toml":
			if layer, err = convert.DecodeLayer(bytes.NewReader(f.Data), convert.TOML); err != nil {
				t.Fatal(err)
			}
		case "options.toml":
			options = readOptions(t, f.Data)
		case "want":
			want = &archive.Files[i]
		default:
			format, ok := convert.DetectFormat(f.Name)
			if !ok {
				t.Fatalf("%s has no format", f.Name)
			}
			options.Layer, options.File = layer, f.Name
			text := strings.NewReplacer("⇥", "\t", "␞", "\x1e", "␍\n", "\r\n", "␤\n", "").Replace(string(f.Data))
			describe(&got, layer, format, text, options)
		}
	}
	if want == nil {
		t.Fatal("the case has no file want")
	}
	if *update {
		want.Data = []byte(got.String())
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got.String() != string(want.Data) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want.Data)
	}
}

func readOptions(t *testing.T, text []byte) convert.Options {
	t.Helper()
	var c caseOptions
	if err := convert.DecodeDefinition(bytes.NewReader(text), convert.TOML, &c); err != nil {
		t.Fatal(err)
	}
	o := convert.Options{
		ID: c.ID, Table: c.Table, Lon: c.Lon, Lat: c.Lat, Geometry: c.Geometry, Map: c.Map, Ignore: c.Ignore, FixRings: c.FixRings,
	}
	if c.Comma != "" {
		o.Comma = rune(c.Comma[0])
	}
	if c.CRS != "" {
		crs, err := proj.Lookup(c.CRS)
		if err != nil {
			t.Fatal(err)
		}
		o.CRS = crs
	}
	if c.NumberIDs {
		n := 0
		o.NewID = func() (string, error) { n++; return fmt.Sprintf("new%d", n), nil }
	}
	return o
}

// describe writes what reading gives, one line per row.
func describe(out *strings.Builder, layer *data.Layer, format, text string, o convert.Options) {
	o.Report = &convert.Report{}
	for row, err := range convert.Read(context.Background(), format, strings.NewReader(text), o) {
		switch {
		case err != nil:
			fmt.Fprintln(out, "fatal:", err)
		case row.Err != nil:
			fmt.Fprintln(out, row.Err)
		default:
			fmt.Fprintf(out, "%d %s", row.Number, convert.AppendFeature(nil, layer, &row.Feature))
			var absent []string
			for i, present := range row.Present {
				if !present {
					absent = append(absent, layer.Attributes[i].Name)
				}
			}
			if len(absent) > 0 {
				fmt.Fprintf(out, " absent: %s", strings.Join(absent, " "))
			}
			fmt.Fprintln(out)
			for _, note := range row.Notes {
				fmt.Fprintln(out, "  note:", note)
			}
		}
	}
	for _, n := range o.Report.Notes {
		fmt.Fprintln(out, "file note:", n)
	}
	for _, list := range []struct {
		name  string
		names []string
	}{{"unmatched", o.Report.Unmatched}, {"ignored", o.Report.Ignored}, {"missing", o.Report.Missing}} {
		if len(list.names) > 0 {
			fmt.Fprintf(out, "%s: %s\n", list.name, strings.Join(list.names, ", "))
		}
	}
}

func TestReadStopsWhenTheCallerDoes(t *testing.T) {
	layer := points(t)
	for format, text := range map[string]string{
		convert.CSV:        "id,lon,lat\na,1,2\nb,1,2\n",
		convert.GeoJSON:    collection(`{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2]}}`, `{"type":"Feature"}`),
		convert.GeoJSONSeq: "{\"type\":\"Feature\",\"id\":\"a\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}\n{}\n",
	} {
		seen := 0
		for range convert.Read(t.Context(), format, strings.NewReader(text), convert.Options{Layer: layer}) {
			seen++
			break
		}
		if seen != 1 {
			t.Errorf("%s: %d rows", format, seen)
		}
	}
}

func TestReadEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	text := "id,lon,lat\n" + strings.Repeat("a,1,2\n", 1000)
	rows := 0
	var last error
	for _, err := range convert.Read(ctx, convert.CSV, strings.NewReader(text), convert.Options{Layer: points(t)}) {
		rows++
		last = err
	}
	if last == nil || rows > 300 {
		t.Errorf("%d rows, then %v", rows, last)
	}
}

func TestReadUnknownFormat(t *testing.T) {
	for _, err := range convert.Read(t.Context(), "dxf", strings.NewReader(""), convert.Options{Layer: points(t), File: "a.dxf"}) {
		if err == nil || err.Error() != `a.dxf: unknown format "dxf"; known are `+strings.Join(convert.Formats(), ", ") {
			t.Error(err)
		}
	}
}

// points is a layer of points with an attribute of each type.
func points(t testing.TB) *data.Layer {
	t.Helper()
	l := &data.Layer{Name: "points", Geometry: data.GeometryPoint, Attributes: []data.Attribute{
		{Name: "name", Type: data.Text},
		{Name: "n", Type: data.Int},
		{Name: "size", Type: data.Number},
		{Name: "open", Type: data.Bool},
		{Name: "day", Type: data.Date},
		{Name: "at", Type: data.Time, Zone: "Asia/Taipei"},
		{Name: "class", Type: data.Code},
		{Name: "owner", Type: data.Ref},
	}}
	if err := l.Validate(); err != nil {
		t.Fatal(err)
	}
	return l
}

func collection(features ...string) string {
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + "]}"
}

// TestFormatOf takes the format from the media type, and from the name where that leaves it open.
func TestFormatOf(t *testing.T) {
	for _, test := range []struct{ media, name, want string }{
		{"text/csv", "", "csv"},
		{"text/csv; charset=gbk", "a.geojson", "csv"},
		{"TEXT/CSV", "", "csv"},
		{"application/json", "", "geojson"},
		{"application/json", "a.topojson", "topojson"},
		{"application/json", "a.csv", "geojson"},
		{"application/x-ndjson", "a.json", "geojsonseq"},
		{"application/zip", "", "shapefile"},
		{"application/zip", "a.kmz", "kmz"},
		{"application/x-zip-compressed", "a.xlsx", "xlsx"},
		{"application/vnd.ms-excel.sheet.macroEnabled.12", "", "xlsx"},
		{"application/octet-stream", "", ""},
		{"application/octet-stream", "a.pbf", "osm"},
		{"application/x-www-form-urlencoded", "a.csv", "csv"},
		{"text/plain", "a.geojson", "geojson"},
		{"application/vnd.ms-excel", "a.csv", "csv"}, // what browsers call it
		{"image/png", "", ""},
		{"", "a.gpx", "gpx"},
		{"", "", ""},
		{";;", "a", ""},
	} {
		if got, ok := convert.FormatOf(test.media, test.name); got != test.want || ok != (test.want != "") {
			t.Errorf("FormatOf(%q, %q) = %q, %v", test.media, test.name, got, ok)
		}
	}
	// What an export calls its answer, an import understands, save what is read only.
	for _, format := range convert.ExportFormats() {
		if got, _ := convert.FormatOf(convert.MediaType(format), "a"+convert.Extension(format)); got != format {
			t.Errorf("%s is %s when it comes back", format, got)
		}
	}
}

func TestFormats(t *testing.T) {
	for name, want := range map[string]string{
		"a.csv": "csv", "A.CSV.GZ": "csv", "x/y.tsv": "csv", "a.geojson": "geojson", "a.json.gz": "geojson",
		"a.geojsonl": "geojsonseq", "a.ndjson": "geojsonseq", "a.jsonl": "geojsonseq", "a.geojsons.gz": "geojsonseq",
		"a.shp": "shapefile", "a.shp.zip": "shapefile", "a.dxf": "", "csv": "", "": "", ".gz": "",
	} {
		if got, ok := convert.DetectFormat(name); got != want || ok != (want != "") {
			t.Errorf("DetectFormat(%q) = %q, %v", name, got, ok)
		}
		if want != "" && !slices.Contains(convert.Formats(), want) {
			t.Errorf("Formats lacks %q", want)
		}
	}
}
