package houses_test

import (
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/number"
)

// TestAlong walks along a street that goes 100 m to the north and then to the east, with odd doors 10 m to the west of the even
// ones, and one that has doors 80 m apart.
func TestAlong(t *testing.T) {
	at := func(east, north float64) geo.Point {
		p, _ := geo.FromDegrees(116.4+east/85_400, 39.9+north/111_020)
		return p
	}
	street, sparse := houses.Street{Road: 1}, houses.Street{Road: 2}
	var streets []houses.Street
	var doors []houses.Door
	put := func(s houses.Street, n uint32, p geo.Point) {
		streets, doors = append(streets, s), append(doors, houses.Door{Number: number.Number{Base: n}, At: p, ID: uint32(len(doors))})
	}
	for i := range uint32(6) {
		put(street, 2+2*i, at(0, 20*float64(i)))
		put(street, 1+2*i, at(-10, 20*float64(i)+3))
	}
	for i := range uint32(5) {
		put(street, 14+2*i, at(20*float64(i+1), 100))
	}
	for i := range uint32(4) {
		put(sparse, 2+2*i, at(500, 80*float64(i)))
	}
	ix := houses.New(func(yield func(houses.Street, houses.Door) bool) {
		for i := range doors {
			if !yield(streets[i], doors[i]) {
				return
			}
		}
	})
	for _, test := range []struct {
		street          houses.Street
		from            geo.Point
		bearing, metres float64
		want            geo.Point
		ok              bool
	}{
		{street, at(0, 20), 0, 50, at(0, 70), true},
		{street, at(0, 20), 20, 50, at(0, 70), true}, // about there
		{street, at(0, 60), 180, 50, at(0, 10), true},
		{street, at(0, 60), 0, 60, at(20, 100), true}, // around the corner
		{street, at(0, 60), 0, 80, at(0, 0), false},   // too far around it
		{street, at(-10, 23), 0, 50, at(-10, 73), true},
		{street, at(0, 20), 90, 50, at(0, 0), false},  // the street does not go there
		{street, at(0, 20), 180, 50, at(0, 0), false}, // it ends
		{sparse, at(500, 80), 0, 50, at(0, 0), false}, // nobody knows what lies between
		{sparse, at(700, 80), 0, 50, at(0, 0), false}, // not at the street
		{houses.Street{Road: 3}, at(0, 0), 0, 50, at(0, 0), false},
	} {
		got, ok := ix.Along(test.street, test.from, test.bearing, test.metres)
		if ok != test.ok || ok && geo.Distance(got, test.want) > 1 {
			t.Errorf("%v by %v° for %v m: %v, %v, want %v", test.from, test.bearing, test.metres, got, ok, test.want)
		}
	}
}
