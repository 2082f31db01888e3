// Package tomltext reads texts in TOML strictly: a key that nobody asked for is an error, and errors are one line that
// says where and what.
package tomltext

import (
	"errors"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// Decode reads a text into v, a pointer to a struct. A key that v has no field for is an error that names it.
func Decode(text string, v any) error {
	meta, err := toml.Decode(text, v)
	if err != nil {
		return Error(text, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("unknown key %s", unknown[0])
	}
	return nil
}

// Error is an error of the TOML library about a text on one line, with the line of the text that it is about.
func Error(text string, err error) error {
	if parse, ok := errors.AsType[toml.ParseError](err); ok {
		start := max(0, min(parse.Position.Start, len(text))) // -1 for a character that TOML does not allow
		return fmt.Errorf("line %d: %s", 1+strings.Count(text[:start], "\n"), parse.Message)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "toml: "))
}
