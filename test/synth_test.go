package test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSynthLoad loads a synthetic city and asks the server about it.
func TestSynthLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "city")
	out := mustRun(t, "synth", "--preset", "scale-10k", "--load", "--data", dir)
	if !strings.Contains(out, "10000 features") {
		t.Errorf("synth --load says:\n%s", out)
	}
	if out, ok := run(t, nil, "synth", "--preset", "scale-10k", "--seed", "2", "--load", "--data", dir); ok || !strings.Contains(out, "already holds a layer") {
		t.Errorf("a second city over the first: %s", out)
	}
	mustRun(t, "check", "--data", dir)
	s := serve(t, dir)
	var list struct {
		Layers []struct {
			Name  string
			Count int
		}
	}
	s.call("GET", "/v1/layers", nil, &list)
	sum, counts := 0, map[string]int{}
	for _, l := range list.Layers {
		sum, counts[l.Name] = sum+l.Count, l.Count
	}
	if sum != 10_000 || counts["units"] != 63 || counts["communities"] != 5 || counts["streets"] != 1 {
		t.Errorf("the city holds %d features: %v", sum, counts)
	}
	var where struct {
		Areas []struct{ Level, Code string }
		Cells []struct{ Scheme, Code string }
	}
	s.call("GET", "/v1/locate?lon=116.416&lat=39.928", nil, &where)
	if len(where.Areas) != 3 || len(where.Cells) != 1 || !strings.HasPrefix(where.Cells[0].Code, where.Areas[2].Code) {
		t.Errorf("the middle of the city is %+v", where)
	}
	if out, ok := run(t, nil, "synth", "--load", "--wipe", "--data", dir); ok || !strings.Contains(out, "is being served") {
		t.Errorf("--wipe of a served city: %s", out)
	}
	s.stop()
	out = mustRun(t, "synth", "--preset", "scale-10k", "--seed", "2", "--features", "9000", "--load", "--wipe", "--data", dir)
	if !strings.Contains(out, "9000 features") {
		t.Errorf("synth --load --wipe says:\n%s", out)
	}
}

// TestSynthFiles writes a synthetic city twice and serves it from its files.
func TestSynthFiles(t *testing.T) {
	one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
	for _, dir := range []string{one, two} {
		mustRun(t, "synth", "--preset", "scale-10k", "--center", "-71.1,42.37", "--rotate", "-12.5", "-o", dir)
	}
	if err := filepath.WalkDir(one, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(one, path)
		a, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(two, name))
		if err != nil {
			return err
		}
		if !bytes.Equal(a, b) {
			return fmt.Errorf("%s differs from run to run", name)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	data := t.TempDir()
	demo := func() *server {
		return startServer(t, "demo", "--city", one, "--data", data, "--listen", "127.0.0.1:0")
	}
	s := demo()
	var where struct{ Cells []struct{ Code string } }
	s.call("GET", "/v1/locate?lon=-71.1&lat=42.37", nil, &where)
	if len(where.Cells) != 1 {
		t.Errorf("the middle of the city is %+v", where)
	}
	s.stop()
	s = demo() // without loading again
	s.stop()
	if out, ok := run(t, nil, "demo", "--data", data, "--listen", "127.0.0.1:0"); ok || !strings.Contains(out, "holds scale-10k") {
		t.Errorf("the sample over another city: %s", out)
	}
}

func TestSynthRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "something"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "city")
	for _, test := range []struct{ flags, want string }{
		{"", "-o DIR"},
		{"--preset nowhere", "known are dongcheng-2004"},
		{"--cells 100", "--cells: there are 137 communities"},
		{"--area 0.1", "at least 0.956 km²"},
		{"--center 116", "LON,LAT"},
		{"--center 116,north", "LON,LAT"},
		{"--edition GB", "--edition"},
		{"--features 100", "ask for that many at least"},
		{"-o " + full, "is not empty"},
	} {
		args := strings.Fields("synth " + test.flags)
		if test.flags != "" && !strings.Contains(test.flags, "-o") {
			args = append(args, "-o", to)
		}
		if out, ok := run(t, nil, args...); ok || !strings.Contains(out, test.want) {
			t.Errorf("%v: %s", args, out)
		}
	}
	if _, err := os.Stat(to); err == nil {
		t.Error("a refused city left a folder")
	}
}
