package convert_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/srs"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
)

// everyType is a layer with an attribute of each type whose names collide with those of coordinates.
func everyType(kind data.GeometryKind, rule data.IDRule) *data.Layer {
	return &data.Layer{Name: "l", Geometry: kind, ID: rule, Attributes: []data.Attribute{
		{Name: "code", Type: data.Code},
		{Name: "ID", Type: data.Text},
		{Name: "lon", Type: data.Int},
		{Name: "lat", Type: data.Number},
		{Name: "wkt", Type: data.Bool},
		{Name: "day", Type: data.Date},
		{Name: "时间", Type: data.Time, Zone: "Asia/Taipei"},
		{Name: "x_y", Type: data.Ref},
	}}
}

var (
	anyText  = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{" a ", "a,b;c\td|e", "\"", "\r\n", "a\rb", "\n", "路", "null", "1"}))
	fullText = anyText.Filter(func(s string) bool { return s != "" })
	anyID    = rapid.StringMatching(`[^\x00-\x1f\x7f]{1,20}`).Filter(func(s string) bool { return len(s) <= data.MaxIDBytes })
)

// drawValue draws a value that is not null.
func drawValue(t *rapid.T, kind data.Type) data.Value {
	switch kind {
	case data.Int:
		return data.IntValue(rapid.Int64().Draw(t, "int"))
	case data.Number:
		return data.NumberValue(rapid.Float64().Filter(func(f float64) bool { return f-f == 0 }).Draw(t, "number"))
	case data.Bool:
		return data.BoolValue(rapid.Bool().Draw(t, "bool"))
	case data.Date:
		return data.WordValue(data.Date, uint64(rapid.Int64Range(-100_000, 100_000).Draw(t, "day")))
	case data.Time:
		return data.WordValue(data.Time, uint64(rapid.Int64Range(-1e15, 1e16).Draw(t, "microseconds")))
	default:
		return data.TextValue(kind, fullText.Draw(t, "text"))
	}
}

// Coordinates lie where every system known is used.
func drawPoint(t *rapid.T) geo.Point {
	return geo.Point{
		X: rapid.Int32Range(119_0000000, 122_9000000).Draw(t, "x"),
		Y: rapid.Int32Range(21_0000000, 26_0000000).Draw(t, "y"),
	}
}

// drawShape draws squares that do not touch, each with a hole, so that every shape is valid.
func drawShape(t *rapid.T, kind data.GeometryKind, most int) geo.Shape {
	parts := rapid.IntRange(1, most).Draw(t, "parts")
	o := drawPoint(t)
	size := rapid.Int32Range(4, 100_000).Draw(t, "size")
	var xy []geo.Point
	var rings, polys []uint32
	square := func(x, y, side int32, hole bool) {
		ring := []geo.Point{{X: x, Y: y}, {X: x + side, Y: y}, {X: x + side, Y: y + side}, {X: x, Y: y + side}, {X: x, Y: y}}
		if hole {
			ring[1], ring[3] = ring[3], ring[1]
		}
		xy = append(xy, ring...)
		rings = append(rings, uint32(len(xy)))
	}
	var shape geo.Shape
	var err error
	switch kind {
	case data.GeometryPoint:
		for i := range parts {
			xy = append(xy, geo.Point{X: o.X + int32(i)*size, Y: o.Y})
		}
		shape, err = geo.NewShape(geo.KindPoint, xy, nil, nil)
	case data.GeometryLine:
		for i := range parts {
			xy = append(xy, geo.Point{X: o.X, Y: o.Y + int32(i)}, geo.Point{X: o.X + size, Y: o.Y + int32(i)})
			rings = append(rings, uint32(len(xy)))
		}
		shape, err = geo.NewShape(geo.KindLine, xy, rings, nil)
	case data.GeometryPolygon:
		for i := range parts {
			square(o.X+int32(i)*(size+1), o.Y, size, false)
			square(o.X+int32(i)*(size+1)+1, o.Y+1, size-2, true)
			polys = append(polys, uint32(len(rings)))
		}
		shape, err = geo.NewShape(geo.KindPolygon, xy, rings, polys)
	case data.GeometryNone:
	}
	if err != nil {
		t.Fatal(err)
	}
	return shape
}

func drawFeature(t *rapid.T, l *data.Layer, parts int) data.Feature {
	f := data.Feature{ID: anyID.Draw(t, "id"), Shape: drawShape(t, l.Geometry, parts), Values: make([]data.Value, len(l.Attributes))}
	for i, a := range l.Attributes {
		if rapid.Bool().Draw(t, "set") {
			f.Values[i] = drawValue(t, a.Type)
		}
	}
	if l.ID.Attribute != "" {
		f.Values[l.AttributeIndex(l.ID.Attribute)] = data.TextValue(data.Code, f.ID)
	}
	return f
}

var kinds = []data.GeometryKind{data.GeometryPoint, data.GeometryLine, data.GeometryPolygon, data.GeometryNone}

func TestDecodeFeatureReadsWhatAppendFeatureWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layer := everyType(rapid.SampledFrom(kinds).Draw(t, "kind"), data.IDRule{})
		f := drawFeature(t, layer, 3)
		text := convert.AppendFeature(nil, layer, &f, convert.Member{Name: "seq", Value: []byte("1")})
		got, err := convert.DecodeFeature(layer, text, nil)
		if err != nil || !got.Equal(&f) {
			t.Fatalf("%v\n%s\n%s", err, text, convert.AppendFeature(nil, layer, &got))
		}
	})
}

// fits cuts what a format cannot hold off a feature.
func fits(format string, l *data.Layer, f *data.Feature) {
	// What XML does not have is left out.
	xml := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
				return -1
			}
			return r
		}, s)
	}
	var cut func(s string) string
	switch format {
	case convert.KML, convert.KMZ:
		cut = xml
	case convert.GPX:
		cut = func(s string) string { return strings.TrimSpace(xml(s)) }
	case convert.Shapefile:
		cut = func(s string) string {
			s, _, _ = strings.Cut(s, "\x00")
			return strings.TrimRight(s[:min(len(s), 250)], " ")
		}
	default:
		return
	}
	if f.ID = strings.ToValidUTF8(cut(f.ID), ""); f.ID == "" {
		f.ID = "x"
	}
	for i, v := range f.Values {
		switch v.Type() {
		case data.Text, data.Code, data.Ref, data.Sealed:
			if text := strings.ToValidUTF8(cut(v.Text()), ""); text == "" {
				f.Values[i] = data.Value{}
			} else {
				f.Values[i] = data.TextValue(v.Type(), text)
			}
		case data.Date:
			if y := v.Time().Year(); format == convert.Shapefile && (y < 1 || y > 9999) {
				f.Values[i] = data.Value{}
			}
		case data.Int, data.Number, data.Bool, data.Time:
		}
	}
	if l.ID.Attribute != "" {
		f.Values[l.AttributeIndex(l.ID.Attribute)] = data.TextValue(data.Code, f.ID)
	}
}

// onlyLonLat are the formats that know no other system.
var onlyLonLat = map[string]bool{convert.TopoJSON: true, convert.KML: true, convert.KMZ: true, convert.GPX: true}

func TestReadGivesWhatWasWritten(t *testing.T) {
	var systems []proj.CRS
	for _, name := range append(proj.Known(), "") {
		crs, _ := proj.Lookup(name) // nil for no name
		if name != "" && !(crs.Extent().Contains(119, 21) && crs.Extent().Contains(122.95, 26.05)) {
			continue // the features lie on and around Taiwan
		}
		systems = append(systems, crs)
	}
	rapid.Check(t, func(t *rapid.T) {
		rule := rapid.SampledFrom([]data.IDRule{{}, {Attribute: "code"}, {Generate: "hash"}}).Draw(t, "rule")
		layer := everyType(rapid.SampledFrom(kinds).Draw(t, "kind"), rule)
		format := rapid.SampledFrom(convert.ExportFormats()).Draw(t, "format")
		if format == convert.GPX && (layer.Geometry == data.GeometryPolygon || layer.Geometry == data.GeometryNone) {
			format = convert.KML
		}
		crs := rapid.SampledFrom(systems).Draw(t, "crs")
		if _, coded := srs.Code(crs); onlyLonLat[format] || (format == convert.Shapefile || format == convert.GeoPackage) && !coded {
			crs = nil
		}
		o := convert.WriteOptions{
			CRS: crs, Gzip: rapid.Bool().Draw(t, "gzip"), BOM: rapid.Bool().Draw(t, "bom"),
			Geometry: rapid.SampledFrom(append(convert.GeometryForms(), "")).Draw(t, "form"),
			Comma:    rapid.SampledFrom([]rune{0, ';', '\t', '|'}).Draw(t, "comma"),
		}
		says := strings.HasPrefix(string(o.Geometry), "e")
		if _, ok := srs.Code(crs); says && !ok {
			o.Geometry, says = convert.WKB, false
		}
		parts := 3
		if (format == convert.CSV || format == convert.XLSX) && layer.Geometry == data.GeometryPoint && o.Geometry == "" || format == convert.GPX && layer.Geometry == data.GeometryPoint {
			parts = 1
		}
		features := make([]data.Feature, rapid.IntRange(0, 5).Draw(t, "features"))
		var b bytes.Buffer
		w, err := convert.NewWriter(&b, format, layer, o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range features {
			features[i] = drawFeature(t, layer, parts)
			fits(format, layer, &features[i])
			if err := w.Write(&features[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		in := convert.Options{Layer: layer, CRS: crs, Comma: o.Comma}
		if format == convert.GeoJSON || format == convert.Shapefile || format == convert.GeoPackage || says && (format == convert.CSV || format == convert.XLSX) {
			in.CRS = nil // the file says it
		}
		i := 0
		for row, err := range convert.Read(t.Context(), format, &b, in) {
			if err != nil || row.Err != nil || !row.Feature.Equal(&features[i]) {
				t.Fatalf("row %d: %v %v\n%q\ngot  %s\nwant %s", i, err, row.Err, text,
					convert.AppendFeature(nil, layer, &row.Feature), convert.AppendFeature(nil, layer, &features[i]))
			}
			i++
		}
		if i != len(features) {
			t.Fatalf("%d rows of %d", i, len(features))
		}
	})
}

// TestWriteEncoded writes rows in each encoding of Chinese text and reads them back, told and, where a mark or the text
// tells, not told.
func TestWriteEncoded(t *testing.T) {
	layer := points(t)
	f := data.Feature{ID: "灯-1", Shape: geo.PointShape(geo.Point{X: 1, Y: 2}), Values: []data.Value{data.TextValue(data.Text, "中山路，\"一\"\r\n段")}}
	for name, guessed := range map[string]bool{
		"gb18030": true, "gbk": true, "big5": false, "utf-16": true, "utf-16le": true, "utf-16be": true, "utf-8": true,
	} {
		enc, err := charset.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "big5" {
			f.ID = "燈-1"
		} else {
			f.ID = "灯-1"
		}
		var b bytes.Buffer
		w, err := convert.NewWriter(&b, convert.CSV, layer, convert.WriteOptions{Encoding: enc, BOM: true})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := w.Write(&f); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for _, given := range []charset.Encoding{enc, {}} {
			if !given.Given() && !guessed {
				continue
			}
			rows := 0
			for row, err := range convert.Read(t.Context(), convert.CSV, bytes.NewReader(b.Bytes()), convert.Options{Layer: layer, Encoding: given}) {
				if rows++; err != nil || row.Err != nil || !row.Feature.Equal(&f) {
					t.Fatalf("%s: %v %v %v", name, row.Feature, row.Err, err)
				}
			}
			if rows != 3 {
				t.Errorf("%s: %d rows", name, rows)
			}
		}
		w, err = convert.NewWriter(&b, convert.CSV, layer, convert.WriteOptions{Encoding: enc})
		if err != nil {
			t.Fatal(err)
		}
		err = w.Write(&data.Feature{ID: "b", Shape: f.Shape, Values: []data.Value{data.TextValue(data.Text, "🌳")}})
		if want := `feature "b": '🌳' cannot be written in ` + name; (name == "gbk" || name == "big5") != (fmt.Sprint(err) == want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWriteText(t *testing.T) {
	layer := points(t)
	layer.Attributes = layer.Attributes[:3]
	f := data.Feature{
		ID: "a", Shape: geo.PointShape(geo.Point{X: 1215000000, Y: 250000001}),
		Values: []data.Value{data.TextValue(data.Text, " x, \"y\""), data.IntValue(7), data.NumberValue(1e6)},
	}
	tm2, err := proj.Lookup("EPSG:3826")
	if err != nil {
		t.Fatal(err)
	}
	const properties = `"properties":{"name":" x, \"y\"","n":7,"size":1000000}}`
	for name, test := range map[string]struct {
		format string
		o      convert.WriteOptions
		want   string
	}{
		"CSV":          {convert.CSV, convert.WriteOptions{}, "id,lon,lat,name,n,size\na,121.5,25.0000001,\" x, \"\"y\"\"\",7,1000000\n"},
		"CSV in TM2":   {convert.CSV, convert.WriteOptions{CRS: tm2, BOM: true, Comma: ';'}, "\ufeffid;lon;lat;name;n;size\na;300470.4123;2765870.6448;\" x, \"\"y\"\"\";7;1000000\n"},
		"CSV with WKT": {convert.CSV, convert.WriteOptions{Geometry: convert.WKT}, "id,wkt,name,n,size\na,POINT(121.5 25.0000001),\" x, \"\"y\"\"\",7,1000000\n"},
		"GeoJSON": {
			convert.GeoJSON,
			convert.WriteOptions{},
			"{\"type\":\"FeatureCollection\",\"features\":[\n" + `{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[121.5,25.0000001]},` + properties + "\n]}\n",
		},
		"GeoJSON in TM2": {
			convert.GeoJSON,
			convert.WriteOptions{CRS: tm2},
			`{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3826"}},"features":[` + "\n" +
				`{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[300470.4123,2765870.6448]},` + properties + "\n]}\n",
		},
		"GeoJSONSeq": {convert.GeoJSONSeq, convert.WriteOptions{}, `{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[121.5,25.0000001]},` + properties + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			w, err := convert.NewWriter(&b, test.format, layer, test.o)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(&f); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if b.String() != test.want {
				t.Errorf("got\n%s\nwant\n%s", b.String(), test.want)
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	tm2, err := proj.Lookup("EPSG:3826")
	if err != nil {
		t.Fatal(err)
	}
	two, err := geo.NewShape(geo.KindPoint, []geo.Point{{X: 1}, {X: 2}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	gbk, err := charset.Lookup("gbk")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		format string
		o      convert.WriteOptions
		shape  geo.Shape
		name   string
		want   string
	}{
		"format":       {format: "shp", want: `unknown format "shp"; known are ` + strings.Join(convert.Formats(), ", ")},
		"comma":        {format: convert.CSV, o: convert.WriteOptions{Comma: '，'}, want: `'，' cannot be a delimiter`},
		"two points":   {format: convert.CSV, shape: two, want: `feature "a" has 2 points, which columns lon and lat cannot hold: write geometries as WKT (--geometry wkt), or another format`},
		"control, KML": {format: convert.KML, name: "a\x07", want: `feature "a": name has the character U+0007, which XML does not have`},
		"control, GPX": {format: convert.GPX, name: "a\x07", want: `feature "a": name has the character U+0007, which XML does not have`},
		"waypoint":     {format: convert.GPX, shape: two, want: `feature "a": has 2 points, a waypoint has one`},
		"KML in TM2":   {format: convert.KML, o: convert.WriteOptions{CRS: tm2}, want: "the format is always in longitude and latitude (EPSG:4326), never in EPSG:3826"},
		"KML in GBK":   {format: convert.KML, o: convert.WriteOptions{Encoding: gbk}, want: "files in format kml are always in UTF-8, never in gbk"},
		"outside":      {format: convert.GeoJSON, o: convert.WriteOptions{CRS: tm2}, shape: two, want: `feature "a": 1e-07, 0 lies outside the area of EPSG:3826 (longitude 118 to 124, latitude 20 to 27)`},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			w, err := convert.NewWriter(&b, test.format, points(t), test.o)
			if err == nil {
				defer w.Discard()
				f := data.Feature{ID: "a", Shape: test.shape}
				if test.name != "" {
					f.Shape, f.Values = geo.PointShape(geo.Point{}), []data.Value{data.TextValue(data.Text, test.name)}
				}
				err = w.Write(&f)
			}
			if fmt.Sprint(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
