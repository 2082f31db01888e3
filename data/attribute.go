package data

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data/title"
)

// Attribute is one typed attribute of a layer. What it is called and what type it has may change; its place in
// [Layer.Attributes] is what it is.
type Attribute struct {
	Name        string `json:"name" toml:"name"`
	Type        Type   `json:"type" toml:"type"`
	Title       Title  `json:"title,omitempty" toml:"title"`
	Description Title  `json:"description,omitempty" toml:"description"`
	// Unit is what numbers count, as people write it: "m", "kW·h", "人".
	Unit     string `json:"unit,omitempty" toml:"unit"`
	Required bool   `json:"required,omitempty" toml:"required"`
	// Default is what features have that hold no value of their own, null for none. As decoded it has the type of the
	// JSON or TOML that it was written in; [Attribute.Fallback] has the attribute's type.
	Default Value `json:"default,omitzero" toml:"default"`
	// Unique says that no two features hold the same value.
	Unique bool `json:"unique,omitempty" toml:"unique"`
	// Ref is the layer whose features the values of a ref name; without it they are not checked. OnDelete says what
	// deleting such a feature does: [Restrict] (also when empty) or [SetNull].
	Ref      string `json:"ref,omitempty" toml:"ref"`
	OnDelete string `json:"on_delete,omitempty" toml:"on_delete"`
	// Dictionary names the [Dictionary] that has the values of a code; without it every text is one.
	Dictionary string `json:"dictionary,omitempty" toml:"dictionary"`
	// Personal says that values are sealed for the feature's subject before they are stored; see [Layer.Sensitive].
	Personal bool `json:"personal,omitempty" toml:"personal"`
	// Sum says that totals by cell and area add the attribute up, such as the households of buildings.
	Sum bool `json:"sum,omitempty" toml:"sum"`
	// Zone is the IANA time zone of times that come without one, and of dates that became times; UTC when empty.
	Zone string `json:"zone,omitempty" toml:"zone"`
	// Former are the names that it had, oldest first. They still mean it, until another attribute takes the name.
	Former []string `json:"former,omitempty" toml:"former"`
	// Was are the types that it had, oldest first. Values stored under them are converted along this list.
	Was []Type `json:"was,omitempty" toml:"was"`
	// Dropped says that the attribute is gone. It keeps its place; its values stay in the log and nowhere else.
	Dropped bool `json:"dropped,omitempty" toml:"dropped"`
}

// What deleting a feature does to those that refer to it.
const (
	// Restrict refuses to delete it.
	Restrict = "restrict"
	// SetNull empties the attribute in the same transaction.
	SetNull = "set_null"
)

// Location is the zone of times that come without one; nil means UTC. [Layer.Validate] has checked the name.
func (a *Attribute) Location() *time.Location {
	if a.Zone == "" {
		return nil
	}
	loc, err := time.LoadLocation(a.Zone)
	if err != nil {
		return nil
	}
	return loc
}

// Live yields the attributes that are not dropped, each with its position.
func (l *Layer) Live() iter.Seq2[int, *Attribute] {
	return func(yield func(int, *Attribute) bool) {
		for i := range l.Attributes {
			if a := &l.Attributes[i]; !a.Dropped && !yield(i, a) {
				return
			}
		}
	}
}

// AttributeNames are the names of the attributes that are not dropped, in their order.
func (l *Layer) AttributeNames() []string {
	names := make([]string, 0, len(l.Attributes))
	for _, a := range l.Live() {
		names = append(names, a.Name)
	}
	return names
}

// AttributeIndex is the position of the attribute with exactly this name, or -1.
func (l *Layer) AttributeIndex(name string) int {
	return slices.IndexFunc(l.Attributes, func(a Attribute) bool { return a.Name == name && !a.Dropped })
}

// Translation is the position of the attribute of texts that has the values of attribute i, texts too, in a language: its
// name is that of the attribute, _ and the language tag, or one that the language is a kind of, in lower case and with _
// for - (name_en; name_zh_hant or name_zh for zh-Hant). It is -1 when there is none.
func (l *Layer) Translation(i int, lang string) int {
	if l.Attributes[i].Type != Text {
		return -1
	}
	for tag := range title.Tags(lang) {
		tag = strings.ReplaceAll(strings.ToLower(tag), "-", "_")
		if j := l.AttributeIndex(l.Attributes[i].Name + "_" + tag); j >= 0 && l.Attributes[j].Type == Text {
			return j
		}
	}
	return -1
}

// Translations are the positions of the attributes that have the values of attribute i in languages with a tag of two
// letters.
func (l *Layer) Translations(i int) (all []int) {
	for j, a := range l.Live() {
		tag, ok := strings.CutPrefix(a.Name, l.Attributes[i].Name+"_")
		if ok && len(tag) == 2 && l.Translation(i, tag) == j {
			all = append(all, j)
		}
	}
	return all
}

// FindAttribute is the position of the attribute with this name, else with one that is equal under [FoldName], else
// of the attribute that had such a name before, or -1.
func (l *Layer) FindAttribute(name string) int {
	if i := l.AttributeIndex(name); i >= 0 {
		return i
	}
	folded := FoldName(name)
	for i, a := range l.Live() {
		if FoldName(a.Name) == folded {
			return i
		}
	}
	for i, a := range l.Live() {
		if slices.ContainsFunc(a.Former, func(f string) bool { return FoldName(f) == folded }) {
			return i
		}
	}
	return -1
}

// MatchAttribute is the position of the attribute that a column or parameter name means: as [Layer.FindAttribute]
// finds it, else the attribute that plays the part "code", "name" or "label" of a role, or -1.
func (l *Layer) MatchAttribute(name string) int {
	if i := l.FindAttribute(name); i >= 0 {
		return i
	}
	switch FoldName(name) {
	case "code":
		return l.CodeAttribute()
	case "name", "label":
		return l.LabelAttribute()
	default:
		return -1
	}
}

// FoldName is the form under which names of columns and attributes are compared: lower case without _, - and spaces,
// so that TreeType, tree_type and "Tree Type" are one.
func FoldName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(s)))
}

var attributePattern = regexp.MustCompile(`^[\pL_][\pL\pN_]{0,62}$`)

// reserved members of a GeoJSON feature as gewu returns it; attributes must not hide them in tiles.
var reservedAttributes = []string{"id"}

// maxUnit bounds a unit in characters.
const maxUnit = 16

func (l *Layer) validateAttributes(bad func(field, value, why string)) {
	if n := len(l.AttributeNames()); n > MaxAttributes {
		bad("attributes", strconv.Itoa(n), fmt.Sprintf("at most %d", MaxAttributes))
	}
	if n := len(l.Attributes); n > MaxPlaces {
		bad("attributes", strconv.Itoa(n), fmt.Sprintf("with the dropped ones at most %d; make a new layer and import into it", MaxPlaces))
	}
	seen := map[string]bool{}
	name := func(field, name string) {
		switch folded := FoldName(name); {
		case !attributePattern.MatchString(name):
			bad(field, name, "must be letters, digits and _, not starting with a digit, at most 63")
		case slices.Contains(reservedAttributes, name):
			bad(field, name, "is reserved")
		case seen[folded]:
			bad(field, name, "is used twice (case, _ and - do not distinguish names)")
		default:
			seen[folded] = true
		}
	}
	for i, a := range l.Live() {
		at := fmt.Sprintf("attributes[%d].", i)
		name(at+"name", a.Name)
		a.validate(func(field, value, why string) { bad(at+field, value, why) })
	}
	for i, a := range l.Live() {
		for j, former := range a.Former {
			name(fmt.Sprintf("attributes[%d].former[%d]", i, j), former)
		}
	}
}

// validate checks everything but names.
func (a *Attribute) validate(bad func(field, value, why string)) {
	if !a.Type.known() {
		bad("type", string(a.Type), "must be text, int, number, bool, date, time, code or ref")
		return
	}
	if a.Sum && !a.Type.IsNumeric() {
		bad("sum", string(a.Type), "adds up attributes of type int and number only")
	}
	if utf8.RuneCountInString(a.Unit) > maxUnit || strings.ContainsFunc(a.Unit, unicode.IsControl) {
		bad("unit", a.Unit, fmt.Sprintf("must be at most %d characters", maxUnit))
	}
	if a.Zone != "" {
		if _, err := time.LoadLocation(a.Zone); err != nil || a.Type != Time && !slices.Contains(a.Was, Time) {
			bad("zone", a.Zone, "must be an IANA time zone, of a time attribute")
		}
	}
	for i, was := range a.Was {
		next := a.Type
		if i+1 < len(a.Was) {
			next = a.Was[i+1]
		}
		if why := CannotWiden(was, next); why != "" {
			bad(fmt.Sprintf("was[%d]", i), string(was), why)
		}
	}
	a.validateLinks(bad)
	switch _, err := a.fallback(); {
	case err != nil:
		bad("default", a.Default.String(), err.Error())
	case a.Default.Null():
	case a.Unique:
		bad("default", a.Default.String(), "cannot be the value of several features of a unique attribute")
	case a.Ref != "":
		bad("default", a.Default.String(), "is not possible for a ref, whose target may be deleted")
	}
}

func (a *Attribute) validateLinks(bad func(field, value, why string)) {
	switch {
	case a.Ref == "":
	case a.Type != Ref:
		bad("ref", a.Ref, "belongs to an attribute of type ref")
	case !ValidName(a.Ref):
		bad("ref", a.Ref, "must be the name of a layer")
	}
	switch a.OnDelete {
	case "":
	case Restrict, SetNull:
		if a.Ref == "" {
			bad("on_delete", a.OnDelete, "needs ref, the layer that is referred to")
		} else if a.OnDelete == SetNull && a.Required {
			bad("on_delete", a.OnDelete, "cannot empty an attribute that is required")
		}
	default:
		bad("on_delete", a.OnDelete, "must be restrict or set_null")
	}
	switch {
	case a.Dictionary == "":
	case a.Type != Code:
		bad("dictionary", a.Dictionary, "belongs to an attribute of type code")
	case !ValidName(a.Dictionary):
		bad("dictionary", a.Dictionary, "must be the name of a dictionary")
	}
	if a.Unique && !a.Type.IsText() {
		bad("unique", string(a.Type), "is possible for text, code and ref")
	}
}
