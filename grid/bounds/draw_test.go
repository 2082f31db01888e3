package bounds_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/bounds"
	"github.com/gewu-city/gewu/index/indextest"
)

// town has streets every 1000 units: column streets 纵0 … 纵4 and row streets 横0 … 横4, each from 0 to 4000, and what a test adds.
func town() streets {
	s := streets{}
	for i := range int32(5) {
		s["纵"+string('0'+i)+"路"] = [][]geo.Point{{at(1000*i, 0), at(1000*i, 4000)}}
		s["横"+string('0'+i)+"街"] = [][]geo.Point{{at(0, 1000*i), at(4000, 1000*i)}}
	}
	return s
}

// origin is where a unit is about a centimetre.
var origin = geo.Point{X: 1_160_000_000, Y: 10_000_000}

func at(x, y int32) geo.Point { return geo.Point{X: origin.X + 100*x, Y: origin.Y + 100*y} }

func rect(x0, y0, x1, y1 int32) geo.Shape {
	a, b := at(x0, y0), at(x1, y1)
	return indextest.Rect(a.X, a.Y, b.X, b.Y)
}

func draw(t *testing.T, text string, ways bounds.Ways) ([]bounds.Ground, error) {
	t.Helper()
	s, err := bounds.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return bounds.Draw(s, ways)
}

// same reports whether two shapes have the same ground.
func same(a, b geo.Shape) bool {
	common := geo.OverlapArea(a, b)
	return common > (1-1e-9)*a.Area() && common > (1-1e-9)*b.Area()
}

func TestDraw(t *testing.T) {
	t.Parallel()
	s := town()
	s["环路"] = [][]geo.Point{{at(500, 500), at(3500, 500), at(3500, 3500), at(500, 3500), at(500, 500)}}
	s["短街"] = [][]geo.Point{{at(1010, 2500), at(2990, 2500)}}
	s["折路"] = [][]geo.Point{{at(2000, 0), at(2000, 2000)}}
	s["接路"] = [][]geo.Point{{at(3000, 2000), at(3000, 4000)}}
	for text, want := range map[string]geo.Shape{
		"东起纵3路，西至纵1路，北起横3街，南至横1街":                      rect(1000, 1000, 3000, 3000),
		"纵3路以西，纵1路以东，横3街以南，横1街以北":                      rect(1000, 1000, 3000, 3000),
		"east: 纵2路; south: 横0街; west: 纵1路; north: 横1街": rect(1000, 0, 2000, 1000),
		// One side is a ring, which runs on all sides.
		"东起环路，西至纵1路，北起横3街，南至横1街": rect(1000, 1000, 3500, 3000),
		"东起环路，西至环路，北起环路，南至环路":    rect(500, 500, 3500, 3500),
		// Ends that do not meet are joined.
		"东起纵3路，西至纵1路，北起短街，南至横1街": rect(1000, 1000, 3000, 2500),
		// A side of two roads with a step between them.
		"东起折路、接路，西至纵1路，北起横4街，南至横1街、横2街": {},
	} {
		found, err := draw(t, text, s)
		if want.Kind() == geo.KindNone {
			want = steps()
		}
		if err != nil || len(found) != 1 || !same(found[0].Shape, want) || found[0].Follows < 0.98 {
			t.Errorf("%s: %d, %v", text, len(found), err)
			for _, g := range found {
				t.Log(g.Shape.Orb(), g.Follows)
			}
		}
		if joined := strings.Contains(text, "短街"); err == nil && (len(found[0].Joined) == 2) != joined {
			t.Errorf("%s: joined %v", text, found[0].Joined)
		}
	}
}

// steps is 1000…2000 by 1000…2000 with 1000…3000 by 2000…4000 on it.
func steps() geo.Shape {
	ring := []geo.Point{at(1000, 1000), at(2000, 1000), at(2000, 2000), at(3000, 2000), at(3000, 4000), at(1000, 4000), at(1000, 1000)}
	s, err := geo.NewShape(geo.KindPolygon, ring, []uint32{uint32(len(ring))}, []uint32{1})
	if err != nil {
		panic(err)
	}
	return s
}

func TestWhatCannotBeDrawn(t *testing.T) {
	t.Parallel()
	s := town()
	s["远路"] = [][]geo.Point{{at(90_000, 0), at(90_000, 4000)}}
	_, err := draw(t, "东起纵9路，西至纵1路，北起横3街，南至横8街", s)
	if unknown, ok := errors.AsType[*bounds.UnknownError](err); !ok || len(unknown.Names) != 2 || unknown.Names[0].Name != "纵9路" ||
		unknown.Names[0].Side != bounds.East || !strings.Contains(err.Error(), "横8街 in the south has no line") {
		t.Error(err)
	}
	_, err = draw(t, "东起远路，西至纵1路，北起横3街，南至横1街", s)
	if apart, ok := errors.AsType[*bounds.ApartError](err); !ok || apart.Metres < 80_000 || !strings.Contains(err.Error(), "远路 in the east") {
		t.Error(err)
	}
	// East and west the wrong way round, and two roads that never meet a third between them.
	for _, text := range []string{"东起纵1路，西至纵3路，北起横3街，南至横1街", "东起纵3路，西至纵1路，北起横1街，南至横3街"} {
		if _, err := draw(t, text, s); !errors.Is(err, bounds.ErrNoGround) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestSeveral has two places where roads of the same names enclose ground.
func TestSeveral(t *testing.T) {
	t.Parallel()
	s := town()
	for name, lines := range s {
		var far []geo.Point
		for _, p := range lines[0] {
			far = append(far, geo.Point{X: p.X + 10_000_000, Y: p.Y})
		}
		s[name] = append(lines, far)
	}
	found, err := draw(t, "东起纵3路，西至纵1路，北起横3街，南至横1街", s)
	if err != nil || len(found) != 2 {
		t.Fatalf("%d, %v", len(found), err)
	}
	if same(found[0].Shape, found[1].Shape) || geo.OverlapArea(found[0].Shape, found[1].Shape) > 0 {
		t.Error("the same ground twice")
	}
}
