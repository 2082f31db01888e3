package process

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
)

// TableError is something wrong in the file of a table: where, in which row and field, and what would be right.
type TableError struct {
	File string
	// Line is 0 where the fault is something that is missing from the whole file.
	Line int
	// Row is the table of the file, such as steps.submitted.accept; the field within it is that of the FieldError.
	Row string
	data.FieldError
}

// Error names file, line, row and field.
func (f *TableError) Error() string {
	at := f.File
	if f.Line > 0 {
		at = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	if f.Row != "" {
		at += ": " + f.Row
	}
	if f.Field == "" {
		return fmt.Sprintf("%s: %s (value %q)", at, f.Why, f.Value)
	}
	return at + ": " + f.FieldError.Error()
}

// Unwrap is the field with its value.
func (f *TableError) Unwrap() error { return &f.FieldError }

// source knows where in the files of a table something is written. Files that override come last and are asked first.
type source struct {
	files []string
	lines []map[string]int
	// order are the keys of all files in the order of their first appearance.
	order []string
}

// read takes a file in. It looks at the beginnings of lines only: that the text is TOML has been seen before.
func (s *source) read(file, text string) {
	lines, section, quoted := map[string]int{}, "", false
	note := func(key string, line int) {
		if _, ok := lines[key]; !ok {
			lines[key] = line
		}
		if !slices.Contains(s.order, key) {
			s.order = append(s.order, key)
		}
	}
	for i, line := range strings.Split(text, "\n") {
		inside := quoted
		if (strings.Count(line, `"""`)+strings.Count(line, "'''"))%2 == 1 {
			quoted = !quoted
		}
		line = strings.TrimSpace(line)
		switch {
		case inside || line == "" || line[0] == '#':
		case line[0] == '[':
			if end := strings.IndexByte(line, ']'); end > 0 {
				section = plainKey(line[1:end])
				note(section, i+1)
			}
		default:
			if key, _, ok := strings.Cut(line, "="); ok && !strings.ContainsAny(key, "{[,") {
				note(strings.TrimPrefix(section+"."+plainKey(key), "."), i+1)
			}
		}
	}
	s.files, s.lines = append(s.files, file), append(s.lines, lines)
}

func plainKey(s string) string {
	parts := strings.Split(s, ".")
	for i, p := range parts {
		parts[i] = strings.Trim(strings.TrimSpace(p), `"'`)
	}
	return strings.Join(parts, ".")
}

// fault is what is wrong with a field of a row, at the place where it was written last.
func (s *source) fault(row, field, value, format string, args ...any) *TableError {
	f := &TableError{Row: row, FieldError: data.FieldError{Field: field, Value: value, Why: fmt.Sprintf(format, args...)}}
	if len(s.files) > 0 {
		f.File = s.files[len(s.files)-1]
	}
	for _, key := range []string{row + "." + field, row} {
		key = strings.TrimPrefix(strings.TrimSuffix(key, "."), ".")
		for i := len(s.files) - 1; i >= 0 && key != ""; i-- {
			if line, ok := s.lines[i][key]; ok {
				f.File, f.Line = s.files[i], line
				return f
			}
		}
	}
	return f
}

// sorted are keys of a section in the order in which the files have them.
func (s *source) sorted(section string, keys []string) []string {
	rank := map[string]int{}
	for i, k := range s.order {
		rank[k] = i + 1
	}
	at := func(key string) int {
		if r := rank[section+"."+key]; r > 0 {
			return r
		}
		// A section without a line of its own begins with its first member.
		for i, k := range s.order {
			if strings.HasPrefix(k, section+"."+key+".") {
				return i + 1
			}
		}
		return len(s.order) + 1
	}
	place := make(map[string]int, len(keys))
	for _, k := range keys {
		place[k] = at(k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if place[a] != place[b] {
			return place[a] - place[b]
		}
		return strings.Compare(a, b)
	})
	return keys
}
