package osm

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/xmltext"
)

// kindNames are the kinds by their names in XML.
var kindNames = map[string]kind{"node": node, "way": way, "relation": relation}

// checkEvery is the number of elements between looks at the context.
const checkEvery = 4096

// scanXML visits the elements of one kind of an OSM XML. Those that an editor has marked as deleted are left out.
func scanXML(ctx context.Context, in io.Reader, k kind, visit func(*element) error) error {
	d, err := xmltext.NewDecoder(in, charset.Encoding{})
	if err != nil {
		return err
	}
	root, err := d.Root()
	switch {
	case err != nil:
		return err
	case root.Name.Local == "osmChange":
		return errors.New("the file is a list of changes (osmChange); an extract is needed")
	case root.Name.Local != "osm":
		return fmt.Errorf("the file is not OSM XML: it starts with <%s>", row.Shorten(root.Name.Local))
	}
	n := 0
	x := element{kind: k}
	return d.Each(func(e xml.StartElement) error {
		if n++; n%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		got, known := kindNames[e.Name.Local]
		if !known || got != k || xmltext.Attr(e, "action") == "delete" || xmltext.Attr(e, "visible") == "false" {
			return d.Skip()
		}
		if err := x.start(e); err != nil {
			return fmt.Errorf("line %d: %w", d.Line(), err)
		}
		err := d.Each(func(e xml.StartElement) error {
			if err := x.add(e); err != nil {
				return fmt.Errorf("line %d: %w", d.Line(), err)
			}
			return d.Skip()
		})
		if err != nil {
			return err
		}
		return visit(&x)
	})
}

// number reads an attribute that must be a whole number.
func number(e xml.StartElement, name string) (int64, error) {
	n, err := strconv.ParseInt(xmltext.Attr(e, name), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %s %q is no whole number", e.Name.Local, name, row.Shorten(xmltext.Attr(e, name)))
	}
	return n, nil
}

// start takes the attributes of an element.
func (x *element) start(e xml.StartElement) (err error) {
	x.tags, x.refs, x.members = x.tags[:0], x.refs[:0], x.members[:0]
	if x.id, err = number(e, "id"); err != nil || x.kind != node {
		return err
	}
	lon, errLon := strconv.ParseFloat(xmltext.Attr(e, "lon"), 64)
	lat, errLat := strconv.ParseFloat(xmltext.Attr(e, "lat"), 64)
	x.placed = false
	if errLon == nil && errLat == nil && math.Abs(lon) <= 180 && math.Abs(lat) <= 90 {
		x.place, x.placed = nanodegrees(int64(math.Round(lon*1e9)), int64(math.Round(lat*1e9)))
	}
	return nil
}

// add takes an element in the current one.
func (x *element) add(e xml.StartElement) error {
	switch e.Name.Local {
	case "tag":
		x.tags = append(x.tags, tag{xmltext.Attr(e, "k"), xmltext.Attr(e, "v")})
	case "nd":
		ref, err := number(e, "ref")
		if err != nil {
			return err
		}
		x.refs = append(x.refs, ref)
	case "member":
		k, known := kindNames[xmltext.Attr(e, "type")]
		if !known {
			return fmt.Errorf("member: type %q is no kind of element", row.Shorten(xmltext.Attr(e, "type")))
		}
		ref, err := number(e, "ref")
		if err != nil {
			return err
		}
		x.members = append(x.members, member{k, ref, xmltext.Attr(e, "role")})
	}
	return nil
}
