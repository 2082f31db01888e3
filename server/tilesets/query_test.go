package tilesets

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

// TestSlow: a filter is slow by what it asks and of how many features.
func TestSlow(t *testing.T) {
	town := tiletest.NewCity(t)
	var changes []data.Change
	for _, layer := range []string{"few", "many"} {
		town.Apply(indextest.Define(&data.Layer{Name: layer, Geometry: data.GeometryPoint, Attributes: []data.Attribute{{Name: "kind", Type: data.Text}}}))
	}
	for i := range 40_000 {
		layer := "many"
		if i < 100 {
			layer = "few"
		}
		changes = append(changes, indextest.Put(layer, fmt.Sprint(i), geo.PointShape(geo.Point{X: int32(i)}), data.TextValue(data.Text, "x")))
	}
	w := town.Apply(changes...)
	api := &API{City: &city.City{}}
	long := "kind = 'x'"
	for i := range 120 {
		long = fmt.Sprintf("kind LIKE '%%a%%b%%%d%%' OR ", i) + long
	}
	for _, c := range []struct {
		layer, filter string
		slow          bool
	}{
		{"many", "kind = 'x'", false}, {"many", long, true}, {"few", long, false}, {"few,many", long, true},
	} {
		set, err := tiles.Resolve(w, c.layer)
		if err != nil {
			t.Fatal(err)
		}
		p := rest.ParseParams(httptest.NewRequest(http.MethodGet, "/?filter="+url.QueryEscape(c.filter), nil))
		q, err := api.query(p, set, w)
		if err != nil || q.Slow != c.slow {
			t.Errorf("%s, %.40s: slow is %v, %v", c.layer, c.filter, q.Slow, err)
		}
	}
}
