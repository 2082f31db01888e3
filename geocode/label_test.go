package geocode_test

import (
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// TestLabels makes a city whose doors have a label and nothing else, as lists of many cities are, and asks for each by its
// label and by its road and number.
func TestLabels(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing runs beside it")
	}
	_, w := city(t)
	log := indextest.NewLog()
	g := geocode.New()
	doors, _ := w.Layer("addresses")
	for _, name := range []string{"districts", "villages"} {
		l, _ := w.Layer(name)
		changes := []data.Change{indextest.Define(l.Def())}
		for s := range l.Slots() {
			f := l.Feature(s)
			changes = append(changes, indextest.Put(name, f.ID, f.Shape, f.Values...))
		}
		log.Append(changes...)
	}
	changes := []data.Change{indextest.Define(&data.Layer{
		Name: "plates", Geometry: data.GeometryPoint, Roles: data.Roles{Address: &data.AddressRole{Label: "full"}}, Attributes: []data.Attribute{{Name: "full", Type: data.Text}},
	})}
	var labels, short []string
	def := doors.Def()
	for s := range doors.Slots() {
		if s%23 != 0 {
			continue
		}
		p, _ := doors.Point(s)
		text := func(name string) string { return doors.Value(s, def.AttributeIndex(name)).Text() }
		label := text("full")
		if n := text("number"); text("road") == "" || !strings.Contains(n, "號") || strings.Contains(text("road"), "鄰") {
			continue
		}
		changes = append(changes, indextest.Put("plates", doors.ID(s), geo.PointShape(p), data.TextValue(data.Text, label)))
		labels = append(labels, label)
		short = append(short, text("road")+text("section")+text("lane")+text("alley")+text("number"))
	}
	log.Append(changes...)
	e := index.NewEngine(log)
	e.Follow(g)
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for i, label := range labels {
		for _, text := range []string{label, short[i]} {
			places, _ := g.Search(geocode.Question{Text: text, Limit: 3})
			found := false
			for _, p := range places {
				found = found || normal.Of(p.Label).String() == normal.Of(label).String()
			}
			if !found {
				if wrong++; wrong < 20 {
					t.Logf("%s: %+v", text, places)
				}
			}
		}
	}
	t.Logf("%d of %d labels, by themselves and without areas: %d are not found", len(labels), doors.Len(), wrong)
	if wrong*100 > len(labels) {
		t.Errorf("%d of %d are not found", wrong, 2*len(labels))
	}
	for text, want := range map[string]string{
		"Hauptstraße 5": "Hauptstraße 5, Lauf", "hauptstrasse 5": "Hauptstraße 5, Lauf", "25 Broadway": "25 Broadway, Cambridge, MA",
		"荣华小区5号楼": "西关区荣华小区5号楼", "市民大道12号": "台北市市民大道12号", "三里屯路3号": "朝阳区三里屯路3号", "中市街8号": "大东区中市街8号",
	} {
		log.Append(indextest.Put("plates", "x", geo.PointShape(geo.Point{X: 1, Y: 1}), data.TextValue(data.Text, want)))
		e := index.NewEngine(log)
		e.Follow(g)
		if err := e.Load(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if places, _ := g.Search(geocode.Question{Text: text}); len(places) == 0 || places[0].Label != want {
			t.Errorf("%s: %+v, want %s", text, places, want)
		}
	}
}
