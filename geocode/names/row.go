package names

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// Row holds names that keep coming: Sets one behind the other, the IDs of each following those of the one before. What is
// found does not depend on how the names are shared out among the Sets, only how long that takes. The zero value has no
// names. A Row does not change and is safe for concurrent use; [Row.With] makes the next one.
type Row struct {
	sets   []*Set
	starts []ID // by Set, of its first name
}

// Len is the number of names.
func (r Row) Len() int {
	n := len(r.sets)
	if n == 0 {
		return 0
	}
	return int(r.starts[n-1]) + r.sets[n-1].Len()
}

// First is the number of names in the first Set.
func (r Row) First() int {
	if len(r.sets) == 0 {
		return 0
	}
	return r.sets[0].Len()
}

// Sets is the number of Sets, in all of which is looked.
func (r Row) Sets() int { return len(r.sets) }

// mostAtOnce is how many names are set up again at most because others come.
const mostAtOnce = 4096

// With is the Row with all the names of texts, of which the first are those of r. Sets whose names begin at keep or behind,
// other than the first, are joined with the new names where they are not larger than these: each name is set up again a
// few times only, and there are few Sets.
func (r Row) With(texts []string, keep ID) Row {
	first := r.Len()
	if first == len(texts) {
		return r
	}
	n := len(r.sets)
	for n > 1 && r.starts[n-1] >= keep && r.sets[n-1].Len() <= len(texts)-first && len(texts)-int(r.starts[n-1]) <= mostAtOnce {
		n--
		first = int(r.starts[n])
	}
	return Row{append(slices.Clip(r.sets[:n:n]), New(texts[first:])), append(slices.Clip(r.starts[:n:n]), ID(first))}
}

// Gathered is the Row with one Set for its first names, which ends where one of the Sets of r ends.
func (r Row) Gathered(s *Set) Row {
	n := 0
	for n < len(r.sets) && int(r.starts[n]) < s.Len() {
		n++
	}
	return Row{append([]*Set{s}, r.sets[n:]...), append([]ID{0}, r.starts[n:]...)}
}

// set is the Set that a name is in, and the ID of its first name.
func (r Row) set(id ID) (*Set, ID) {
	n := sort.Search(len(r.starts), func(i int) bool { return r.starts[i] > id }) - 1
	return r.sets[n], r.starts[n]
}

// Name is the text of a name, which must not be changed.
func (r Row) Name(id ID) []rune {
	s, start := r.set(id)
	return s.Name(id - start)
}

// Begins is [Set.Begins] over all Sets, in which names of one Set come one after the other.
func (r Row) Begins(text []rune, found func(id ID, length int) bool) {
	more := true
	for i, s := range r.sets {
		if !more {
			return
		}
		s.Begins(text, func(id ID, length int) bool {
			more = found(id+r.starts[i], length)
			return more
		})
	}
}

// Near is [Set.Near] over all Sets.
func (r Row) Near(text []rune, dst []Match) []Match {
	first := len(dst)
	for i, s := range r.sets {
		of := len(dst)
		dst = s.Near(text, dst)
		for j := range dst[of:] {
			dst[of+j].ID += r.starts[i]
		}
	}
	if len(r.sets) > 1 {
		slices.SortFunc(dst[first:], order)
	}
	return dst
}

// Beginning calls found with the names that begin with a text and the way in which they do, ascending by what is written
// or spelled, until it returns false. A name may come several times. Spaces in what is spelled do not count.
func (r Row) Beginning(text string, found func(id ID, way Way) bool) {
	if text == "" {
		return
	}
	more := r.each(text, func(id ID, way Way) bool { return found(id, way) })
	if joined := strings.ReplaceAll(text, " ", ""); more && joined != text {
		r.each(joined, func(id ID, way Way) bool { return way == Written || found(id, way) })
	}
}

// each calls found with what begins with a text, ascending over all Sets.
func (r Row) each(text string, found func(id ID, way Way) bool) bool {
	type run struct {
		keys  prefixes
		start ID
	}
	var runs []run
	for i, s := range r.sets {
		if keys := s.starts.beginning(text); len(keys) > 0 {
			runs = append(runs, run{keys, r.starts[i]})
		}
	}
	for len(runs) > 0 {
		least := 0
		for i := range runs[1:] {
			a, b := &runs[i+1].keys[0], &runs[least].keys[0]
			if cmp.Or(strings.Compare(a.key, b.key), cmp.Compare(a.way, b.way)) < 0 {
				least = i + 1
			}
		}
		next := &runs[least]
		if !found(next.keys[0].id+next.start, next.keys[0].way) {
			return false
		}
		if next.keys = next.keys[1:]; len(next.keys) == 0 {
			runs = slices.Delete(runs, least, least+1)
		}
	}
	return true
}
