package cells

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// Class is the number of features of one class.
type Class struct {
	Class    string `json:"class"`
	Features int    `json:"features"`
}

// tally is what one counted layer has in one polygon. It is immutable once its state is published.
type tally struct {
	features int
	classes  []Class   // in the order of their names, none with 0 features
	sums     []float64 // by place in counted.sums
}

// add counts a feature of a class in (by is 1) or out (-1). An empty class is none.
func (t *tally) add(class string, by int) {
	t.features += by
	if class == "" {
		return
	}
	at, ok := slices.BinarySearchFunc(t.classes, class, func(c Class, name string) int { return cmp.Compare(c.Class, name) })
	if !ok {
		t.classes = slices.Insert(t.classes, at, Class{Class: class})
	}
	if t.classes[at].Features += by; t.classes[at].Features == 0 {
		t.classes = slices.Delete(t.classes, at, at+1)
	}
}

func (t *tally) clone() *tally {
	if t == nil {
		return &tally{}
	}
	return &tally{features: t.features, classes: slices.Clone(t.classes), sums: slices.Clone(t.sums)}
}

// counted is one layer counted in one division.
type counted struct {
	name     string
	features *index.Layer
	class    int   // the attribute that holds the class, or -1
	sums     []int // the attributes that are added up
	// via is the ref that leads features without geometry to the counted layer target, where those are counted that
	// they belong to; -1 for layers with geometry.
	via    int
	target *counted
	// owners holds, by slot of the feature, the slot of the polygon that owns it plus one, 0 for none.
	owners chunks[uint32]
	// tallies are by slot of the polygon, nil where there is nothing.
	tallies chunks[*tally]
}

func newCounted(l *index.Layer) *counted {
	def := l.Def()
	c := &counted{name: def.Name, features: l, class: -1, via: -1}
	if def.Roles.Part != nil {
		c.class = def.AttributeIndex(def.Roles.Part.Class)
	}
	households := -1
	if def.Roles.Building != nil {
		households = def.AttributeIndex(def.Roles.Building.Households)
	}
	for i := range def.Attributes {
		if def.Attributes[i].Sum || i == households {
			c.sums = append(c.sums, i)
		}
	}
	return c
}

func classOf(l *index.Layer, s index.Slot, attribute int) string {
	if attribute < 0 {
		return ""
	}
	return l.Value(s, attribute).String()
}

// sum adds up the attributes of features in the order of their slots, so that the result does not depend on the order
// in which they came.
func (c *counted) sum(slots []index.Slot) []float64 {
	slices.Sort(slots)
	sums := make([]float64, len(c.sums))
	for _, s := range slots {
		for i, a := range c.sums {
			if v := c.features.Value(s, a); !v.Null() && (v.Type() == data.Int || v.Type() == data.Number) {
				sums[i] += v.Number()
			}
		}
	}
	return sums
}
