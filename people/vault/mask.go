package vault

import (
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
)

// Mask is what is shown of a value to those who may not read it in full: enough of a text that somebody who knows it
// recognises it, nothing of everything else.
//
//	王小明 → 王**      13812341234 → 138****1234      110101199003070011 → 1****************1
//	someone@example.org → s***@example.org           longer texts → their first character and ***
func Mask(v data.Value) data.Value {
	switch v.Type() {
	case data.Text:
		return data.TextValue(data.Text, maskText(v.Text()))
	case data.Code:
		return data.TextValue(data.Text, data.Mask)
	default:
		return data.Value{}
	}
}

// Lengths of numbers of which something is shown.
const (
	phoneLeast, phoneMost = 10, 13
	nameMost              = 4
)

func maskText(s string) string {
	digits := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	n := utf8.RuneCountInString(s)
	first, size := utf8.DecodeRuneInString(s)
	switch user, host, mail := strings.Cut(s, "@"); {
	case n == 0:
		return ""
	case mail && user != "" && len(user) == digits:
		return data.Mask + "@" + host // numbers as names are telephones
	case mail && user != "" && strings.Contains(host, "."):
		return string(first) + data.Mask + "@" + host
	case digits == n && n >= phoneLeast && n <= phoneMost:
		return s[:3] + strings.Repeat("*", n-7) + s[n-4:]
	case n == len(s) && digits >= n-1 && n > phoneMost:
		return s[:1] + strings.Repeat("*", n-2) + s[n-1:]
	case digits > 0 && 2*digits >= n:
		return data.Mask
	case n == 1:
		return "*"
	case n <= nameMost:
		return s[:size] + "**"
	}
	return s[:size] + data.Mask
}
