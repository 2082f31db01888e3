package data

import "iter"

// Whole yields the entries that the World at Seq to shows, out of entries that begin at a place where no group is
// open and are in order: those up to to, without the members of a group that ends after it. Whoever replays the log up to
// a position that somebody named goes through it, so that nobody sees a part of what was appended together.
func Whole(entries iter.Seq2[*Entry, error], to Seq) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		for e, err := range entries {
			// A group is entries in a row: behind its first member nothing else can be visible by then.
			if err == nil && e.Visible > to {
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}
