package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Walk estimates in metres the round that walks every piece of street and comes back: the pieces once; from each end where
// an odd number of them meets to another such end, the nearest pairs first; and there and back between parts that do
// not hang together. The shortest such round (the postman's) is at least as long as all pieces, and at most twice as
// long where they hang together; beside blocks, ways between ends are taken as straight.
func Walk(streets [][2]geo.Point) float64 {
	nodes := map[geo.Point]int{}
	var at []geo.Point
	node := func(p geo.Point) int {
		i, ok := nodes[p]
		if !ok {
			i = len(at)
			nodes[p], at = i, append(at, p)
		}
		return i
	}
	total := 0.0
	group := []int{}
	find := func(i int) int {
		for group[i] != i {
			group[i] = group[group[i]]
			i = group[i]
		}
		return i
	}
	degree := []int{}
	for _, s := range streets {
		if s[0] == s[1] {
			continue
		}
		total += geo.Distance(s[0], s[1])
		a, b := node(s[0]), node(s[1])
		for len(group) < len(at) {
			group, degree = append(group, len(group)), append(degree, 0)
		}
		degree[a]++
		degree[b]++
		group[find(a)] = find(b)
	}
	parts := map[int][]int{}
	var odd []int
	for i := range at {
		parts[find(i)] = append(parts[find(i)], i)
		if degree[i]%2 == 1 {
			odd = append(odd, i)
		}
	}
	retraced := pairs(at, odd)
	if len(parts) == 1 {
		retraced = min(retraced, total) // every piece twice is a round, too
	}
	return total + retraced + 2*bridges(at, parts)
}

// mostEnds bounds the ends that are paired by looking at all pairs; more are paired along a sweep from west to east.
const mostEnds = 400

// pairs is the length of pairing points, the nearest first.
func pairs(at []geo.Point, odd []int) float64 {
	type pair struct {
		length float64
		a, b   int
	}
	var all []pair
	sum := 0.0
	if len(odd) > mostEnds {
		slices.SortFunc(odd, func(a, b int) int { return cmp.Or(cmp.Compare(at[a].X, at[b].X), cmp.Compare(at[a].Y, at[b].Y)) })
		for i := 1; i < len(odd); i += 2 {
			sum += geo.Distance(at[odd[i-1]], at[odd[i]])
		}
		return sum
	}
	for i, a := range odd {
		for _, b := range odd[:i] {
			all = append(all, pair{geo.Distance(at[a], at[b]), a, b})
		}
	}
	slices.SortStableFunc(all, func(p, q pair) int { return cmp.Compare(p.length, q.length) })
	used := make(map[int]bool, len(odd))
	for _, p := range all {
		if !used[p.a] && !used[p.b] {
			used[p.a], used[p.b] = true, true
			sum += p.length
		}
	}
	return sum
}

// bridges is the length of the least tree of straight lines that joins parts by their nearest nodes.
func bridges(at []geo.Point, parts map[int][]int) float64 {
	if len(parts) < 2 {
		return 0
	}
	lists := make([][]int, 0, len(parts))
	for _, nodes := range parts {
		lists = append(lists, nodes)
	}
	slices.SortFunc(lists, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	// The tree grows from the first part by the nearest one (Prim).
	distance := make([]float64, len(lists))
	for i := range distance {
		distance[i] = math.Inf(1)
	}
	done, now, sum := make([]bool, len(lists)), 0, 0.0
	for range len(lists) - 1 {
		done[now] = true
		next := -1
		for i := range lists {
			if done[i] {
				continue
			}
			for _, a := range lists[now] {
				for _, b := range lists[i] {
					distance[i] = min(distance[i], geo.Distance(at[a], at[b]))
				}
			}
			if next < 0 || distance[i] < distance[next] {
				next = i
			}
		}
		sum += distance[next]
		now = next
	}
	return sum
}

// mostStops bounds the stops that are visited one by one; rounds of more are estimated from their number and the area.
const mostStops = 400

// Tour estimates in metres the shortest round through all stops: from each to the nearest one left, then improved by
// turning stretches around as long as that shortens it (2-opt). Rounds of more than 400 stops are 0.7124 √(n·area), what
// the shortest round of many points at random comes to (Beardwood, Halton and Hammersley).
func Tour(stops []geo.Point, areaM2 float64) float64 {
	at := slices.Clone(stops)
	slices.SortFunc(at, func(a, b geo.Point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) })
	at = slices.Compact(at)
	if len(at) > mostStops {
		return 0.7124 * math.Sqrt(float64(len(at))*areaM2)
	}
	for i := 1; i < len(at); i++ {
		best := i
		for j := i + 1; j < len(at); j++ {
			if geo.Distance(at[i-1], at[j]) < geo.Distance(at[i-1], at[best]) {
				best = j
			}
		}
		at[i], at[best] = at[best], at[i]
	}
	for shorter := len(at) > 3; shorter; {
		shorter = false
		for i := 1; i < len(at)-1; i++ {
			for j := i + 1; j < len(at); j++ {
				after := at[(j+1)%len(at)]
				was := geo.Distance(at[i-1], at[i]) + geo.Distance(at[j], after)
				if is := geo.Distance(at[i-1], at[j]) + geo.Distance(at[i], after); is < was-0.01 {
					slices.Reverse(at[i : j+1])
					shorter = true
				}
			}
		}
	}
	sum := 0.0
	for i := range at {
		sum += geo.Distance(at[i], at[(i+1)%len(at)])
	}
	return sum
}
