package coverage

import (
	"cmp"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage/check"
)

// nobody is the owner of ground that is still to be given.
const nobody FaceID = -1

// wrong is a region that is not in one cell.
type wrong struct {
	region int32
	kind   check.Kind
	claims []FaceID // faces of the cells that cover it
	defect Defect
}

// place gives every region its owner.
func (b *builder) place() {
	p := b.plane
	b.owner = make([]FaceID, len(p.cover))
	declared := b.Outline.Kind() == geo.KindPolygon
	var open []*wrong
	for r := 1; r < len(p.cover); r++ {
		w := &wrong{region: int32(r)}
		inside := !declared
		for _, m := range p.cover[r] {
			if m.label == b.outlineTag() {
				inside = true
			} else {
				w.claims = append(w.claims, FaceID(m.label+1))
			}
		}
		switch {
		case len(w.claims) == 1 && inside:
			b.owner[r] = w.claims[0]
			continue
		case len(w.claims) == 0 && !inside:
			continue
		case !inside:
			w.kind = check.Outside
		case len(w.claims) == 0:
			w.kind = check.Gap
		default:
			w.kind = check.Overlap
		}
		b.owner[r] = nobody
		open = append(open, w)
	}
	sides := b.sides(open)
	for _, w := range open {
		b.describe(w, sides[w.region])
	}
	b.choose(open)
	if b.Rule == LongestBorder || b.Rule == Priority {
		b.apply(open, sides)
	}
	for _, w := range open {
		b.found = append(b.found, w.defect)
	}
	slices.SortStableFunc(b.found, func(d, e Defect) int { return cmp.Or(comparePoints(d.Point, e.Point), cmp.Compare(d.Kind, e.Kind)) })
}

// sides are the half-edges around open regions.
func (b *builder) sides(open []*wrong) map[int32][]int32 {
	out := make(map[int32][]int32, len(open))
	for _, w := range open {
		out[w.region] = nil
	}
	for h, c := range b.plane.cycle {
		if list, ok := out[b.plane.region[c]]; ok {
			out[b.plane.region[c]] = append(list, int32(h))
		}
	}
	return out
}

// describe measures a region and names who has to do with it.
func (b *builder) describe(w *wrong, sides []int32) {
	p := b.plane
	d := Defect{Kind: w.kind}
	seen := map[int32]bool{}
	var paths [][]geo.Point
	faces := slices.Clone(w.claims)
	for _, h := range sides {
		if !seen[p.cycle[h]] {
			seen[p.cycle[h]] = true
			paths = append(paths, p.path(h))
		}
		if w.kind == check.Gap {
			for _, m := range p.cover[p.region[p.cycle[h^1]]] {
				if m.label != b.outlineTag() {
					faces = append(faces, FaceID(m.label+1))
				}
			}
		}
	}
	s := assemble(paths)
	d.Area, d.Point = s.Area(), p.nodes[p.origin(sides[0])]
	if s.Kind() == geo.KindPolygon {
		d.Point = geo.LabelPoint(s)
	}
	for _, f := range faces {
		d.Cells = append(d.Cells, b.cells[f-1].Code)
	}
	slices.Sort(d.Cells)
	d.Cells = slices.Compact(d.Cells)
	w.defect = d
}

// path is the closed path along a cycle.
func (p *plane) path(h int32) []geo.Point {
	out := []geo.Point{p.nodes[p.origin(h)]}
	for k := h; ; {
		out = append(out, p.nodes[p.origin(k^1)])
		if k = p.follow(k); k == h {
			return out
		}
	}
}

func (b *builder) give(w *wrong, to FaceID) {
	b.owner[w.region] = to
	w.defect.Fixed = true
	if to != Outside {
		w.defect.Code = b.cells[to-1].Code
	}
}

// choose does what was chosen by hand.
func (b *builder) choose(open []*wrong) {
	if len(b.Choices) == 0 {
		return
	}
	faces := make(map[string]FaceID, len(b.cells))
	for i := range b.cells {
		faces[b.cells[i].Code] = FaceID(i + 1)
	}
	for _, w := range open {
		if code, ok := b.Choices[w.defect.Point]; ok {
			// An unknown code is no face, and the defect stays.
			if to, known := faces[code]; known || code == "" {
				b.give(w, to)
			}
		}
	}
}

// apply gives open regions to neighbours by the rule, those beside ground that has an owner first, until none is left
// that can be given.
func (b *builder) apply(open []*wrong, sides map[int32][]int32) {
	rank := make(map[string]int, len(b.Order))
	for i, code := range b.Order {
		rank[code] = i - len(b.Order)
	}
	for again := true; again; {
		again = false
		type gift struct {
			w  *wrong
			to FaceID
		}
		var gifts []gift
		for _, w := range open {
			if w.defect.Fixed {
				continue
			}
			if w.kind == check.Outside {
				gifts = append(gifts, gift{w, Outside})
				continue
			}
			length := map[FaceID]float64{}
			p := b.plane
			for _, h := range sides[w.region] {
				if o := b.owner[p.region[p.cycle[h^1]]]; o > 0 {
					length[o] += geo.Distance(p.nodes[p.origin(h)], p.nodes[p.origin(h^1)])
				}
			}
			if to := b.best(w, length, rank); to > 0 {
				gifts = append(gifts, gift{w, to})
			}
		}
		for _, g := range gifts {
			b.give(g.w, g.to)
			again = true
		}
	}
}

// best is the face that the rule gives a region to; 0 when nobody can have it yet.
func (b *builder) best(w *wrong, length map[FaceID]float64, rank map[string]int) FaceID {
	from := w.claims
	if w.kind == check.Gap {
		for f := range length {
			from = append(from, f)
		}
	}
	best := FaceID(0)
	for _, f := range from {
		if best == 0 || b.prefers(f, best, length, rank) {
			best = f
		}
	}
	return best
}

func (b *builder) prefers(f, g FaceID, length map[FaceID]float64, rank map[string]int) bool {
	cf, cg := b.cells[f-1].Code, b.cells[g-1].Code
	if b.Rule == Priority {
		if c := cmp.Compare(rank[cf], rank[cg]); c != 0 {
			return c < 0
		}
		return cf < cg
	}
	if length[f] != length[g] {
		return length[f] > length[g]
	}
	return cf < cg
}
