package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// source is one parsed Go file.
type source struct {
	path, dir string
	test      bool
	generated bool
	lines     int
	text      []byte
	file      *ast.File
	fset      *token.FileSet
}

// at is file:line of a node.
func (s *source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.fset.Position(n.Pos()).Line)
}

// imports maps the names under which the file knows its imports to their paths.
func (s *source) imports() map[string]string {
	names := map[string]string{}
	for _, spec := range s.file.Imports {
		p := importPath(spec)
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	return names
}

func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value
	}
	return p
}

// tree is the source of the module: folder → files.
type tree map[string][]*source

// load parses every Go file below root that belongs to the module.
func load(root fs.FS) (tree, error) {
	t := tree{}
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipFolder(p, d.Name())
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		text, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, p, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(p)
		t[dir] = append(t[dir], &source{
			path: p, dir: dir, text: text, file: file, fset: fset,
			test:      strings.HasSuffix(p, "_test.go"),
			generated: ast.IsGenerated(file),
			lines:     bytes.Count(text, []byte("\n")),
		})
		return nil
	})
	return t, err
}

func skipFolder(p, name string) error {
	skipped := []string{"node_modules", "testdata", "vendor", "dist", "bin"}
	hidden := p != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_"))
	if hidden || slices.Contains(skipped, name) {
		return fs.SkipDir
	}
	return nil
}

// each calls f for every file in order.
func (t tree) each(f func(*source)) {
	for _, dir := range t.dirs() {
		for _, s := range t[dir] {
			f(s)
		}
	}
}

func (t tree) dirs() []string {
	dirs := make([]string, 0, len(t))
	for dir := range t {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	return dirs
}
