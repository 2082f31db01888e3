package partition

import (
	"context"
	"slices"
)

// better is how much a step must save: less is noise of rounding.
const better = 1e-9

// improve changes parts while that saves something, for a number of rounds.
func (s *solver) improve(ctx context.Context) error {
	rounds := s.Rounds
	if rounds <= 0 {
		rounds = usualRounds
	}
	order := make([]int32, len(s.Nodes))
	for i := range order {
		order[i] = int32(i)
	}
	for range rounds {
		before := s.step
		for _, pass := range [...]func(context.Context) error{
			func(ctx context.Context) error { return s.flips(ctx, order) }, s.recombine, s.mend,
		} {
			if err := pass(ctx); err != nil {
				return err
			}
		}
		if s.step == before {
			break
		}
	}
	return nil
}

// flips moves nodes at borders to the part beside them that gains most.
func (s *solver) flips(ctx context.Context, order []int32) error {
	s.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for i, v := range order {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s.flip(v)
	}
	return nil
}

func (s *solver) flip(v int32) {
	from := s.of[v]
	if s.parts[from].count < 2 {
		return
	}
	// What edges to each part beside cost, first that to its own.
	stay := 0.0
	to := s.lists[0][:0]
	for _, h := range s.around(v) {
		if p := s.of[h.to]; p == from {
			stay += h.cost
		} else if !slices.Contains(to, p) {
			to = append(to, p)
		}
	}
	s.lists[0] = to
	if len(to) == 0 {
		return
	}
	node := &s.Nodes[v]
	less := s.without(from, node)
	best, most := int32(-1), -better
	for _, p := range to {
		gain := stay
		for _, h := range s.around(v) {
			if s.of[h.to] == p {
				gain -= h.cost
			}
		}
		if d := less + s.with(p, node) + s.Cut*gain; d < most {
			best, most = p, d
		}
	}
	if best < 0 || !s.loose(v) {
		return
	}
	if s.parts[from].seed == v {
		for _, h := range s.around(v) {
			if s.of[h.to] == from {
				s.parts[from].seed = h.to
				break
			}
		}
	}
	s.of[v] = best
	s.step++
	s.take(from, node, -1)
	s.take(best, node, 1)
}

// take puts a node into a part, or takes it out.
func (s *solver) take(id int32, v *Node, sign float64) {
	p := &s.parts[id]
	p.add(v, sign)
	p.cost = s.judge(p)
	p.changed = s.step
}

// without and with are how the cost of a part changes when a node leaves or joins it.
func (s *solver) without(id int32, v *Node) float64 { return s.change(id, v, -1) }

func (s *solver) with(id int32, v *Node) float64 { return s.change(id, v, 1) }

func (s *solver) change(id int32, v *Node, sign float64) float64 {
	p := &s.parts[id]
	sum := -p.cost
	for m, g := range &s.Goals {
		sum += g.cost(p.load[m] + sign*v.Load[m])
	}
	if s.Keep > 0 {
		moved := v.Stay
		if v.Was < 0 {
			moved = 0
		}
		most, known := 0.0, false
		for _, w := range p.was {
			if w.was == v.Was {
				w.stay += sign * moved
				known = true
			}
			most = max(most, w.stay)
		}
		if !known && sign > 0 {
			most = max(most, moved)
		}
		sum += s.Keep * (p.stay + sign*moved - most)
	}
	return sum
}

// loose reports whether the part of a node hangs together without it: whether the nodes around it in the part reach each
// other.
func (s *solver) loose(v int32) bool {
	own := s.of[v]
	want := 0
	start := int32(-1)
	s.epoch += 2
	wanted, seen := s.epoch-1, s.epoch
	for _, h := range s.around(v) {
		if s.of[h.to] == own {
			s.mark[h.to] = wanted
			start = h.to
			want++
		}
	}
	if want < 2 {
		return want == 1
	}
	s.mark[v] = seen
	s.mark[start] = seen
	s.queue = append(s.queue[:0], start)
	want--
	for at := 0; at < len(s.queue); at++ {
		for _, h := range s.around(s.queue[at]) {
			if s.of[h.to] != own || s.mark[h.to] == seen {
				continue
			}
			if s.mark[h.to] == wanted {
				if want--; want == 0 {
					return true
				}
			}
			s.mark[h.to] = seen
			s.queue = append(s.queue, h.to)
		}
	}
	return false
}

// beside are the parts that a part touches, ascending.
func (s *solver) beside(out []int32, id int32) []int32 {
	s.queue = s.members(s.queue[:0], id)
	for _, v := range s.queue {
		for _, h := range s.around(v) {
			if p := s.of[h.to]; p != id {
				out = append(out, p)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// recombine joins two parts that touch and cuts them anew, where one of them has changed since that was tried.
func (s *solver) recombine(ctx context.Context) error {
	for p := range int32(len(s.parts)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// What touches a part is another after each success; a few are enough for one round.
		for range 4 {
			if s.parts[p].count == 0 || !s.recombineOne(p) {
				break
			}
		}
	}
	return nil
}

// recombineOne cuts a part anew with the first neighbour that gains by it.
func (s *solver) recombineOne(p int32) bool {
	for _, q := range s.beside(nil, p) {
		if q < p || s.parts[p].count+s.parts[q].count < 3 {
			continue
		}
		key := [2]int32{p, q}
		if last := max(s.parts[p].changed, s.parts[q].changed); s.tried[key] < last {
			s.tried[key] = last
			if s.anew([]int32{p, q}, 2) {
				return true
			}
		}
	}
	return false
}

// mend changes the number of parts where limits are broken: a part that is too small joins a neighbour or is shared among
// two, one that is too large becomes two or gives to its neighbours.
func (s *solver) mend(ctx context.Context) error {
	for p := range int32(len(s.parts)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if s.parts[p].count == 0 || s.sound(p) {
			continue
		}
		s.mendOne(p)
	}
	return nil
}

func (s *solver) mendOne(p int32) {
	around := s.beside(nil, p)
	last := s.parts[p].changed
	for _, q := range around {
		last = max(last, s.parts[q].changed)
	}
	key := [2]int32{p, p}
	if s.tried[key] >= last {
		return
	}
	s.tried[key] = last
	if s.parts[p].count > 1 && s.anew([]int32{p}, 2) {
		return
	}
	for _, q := range around {
		if s.anew([]int32{p, q}, 1) || s.anew([]int32{p, q}, 3) || s.anew([]int32{p, q}, 2) {
			return
		}
	}
	for _, q := range around {
		for _, r := range s.beside(nil, q) {
			if r == p || r < q && slices.Contains(around, r) {
				continue
			}
			if s.anew([]int32{p, q, r}, 2) || s.anew([]int32{p, q, r}, 3) || s.anew([]int32{p, q, r}, 4) {
				return
			}
		}
	}
}

// sound reports whether a part is within all limits.
func (s *solver) sound(p int32) bool {
	for m, g := range &s.Goals {
		if !g.Holds(s.parts[p].load[m]) {
			return false
		}
	}
	return true
}

// anew joins connected parts and cuts what they are into k, if that saves something.
func (s *solver) anew(ids []int32, k int) bool {
	all := s.lists[1][:0]
	before := 0.0
	for _, p := range ids {
		all = s.members(all, p)
		before += s.parts[p].cost
	}
	s.lists[1] = all
	if k > len(all) {
		return false
	}
	before += s.Cut * s.inner(all, func(v int32) int32 { return s.of[v] })
	if k == 1 {
		whole := s.gather(all)
		if whole.cost >= before-better {
			return false
		}
		s.replace(ids, [][]int32{slices.Clone(all)})
		return true
	}
	for range s.tries() {
		lists := s.pieces(all, k)
		after := 0.0
		for i, list := range lists {
			p := s.gather(list)
			after += p.cost
			for _, v := range list {
				s.local[v] = int32(i)
			}
		}
		after += s.Cut * s.inner(all, func(v int32) int32 { return s.local[v] })
		if after < before-better {
			s.replace(ids, lists)
			return true
		}
	}
	return false
}

// inner is what edges between different parts among some nodes cost.
func (s *solver) inner(nodes []int32, of func(v int32) int32) float64 {
	s.epoch++
	for _, v := range nodes {
		s.mark[v] = s.epoch
	}
	sum := 0.0
	for _, v := range nodes {
		for _, h := range s.around(v) {
			if h.to > v && s.mark[h.to] == s.epoch && of(v) != of(h.to) {
				sum += h.cost
			}
		}
	}
	return sum
}

// pieces cuts connected nodes into k lists along random trees, one cut after another.
func (s *solver) pieces(nodes []int32, k int) [][]int32 {
	if k <= 1 || len(nodes) < 2 {
		return [][]int32{slices.Clone(nodes)}
	}
	s.tree.draw(s, nodes)
	c := s.tree.balance(s, k)
	one := slices.Clone(s.tree.below(c.at))
	other := append(slices.Clone(s.tree.nodes[:c.at]), s.tree.nodes[s.tree.end[c.at]:]...)
	return append(s.pieces(one, c.parts), s.pieces(other, k-c.parts)...)
}

// replace makes lists of nodes the parts in the place of others.
func (s *solver) replace(ids []int32, lists [][]int32) {
	for _, p := range ids {
		s.parts[p] = part{}
	}
	for i, list := range lists {
		if i < len(ids) {
			s.settle(ids[i], list)
		} else {
			s.settle(s.open(), list)
		}
	}
}
