package phrase

import "slices"

// mostPieces is more than a text of normal.MostBytes has.
const mostPieces = 32

// Pieces cuts a long text where sentences end, into pieces that can be read at once: characters from the first number of
// each up to the second.
func Pieces(text []rune) (all [][2]int) {
	for start := 0; start < len(text) && len(all) < mostPieces; {
		end := min(len(text), start+MostRunes)
		if end < len(text) {
			for i, r := range slices.Backward(text[start:end]) {
				if r == ',' {
					end = start + i + 1
					break
				}
			}
		}
		all = append(all, [2]int{start, end})
		start = end
	}
	return all
}
