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
	dec := json.NewDecoder(in)
	err = c.object(dec)
	if err == nil || errors.Is(err, errStop) || b.ctx.Err() != nil {
		return err
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("is not JSON after byte %d, behind row %d: %w", dec.InputOffset(), c.rows, err)
	}
	return err
}

func (c *collection) object(dec *json.Decoder) error {
	switch token, err := dec.Token(); {
	case errors.Is(err, io.EOF):
		return errors.New("the file is empty")
	case err != nil:
		return err
	case token != json.Delim('{'):
		return errors.New("the file is not a GeoJSON object: it must start with {")
	}
	kind, found := "", false
	kept := map[string]json.RawMessage{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		switch name, _ := token.(string); name {
		case "features":
			found = true
			if err := c.features(dec); err != nil {
				return err
			}
		case "type", "crs", "id", "geometry", "properties", "coordinates", "geometries":
			var value json.RawMessage
			if err := dec.Decode(&value); err != nil {
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
			if err := skip(dec); err != nil {
				return err
			}
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
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

func (c *collection) features(dec *json.Decoder) error {
	switch token, err := dec.Token(); {
	case err != nil:
		return err
	case token != json.Delim('['):
		return errors.New("features must be an array")
	}
	var text json.RawMessage
	for dec.More() {
		if err := dec.Decode(&text); err != nil {
			return err
		}
		if err := c.row(text, 0, false); err != nil {
			return err
		}
	}
	_, err := dec.Token()
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

// system takes the crs member of GeoJSON before RFC 7946. What the caller says goes before what the file says.
func (c *collection) system(value []byte) error {
	if c.named || jsontext.IsNull(value) {
		return nil
	}
	var crs struct {
		Type       string
		Properties struct{ Name string }
	}
	if err := json.Unmarshal(value, &crs); err != nil || crs.Type != "name" || crs.Properties.Name == "" {
		return fmt.Errorf("the crs member %s does not name a system; name it with --crs", row.Shorten(string(value)))
	}
	system, err := c.Systems.Lookup(crs.Properties.Name)
	if err != nil {
		return fmt.Errorf("the crs member: %q %s; convert the file, or name its system with --crs", row.Shorten(crs.Properties.Name), proj.WhyUnknown(err))
	}
	if c.rows > 0 && !geom.IsLonLat(system) {
		return fmt.Errorf("the crs member names %s behind the features, which were read as longitude and latitude; name it with --crs", system.Name())
	}
	c.CRS = system
	return nil
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
	shape, notes, err := c.geometryShape("geometry", c.CRS, g)
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
