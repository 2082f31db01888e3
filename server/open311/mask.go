package open311

import "regexp"

// What may name a person in the words of somebody who reports: addresses of mail, numbers of phones and of identity cards.
// Numbers in other forms stay, since most say where something is.
var personal = []*regexp.Regexp{
	regexp.MustCompile(`[\p{L}\p{N}._%+\-]+@[\p{L}\p{N}.\-]+\.\p{L}{2,}`),
	regexp.MustCompile(`\+\d{1,3}[ \-.]?\(?\d{1,4}\)?(?:[ \-.]?\d{2,4}){2,4}`),
	regexp.MustCompile(`(?:\b|\D)?\(\d{3}\) ?\d{3}[\-. ]?\d{4}\b`),
	regexp.MustCompile(`\b\d{3}[\-.]\d{3}[\-.]\d{4}\b`),
	regexp.MustCompile(`\b[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]\b`),
	regexp.MustCompile(`\b1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}\b`),
	regexp.MustCompile(`\b0\d{2,3}[ \-]?[2-9]\d{6,7}\b`),
}

// masked is a text without what may name a person.
func masked(s string) string {
	for _, one := range personal {
		s = one.ReplaceAllString(s, "***")
	}
	return s
}
