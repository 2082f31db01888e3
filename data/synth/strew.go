package synth

import "math/bits"

// density is how many things stand along 100 km of frontage of each class of road.
type density [classes]int64

// densityUnit is 100 km in mm.
const densityUnit = 100_000_000

// strewing spreads a number of things along all frontages, in proportion to a density, evenly but for a little chance.
type strewing struct {
	roll    roll
	density density
	count   int64
	// weight is the length of all frontages, each millimetre counted by its density.
	weight int64
}

// lengths are the frontages of each class of road together, in mm.
func (c *City) lengths() (sum [classes]int64) {
	c.frontages(func(f frontage) bool {
		sum[c.roads[f.road].class] += f.length
		return true
	})
	return sum
}

// newStrewing prepares a strewing; with a count of [Natural] there are as many things as the density says.
func newStrewing(r roll, d density, lengths [classes]int64, count int64) strewing {
	s := strewing{roll: r, density: d, count: count}
	for c, length := range lengths {
		s.weight += length * d[c]
	}
	if count == Natural {
		s.count = s.weight / densityUnit
	}
	return s
}

// place is where thing i stands, in weight. Places ascend.
func (s *strewing) place(i int64) int64 {
	// (2i+1)·weight/(2·count): the product can need more than 64 bits.
	hi, lo := bits.Mul64(uint64(2*i+1), uint64(s.weight))
	q, _ := bits.Div64(hi, lo, uint64(2*s.count))
	// Less than half of the distance between two things, so that they stay in order.
	at := int64(q) + s.roll.with(uint64(i)).about(s.weight/s.count*3/10)
	return min(max(at, 0), s.weight-1)
}

// strewn walks over the frontages of a city and finds what stands on each.
type strewn struct {
	*strewing
	next int64 // the next thing
	at   int64 // and its place
	seen int64 // weight of the frontages so far
}

func (s *strewing) walk() *strewn {
	w := &strewn{strewing: s}
	if s.count > 0 {
		w.at = s.place(0)
	}
	return w
}

// on calls visit for the things on the next frontage, along millimetres from its start. It stops when visit returns
// false, and reports whether it did not.
func (w *strewn) on(f *frontage, class class, visit func(i, along int64) bool) bool {
	d := w.density[class]
	end := w.seen + f.length*d
	for w.next < w.count && w.at < end {
		if !visit(w.next, (w.at-w.seen)/d) {
			return false
		}
		if w.next++; w.next < w.count {
			w.at = w.place(w.next)
		}
	}
	w.seen = end
	return true
}
