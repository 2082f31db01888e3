package test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKilledImports kills the server in the middle of imports and of an undo. What landed is told when it is up again;
// it can be taken back, or the import goes on under its key; what was to be visible together is there whole or not at
// all.
func TestKilledImports(t *testing.T) {
	rows := 300_000
	if testing.Short() {
		rows = 120_000
	}
	var text bytes.Buffer
	text.WriteString("id,value,lon,lat\n")
	for i := range rows {
		fmt.Fprintf(&text, "lamp%06d,%d,121.%06d,25.03\n", i, i%100, 500_000+i)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "lamps.csv")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "city")
	s := serve(t, data)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	type job struct {
		ID, State string
		Progress  *struct{ Done int }
		Landed    *struct{ Changes int }
	}
	newest := func(kind string) (j job) {
		t.Helper()
		var list struct{ Jobs []job }
		if s.call(http.MethodGet, "/v1/jobs?limit=1&kind="+kind, nil, &list); len(list.Jobs) == 1 {
			s.call(http.MethodGet, "/v1/jobs/"+list.Jobs[0].ID, nil, &j)
		}
		return j
	}
	count := func() (n struct{ Count int }) {
		t.Helper()
		s.call(http.MethodGet, "/v1/layers/lamps", nil, &n)
		return n
	}
	some := func(job) bool { return count().Count > 0 }
	begun := func(j job) bool { return j.Progress != nil && j.Progress.Done > 0 }
	// cut starts a command that works on and kills the server under its job, as soon as that is far enough.
	cut := func(kind string, far func(job) bool, args ...string) job {
		t.Helper()
		before := newest(kind).ID
		ended := make(chan bool, 1)
		go func() {
			_, ok := run(t, nil, append([]string{args[0], "--data", data}, args[1:]...)...)
			ended <- ok
		}()
		for start := time.Now(); ; time.Sleep(2 * time.Millisecond) {
			if j := newest(kind); j.ID != before && far(j) {
				break
			}
			if time.Since(start) > time.Minute {
				t.Fatalf("gewu %v does not begin", args)
			}
		}
		s.kill()
		if <-ended {
			t.Logf("gewu %v was faster", args)
		}
		s = serve(t, data)
		j := newest(kind)
		if j.ID == before || j.State != "interrupted" && j.State != "done" {
			t.Errorf("gewu %v: after the server was killed the job is %+v", args, j)
		}
		return j
	}

	// An import that shows its rows as they land: the log has as many changes as there are features.
	j := cut("import", some, "import", "-q", "--layer", "lamps", file)
	landed := count().Count
	if landed == 0 {
		t.Error("what was visible before the server was killed is gone")
	}
	if j.State == "interrupted" && (j.Landed == nil && landed != 0 || j.Landed != nil && j.Landed.Changes != landed) {
		t.Errorf("%d features are there, the job tells of %+v", landed, j.Landed)
	}
	if out := mustRun(t, "import", "--data", data, "--undo", j.ID); !strings.Contains(out, fmt.Sprintf("%d ended", landed)) || count().Count != 0 {
		t.Errorf("%d features are left after\n%s", count().Count, out)
	}

	// An atomic one: nothing, or everything.
	j = cut("import", begun, "import", "-q", "--layer", "lamps", "--atomic", file)
	if n := count().Count; n == rows {
		mustRun(t, "import", "--data", data, "--undo", j.ID)
	} else if n != 0 {
		t.Errorf("%d features of an atomic import are there", n)
	}

	// One with a key goes on under its id.
	j = cut("import", some, "import", "-q", "--layer", "lamps", "--key", "k", file)
	mustRun(t, "import", "--data", data, "-q", "--layer", "lamps", "--key", "k", file)
	if again := newest("import"); again.ID != j.ID || again.State != "done" || count().Count != rows {
		t.Errorf("the import with a key is %+v, it was %+v; %d features", again, j, count().Count)
	}

	// An undo takes back all of it, or nothing.
	cut("undo", begun, "import", "--undo", j.ID, "--force")
	if n := count().Count; n != 0 && n != rows {
		t.Errorf("%d features are there after an undo that was cut off", n)
	}
	mustRun(t, "import", "--data", data, "--undo", j.ID, "--force")
	mustRun(t, "check", "--data", data)
}

// TestImportFlags refuses flags that do not go together, before anything is opened.
func TestImportFlags(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "lamps.csv")
	if err := os.WriteFile(file, []byte("id,value,lon,lat\na,1,121.5,25\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "city")
	s := serve(t, data)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	s.stop()
	for _, tc := range []struct {
		want string
		args []string
	}{
		{"missing flags: --layer=NAME", []string{file}},
		{"<files>", []string{"--layer", "lamps"}},
		{"exclude each other", []string{"--list", "--undo", "x"}},
		{"take no files", []string{"--undo", "x", file}},
		{"--force belongs to --undo", []string{"--layer", "lamps", "--force", file}},
		{"--allow-empty belongs to --mode replace", []string{"--layer", "lamps", "--allow-empty", file}},
		{"--async goes neither", []string{"--layer", "lamps", "--async", "--dry-run", file}},
		{"needs a server", []string{"--layer", "lamps", "--async", file}},
		{"is one of the files", []string{"--layer", "lamps", "--errors", file, file}},
		{"choose another name", []string{"--layer", "lamps", "--errors", file, "-", "--format", "csv"}},
		{"is no import or undo", []string{"--undo", "x"}},
	} {
		out, ok := run(t, strings.NewReader(""), append([]string{"import", "--data", data}, tc.args...)...)
		if ok || !strings.Contains(out, tc.want) {
			t.Errorf("gewu import %v: %v\n%s", tc.args, ok, out)
		}
	}
	if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), "id,value") {
		t.Errorf("%v: %s", err, text)
	}
	if out := mustRun(t, "import", "--data", data, "--list"); strings.Count(out, "\n") != 1 {
		t.Errorf("imports:\n%s", out)
	}
}

// TestLinkedImport imports rows that refer to each other in a circle and exchange values, exports and imports them
// elsewhere, takes an import back, and ends the layer by an empty file only on demand.
func TestLinkedImport(t *testing.T) {
	definition := write(t, "rooms.toml", "name = \"rooms\"\ngeometry = \"none\"\n"+
		"[[attributes]]\nname = \"door\"\ntype = \"ref\"\nref = \"rooms\"\n[[attributes]]\nname = \"no\"\ntype = \"code\"\nunique = true\n")
	rows := "id,door,no\n"
	moved := rows
	const n = 25_000 // more than two batches
	for i := range n {
		rows += fmt.Sprintf("r%d,r%d,%d\n", i, (i+1)%n, i)
		moved += fmt.Sprintf("r%d,r%d,%d\n", i, (i+n-1)%n, (i+1)%n)
	}
	first, second := write(t, "rooms.csv", rows), write(t, "moved.csv", moved)
	dir := filepath.Dir(first)
	city := func(name string) func(want string, args ...string) {
		data := filepath.Join(dir, name)
		mustRun(t, "layer", "create", "--data", data, "--file", definition)
		return func(want string, args ...string) {
			t.Helper()
			if out := mustRun(t, append(args, "--data", data)...); !strings.Contains(out, want) {
				t.Errorf("%v: %s\nwant %s", args, out, want)
			}
		}
	}
	one, other := city("one"), city("other")
	one("25000 added, 0 changed, 0 ended, 0 unchanged, 0 failed", "import", "-q", "--layer", "rooms", first)
	one("0 added, 25000 changed, 0 ended, 0 unchanged, 0 failed", "import", "-q", "--layer", "rooms", "--mode", "replace", second)
	one("0 added, 25000 changed, 0 ended, 0 unchanged, 0 failed", "import", "-q", "--layer", "rooms", "--atomic", first)
	file := filepath.Join(dir, "out.ndjson")
	one("", "export", "--layer", "rooms", "-o", file)
	other("25000 added, 0 changed, 0 ended, 0 unchanged, 0 failed", "import", "-q", "--layer", "rooms", file)
	other("0 added, 0 changed, 0 ended, 25000 unchanged, 0 failed", "import", "-q", "--layer", "rooms", "--mode", "replace", file)
	again := filepath.Join(dir, "again.ndjson")
	other("", "export", "--layer", "rooms", "-o", again)
	a, errA := os.ReadFile(file)
	b, errB := os.ReadFile(again)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("the two cities differ: %v, %v", errA, errB)
	}
	empty := write(t, "empty.csv", "id,door,no\n")
	if out, ok := run(t, strings.NewReader(""), "import", "--layer", "rooms", "--mode", "replace", "--data", filepath.Join(dir, "other"), empty); ok || !strings.Contains(out, "--allow-empty") {
		t.Errorf("an empty file: %v\n%s", ok, out)
	}
	other("0 added, 0 changed, 25000 ended, 0 unchanged, 0 failed", "import", "-q", "--layer", "rooms", "--mode", "replace", "--allow-empty", empty)
	list := strings.Fields(strings.Split(mustRun(t, "import", "--list", "--data", filepath.Join(dir, "other")), "\n")[1])
	other("0 ended, 0 restored, 25000 exist again", "import", "--undo", list[0])
	other("", "check")
	one("", "check")
}
