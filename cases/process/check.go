package process

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// check looks at the table as a whole, after every row by itself was found in order.
func (b *builder) check() {
	b.checkGuards()
	if b.checkWays() {
		b.checkClocks()
	}
}

func (t *Table) each(yield func(*Step)) {
	for _, state := range append([]string{New}, t.stateIDs()...) {
		for _, s := range t.Steps(state) {
			yield(s)
		}
	}
}

func (t *Table) stateIDs() []string {
	out := make([]string, len(t.States))
	for i := range t.States {
		out[i] = t.States[i].ID
	}
	return out
}

// checkGuards finds guards about something that the table does not have, or that no step can ever bring about.
func (b *builder) checkGuards() {
	// made is what some step brings about.
	made := map[string]bool{}
	b.each(func(s *Step) {
		made["mark."+s.Mark], made["count."+s.Count] = true, true
		made["depth"] = made["depth"] || s.Unit == Push
		made["children"] = made["children"] || s.Split
		made["tasked"] = made["tasked"] || s.Task
		if s.State == New {
			made["is_child"] = true
		}
	})
	made["children_open"] = made["children"]
	b.each(func(s *Step) {
		for _, g := range s.Guards {
			if why := b.groundless(s, g, made); why != "" {
				b.fault(s.row, "guards", g.String(), "%s", why)
			}
		}
	})
}

func (b *builder) groundless(s *Step, g Guard, made map[string]bool) string {
	section, id, dotted := strings.Cut(g.fact, ".")
	form := slices.Concat(s.Require, s.Optional)
	switch {
	case dotted && section == "field":
		return b.groundlessField(id, g, form)
	case dotted && section == "overdue":
		if !slices.ContainsFunc(b.Clocks, func(c Clock) bool { return c.ID == id }) {
			return "there is no such clock"
		}
	case dotted && (section == "granted" || section == "asked"):
		if !slices.ContainsFunc(b.Requests, func(r Request) bool { return r.ID == id }) {
			return "there is no such request"
		}
	case dotted && section == "mark":
		if !slices.ContainsFunc(b.Marks, func(n Name) bool { return n.ID == id }) {
			return "there is no such mark"
		}
	case dotted && section == "count":
		if !slices.ContainsFunc(b.Counts, func(n Name) bool { return n.ID == id }) {
			return "there is no such count"
		}
	case (g.fact == "unit_above" || g.fact == "unit_below" || g.fact == "unit_own") && !slices.Contains(form, "unit"):
		return "asks about the unit that is filled in, and the form of the step has none"
	}
	for _, fact := range []string{"mark.", "count.", "depth", "children", "children_open", "tasked"} {
		if (g.fact == fact || strings.HasSuffix(fact, ".") && strings.HasPrefix(g.fact, fact)) && g.least > 0 && !made[g.fact] {
			return "can never hold: no step brings it about"
		}
	}
	return ""
}

func (b *builder) groundlessField(id string, g Guard, form []string) string {
	f, ok := b.fields[id]
	switch {
	case !ok:
		return "there is no such field"
	case !slices.Contains(form, id):
		return "asks for a field that is not in the form of the step"
	case f.Type == "choice" && !g.not:
		for _, w := range g.words {
			if !slices.ContainsFunc(f.Choices, func(n Name) bool { return n.ID == w }) {
				return fmt.Sprintf("%q is none of the choices of the field", w)
			}
		}
	}
	return ""
}

// targets are the states that a step may lead to: for [Previous] those from which its state is entered.
func (t *Table) targets(s *Step) []string {
	if s.To != Previous {
		return []string{s.To}
	}
	from := map[string]bool{}
	t.each(func(into *Step) {
		if into.To == s.State && into.State != s.State && into.State != New {
			from[into.State] = true
		}
	})
	return slices.Sorted(maps.Keys(from))
}

// checkWays sees that every state can be reached, and that every state that is not final leads to a final one.
func (b *builder) checkWays() bool {
	edges := map[string][]string{}
	b.each(func(s *Step) { edges[s.State] = append(edges[s.State], b.targets(s)...) })
	if len(edges[New]) == 0 {
		b.fault("steps.new", "", "", "no case can begin: there is no step out of new")
		return false
	}
	reached := reach(edges, New)
	var ends []string
	for i := range b.States {
		if b.States[i].Final {
			ends = append(ends, b.States[i].ID)
		}
	}
	if len(ends) == 0 {
		b.fault("states", "", "", "no state is final: no case would ever come to rest")
		return false
	}
	back := map[string][]string{}
	for from, to := range edges {
		for _, state := range to {
			back[state] = append(back[state], from)
		}
	}
	out := reach(back, ends...)
	before := len(b.faults)
	for i := range b.States {
		s := &b.States[i]
		switch {
		case !reached[s.ID]:
			b.fault("states."+s.ID, "", s.ID, "no case can ever come into the state: it cannot be reached from new")
		case !out[s.ID]:
			b.fault("states."+s.ID, "", s.ID, "no case can ever leave the state for a final one")
		}
	}
	return len(b.faults) == before
}

func reach(edges map[string][]string, from ...string) map[string]bool {
	seen := map[string]bool{}
	for len(from) > 0 {
		state := from[len(from)-1]
		from = from[:len(from)-1]
		if !seen[state] {
			seen[state] = true
			from = append(from, edges[state]...)
		}
	}
	return seen
}

// maxWalk bounds the combinations of state and clocks that are looked at.
const maxWalk = 500_000

// What a clock is at a moment.
const (
	off = iota
	running
	paused
)

// checkClocks walks through all combinations of state and clocks, guards left aside, and sees that no clock is alive in
// a final state and that effects meet clocks that they can work on.
func (b *builder) checkClocks() {
	if len(b.Clocks) > 16 {
		b.fault("clocks", "", "", "are more than 16")
		return
	}
	type moment struct {
		state, before string
		clocks        uint64 // 2 bits each
	}
	at := map[string]int{}
	for i := range b.Clocks {
		at[b.Clocks[i].ID] = 2 * i
	}
	// worked are the effects that met a clock that they could work on, on some way.
	type use struct {
		row   string
		clock string
		do    Do
	}
	worked := map[use]bool{}
	seen, queue := map[moment]bool{}, []moment{{state: New}}
	for len(queue) > 0 && len(seen) < maxWalk {
		m := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, s := range b.Steps(m.state) {
			next := moment{state: s.To, before: m.before, clocks: m.clocks}
			if s.Request != "" && s.Part != Grant {
				continue
			}
			if s.To == Previous {
				next.state = m.before
			}
			if next.state != m.state {
				next.before = m.state
			}
			for _, e := range s.Clocks {
				i := at[e.Clock]
				was := int(next.clocks >> i & 3)
				is, ok := e.Do.on(was)
				next.clocks = next.clocks&^(3<<i) | uint64(is)<<i
				u := use{s.row, e.Clock, e.Do}
				worked[u] = worked[u] || ok
			}
			if next.state == New || seen[next] {
				continue
			}
			seen[next] = true
			queue = append(queue, next)
			if b.states[next.state].Final && next.clocks != 0 {
				b.fault(s.row, "clocks", b.alive(next.clocks), "is alive when the case comes to rest in %s, on some way there: stop it", next.state)
			}
		}
	}
	for u, ok := range worked {
		if !ok {
			b.fault(u.row, "clocks", u.clock, "%s never meets a clock that it could work on", u.do)
		}
	}
}

func (b *builder) alive(clocks uint64) string {
	var out []string
	for i := range b.Clocks {
		if clocks>>(2*i)&3 != off {
			out = append(out, b.Clocks[i].ID)
		}
	}
	return strings.Join(out, ", ")
}

// on is what a clock becomes, and whether there was something to do.
func (d Do) on(was int) (is int, ok bool) {
	switch d {
	case Start, Reset, Continue:
		return running, d != Reset || was != off
	case Stop:
		return off, was != off
	case Pause:
		if was == running {
			return paused, true
		}
	case Resume:
		if was == paused {
			return running, true
		}
	case Extend:
		return was, was != off
	}
	return was, false
}
