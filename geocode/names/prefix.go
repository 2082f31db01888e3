package names

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/gewu-city/gewu/geocode/pinyin"
)

// Way is how somebody begins to type a name.
type Way uint8

// Ways, the surest first.
const (
	Written  Way = iota // 塔悠
	Spelled             // tayou
	Initials            // tyl
)

// prefixes finds names by what they begin with, in each way. Keys ascend.
type prefixes []prefix

type prefix struct {
	key string
	id  ID
	way Way
}

// mostSpelled bounds the ways to spell a name of which characters are read in several.
const mostSpelled = 4

func newPrefixes(s *Set) prefixes {
	var all prefixes
	for id := range ID(s.Len()) {
		name := s.Name(id)
		all = append(all, prefix{string(name), id, Written})
		if spelled := spell(name); len(spelled) > 0 {
			for _, sp := range spelled {
				all = append(all, prefix{strings.Join(sp, ""), id, Spelled})
				var initials strings.Builder
				for _, syllable := range sp {
					initials.WriteByte(syllable[0])
				}
				all = append(all, prefix{initials.String(), id, Initials})
			}
		}
	}
	slices.SortFunc(all, func(a, b prefix) int {
		return cmp.Or(strings.Compare(a.key, b.key), cmp.Compare(a.way, b.way), cmp.Compare(a.id, b.id))
	})
	return slices.Clip(slices.Compact(all))
}

// spell is how a name is spelled, each way as its syllables: characters that are no Han ones stand for themselves. Names
// without Han characters are written as they are spelled.
func spell(name []rune) [][]string {
	ways := [][]string{nil}
	han := false
	for _, r := range name {
		read := []string{string(r)}
		if syllables := pinyin.Of(r); len(syllables) > 0 {
			han, read = true, read[:0]
			for _, s := range syllables {
				read = append(read, s.String())
			}
		}
		var more [][]string
		for _, w := range ways {
			for _, s := range read {
				if len(more) < mostSpelled {
					more = append(more, append(slices.Clone(w), s))
				}
			}
		}
		ways = more
	}
	if !han {
		return nil
	}
	return ways
}

// Beginning is [Row.Beginning] of one Set.
func (s *Set) Beginning(text string, found func(id ID, way Way) bool) {
	Row{[]*Set{s}, []ID{0}}.Beginning(text, found)
}

// beginning are the keys that begin with a text.
func (all prefixes) beginning(text string) prefixes {
	first := sort.Search(len(all), func(i int) bool { return all[i].key >= text })
	n := sort.Search(len(all)-first, func(i int) bool { return !strings.HasPrefix(all[first+i].key, text) })
	return all[first : first+n]
}
