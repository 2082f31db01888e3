package compare_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/compare"
	"github.com/gewu-city/gewu/index/indextest"
)

var lamps = &data.Layer{
	Name: "lamps", Geometry: data.GeometryPoint,
	Attributes: []data.Attribute{{Name: "name", Type: data.Text}, {Name: "height", Type: data.Number}},
}

func pointAt(x, y int32) geo.Shape {
	return geo.PointShape(geo.Point{X: 1_215_654_000 + x, Y: 250_330_000 + y})
}

// erasedLog is a log whose history is complete from a horizon on.
type erasedLog struct {
	*indextest.Log
	horizon data.Seq
}

func (l erasedLog) Horizon() data.Seq { return l.horizon }

// TestFinds loads Worlds from checkpoints that are not what the log says, and looks for what is wrong in the report.
func TestFinds(t *testing.T) {
	lamp := func(id string, height float64) data.Change {
		return indextest.Put("lamps", id, pointAt(1, 2), data.TextValue(data.Text, id), data.NumberValue(height))
	}
	log := indextest.NewLog()
	log.Append(indextest.Define(lamps))
	log.Append(lamp("a", 1), lamp("b", 2))
	log.Append(lamp("a", 3), indextest.End("lamps", "b"))
	office := data.Admin{Kind: data.AdminOrganisation, ID: "1", Body: []byte(`{"level":"street"}`)}
	last := log.Append(office.Put())
	sound := func() []data.Record {
		a, b := lamp("a", 3), indextest.End("lamps", "b")
		a.Permanent, b.Permanent = 1, 2
		return []data.Record{{Seq: 1, Change: indextest.Define(lamps)}, {Seq: 3, Change: a}, {Seq: 3, Change: b}, {Seq: 4, Change: office.Put()}}
	}
	for name, test := range map[string]struct {
		spoil func(records []data.Record) []data.Record
		want  string
	}{
		"in order":        {func(r []data.Record) []data.Record { return r }, ""},
		"content":         {func(r []data.Record) []data.Record { r[1].Change.Feature.Values[1] = data.NumberValue(7); return r }, "content differs"},
		"place":           {func(r []data.Record) []data.Record { r[1].Change.Feature.Shape = pointAt(1, 3); return r }, "content differs"},
		"seq":             {func(r []data.Record) []data.Record { r[1].Seq = 2; return r }, `feature "a": is {Seq:2`},
		"permanent id":    {func(r []data.Record) []data.Record { r[1].Change.Permanent = 9; return r }, "Permanent:9"},
		"alive":           {func(r []data.Record) []data.Record { r[2].Change = lamp("b", 2); r[2].Change.Permanent = 2; return r }, "2 features of 2 ids"},
		"feature missing": {func(r []data.Record) []data.Record { return append(r[:2], r[3]) }, "1 features of 1 ids"},
		"record": {func(r []data.Record) []data.Record {
			other := office
			other.Body = []byte(`{"level":"district"}`)
			r[3].Change = other.Put()
			return r
		}, "admin records of the world"},
		"record missing": {func(r []data.Record) []data.Record { return r[:3] }, "admin records of the world"},
		"layer missing":  {func([]data.Record) []data.Record { return nil }, "has the layers []"},
		"definition": {func(r []data.Record) []data.Record {
			other := *lamps
			other.Title = data.Title{"en": "Other"}
			r[0].Change = indextest.Define(&other)
			return r
		}, "is defined at seq 1"},
	} {
		shared := log.Share()
		shared.Records, shared.Mark = test.spoil(sound()), last
		e := index.NewEngine(shared)
		if err := e.Load(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		var found []string
		if err := compare.World(t.Context(), e.World(), shared, func(p string) { found = append(found, p) }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text := strings.Join(found, "\n"); (test.want == "") != (text == "") || !strings.Contains(text, test.want) {
			t.Errorf("%s: report is %q, want %q in it", name, text, test.want)
		}
	}
	e := indextest.Start(t, log.Share())
	gone, horizon := erasedLog{Log: log, horizon: last + 1}, (*index.HorizonError)(nil)
	if err := compare.World(t.Context(), e.World(), gone, func(string) {}); !errors.As(err, &horizon) {
		t.Errorf("with a horizon behind the world: %v", err)
	}
}
