package data

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Dictionary is a list of codes and what they mean: the classes of an edition of a standard, surfaces of roads, states of
// a part. Attributes of type code name one. It is configuration, as layers are; the JSON and TOML members are the same.
type Dictionary struct {
	Name  string `json:"name" toml:"name"`
	Title Title  `json:"title,omitempty" toml:"title"`
	// Source names the standard, edition and licence.
	Source  string `json:"source,omitempty" toml:"source"`
	Entries []Term `json:"entries" toml:"entries"`

	// places finds entries by code; nil in a dictionary that was not decoded.
	places map[string]int
}

// Term is one code of a dictionary.
type Term struct {
	Code  string `json:"code" toml:"code"`
	Title Title  `json:"title,omitempty" toml:"title"`
	// Parent is the code above, empty at the top.
	Parent string `json:"parent,omitempty" toml:"parent"`
	// From and To are the first edition that has the code and the first that has it no more, empty for no bound. A code
	// that has ended stays a value: features of before have it.
	From string `json:"from,omitempty" toml:"from"`
	To   string `json:"to,omitempty" toml:"to"`
}

// Limits of dictionaries.
const (
	MaxTerms     = 50_000
	MaxCodeBytes = 128
)

// UnmarshalJSON reads a dictionary, whose entries are found fast from then on.
func (d *Dictionary) UnmarshalJSON(b []byte) error {
	type plain Dictionary
	var p plain
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*d = Dictionary(p)
	d.places = make(map[string]int, len(d.Entries))
	for i := range d.Entries {
		d.places[d.Entries[i].Code] = i
	}
	return nil
}

// Term is the entry of a code.
func (d *Dictionary) Term(code string) (Term, bool) {
	if d.places != nil {
		i, ok := d.places[code]
		if !ok {
			return Term{}, false
		}
		return d.Entries[i], true
	}
	i := slices.IndexFunc(d.Entries, func(t Term) bool { return t.Code == code })
	if i < 0 {
		return Term{}, false
	}
	return d.Entries[i], true
}

// Validate checks a dictionary. The error is a *FieldError or several joined, at most 100.
func (d *Dictionary) Validate() error {
	const most = 100
	var errs []error
	bad := func(field, value, why string) {
		if len(errs) < most {
			errs = append(errs, &FieldError{Field: field, Value: value, Why: why})
		}
	}
	if !ValidName(d.Name) {
		bad("name", d.Name, "must match [a-z][a-z0-9_]{0,62}")
	}
	if len(d.Entries) > MaxTerms {
		bad("entries", "", fmt.Sprintf("are %d, at most %d", len(d.Entries), MaxTerms))
		return errors.Join(errs...)
	}
	parents := make(map[string]string, len(d.Entries))
	for i, t := range d.Entries {
		at := fmt.Sprintf("entries[%d].", i)
		if t.Code == "" || len(t.Code) > MaxCodeBytes || !utf8.ValidString(t.Code) || strings.ContainsFunc(t.Code, unicode.IsControl) {
			bad(at+"code", t.Code, fmt.Sprintf("must be 1 to %d bytes of UTF-8 without control characters", MaxCodeBytes))
		}
		if _, twice := parents[t.Code]; twice {
			bad(at+"code", t.Code, "occurs twice")
		}
		parents[t.Code] = t.Parent
		for _, edition := range []string{t.From, t.To} {
			if len(edition) > MaxCodeBytes {
				bad(at+"from", edition, fmt.Sprintf("is longer than %d bytes", MaxCodeBytes))
			}
		}
	}
	for i, t := range d.Entries {
		if why := misplaced(parents, t.Code); why != "" {
			bad(fmt.Sprintf("entries[%d].parent", i), t.Parent, why)
		}
	}
	return errors.Join(errs...)
}

// maxDepth bounds the levels of a dictionary.
const maxDepth = 32

// misplaced says what is wrong with the codes above one.
func misplaced(parents map[string]string, code string) string {
	for range maxDepth {
		parent := parents[code]
		if parent == "" {
			return ""
		}
		if _, ok := parents[parent]; !ok {
			return fmt.Sprintf("%q is no code of the dictionary", parent)
		}
		code = parent
	}
	return fmt.Sprintf("leads round in a circle, or deeper than %d levels", maxDepth)
}

// Near are the codes that are most like a text that is none, at most five; all codes of a dictionary of no more than
// a dozen.
func (d *Dictionary) Near(text string) []string {
	const few, most, longest = 12, 5, 64
	type near struct {
		code     string
		distance int
	}
	var found []near
	for _, t := range d.Entries {
		n := near{code: t.Code, distance: math.MaxInt}
		if len(text) <= longest && len(t.Code) <= longest {
			n.distance = editDistance(strings.ToLower(text), strings.ToLower(t.Code))
		}
		if len(d.Entries) > few {
			if n.distance > max(2, len(text)/3) && !slices.ContainsFunc([]string{t.Title["zh"], t.Title["en"]}, func(s string) bool { return strings.EqualFold(s, text) }) {
				continue
			}
		}
		found = append(found, n)
	}
	slices.SortStableFunc(found, func(a, b near) int { return cmp.Compare(a.distance, b.distance) })
	if len(d.Entries) > few {
		found = found[:min(len(found), most)]
	}
	codes := make([]string, len(found))
	for i := range found {
		codes[i] = found[i].code
	}
	return codes
}

// editDistance is the number of bytes to insert, delete or replace (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// Lacks says that a text is no code of the dictionary, and which codes are like it.
func (d *Dictionary) Lacks(field, text string) *FieldError {
	why := "is no code of dictionary " + d.Name
	switch near := d.Near(text); {
	case len(d.Entries) == 0:
		why += ", which is empty"
	case len(near) > 0:
		why += "; near are " + strings.Join(near, ", ")
	}
	return &FieldError{Field: field, Value: text, Why: why}
}
