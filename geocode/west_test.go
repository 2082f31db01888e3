package geocode_test

import (
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
)

// TestWest states crossings and addresses as they are said in America, Germany and France.
func TestWest(t *testing.T) {
	g := geocode.New()
	log := small(t)
	text := func(s string) data.Value { return data.TextValue(data.Text, s) }
	var changes []data.Change
	for i, name := range []string{"West Elm Street", "Hauptstraße", "Boulevard Saint-Michel", "Karl-Marx-Allee"} {
		y := 50 + 200*float64(i)
		line, err := geo.NewShape(geo.KindLine, []geo.Point{at(t, 0, y), at(t, 1000, y)}, []uint32{2}, nil)
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes,
			indextest.Put("streets", name, line, text(name)),
			indextest.Put("doors", name, geo.PointShape(at(t, 500, y+8)), text(name+" 12"), text(name), text("12")))
	}
	line, err := geo.NewShape(geo.KindLine, []geo.Point{at(t, 100, 0), at(t, 100, 1000)}, []uint32{2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	log.Append(append(changes, indextest.Put("streets", "v", line, text("Rue Victor Hugo")))...)
	e := index.NewEngine(log)
	e.Follow(g)
	if err := e.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	sure, small := [2]int{90, 100}, [2]float64{0, 40}
	for _, test := range []stated{
		{"12 w. elm", "house West Elm Street 12", 500, 58, 1, small, sure, "road shortened"},
		{"the corner of Oak and W Elm", "crossing Oak Street / West Elm Street", 700, 50, 1, small, sure, "road shortened, road shortened"},
		{"Karl Marx Allee 12", "house Karl-Marx-Allee 12", 500, 658, 1, small, sure, ""},
		{"12 bd St Michel", "house Boulevard Saint-Michel 12", 500, 458, 1, small, sure, ""},
		{"Ecke Hauptstr. und Oak Street", "crossing Hauptstraße / Oak Street", 700, 250, 1, small, sure, ""},
		{"gegenüber Hauptstraße 12", "house opposite Hauptstraße 12", 500, 242, 1, small, sure, "relation approximate"},
		{"à l'angle de la rue Victor Hugo et du bd Saint-Michel", "crossing Rue Victor Hugo / Boulevard Saint-Michel", 100, 450, 1, small, sure, ""},
		{"en face du 12 boulevard Saint-Michel", "house opposite Boulevard Saint-Michel 12", 500, 442, 1, small, sure, "relation approximate"},
		{"Karl-Marx-Allee between Oak St and Rue Victor Hugo", "road between Karl-Marx-Allee", 400, 650, 5, [2]float64{300, 330}, [2]int{60, 89}, "relation approximate"},
	} {
		check(t, g, &test)
	}
}
