// Package code reads, checks and composes the codes by which Chinese cities name their areas, unit grids and parts:
// GB/T 2260 and GB/T 10114 for areas, GB/T 30428.1 for unit grids, GB/T 30428.2-2013 and GB/T 47678.5-2026 for parts.
// A code of one length can mean two things, so the caller always names the kind. Everything is a pure function, safe
// for concurrent use.
package code

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
)

// Kind says what a code names.
type Kind string

// The kinds of codes. Each has one form or two: with three digits for the street as the standards say, or with four as
// some systems write it; parts and matters in the edition of 2013 or of 2026.
const (
	District  Kind = "district"  // 6 digits: county-level area
	Street    Kind = "street"    // 9 or 10: district and street or town
	Community Kind = "community" // 12 or 13: street and community or village
	Cell      Kind = "cell"      // 15 or 16: community and unit grid
	Part      Kind = "part"      // 16 or 17: district, class and sequence
	Matter    Kind = "matter"    // 10 or 11: district and class of event
	Class     Kind = "class"     // 4 or 5: major and minor class
)

// The groups of which codes are made.
var (
	district  = Group{"district", 6, true}
	street    = Group{"street", 3, false}
	street4   = Group{"street", 4, false}
	community = Group{"community", 3, false}
	cell      = Group{"sequence", 3, false}
	major     = Group{"major", 2, true}
	minor     = Group{"minor", 2, true}
	minor3    = Group{"minor", 3, true}
	part      = Group{"sequence", 6, true}
)

// national15 is the unit grid of GB/T 30428.1.
var national15 = rule(district, street, community, cell)

func rule(groups ...Group) Rule { return Rule{groups} }

// kinds are the forms of each kind, the usual one first.
var kinds = []struct {
	kind  Kind
	title data.Title
	forms []Rule
}{
	{District, data.Title{"zh": "县级行政区划代码", "en": "district"}, []Rule{rule(district)}},
	{Street, data.Title{"zh": "街道代码", "en": "street"}, []Rule{rule(district, street), rule(district, street4)}},
	{Community, data.Title{"zh": "社区代码", "en": "community"}, []Rule{rule(district, street, community), rule(district, street4, community)}},
	{Cell, data.Title{"zh": "单元网格标识码", "en": "unit grid"}, []Rule{national15, rule(district, street4, community, cell)}},
	{Part, data.Title{"zh": "部件标识码", "en": "part"}, []Rule{rule(district, major, minor, part), rule(district, major, minor3, part)}},
	{Matter, data.Title{"zh": "事项代码", "en": "matter"}, []Rule{rule(district, major, minor), rule(district, major, minor3)}},
	{Class, data.Title{"zh": "分类代码", "en": "class"}, []Rule{rule(major, minor), rule(major, minor3)}},
}

// Kinds lists the kinds from the largest area to classes.
func Kinds() []Kind {
	out := make([]Kind, len(kinds))
	for i, k := range kinds {
		out[i] = k.kind
	}
	return out
}

// Title is the kind in words.
func (k Kind) Title() data.Title {
	for _, one := range kinds {
		if one.kind == k {
			return one.title
		}
	}
	return nil
}

// Forms are the rules that codes of the kind follow; none for an unknown kind.
func (k Kind) Forms() []Rule {
	for _, one := range kinds {
		if one.kind == k {
			return one.forms
		}
	}
	return nil
}

// Code is a code that follows a rule.
type Code struct {
	// Kind is empty for a code that was read by a city's own rule.
	Kind Kind
	// Rule is the form that the code has.
	Rule Rule
	// Text is the code in plain digits and capitals.
	Text string
}

// Parse reads a code of a kind after normalising it, see [Normalise]. The error is an *[Error].
func Parse(kind Kind, text string) (Code, error) {
	forms := kind.Forms()
	if len(forms) == 0 {
		return Code{}, &Error{Code: text, Why: fmt.Sprintf("%.40q is no kind of code; kinds are %s", string(kind), join(Kinds()))}
	}
	plain := Normalise(text)
	for _, r := range forms {
		if len([]rune(plain)) != r.width() {
			continue
		}
		if err := r.check(plain); err != nil {
			err.What = string(kind) + " code"
			return Code{}, err
		}
		return Code{kind, r, plain}, nil
	}
	return Code{}, &Error{What: string(kind) + " code", Code: plain, Why: lengthError(plain, forms)}
}

func join(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// Field is one group of a code.
type Field struct {
	Group
	Text string
	// From and To are the places of its first and last character, counted from 1.
	From, To int
}

// Fields cuts the code into its groups.
func (c Code) Fields() []Field {
	fields := make([]Field, len(c.Rule.groups))
	at := 0
	for i, g := range c.Rule.groups {
		fields[i] = Field{g, c.Text[at : at+g.Width], at + 1, at + g.Width}
		at += g.Width
	}
	return fields
}

// Field is the text of a group, empty when the code has no such group.
func (c Code) Field(name string) string {
	for _, f := range c.Fields() {
		if f.Name == name {
			return f.Text
		}
	}
	return ""
}

// Canonical is the code with a street of three digits where it was written with four, the first of which is zero. Codes
// of other systems are compared in this form.
func (c Code) Canonical() Code {
	street := c.Field("street")
	if c.Kind == "" || len(street) != 4 || street[0] != '0' {
		return c
	}
	return Code{c.Kind, c.Kind.Forms()[0], c.Text[:6] + c.Text[7:]}
}

// Above is the code of the area in which the thing lies by its code, and false when the code names none: cell,
// community, street, district. A part lies in its district.
func (c Code) Above() (Code, bool) {
	up := map[Kind]Kind{Cell: Community, Community: Street, Street: District, Part: District, Matter: District}[c.Kind]
	if up == "" {
		return Code{}, false
	}
	c = c.Canonical()
	text := c.Text[:6]
	if up != District {
		last := c.Rule.groups[len(c.Rule.groups)-1]
		text = c.Text[:len(c.Text)-last.Width]
	}
	above, err := Parse(up, text)
	return above, err == nil
}

// Chain are the areas above, the nearest first.
func (c Code) Chain() []Code {
	var chain []Code
	for up, ok := c.Above(); ok; up, ok = up.Above() {
		chain = append(chain, up)
	}
	return chain
}

// CheckTable looks up the areas above a code, and the code itself where it names an area, in a table of the codes that
// exist. The error is an *[Error] that names the largest area that is missing.
func (c Code) CheckTable(has func(kind Kind, text string) bool) error {
	chain := append([]Code{c.Canonical()}, c.Chain()...)
	for _, one := range slices.Backward(chain) {
		area := one.Kind == District || one.Kind == Street || one.Kind == Community
		if !area || has(one.Kind, one.Text) {
			continue
		}
		fields := one.Fields()
		last := fields[len(fields)-1]
		return &Error{
			What: string(c.Kind) + " code", Code: c.Text, Group: last.Name, At: last.From, Len: last.Width,
			Why: fmt.Sprintf("there is no %s %s", one.Kind, one.Text),
		}
	}
	return nil
}

// ComposeCell is the code of a unit grid from that of its community and its number in it, 1 to 999.
func ComposeCell(community string, number int) (string, error) {
	s, err := NewSeries(Cell, community, "")
	if err != nil {
		return "", err
	}
	return s.Code(number)
}

// ComposePart is the code of a part from the code of its district, its class, 4 characters in the edition of 2013 and 5
// in that of 2026, and its number in both, 1 to 999999.
func ComposePart(district, class string, number int) (string, error) {
	s, err := NewSeries(Part, district, class)
	if err != nil {
		return "", err
	}
	return s.Code(number)
}
