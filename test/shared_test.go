package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOneSharedSchemeFromTheShell has the profile of a city force one scheme: commands are refused with a server and without one,
// after the profile was named once; a scheme from before is warned of and stays.
func TestOneSharedSchemeFromTheShell(t *testing.T) {
	dir, files := t.TempDir(), t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(files, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	layer := func(name, scheme string) string {
		return write(name+".toml", "name = \""+name+"\"\ngeometry = \"polygon\"\nroles = { cell = { scheme = \""+scheme+"\" } }\n")
	}
	scheme := func(name, cells string) string {
		return write("scheme-"+name+".toml", "name = \""+name+"\"\nlevels = []\ncells = { layer = \""+cells+"\" }\n")
	}
	cell := write("cell.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","id":"1","geometry":{"type":"Polygon","coordinates":[[[121,28],[121.1,28],[121.1,28.1],[121,28]]]},"properties":{}}]}`)
	gewu := func(args ...string) []string { return append([]string{"--data", dir}, args...) }
	mustRun(t, gewu("layer", "create", "--file", layer("fires", "fire"))...)
	mustRun(t, gewu("scheme", "create", "--file", scheme("fire", "fires"))...)

	own := write("our-town/profile.toml", "title = { zh = \"我镇\", en = \"Our town\" }\ninherits = \"luqiao\"\n")
	s := serve(t, dir, "--profile", filepath.Dir(own))
	if log := s.log.String(); !strings.Contains(log, "one shared scheme") || !strings.Contains(log, "others=fire") {
		t.Errorf("nothing warns of the scheme that is there: %s", log)
	}
	refused := func(how string) {
		t.Helper()
		for _, args := range [][]string{
			{"layer", "create", "--file", layer("beats", "police")},
			{"scheme", "create", "--file", scheme("police", "fires")},
			{"import", "--layer", "fires", cell},
		} {
			if out, ok := run(t, nil, gewu(args...)...); ok || !strings.Contains(out, "one shared scheme, unit") {
				t.Errorf("%s: %v: %v %s", how, args, ok, out)
			}
		}
	}
	refused("with a server")
	if out := mustRun(t, gewu("scheme", "list")...); !strings.Contains(out, "fire") || !strings.Contains(out, "divided by unit alone") {
		t.Error(out)
	}
	mustRun(t, gewu("layer", "create", "--file", layer("units", "unit"))...)
	mustRun(t, gewu("scheme", "create", "--file", scheme("unit", "units"))...)
	mustRun(t, gewu("import", "--layer", "units", cell)...)
	s.stop()
	refused("without a server")
	if out := mustRun(t, "process", "list"); !strings.Contains(out, "SHARED SCHEME") || !strings.Contains(out, "unit") {
		t.Error(out)
	}
	// Another profile lets go of it.
	serve(t, dir, "--profile", "base")
	mustRun(t, gewu("layer", "create", "--file", layer("beats", "police"))...)
	mustRun(t, gewu("scheme", "create", "--file", scheme("police", "beats"))...)
}
