package synth

import (
	"strconv"
	"strings"
)

// pad is a number with leading zeros.
func pad(n, digits int) string {
	s := strconv.Itoa(n)
	if len(s) >= digits {
		return s
	}
	return strings.Repeat("0", digits-len(s)) + s
}

// codesOf are the codes of all areas down to the cells: six digits of the district, then three each for street office,
// community and cell, counted from 001 within the area above (DB11/T 2157, GB/T 30428.1).
func codesOf(t *tree, firstDistrict int) (codes [blocks][]string) {
	for i := range t.count(districts) {
		codes[districts] = append(codes[districts], pad(firstDistrict+int(i), 6))
	}
	for l := streets; l < blocks; l++ {
		for up := range t.count(l - 1) {
			for n := range t.first[l-1][up+1] - t.first[l-1][up] {
				codes[l] = append(codes[l], codes[l-1][up]+pad(int(n)+1, 3))
			}
		}
	}
	return codes
}

// blockCode is the code of the cell with three digits more. Blocks have no national code.
func (c *City) blockCode(block int32) string {
	cell := c.tree.parent[blocks][block]
	return c.codes[cells][cell] + pad(int(block-c.tree.first[cells][cell])+1, 3)
}
