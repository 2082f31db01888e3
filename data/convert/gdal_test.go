package convert_test

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// gdal skips a test where GDAL is absent, which continuous integration forbids.
func gdal(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		if os.Getenv("GEWU_E2E") != "" {
			t.Fatal("GDAL is needed: ", err)
		}
		t.Skip("GDAL is not there: ", err)
	}
}

func ogr2ogr(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ogr2ogr", args...)
	out, err := cmd.CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("ERROR")) {
		t.Fatalf("ogr2ogr %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// surveyed is a layer with Chinese names and every type that a GIS knows, and features with everything that is hard: no
// values, several parts, holes, texts with what formats use themselves.
func surveyed(t *testing.T, kind data.GeometryKind) (*data.Layer, []data.Feature) {
	t.Helper()
	layer := &data.Layer{Name: "surveyed", Geometry: kind, Attributes: []data.Attribute{
		{Name: "名称", Type: data.Text},
		{Name: "count", Type: data.Int},
		{Name: "size", Type: data.Number},
		{Name: "open", Type: data.Bool},
		{Name: "day", Type: data.Date},
		{Name: "at", Type: data.Time},
		{Name: "class", Type: data.Code},
	}}
	if err := layer.Validate(); err != nil {
		t.Fatal(err)
	}
	day := data.DateValue(time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC))
	at := data.TimeValue(time.Date(2026, 1, 31, 23, 59, 59, 500e6, time.UTC))
	full := []data.Value{
		data.TextValue(data.Text, `路灯 "甲" <乙> & 丙, 丁;`), data.IntValue(1 << 40), data.NumberValue(-0.1), data.BoolValue(true), day, at,
		data.TextValue(data.Code, "0101"),
	}
	other := []data.Value{
		data.TextValue(data.Text, "x"), data.IntValue(-3), data.NumberValue(1e6), data.BoolValue(false), day, at, data.TextValue(data.Code, "é"),
	}
	p := func(x, y int32) geo.Point { return geo.Point{X: 1_165_000_000 + 10*x, Y: 399_000_000 + y} }
	square := func(x, y, size int32, hole bool) []geo.Point {
		ring := []geo.Point{p(x, y), p(x+size, y), p(x+size, y+size), p(x, y+size), p(x, y)}
		if hole {
			slices.Reverse(ring)
		}
		return ring
	}
	shape := func(kind geo.Kind, polys []uint32, runs ...[]geo.Point) geo.Shape {
		var ends []uint32
		if kind != geo.KindPoint {
			n := 0
			for _, r := range runs {
				n += len(r)
				ends = append(ends, uint32(n))
			}
		}
		s, err := geo.NewShape(kind, slices.Concat(runs...), ends, polys)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	var one, many geo.Shape
	switch kind {
	case data.GeometryPoint:
		one, many = geo.PointShape(p(1, 2)), shape(geo.KindPoint, nil, []geo.Point{p(1, 2), p(3, 4)})
	case data.GeometryLine:
		line := []geo.Point{p(1, 2), p(300, 401), p(7, 900)}
		one, many = shape(geo.KindLine, nil, line), shape(geo.KindLine, nil, line, []geo.Point{p(5, 5), p(6, 7)})
	case data.GeometryPolygon:
		hole := square(1000, 1001, 500, true)
		one = shape(geo.KindPolygon, []uint32{2}, square(0, 0, 9000, false), hole)
		many = shape(geo.KindPolygon, []uint32{2, 3}, square(0, 0, 9000, false), hole, square(10_000, 10_000, 77, false))
	case data.GeometryNone:
	}
	return layer, []data.Feature{
		{ID: "灯-1", Shape: one, Values: full},
		{ID: "b", Shape: many, Values: make([]data.Value, 7)},
		{ID: "c/3", Shape: one, Values: other},
	}
}

// save writes features to a file in a folder of its own, and unpacks it where the format is many files.
func save(t *testing.T, format string, l *data.Layer, features []data.Feature, o convert.WriteOptions) string {
	t.Helper()
	var b bytes.Buffer
	w, err := convert.NewWriter(&b, format, l, o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	for i := range features {
		if err := w.Write(&features[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), l.Name+convert.Extension(format))
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// load reads a file, or all files of a folder as one archive.
func load(t *testing.T, format, file string, o convert.Options) []data.Feature {
	t.Helper()
	in, err := os.ReadFile(file)
	if info, wrong := os.Stat(file); wrong == nil && info.IsDir() {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		if err := z.AddFS(os.DirFS(file)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		in, err = b.Bytes(), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var features []data.Feature
	o.File = filepath.Base(file)
	for row, err := range convert.Read(t.Context(), format, bytes.NewReader(in), o) {
		if err != nil || row.Err != nil {
			t.Fatalf("%v %v", row.Err, err)
		}
		features = append(features, row.Feature)
	}
	return features
}

func same(t *testing.T, l *data.Layer, got, want []data.Feature) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d features, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if !got[i].Equal(&want[i]) {
			t.Errorf("got  %s\nwant %s", convert.AppendFeature(nil, l, &got[i]), convert.AppendFeature(nil, l, &want[i]))
		}
	}
}

// drivers are the formats as GDAL calls them, with the options that make it write what it read.
var drivers = map[string]struct {
	name    string
	options []string
	// only restricts the test to what GDAL "reads" or "writes".
	only  string
	kinds []data.GeometryKind
}{
	convert.CSV:        {name: "CSV", options: []string{"-lco", "GEOMETRY=AS_WKT"}, only: "writes"},
	convert.Shapefile:  {name: "ESRI Shapefile", options: []string{"-lco", "ENCODING=UTF-8"}},
	convert.GeoPackage: {name: "GPKG"},
	convert.XLSX:       {name: "XLSX", kinds: kinds[3:]},
	convert.KML:        {name: "LIBKML", kinds: kinds[:3]},
	convert.KMZ:        {name: "LIBKML", only: "reads", kinds: kinds[:3]},
	convert.TopoJSON:   {name: "TopoJSON", only: "reads", kinds: kinds[:3]},
}

// TestGDALReads writes each format, lets GDAL turn it into GeoJSON and reads that.
func TestGDALReads(t *testing.T) {
	gdal(t)
	for format, driver := range drivers {
		for _, kind := range kinds {
			if driver.only == "writes" || driver.kinds != nil && !slices.Contains(driver.kinds, kind) {
				continue
			}
			t.Run(format+"/"+string(kind), func(t *testing.T) {
				layer, features := surveyed(t, kind)
				file := save(t, format, layer, features, convert.WriteOptions{})
				out := filepath.Join(t.TempDir(), "out.geojson")
				if format == convert.Shapefile {
					file = "/vsizip/" + file
				}
				ogr2ogr(t, "-f", "GeoJSON", "-lco", "ID_FIELD=id", out, file)
				same(t, layer, load(t, convert.GeoJSON, out, convert.Options{Layer: layer}), features)
			})
		}
	}
}

// TestGDALWrites lets GDAL turn GeoJSON into each format and reads that.
func TestGDALWrites(t *testing.T) {
	gdal(t)
	for format, driver := range drivers {
		for _, kind := range kinds {
			if driver.only == "reads" || driver.kinds != nil && !slices.Contains(driver.kinds, kind) {
				continue
			}
			t.Run(format+"/"+string(kind), func(t *testing.T) {
				layer, features := surveyed(t, kind)
				if format == convert.Shapefile {
					// GDAL has one type for all shapes of a file and no times in it.
					if kind == data.GeometryPoint {
						features = slices.Delete(features, 1, 2)
					}
					for i := range features {
						features[i].Values[5] = data.Value{}
					}
				}
				file := save(t, convert.GeoJSON, layer, features, convert.WriteOptions{})
				out := filepath.Join(t.TempDir(), "out")
				if format != convert.Shapefile {
					out += convert.Extension(format)
				}
				ogr2ogr(t, append([]string{"-f", driver.name, out, file}, driver.options...)...)
				same(t, layer, load(t, format, out, convert.Options{Layer: layer}), features)
			})
		}
	}
}

// TestGDALTracks exchanges GPX, where GDAL names extensions after their prefix.
func TestGDALTracks(t *testing.T) {
	gdal(t)
	for _, kind := range kinds[:2] {
		t.Run(string(kind), func(t *testing.T) {
			layer, features := surveyed(t, kind)
			if kind == data.GeometryPoint {
				features = slices.Delete(features, 1, 2) // a waypoint is one point
			}
			features[0].Values[1] = data.IntValue(1 << 30) // GDAL reads 32 bits
			table := map[data.GeometryKind]string{data.GeometryPoint: "waypoints", data.GeometryLine: "tracks"}[kind]
			names := map[string]string{}
			for _, name := range layer.AttributeNames() {
				names["gewu_"+name] = name
			}
			out := filepath.Join(t.TempDir(), "out.geojson")
			ogr2ogr(t, "-f", "GeoJSON", "-lco", "ID_FIELD=gewu_id", out, save(t, convert.GPX, layer, features, convert.WriteOptions{}), table)
			same(t, layer, load(t, convert.GeoJSON, out, convert.Options{Layer: layer, Map: names}), features)

			back := filepath.Join(t.TempDir(), "back.gpx")
			ogr2ogr(t, "-f", "GPX", "-dsco", "GPX_USE_EXTENSIONS=YES", "-lco", "FORCE_GPX_TRACK=YES",
				"-nlt", map[data.GeometryKind]string{data.GeometryPoint: "POINT", data.GeometryLine: "MULTILINESTRING"}[kind], back, save(t, convert.GeoJSON, layer, features, convert.WriteOptions{}))
			same(t, layer, load(t, convert.GPX, back, convert.Options{Layer: layer}), features)
		})
	}
}

// TestGDALSystems writes and reads shapefiles in other systems and encodings.
func TestGDALSystems(t *testing.T) {
	gdal(t)
	layer, features := surveyed(t, data.GeometryPolygon)
	for i := range features {
		features[i].Values[6] = data.Value{} // é is not in GB 2312
	}
	crs, err := proj.Lookup("EPSG:4527")
	if err != nil {
		t.Fatal(err)
	}
	gbk, err := charset.Lookup("gbk")
	if err != nil {
		t.Fatal(err)
	}
	file := save(t, convert.Shapefile, layer, features, convert.WriteOptions{CRS: crs, Encoding: gbk})
	out := filepath.Join(t.TempDir(), "out.geojson")
	ogr2ogr(t, "-f", "GeoJSON", "-lco", "ID_FIELD=id", "-t_srs", "EPSG:4490", out, "/vsizip/"+file)
	same(t, layer, load(t, convert.GeoJSON, out, convert.Options{Layer: layer}), features)

	back := filepath.Join(t.TempDir(), "back")
	ogr2ogr(t, "-f", "ESRI Shapefile", "-lco", "ENCODING=GB18030", "-s_srs", "EPSG:4490", "-t_srs", "EPSG:4527", back, save(t, convert.GeoJSON, layer, features, convert.WriteOptions{}))
	for i := range features {
		features[i].Values[5] = data.Value{}
	}
	same(t, layer, load(t, convert.Shapefile, back, convert.Options{Layer: layer, Ignore: []string{"at"}}), features)
}

// TestGDALElements compares areas and lines made of OSM elements with those that GDAL makes.
func TestGDALElements(t *testing.T) {
	gdal(t)
	for _, test := range []struct {
		file, table, where string
		kind               data.GeometryKind
		mapping            string
		least              int
	}{
		{"vaduz.osm.pbf", "multipolygons", "building is not null", data.GeometryPolygon, "select = [{building = true}]", 9},
		{"vaduz.osm.gz", "multipolygons", "building is not null", data.GeometryPolygon, "select = [{building = true}]", 9},
		{"balzers.osm.pbf", "multipolygons", "building is not null", data.GeometryPolygon, "select = [{building = true}]", 2},
		{"vaduz.osm.pbf", "lines", "highway is not null", data.GeometryLine, "types = [\"way\"]\nselect = [{highway = true}]", 5},
	} {
		t.Run(test.file+"/"+test.table, func(t *testing.T) {
			mapping, err := convert.DecodeMapping(strings.NewReader(test.mapping+"\n[attributes]\nname = \"name\"\n"), convert.TOML)
			if err != nil {
				t.Fatal(err)
			}
			layer := &data.Layer{Name: "elements", Geometry: test.kind, Attributes: []data.Attribute{
				{Name: "osm_id", Type: data.Text}, {Name: "osm_way_id", Type: data.Text}, {Name: "name", Type: data.Text},
			}}
			file := "osm/testdata/" + test.file
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			ours := map[string]data.Feature{}
			for row, err := range convert.Read(t.Context(), convert.OSM, bytes.NewReader(in), convert.Options{Layer: layer, File: file, Mapping: mapping}) {
				if err != nil {
					t.Fatal(err)
				}
				if row.Err == nil { // cut at the edge of the extract; GDAL leaves them out or cuts them
					ours[row.Feature.ID] = row.Feature
				}
			}
			out := filepath.Join(t.TempDir(), "out.geojson")
			// GDAL writes beside what it unpacks.
			file = filepath.Join(t.TempDir(), test.file)
			if err := os.WriteFile(file, in, 0o600); err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, ".gz") {
				file = "/vsigzip/" + file
			}
			ogr2ogr(t, "-f", "GeoJSON", "-where", test.where, out, file, test.table, "--config", "OSM_USE_CUSTOM_INDEXING", "NO")
			n := 0
			ids := func() (string, error) { n++; return "new", nil }
			in, err = os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			for row, err := range convert.Read(t.Context(), convert.GeoJSON, bytes.NewReader(in), convert.Options{Layer: layer, NewID: ids}) {
				if err != nil {
					t.Fatal(err)
				}
				if row.Err != nil {
					continue // GDAL leaves out nodes that are missing
				}
				theirs := row.Feature
				id := "way/" + theirs.Value(1).Text()
				switch {
				case theirs.Value(1).Null() && test.kind == data.GeometryPolygon:
					id = "relation/" + theirs.Value(0).Text()
				case theirs.Value(1).Null():
					id = "way/" + theirs.Value(0).Text()
				}
				mine, ok := ours[id]
				if !ok {
					continue // made of what there was
				}
				delete(ours, id)
				if a, b := mine.Shape.Area()+mine.Shape.Length(), theirs.Shape.Area()+theirs.Shape.Length(); a < b-1e-6 || a > b+1e-6 || mine.Value(2) != theirs.Value(2) {
					t.Errorf("%s: %v %v, GDAL says %v %v", id, a, mine.Value(2), b, theirs.Value(2))
				}
			}
			if len(ours) > 0 || n < test.least {
				t.Errorf("GDAL has %d, not %v", n, ours)
			}
		})
	}
}
