package names

import "strings"

// TellsApart reports whether a text differs from a name in a character that names are told apart by: 东路 is no slip for
// 西路, nor 一 for 二.
func TellsApart(text, name []rune) bool {
	if len(text) != len(name) {
		return false
	}
	for i, r := range text {
		if r != name[i] && (strings.ContainsRune(fourWinds, r) && strings.ContainsRune(fourWinds, name[i]) || strings.ContainsRune(numerals, r) && strings.ContainsRune(numerals, name[i])) {
			return true
		}
	}
	return false
}

const (
	fourWinds = "东南西北中"
	numerals  = "一二三四五六七八九十"
)

// SlipAround finds where a text has a name with one other character around the characters from i up to j.
func SlipAround(text, name []rune, i, j int) (start int, ok bool) {
	for start = max(0, j-len(name)); start <= i && start+len(name) <= len(text); start++ {
		differ := 0
		for k, r := range name {
			if text[start+k] != r {
				differ++
			}
		}
		if differ == 1 {
			return start, true
		}
	}
	return 0, false
}
