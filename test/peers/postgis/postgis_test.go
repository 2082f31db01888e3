package postgis_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/ewkb"
	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/test/peers/postgis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func features(yield func(data.Feature) bool) {
	square := []geo.Point{{X: 0, Y: 0}, {X: 100, Y: 0}, {X: 100, Y: 100}, {X: 0, Y: 100}, {X: 0, Y: 0}}
	polygon, err := geo.NewShape(geo.KindPolygon, square, []uint32{5}, []uint32{1})
	if err != nil {
		panic(err)
	}
	_ = yield(data.Feature{ID: "a", Shape: geo.PointShape(geo.Point{X: 1_164_160_000, Y: 399_280_000}), Values: []data.Value{
		data.TextValue(data.Text, "tab\tline\n\\end"), {}, data.IntValue(7),
	}}) && yield(data.Feature{ID: "b", Shape: polygon, Values: []data.Value{data.TextValue(data.Text, "安平胡同"), data.IntValue(1), {}}})
}

// TestRows reads what COPY gets with another library.
func TestRows(t *testing.T) {
	var b bytes.Buffer
	if err := postgis.CopyRows(&b, features); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "tab\\tline\\n\\\\end\t\\N\t7\t") {
		t.Fatalf("rows %q", lines)
	}
	shapes := make([]geom.T, 2)
	for i, line := range lines {
		raw, err := hex.DecodeString(line[strings.LastIndexByte(line, '\t')+1:])
		if err != nil {
			t.Fatal(err)
		}
		if shapes[i], err = ewkb.Unmarshal(raw); err != nil {
			t.Fatal(err)
		}
	}
	p, ok := shapes[0].(*geom.Point)
	if !ok || p.SRID() != 3857 || math.Abs(p.X()-12959369.840) > 1e-3 || math.Abs(p.Y()-4855484.945) > 1e-3 {
		t.Errorf("the point is %v", shapes[0])
	}
	if q, ok := shapes[1].(*geom.Polygon); !ok || q.NumLinearRings() != 1 || q.NumCoords() != 5 {
		t.Errorf("the polygon is %v", shapes[1])
	}
}

// TestCluster starts one, where PostGIS is installed.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	// That of the test is closed to the user postgres, and its name is too long for a socket.
	dir, err := os.MkdirTemp("", "pg-*") //nolint:usetesting // as said
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := postgis.Start(t.Context(), filepath.Join(dir, "pg"))
	if errors.Is(err, postgis.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	if _, err := c.SQL("CREATE TABLE t (name text, a int, b int, geom geometry(Geometry, 3857))"); err != nil {
		t.Fatal(err)
	}
	if err := c.Pour("t", func(w io.Writer) error { return postgis.CopyRows(w, features) }); err != nil {
		t.Fatal(err)
	}
	got, err := c.SQL(`SELECT count(*), max(name), round(sum(ST_Area(geom))::numeric, 6) FROM t WHERE ST_IsValid(geom)`)
	if err != nil || !strings.HasPrefix(got, "2|安平胡同|") && !strings.HasPrefix(got, "2|tab") {
		t.Errorf("%s, %v", got, err)
	}
	if perCPU, latency, err := c.Bench("\\set x random(1, 10)\nSELECT :x::int + 1;\n", time.Second); err != nil || perCPU < 100 || latency <= 0 {
		t.Errorf("%v/s of CPU, %v ms, %v", perCPU, latency, err)
	}
	if _, err := c.SQL("SELECT nonsense"); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("a wrong statement: %v", err)
	}
	if err := c.Pour("t", func(io.Writer) error { return errors.New("no rows") }); err == nil {
		t.Error("rows that fail are no error")
	}
}
