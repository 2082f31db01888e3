package data

import "fmt"

// Mask stands for a value that is not shown: it is the text of every sealed value.
const Mask = "***"

// MaxSealedBytes bounds a sealed value, which is longer than what it holds.
const MaxSealedBytes = MaxTextBytes + 1<<10

// SealedValue is a value of type [Sealed]: what package vault made of one of another type. Only it reads the bytes.
func SealedValue(sealed []byte) Value { return Value{typ: Sealed, text: string(sealed)} }

// Stored is the type that values of the attribute have in the log and in Worlds.
func (a *Attribute) Stored() Type {
	if a.Personal {
		return Sealed
	}
	return a.Type
}

// CheckStored is Check for a feature that is to be stored: values of personal attributes must be sealed, those of dropped
// ones too, which whoever read the definition before may still write.
func (l *Layer) CheckStored(f *Feature) error {
	for i := range min(len(f.Values), len(l.Attributes)) {
		if a, v := &l.Attributes[i], f.Values[i]; a.Personal && !v.Null() && v.typ != Sealed {
			return &FieldError{Field: "properties." + a.Name, Why: "is personal and stands in plain text; only sealed values are stored"}
		}
	}
	return l.Check(f)
}

// validateSensitive checks what a layer about persons says, and that nothing else needs the plain text of what is personal.
func (l *Layer) validateSensitive(bad func(field, value, why string)) {
	if l.Sensitive != nil {
		l.Sensitive.Validate(bad)
		if l.Roles != (Roles{}) {
			bad("roles", "", "have no place in a sensitive layer: it is not found by address, place or name, and divides nothing")
		}
		if !l.Symbols.Zero() || l.Tiles != (TileRule{}) {
			bad("symbols", "", "have no place in a sensitive layer, which is on no map; tiles neither")
		}
		if l.ID.Generate == "hash" {
			bad("id.generate", l.ID.Generate, "would make ids of what is personal, which stay in the log; use ulid")
		}
	}
	for i, a := range l.Live() {
		at := fmt.Sprintf("attributes[%d].personal", i)
		switch {
		case !a.Personal:
		case l.Sensitive == nil:
			bad(at, "true", "needs the block sensitive: subject, purpose, basis, owner, expiry and readers of the layer")
		case l.ID.Attribute == a.Name:
			bad(at, "true", "cannot hold the id, which stays in the log")
		case a.Unique || a.Ref != "" || a.Dictionary != "" || a.Sum || a.Type == Ref || !a.Default.Null():
			bad(at, "true", "goes with no unique, ref, dictionary, sum or default: they compare and show values, which are sealed")
		}
	}
}
