// Package rows reads the files of configuration of cases: TOML of which every row and member is known, so that what is
// wrong can be told with file, line, row and field.
package rows

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/gewu-city/gewu/data"
)

// Error is something wrong in a file: where, in which row and field, and what would be right.
type Error struct {
	File string
	// Line is 0 where the fault is something that is missing from the whole file.
	Line int
	// Row is the table of the file, such as steps.submitted.accept; the field within it is that of the FieldError.
	Row string
	data.FieldError
}

// Error names file, line, row and field.
func (f *Error) Error() string {
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
func (f *Error) Unwrap() error { return &f.FieldError }

// Source knows where in files something is written. Files that override come last and are asked first. The zero value
// knows of no file.
type Source struct {
	files []string
	lines []map[string]int
	// order are the keys of all files in the order of their first appearance.
	order []string
	known map[string]bool
}

// Read takes a file in. It looks at the beginnings of lines only: that the text is TOML has been seen before. Rows of an
// array of tables, [[clock]], are known by their number too: clock[0].
func (s *Source) Read(file, text string) {
	lines, section, quoted := map[string]int{}, "", false
	numbered, numbers := "", map[string]int{}
	note := func(key string, line int) {
		if _, ok := lines[key]; !ok {
			lines[key] = line
		}
		if _, ok := s.known[key]; !ok {
			if s.known == nil {
				s.known = map[string]bool{}
			}
			s.known[key] = true
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
				section = plainKey(strings.TrimLeft(line[:end], "["))
				numbered = number(numbers, section, strings.HasPrefix(line, "[["))
				note(section, i+1)
				note(numbered, i+1)
			}
		default:
			if key, _, ok := strings.Cut(line, "="); ok && !strings.ContainsAny(key, "{[,") {
				note(strings.TrimPrefix(section+"."+plainKey(key), "."), i+1)
				note(strings.TrimPrefix(numbered+"."+plainKey(key), "."), i+1)
			}
		}
	}
	s.files, s.lines = append(s.files, file), append(s.lines, lines)
}

// number is a section with the numbers of the rows that it lies in. Another row of an array begins its own arrays anew.
func number(numbers map[string]int, section string, another bool) string {
	if another {
		if n, ok := numbers[section]; ok {
			numbers[section] = n + 1
		} else {
			numbers[section] = 0
		}
		maps.DeleteFunc(numbers, func(key string, _ int) bool { return strings.HasPrefix(key, section+".") })
	}
	var out strings.Builder
	for i, part := range strings.Split(section, ".") {
		if i > 0 {
			out.WriteByte('.')
		}
		out.WriteString(part)
		if n, ok := numbers[strings.Join(strings.Split(section, ".")[:i+1], ".")]; ok {
			fmt.Fprintf(&out, "[%d]", n)
		}
	}
	return out.String()
}

func plainKey(s string) string {
	parts := strings.Split(s, ".")
	for i, p := range parts {
		parts[i] = strings.Trim(strings.TrimSpace(p), `"'`)
	}
	return strings.Join(parts, ".")
}

// Fault is what is wrong with a field of a row, at the place where it was written last.
func (s *Source) Fault(row, field, value, format string, args ...any) *Error {
	f := &Error{Row: row, FieldError: data.FieldError{Field: field, Value: value, Why: fmt.Sprintf(format, args...)}}
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

// Sorted are keys of a section in the order in which the files have them.
func (s *Source) Sorted(section string, keys []string) []string {
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

// Files are the names of the files, those that override last.
func (s *Source) Files() []string { return slices.Clone(s.files) }

// Keys are the keys of a section in the order in which the files have them.
func Keys[V any](s *Source, section string, rows map[string]V) []string {
	return s.Sorted(section, slices.Collect(maps.Keys(rows)))
}

// Decode reads the text of a file into v, which must know all of its members. The error is an *[Error] or several joined.
func Decode(file, text string, v any) error {
	meta, err := toml.Decode(text, v)
	if err != nil {
		return unreadable(file, err)
	}
	here := &Source{}
	here.Read(file, text)
	var faults []error
	for _, key := range meta.Undecoded() {
		faults = append(faults, here.Fault(strings.Join(key[:len(key)-1], "."), key[len(key)-1], "", "nobody knows this member"))
	}
	return errors.Join(faults...)
}

// inType is how the decoder says that a value has the wrong type; it has no error type of its own for that.
var inType = regexp.MustCompile(`^toml: line (\d+) \(last key "(.*?)"\): (.*)$`)

func unreadable(file string, err error) *Error {
	f := &Error{File: file, FieldError: data.FieldError{Field: "text", Why: err.Error()}}
	if m := inType.FindStringSubmatch(err.Error()); m != nil {
		f.Line, _ = strconv.Atoi(m[1])
		f.Field, f.Why = m[2], m[3]
	}
	if p, ok := errors.AsType[toml.ParseError](err); ok {
		f.Line = p.Position.Line
		if p.Message != "" {
			f.Why = p.Message
		}
		if p.LastKey != "" {
			f.Field = p.LastKey
		}
	}
	return f
}
