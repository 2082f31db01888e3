package data_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/drawing"
	"github.com/gewu-city/gewu/data/partcode"
	"github.com/gewu-city/gewu/geo"
)

func TestSymbols(t *testing.T) {
	kind := []data.Attribute{{Name: "kind", Type: data.Text}}
	part := data.Roles{Part: &data.PartRole{Class: "kind"}}
	many := map[string]string{}
	for i := range drawing.MaxSymbols + 1 {
		many[strings.Repeat("x", i)] = "lamp"
	}
	for _, test := range []struct {
		name     string
		geometry data.GeometryKind
		roles    data.Roles
		symbols  data.Symbols
		field    string
		chooser  string
	}{
		{"none", data.GeometryPolygon, data.Roles{}, data.Symbols{}, "", ""},
		{"one for all", data.GeometryPoint, data.Roles{}, data.Symbols{Default: "street-tree"}, "", ""},
		{"by an attribute", data.GeometryPoint, part, data.Symbols{Attribute: "kind", Values: map[string]string{"a": "lamp"}}, "", "kind"},
		{"by the class of parts", data.GeometryPoint, part, data.Symbols{Values: map[string]string{"a": "lamp"}}, "", "kind"},
		{"of polygons", data.GeometryPolygon, data.Roles{}, data.Symbols{Default: "lamp"}, "symbols", ""},
		{"by no attribute", data.GeometryPoint, data.Roles{}, data.Symbols{Values: map[string]string{"a": "lamp"}}, "symbols.attribute", ""},
		{"by an attribute that is not there", data.GeometryPoint, data.Roles{}, data.Symbols{Attribute: "size", Default: "lamp"}, "symbols.attribute", "size"},
		{"a wrong name", data.GeometryPoint, data.Roles{}, data.Symbols{Default: "Lamp"}, "symbols.default", ""},
		{"a wrong name of a value", data.GeometryPoint, part, data.Symbols{Values: map[string]string{"a": "../lamp"}}, "symbols.values.a", "kind"},
		{"too many", data.GeometryPoint, part, data.Symbols{Values: many}, "symbols.values", "kind"},
	} {
		l := &data.Layer{Name: "l", Geometry: test.geometry, Roles: test.roles, Symbols: test.symbols, Attributes: kind}
		err := l.Validate()
		var field *data.FieldError
		switch {
		case test.field == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.field != "" && (!errors.As(err, &field) || field.Field != test.field):
			t.Errorf("%s: %v, want field %s", test.name, err, test.field)
		}
		if got := l.Chooser(); got != test.chooser {
			t.Errorf("%s: chosen by %q, want %q", test.name, got, test.chooser)
		}
	}
}

func TestCheckNamesTheField(t *testing.T) {
	l := &data.Layer{
		Name: "lamps", Geometry: data.GeometryPoint,
		Attributes: []data.Attribute{{Name: "no", Type: data.Code, Required: true}, {Name: "height", Type: data.Number}},
	}
	if err := l.Validate(); err != nil {
		t.Fatal(err)
	}
	place := geo.PointShape(geo.Point{X: 1_215_000_000, Y: 250_000_000})
	no := data.TextValue(data.Code, "1")
	for _, test := range []struct {
		name  string
		f     data.Feature
		field string
	}{
		{"fits", data.Feature{ID: "1", Shape: place, Values: []data.Value{no, data.NumberValue(5)}}, ""},
		{"trailing nulls may be left out", data.Feature{ID: "1", Shape: place, Values: []data.Value{no}}, ""},
		{"no id", data.Feature{Shape: place, Values: []data.Value{no}}, "id"},
		{"id too long", data.Feature{ID: strings.Repeat("長", 43), Shape: place, Values: []data.Value{no}}, "id"},
		{"id with a control character", data.Feature{ID: "a\nb", Shape: place, Values: []data.Value{no}}, "id"},
		{"no geometry", data.Feature{ID: "1", Values: []data.Value{no}}, "geometry"},
		{"required", data.Feature{ID: "1", Shape: place}, "properties.no"},
		{"other type", data.Feature{ID: "1", Shape: place, Values: []data.Value{no, data.IntValue(5)}}, "properties.height"},
		{"not a number", data.Feature{ID: "1", Shape: place, Values: []data.Value{no, data.NumberValue(math.NaN())}}, "properties.height"},
		{"infinite", data.Feature{ID: "1", Shape: place, Values: []data.Value{no, data.NumberValue(math.Inf(-1))}}, "properties.height"},
		{"bad UTF-8", data.Feature{ID: "1", Shape: place, Values: []data.Value{data.TextValue(data.Code, "\xff")}}, "properties.no"},
		{"too many values", data.Feature{ID: "1", Shape: place, Values: make([]data.Value, 3)}, "properties"},
	} {
		err := l.Check(&test.f)
		var field *data.FieldError
		switch {
		case test.field == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.field != "" && (!errors.As(err, &field) || field.Field != test.field):
			t.Errorf("%s: %v, want field %s", test.name, err, test.field)
		}
	}
}

func TestValidateNamesEveryFault(t *testing.T) {
	l := &data.Layer{
		Name: "City", Geometry: "blob", Zoom: data.ZoomRange{Min: 9, Max: 3}, ID: data.IDRule{Attribute: "x", Generate: "ulid"},
		Roles:      data.Roles{Area: &data.AreaRole{Level: "Bad Level", Code: "nope"}},
		Attributes: []data.Attribute{{Name: "id", Type: data.Text}, {Name: "tree_type", Type: "blob"}, {Name: "TreeType", Type: data.Text, Zone: "Mars/Base"}},
	}
	err := l.Validate()
	if err == nil {
		t.Fatal("a definition full of faults is valid")
	}
	for _, field := range []string{
		"name:", "geometry:", "zoom:", "id:", "id.attribute:", "roles.area:", "roles.area.level:", "roles.area.code:",
		"attributes[0].name:", "attributes[1].type:", "attributes[2].name:", "attributes[2].zone:",
	} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%s is not named:\n%v", field, err)
		}
	}
	for _, name := range []string{"city", "x_label", "1a", "", strings.Repeat("a", 64)} {
		if (&data.Layer{Name: name, Geometry: data.GeometryNone}).Validate() == nil {
			t.Errorf("the name %q is taken", name)
		}
	}
}

func TestParseValueReadsWhatStringWrites(t *testing.T) {
	for _, test := range []struct {
		typ        data.Type
		text, want string
	}{
		{data.Int, "42", "42"},
		{data.Int, " 5.0 ", "5"},
		{data.Int, "5.5", "error"},
		{data.Int, "1e300", "error"},
		{data.Number, "-0", "0"},
		{data.Number, "1e3", "1000"},
		{data.Number, "NaN", "error"},
		{data.Number, "Inf", "error"},
		{data.Bool, "是", "true"},
		{data.Bool, "N", "false"},
		{data.Bool, "maybe", "error"},
		{data.Date, "2026/1/2", "2026-01-02"},
		{data.Date, "20260102", "2026-01-02"},
		{data.Date, "2026-02-30", "error"},
		{data.Time, "2026-07-31 10:25:09", "2026-07-31T10:25:09Z"},
		{data.Time, "2026-01-31T08:00:00+08:00", "2026-01-31T00:00:00Z"},
		{data.Text, " as it is ", " as it is "},
		{data.Code, "", ""},
		{data.Int, "  ", ""},
	} {
		v, err := data.ParseValue(test.typ, test.text, nil)
		got := v.String()
		if err != nil {
			got = "error"
		}
		if got != test.want {
			t.Errorf("ParseValue(%s, %q) = %q (%v), want %q", test.typ, test.text, got, err, test.want)
			continue
		}
		if err != nil || v.Null() {
			continue
		}
		if again, err := data.ParseValue(test.typ, v.String(), nil); err != nil || again != v {
			t.Errorf("ParseValue(%s, %q) = %v, %v; it was written by %v", test.typ, v.String(), again, err, v)
		}
	}
}

func TestCheckPartCode(t *testing.T) {
	for code, want := range map[string]string{
		"3205080101000001":   "",
		"11010101002000001":  "",
		"":                   "not 0",
		"320508010100001":    "not 15",
		"110101010200100001": "not 18",
		"32050801010000O1":   `'O' at byte 15`,
		"3.20508E+15":        "a spreadsheet has made it a number",
		"３205080101000001":   "'３' at byte 1",
		"0000000101000001":   "district 000000 (digits 1 to 6)",
		"3205080001000001":   "major class 00 (digits 7 to 8); it begins at 01",
		"3205080100000001":   "minor class 00 (digits 9 to 10)",
		"32050801000000001":  "minor class 000 (digits 9 to 11); it begins at 001",
		"3205080101000000":   "sequence 000000 (digits 11 to 16); it begins at 000001",
		"9901010101000001":   "district 990101 (digits 1 to 6): 99 is not a province",
		"3200000101000001":   "320000 is a province; a county-level area is needed",
		"8100000101000001":   "",
	} {
		got := partcode.Check(code)
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

// TestRolesOfRoads checks the parts of roles that name house numbers and other names.
func TestRolesOfRoads(t *testing.T) {
	attributes := []data.Attribute{
		{Name: "i", Type: data.Int}, {Name: "n", Type: data.Number}, {Name: "t", Type: data.Text}, {Name: "d", Type: data.Date}, {Name: "b", Type: data.Bool}, {Name: "at", Type: data.Time},
	}
	for _, test := range []struct {
		name, field string
		roles       data.Roles
	}{
		{"numbers", "", data.Roles{Road: &data.RoadRole{Name: "t", Alias: "t", LeftFrom: "i", LeftTo: "n", RightFrom: "t", RightTo: "i"}}},
		{"a date", "roles.road.left_from", data.Roles{Road: &data.RoadRole{LeftFrom: "d"}}},
		{"a truth", "roles.road.left_to", data.Roles{Road: &data.RoadRole{LeftTo: "b"}}},
		{"a date on the right", "roles.road.right_from", data.Roles{Road: &data.RoadRole{RightFrom: "d"}}},
		{"an unknown one", "roles.road.right_to", data.Roles{Road: &data.RoadRole{RightTo: "x"}}},
		{"an unknown alias of roads", "roles.road.alias", data.Roles{Road: &data.RoadRole{Alias: "x"}}},
		{"an unknown alias of areas", "roles.area.alias", data.Roles{Area: &data.AreaRole{Level: "district", Alias: "x"}}},
		{"an unknown alias of buildings", "roles.building.alias", data.Roles{Building: &data.BuildingRole{Alias: "x"}}},
		{"dates", "", data.Roles{Landmark: &data.LandmarkRole{Name: "t", From: "d", Until: "at"}}},
		{"a text for a date", "roles.landmark.from", data.Roles{Landmark: &data.LandmarkRole{Name: "t", From: "t"}}},
		{"a number for a date", "roles.landmark.until", data.Roles{Landmark: &data.LandmarkRole{Name: "t", Until: "i"}}},
		{"aliases", "", data.Roles{Area: &data.AreaRole{Level: "district", Alias: "t"}, Building: &data.BuildingRole{Alias: "t"}}},
	} {
		err := (&data.Layer{Name: "l", Geometry: data.GeometryPolygon, Roles: test.roles, Attributes: attributes}).Validate()
		var field *data.FieldError
		if test.field == "" && err != nil || test.field != "" && (!errors.As(err, &field) || field.Field != test.field) {
			t.Errorf("%s: %v, want field %q", test.name, err, test.field)
		}
	}
}

// TestFindAttribute checks which attribute a name means: what has it now goes before what had it.
func TestFindAttribute(t *testing.T) {
	l := &data.Layer{
		Name: "lamps", Geometry: data.GeometryNone, Roles: data.Roles{Landmark: &data.LandmarkRole{Name: "label"}},
		Attributes: []data.Attribute{
			{Name: "gone", Type: data.Int, Dropped: true},
			{Name: "height", Type: data.Number, Former: []string{"h", "Gone"}, Was: []data.Type{data.Int}},
			{Name: "label", Type: data.Text},
		},
	}
	if err := l.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"height": 1, "HEIGHT": 1, "h": 1, "H": 1, "gone": 1, "label": 2, "name": -1, "": -1} {
		if got := l.FindAttribute(name); got != want {
			t.Errorf("%q means %d, want %d", name, got, want)
		}
	}
	if i := l.MatchAttribute("name"); i != 2 {
		t.Errorf("the role name is played by %d", i)
	}
	for field, broken := range map[string]data.Attribute{
		"attributes[3].former[0]": {Name: "x", Type: data.Int, Former: []string{"Label"}},
		"attributes[3].name":      {Name: "H_EIGHT", Type: data.Int},
		"attributes[1].former[0]": {Name: "h", Type: data.Int},
		"attributes[3].was[0]":    {Name: "x", Type: data.Int, Was: []data.Type{data.Number}},
		"attributes[3].was[1]":    {Name: "x", Type: data.Int, Was: []data.Type{data.Int, data.Number}},
		"attributes[3].default":   {Name: "x", Type: data.Int, Default: data.NumberValue(1.5)},
		"attributes[3].zone":      {Name: "x", Type: data.Text, Zone: "Asia/Taipei"},
		"attributes[3].ref":       {Name: "x", Type: data.Text, Ref: "lamps"},
		"attributes[3].on_delete": {Name: "x", Type: data.Ref, Ref: "lamps", OnDelete: "set_null", Required: true},
		"attributes[3].unique":    {Name: "x", Type: data.Int, Unique: true},
		"attributes[3].unit":      {Name: "x", Type: data.Int, Unit: "seventeen letters"},
	} {
		wrong := *l
		wrong.Attributes = slices.Concat(l.Attributes, []data.Attribute{broken})
		if err := wrong.Validate(); err == nil || !strings.Contains(err.Error(), field+":") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestAdapterFollowsTheTypes(t *testing.T) {
	a := data.Attribute{Name: "x", Type: data.Code, Was: []data.Type{data.Date, data.Time, data.Text}, Zone: "Asia/Taipei"}
	adapter := a.Adapter()
	for _, test := range []struct{ v, want data.Value }{
		{data.Value{}, data.Value{}},
		{data.WordValue(data.Date, 0), data.TextValue(data.Code, "1969-12-31T16:00:00Z")},
		{data.WordValue(data.Time, 0), data.TextValue(data.Code, "1970-01-01T00:00:00Z")},
		{data.TextValue(data.Text, "x"), data.TextValue(data.Code, "x")},
		{data.TextValue(data.Code, "x"), data.TextValue(data.Code, "x")},
		{data.IntValue(5), data.Value{}},
	} {
		if got := adapter.Value(test.v); got != test.want {
			t.Errorf("%v %q became %v %q, want %q", test.v.Type(), test.v, got.Type(), got, test.want)
		}
	}
	a = data.Attribute{Type: data.Text, Was: []data.Type{data.Int, data.Number}}
	adapter = a.Adapter()
	if got := adapter.Value(data.IntValue(1<<53 + 1)); got.Text() != "9007199254740992" {
		t.Errorf("an int that became a number before it became text: %q", got)
	}
}
