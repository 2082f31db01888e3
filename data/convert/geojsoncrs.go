package convert

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/geo/proj"
)

// systemName is the system that a crs member of GeoJSON before RFC 7946 names; false for one that names none.
func systemName(member []byte) (string, bool) {
	var crs struct {
		Type       string
		Properties struct{ Name string }
	}
	err := json.Unmarshal(member, &crs)
	// Hands leave out the type.
	return crs.Properties.Name, err == nil && (crs.Type == "name" || crs.Type == "") && crs.Properties.Name != ""
}

// system takes the crs member of a file. What the caller says goes before what the file says.
func (c *collection) system(member []byte) error {
	if c.named || jsontext.IsNull(member) {
		return nil
	}
	name, ok := systemName(member)
	if !ok {
		return fmt.Errorf("the crs member %s does not name a system; name it with --crs", row.Shorten(string(member)))
	}
	system, err := c.Systems.Lookup(name)
	if err != nil {
		return fmt.Errorf("the crs member: %q %s; convert the file, or name its system with --crs", row.Shorten(name), proj.WhyUnknown(err))
	}
	if c.rows > 0 && (c.CRS == nil || c.CRS.Name() != system.Name()) {
		// Only a file with two such members gets here: what stands behind the features was looked for before they were read.
		return fmt.Errorf("a second crs member names %s behind the features; name the system with --crs", system.Name())
	}
	c.CRS = system
	return nil
}

// systemOf is the system of one feature, which may name its own or in its geometry, as PostGIS writes it.
func (c *collection) systemOf(o *object) (proj.CRS, *data.FieldError) {
	if c.named || jsontext.IsNull(o.crs) {
		return c.CRS, nil
	}
	if string(o.crs) == c.member {
		return c.own, nil
	}
	name, ok := systemName(o.crs)
	if !ok {
		return nil, &data.FieldError{Field: "crs", Value: string(o.crs), Why: "does not name a system; name it with --crs"}
	}
	system, err := c.Systems.Lookup(name)
	if err != nil {
		return nil, &data.FieldError{Field: "crs", Value: name, Why: proj.WhyUnknown(err) + "; convert the file, or name its system with --crs"}
	}
	c.member, c.own = string(o.crs), system
	return system, nil
}

// onlyLonLat refuses a feature that says that its coordinates are something else than longitude and latitude.
func onlyLonLat(o *object) *data.FieldError {
	if jsontext.IsNull(o.crs) {
		return nil
	}
	name, _ := systemName(o.crs)
	if system, err := proj.Lookup(name); err == nil && geom.IsLonLat(system) {
		return nil
	}
	if name == "" {
		name = string(o.crs)
	}
	return &data.FieldError{Field: "crs", Value: name, Why: "is not taken here, where coordinates are longitude and latitude (RFC 7946): " +
		"convert them with gewu crs convert, or import the feature as a file, which may name its system"}
}

// resume starts a reader at the features of a collection again.
const resume = `{"features"`

// lookAhead reads the rest of a collection, whose features come next, into a temporary file, takes the system that is named
// behind them, because coordinates mean nothing before, and leads the decoder back to the features.
func (c *collection) lookAhead() error {
	if c.held != nil {
		return nil // two members of this name
	}
	find := jsontext.NewFinder("crs")
	before := c.dec.InputOffset()
	file, err := spool.Copy(io.TeeReader(io.MultiReader(c.dec.Buffered(), c.in), find), false, 0)
	if err != nil {
		return err
	}
	c.held = file
	if member := find.Found(); len(member) > 0 {
		if err := c.system(member); err != nil {
			return err
		}
	}
	c.dec, c.before = json.NewDecoder(io.MultiReader(strings.NewReader(resume), file.Reader())), before-int64(len(resume))
	for range 2 { // what resume is made of
		if _, err := c.dec.Token(); err != nil {
			return err
		}
	}
	return nil
}

func (c *collection) close() {
	if c.held != nil {
		_ = c.held.Close() // it was only read
	}
}
