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

// Beginning calls found with the names that begin with a text and the way in which they do, ascending by what is written
// or spelled, until it returns false. A name may come several times. Spaces in what is spelled do not count.
func (s *Set) Beginning(text string, found func(id ID, way Way) bool) {
	if text == "" {
		return
	}
	more := s.starts.each(text, func(p *prefix) bool { return found(p.id, p.way) })
	if joined := strings.ReplaceAll(text, " ", ""); more && joined != text {
		s.starts.each(joined, func(p *prefix) bool { return p.way == Written || found(p.id, p.way) })
	}
}

func (all prefixes) each(text string, found func(p *prefix) bool) bool {
	at := sort.Search(len(all), func(i int) bool { return all[i].key >= text })
	for ; at < len(all) && strings.HasPrefix(all[at].key, text); at++ {
		if !found(&all[at]) {
			return false
		}
	}
	return true
}
