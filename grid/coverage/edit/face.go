package edit

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/grid/coverage"
)

// Reassign gives cells to another area of the level above.
type Reassign struct {
	Codes  []string
	Parent string
}

// Change implements [Op].
func (r Reassign) Change(c *coverage.Coverage) (coverage.Change, error) {
	list := make([]Assignment, len(r.Codes))
	for i, code := range r.Codes {
		list[i] = Assignment{code, r.Parent}
	}
	return Assign{list}.Change(c)
}

// Assignment is a small area and the area of the level above that it goes to.
type Assignment struct{ Code, Parent string }

// Assign gives small areas to areas of the level above by a list: the way to draw a level by painting the one below.
type Assign struct{ List []Assignment }

// Change implements [Op]. All codes that are unknown are told together.
func (a Assign) Change(c *coverage.Coverage) (coverage.Change, error) {
	parents := make(map[string]string, len(a.List))
	var missing []string
	for _, x := range a.List {
		if p, ok := parents[x.Code]; ok && p != x.Parent {
			return coverage.Change{}, refuse(Exists, nil, codes(x.Code), "cell %s is given to %q and to %q", x.Code, p, x.Parent)
		}
		parents[x.Code] = x.Parent
		if _, ok := c.Lookup(x.Code); !ok {
			missing = append(missing, x.Code)
		}
	}
	if len(missing) > 0 {
		return coverage.Change{}, refuse(Unknown, nil, missing, "%d of %d cells do not exist, the first is %s", len(missing), len(a.List), missing[0])
	}
	return each(c, parents, func(f *coverage.Face, parent string) error {
		if f.Locked && f.Parent != parent {
			return refuse(Locked, nil, codes(f.Code), "cell %s is locked", f.Code)
		}
		f.Parent = parent
		return nil
	})
}

// each changes the properties of faces by their codes.
func each[V any](c *coverage.Coverage, of map[string]V, set func(f *coverage.Face, v V) error) (coverage.Change, error) {
	var ch coverage.Change
	for code, v := range of {
		id, before, err := face(c, code)
		if err != nil {
			return ch, err
		}
		after := *before
		if err := set(&after, v); err != nil {
			return coverage.Change{}, err
		}
		if after.Parent != before.Parent || after.Locked != before.Locked || !slices.Equal(after.Attributes, before.Attributes) {
			ch.Faces = append(ch.Faces, coverage.FaceChange{ID: id, Before: before, After: &after})
		}
	}
	slices.SortFunc(ch.Faces, func(a, b coverage.FaceChange) int { return cmp.Compare(a.ID, b.ID) })
	return ch, nil
}

// Lock locks cells, or unlocks them: locked ones keep their ground and their parent.
type Lock struct {
	Codes  []string
	Unlock bool
}

// Change implements [Op].
func (l Lock) Change(c *coverage.Coverage) (coverage.Change, error) {
	of := make(map[string]bool, len(l.Codes))
	for _, code := range l.Codes {
		of[code] = !l.Unlock
	}
	return each(c, of, func(f *coverage.Face, locked bool) error {
		f.Locked = locked
		return nil
	})
}

// SetAttributes sets attributes of a cell; an empty value removes one.
type SetAttributes struct {
	Code string
	Set  map[string]string
}

// Change implements [Op].
func (s SetAttributes) Change(c *coverage.Coverage) (coverage.Change, error) {
	return each(c, map[string]map[string]string{s.Code: s.Set}, func(f *coverage.Face, set map[string]string) error {
		f.Attributes = slices.DeleteFunc(slices.Clone(f.Attributes), func(a coverage.Attribute) bool {
			_, given := set[a.Name]
			return given
		})
		for name, value := range set {
			if value != "" {
				f.Attributes = append(f.Attributes, coverage.Attribute{Name: name, Value: value})
			}
		}
		slices.SortFunc(f.Attributes, func(a, b coverage.Attribute) int { return cmp.Compare(a.Name, b.Name) })
		return nil
	})
}
