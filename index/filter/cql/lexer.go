package cql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is what a token of CQL2 text is.
type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenName             // a bare identifier or a word of the language
	tokenQuoted           // an identifier in double quotes
	tokenText             // a text in single quotes
	tokenNumber           // without sign
	tokenSymbol
)

type token struct {
	kind tokenKind
	// text is a name or symbol as it stands, or a text or quoted name without its quotes.
	text string
	at   int
}

// is reports whether a token is a symbol, or a word of the language in any case.
func (t token) is(word string) bool {
	return t.kind == tokenSymbol && t.text == word || t.kind == tokenName && strings.EqualFold(t.text, word)
}

func (t token) describe() string {
	switch t.kind {
	case tokenEnd:
		return "the end"
	case tokenText:
		return "the text '" + Shorten(t.text) + "'"
	case tokenQuoted:
		return "the property \"" + Shorten(t.text) + "\""
	default:
		return Shorten(t.text)
	}
}

// lexer cuts CQL2 text into tokens.
type lexer struct {
	source string
	at     int
}

func isNameStart(r rune) bool { return unicode.IsLetter(r) || r == '_' || r == ':' }

func isNamePart(r rune) bool {
	return isNameStart(r) || unicode.IsNumber(r) || r == '.' || unicode.Is(unicode.Mn, r)
}

// next is the token at the present place, which moves behind it.
func (l *lexer) next() (token, error) {
	rest := strings.TrimLeft(l.source[l.at:], " \t\r\n")
	l.at = len(l.source) - len(rest)
	t := token{at: l.at}
	if rest == "" {
		return t, nil
	}
	r, _ := utf8.DecodeRuneInString(rest)
	switch {
	case isNameStart(r):
		t.kind, t.text = tokenName, rest[:prefix(rest, isNamePart)]
		l.at += len(t.text)
	case r >= '0' && r <= '9' || r == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
		t.kind, t.text = tokenNumber, rest[:numberEnd(rest)]
		l.at += len(t.text)
	case r == '\'' || r == '"':
		return l.quoted(rest, byte(r))
	default:
		for _, symbol := range []string{"<=", ">=", "<>", "<", ">", "=", "(", ")", ",", "+", "-", "*", "/", "%", "^", "[", "]"} {
			if strings.HasPrefix(rest, symbol) {
				t.kind, t.text = tokenSymbol, symbol
				l.at += len(symbol)
				return t, nil
			}
		}
		return t, &fault{t.at, "the character " + string(r) + " has no meaning here" + hint(r)}
	}
	return t, nil
}

// hint helps with characters of other languages and keyboards.
func hint(r rune) string {
	switch r {
	case '!':
		return "; not equal is <>"
	case '“', '”', '‘', '’', '「', '」':
		return "; texts stand in straight single quotes, as in 'name'"
	case '（', '）', '，', '＝':
		return "; it must be its half-width form"
	}
	return ""
}

// prefix is the length of the prefix whose characters pass.
func prefix(s string, pass func(rune) bool) int {
	if i := strings.IndexFunc(s, func(r rune) bool { return !pass(r) }); i >= 0 {
		return i
	}
	return len(s)
}

func numberEnd(s string) int {
	digit := func(r rune) bool { return r >= '0' && r <= '9' }
	n := prefix(s, digit)
	if n < len(s) && s[n] == '.' {
		n++
		n += prefix(s[n:], digit)
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		exponent := n + 1
		if exponent < len(s) && (s[exponent] == '+' || s[exponent] == '-') {
			exponent++
		}
		if digits := prefix(s[exponent:], digit); digits > 0 {
			n = exponent + digits
		}
	}
	return n
}

// quoted reads a text or an identifier in quotes; a quote in it is written twice.
func (l *lexer) quoted(rest string, quote byte) (token, error) {
	t := token{kind: tokenText, at: l.at}
	if quote == '"' {
		t.kind = tokenQuoted
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		if rest[i] != quote {
			b.WriteByte(rest[i])
			continue
		}
		if i+1 < len(rest) && rest[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		l.at += i + 1
		t.text = b.String()
		return t, nil
	}
	return t, &fault{t.at, "the quote that opens here is never closed; a quote within a text is written twice"}
}
