package city

import (
	"encoding/base64"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/rest"
)

// FormatCursor names the page after the one that ends with id. A cursor is the epoch and that id, opaque to clients.
func FormatCursor(epoch data.Epoch, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(string(epoch) + "\n" + id))
}

// ParseCursor is the id that a cursor of this history holds, empty for none.
func ParseCursor(text string, epoch data.Epoch) (after string, err error) {
	if text == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	from, id, ok := strings.Cut(string(b), "\n")
	switch {
	case err != nil || !ok || id == "" || len(id) > data.MaxIDBytes:
		return "", rest.Fault(rest.BadRequest, "cursor", text, "is not one that this server gave")
	case data.Epoch(from) != epoch:
		return "", rest.Fault(rest.Gone, "cursor", text, "belongs to another history; start with the first page")
	}
	return id, nil
}
