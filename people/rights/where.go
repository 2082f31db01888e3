package rights

import (
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index/filter/cql"
)

// The words that stand for lists in the filter of a grant: the ids of the organisation of the holding and of those below
// it, and the codes of its cells. They are for IN: owner IN ($organisation).
const (
	wordOrganisation = "$organisation"
	wordCells        = "$cells"
)

// CheckWhere verifies the filter of a grant as far as that does not depend on layers. The error is a *[cql.Error], whose
// place is that in the text with an example in place of the words, or a *data.FieldError for a word that there is not.
func CheckWhere(text string) error {
	_, err := parseWhere(text, []string{"organisation"}, []string{"cell"})
	return err
}

// parseWhere is the filter of a grant for a holding. Words within quotes are text. Without anything to stand for, a word
// is a list with a text that is in no attribute, so that IN is false.
func parseWhere(text string, organisations, cells []string) (*cql.Expr, error) {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '$':
			word, list := wordAt(text[i:], organisations, cells)
			if word == "" {
				return nil, &data.FieldError{Field: "where", Value: text[i:], Why: "is no word; there are " + wordOrganisation + " and " + wordCells}
			}
			writeList(&b, list)
			i += len(word) - 1
			continue
		}
		b.WriteByte(c)
	}
	return cql.ParseText(b.String(), nil)
}

// wordAt is the word that a text begins with, and what it stands for.
func wordAt(text string, organisations, cells []string) (word string, list []string) {
	end := 1
	for end < len(text) && (text[end] == '_' || 'a' <= text[end]|0x20 && text[end]|0x20 <= 'z' || '0' <= text[end] && text[end] <= '9') {
		end++
	}
	switch text[:end] {
	case wordOrganisation:
		return wordOrganisation, organisations
	case wordCells:
		return wordCells, cells
	}
	return "", nil
}

// nothing is a text that no code and no id is.
const nothing = "\x01"

func writeList(b *strings.Builder, list []string) {
	if len(list) == 0 {
		list = []string{nothing}
	}
	list = slices.Clone(list)
	slices.Sort(list)
	for i, s := range slices.Compact(list) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\'')
		b.WriteString(strings.ReplaceAll(s, "'", "''"))
		b.WriteByte('\'')
	}
}
