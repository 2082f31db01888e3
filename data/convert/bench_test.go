package convert_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/internal/obs"
)

const benchRows = 50_000

// treeText is a file of ten attributes and two coordinates like the sample's trees.
func treeText() (*data.Layer, string) {
	layer := &data.Layer{Name: "trees", Geometry: data.GeometryPoint, ID: data.IDRule{Attribute: "tree_id"}, Attributes: []data.Attribute{
		{Name: "tree_id", Type: data.Code},
		{Name: "dist", Type: data.Text},
		{Name: "region", Type: data.Text},
		{Name: "remark", Type: data.Text},
		{Name: "tree_type", Type: data.Text},
		{Name: "diameter", Type: data.Number},
		{Name: "tree_height", Type: data.Number},
		{Name: "survey_date", Type: data.Date},
		{Name: "upd_date", Type: data.Time, Zone: "Asia/Taipei"},
		{Name: "n", Type: data.Int},
	}}
	var b strings.Builder
	b.WriteString("TreeID,Dist,Region,Remark,TreeType,Diameter,TreeHeight,SurveyDate,UpdDate,n,lon,lat\n")
	for i := range benchRows {
		fmt.Fprintf(&b, "BT%010d,士林區,文林路,東側人行道,榕樹,%d.5,%d,2022-11-%02d,2026-07-31 10:25:09,%d,121.%07d,25.%07d\n",
			i, i%90, i%20, 1+i%28, i, i*37%10_000_000, i*91%10_000_000)
	}
	return layer, b.String()
}

func benchmarkRead(b *testing.B, format, text string, o convert.Options) {
	b.Helper()
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	rows := 0
	start := obs.CPUTime()
	for b.Loop() {
		for row, err := range convert.Read(b.Context(), format, strings.NewReader(text), o) {
			if err != nil || row.Err != nil {
				b.Fatal(err, row.Err)
			}
			rows++
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(rows)/(obs.CPUTime()-start).Seconds(), "rows/CPUs")
}

func BenchmarkReadCSV(b *testing.B) {
	layer, text := treeText()
	benchmarkRead(b, convert.CSV, text, convert.Options{Layer: layer})
}

func BenchmarkReadCSVQuoted(b *testing.B) {
	layer, text := treeText()
	benchmarkRead(b, convert.CSV, strings.ReplaceAll(text, "文林路", `"文林路"`), convert.Options{Layer: layer})
}

func BenchmarkReadCSVHash(b *testing.B) {
	layer, text := treeText()
	layer.ID = data.IDRule{Generate: "hash"}
	benchmarkRead(b, convert.CSV, text, convert.Options{Layer: layer})
}

func BenchmarkReadCSVProjected(b *testing.B) {
	layer, text := treeText()
	crs, err := proj.Lookup("EPSG:3857")
	if err != nil {
		b.Fatal(err)
	}
	benchmarkRead(b, convert.CSV, text, convert.Options{Layer: layer, CRS: crs})
}

// written is the text of the benchmark's features in a format.
func written(b *testing.B, format string, layer *data.Layer, features []data.Feature) string {
	b.Helper()
	var out bytes.Buffer
	write(b, &out, format, layer, features)
	return out.String()
}

func write(b *testing.B, out io.Writer, format string, layer *data.Layer, features []data.Feature) {
	b.Helper()
	w, err := convert.NewWriter(out, format, layer, convert.WriteOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range features {
		if err := w.Write(&features[i]); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func trees(b *testing.B) (*data.Layer, []data.Feature) {
	b.Helper()
	layer, text := treeText()
	var features []data.Feature
	for row, err := range convert.Read(b.Context(), convert.CSV, strings.NewReader(text), convert.Options{Layer: layer}) {
		if err != nil || row.Err != nil {
			b.Fatal(err, row.Err)
		}
		features = append(features, row.Feature)
	}
	return layer, features
}

// BenchmarkReadFormat reads the same features in each format that can hold them.
func BenchmarkReadFormat(b *testing.B) {
	layer, features := trees(b)
	for _, format := range convert.ExportFormats() {
		text := written(b, format, layer, features)
		b.Run(format, func(b *testing.B) { benchmarkRead(b, format, text, convert.Options{Layer: layer}) })
	}
}

func BenchmarkReadGeoJSONPolygons(b *testing.B) {
	layer := &data.Layer{Name: "areas", Geometry: data.GeometryPolygon, ID: data.IDRule{Generate: "hash"}}
	var ring strings.Builder
	for i := range 100 {
		fmt.Fprintf(&ring, "[121.%07d,25.%07d],", i*1000, i*i*10)
	}
	polygon := `{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[` + ring.String() + `[121.0,25.0]]]},"properties":{}}`
	benchmarkRead(b, convert.GeoJSON, collection(strings.Split(strings.Repeat(polygon+"\n", 1000), "\n")[:1000]...), convert.Options{Layer: layer})
}

func BenchmarkWrite(b *testing.B) {
	layer, features := trees(b)
	for _, format := range convert.ExportFormats() {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			start := obs.CPUTime()
			for b.Loop() {
				write(b, io.Discard, format, layer, features)
			}
			b.ReportMetric(float64(b.N*len(features))/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(b.N*len(features))/(obs.CPUTime()-start).Seconds(), "rows/CPUs")
		})
	}
}

func BenchmarkDecodeFeature(b *testing.B) {
	layer, features := trees(b)
	text := convert.AppendFeature(nil, layer, &features[0])
	b.ReportAllocs()
	for b.Loop() {
		if _, err := convert.DecodeFeature(layer, text, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendFeature(b *testing.B) {
	layer, features := trees(b)
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text = convert.AppendFeature(text[:0], layer, &features[0])
	}
}
