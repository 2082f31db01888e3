package convert

import (
	"bufio"
	"fmt"
	"mime"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data/convert/geopackage"
	"github.com/gewu-city/gewu/data/convert/gpx"
	"github.com/gewu-city/gewu/data/convert/kml"
	"github.com/gewu-city/gewu/data/convert/shapefile"
	"github.com/gewu-city/gewu/data/convert/sheet"
	"github.com/gewu-city/gewu/data/convert/topojson"
)

// The formats.
const (
	CSV        = "csv"
	GeoJSON    = "geojson"
	GeoJSONSeq = "geojsonseq"
	TopoJSON   = "topojson"
	Shapefile  = "shapefile"
	GeoPackage = "geopackage"
	XLSX       = "xlsx"
	KML        = "kml"
	KMZ        = "kmz"
	GPX        = "gpx"
	OSM        = "osm"
)

// format is what is known of a format. Everything that lists formats reads it from here.
type format struct {
	name  string
	media string
	// types are further media types under which files of the format are sent.
	types []string
	// extensions are those of file names, the usual one first.
	extensions []string
	read       func(*builder, *bufio.Reader) error
	// write starts a file; nil when the format is only read.
	write func(*output, WriteOptions) (Writer, error)
	// tables tells that a file may hold several tables, and encoded that its writer must be told how text is written.
	tables, encoded bool
}

func formats() []format {
	return []format{
		{
			name: CSV, media: "text/csv", types: []string{"application/csv", "text/x-csv", "text/tab-separated-values"},
			extensions: []string{".csv", ".tsv", ".tab", ".txt"}, encoded: true, read: readCSV, write: newCSVWriter,
		},
		{
			name: GeoJSON, media: "application/geo+json", types: []string{"application/vnd.geo+json", "application/json", "text/json"},
			extensions: []string{".geojson", ".json"}, read: readGeoJSON, write: newGeoJSONWriter,
		},
		{
			name: GeoJSONSeq, media: "application/geo+json-seq",
			types:      []string{"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/jsonlines", "application/json-seq"},
			extensions: []string{".geojsonseq", ".geojsons", ".geojsonl", ".ndjson", ".jsonl"},
			read:       readSequence, write: newSequenceWriter,
		},
		{
			name: TopoJSON, media: "application/json", extensions: []string{".topojson"}, tables: true,
			read: readTopoJSON, write: encodeWith(topojson.NewEncoder, encoderOptions{lonLat: true, ownID: true}),
		},
		{
			name: Shapefile, media: "application/zip", types: []string{"application/x-zip-compressed", "application/vnd.shp", "application/vnd.dbf"},
			extensions: []string{".zip", ".shz", ".shp", ".dbf"}, tables: true, encoded: true,
			read: readShapefile, write: encodeWith(shapefile.NewEncoder, encoderOptions{}),
		},
		{
			name: GeoPackage, media: "application/geopackage+sqlite3", types: []string{"application/vnd.sqlite3", "application/x-sqlite3"},
			extensions: []string{".gpkg"}, tables: true,
			read: spooled(geopackage.Read, true), write: encodeWith(geopackage.NewEncoder, encoderOptions{}),
		},
		{
			name: XLSX, media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			types:      []string{"application/vnd.ms-excel.sheet.macroenabled.12", "application/zip", "application/x-zip-compressed"},
			extensions: []string{".xlsx", ".xlsm"}, tables: true,
			read: spooled(sheet.Read, false), write: encodeWith(sheet.NewEncoder, encoderOptions{cells: true}),
		},
		{
			name: KML, media: "application/vnd.google-earth.kml+xml", extensions: []string{".kml"},
			read: readKML, write: encodeWith(kml.NewEncoder, encoderOptions{lonLat: true}),
		},
		{
			name: KMZ, media: "application/vnd.google-earth.kmz", types: []string{"application/zip", "application/x-zip-compressed"}, extensions: []string{".kmz"},
			read: readKML, write: encodeWith(kml.NewArchiveEncoder, encoderOptions{lonLat: true}),
		},
		{
			name: GPX, media: "application/gpx+xml", types: []string{"application/gpx"}, extensions: []string{".gpx"}, tables: true,
			read: readGPX, write: encodeWith(gpx.NewEncoder, encoderOptions{lonLat: true}),
		},
		{name: OSM, media: "application/octet-stream", types: []string{"application/vnd.openstreetmap.data+xml"}, extensions: []string{".osm", ".pbf"}, read: readOSM},
	}
}

// lookup finds a format. The error lists the known ones.
func lookup(name string) (format, error) {
	for _, f := range formats() {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("unknown format %q; known are %s", name, strings.Join(Formats(), ", "))
}

// Formats lists the names of the formats that can be read.
func Formats() []string { return names(func(format) bool { return true }) }

// ExportFormats lists the names of the formats that can be written.
func ExportFormats() []string { return names(func(f format) bool { return f.write != nil }) }

func names(has func(format) bool) []string {
	var all []string
	for _, f := range formats() {
		if has(f) {
			all = append(all, f.name)
		}
	}
	return all
}

// MediaType is the media type of a format, application/octet-stream for an unknown one.
func MediaType(name string) string {
	if f, err := lookup(name); err == nil {
		return f.media
	}
	return "application/octet-stream"
}

// Extension is the usual extension of files in a format, such as .csv.
func Extension(name string) string {
	if f, err := lookup(name); err == nil {
		return f.extensions[0]
	}
	return ""
}

// FormatOf is the format of a file that is sent under a media type, as RFC 9110 writes it, and a name; each may be empty.
// The type decides, and the name where the type leaves it open: application/json may be GeoJSON or TopoJSON. A type that
// says nothing, such as application/octet-stream or what curl sends when it is not told, leaves it to the name. It reports
// false when neither tells.
func FormatOf(media, name string) (found string, ok bool) {
	kind, _, _ := mime.ParseMediaType(media)
	byName, named := DetectFormat(name)
	for _, f := range formats() {
		if kind == "application/octet-stream" || f.media != kind && !slices.Contains(f.types, kind) {
			continue
		}
		if found == "" || f.name == byName {
			found = f.name
		}
	}
	if found == "" {
		return byName, named
	}
	return found, true
}

// DetectFormat is the format that a file name means by its extension, with or without .gz. It reports false for an
// unknown extension.
func DetectFormat(name string) (format string, ok bool) {
	extension := path.Ext(strings.TrimSuffix(strings.ToLower(filepath.ToSlash(name)), ".gz"))
	for _, f := range formats() {
		if slices.Contains(f.extensions, extension) {
			return f.name, true
		}
	}
	return "", false
}
