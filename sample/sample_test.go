package sample_test

import (
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/sample"
)

// expected is what the files hold. Exact duplicates of a row are one feature, since their ids follow from the row.
var expected = map[string]struct{ rows, features, repairs int }{
	"districts": {12, 12, 0},
	"villages":  {456, 456, 3},
	"units":     {11490, 11490, 0},
	"addresses": {246308, 246230, 0},
	"trees":     {91368, 91368, 0},
}

func TestEveryFileReadsWithoutErrors(t *testing.T) {
	city, err := sample.Load(sample.FS())
	if err != nil {
		t.Fatal(err)
	}
	layers := map[string]*data.Layer{}
	for _, step := range city.Steps {
		layer := loadLayer(t, step.Layer)
		layers[layer.Name] = layer
		t.Run(layer.Name, func(t *testing.T) { readStep(t, step, layer) })
	}
	if len(layers) != len(expected) {
		t.Errorf("%d layers, want %d", len(layers), len(expected))
	}
	for _, s := range city.Schemes {
		if err := s.Validate(func(name string) (*data.Layer, bool) { l, ok := layers[name]; return l, ok }); err != nil {
			t.Errorf("scheme %s: %v", s.Name, err)
		}
	}
}

func loadLayer(t *testing.T, name string) *data.Layer {
	t.Helper()
	in, err := sample.FS().Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	layer, err := convert.DecodeLayer(in, convert.TOML)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if layer.Attribution == "" {
		t.Errorf("%s names no source", name)
	}
	for _, a := range layer.Attributes {
		if a.Title["zh"] == "" || a.Title["en"] == "" {
			t.Errorf("%s: attribute %s lacks a title in zh or en", name, a.Name)
		}
	}
	return layer
}

// city bounds Taipei with a margin of a few hundred metres.
var cityBox = geo.Box{Min: geo.Point{X: 121_4550000, Y: 24_9550000}, Max: geo.Point{X: 121_6700000, Y: 25_2150000}}

func readStep(t *testing.T, step sample.Step, layer *data.Layer) {
	t.Helper()
	want := expected[layer.Name]
	if testing.Short() && want.rows > 50_000 {
		t.Skip("large files are read without -short")
	}
	var crs proj.CRS
	if step.CRS != "" {
		var err error
		if crs, err = proj.Lookup(step.CRS); err != nil {
			t.Fatal(err)
		}
	}
	rows, repairs := 0, 0
	ids := map[string]bool{}
	var report convert.Report
	for _, name := range step.Files {
		in, err := sample.FS().Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		options := convert.Options{
			Layer: layer, File: name, CRS: crs, ID: step.ID, Lon: step.Lon, Lat: step.Lat, Map: step.Map,
			Ignore: step.Ignore, FixRings: step.FixRings, Report: &report,
		}
		for row, err := range convert.Read(t.Context(), step.Format, in, options) {
			if err != nil {
				t.Fatal(err)
			}
			if row.Err != nil {
				t.Fatal(row.Err)
			}
			rows++
			ids[row.Feature.ID] = true
			if len(row.Notes) > 0 {
				repairs++
				t.Logf("%s: %s", row.Feature.ID, strings.Join(row.Notes, "; "))
			}
			if box := row.Feature.Shape.Box(); !cityBox.Contains(box.Min) || !cityBox.Contains(box.Max) {
				t.Errorf("row %d, %s, lies outside the city: %v", row.Number, row.Feature.ID, box)
			}
		}
	}
	if len(report.Missing) > 0 {
		t.Errorf("no column supplies %s", strings.Join(report.Missing, ", "))
	}
	if rows != want.rows || len(ids) != want.features || repairs != want.repairs {
		t.Errorf("%d rows, %d ids, %d repaired; want %+v", rows, len(ids), repairs, want)
	}
}

func TestLoadRefusesWhatItDoesNotKnow(t *testing.T) {
	for name, test := range map[string]struct{ manifest, want string }{
		"key":    {`colour = "red"`, "unknown key colour"},
		"nested": {"[[steps]]\nlayer = 'city.toml'\nfiles = ['city.toml']\nformat = 'csv'\nzone = 'x'", "unknown key steps.zone"},
		"step":   {"[[steps]]\nlayer = 'city.toml'", "steps[0] needs layer, files and format"},
		"file":   {"[[steps]]\nlayer = 'city.toml'\nfiles = ['absent.csv']\nformat = 'csv'", "absent.csv"},
		"toml":   {"name = ", "city.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{sample.Manifest: {Data: []byte(test.manifest)}}
			if _, err := sample.Load(files); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	if _, err := sample.Load(fstest.MapFS{}); err == nil {
		t.Error("a city without a manifest loads")
	}
}

// TestSize keeps the binary small: the files are in it.
func TestSize(t *testing.T) {
	total := int64(0)
	err := fs.WalkDir(sample.FS(), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if total > 10<<20 {
		t.Errorf("the sample takes %d bytes", total)
	}
}

// TestSecondSnapshot compares the trees with those of twenty days later: what an import with --mode replace and
// --ignore UpdDate has to find.
func TestSecondSnapshot(t *testing.T) {
	if testing.Short() {
		t.Skip("large files are read without -short")
	}
	city, err := sample.Load(sample.FS())
	if err != nil {
		t.Fatal(err)
	}
	step := city.Steps[len(city.Steps)-1]
	layer := loadLayer(t, step.Layer)
	crs, err := proj.Lookup(step.CRS)
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string, in io.Reader, each func(data.Feature)) {
		o := convert.Options{Layer: layer, File: name, CRS: crs, Lon: step.Lon, Lat: step.Lat, Ignore: []string{"UpdDate"}}
		for row, err := range convert.Read(t.Context(), step.Format, in, o) {
			if err != nil || row.Err != nil {
				t.Fatal(err, row.Err)
			}
			each(row.Feature)
		}
	}
	before := map[string]data.Feature{}
	first, err := sample.FS().Open(step.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	read(step.Files[0], first, func(f data.Feature) { before[f.ID] = f })
	const later = "../test/testdata/street_trees.2026-08-23.csv.gz"
	second, err := os.Open(later)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	added, changed := 0, 0
	read(later, second, func(f data.Feature) {
		g, ok := before[f.ID]
		switch {
		case !ok:
			added++
		case !g.Equal(&f):
			changed++
		}
		delete(before, f.ID)
	})
	if added != 1 || len(before) != 56 || changed != 0 {
		t.Errorf("%d added, %d ended, %d changed; want 1, 56, 0", added, len(before), changed)
	}
}
