package catalogue

import (
	"fmt"
	"strings"
)

// EachRow calls do with the fields of each row of a table in text: lines of fields between tabs, behind a head of names;
// lines that begin with # are notes. It ends with the first error, of a row with another number of fields or of do, which
// names the file and the line.
func EachRow(file, text string, fields int, do func(field []string) error) error {
	number, head := 0, true
	for line := range strings.Lines(text) {
		number++
		if strings.HasPrefix(line, "#") {
			continue
		}
		field := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(field) != fields {
			return fmt.Errorf("%s:%d: %d fields, want %d", file, number, len(field), fields)
		}
		if head {
			head = false
			continue
		}
		if err := do(field); err != nil {
			return fmt.Errorf("%s:%d: %w", file, number, err)
		}
	}
	return nil
}
