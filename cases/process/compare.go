package process

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Standing is where an open case is, as far as another table must know it to go on with the case.
type Standing struct {
	State string
	// Before is the state before, empty for none.
	Before string
	// Requests are those that wait for a decision, Marks those that it has, Clocks those that are alive.
	Requests, Marks, Clocks []string
}

// Stuck says why cases that stand somewhere could not go on under a table.
type Stuck struct {
	Standing
	// Cases is how many stand there.
	Cases int
	Why   string
}

// Dry says which open cases would be stuck if they went on under this table: nobody moves them, since a case keeps the
// version with which it began; it is what an administrator is told before a change. Standings come with their counts;
// the result has those that are stuck, in the same order.
func (t *Table) Dry(open iter.Seq2[*Standing, int]) []Stuck {
	var out []Stuck
	for s, n := range open {
		if why := t.stuck(s); why != "" {
			out = append(out, Stuck{Standing: *s, Cases: n, Why: why})
		}
	}
	return out
}

func (t *Table) stuck(s *Standing) string {
	if _, ok := t.states[s.State]; !ok {
		return fmt.Sprintf("the table has no state %q", s.State)
	}
	for _, id := range s.Requests {
		i := slices.IndexFunc(t.Requests, func(r Request) bool { return r.ID == id })
		if i < 0 {
			return fmt.Sprintf("the table has no request %q, which waits for a decision", id)
		}
		if !slices.Contains(t.Requests[i].States, s.State) {
			return fmt.Sprintf("the request %q, which waits for a decision, cannot be decided in state %q", id, s.State)
		}
	}
	for _, id := range s.Marks {
		if nameOf(t.Marks, id) == nil {
			return fmt.Sprintf("the table has no mark %q", id)
		}
	}
	for _, id := range s.Clocks {
		if !slices.ContainsFunc(t.Clocks, func(c Clock) bool { return c.ID == id }) {
			return fmt.Sprintf("the table has no clock %q, which runs", id)
		}
	}
	for _, step := range t.steps[s.State] {
		if step.To == Previous && s.Before != "" && t.states[s.Before] == nil {
			return fmt.Sprintf("%s leads back to %q, which the table does not have", step.Action, s.Before)
		}
	}
	return ""
}

// Versions are tables by name and version. The zero value has none; it is immutable once made.
type Versions struct {
	tables map[version]*Table
	newest map[string]*Table
}

type version struct {
	name   string
	number int
}

// All yields all tables by name, those of a name from the oldest version on.
func (v *Versions) All() iter.Seq[*Table] {
	all := slices.SortedFunc(maps.Values(v.tables), func(a, b *Table) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return slices.Values(all)
}

// Make is a set of tables. Two of the same name and version are an error.
func Make(tables ...*Table) (*Versions, error) {
	v := &Versions{tables: map[version]*Table{}, newest: map[string]*Table{}}
	for _, t := range tables {
		key := version{t.Name, t.Version}
		if v.tables[key] != nil {
			return nil, fmt.Errorf("process %s: version %d is there twice", t.Name, t.Version)
		}
		v.tables[key] = t
		if n := v.newest[t.Name]; n == nil || n.Version < t.Version {
			v.newest[t.Name] = t
		}
	}
	return v, nil
}

// Table is a version of a table.
func (v *Versions) Table(name string, number int) (*Table, bool) {
	t, ok := v.tables[version{name, number}]
	return t, ok
}

// Newest is the version under which new cases begin.
func (v *Versions) Newest(name string) (*Table, bool) {
	t, ok := v.newest[name]
	return t, ok
}
