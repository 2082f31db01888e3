package convert_test

import (
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data/convert"
)

// TestHints: messages about files that people get wrong in usual ways say what to do.
func TestHints(t *testing.T) {
	collection := func(crs, x, y string) string {
		return `{"type":"FeatureCollection",` + crs + `"features":[{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[` + x + `,` + y + `]}}]}`
	}
	for name, test := range map[string]struct{ format, text, want string }{
		"exchanged columns":     {convert.CSV, "id,lon,lat\na,39.9,116.4\n", "is not a longitude and latitude; the other way round it is one: longitude comes first here (value \"39.9, 116.4\")"},
		"exchanged coordinates": {convert.GeoJSON, collection("", "39.9", "116.4"), "geometry: coordinate 39.9, 116.4 is not a longitude and latitude; the other way round it is one: longitude comes first here"},
		"zone of 3 degrees":     {convert.CSV, "id,x,y\na,39448805.2,4417814.1\n", "the easting starts with zone 39: if the file uses CGCS2000, name it with --crs EPSG:4527"},
		"zone of 6 degrees":     {convert.GeoJSON, collection("", "20448805.2", "4417814.1"), "the easting starts with zone 20: if the file uses CGCS2000, name it with --crs EPSG:4498"},
		"metres":                {convert.CSV, "id,x,y\na,448805.2,4417814.1\n", "is not a longitude and latitude; if the file uses another system, name it with --crs"},
		"no numbers":            {convert.CSV, "id,x,y\na,NaN,4\n", "is not a longitude and latitude; if the file uses another system, name it with --crs"},
		"old Macintosh":         {convert.CSV, "id,lon,lat\ra,116.4,39.9\rb,116.4,39.9\r", "f: the lines end with CR alone, as old Macintosh programs wrote them; save the file with LF or CRLF"},
		"MapInfo":               {convert.CSV, "!table\n!version 300\n!charset WindowsSimpChinese\n", "f: the file is of MapInfo, which is not read; convert it, for example with ogr2ogr -f GPKG new.gpkg FILE.tab"},
		"unknown crs":           {convert.GeoJSON, collection(`"crs":{"type":"name","properties":{"name":"EPSG:2154"}},`, "1", "2"), `f: the crs member: "EPSG:2154" is not a known coordinate system; known are`},
		"unknown crs, advice":   {convert.GeoJSON, collection(`"crs":{"type":"name","properties":{"name":"EPSG:2154"}},`, "1", "2"), `; convert the file, or name its system with --crs`},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for row, err := range convert.Read(t.Context(), test.format, strings.NewReader(test.text), convert.Options{Layer: points(t), File: "f"}) {
				switch {
				case err != nil:
					got = append(got, err.Error())
				case row.Err != nil:
					got = append(got, row.Err.Error())
				default:
					t.Errorf("%s is read", row.Feature.ID)
				}
			}
			if len(got) != 1 || !strings.Contains(got[0], test.want) {
				t.Errorf("got %q, want %s", got, test.want)
			}
		})
	}
}
