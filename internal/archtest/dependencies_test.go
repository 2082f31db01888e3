package archtest

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dependencyList names every direct dependency, with what it replaces, who keeps it and its licence.
const dependencyList = "../../docs/adr/dependencies.md"

var (
	requirement = regexp.MustCompile(`(?m)^\s*(?:require )?(\S+\.\S+/\S+|\S+\.\S+) v\d`)
	listed      = regexp.MustCompile(`(?m)^\| ([^|]+) \| [^|]+ \| [^|]+ \| [^|]+ \|$`)
)

// TestDependenciesAreListed compares what is imported with what is listed, both ways.
func TestDependenciesAreListed(t *testing.T) {
	module, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	used := append(goModules(module, read(t, "../../go.mod")), webPackages(t, read(t, "../../web/package.json"))...)
	used = append(used, goModules(module, read(t, "../../test/peers/bleve/go.mod"))...) // a module of its own
	// And another, which lies in an archive for a test: its files are not in the tree.
	provider := regexp.MustCompile(`(?m)^require (\S+) v`).FindSubmatch(read(t, "../../server/testdata/openid.txtar"))
	if provider == nil {
		t.Fatal("openid.txtar requires nothing")
	}
	used = append(used, string(provider[1]))
	have := listedNames(read(t, dependencyList))
	for _, name := range used {
		if !slices.Contains(have, name) {
			t.Errorf("%s has no line in docs/adr/dependencies.md: what it replaces, who keeps it, licence", name)
		}
	}
	for _, name := range have {
		if !slices.Contains(used, name) {
			t.Errorf("docs/adr/dependencies.md lists %s, which nothing uses", name)
		}
	}
}

// TestDependencyReaders gives the readers small files.
func TestDependencyReaders(t *testing.T) {
	module := parse(t, map[string]string{
		"geo/a.go":      `package geo; import (_ "example.com/a/v2/sub"; _ "fmt"; _ "` + modulePath + `/data")`,
		"geo/a_test.go": `package geo; import _ "example.com/b"`,
	})
	mod := []byte("module " + modulePath + "\n\nrequire (\n\texample.com/a v1.0.0 // indirect\n\texample.com/a/v2 v2.1.0\n)\nrequire example.com/b v0.1.0\n")
	if got, want := goModules(module, mod), []string{"example.com/a/v2", "example.com/b"}; !slices.Equal(got, want) {
		t.Errorf("modules %q, want %q", got, want)
	}
	list := []byte("| module | instead of | kept by | licence |\n|---|---|---|---|\n| example.com/a | x | y | MIT |\n| one, two | x | y | MIT |\n")
	if got, want := listedNames(list), []string{"example.com/a", "one", "two"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// goModules are the modules of go.mod that the module's files import, in order.
func goModules(module tree, mod []byte) []string {
	var modules []string
	for _, m := range requirement.FindAllSubmatch(mod, -1) {
		modules = append(modules, string(m[1]))
	}
	var used []string
	module.each(func(s *source) {
		for _, spec := range s.file.Imports {
			p, longest := importPath(spec), ""
			for _, m := range modules {
				if under(p, m) && len(m) > len(longest) {
					longest = m
				}
			}
			if longest != "" {
				used = append(used, longest)
			}
		}
	})
	slices.Sort(used)
	return slices.Compact(used)
}

// webPackages are the direct dependencies of the pages.
func webPackages(t *testing.T, text []byte) (names []string) {
	t.Helper()
	var manifest struct {
		Dependencies    map[string]string `json:"dependencies"`
		DevDependencies map[string]string `json:"devDependencies"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	for name := range manifest.Dependencies {
		names = append(names, name)
	}
	for name := range manifest.DevDependencies {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// listedNames are the first cells of the tables; a cell may name several packages.
func listedNames(text []byte) (names []string) {
	for _, m := range listed.FindAllSubmatch(text, -1) {
		for name := range strings.SplitSeq(string(m[1]), ", ") {
			if name != "module" && name != "package" {
				names = append(names, name)
			}
		}
	}
	return names
}
