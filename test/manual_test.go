package test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestManual runs the commands of every chapter of docs/manual, so that none of them can go out of date. The blocks of a
// chapter marked as sh run one after the other in one folder (sh fails: they must fail); a block marked as text after one
// is what it printed, line by line, where … stands for anything. A chapter may say at its start what is there before:
//
//	<!-- needs: sample -->  the sample city is loaded in $GEWU_DATA
//	<!-- needs: server -->  that city, or an empty one, is served on http://localhost:8080
//	<!-- needs: demo -->    the demonstration of the profile dongcheng-2004 is served there
//	<!-- needs: trees -->   Taipei's street trees of two days lie in the folder, as trees.DATE.csv.gz
//
// Blocks marked as console are shown and not run.
func TestManual(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the sample city")
	}
	needTools(t, "bash", "curl", "ogr2ogr")
	chapters, err := filepath.Glob("../docs/manual/*.md")
	if err != nil || len(chapters) == 0 {
		t.Fatalf("no chapters: %v", err)
	}
	sample := filepath.Join(t.TempDir(), "sample")
	loadSample(t, sample)
	scripts := t.TempDir()
	for _, path := range chapters {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".md")
		script, err := manualScript(string(text), sample, freePort(t))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if script == "" {
			t.Logf("%s has no commands", name)
			continue
		}
		if err := os.WriteFile(filepath.Join(scripts, name+".txtar"), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: scripts,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(gewu)+string(os.PathListSeparator)+os.Getenv("PATH"))
			e.Setenv("GEWU_DATA", filepath.Join(e.WorkDir, "gewu-data"))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("LANG", "C.UTF-8")
			return nil
		},
	})
}

// loadSample makes the data folder of the sample city.
func loadSample(t *testing.T, dir string) {
	t.Helper()
	s := startServer(t, "demo", "--data", dir, "--listen", "127.0.0.1:0")
	s.waitForSample()
	s.stop()
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

var (
	needsLine = regexp.MustCompile(`<!-- needs: ([a-z ]+) -->`)
	fence     = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```")
)

// treesOf are the files of street trees, by day.
var treesOf = map[string]string{
	"2026-08-03": "../sample/files/trees.csv.gz", "2026-08-23": "testdata/street_trees.2026-08-23.csv.gz",
}

// manualScript turns a chapter into a script. Commands speak to port 8080 in the text and to a free one in the test.
func manualScript(text, sample, port string) (string, error) {
	var commands, files strings.Builder
	n := 0
	for _, m := range needsLine.FindAllStringSubmatch(text, -1) {
		for need := range strings.FieldsSeq(m[1]) {
			switch need {
			case "sample":
				fmt.Fprintf(&commands, "exec cp -r %s $WORK/gewu-data\n", sample)
			case "trees":
				for day, file := range treesOf {
					path, err := filepath.Abs(file)
					if err != nil {
						return "", err
					}
					fmt.Fprintf(&commands, "exec cp %s $WORK/trees.%s.csv.gz\n", path, day)
				}
			case "server":
				fmt.Fprintf(&commands, "exec gewu serve --listen 127.0.0.1:%s &server&\nexec curl -sS --retry 50 --retry-connrefused --retry-delay 1 -o ready.json http://localhost:%s/readyz\n", port, port)
			case "demo":
				fmt.Fprintf(&commands, "exec gewu demo --profile dongcheng-2004 --listen 127.0.0.1:%s &server&\nexec curl -sS --retry 200 --retry-connrefused --retry-delay 1 -o ready.json http://localhost:%s/readyz\n", port, port)
			default:
				return "", fmt.Errorf("needs %q, which is not known", need)
			}
		}
	}
	served := strings.Contains(commands.String(), "&server&")
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		kind, body := m[1], strings.ReplaceAll(m[2], "localhost:8080", "localhost:"+port)
		switch kind {
		case "sh", "sh fails":
			n++
			if kind == "sh fails" {
				commands.WriteString("! ")
			}
			fmt.Fprintf(&commands, "exec bash -euo pipefail block%d.sh\n", n)
			fmt.Fprintf(&files, "-- block%d.sh --\nexec 2>&1\n%s", n, body)
		case "text":
			if n == 0 {
				return "", fmt.Errorf("an answer before the first command: %q", body)
			}
			for line := range strings.Lines(body) {
				if line = strings.TrimSpace(line); line != "" && line != "…" {
					pattern := strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*")
					fmt.Fprintf(&commands, "stdout '%s'\n", strings.ReplaceAll(pattern, "'", "''"))
				}
			}
		}
	}
	if n == 0 {
		return "", nil
	}
	if served {
		commands.WriteString("kill -INT server\nwait server\n")
	}
	return commands.String() + files.String(), nil
}
