package synth

// roll is a source of chance without a state: the same roll always gives the same numbers.
type roll uint64

// with is the roll of one thing among many: of, say, the edges of a city, or of one edge's vertices.
func (r roll) with(n uint64) roll { return roll(mix(uint64(r) ^ mix(n+0x9e3779b97f4a7c15))) }

// at is with for indices.
func (r roll) at(i int32) roll { return r.with(uint64(uint32(i))) }

// below is a number in [0, n); n must be positive.
func (r roll) below(n int64) int64 { return int64(mix(uint64(r)) >> 1 % uint64(n)) }

// about is a number in [-n, n].
func (r roll) about(n int64) int64 { return r.below(2*n+1) - n }

// chance is true in percent of all rolls.
func (r roll) chance(percent int64) bool { return r.below(100) < percent }

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood, 2014): every bit of n decides every bit of the result.
func mix(n uint64) uint64 {
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// shuffled is the numbers 0 to n-1 in an order of chance.
func (r roll) shuffled(n int) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	for i := n - 1; i > 0; i-- {
		j := r.at(int32(i)).below(int64(i) + 1)
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// The kinds of things that roll: each kind has a roll of its own, so that more of one does not change another.
const (
	ofCounts = iota + 1
	ofCuts
	ofHandOver
	ofJitter
	ofBends
	ofWarp
	ofNames
	ofUse
	ofBuildings
	ofDoors
	ofParts
)
