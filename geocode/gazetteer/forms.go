package gazetteer

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/geocode/normal"
)

// forms yields the names of a thing in normal form, each once, the proper one first: as it is written, without what
// stands in brackets, its aliases, and shortened as people do. Several aliases are separated by ; 、 or |.
func forms(kind Kind, name, alias string) iter.Seq2[string, Form] {
	return func(yield func(string, Form) bool) {
		var given []string
		give := func(text string, form Form) bool {
			if len([]rune(text)) < shortest || slices.Contains(given, text) {
				return true
			}
			given = append(given, text)
			return yield(text, form)
		}
		text := normal.Of(name).String()
		if !give(text, Proper) {
			return
		}
		bare := withoutBrackets(text)
		whole := []string{bare}
		if !give(bare, Variant) {
			return
		}
		for _, a := range strings.FieldsFunc(alias, func(r rune) bool { return strings.ContainsRune(";；、|｜", r) }) {
			a = withoutBrackets(normal.Of(a).String())
			whole = append(whole, a)
			if !give(a, Alias) {
				return
			}
		}
		for _, w := range whole {
			if latin(w) {
				for v, form := range spellings(kind, w) {
					if !give(v, form) {
						return
					}
				}
				continue
			}
			if kind == Road && !give(inDigits(w), Variant) {
				return
			}
			for _, v := range counted(kind, w) {
				if !give(v, Variant) {
					return
				}
			}
			if short := shortened(kind, w); !give(short, Short) {
				return
			}
		}
	}
}

// shortest is how many characters a name has at least: one alone is part of too many words.
const shortest = 2

// withoutBrackets is a text without what stands in brackets, and the spaces around them.
func withoutBrackets(text string) string {
	for {
		i := strings.IndexByte(text, '(')
		if i < 0 {
			return text
		}
		j := strings.IndexByte(text[i:], ')')
		if j < 0 {
			return strings.TrimSpace(text[:i])
		}
		text = strings.TrimSpace(text[:i]) + strings.TrimLeft(text[i+j+1:], " ")
	}
}

// suffixes are what people leave out of names, longer ones before their ends. The short form
// of a road means it only where a number follows.
var suffixes = map[Kind][]string{
	Area: {
		"社区居民委员会", "社区居委会", "居民委员会", "居委会", "街道办事处", "街道", "地区", "自治县", "社区", "新区",
		"省", "市", "县", "区", "镇", "乡", "村", "里",
	},
	Road:     {"大道", "路", "街"},
	Landmark: {"社区", "小区"},
	Building: {"社区", "小区", "大厦", "大楼", "公寓"},
}

// shortened is a name without its suffix, empty when that leaves too little to be told from other words.
func shortened(kind Kind, name string) string {
	for _, suffix := range suffixes[kind] {
		if short, ok := strings.CutSuffix(name, suffix); ok {
			if len([]rune(short)) < shortest {
				return ""
			}
			return short
		}
	}
	return ""
}

// latin reports whether a text has words.
func latin(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return 'a' <= r && r <= 'z' }) && !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x2e80 })
}

// counted are the other ways to write the name of an area that is a number of many: 3号网格, 第3网格, 三网格, 网格3.
func counted(kind Kind, name string) []string {
	const most = 99
	rest, ok := strings.CutSuffix(name, gridName)
	if !ok {
		rest, ok = strings.CutPrefix(name, gridName)
	}
	if kind != Area || !ok {
		return nil
	}
	rest = strings.TrimSuffix(strings.TrimPrefix(rest, "第"), "号")
	n, err := strconv.Atoi(rest)
	if err != nil {
		if n, ok = normal.Numeral([]rune(rest)); !ok {
			return nil
		}
	}
	if n < 1 || n > most {
		return nil
	}
	digits, word := strconv.Itoa(n), inWords(n)
	return []string{digits + "号" + gridName, "第" + digits + gridName, digits + gridName, word + gridName, "第" + word + gridName, gridName + digits, word + "号" + gridName, "0" + digits + gridName, "0" + digits + "号" + gridName}
}

const gridName = "网格"

// inDigits is the name of a road with its one numeral as a digit: 纬5路, 中山1路; empty where it has none, or several.
func inDigits(name string) string {
	const numerals = "一二三四五六七八九"
	text, at := []rune(name), -1
	for i, r := range text {
		switch {
		case r == '十' || at >= 0 && strings.ContainsRune(numerals, r):
			return ""
		case strings.ContainsRune(numerals, r):
			at = i
		}
	}
	if at < 0 || at == len(text)-1 {
		return ""
	}
	text[at] = rune('1' + slices.Index([]rune(numerals), text[at]))
	return string(text)
}

// inWords is a number up to 99 in Chinese.
func inWords(n int) string {
	const ten = 10
	digits := []rune("零一二三四五六七八九")
	switch tens := n / ten; {
	case tens == 0:
		return string(digits[n])
	case tens == 1 && n%ten == 0:
		return "十"
	case tens == 1:
		return "十" + string(digits[n%ten])
	case n%ten == 0:
		return string(digits[tens]) + "十"
	default:
		return string(digits[tens]) + "十" + string(digits[n%ten])
	}
}
