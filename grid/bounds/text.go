package bounds

import (
	"strings"
	"unicode/utf8"
)

// Side is one of the four sides of ground.
type Side int

// The sides in the order in which they are named.
const (
	East Side = iota
	South
	West
	North
)

// String is the side's name in English.
func (s Side) String() string { return [...]string{"east", "south", "west", "north"}[s] }

// opposite is the side across.
func (s Side) opposite() Side { return (s + 2) % 4 }

// Sides are the names of what bounds ground on each side, several where one follows the other; none where nothing is said.
type Sides [4][]string

// Chinese is the text in Chinese: 东起甲路，西至乙街、丙路，北起丁路，南至戊河. Sides without a name are left out; names that could be
// read as more than a name are set in quotes.
func (s Sides) Chinese() string {
	return s.write([]written{{East, "东起"}, {West, "西至"}, {North, "北起"}, {South, "南至"}}, "，", "、")
}

// English is the text in English: east: A Street; south: B Street, C Street; west: D Avenue; north: E River.
func (s Sides) English() string {
	return s.write([]written{{East, "east: "}, {South, "south: "}, {West, "west: "}, {North, "north: "}}, "; ", ", ")
}

type written struct {
	side   Side
	marker string
}

func (s Sides) write(order []written, between, list string) string {
	var out []string
	for _, w := range order {
		if len(s[w.side]) == 0 {
			continue
		}
		names := make([]string, len(s[w.side]))
		for i, name := range s[w.side] {
			names[i] = quoted(name)
		}
		out = append(out, w.marker+strings.Join(names, list))
	}
	return strings.Join(out, between)
}

// quotes are what [Parse] takes for quotes.
const (
	opening, closing = "“「\"", "”」\""
)

// quoted is a name as it can be read back.
func quoted(name string) string {
	plain := name != ""
	for _, text := range []string{"东起" + name, "east: " + name} {
		got, err := read(text)
		plain = plain && err == nil && len(got[East]) == 1 && got[East][0] == name
	}
	got, err := read("东起甲，" + name + "，西至乙")
	if plain && err == nil && len(got[East]) == 2 && got[East][1] == name {
		return name
	}
	return "“" + strings.Map(func(r rune) rune {
		if strings.ContainsRune(opening+closing, r) {
			return '\''
		}
		return r
	}, name) + "”"
}

// token is a stretch of a text between separators, or a name in quotes. from is where it begins in the text.
type token struct {
	text   string
	from   int
	quoted bool
	// ends tells that a separator stands behind it: what is in quotes may be in the middle of a clause.
	ends bool
}

// separators end a name. A full stop of ASCII does not: St. Mary's Ave.
const separators = "，,。；;、\n\r\t|"

// tokens cuts a text at separators and quotes.
func tokens(text string) ([]token, error) {
	var out []token
	start := 0
	flush := func(end int, ends bool) {
		part := text[start:end]
		trimmed := strings.TrimLeft(part, " \u3000")
		from := start + len(part) - len(trimmed)
		if trimmed = strings.TrimRight(trimmed, " \u3000"); trimmed != "" {
			out = append(out, token{text: trimmed, from: from, ends: ends})
		} else if ends && len(out) > 0 {
			out[len(out)-1].ends = true
		}
	}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case strings.ContainsRune(separators, r):
			flush(at, true)
		case strings.ContainsRune(opening, r):
			flush(at, false)
			end := strings.IndexAny(text[at+size:], closing)
			if end < 0 {
				return nil, &TextError{Text: text, At: at, What: "a quotation mark is never closed"}
			}
			name := strings.TrimSpace(text[at+size : at+size+end])
			if name == "" {
				return nil, &TextError{Text: text, At: at, What: "nothing stands between quotation marks"}
			}
			out = append(out, token{text: name, from: at + size, quoted: true})
			at += size + end
			_, size = utf8.DecodeRuneInString(text[at:])
		case strings.ContainsRune(closing, r):
			return nil, &TextError{Text: text, At: at, What: "a quotation mark was never opened"}
		default:
			at += size
			continue
		}
		at += size
		start = at
	}
	flush(len(text), true)
	return out, nil
}
