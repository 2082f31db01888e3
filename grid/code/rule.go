package code

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data/partcode"
)

// Group is a named run of characters in a code.
type Group struct {
	Name  string
	Width int
	// digits says that letters are not possible.
	digits bool
}

// Rule says how codes are built: named groups of characters, one after the other, each of 0 to 9 and A to Z. Groups of
// certain names are checked further wherever they occur: a district of six characters is a county-level area of GB/T
// 2260, and a community, a sequence or a class is never all zeros.
type Rule struct{ groups []Group }

// Bounds of a rule.
const (
	maxWidth = 99
	maxTotal = 128 // bytes of a feature id
)

var groupPattern = regexp.MustCompile(`^([a-z_]+):([1-9][0-9]?)$`)

// ParseRule reads the code rule of a scheme: "national15", the unit grid of GB/T 30428.1; "none" or nothing, which lets
// every code pass; or groups with their widths, such as "district:6 street:3 community:3 sequence:3".
func ParseRule(text string) (Rule, error) {
	switch text {
	case "", "none":
		return Rule{}, nil
	case "national15":
		return national15, nil
	}
	var r Rule
	for i, word := range strings.Split(text, " ") {
		m := groupPattern.FindStringSubmatch(word)
		if m == nil {
			return Rule{}, fmt.Errorf("code rule %.200q: group %d %.40q must be a name in small letters, a colon and a width of 1 to %d, like street:3", text, i+1, word, maxWidth)
		}
		width, err := strconv.Atoi(m[2])
		if err != nil {
			return Rule{}, err
		}
		if slices.ContainsFunc(r.groups, func(g Group) bool { return g.Name == m[1] }) {
			return Rule{}, fmt.Errorf("code rule %.200q: group %.40q occurs twice", text, m[1])
		}
		r.groups = append(r.groups, Group{m[1], width, isDistrict(m[1], width)})
	}
	if w := r.width(); w > maxTotal {
		return Rule{}, fmt.Errorf("code rule %.200q: codes would have %d characters; at most %d are possible", text, w, maxTotal)
	}
	return r, nil
}

// String is the rule as [ParseRule] reads it.
func (r Rule) String() string {
	if len(r.groups) == 0 {
		return "none"
	}
	words := make([]string, len(r.groups))
	for i, g := range r.groups {
		words[i] = g.Name + ":" + strconv.Itoa(g.Width)
	}
	return strings.Join(words, " ")
}

// Groups are the groups in order; none when every code passes.
func (r Rule) Groups() []Group { return slices.Clone(r.groups) }

func (r Rule) width() int {
	sum := 0
	for _, g := range r.groups {
		sum += g.Width
	}
	return sum
}

// Check says whether a code follows the rule as it stands, without normalising: this is for codes that are stored. The
// error is an *[Error].
func (r Rule) Check(text string) error {
	if len(r.groups) == 0 {
		return nil
	}
	err := r.checkLength(text)
	if err == nil {
		err = r.check(text)
	}
	if err == nil {
		return nil
	}
	if plain := Normalise(text); plain != text && r.checkLength(plain) == nil && r.check(plain) == nil {
		err.Why += "; plainly written it is " + plain
	}
	return err
}

// Parse reads a code by the rule after normalising it. The error is an *[Error].
func (r Rule) Parse(text string) (Code, error) {
	plain := text
	if len(r.groups) > 0 {
		plain = Normalise(text)
	}
	if err := r.Check(plain); err != nil {
		return Code{}, err
	}
	return Code{Rule: r, Text: plain}, nil
}

// Compose joins the values of the groups. Numbers shorter than their group are filled up with zeros in front.
func (r Rule) Compose(values map[string]string) (string, error) {
	if len(r.groups) == 0 {
		return "", errors.New("a rule that lets every code pass composes none")
	}
	var b strings.Builder
	for _, g := range r.groups {
		v, ok := values[g.Name]
		if !ok {
			return "", &Error{Code: b.String(), Group: g.Name, Why: "has no value"}
		}
		v = Normalise(v)
		if len(v) > g.Width {
			return "", &Error{Code: v, Group: g.Name, Why: fmt.Sprintf("has %d characters; there is room for %d", len(v), g.Width)}
		}
		b.WriteString(strings.Repeat("0", g.Width-len(v)) + v)
	}
	for name := range values {
		if !slices.ContainsFunc(r.groups, func(g Group) bool { return g.Name == name }) {
			return "", &Error{Code: b.String(), Group: name, Why: "is no group of " + r.String()}
		}
	}
	if err := r.check(b.String()); err != nil {
		return "", err
	}
	return b.String(), nil
}

func (r Rule) checkLength(text string) *Error {
	if len([]rune(text)) != r.width() {
		return &Error{Code: text, Why: lengthError(text, []Rule{r})}
	}
	return nil
}

// lengthError says how long a code is and how long it should be.
func lengthError(text string, forms []Rule) string {
	var want []string
	for _, r := range forms {
		var groups []string
		for _, g := range r.groups {
			groups = append(groups, fmt.Sprintf("%s %d", g.Name, g.Width))
		}
		want = append(want, fmt.Sprintf("%d (%s)", r.width(), strings.Join(groups, ", ")))
	}
	return fmt.Sprintf("has %d characters instead of %s", len([]rune(text)), strings.Join(want, " or "))
}

// check looks at the characters of a code of the right length.
func (r Rule) check(text string) *Error {
	at := 0
	letters := []rune(text)
	for _, g := range r.groups {
		for i, c := range letters[at : at+g.Width] {
			want := ""
			switch digit, capital := c >= '0' && c <= '9', c >= 'A' && c <= 'Z'; {
			case digit:
			case g.digits:
				want = "must be a digit"
			case !capital:
				want = "must be a digit or a capital letter"
			}
			if want == "" {
				continue
			}
			switch c {
			case 'O', 'o':
				want += "; is it a zero?"
			case 'I', 'l':
				want += "; is it a one?"
			}
			return &Error{Code: text, At: at + i + 1, Len: 1, Group: g.Name, Why: fmt.Sprintf("%q %s", c, want)}
		}
		if why := g.judge(string(letters[at : at+g.Width])); why != "" {
			return &Error{Code: text, At: at + 1, Len: g.Width, Group: g.Name, Why: why}
		}
		at += g.Width
	}
	return nil
}

// isDistrict tells a group that holds a code of GB/T 2260.
func isDistrict(name string, width int) bool { return name == "district" && width == 6 }

// judge says what is wrong with the value of a group of known meaning, or nothing.
func (g Group) judge(v string) string {
	switch g.Name {
	case "community", "sequence", "major", "minor":
		if strings.Trim(v, "0") == "" {
			return "must not be all zeros"
		}
	}
	if isDistrict(g.Name, g.Width) {
		return partcode.CheckDistrict(v)
	}
	return ""
}

// Error says what is wrong with a code, and where.
type Error struct {
	// What was read, such as "cell code"; empty for a city's own rule.
	What string
	// Code is the code as it was read.
	Code string
	// At is the place of the first wrong character, counted from 1, and Len how many are wrong; 0 when it is not about
	// characters.
	At, Len int
	// Group is the group that they belong to.
	Group string
	// Why says what is wrong and what would be right.
	Why string
}

// Error is one line: what, where, why.
func (e *Error) Error() string {
	what := e.What
	if what == "" {
		what = "code"
	}
	return fmt.Sprintf("%s %.80q: %s", what, e.Code, e.Where())
}

// Where is the place and the reason, to follow the code in a message.
func (e *Error) Where() string {
	switch {
	case e.At > 0 && e.Len > 1:
		return fmt.Sprintf("characters %d to %d (%s): %s", e.At, e.At+e.Len-1, e.Group, e.Why)
	case e.At > 0:
		return fmt.Sprintf("character %d (%s): %s", e.At, e.Group, e.Why)
	case e.Group != "":
		return e.Group + " " + e.Why
	}
	return e.Why
}
