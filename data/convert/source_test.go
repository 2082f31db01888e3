package convert_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo/proj"
)

// TestSources asks for wrong rows as the file has them, whatever is wrong with them, and finds that the right ones bring
// none.
func TestSources(t *testing.T) {
	layer := &data.Layer{Name: "lamps", Geometry: data.GeometryPoint, ID: data.IDRule{Attribute: "no"}, Attributes: []data.Attribute{
		{Name: "no", Type: data.Text}, {Name: "height", Type: data.Number},
	}}
	grid, err := proj.Lookup("EPSG:3826")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		format, text string
		crs          proj.CRS
		want         string
	}{
		"value":           {convert.CSV, "no,height,lon,lat\n1,x,121,25\n", nil, `{"columns":["no","height","lon","lat"],"cells":["1","x","121","25"]}`},
		"quoted":          {convert.CSV, "no,height,lon,lat\n\"1,\"\"a\"\"\nb\",x,121,25\n", nil, `{"columns":["no","height","lon","lat"],"cells":["1,\"a\"\nb","x","121","25"]}`},
		"too many fields": {convert.CSV, "no,height,lon,lat\n1,2,121,25,more\n", nil, `{"columns":["no","height","lon","lat"],"cells":["1","2","121","25","more"]}`},
		"too few fields":  {convert.CSV, "no,height,lon,lat\n1,2\n", nil, `{"columns":["no","height","lon","lat"],"cells":["1","2"]}`},
		"open quote":      {convert.CSV, "no,height,lon,lat\n\"1,2,121,25\n", nil, `{"columns":["no","height","lon","lat"],"cells":["\"1,2,121,25"]}`},
		"no text":         {convert.CSV, "no,height,lon,lat\n\xff,2,121,25\n", nil, "{\"columns\":[\"no\",\"height\",\"lon\",\"lat\"],\"cells\":[\"\uFFFD\",\"2\",\"121\",\"25\"]}"},
		"projected":       {convert.CSV, "no,height,lon,lat\n1,x,302404.92,2777358.41\n", grid, `{"columns":["no","height","lon","lat"],"cells":["1","x","302404.92","2777358.41"]}`},
		"feature":         {convert.GeoJSON, `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"no":"1","height":"x"},"geometry":null}]}`, nil, `{"feature":{"type":"Feature","properties":{"no":"1","height":"x"},"geometry":null}}`},
		"feature line":    {convert.GeoJSONSeq, `{"type":"Feature","properties":{"no":"1","height":"x"},"geometry":null}`, nil, `{"feature":{"type":"Feature","properties":{"no":"1","height":"x"},"geometry":null}}`},
		"no JSON":         {convert.GeoJSONSeq, "{nothing}\n", nil, `{"columns":["feature"],"cells":["{nothing}"]}`},
	} {
		for _, asked := range []bool{true, false} {
			o := convert.Options{Layer: layer, CRS: test.crs, Sources: asked}
			n := 0
			for row, err := range convert.Read(t.Context(), test.format, strings.NewReader(test.text), o) {
				if err != nil || row.Err == nil {
					t.Fatalf("%s: %v, %+v", name, err, row)
				}
				n++
				if !asked {
					if row.Err.Source != nil {
						t.Errorf("%s: a source that nobody asked for", name)
					}
					continue
				}
				got, err := json.Marshal(row.Err.Source)
				if err != nil || string(got) != test.want {
					t.Errorf("%s: %s, %v; want %s", name, got, err, test.want)
				}
			}
			if n != 1 {
				t.Errorf("%s: %d rows", name, n)
			}
		}
	}
}
