package convert

import (
	"path"
	"path/filepath"
	"strings"
)

// The formats.
const (
	CSV        = "csv"
	GeoJSON    = "geojson"
	GeoJSONSeq = "geojsonseq"
)

// Formats lists the names of the formats.
func Formats() []string { return []string{CSV, GeoJSON, GeoJSONSeq} }

var extensions = map[string]string{
	".csv": CSV, ".tsv": CSV, ".tab": CSV, ".txt": CSV,
	".geojson": GeoJSON, ".json": GeoJSON,
	".geojsonseq": GeoJSONSeq, ".geojsons": GeoJSONSeq, ".geojsonl": GeoJSONSeq, ".ndjson": GeoJSONSeq, ".jsonl": GeoJSONSeq,
}

// DetectFormat is the format that a file name means by its extension, with or without .gz. It reports false for an
// unknown extension.
func DetectFormat(name string) (format string, ok bool) {
	base := strings.TrimSuffix(strings.ToLower(filepath.ToSlash(name)), ".gz")
	format, ok = extensions[path.Ext(base)]
	return format, ok
}
