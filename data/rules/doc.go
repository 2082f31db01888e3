// Package rules says which change may follow what a city is: how definitions may be altered, and what links between
// definitions and features (references, unique values, dictionaries) every change keeps whole. Stores ask it before
// they accept a change, and everyone who prepares an alteration uses the same words. It holds no state and no lock.
package rules

import (
	"fmt"
	"iter"
	"strings"

	"github.com/gewu-city/gewu/data"
)

// Definitions are the definitions that exist.
type Definitions interface {
	Layer(name string) (*data.Layer, bool)
	AllLayers() iter.Seq[*data.Layer]
	AllSchemes() iter.Seq[*data.Scheme]
	Dictionary(name string) (*data.Dictionary, bool)
}

// City is the present that a change of a definition meets: everything accepted before it, earlier changes of its
// transaction included.
type City interface {
	Definitions
	Features
	// Settle makes Values of these layers complete. It fails when the transaction itself has changed features of one
	// of them, or the present cannot be known.
	Settle(layers ...string) error
	// Values yields the id and the own value, null when it has none, of attribute i of every feature of a layer. For
	// an i that the layer does not have all are null.
	Values(layer string, i int) iter.Seq2[string, data.Value]
}

// mostNamed is the number of features that a refusal names.
const mostNamed = 5

// offenders collects the features that stand against a change.
type offenders struct {
	named []string
	count int
}

// add notes a feature and what is wrong with it.
func (o *offenders) add(id, why string) {
	if o.count++; len(o.named) < mostNamed {
		o.named = append(o.named, strings.TrimSpace(fmt.Sprintf("%q %s", id, why)))
	}
}

// names are the first of them.
func (o *offenders) names() string {
	text := strings.Join(o.named, ", ")
	if o.count > len(o.named) {
		text += ", …"
	}
	return text
}

// number is "3 features".
func (o *offenders) number() string {
	switch o.count {
	case 1:
		return "1 feature"
	case mostCounted:
		return fmt.Sprintf("%d features or more", o.count)
	}
	return fmt.Sprintf("%d features", o.count)
}

// String is "3 features stand against it: …".
func (o *offenders) String() string {
	if o.count == 1 {
		return o.number() + " stands against it: " + o.names()
	}
	return o.number() + " stand against it: " + o.names()
}

func fault(field, value, format string, args ...any) error {
	return &data.FieldError{Field: field, Value: value, Why: fmt.Sprintf(format, args...)}
}
