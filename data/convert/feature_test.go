package convert_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo"
)

func TestDecodeFeature(t *testing.T) {
	const place = `"geometry":{"type":"Point","coordinates":[121.5,25,10]}`
	long := strings.Repeat("x", 200)
	for name, test := range map[string]struct{ text, want string }{
		"all types": {
			`{"type":"Feature","id":"a",` + place + `,"properties":{"name":"x","n":5.0,"size":1e3,"open":true,"day":"2026-01-31","at":"2026-01-31 08:00:00","class":"0101","owner":"o1"},"seq":7}`,
			`{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[121.5,25]},"properties":{"name":"x","n":5,"size":1000,"open":true,"day":"2026-01-31","at":"2026-01-31T00:00:00Z","class":"0101","owner":"o1"}}`,
		},
		"folded names, number as text": {
			`{"type":"Feature","id":12,` + place + `,"properties":{"NAME":7,"open":null,"class":""}}`,
			`{"type":"Feature","id":"12","geometry":{"type":"Point","coordinates":[121.5,25]},"properties":{"name":"7","n":null,"size":null,"open":null,"day":null,"at":null,"class":null,"owner":null}}`,
		},
		"new id":            {`{"type":"Feature",` + place + `}`, `{"type":"Feature","id":"new"`},
		"not JSON":          {`{"type":`, "feature: is not JSON at byte 8: unexpected end of JSON input"},
		"two values":        {`{} {}`, "feature: is not JSON at byte 4"},
		"no object":         {`[]`, `feature: is not a GeoJSON Feature (value "[]")`},
		"no UTF-8":          {"{\"type\":\"Feature\",\"id\":\"\xff\"}", "feature: is not UTF-8"},
		"no type":           {`{}`, `type: must be Feature`},
		"bare geometry":     {`{"type":"Point","coordinates":[1,2]}`, `type: must be Feature (value "Point")`},
		"unknown property":  {`{"type":"Feature","id":"a",` + place + `,"properties":{"height":1}}`, `properties.height: is not an attribute of layer points; its attributes are name, n, size`},
		"twice":             {`{"type":"Feature","id":"a",` + place + `,"properties":{"n":1,"N":2}}`, `properties.n: is given twice`},
		"text for int":      {`{"type":"Feature","id":"a",` + place + `,"properties":{"n":"5"}}`, `properties.n: must be int (value "\"5\"")`},
		"text for number":   {`{"type":"Feature","id":"a",` + place + `,"properties":{"size":"tall"}}`, `properties.size: must be number (value "\"tall\"")`},
		"fraction for int":  {`{"type":"Feature","id":"a",` + place + `,"properties":{"n":5.5}}`, `properties.n: is not a whole number (value "5.5")`},
		"number for bool":   {`{"type":"Feature","id":"a",` + place + `,"properties":{"open":1}}`, `properties.open: must be bool (value "1")`},
		"number for date":   {`{"type":"Feature","id":"a",` + place + `,"properties":{"day":20260131}}`, `properties.day: must be date (value "20260131")`},
		"wrong date":        {`{"type":"Feature","id":"a",` + place + `,"properties":{"day":"` + long + `"}}`, `properties.day: is not a date like 2026-01-31 (value "xxx`},
		"object for text":   {`{"type":"Feature","id":"a",` + place + `,"properties":{"name":{}}}`, `properties.name: must be text (value "{}")`},
		"no properties":     {`{"type":"Feature","id":"a",` + place + `,"properties":[]}`, `properties: must be an object (value "[]")`},
		"wrong id":          {`{"type":"Feature","id":{},` + place + `}`, `id: must be a string or a number`},
		"control in id":     {`{"type":"Feature","id":"a\u0001",` + place + `}`, `id: must be UTF-8 without control characters`},
		"no geometry":       {`{"type":"Feature","id":"a"}`, `geometry: is missing; the layer holds point`},
		"other geometry":    {`{"type":"Feature","id":"a","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}}`, `geometry: the layer holds point (value "line")`},
		"outside":           {`{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[121.5,250]}}`, `geometry: coordinate 121.5, 250 is not a longitude and latitude`},
		"no coordinates":    {`{"type":"Feature","id":"a","geometry":{"type":"Point"}}`, `geometry: coordinates are missing`},
		"text coordinates":  {`{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":["1","2"]}}`, `geometry: coordinate "1" is not a number`},
		"nested too deeply": {`{"type":"Feature","id":"a","geometry":` + strings.Repeat(`{"type":"GeometryCollection","geometries":[`, 12) + strings.Repeat(`]}`, 12) + `}`, `geometry: `},
	} {
		t.Run(name, func(t *testing.T) {
			layer := points(t)
			f, err := convert.DecodeFeature(layer, []byte(test.text), func() (string, error) { return "new", nil })
			got := string(convert.AppendFeature(nil, layer, &f))
			if err != nil {
				got = err.Error()
				var field *data.FieldError
				if !errors.As(err, &field) || len(field.Value) > 100 {
					t.Errorf("%#v", err)
				}
			}
			if !strings.HasPrefix(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestDecodeFeatureIDs(t *testing.T) {
	feature := func(id, code string) []byte {
		return fmt.Appendf(nil, `{"type":"Feature","id":%s,"properties":{"code":%s}}`, id, code)
	}
	broken := func() (string, error) { return "", errors.New("no randomness") }
	for name, test := range map[string]struct {
		rule     data.IDRule
		id, code string
		newID    func() (string, error)
		want     string // id, code or error
	}{
		"own id differs":       {data.IDRule{Attribute: "code"}, `"a"`, `"b"`, nil, `id: must be "b", the value of code (value "a")`},
		"own id is it":         {data.IDRule{Attribute: "code"}, `"a"`, `"a"`, nil, "a a"},
		"own id fills":         {data.IDRule{Attribute: "code"}, `"a"`, `null`, nil, "a a"},
		"attribute":            {data.IDRule{Attribute: "code"}, `null`, `"b"`, nil, "b b"},
		"attribute missing":    {data.IDRule{Attribute: "code"}, `null`, `null`, nil, "code: is missing; it holds the id"},
		"pattern":              {data.IDRule{Pattern: "part"}, `null`, `"3205080101000001"`, nil, "3205080101000001 3205080101000001"},
		"pattern fills":        {data.IDRule{Pattern: "part"}, `"11010101002000001"`, `null`, nil, "11010101002000001 11010101002000001"},
		"pattern differs":      {data.IDRule{Pattern: "part"}, `"11010101002000001"`, `"3205080101000001"`, nil, `id: must be "3205080101000001", the value of code (value "11010101002000001")`},
		"pattern not met":      {data.IDRule{Pattern: "part"}, `null`, `"b"`, nil, `id: must be digits only; 'b' at byte 1 is none (value "b")`},
		"ulid":                 {data.IDRule{Generate: "ulid"}, `null`, `"b"`, func() (string, error) { return "new", nil }, "new b"},
		"ulid without source":  {data.IDRule{Generate: "ulid"}, `null`, `"b"`, nil, "id: is missing"},
		"ulid with own":        {data.IDRule{Generate: "ulid"}, `"a"`, `"b"`, broken, "a b"},
		"source broken":        {data.IDRule{}, `null`, `"b"`, broken, "id: no randomness"},
		"hash":                 {data.IDRule{Generate: "hash"}, `null`, `"b"`, nil, "hvnujpahs45cwholwcdu b"},
		"hash of nothing":      {data.IDRule{Generate: "hash"}, `null`, `null`, nil, "347wdgaevex5wqcxdew4 "},
		"hash with own number": {data.IDRule{Generate: "hash"}, `1.50e1`, `"b"`, nil, "15 b"},
	} {
		t.Run(name, func(t *testing.T) {
			layer := &data.Layer{
				Name: "l", Geometry: data.GeometryNone, ID: test.rule, Roles: data.Roles{Part: &data.PartRole{Code: "code"}},
				Attributes: []data.Attribute{{Name: "code", Type: data.Code}},
			}
			f, err := convert.DecodeFeature(layer, feature(test.id, test.code), test.newID)
			got := f.ID + " " + f.Value(0).Text()
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestHashIgnoresNewAttributes keeps ids when a layer grows.
func TestHashIgnoresNewAttributes(t *testing.T) {
	layer := points(t)
	layer.ID.Generate = "hash"
	text := []byte(`{"type":"Feature","geometry":{"type":"Point","coordinates":[121.5,25]},"properties":{"name":"x"}}`)
	before, err := convert.DecodeFeature(layer, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	layer.Attributes = append(layer.Attributes, data.Attribute{Name: "later", Type: data.Text})
	after, err := convert.DecodeFeature(layer, text, nil)
	if err != nil || before.ID != after.ID || len(before.ID) != 20 {
		t.Errorf("%q, then %q, %v", before.ID, after.ID, err)
	}
}

func TestAppendFeature(t *testing.T) {
	layer := &data.Layer{Name: "l", Geometry: data.GeometryPoint, Attributes: []data.Attribute{
		{Name: "text", Type: data.Text}, {Name: "number", Type: data.Number}, {Name: "n", Type: data.Int},
	}}
	f := data.Feature{
		ID:    "a\"\\\n\x01\u2028里",
		Shape: geo.PointShape(geo.Point{X: -1, Y: 90 * geo.Unit}),
		Values: []data.Value{
			data.TextValue(data.Text, "tab\t\xff"), data.NumberValue(1234567), data.IntValue(-9007199254740993),
		},
	}
	got := string(convert.AppendFeature([]byte("> "), layer, &f, convert.Member{Name: "seq", Value: []byte("7")}))
	want := `> {"type":"Feature","id":"a\"\\\n\u0001` + "\u2028" + `里","geometry":{"type":"Point","coordinates":[-0.0000001,90]},` +
		`"properties":{"text":"tab\u0009` + "\uFFFD" + `","number":1234567,"n":-9007199254740993},"seq":7}`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	f.Values = nil
	if got := convert.AppendFeature(nil, layer, &f); !strings.Contains(string(got), `"properties":{"text":null,"number":null,"n":null}`) {
		t.Error(string(got))
	}
}
