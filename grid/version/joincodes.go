package version

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/code"
)

// AreaNumbers are the codes that areas of levels were ever given.
type AreaNumbers interface {
	// Highest is the greatest number ever given behind a prefix in codes of a level with so many digits, 0 for none.
	Highest(level, prefix string, digits int) int
	// Used reports whether a code of a level was ever given, also when its area has ended.
	Used(level, code string) bool
	// Middle is the middle of an area that is; false when there is none of the code.
	Middle(level, code string) (geo.Point, bool)
}

// areaWidths are the lengths of the codes of the areas of each level by a rule: those of its groups but the last, one behind
// the other. Nil when the rule does not say it.
func areaWidths(rule code.Rule, levels []string) []int {
	groups := rule.Groups()
	if len(groups) != len(levels)+1 {
		return nil
	}
	out, sum := make([]int, len(levels)), 0
	for k := range levels {
		sum += groups[k].Width
		out[k] = sum
	}
	return out
}

// Joining completes a step that has areas join another one: its level, when it names none, and the codes that all areas below
// get. By a rule in which the code of an area begins with that of the one above, areas of the level below follow the greatest
// number that the other area ever gave, from west to east and north to south, and all below these keep their last characters. Without such a rule areas keep
// their codes, and so they do where they do not begin so. What the step renames by itself counts first. above are the areas of all levels by the code of
// the lowest, see [Draft.Above]. The error is one or several *[data.FieldError]s.
func (d *Draft) Joining(s *Step, above map[string][]string, rule code.Rule, known AreaNumbers) error {
	levels := d.Base.Scheme.Levels
	bad := func(field, value, format string, args ...any) error {
		return &data.FieldError{Field: field, Value: value, Why: fmt.Sprintf(format, args...)}
	}
	if len(levels) == 0 {
		return bad("op", s.Op, "needs a scheme with areas above its cells")
	}
	has := func(level, c string) bool { _, ok := known.Middle(level, c); return ok }
	if s.Level == "" {
		i := slices.IndexFunc(levels, func(l string) bool { return has(l, s.Into) })
		if i < 0 {
			return bad("into", s.Into, "is no area of the levels %s", strings.Join(levels, ", "))
		}
		s.Level = levels[i]
	}
	k := slices.Index(levels, s.Level)
	switch {
	case k < 0:
		return bad("level", s.Level, "is no level of the scheme; there are %s", strings.Join(levels, ", "))
	case !has(s.Level, s.Into):
		return bad("into", s.Into, "is no area of level %s", s.Level)
	case len(s.Codes) == 0:
		return bad("codes", "", "must name the areas that join %s", s.Into)
	}
	for i, c := range s.Codes {
		switch {
		case c == s.Into:
			return bad("codes", c, "cannot join itself")
		case slices.Contains(s.Codes[:i], c):
			return bad("codes", c, "occurs twice")
		case !has(s.Level, c):
			return bad("codes", c, "is no area of level %s", s.Level)
		}
	}
	given := s.Renames
	s.Renames = nil
	j := joining{levels: levels, k: k, step: s, widths: areaWidths(rule, levels), known: known, given: given, next: map[string]int{}, taken: map[AreaCode]bool{}}
	_, pending := d.Joins()
	for _, a := range pending {
		j.taken[AreaCode{Level: a.Level, New: a.New}] = true
	}
	for parent, list := range above {
		if slices.Contains(s.Codes, list[k]) && d.holds(parent) {
			j.lists = append(j.lists, list)
		}
	}
	for _, c := range s.Codes {
		if !slices.ContainsFunc(j.lists, func(list []string) bool { return list[k] == c }) {
			return bad("codes", c, "has no cells in the draft, or has joined another area already")
		}
	}
	return j.run()
}

// holds reports whether the draft has cells of an area of the lowest level.
func (d *Draft) holds(parent string) bool {
	for _, f := range d.Now.Faces() {
		if f.Parent == parent {
			return true
		}
	}
	return false
}

// joining is one join whose codes are being found.
type joining struct {
	levels []string
	k      int
	step   *Step
	widths []int
	known  AreaNumbers
	given  []AreaCode
	lists  [][]string
	next   map[string]int // the greatest number given behind a prefix
	taken  map[AreaCode]bool
}

func (j *joining) run() error {
	names := map[string]string{} // new codes of the areas of the level above, by the old ones
	for _, c := range j.step.Codes {
		names[c] = j.step.Into
	}
	used := make([]bool, len(j.given))
	for k := j.k + 1; k < len(j.levels); k++ {
		below, parents := map[string]string{}, map[string]string{}
		for _, list := range j.lists {
			parents[list[k]] = list[k-1]
		}
		for _, old := range j.order(j.levels[k], parents) {
			if old == "" {
				continue
			}
			to, err := j.code(k, old, parents[old], names, used)
			if err != nil {
				return err
			}
			if below[old] = to; to != old {
				j.step.Renames = append(j.step.Renames, AreaCode{j.levels[k], old, to})
			}
		}
		names = below
	}
	var errs []error
	for i, a := range j.given {
		if !used[i] {
			errs = append(errs, &data.FieldError{Field: fmt.Sprintf("renames[%d].old", i), Value: a.Old, Why: fmt.Sprintf("is no area of level %q below those that join", a.Level)})
		}
	}
	return errors.Join(errs...)
}

// order are areas in the order in which they are numbered, by the areas above them.
func (j *joining) order(level string, parents map[string]string) []string {
	all := make([]string, 0, len(parents))
	for c := range parents {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(compareText(parents[a], parents[b]), compareText(a, b)) })
	at := make([]geo.Point, len(all))
	for i, c := range all {
		at[i], _ = j.known.Middle(level, c)
	}
	out := make([]string, 0, len(all))
	for _, i := range code.Order(at) {
		out = append(out, all[i])
	}
	return out
}

// code is what an area of level k gets, whose area above had the code was and has what names says.
func (j *joining) code(k int, old, was string, names map[string]string, used []bool) (string, error) {
	level, above := j.levels[k], names[was]
	for i, a := range j.given {
		if a.Level != level || a.Old != old {
			continue
		}
		used[i] = true
		field := fmt.Sprintf("renames[%d].new", i)
		switch {
		case a.New == old:
			return old, nil
		case j.known.Used(level, a.New) || j.taken[AreaCode{Level: level, New: a.New}]:
			return "", &data.FieldError{Field: field, Value: a.New, Why: "code_exists: it is, or was, the code of an area of the level; codes are never given again"}
		case j.widths != nil && (len(a.New) != j.widths[k] || !strings.HasPrefix(a.New, above)):
			return "", &data.FieldError{Field: field, Value: a.New, Why: fmt.Sprintf("must have %d characters by the code rule and begin with %s", j.widths[k], above)}
		}
		j.taken[AreaCode{Level: level, New: a.New}] = true
		return a.New, nil
	}
	if j.widths == nil || len(old) != j.widths[k] || !strings.HasPrefix(old, was) || len(above) != j.widths[k-1] {
		return old, nil
	}
	digits := j.widths[k] - j.widths[k-1]
	if k > j.k+1 {
		if to := above + old[len(was):]; !j.known.Used(level, to) && !j.taken[AreaCode{Level: level, New: to}] {
			j.taken[AreaCode{Level: level, New: to}] = true
			return to, nil
		}
	}
	if _, asked := j.next[above]; !asked {
		j.next[above] = j.known.Highest(level, above, digits)
	}
	for {
		j.next[above]++
		n := j.next[above]
		if most := int(math.Pow10(min(digits, 9))) - 1; n > most {
			return "", &data.FieldError{Field: "into", Value: above, Why: fmt.Sprintf("has no number left for %s %s: %d were given, and codes are never given again", level, old, most)}
		}
		if to := Number(above, digits, n); !j.known.Used(level, to) && !j.taken[AreaCode{Level: level, New: to}] {
			j.taken[AreaCode{Level: level, New: to}] = true
			return to, nil
		}
	}
}
