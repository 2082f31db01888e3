package licences

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

var update = flag.Bool("update", false, "write docs/licences.md")

const (
	root   = "../.."
	report = root + "/docs/licences.md"
)

// shippable are the licences under which something may be in the binary, pages included: none asks for more than to be
// named.
var shippable = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "Python-2.0", "Unlicense", publicDomain}

const publicDomain = "public domain"

// judged are files that somebody has read because no licence is recognised in them as a whole, by module, version and name.
// Another version is read again.
var judged = map[string]string{
	// Lists of what the module comes from, all under these. What is under MPL-2.0 is used by the tests of sqlite alone.
	"modernc.org/libc v1.80.1 LICENSE-3RD-PARTY.md":   "BSD-3-Clause AND MIT",
	"modernc.org/sqlite v1.62.0 LICENSE-3RD-PARTY.md": "BSD-3-Clause AND MIT",
	"modernc.org/sqlite v1.62.0 LICENSE-SQLITE":       publicDomain,
	"modernc.org/memory v1.12.1 LICENSE-LOGO":         "", // of a picture that is in no binary
}

// usable are those, too, of what tests and builds use and nobody gets: files under them may not be changed in secret, which
// nobody does.
var usable = append([]string{"MPL-2.0"}, shippable...)

// part is something of somebody else.
type part struct{ Name, Version, Licence string }

// modules are the Go modules that packages are made of, with their tests when that is asked for.
func modules(t *testing.T, tests bool, packages string) []part {
	t.Helper()
	args := []string{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}"}
	if tests {
		args = append(args, "-test")
	}
	list := exec.CommandContext(t.Context(), "go", append(args, packages)...)
	list.Dir = root
	list.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOPROXY=off")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var parts []part
	for line := range strings.Lines(string(out)) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		version, dir, _ := strings.Cut(rest, " ")
		if name == "" || slices.ContainsFunc(parts, func(p part) bool { return p.Name == name }) {
			continue
		}
		parts = append(parts, part{name, version, licenceIn(t, name+" "+version, dir)})
	}
	sorted(parts)
	return parts
}

func sorted(parts []part) {
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
}

// leastCovered is how much of a text must be that of known licences, in percent; names and years of holders are not.
const leastCovered = 75

// licenceIn names what the files of a module say, joined by AND; "unknown" when nothing is recognised.
func licenceIn(t *testing.T, module, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		name := strings.ToUpper(f.Name())
		if f.IsDir() || strings.HasSuffix(name, ".GO") || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") {
			continue
		}
		if licence, ok := judged[module+" "+f.Name()]; ok {
			found = append(found, strings.Split(licence, " AND ")...)
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		cov := licensecheck.Scan(text)
		if cov.Percent < leastCovered {
			found = append(found, "unknown")
		}
		for _, m := range cov.Match {
			if !m.IsURL {
				found = append(found, m.ID)
			}
		}
	}
	slices.Sort(found)
	found = slices.DeleteFunc(slices.Compact(found), func(name string) bool { return name == "" })
	if len(found) == 0 {
		return "unknown"
	}
	return strings.Join(found, " AND ")
}

// pages are the npm packages that pages are made of, and those that build and test them.
func pages(t *testing.T) (shipped, built []part) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "web", "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct {
			Version, License string
			Dev, DevOptional bool
		}
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		t.Fatal(err)
	}
	for path, p := range lock.Packages {
		at := strings.LastIndex(path, "node_modules/")
		if at < 0 {
			continue
		}
		one := part{path[at+len("node_modules/"):], p.Version, cmp.Or(p.License, "unknown")}
		if p.Dev || p.DevOptional {
			built = append(built, one)
		} else {
			shipped = append(shipped, one)
		}
	}
	sorted(shipped)
	sorted(built)
	return slices.Compact(shipped), slices.Compact(built)
}

// allowed reports whether a licence is one of a list: every one that is joined by AND, any that is joined by OR.
func allowed(licence string, list []string) bool {
	licence = strings.Trim(licence, "()")
	if one, others, ok := strings.Cut(licence, " OR "); ok {
		return allowed(one, list) || allowed(others, list)
	}
	if one, others, ok := strings.Cut(licence, " AND "); ok {
		return allowed(one, list) && allowed(others, list)
	}
	return slices.Contains(list, licence)
}

// TestLicences writes down what gewu is made of. Something new, or under another licence, shows as a difference; something
// that may not be there fails whatever the report says.
func TestLicences(t *testing.T) {
	binary := modules(t, false, "./cmd/gewu")
	tests := slices.DeleteFunc(modules(t, true, "./..."), func(p part) bool { return slices.Contains(binary, p) })
	shipped, built := pages(t)
	var b strings.Builder
	b.WriteString("# Licences\n\nWhat gewu is made of, read from the module cache and `web/package-lock.json` by `make licences`; `make test` compares. What\nis in the binary, pages included, must be under " + strings.Join(shippable, ", ") + ";\nwhat only tests and builds use may be under MPL-2.0, too. The data of `sample/` carry their own licence.\n")
	for _, table := range []struct {
		title string
		parts []part
		may   []string
	}{
		{"Go, in the binary", binary, shippable},
		{"Pages, in the binary", shipped, shippable},
		{"Go, in tests and tools", tests, usable},
		{"Pages, build and tests", built, usable},
	} {
		if len(table.parts) == 0 {
			t.Errorf("%s: nothing was found", table.title)
		}
		fmt.Fprintf(&b, "\n## %s\n\n| what | version | licence |\n| --- | --- | --- |\n", table.title)
		for _, p := range table.parts {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", p.Name, p.Version, p.Licence)
			if !allowed(p.Licence, table.may) {
				t.Errorf("%s: %s %s is under %s, which is none of %s", table.title, p.Name, p.Version, p.Licence, strings.Join(table.may, ", "))
			}
		}
	}
	if *update {
		if err := os.WriteFile(report, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != b.String() {
		t.Error("docs/licences.md is not what gewu is made of: make licences, and read the difference")
	}
}

// TestAllowed judges expressions.
func TestAllowed(t *testing.T) {
	for licence, want := range map[string]bool{
		"MIT": true, "(MIT OR GPL-3.0)": true, "MIT AND GPL-3.0": false, "MIT AND BSD-3-Clause": true, "GPL-3.0": false, "AGPL-3.0-only": false, "unknown": false, "": false,
	} {
		if allowed(licence, shippable) != want {
			t.Errorf("%q: %v", licence, !want)
		}
	}
}
