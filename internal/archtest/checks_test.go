package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A check returns its findings, one line each: where, what, why.

func checkRows(t tree, rows []row) (found []string) {
	for _, r := range rows {
		_, exists := t[r.dir]
		switch {
		case r.planned && exists:
			found = append(found, r.dir+": exists, so its row is no longer planned: remove the mark in rules_test.go")
		case !r.planned && !exists:
			found = append(found, r.dir+": has a row in rules_test.go but no Go files")
		}
		for _, m := range r.may {
			if !slices.ContainsFunc(rows, func(o row) bool { return o.dir == m }) {
				found = append(found, r.dir+": its row allows "+m+", which has no row")
			}
		}
	}
	for _, dir := range t.dirs() {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.dir == dir }) {
			found = append(found, dir+": has no row in rules_test.go: say what it may import and why")
		}
	}
	return found
}

func checkEdges(t tree, rows []row) (found []string) {
	t.each(func(s *source) {
		i := slices.IndexFunc(rows, func(r row) bool { return r.dir == s.dir })
		if i < 0 {
			return // reported by checkRows
		}
		for _, spec := range s.file.Imports {
			to, ours := strings.CutPrefix(importPath(spec), modulePath+"/")
			if !ours || to == s.dir || slices.Contains(common, to) || slices.Contains(rows[i].may, to) {
				continue
			}
			if s.test && (!under(to, testsMayNot...) || under(s.dir, testsMayNot...)) {
				continue
			}
			found = append(found, fmt.Sprintf("%s: %s may not import %s: %s", s.at(spec), s.dir, to, rows[i].why))
		}
	})
	return found
}

func checkBans(t tree, bans []ban) (found []string) {
	t.each(func(s *source) {
		if s.test || servesTests(s.dir) {
			return
		}
		report := func(n ast.Node, b ban) {
			what := b.path
			if b.name != "" {
				what += "." + b.name
			}
			found = append(found, fmt.Sprintf("%s: %s is banned in %s: %s", s.at(n), what, s.dir, b.why))
		}
		for _, spec := range s.file.Imports {
			if spec.Name != nil && spec.Name.Name == "." {
				found = append(found, s.at(spec)+": a dot import hides where names come from")
			}
			for _, b := range bans {
				if b.name == "" && b.path == importPath(spec) && b.in(s.dir) {
					report(spec, b)
				}
			}
		}
		names := s.imports()
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, b := range bans {
				if b.name == sel.Sel.Name && b.path == names[x.Name] && b.in(s.dir) {
					report(sel, b)
				}
			}
			return true
		})
	})
	return found
}

func checkInits(t tree) (found []string) {
	t.each(func(s *source) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				found = append(found, s.at(f)+": init functions are banned: nothing registers itself; build it where it is used")
			}
		}
	})
	return found
}

// checkComments wants one package comment for each package, in the files that are not tests if there are any.
func checkComments(t tree) (found []string) {
	for _, dir := range t.dirs() {
		files := slices.DeleteFunc(slices.Clone(t[dir]), func(s *source) bool { return s.test })
		if len(files) == 0 {
			files = t[dir]
		}
		var with []string
		for _, s := range files {
			if s.file.Doc != nil {
				with = append(with, s.path)
			}
		}
		if len(with) != 1 {
			found = append(found, fmt.Sprintf("%s: wants one package comment, has %d %v", dir, len(with), with))
		}
	}
	return found
}

func checkSizes(t tree) (found []string) {
	for _, dir := range t.dirs() {
		total := 0
		for _, s := range t[dir] {
			if s.test || s.generated {
				continue
			}
			if total += s.lines; s.lines > maxFileLines {
				found = append(found, fmt.Sprintf("%s: %d lines, at most %d: split it by idea", s.path, s.lines, maxFileLines))
			}
		}
		if total > maxPackageLines {
			found = append(found, fmt.Sprintf("%s: %d lines, at most %d: it holds more than one idea", dir, total, maxPackageLines))
		}
	}
	return found
}

var leftover = regexp.MustCompile(`\b(` + strings.Join(leftovers, "|") + `)\b`)

func checkWords(t tree) (found []string) {
	t.each(func(s *source) {
		for i, line := range bytes.Split(s.text, []byte("\n")) {
			if word := leftover.Find(line); word != nil {
				found = append(found, fmt.Sprintf("%s:%d: %s: finish it or open an issue", s.path, i+1, word))
			}
		}
	})
	return found
}

// checkInternal keeps the domain out of internal/: what knows a domain word belongs to its package.
func checkInternal(t tree) (found []string) {
	t.each(func(s *source) {
		if !under(s.dir, "internal") || under(s.dir, "internal/archtest") {
			return
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				for _, w := range camelWords(id.Name) {
					if slices.Contains(domainWords, strings.TrimSuffix(w, "s")) {
						found = append(found, fmt.Sprintf("%s: %s is a domain word in internal/", s.at(id), id.Name))
					}
				}
			}
			return true
		})
	})
	return found
}

// camelWords splits an identifier at its capitals and returns the words in lower case.
func camelWords(name string) (words []string) {
	start := 0
	for i, r := range name {
		if i > start && unicode.IsUpper(r) {
			words, start = append(words, strings.ToLower(name[start:i])), i
		}
	}
	return append(words, strings.ToLower(name[start:]))
}

// checkLeaks wants goleak in the tests of every package that starts a goroutine: each has an owner and an end.
func checkLeaks(t tree) (found []string) {
	for _, dir := range t.dirs() {
		if under(dir, "cmd", "test") || servesTests(dir) {
			continue // watched from outside, as processes, or by the tests that use them
		}
		var start string
		guarded := false
		for _, s := range t[dir] {
			if s.test {
				guarded = guarded || slices.ContainsFunc(s.file.Imports, func(i *ast.ImportSpec) bool {
					return importPath(i) == "go.uber.org/goleak"
				})
				continue
			}
			ast.Inspect(s.file, func(n ast.Node) bool {
				if g, ok := n.(*ast.GoStmt); ok && start == "" {
					start = s.at(g)
				}
				return true
			})
		}
		if start != "" && !guarded {
			found = append(found, start+": starts a goroutine, but no test of the package calls goleak.VerifyTestMain")
		}
	}
	return found
}
