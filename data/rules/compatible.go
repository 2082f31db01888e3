package rules

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/partcode"
)

// Demand is what every feature of a layer must hold for an alteration of it.
type Demand struct {
	// Attribute is the position whose values are looked at.
	Attribute int
	// Field and Value name what the alteration asks for, Advice what to do when features stand against it.
	Field, Value, Advice string
	// Against says why the value of a feature stands against it, empty when it does not; nil for nothing.
	Against func(id string, v data.Value) string
	// Target is the layer of which the values must name features, Dictionary the one that has them, when there is one.
	// Unique demands that no value occurs twice.
	Target, Dictionary string
	Unique             bool
}

// Compatible reports whether a layer may be altered from one definition to another, both valid by themselves, and what
// its features must hold for that. Stored values belong to attributes by position and carry the type they were stored
// with: so attributes keep their place, their former names and their former types. The error is a *data.FieldError or
// several joined.
func Compatible(from, to *data.Layer) ([]Demand, error) {
	var errs []error
	var demands []Demand
	bad := func(field, value, format string, args ...any) {
		errs = append(errs, fault(field, value, format, args...))
	}
	if to.Geometry != from.Geometry {
		bad("geometry", string(to.Geometry), "cannot be altered, it is %s; make a new layer and import into it", from.Geometry)
	}
	if len(to.Attributes) < len(from.Attributes) {
		bad("attributes", "", "the layer has %d, dropped ones included, and keeps the place of each; mark what is to go as dropped", len(from.Attributes))
		return nil, errors.Join(errs...)
	}
	for i := range to.Attributes {
		old := data.Attribute{}
		if i < len(from.Attributes) {
			old = from.Attributes[i]
		}
		a := alteration{from: &old, to: &to.Attributes[i], place: i, layer: to, added: i >= len(from.Attributes)}
		a.check()
		errs = append(errs, a.errs...)
		demands = append(demands, a.demands...)
	}
	if from.Sensitive != nil && to.Sensitive == nil {
		bad("sensitive", "", "cannot be taken away: the layer would come onto maps and into exports; make a new layer without what is personal, and drop this one")
	}
	demands = append(demands, idDemands(from, to)...)
	return demands, errors.Join(errs...)
}

// alteration is what becomes of one attribute.
type alteration struct {
	from, to *data.Attribute
	place    int
	layer    *data.Layer
	added    bool
	errs     []error
	demands  []Demand
}

func (a *alteration) field(member string) string { return "attributes." + a.to.Name + "." + member }

func (a *alteration) bad(member, value, format string, args ...any) {
	a.errs = append(a.errs, fault(a.field(member), value, format, args...))
}

func (a *alteration) demand(d Demand) {
	d.Attribute = a.place
	a.demands = append(a.demands, d)
}

func (a *alteration) check() {
	from, to := a.from, a.to
	switch {
	case from.Dropped && (!to.Dropped || to.Name != from.Name):
		a.bad("dropped", "", "the attribute %s was dropped for good and its place is not used again; add a new one", from.Name)
		return
	case to.Dropped:
		a.drop()
		return
	case !a.added && from.Personal != to.Personal:
		a.personal()
		return
	case !a.added:
		a.names()
		a.types()
	}
	a.values()
}

// personal refuses what would leave plain text in the log, or sealed values in an attribute that is not.
func (a *alteration) personal() {
	if a.to.Personal {
		a.bad("personal", "true", "cannot be set later: values written before stand in plain text in the log; add another attribute that is personal, move the values and drop this one")
		return
	}
	a.bad("personal", "false", "cannot be taken away: values are sealed; add another attribute and drop this one, which keeps what it holds sealed")
}

func (a *alteration) drop() {
	switch {
	case a.added:
		// A definition may be copied from another city with the places that it has there.
	case a.to.Name != a.from.Name:
		a.bad("name", a.to.Name, "must stay %s when the attribute is dropped", a.from.Name)
	case a.to.Personal != a.from.Personal:
		a.personal()
	case a.layer.ID.Generate == "hash" && !a.from.Dropped:
		a.bad("dropped", "true", `would give features other ids when they are imported again, which are hashes of all values; set id to {"generate":"ulid"} first`)
	}
}

func (a *alteration) names() {
	kept := keptNames(a.from, a.to, a.layer)
	if slices.Equal(kept, a.to.Former) {
		return
	}
	must := "be left out"
	if len(kept) > 0 {
		must = fmt.Sprintf("be %q", kept)
	}
	a.bad("former", fmt.Sprint(a.to.Former), "must %s: an attribute keeps its place and the names that it had; rename it, add another or drop it", must)
}

// keptNames are the former names of an attribute after an alteration: all names that it had, without those that name an
// attribute now.
func keptNames(from, to *data.Attribute, after *data.Layer) []string {
	want := from.Former
	if to.Name != from.Name {
		want = append(without(want, from.Name), from.Name)
	}
	var kept []string
	for _, n := range want {
		if taken(after, n) < 0 {
			kept = append(kept, n)
		}
	}
	return kept
}

func (a *alteration) types() {
	from, to := a.from, a.to
	want := from.Was
	if to.Type != from.Type {
		if why := data.CannotWiden(from.Type, to.Type); why != "" {
			a.bad("type", string(to.Type), "%s", why)
			return
		}
		want = append(slices.Clone(want), from.Type)
		a.widened()
	}
	if !slices.Equal(want, to.Was) {
		a.bad("was", fmt.Sprint(to.Was), "must be %v, the types that it had", want)
	}
	if slices.Contains(from.Was, data.Date) && to.Zone != from.Zone {
		a.bad("zone", to.Zone, "must stay %q, in which its dates became times", from.Zone)
	}
}

// widened checks a type that has changed.
func (a *alteration) widened() {
	from, to := a.from, a.to
	switch {
	case a.layer.ID.Attribute == to.Name && !to.Type.IsText():
		a.bad("type", string(to.Type), "would change the ids of the features, which the attribute holds; it can become text or code")
	case a.layer.ID.Generate == "hash" && from.Type == data.Date && to.Type == data.Time:
		a.bad("type", string(to.Type), `would give features other ids when they are imported again, which are hashes of all values; set id to {"generate":"ulid"} first`)
	case from.Type == data.Int && to.Type == data.Number:
		a.demand(Demand{
			Field: a.field("type"), Value: string(to.Type), Advice: "widen it to text instead",
			Against: func(_ string, v data.Value) string {
				if v.Exact(data.Number) {
					return ""
				}
				return "holds " + v.String() + ", which no number is exactly"
			},
		})
	}
}

// values finds what the attribute demands now and did not before.
func (a *alteration) values() {
	from, to := a.from, a.to
	lacks := func(b *data.Attribute) bool { return b.Required && b.Default.Null() }
	if lacks(to) && !lacks(from) {
		a.demand(Demand{
			Field: a.field("required"), Value: "true", Advice: "give them values first, or the attribute a default",
			Against: func(_ string, v data.Value) string {
				if v.Null() {
					return "has no value"
				}
				return ""
			},
		})
	}
	if a.added {
		return // nothing holds a value yet
	}
	if to.Ref != "" && to.Ref != from.Ref {
		a.demand(Demand{Field: a.field("ref"), Value: to.Ref, Advice: "correct or empty their values first", Target: to.Ref})
	}
	if to.Dictionary != "" && to.Dictionary != from.Dictionary {
		a.demand(Demand{
			Field: a.field("dictionary"), Value: to.Dictionary, Advice: "correct their values or add the codes to the dictionary first", Dictionary: to.Dictionary,
		})
	}
	if to.Unique && !from.Unique {
		a.demand(Demand{Field: a.field("unique"), Value: "true", Advice: "make their values differ first", Unique: true})
	}
}

// idDemands are what an altered id rule demands of the ids that exist. A generator asks nothing of them.
func idDemands(from, to *data.Layer) []Demand {
	rule := to.ID
	if place := to.AttributeIndex(rule.Attribute); place >= 0 && from.ID.Attribute != "" && from.AttributeIndex(from.ID.Attribute) == place {
		return nil // the same attribute, perhaps under another name
	}
	if rule == from.ID {
		return nil
	}
	d := Demand{Attribute: -1, Field: "id", Advice: "make a new layer with this rule and import into it"}
	switch {
	case rule.Attribute != "":
		d.Attribute, d.Value = to.AttributeIndex(rule.Attribute), rule.Attribute
		d.Against = func(id string, v data.Value) string {
			if !v.Null() && v.String() == id {
				return ""
			}
			return fmt.Sprintf("has %q in %s", v.String(), rule.Attribute)
		}
	case rule.Pattern != "":
		d.Value = rule.Pattern
		d.Against = func(id string, _ data.Value) string { return partcode.Check(id) }
	default:
		return nil
	}
	return []Demand{d}
}
