package roman

import (
	"slices"

	"github.com/gewu-city/gewu/geocode/pinyin"
)

// characters are those that syllables stand for in addresses; for others any that is read so will do, since what is meant
// is found by its sound.
var characters = map[string]rune{
	"lu": '路', "jie": '街', "dao": '道', "dong": '东', "xi": '西', "nan": '南', "bei": '北', "zhong": '中', "da": '大',
	"hao": '号', "duan": '段', "qu": '区', "shi": '市', "xiang": '巷', "nong": '弄', "li": '里',
}

// character is one that is read as a syllable.
func character(syllable string) rune {
	if r, ok := characters[syllable]; ok {
		return r
	}
	return pinyin.Named(syllable).Character()
}

// longestSyllable is how many letters a syllable has at most, mostSyllables how many a word.
const (
	longestSyllable = 6
	mostSyllables   = 6
)

// cut cuts a word into as few syllables as it has, in the way that is number variant of those that there are: first those in
// which syllables begin with consonants, as the rules of spelling have it; nil where it has none.
func cut(word string, variant int) []string {
	for n := 1; n <= mostSyllables; n++ {
		if ways := cuts(word, n); len(ways) > 0 {
			slices.SortStableFunc(ways, func(a, b []string) int { return vowels(a) - vowels(b) })
			return ways[min(variant, len(ways)-1)]
		}
	}
	return nil
}

// cuts are the ways to cut a word into n syllables.
func cuts(word string, n int) (ways [][]string) {
	if n == 0 || word == "" {
		return nil
	}
	if n == 1 {
		if pinyin.Named(word) != 0 {
			return [][]string{{word}}
		}
		return nil
	}
	for length := min(longestSyllable, len(word)-1); length > 0; length-- {
		if pinyin.Named(word[:length]) == 0 {
			continue
		}
		for _, rest := range cuts(word[length:], n-1) {
			ways = append(ways, append([]string{word[:length]}, rest...))
		}
	}
	return ways
}

// vowels is how many syllables behind the first begin with a vowel.
func vowels(way []string) (n int) {
	for _, s := range way[1:] {
		switch s[0] {
		case 'a', 'e', 'o':
			n++
		}
	}
	return n
}
