package version

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/edit"
	"github.com/gewu-city/gewu/index"
)

// AreaCode says that an area of a level above the cells gets another code.
type AreaCode struct {
	Level string `json:"level"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// joined is what one step does to areas: those that become part of another one, and those below them that get other codes.
type joined struct {
	ends, renames []AreaCode
}

// joining is what a step does to areas, nil for all but joins.
func (s *Step) joining() *joined {
	if s.Op != OpJoin {
		return nil
	}
	j := &joined{renames: s.Renames}
	for _, c := range s.Codes {
		j.ends = append(j.ends, AreaCode{s.Level, c, s.Into})
	}
	return j
}

// join moves the cells of communities that get another code, and has all of them numbered anew. Attributes that hold an old
// code of an area hold the new one.
type join struct {
	last  string // the lowest level
	areas *joined
}

// Change implements [edit.Op].
func (j join) Change(c *coverage.Coverage) (coverage.Change, error) {
	var ch coverage.Change
	parents := map[string]string{}
	for _, list := range [...][]AreaCode{j.areas.ends, j.areas.renames} {
		for _, a := range list {
			if a.Level == j.last {
				parents[a.Old] = a.New
			}
		}
	}
	codes := j.areas.codes()
	for id, f := range c.Faces() {
		to, moves := parents[f.Parent]
		if !moves {
			continue
		}
		if f.Locked {
			at := geo.LabelPoint(c.Shape(id))
			return ch, &edit.RefusalError{Reason: edit.Locked, Why: fmt.Sprintf("cell %s is locked and would get another code; unlock it first", f.Code), At: &at, Codes: []string{f.Code}}
		}
		after := *f
		after.Parent = to
		if !provisional(f.Code) && !renumbered(f.Code) {
			after.Code = "#" + f.Code
		}
		after.Attributes = slices.Clone(f.Attributes)
		for i := range after.Attributes {
			if text, ok := codes[after.Attributes[i].Value]; ok {
				after.Attributes[i].Value = text
			}
		}
		ch.Faces = append(ch.Faces, coverage.FaceChange{ID: id, Before: f, After: &after})
	}
	return ch, nil
}

// codes are the new codes by the old ones, of all levels.
func (j *joined) codes() map[string]string {
	out := map[string]string{}
	for _, a := range slices.Concat(j.ends, j.renames) {
		out[a.Old] = a.New
	}
	return out
}

// Joins are the areas of the base that become part of others, and those that get other codes, by what the steps do together; in
// order.
func (d *Draft) Joins() (ends, renames []AreaCode) {
	at := map[AreaCode]int{} // by level and old code: where it stands in renames
	for _, j := range d.joined {
		if j == nil {
			continue
		}
		for _, a := range j.ends {
			// What joined an area goes on with it into the next.
			for i := range ends {
				if ends[i].Level == a.Level && ends[i].New == a.Old {
					ends[i].New = a.New
				}
			}
			ends = append(ends, a)
		}
		for _, a := range j.renames {
			i := slices.IndexFunc(renames, func(b AreaCode) bool { return b.Level == a.Level && b.New == a.Old })
			if i >= 0 {
				renames[i].New = a.New
				continue
			}
			key := AreaCode{a.Level, a.Old, ""}
			if _, twice := at[key]; !twice {
				at[key] = len(renames)
				renames = append(renames, a)
			}
		}
	}
	return ends, renames
}

// Above are the areas of all levels of the scheme, coarse to fine, by the code of the lowest: those of its first cell in the
// base, by the codes that joins give them.
func (d *Draft) Above(w *index.World, l *grid.Locator) map[string][]string {
	was := d.above(w, l)
	ends, renames := d.Joins()
	if len(ends) == 0 {
		return was
	}
	out := maps.Clone(was)
	levels := d.Base.Scheme.Levels
	now := map[AreaCode]string{}
	for _, a := range slices.Concat(ends, renames) {
		now[AreaCode{Level: a.Level, Old: a.Old}] = a.New
	}
	done := map[string]bool{}
	for _, f := range d.Base.Coverage.Faces() {
		if done[f.Parent] {
			continue
		}
		done[f.Parent] = true
		after := slices.Clone(was[f.Parent])
		for k := range after {
			if text, ok := now[AreaCode{Level: levels[k], Old: after[k]}]; ok {
				after[k] = text
			}
		}
		out[after[len(after)-1]] = after
	}
	return out
}

// rename makes the changes of an area that gets another code: the same feature where ids are other things than codes, else a new
// one in the place of the old. What it holds in attributes of codes of other areas follows.
func rename(level *grid.Level, areas *index.Layer, slot index.Slot, to string, shape geo.Shape, codes map[string]string) ([]data.Change, error) {
	def := areas.Def()
	feature := areas.Feature(slot)
	feature.Values, feature.Shape = slices.Clone(feature.Values), shape
	own := level.CodeAttribute()
	for i := range def.Attributes {
		a := &def.Attributes[i]
		if a.Dropped || i >= len(feature.Values) || feature.Values[i].Null() || i != own && a.Type != data.Code && a.Type != data.Ref {
			continue
		}
		text, follows := codes[feature.Values[i].String()]
		if i == own {
			text, follows = to, true
		}
		if !follows {
			continue
		}
		v, err := data.ParseValue(a.Type, text, a.Location())
		if err != nil {
			return nil, &data.FieldError{Field: def.Name + "." + a.Name, Value: text, Why: err.Error()}
		}
		feature.Values[i] = v
	}
	seq, old := areas.ChangedAt(slot), areas.ID(slot)
	if own >= 0 && def.IDAttribute() != own {
		return []data.Change{{Stream: data.StreamFeature, Op: data.OpPut, Layer: def.Name, Feature: feature, IfSeq: &seq}}, checked(def, &feature)
	}
	feature.ID = to
	return []data.Change{
		{Stream: data.StreamFeature, Op: data.OpDelete, Layer: def.Name, Feature: data.Feature{ID: old}, IfSeq: &seq},
		{Stream: data.StreamFeature, Op: data.OpPut, Layer: def.Name, Feature: feature, IfSeq: new(data.Seq)},
	}, checked(def, &feature)
}

func checked(def *data.Layer, f *data.Feature) error {
	if err := def.Check(f); err != nil {
		return fmt.Errorf("area %s of %s: %w", f.ID, def.Name, err)
	}
	return nil
}

// joinAreas are the changes of areas that joins end or give other codes. before and after are the ground of the cells of the
// areas of each level, by code.
func (d *Draft) joinAreas(w *index.World, level *grid.Level, before, after map[string]geo.Shape) (out []data.Change, names []string, err error) {
	areas := level.In(w)
	ends, renames := d.Joins()
	all := slices.Concat(ends, renames)
	codes := map[string]string{}
	for _, a := range all {
		codes[a.Old] = a.New
	}
	gone := func(a AreaCode) error {
		return &data.FieldError{Field: "join." + a.Level, Value: a.Old, Why: "is no area of the level any more: undo the join and do it again"}
	}
	for _, a := range ends {
		if a.Level != level.Name {
			continue
		}
		slot, ok := level.Area(w, a.Old)
		into, there := level.Area(w, a.New)
		if !ok || !there {
			return nil, nil, gone(a)
		}
		// An area that is more or less than its cells would keep the ground that it has, and the other one would be nobody's.
		for text, s := range map[string]geo.Shape{a.Old: areas.Shape(slot), a.New: areas.Shape(into)} {
			if !sameArea(s, before[text]) {
				return nil, nil, &data.FieldError{Field: "join." + a.Level, Value: text, Why: "has another ground than its cells together, so that nobody knows what it would have after the join; gewu grid check --outline shows where they differ"}
			}
		}
		seq := areas.ChangedAt(slot)
		out = append(out, data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: areas.Def().Name, Feature: data.Feature{ID: areas.ID(slot)}, IfSeq: &seq})
		names = append(names, a.Level+"/"+a.Old)
	}
	for _, a := range renames {
		if a.Level != level.Name {
			continue
		}
		slot, ok := level.Area(w, a.Old)
		if !ok {
			return nil, nil, gone(a)
		}
		shape := areas.Shape(slot)
		if _, same := edit.Keeps(before[a.Old], after[a.New]); !same && sameArea(shape, before[a.Old]) {
			shape = after[a.New]
		}
		changes, err := rename(level, areas, slot, a.New, shape, codes)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, changes...)
		names = append(names, a.Level+"/"+a.New)
	}
	return out, names, nil
}

// Became says with which version of a scheme, as a World knows them, the cell of a code ended, and the codes of the cells that are
// what became of its ground, in order; 0 for a code that no version ended.
func Became(w *index.World, scheme, code string) (ended int, heirs []string) {
	now := map[string]bool{code: true}
	for _, v := range Versions(w, scheme) {
		if s := v.State(w); s != Current && s != Past {
			continue
		}
		rows, err := Lineage(w, v)
		if err != nil {
			continue
		}
		next := map[string]bool{}
		leaves := map[string]bool{}
		for _, row := range rows {
			if row.Level != "" || !now[row.Old] {
				continue
			}
			next[row.New], leaves[row.Old] = true, true
		}
		if leaves[code] && ended == 0 && !next[code] {
			ended = v.Number
		}
		for old := range now {
			if !leaves[old] {
				next[old] = true
			}
		}
		now = next
	}
	if ended == 0 {
		return 0, nil
	}
	for c := range now {
		heirs = append(heirs, c)
	}
	slices.Sort(heirs)
	return ended, heirs
}
