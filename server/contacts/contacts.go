// Package contacts keeps how whoever reported a case is reached, in a file beside the log: names, telephone numbers and
// addresses of mail never come into the log, where nothing can be taken back, nor into any answer about a case. What is in
// the file is sealed with a key of the case, so that erasing it also reaches copies of the file. It is shown to few, each
// time for a reason, and that is noted first.
package contacts

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/rest"
)

// Layer takes the place of a layer in the subjects of the keys that seal contacts, and in notes about them; their ids are
// those of cases. No layer can have that name.
const Layer = "case-contact"

// Contact is how whoever reported is reached. Account and Device are what a program said of them.
type Contact struct {
	Name    string `json:"name,omitempty"`
	Email   string `json:"email,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Account string `json:"account,omitempty"`
	Device  string `json:"device,omitempty"`
}

// Bounds in characters.
const (
	longestName  = 200
	longestPhone = 60
	longestEmail = 254
)

// parse reads the member contact of a report. Errors name members and never what stands in them: they come into logs.
func parse(given map[string]string) (c Contact, err error) {
	members := map[string]struct {
		into *string
		most int
	}{"name": {&c.Name, longestName}, "phone": {&c.Phone, longestPhone}, "email": {&c.Email, longestEmail}}
	for name, text := range given {
		m, ok := members[name]
		if !ok {
			return Contact{}, rest.Fault(rest.Invalid, "contact", "", "may have the members name, phone and email, and no others")
		}
		text = strings.TrimSpace(text)
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > m.most || strings.ContainsFunc(text, unicode.IsControl) {
			return Contact{}, rest.Fault(rest.Invalid, "contact."+name, "", fmt.Sprintf("must be one line of at most %d characters", m.most))
		}
		*m.into = text
	}
	if at := strings.IndexByte(c.Email, '@'); c.Email != "" && (at < 1 || at == len(c.Email)-1 || strings.ContainsFunc(c.Email, unicode.IsSpace)) {
		return Contact{}, rest.Fault(rest.Invalid, "contact.email", "", "must be an address of mail like name@city.example")
	}
	if c.Phone != "" && !strings.ContainsFunc(c.Phone, unicode.IsDigit) {
		return Contact{}, rest.Fault(rest.Invalid, "contact.phone", "", "must be a telephone number")
	}
	return c, nil
}

func subject(id string) vault.Subject { return vault.Subject{Layer: Layer, ID: id} }
