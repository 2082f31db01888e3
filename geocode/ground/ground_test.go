package ground_test

import (
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/ground"
)

func TestGround(t *testing.T) {
	at := func(east, north float64) geo.Point {
		p, _ := geo.FromDegrees(116.4+east/85_400, 39.9+north/111_020)
		return p
	}
	var east, north []geo.Point
	for i := range 10 {
		east, north = append(east, at(100*float64(i), 480)), append(north, at(510, 100*float64(i)))
	}
	all := func(int) bool { return true }
	met := ground.Meet(east, north, all)
	if len(met) != 1 || geo.Distance(met[0].At, at(505, 490)) > 2 || met[0].Gap > 25 || met[0].Gap < 20 {
		t.Errorf("%+v", met)
	}
	if met := ground.Meet(east, north, func(int) bool { return false }); len(met) != 0 {
		t.Errorf("%+v without leave to look", met)
	}
	if met := ground.Meet(east, []geo.Point{at(500, 700)}, all); len(met) != 0 {
		t.Errorf("%+v of roads that do not come near", met)
	}
	middle, radius := ground.Middle([]geo.Point{at(0, 0), at(40, 0), at(100, 0)})
	if geo.Distance(middle, at(40, 0)) > 1 || radius < 59 || radius > 61 {
		t.Errorf("%v within %v m", middle, radius)
	}
	if p := ground.Moved(at(0, 0), 90, 50); geo.Distance(p, at(50, 0)) > 1 {
		t.Errorf("%v", p)
	}
}
