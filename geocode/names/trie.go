package names

import "slices"

// trie finds the names that a text begins with. Children of a node lie side by side, ascending by character.
type trie struct {
	nodes  []node
	labels []rune // by node
}

type node struct {
	first, end uint32 // children
	name       ID     // noName where none ends
}

const noName = ^ID(0)

// newTrie builds the trie level by level.
func (s *Set) newTrie() trie {
	ids := make([]ID, s.Len())
	for i := range ids {
		ids[i] = ID(i)
	}
	slices.SortFunc(ids, func(a, b ID) int { return slices.Compare(s.Name(a), s.Name(b)) })
	// group is a node whose names are known: those of ids from lo to hi share depth characters.
	type group struct{ lo, hi, depth int }
	t := trie{nodes: []node{{name: noName}}, labels: []rune{0}}
	groups := []group{{0, len(ids), 0}}
	for at := 0; at < len(groups); at++ {
		g := groups[at]
		t.nodes[at].first = uint32(len(t.nodes))
		for lo := g.lo; lo < g.hi; {
			name := s.Name(ids[lo])
			if len(name) == g.depth {
				if g.depth > 0 {
					t.nodes[at].name = ids[lo]
				}
				lo++
				continue
			}
			hi := lo + 1
			for hi < g.hi && s.Name(ids[hi])[g.depth] == name[g.depth] {
				hi++
			}
			t.nodes, t.labels = append(t.nodes, node{name: noName}), append(t.labels, name[g.depth])
			groups = append(groups, group{lo, hi, g.depth + 1})
			lo = hi
		}
		t.nodes[at].end = uint32(len(t.nodes))
	}
	return t
}

// Begins calls found with the names that text begins with and their lengths, the shortest first, until it returns false.
func (s *Set) Begins(text []rune, found func(id ID, length int) bool) {
	at := &s.trie.nodes[0]
	for i, r := range text {
		k, ok := slices.BinarySearch(s.trie.labels[at.first:at.end], r)
		if !ok {
			return
		}
		at = &s.trie.nodes[int(at.first)+k]
		if at.name != noName && !found(at.name, i+1) {
			return
		}
	}
}
