package convert

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/osm"
	"github.com/gewu-city/gewu/internal/tomltext"
)

// The formats of definitions.
const (
	TOML = "toml"
	JSON = "json"
)

// DecodeLayer reads and validates the definition of a layer, in TOML or JSON. A key that no definition has is an
// error that names it.
func DecodeLayer(r io.Reader, format string) (*data.Layer, error) {
	l := &data.Layer{Attributes: []data.Attribute{}}
	if err := DecodeDefinition(r, format, l); err != nil {
		return nil, err
	}
	if err := l.Validate(); err != nil {
		return nil, err
	}
	return l, nil
}

// LoadLayer reads and validates the definition of a layer from a file, whose extension tells the format.
func LoadLayer(file string) (*data.Layer, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // a file that was only read
	l, err := DecodeLayer(in, strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), "."))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return l, nil
}

// DecodeMapping reads a mapping for OSM files, in TOML or JSON, as [DecodeLayer] does. It is checked when a file is read
// into a layer.
func DecodeMapping(r io.Reader, format string) (*osm.Mapping, error) {
	m := &osm.Mapping{}
	if format != TOML {
		return m, DecodeDefinition(r, format, m)
	}
	return m, decodeTOML(r, m, "select", "attributes")
}

// DecodeScheme reads the definition of a scheme, in TOML or JSON, as [DecodeLayer] does. Validating it needs the
// layers: see [data.Scheme.Validate].
func DecodeScheme(r io.Reader, format string) (*data.Scheme, error) {
	s := &data.Scheme{}
	if err := DecodeDefinition(r, format, s); err != nil {
		return nil, err
	}
	return s, nil
}

// DecodeDefinition reads configuration into v, in TOML or JSON. Keys that v does not have are an error that names
// them, so that a misspelt key is not silently without effect. In TOML a semicolon may end an item as a line break
// does, so that an attribute fits on one line.
func DecodeDefinition(r io.Reader, format string, v any) error {
	switch format {
	case TOML:
		return decodeTOML(r, v)
	case JSON:
		d := json.NewDecoder(r)
		d.DisallowUnknownFields()
		if err := d.Decode(v); err != nil {
			return jsonError(err)
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return errors.New("text follows the definition")
		}
		return nil
	default:
		return fmt.Errorf("definitions are toml or json, not %q", format)
	}
}

// decodeTOML reads TOML into v. Keys in the tables named are not judged, because v has them as they come.
func decodeTOML(r io.Reader, v any, tables ...string) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	meta, err := toml.Decode(splitItems(string(text)), v)
	if err != nil {
		return tomltext.Error(string(text), err)
	}
	for _, key := range meta.Undecoded() {
		if !slices.Contains(tables, key[0]) {
			return fmt.Errorf("unknown key %s", key)
		}
	}
	return nil
}

// splitItems turns semicolons outside strings and comments, where TOML knows none, into line breaks. The length of the
// text stays, so that positions do.
func splitItems(text string) string {
	out := []byte(text)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case ';':
			out[i] = '\n'
		case '#':
			i += max(0, strings.IndexByte(text[i:], '\n'))
		case '"', '\'':
			quote := string(c)
			if strings.HasPrefix(text[i:], strings.Repeat(quote, 3)) {
				quote = strings.Repeat(quote, 3)
			}
			for i += len(quote); i < len(text) && !strings.HasPrefix(text[i:], quote); i++ {
				if c == '"' && text[i] == '\\' {
					i++
				}
			}
			i += len(quote) - 1
		}
	}
	return string(out)
}

func jsonError(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		return &data.FieldError{Field: kind.Field, Why: "must not be a " + kind.Value}
	case errors.As(err, &syntax):
		return fmt.Errorf("byte %d: %w", syntax.Offset, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the definition ends in the middle")
	}
	// encoding/json has no type for unknown keys: json: unknown field "x".
	if key, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("unknown key %s", strings.Trim(key, `"`))
	}
	return err
}
