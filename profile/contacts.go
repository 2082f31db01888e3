package profile

import (
	"strconv"
	"strings"
	"time"
)

// keeping is the table contacts of profile.toml: for how long personal data of who reported are kept.
type keeping struct {
	Keep string `toml:"keep"`
}

// mostKept bounds a time in days: a hundred years. Whoever means for good says so.
const mostKept = 36525

// forever is the time of what nobody but a person erases.
const forever = "forever"

// contacts reads for how long the contact of who reported is kept after the case came to rest.
func (l *loader) contacts(p *Profile) {
	table, at := of(l, func(h *head) bool { return h.Contacts != nil }, func(h *head) *keeping { return h.Contacts })
	if table == nil || table.Keep == forever {
		return
	}
	digits, ok := strings.CutSuffix(table.Keep, "d")
	days, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || days < 1 || days > mostKept || strconv.FormatUint(days, 10) != digits {
		l.add(at.fault("contacts.keep", table.Keep, `must be whole days such as "365d", at most %dd, or %q: until somebody erases it`, mostKept, forever))
		return
	}
	p.KeepContacts = time.Duration(days) * 24 * time.Hour
}
