package tiles_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/tiletest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// An archive in testdata holds layers (a file layers.json), features (features.ndjson, one GeoJSON feature a line
// with the member "layer"), and what is expected: files "tile SET Z/X/Y" and "tilejson SET".
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w := load(t, archive)
			changed := false
			for i := range archive.Files {
				f := &archive.Files[i]
				got := answer(t, w, f.Name)
				if got == "" {
					continue
				}
				if diff := cmp.Diff(string(f.Data), got); diff != "" && !*update {
					t.Errorf("%s (-want +got; -update rewrites):\n%s", f.Name, diff)
				}
				changed = changed || string(f.Data) != got
				f.Data = []byte(got)
			}
			if *update && changed {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func answer(t *testing.T, w *index.World, name string) string {
	t.Helper()
	words := strings.Fields(name)
	switch words[0] {
	case "tile":
		var z, x, y uint32
		if _, err := fmt.Sscanf(words[2], "%d/%d/%d", &z, &x, &y); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tile := draw(t, cold(), w, words[1], z, x, y)
		got := tiletest.Text(decode(t, tile))
		if tile.Sum().Collapsed > 0 {
			got += fmt.Sprintf("collapsed %d\n", tile.Sum().Collapsed)
		}
		return got
	case "tilejson":
		b, err := json.MarshalIndent(tiles.Describe(w, resolve(t, w, words[1]), "https://city.example", nil), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return string(b) + "\n"
	default:
		return ""
	}
}

func load(t *testing.T, archive *txtar.Archive) *index.World {
	t.Helper()
	city := tiletest.NewCity(t)
	defs := map[string]*data.Layer{}
	for _, f := range archive.Files {
		switch f.Name {
		case "layers.json":
			var layers []*data.Layer
			if err := json.Unmarshal(f.Data, &layers); err != nil {
				t.Fatalf("layers.json: %v", err)
			}
			for _, l := range layers {
				if err := l.Validate(); err != nil {
					t.Fatalf("layers.json: %v", err)
				}
				defs[l.Name] = l
				city.Apply(indextest.Define(l))
			}
		case "features.ndjson":
			for line := range bytes.Lines(f.Data) {
				if line = bytes.TrimSpace(line); len(line) > 0 {
					city.Apply(feature(t, defs, line))
				}
			}
		}
	}
	return city.World()
}

func feature(t *testing.T, defs map[string]*data.Layer, line []byte) data.Change {
	t.Helper()
	var f struct {
		Layer, ID  string
		Geometry   *geometry
		Properties map[string]any
	}
	if err := json.Unmarshal(line, &f); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	def := defs[f.Layer]
	values := make([]data.Value, len(def.Attributes))
	for name, v := range f.Properties {
		i := def.AttributeIndex(name)
		value, err := data.ParseValue(def.Attributes[i].Type, fmt.Sprint(v), nil)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		values[i] = value
	}
	return indextest.Put(f.Layer, f.ID, shape(t, f.Geometry.orb(t)), values...)
}

// geometry is a GeoJSON geometry.
type geometry struct {
	Type        string
	Coordinates json.RawMessage
	Geometries  []geometry
}

func (g *geometry) orb(t *testing.T) orb.Geometry {
	t.Helper()
	if g == nil {
		return nil
	}
	switch g.Type {
	case "Point":
		return coordinates[orb.Point](t, g.Coordinates)
	case "MultiPoint":
		return coordinates[orb.MultiPoint](t, g.Coordinates)
	case "LineString":
		return coordinates[orb.LineString](t, g.Coordinates)
	case "MultiLineString":
		return coordinates[orb.MultiLineString](t, g.Coordinates)
	case "Polygon":
		return coordinates[orb.Polygon](t, g.Coordinates)
	case "MultiPolygon":
		return coordinates[orb.MultiPolygon](t, g.Coordinates)
	case "GeometryCollection":
		c := orb.Collection{}
		for i := range g.Geometries {
			c = append(c, g.Geometries[i].orb(t))
		}
		return c
	default:
		t.Fatalf("geometry type %q", g.Type)
		return nil
	}
}

func coordinates[G orb.Geometry](t *testing.T, raw []byte) orb.Geometry {
	t.Helper()
	var g G
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	return g
}
