package data_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

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
