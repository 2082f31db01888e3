package test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// controlPoints are places in Hangzhou in a city's own grid.
const controlPoints = "../data/convert/control/testdata/good.csv"

func pair(t *testing.T, text string) (x, y float64) {
	t.Helper()
	if _, err := fmt.Sscanf(strings.TrimSpace(text), "%g %g", &x, &y); err != nil {
		t.Fatalf("%q is no pair: %v", text, err)
	}
	return x, y
}

// TestOwnGrid fits a city's own grid, then imports, exports and locates in it: by the file, by name on the command line,
// and by name on a server that was told the file.
func TestOwnGrid(t *testing.T) {
	dir := t.TempDir()
	grid := filepath.Join(t.TempDir(), "hangzhou.toml")
	if out := mustRun(t, "crs", "fit", "--points", controlPoints, "--name", "hangzhou", "-o", grid); !strings.Contains(out, "RMS 0.0038 m") {
		t.Errorf("fit:\n%s", out)
	}
	out, ok := run(t, strings.NewReader("120.2 30.3\n"), "crs", "convert", "--from", "4326", "--to", "@"+grid)
	if !ok {
		t.Fatal(out)
	}
	x, y := pair(t, out)
	rows := fmt.Sprintf("no,height,lon,lat\nL1,5,%.4f,%.4f\n", x, y)

	mustRun(t, "layer", "create", "--data", dir, "--file", write(t, "lamps.toml", lampsTOML))
	mustRun(t, "import", "--data", dir, "--layer", "lamps", "--crs", "@"+grid, write(t, "lamps.csv", rows))
	if out := mustRun(t, "export", "--data", dir, "--layer", "lamps", "--format", "csv"); !strings.Contains(out, "120.2,30.3") {
		t.Errorf("imported as\n%s", out)
	}
	if out := mustRun(t, "export", "--data", dir, "--layer", "lamps", "--format", "csv", "--systems", grid, "--crs", "hangzhou"); !strings.Contains(out, fmt.Sprintf("%.4f,%.4f", x, y)) {
		t.Errorf("exported as\n%s, want %v, %v", out, x, y)
	}
	// A file says which grid it is in, and can be read back by itself.
	geojson := filepath.Join(t.TempDir(), "lamps.geojson")
	mustRun(t, "export", "--data", dir, "--layer", "lamps", "--crs", "@"+grid, "-o", geojson)
	if out := mustRun(t, "import", "--data", dir, "--layer", "lamps", geojson); !strings.Contains(out, "1 unchanged") {
		t.Errorf("imported again: %s", out)
	}
	if out, ok := run(t, nil, "export", "--data", dir, "--layer", "lamps", "--format", "csv", "--crs", "hangzhou"); ok || !strings.Contains(out, "not a known coordinate system") {
		t.Errorf("a name that nobody knows: %s", out)
	}
	if out, ok := run(t, nil, "export", "--data", dir, "--layer", "lamps", "--format", "csv", "--crs", "@absent.toml"); ok || !strings.Contains(out, "absent.toml") {
		t.Errorf("a file that is not there: %s", out)
	}

	for want, args := range map[string][]string{
		"is the store itself": {"--data", dir, "-o", filepath.Join(dir, "gewu.db")},
		"--tolerance -1 must": {"--tolerance=-1"},
		"--tolerance 0 must":  {"--tolerance", "0"},
	} {
		if out, ok := run(t, nil, append([]string{"crs", "fit", "--points", controlPoints}, args...)...); ok || !strings.Contains(out, want) {
			t.Errorf("%s: %s", want, out)
		}
	}

	s := serve(t, dir, "--systems", grid)
	var located struct{ Lon, Lat float64 }
	s.call("GET", fmt.Sprintf("/v1/locate?crs=Hangzhou&lon=%.4f&lat=%.4f", x, y), nil, &located)
	if math.Hypot(located.Lon-120.2, located.Lat-30.3) > 2e-7 {
		t.Errorf("located at %+v", located)
	}
	if out := mustRun(t, "export", "--data", dir, "--layer", "lamps", "--format", "csv", "--crs", "hangzhou"); !strings.Contains(out, fmt.Sprintf("%.4f,%.4f", x, y)) {
		t.Errorf("exported by the server as\n%s", out)
	}

	wrong := strings.Replace(read(t, controlPoints), "67986.3907", "67988.8907", 1)
	if out, ok := run(t, nil, "serve", "--data", t.TempDir(), "--systems", write(t, "wrong.csv", wrong)); ok || !strings.Contains(out, "G07") {
		t.Errorf("a grid that does not fit is served: %s", out)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestConvertLines converts lines of all kinds: each gives a line, and the wrong ones say why.
func TestConvertLines(t *testing.T) {
	in := "120.5 30.25\n 120.5\t30.25\tsome text, more\n120.5,30.25,A\n120.5 ; 30.25;A\n2.35 48.85\nlon lat\n\n120.5 30.25"
	out, ok := run(t, strings.NewReader(in), "crs", "convert", "--from", "EPSG:4490", "--to", "4549", "--decimals", "2")
	if ok {
		t.Error("wrong lines are no failure")
	}
	for _, want := range []string{
		"548122.06 3347932.82\n", "548122.06\t3347932.82\tsome text, more\n", "548122.06,3347932.82,A\n", "548122.06 ; 3347932.82;A\n",
		"line 5: 2.35, 48.85 is longitude 2.3500000, latitude 48.8500000, which lies outside the area of EPSG:4549",
		`line 6: "lon lat" does not start with two numbers`, "line 7: ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
	if out := mustRun(t, "crs", "list"); strings.Count(out, "\n") != 72 || !strings.Contains(out, "3-degree Gauss-Kruger CM 120E") {
		t.Errorf("%d lines:\n%s", strings.Count(out, "\n"), out)
	}
	for _, args := range []string{"--from nope --to 4326", "--from 4326 --to @absent", "--from EPSG:4549 --to WGS84"} {
		if out, ok := run(t, nil, append([]string{"crs", "convert"}, strings.Fields(args)...)...); ok || !strings.Contains(out, "--") {
			t.Errorf("%s: %s", args, out)
		}
	}
}
