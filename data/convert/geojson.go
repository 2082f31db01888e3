package convert

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/geo/proj"
)

// collection reads GeoJSON features.
type collection struct {
	ranked
	in    *charset.Reader
	named bool // the caller named the system of the coordinates
	rows  int
	// dec reads a file of one object, of which it does not count the bytes before; held is what it reads from.
	dec    *json.Decoder
	before int64
	held   io.Closer
	// own is the system of the newest crs member of a feature.
	member string
	own    proj.CRS
}

func newCollection(b *builder, in *charset.Reader) *collection {
	return &collection{ranked: newRanked(b), in: in, named: b.CRS != nil}
}

// readGeoJSON reads a FeatureCollection member by member, or a single Feature or geometry.
func readGeoJSON(b *builder, file *bufio.Reader) error {
	in, err := b.text(file)
	if err != nil {
		return err
	}
	c := newCollection(b, in)
	c.dec = json.NewDecoder(in)
	defer c.close()
	err = c.object()
	if err == nil || errors.Is(err, errStop) || b.ctx.Err() != nil {
		return err
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("is not JSON after byte %d, behind row %d: %w", c.before+c.dec.InputOffset(), c.rows, err)
	}
	return err
}

func (c *collection) object() error {
	switch token, err := c.dec.Token(); {
	case errors.Is(err, io.EOF):
		return errors.New("the file is empty")
	case err != nil:
		return err
	case token != json.Delim('{'):
		return errors.New("the file is not a GeoJSON object: it must start with {")
	}
	kind, found := "", false
	kept := map[string]json.RawMessage{}
	for c.dec.More() {
		token, err := c.dec.Token()
		if err != nil {
			return err
		}
		switch name, _ := token.(string); name {
		case "features":
			found = true
			if !c.named && jsontext.IsNull(kept["crs"]) {
				if err := c.lookAhead(); err != nil {
					return err
				}
			}
			if err := c.features(); err != nil {
				return err
			}
		case "type", "crs", "id", "geometry", "properties", "coordinates", "geometries":
			var value json.RawMessage
			if err := c.dec.Decode(&value); err != nil {
				return err
			}
			switch name {
			case "crs":
				if err := c.system(value); err != nil {
					return err
				}
			case "type":
				kind = jsontext.Unquote(value)
			}
			kept[name] = value
		default:
			if err := skip(c.dec); err != nil {
				return err
			}
		}
	}
	if _, err := c.dec.Token(); err != nil {
		return err
	}
	if _, err := c.dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the file has more than one JSON value; if every line is a feature, the format is geojsonseq")
	}
	switch {
	case found:
		return nil
	case kind == "FeatureCollection":
		return errors.New("the FeatureCollection has no features member")
	case kind == "Feature" || geom.GeoJSONTypes[kind]:
		text, err := json.Marshal(kept)
		if err != nil {
			return err
		}
		return c.row(text, 0, true)
	default:
		return fmt.Errorf("the file is not GeoJSON: its type is %q; a Topology is format topojson", row.Shorten(kind))
	}
}

func (c *collection) features() error {
	switch token, err := c.dec.Token(); {
	case err != nil:
		return err
	case token != json.Delim('['):
		return errors.New("features must be an array")
	}
	var text json.RawMessage
	for c.dec.More() {
		if err := c.dec.Decode(&text); err != nil {
			return err
		}
		if err := c.row(text, 0, false); err != nil {
			return err
		}
	}
	_, err := c.dec.Token()
	return err
}

// skip moves over a value without keeping it.
func skip(dec *json.Decoder) error {
	for depth := 0; ; {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// row turns the JSON of one feature into a row. The text is not kept.
func (c *collection) row(text []byte, line int, bare bool) error {
	c.rows++
	c.current.text = text
	if wrong := c.in.Wrong(text); wrong != "" {
		return c.fail(c.rows, line, &data.FieldError{Value: invalidPart(text), Why: wrong})
	}
	o, err := splitFeature(text, bare)
	if err != nil {
		return c.fail(c.rows, line, err)
	}
	f, present, notes, err := c.decode(o)
	if err != nil {
		return c.fail(c.rows, line, err)
	}
	return c.emit(Row{Number: c.rows, Feature: f, Present: present, Notes: notes})
}

func (c *collection) decode(o object) (f data.Feature, present []bool, notes []string, err *data.FieldError) {
	values := make([]data.Value, len(c.Layer.Attributes))
	clear(c.ranks)
	id := o.id
	if c.ID != "" {
		id = ""
	}
	jsontext.Members(o.properties, func(name, value []byte) bool {
		i, ok := c.wantsMember(name)
		if c.ID != "" && string(name) == c.ID || c.ID == "" && id == "" && !ok && c.namesID(name) {
			id = idText(value)
		}
		if !ok {
			return true
		}
		if values[i], err = c.property(i, value, false); err != nil {
			err.Field = string(name)
		}
		return err == nil
	})
	if err != nil {
		return f, nil, nil, err
	}
	if id, err = c.id(id, values); err != nil {
		return f, nil, nil, err
	}
	g, wrong := geom.ParseGeoJSON(o.geometry)
	if wrong != nil {
		return f, nil, nil, &data.FieldError{Field: "geometry", Why: wrong.Error()}
	}
	crs, err := c.systemOf(&o)
	if err != nil {
		return f, nil, nil, err
	}
	shape, notes, err := c.geometryShape("geometry", crs, g)
	if err != nil {
		return f, nil, nil, err
	}
	f, err = c.finish(id, shape, values)
	return f, c.supplied(id), notes, err
}

// namesID tells a property that holds the id of a feature without one of its own, as many programs write it.
func (c *collection) namesID(property []byte) bool {
	i := slices.Index(idNames, string(property))
	if i < 0 || c.columns.known[idNames[i]].ignored {
		return false
	}
	c.columns.use(idNames[i])
	return true
}

// idText is a JSON value as an id, empty when it cannot be one.
func idText(value []byte) string {
	switch {
	case value[0] == '"':
		return jsontext.Unquote(value)
	case jsontext.IsNumber(value):
		text, _ := jsontext.NumberText(value)
		return text
	}
	return ""
}

// invalidPart is the text around the first byte that is not UTF-8.
func invalidPart(text []byte) string {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 {
			return string(text[max(0, i-20):min(len(text), i+20)])
		}
		i += size
	}
	return ""
}
