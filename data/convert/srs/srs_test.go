package srs_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data/convert/srs"
	"github.com/gewu-city/gewu/geo/proj"
)

// without drops what names a system, so that it must be known by its parameters.
func without(text string) string {
	text = regexp.MustCompile(`,(AUTHORITY|ID)\["EPSG",\s*"?\d+"?\]`).ReplaceAllString(text, "")
	return regexp.MustCompile(`^(\w+\[)"[^"]*"`).ReplaceAllString(text, `$1"local"`)
}

func TestThereAndBack(t *testing.T) {
	for _, name := range proj.Known() {
		crs, err := proj.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		for dialect, write := range map[string]func(proj.CRS) (string, bool){"ESRI": srs.ESRI, "OGC": srs.OGC} {
			text, ok := write(crs)
			if _, has := srs.Code(crs); ok != has {
				t.Fatalf("%s in %s: %v", name, dialect, ok)
			}
			if !ok {
				continue
			}
			want := name
			if name == "CRS84" {
				want = "EPSG:4326"
			}
			if got, err := srs.Parse(text); err != nil || got.Name() != want {
				t.Errorf("%s in %s: %v, %v\n%s", name, dialect, got, err, text)
			}
			if want == "EPSG:3857" {
				continue // it has no parameters of its own
			}
			// The same numbers may have two codes; then they are the same system.
			got, err := srs.Parse(without(text))
			if err != nil {
				t.Errorf("%s in %s without names: %v\n%s", name, dialect, err, without(text))
				continue
			}
			lon := (crs.Extent().West + crs.Extent().East) / 2
			x, y, _ := crs.FromLonLat(lon, 25)
			if gx, gy, ok := got.FromLonLat(lon, 25); !ok || gx != x || gy != y {
				t.Errorf("%s in %s without names is %s", name, dialect, got.Name())
			}
		}
	}
}

func TestParse(t *testing.T) {
	const base = `GEOGCS["x",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	for text, want := range map[string]string{
		`GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]` + "\r\n\x00": "EPSG:4326",
		`GEOGCS("WGS 84", DATUM("WGS_1984", SPHEROID("WGS 84", 6378137, 298.257)), PRIMEM("Greenwich", 0))`:                                                              "EPSG:4326",
		base: "EPSG:4490",
		`COMPD_CS["both",` + base + `,VERT_CS["heights"]]`: "EPSG:4490",
		`GEOGCRS["CGCS2000",DATUM["China 2000",ELLIPSOID["CGCS2000",6378137,298.257222101,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],CS[ellipsoidal,2],AXIS["geodetic latitude (Lat)",north,ORDER[1]],ID["EPSG",4490]]`: "EPSG:4490",
		`PROJCS["CGCS2000_3_Degree_GK_CM_117E",` + base + `,PROJECTION["Gauss_Kruger"]]`:                                                                                                                                                                              "EPSG:4548",
		`PROJCS["x",` + base + `,PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",39500000.0],PARAMETER["Central_Meridian",117.0],PARAMETER["Scale_Factor",1.0],UNIT["Meter",1.0]]`:                                                                               "EPSG:4527",
		`PROJCS["x",` + base + `,PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["Central_Meridian",117.0],UNIT["Meter",1.0]]`:                                                                                                               "EPSG:4509",
		`PROJCRS["x",BASEGEOGCRS["y",DATUM["China 2000"]],CONVERSION["z",METHOD["Transverse Mercator"],PARAMETER["Longitude of natural origin",120,ANGLEUNIT["degree",0.0174532925199433]],PARAMETER["False easting",500000]],CS[Cartesian,2],LENGTHUNIT["metre",1]]`: "EPSG:4549",

		// Not ours.
		`PROJCS["x",` + base + `,PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["Central_Meridian",116.0],UNIT["Meter",1.0]]`:   `the coordinate system "x" is not known`,
		`PROJCS["x",` + base + `,PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["Central_Meridian",117.0],UNIT["Foot",0.3048]]`: `the coordinate system "x" is not known`,
		`PROJCS["x",` + base + `,PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting","a"],PARAMETER["Central_Meridian",117.0]]`:                          `the coordinate system "x" is not known`,
		`PROJCS["x",` + base + `,PROJECTION["Gauss_Kruger"],PARAMETER["False_Northing",1],PARAMETER["Central_Meridian",117.0]]`:                           `the coordinate system "x" is not known`,
		`PROJCS["x",` + base + `]`: `the coordinate system "x" is not known`,
		`PROJCS["Beijing 1954 / Gauss-Kruger zone 20",GEOGCS["Beijing 1954",DATUM["Beijing_1954"]],AUTHORITY["EPSG","21420"]]`: `the coordinate system "Beijing 1954 / Gauss-Kruger zone 20" is not known`,
		`GEOGCS["x",DATUM["D_WGS_1984"],PRIMEM["Paris",2.337]]`:                                                                `the coordinate system "x" is not known`,
		`GEOGCS["x",DATUM["D_WGS_1984"],UNIT["Grad",0.015707963]]`:                                                             `the coordinate system "x" is not known`,
		`LOCAL_CS["Beijing local"]`: `the coordinate system "Beijing local" is not known`,
		`COMPD_CS["x"]`:             `the coordinate system "x" is not known`,
		"":                          "the coordinate system is empty",
		"EPSG:4326":                 "the coordinate system is no well-known text at character 10",
		`GEOGCS["x"`:                "the coordinate system is no well-known text at character 11",
		`GEOGCS["x]`:                "the coordinate system is no well-known text at character 8",
		`GEOGCS["x"]]`:              "the coordinate system is no well-known text at character 12",
		strings.Repeat("A[", 100):   "the coordinate system is no well-known text at character 67",
		strings.Repeat("x", 1<<17):  "the coordinate system has more than 65536 characters",
	} {
		crs, err := srs.Parse(text)
		got := fmt.Sprint(err)
		if err == nil {
			got = crs.Name()
		}
		if got != want {
			t.Errorf("%.200s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// TestGDAL compares with what GDAL says of the same systems.
func TestGDAL(t *testing.T) {
	if _, err := exec.LookPath("gdalsrsinfo"); err != nil {
		if os.Getenv("GEWU_E2E") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if testing.Short() {
		t.Skip("one process for each system")
	}
	for _, name := range []string{"EPSG:4326", "EPSG:4490", "EPSG:3857", "EPSG:3826", "EPSG:4491", "EPSG:4512", "EPSG:4513", "EPSG:4527", "EPSG:4554"} {
		for _, format := range []string{"wkt1", "wkt_esri", "wkt2"} {
			text, err := exec.CommandContext(t.Context(), "gdalsrsinfo", "-o", format, "--single-line", name).Output()
			if err != nil {
				t.Fatal(err)
			}
			if crs, err := srs.Parse(string(text)); err != nil || crs.Name() != name {
				t.Errorf("%s in %s: %v, %v\n%s", name, format, crs, err, text)
			}
		}
		crs, err := proj.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		for dialect, write := range map[string]func(proj.CRS) (string, bool){"ESRI": srs.ESRI, "OGC": srs.OGC} {
			text, _ := write(crs)
			out, err := exec.CommandContext(t.Context(), "gdalsrsinfo", "-e", "-o", "epsg", text).CombinedOutput()
			if err != nil || !strings.Contains(string(out), name) {
				t.Errorf("%s in %s: GDAL takes it for %s, %v\n%s", name, dialect, out, err, text)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`GEOGCS["WGS 84",DATUM["WGS_1984"]]`)
	f.Add(`PROJCS["x",GEOGCS["y"],PROJECTION["z"],PARAMETER["a",1]]`)
	f.Fuzz(func(t *testing.T, text string) {
		if crs, err := srs.Parse(text); (crs == nil) == (err == nil) {
			t.Fatal(crs, err)
		}
	})
}
