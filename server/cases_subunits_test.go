package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/people"
)

// TestCasesOfEntrances has the head of an entrance (楼门长, S14) get what happens in it, see it, and find it in lists by the entrance;
// the head of the next entrance of the same tower sees of it what the public sees, and the case keeps its cell.
func TestCasesOfEntrances(t *testing.T) {
	o := working(t, "base", nil)
	houses := &data.Layer{Name: "houses", Geometry: data.GeometryPolygon, Attributes: []data.Attribute{{Name: "name", Type: data.Text}}, Roles: data.Roles{Building: &data.BuildingRole{Name: "name"}}}
	doorways := &data.Layer{
		Name: "doorways", Geometry: data.GeometryPoint, Roles: data.Roles{Entrance: &data.NameRole{Name: "name"}},
		Attributes: []data.Attribute{{Name: "name", Type: data.Text}, {Name: "house", Type: data.Ref, Ref: "houses"}},
	}
	define := func(def *data.Layer) data.Change {
		return data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: def.Name, Definition: def}
	}
	o.put(data.Tx{Changes: []data.Change{define(houses), define(doorways)}})
	feature := func(def *data.Layer, text string) data.Change {
		f, err := convert.DecodeFeature(def, []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		return data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: def.Name, Feature: f}
	}
	door := func(id string, lon float64) data.Change {
		return feature(doorways, fmt.Sprintf(`{"type":"Feature","id":%q,"geometry":{"type":"Point","coordinates":[%v,25.00299]},"properties":{"name":%q,"house":"tower"}}`, id, lon, id))
	}
	o.put(data.Tx{Changes: []data.Change{
		feature(houses, `{"type":"Feature","id":"tower","geometry":`+lot(121.503, 25.003, 121.5036, 25.0031)+`,"properties":{"name":"高楼"}}`), door("d1", 121.5031), door("d2", 121.5034),
	}})
	head := func(id, entrance string) data.Change {
		return record(t, people.Staff{ID: id, Name: id, Holdings: []people.Holding{{Post: "entrance-head", Organisation: "watch", Scheme: "doorways", Cells: []string{entrance}}}})
	}
	o.put(data.Tx{Changes: []data.Change{
		record(t, people.Organisation{ID: "watch", Title: data.Title{"zh": "楼门长", "en": "Heads of entrances"}, Level: "grid"}),
		record(t, people.Post{
			ID: "entrance-head", Title: data.Title{"zh": "楼门长", "en": "Head of an entrance"}, Duty: people.RoleStaff, Permissions: []people.Permission{people.Cases},
			Layers: []people.Grant{{Layers: []string{people.AnyLayer}, Read: true, Area: people.AreaCells}},
		}),
	}})
	o.put(data.Tx{Changes: []data.Change{head("e1", "d1"), head("e2", "d2")}})
	c := o.begin("operator", "report", `{"source":"hotline","description":"楼道堆物","class":{"kind":"event","code":"0204"},"point":{"lon":121.5031,"lat":25.00305}}`)
	if c.Duty == nil || c.Duty.Rule != "fallback:subunit" || c.Duty.Organisation != "watch" {
		t.Errorf("the duty is %+v", c.Duty)
	}
	path := "/v1/cases/" + c.ID
	if a := o.get("e1", path); a.status != 200 || !strings.Contains(a.body, "楼道堆物") || !strings.Contains(a.body, `{"scheme":"unit","code":"A111-00"},{"scheme":"doorways","code":"d1"}`) {
		t.Errorf("whose entrance it is: %d %s", a.status, a.body)
	}
	if a := o.get("e2", path); strings.Contains(a.body, "楼道堆物") {
		t.Errorf("the head of the next entrance: %d %s", a.status, a.body)
	}
	for query, want := range map[string]int{"doorways/d1": 1, "doorways/d2": 0, "unit/A111-00": 1} {
		if got := len(read[struct{ Cases []caseView }](t, o.get("operator", "/v1/cases?cell="+query)).Cases); got != want {
			t.Errorf("%s has %d cases instead of %d", query, got, want)
		}
	}
	// Beside the tower nobody but the ground is asked.
	if c := o.begin("operator", "report", `{"source":"hotline","description":"路面积水","class":{"kind":"event","code":"0204"},"point":{"lon":121.508,"lat":25.008}}`); c.Duty == nil || c.Duty.Rule == "fallback:subunit" {
		t.Errorf("on open ground: %+v", c.Duty)
	}
}
