package control_test

import (
	"bytes"
	_ "embed"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data/convert/control"
	"github.com/gewu-city/gewu/geo/proj"
)

// good are seven points of a grid that is EPSG:4549 turned by -18 minutes, shrunk by 50 ppm and moved, with errors of
// some millimetres.
//
//go:embed testdata/good.csv
var good string

func read(tb testing.TB, name, text, from string) (*control.Definition, error) {
	tb.Helper()
	if from == "" {
		return control.Read(name, strings.NewReader(text), nil)
	}
	c, err := proj.Lookup(from)
	if err != nil {
		tb.Fatal(err)
	}
	return control.Read(name, strings.NewReader(text), c)
}

func mustFit(tb testing.TB, d *control.Definition, err error) proj.Fit {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	f, err := d.Fit()
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func TestGood(t *testing.T) {
	d, err := read(t, "dir/City Grid 2000.csv", good, "")
	f := mustFit(t, d, err)
	if d.Name != "city-grid-2000" || d.Base.Name() != "EPSG:4549" || len(d.Points) != 7 || d.Points[3].Name != "G04" {
		t.Errorf("read as %+v", d)
	}
	if f.RMS > 0.006 || math.Abs(f.Rotation()+0.3) > 1e-5 || math.Abs(f.Scale()-0.99995) > 1e-7 || f.Outlier >= 0 {
		t.Errorf("fit %+v", f)
	}
	o, err := d.System()
	if err != nil {
		t.Fatal(err)
	}
	if x, y, ok := o.FromLonLat(120.054608797, 30.434987633); !ok || math.Hypot(x-40342.4904, y-98385.6052) > 0.01 {
		t.Errorf("G04 is at %v, %v", x, y)
	}
	if e := o.Extent(); e.West > 119.56 || e.East < 120.89 || e.South > 29.63 || e.North < 30.93 {
		t.Errorf("extent %v", e)
	}

	// What is written is read again as the same grid.
	var b bytes.Buffer
	if err := d.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	again, err := read(t, "x.toml", b.String(), "")
	g := mustFit(t, again, err)
	if again.Name != d.Name || again.Base.Name() != d.Base.Name() || again.Extent != d.Extent || again.ToleranceM != d.ToleranceM {
		t.Errorf("read again as %+v\n%s", again, &b)
	}
	if math.Abs(f.RMS-g.RMS) > 1e-5 || math.Abs(f.Rotation()-g.Rotation()) > 1e-8 {
		t.Errorf("fitted again %+v, first %+v", g, f)
	}

	report := control.Report(d, f)
	for _, want := range []string{"EPSG:4549 by 7 points", "(-49.97", "-0°18′00.0", "G04", "RMS 0.0038 m"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
}

// TestMetres gives the known places in the zone, in the zone with its number, and shifted.
func TestMetres(t *testing.T) {
	lonlat, err := read(t, "a.csv", good, "")
	want := mustFit(t, lonlat, err)
	for _, test := range []struct{ name, from, base string }{
		{"EPSG:4549", "EPSG:4549", "EPSG:4549"}, {"EPSG:4528", "EPSG:4528", "EPSG:4528"}, {"gcj02", "gcj02", "EPSG:4549"},
	} {
		c, err := proj.Lookup(test.name)
		if err != nil {
			t.Fatal(err)
		}
		heading := "east\tnorth"
		if c.Degrees() {
			heading = "LON\tlat"
		}
		var b strings.Builder
		b.WriteString("\ufeffname\t" + heading + "\town_east\town_north\tremark\n")
		for _, p := range lonlat.Points {
			lon, lat, _ := lonlat.Base.ToLonLat(p.From[0], p.From[1])
			x, y, _ := c.FromLonLat(lon, lat)
			b.WriteString(strings.Join([]string{p.Name, format(x), format(y), format(p.To[0]), format(p.To[1]), "x"}, "\t") + "\n")
		}
		d, err := read(t, "a.csv", b.String(), test.from)
		f := mustFit(t, d, err)
		if d.Base.Name() != test.base || math.Abs(f.RMS-want.RMS) > 1e-4 || math.Abs(f.Rotation()-want.Rotation()) > 1e-7 {
			t.Errorf("%s: base %s, fit %+v", test.name, d.Base.Name(), f)
		}
	}
}

func format(v float64) string { return strconv.FormatFloat(v, 'f', 9, 64) }

func TestJudge(t *testing.T) {
	lines := strings.Split(good, "\n")
	exchange := func(line string) string {
		f := strings.Split(line, ",")
		f[3], f[4] = f[4], f[3]
		return strings.Join(f, ",")
	}
	wrong := strings.Replace(good, "67986.3907", "67988.8907", 1)
	exchanged := lines[0]
	for _, l := range lines[1:8] {
		exchanged += "\n" + exchange(l)
	}
	for name, test := range map[string]struct{ text, want string }{
		"outlier":   {wrong, `"G07" of a is off by 2.5`},
		"exchanged": {exchanged, "seem to be exchanged"},
		"rough":     {strings.Join([]string{lines[0], lines[1], lines[2], strings.Replace(lines[3], "64078", "64178", 1)}, "\n"), "RMS"},
	} {
		d, err := read(t, "a.csv", test.text, "")
		f := mustFit(t, d, err)
		if err := d.Judge(f); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := d.System(); err == nil {
			t.Errorf("%s: a system is made of it", name)
		}
		if report := control.Report(d, f); name != "rough" && !strings.Contains(report, "outlier: G07") && !strings.Contains(report, "exchanged") {
			t.Errorf("%s: the report does not say it:\n%s", name, report)
		}
	}
	// A greater tolerance takes the same points.
	d, err := read(t, "a.csv", wrong, "")
	f := mustFit(t, d, err)
	if d.ToleranceM = 3; d.Judge(f) != nil {
		t.Errorf("%v", d.Judge(f))
	}
}

const header = "name,lon,lat,own_east,own_north\n"

func TestRefused(t *testing.T) {
	toml := func(text string) string { return "name = \"g\"\n" + text }
	const a = "A,120.1,30.1,1,2\n"
	const own = "name,east,north,own_east,own_north\n"
	for name, test := range map[string]struct{ file, text, from, want string }{
		"empty":             {"a.csv", "", "", "empty"},
		"headings":          {"a.csv", "name,lon,lat\n", "", "own_east"},
		"x":                 {"a.csv", "name,X,Y,own_east,own_north\n", "", "can be east or north"},
		"twice":             {"a.csv", "lon,lat,lat,own_east,own_north\n", "", "twice"},
		"none":              {"a.csv", header, "", "no control points"},
		"one":               {"a.csv", header + a, "", "1 control points"},
		"number":            {"a.csv", header + a + "B,120.x,30,1,2\n", "", `row 2 (line 3): lon: is not a number (value "120.x")`},
		"fields":            {"a.csv", header + "B,120\n", "", "row 1 (line 2)"},
		"missing":           {"a.csv", header + "B,120,30,1,\n", "", `control point "B": own_east, own_north: are missing`},
		"place missing":     {"a.csv", header + "B,,30,1,2\n", "", "either both degrees or both metres"},
		"no place":          {"a.csv", header + "B,30,120,1,2\n", "", "other way round"},
		"abroad":            {"a.csv", header + "B,2.3,48.8,1,2\nC,2.4,48.9,3,4\n", "", "no Gauss–Krüger zone"},
		"which":             {"a.csv", "east,north,own_east,own_north\n500000,3300000,1,2\n", "", "--from"},
		"outside":           {"a.csv", "east,north,own_east,own_north\n40500000,3300000,1,2\n", "EPSG:4549", "EPSG:4528"},
		"coincide":          {"a.csv", header + a + strings.Replace(a, "A", "B", 1), "", "one place"},
		"named alike":       {"a.csv", header + a + "A,120.2,30.2,4,5\n", "", `control point "A" stands there twice, as the points 1 and 2`},
		"exchanged exactly": {"a.csv", own + "A,500000,3300000,0,0\nB,501000,3300000,0,1000\nC,500000,3301000,1000,0\nD,501000,3301000,1000,1000\n", "EPSG:4549", "a mirror image of the known ones: own_east and own_north are exchanged"},
		"wrong sign":        {"a.csv", own + "A,500000,3300000,0,0\nB,501000,3300000,-1000,0\nC,500000,3301000,0,1000\nD,501000,3301000,-1000,1000\n", "EPSG:4549", "or one of them has the wrong sign"},
		"stretched":         {"a.csv", own + "A,500000,3300000,0,0\nB,501000,3300000,1039.6,0\n", "EPSG:4549", "are two, which fit always, with scale 1.039600, +4.0 %"},
		"infinite":          {"a.csv", header + a + "B,120.2,30.2,Inf,2\n", "", "not finite"},
		"two lines":         {"a.csv", header + "\"B\nC\",120,30,1,2\n", "", "one line of text"},
		"title":             {"a.toml", toml("title = \"a\\nb\""), "", "one line of text"},
		"large":             {"a.csv", header + strings.Repeat("A,120,30,1,2\n", 1<<17), "", "larger than"},
		"many":              {"a.csv", header + strings.Repeat("A,120,30,1,2\n", 10_001), "", "at most 10000"},
		"latin1":            {"a.csv", header + "\xe9,120,30,1,2\n", "", "UTF-8"},
		"toml":              {"a.toml", "name = ", "", "line 1"},
		"key":               {"a.toml", toml("colour = 1"), "", "unknown key"},
		"base":              {"a.toml", toml("base = \"EPSG:9999\""), "", "not a known coordinate system"},
		"degrees":           {"a.toml", toml("base = \"EPSG:4326\""), "", "counts degrees"},
		"two bases":         {"a.toml", toml("base = \"EPSG:4549\"\nfrom = \"EPSG:4548\""), "", "other than the base"},
		"own grid far away": {"a.csv", "name,lon,lat,own_east,own_north\n1,120.1,30.1,1e300,2\n2,120.2,30.2,4,5\n", "", "own_east"},
		"tolerance":         {"a.toml", toml("tolerance_m = 0"), "", "tolerance_m"},
		"extent":            {"a.toml", toml("extent = [2.0, 1.0, 1.0, 2.0]\n[[points]]\nlon=120\nlat=30\nown_east=1\nown_north=2"), "", "extent"},
		"nan":               {"a.toml", toml("[[points]]\nlon=nan\nlat=30\nown_east=1\nown_north=2"), "", "finite"},
	} {
		d, err := read(t, test.file, test.text, test.from)
		if err == nil {
			_, err = d.System()
		} else if !strings.HasPrefix(err.Error(), test.file+": ") {
			t.Errorf("%s: %q does not name the file", name, err)
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a.csv", good)
	f.Add("a.csv", "east;north;own_east;own_north\n500000;3300000;1;2\n500100;3300000;101;2\n")
	f.Add("a.toml", "base=\"EPSG:4549\"\nextent=[119,29,121,31]\n[[points]]\nlon=120\nlat=30\nown_east=1\nown_north=2\n[[points]]\nlon=120.1\nlat=30\nown_east=9000\nown_north=2\n")
	f.Add("名.csv", "")
	zone, err := proj.Lookup("EPSG:4549")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		d, err := control.Read(name, strings.NewReader(text), zone)
		if err != nil {
			return
		}
		o, err := d.System()
		if err != nil {
			return
		}
		fit, err := d.Fit()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := d.Write(&b, fit); err != nil {
			t.Fatal(err)
		}
		if again, err := control.Read("a.toml", &b, nil); err != nil || again.Name != d.Name {
			t.Errorf("what was written is not read again: %v\n%s", err, &b)
		}
		for _, p := range d.Points {
			lon, lat, ok := o.ToLonLat(p.To[0], p.To[1])
			if ok && !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90) {
				t.Errorf("%v is %v, %v", p.To, lon, lat)
			}
		}
	})
}
