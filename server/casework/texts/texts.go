// Package texts is tables as requests bring and want them: TOML, with every fault named by row, field and line.
package texts

import (
	"fmt"
	"net/http"

	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/server/rest"
)

// The media types of tables, and the bound of their text.
const (
	typeTOML     = "application/toml"
	typeTextTOML = "text/toml"
	mostText     = 512 << 10
)

// Wanted is the media type of TOML that a client wants, empty for JSON.
func Wanted(r *http.Request) string {
	for _, kind := range []string{typeTOML, typeTextTOML} {
		if rest.Accepts(r.Header.Get("Accept"), kind) {
			return kind
		}
	}
	return ""
}

// Read is the text that a request brings.
func Read(w http.ResponseWriter, r *http.Request) (string, error) {
	body, err := rest.ReadBody(w, r, mostText, typeTOML, typeTextTOML, "text/plain")
	return string(body), err
}

// Faults are the faults of a text, each with its row and line.
func Faults(err error) error {
	found := faultsIn(err)
	if len(found) == 0 {
		return rest.Refuse(rest.Invalid, "the text cannot be read: %s", err.Error()).Because(err)
	}
	where := func(f *rows.Error) (field, why string) {
		field, why = f.Field, f.Why
		if f.Row != "" {
			field = f.Row + "." + f.Field
		}
		if f.Line > 0 {
			why += fmt.Sprintf(" (line %d)", f.Line)
		}
		return field, why
	}
	field, why := where(found[0])
	p := rest.Fault(rest.Invalid, field, found[0].Value, why).Because(err)
	if len(found) > 1 {
		p.Detail += fmt.Sprintf("; and %d more", len(found)-1)
		for _, f := range found[:min(len(found), mostFaults)] {
			field, why := where(f)
			p.Also(field, f.Value, why)
		}
	}
	return p
}

// mostFaults bounds the faults of a text that are told at once.
const mostFaults = 100

// faultsIn walks over wrapped and joined errors.
func faultsIn(err error) []*rows.Error {
	if f, ok := err.(*rows.Error); ok { //nolint:errorlint // this is the walk over the tree
		return []*rows.Error{f}
	}
	var found []*rows.Error
	switch e := err.(type) { //nolint:errorlint // this is the walk over the tree
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			found = append(found, faultsIn(inner)...)
		}
	case interface{ Unwrap() error }:
		found = faultsIn(e.Unwrap())
	}
	return found
}
