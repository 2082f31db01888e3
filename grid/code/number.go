package code

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/gewu-city/gewu/geo"
)

// Order is the order in which the cells of a community are numbered, as indices of their label points: from west to
// east, then from north to south (从西向东、由北至南), the way a page is read.
//
// Points rarely lie on lines, so rows are made: the northernmost point that is left starts a row, and all points less
// than half a spacing south of it belong to it. The spacing is the median distance from a point to its nearest
// neighbour. Of two points of one longitude in a row the northern one comes first; points in one place keep the order
// in which they were given.
func Order(points []geo.Point) []int {
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(points[b].Y, points[a].Y) })
	height := spacing(points) / 2
	for from := 0; from < len(order); {
		top := points[order[from]]
		_, my := geo.Scale(top.Lat())
		to := from + 1
		for to < len(order) && float64(int64(top.Y)-int64(points[order[to]].Y))*my < height {
			to++
		}
		slices.SortStableFunc(order[from:to], func(a, b int) int { return cmp.Compare(points[a].X, points[b].X) })
		from = to
	}
	return order
}

// spacing is the median distance in metres from a point to its nearest neighbour, 0 for less than two points. A
// community has at most 999 cells, so that all pairs are looked at.
func spacing(points []geo.Point) float64 {
	if len(points) < 2 {
		return 0
	}
	nearest := make([]float64, len(points))
	for i, p := range points {
		nearest[i] = math.Inf(1)
		for j, q := range points {
			if i != j {
				nearest[i] = min(nearest[i], geo.Distance(p, q))
			}
		}
	}
	slices.Sort(nearest)
	return nearest[len(nearest)/2]
}

// Next are the next n numbers from 1 to most that were never used. They follow the highest used one; only when most is
// reached, gaps are filled. A code is never given twice, so used must hold the numbers of ended things too.
func Next(used []int, n, most int) ([]int, error) {
	taken := make(map[int]bool, len(used))
	highest := 0
	for _, u := range used {
		if u >= 1 && u <= most {
			taken[u] = true
			highest = max(highest, u)
		}
	}
	if free := most - len(taken); n > free {
		return nil, fmt.Errorf("%d numbers are needed and %d of %d are left", n, free, most)
	}
	numbers := make([]int, 0, max(n, 0))
	for i := highest + 1; i <= most && len(numbers) < n; i++ {
		numbers = append(numbers, i)
	}
	for i := 1; i < highest && len(numbers) < n; i++ {
		if !taken[i] {
			numbers = append(numbers, i)
		}
	}
	return numbers, nil
}

// NumberCells gives each new cell of a community, by its label point, the code that follows in [Order]. used are all
// codes that cells ever had; those of other communities do not count.
func NumberCells(community string, labels []geo.Point, used []string) ([]string, error) {
	c, err := Parse(Community, community)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, text := range used {
		cell, err := Parse(Cell, text)
		if err != nil {
			return nil, fmt.Errorf("used code: %w", err)
		}
		above, ok := cell.Above()
		if !ok || above.Text != c.Canonical().Text {
			continue
		}
		// A sequence with letters is used, but no number.
		if n, err := strconv.Atoi(cell.Field("sequence")); err == nil {
			numbers = append(numbers, n)
		}
	}
	next, err := Next(numbers, len(labels), 999)
	if err != nil {
		return nil, fmt.Errorf("community %s: %w", c.Text, err)
	}
	codes := make([]string, len(labels))
	for i, at := range Order(labels) {
		if codes[at], err = ComposeCell(c.Text, next[i]); err != nil {
			return nil, err
		}
	}
	return codes, nil
}
