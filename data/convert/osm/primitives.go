package osm

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// decoder reads the elements of a block.
type decoder struct {
	kind    kind
	visit   func(*element) error
	stopped error // what the visitor returned

	texts                []string // of the block, made when they are needed
	bytes                [][]byte // the same as bytes
	granularity          int64    // of places, in billionths of degrees
	lonOffset, latOffset int64
	e                    element
}

// primitives reads a block of elements: its texts and measures first, wherever they stand.
func (d *decoder) primitives(block []byte) error {
	var groups [][]byte
	err := fields(block, func(number int, f field) error {
		switch number {
		case 1:
			return fields(f.bytes, func(number int, f field) error {
				if number == 1 {
					d.bytes = append(d.bytes, f.bytes)
				}
				return nil
			})
		case 2:
			groups = append(groups, f.bytes)
		case 17:
			d.granularity = int64(int32(f.number))
		case 19:
			d.latOffset = int64(f.number)
		case 20:
			d.lonOffset = int64(f.number)
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.texts = make([]string, len(d.bytes))
	for _, g := range groups {
		err := fields(g, func(number int, f field) error {
			switch {
			case number == 1 && d.kind == node:
				return d.node(f.bytes)
			case number == 2 && d.kind == node:
				return d.dense(f.bytes)
			case number == 3 && d.kind == way, number == 4 && d.kind == relation:
				return d.group(f.bytes)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// emit hands the current element on.
func (d *decoder) emit() error {
	d.e.kind = d.kind
	err := d.visit(&d.e)
	d.stopped = err
	return err
}

// text is a text of the block.
func (d *decoder) text(i uint64) (string, error) {
	if i >= uint64(len(d.bytes)) {
		return "", fmt.Errorf("%w: text %d of %d", errWire, i, len(d.bytes))
	}
	if d.texts[i] == "" && len(d.bytes[i]) > 0 {
		d.texts[i] = string(d.bytes[i])
		if !utf8.Valid(d.bytes[i]) {
			d.texts[i] = strings.ToValidUTF8(d.texts[i], "\uFFFD")
		}
	}
	return d.texts[i], nil
}

// place gives the current node its place.
func (d *decoder) place(lon, lat int64) {
	// A place beyond the globe must not come back to it by overflow.
	for i, v := range [2]int64{lon, lat} {
		offset := [2]int64{d.lonOffset, d.latOffset}[i]
		if math.Abs(float64(offset)+float64(v)*float64(d.granularity)) > 181e9 {
			d.e.placed = false
			return
		}
	}
	d.e.place, d.e.placed = nanodegrees(d.lonOffset+lon*d.granularity, d.latOffset+lat*d.granularity)
}

// tags reads tags whose keys and values are in two lists.
func (d *decoder) tags(keys, values numbers) error {
	d.e.tags = d.e.tags[:0]
	for len(keys) > 0 {
		k, ok := keys.next()
		v, also := values.next()
		if !ok || !also {
			return errWire
		}
		key, err := d.text(k)
		if err != nil {
			return err
		}
		value, err := d.text(v)
		if err != nil {
			return err
		}
		d.e.tags = append(d.e.tags, tag{key, value})
	}
	return nil
}

func (d *decoder) node(b []byte) error {
	var keys, values numbers
	var lon, lat int64
	err := fields(b, func(number int, f field) error {
		switch number {
		case 1:
			d.e.id = protowire.DecodeZigZag(f.number)
		case 2:
			keys = f.bytes
		case 3:
			values = f.bytes
		case 8:
			lat = protowire.DecodeZigZag(f.number)
		case 9:
			lon = protowire.DecodeZigZag(f.number)
		}
		return nil
	})
	if err == nil {
		err = d.tags(keys, values)
	}
	if err != nil {
		return err
	}
	d.place(lon, lat)
	return d.emit()
}

// dense reads nodes whose parts are in lists of differences. Their tags are in one list, ended for each node by 0.
func (d *decoder) dense(b []byte) error {
	var ids, lons, lats, tags numbers
	err := fields(b, func(number int, f field) error {
		switch number {
		case 1:
			ids = f.bytes
		case 8:
			lats = f.bytes
		case 9:
			lons = f.bytes
		case 10:
			tags = f.bytes
		}
		return nil
	})
	if err != nil {
		return err
	}
	var id, lon, lat int64
	for len(ids) > 0 {
		dID, ok := ids.nextSigned()
		dLon, okLon := lons.nextSigned()
		dLat, okLat := lats.nextSigned()
		if !ok || !okLon || !okLat {
			return fmt.Errorf("%w: its lists of nodes and places differ in length", errWire)
		}
		id, lon, lat = id+dID, lon+dLon, lat+dLat
		d.e.id, d.e.tags = id, d.e.tags[:0]
		for len(tags) > 0 {
			k, ok := tags.next()
			if ok && k == 0 {
				break
			}
			v, also := tags.next()
			if !ok || !also {
				return errWire
			}
			key, err := d.text(k)
			if err != nil {
				return err
			}
			value, err := d.text(v)
			if err != nil {
				return err
			}
			d.e.tags = append(d.e.tags, tag{key, value})
		}
		d.place(lon, lat)
		if err := d.emit(); err != nil {
			return err
		}
	}
	return nil
}

// group reads a way or relation.
func (d *decoder) group(b []byte) error {
	var keys, values, list, memberIDs, memberKinds numbers
	err := fields(b, func(number int, f field) error {
		switch number {
		case 1:
			d.e.id = int64(f.number)
		case 2:
			keys = f.bytes
		case 3:
			values = f.bytes
		case 8: // nodes of a way, roles of a relation
			list = f.bytes
		case 9:
			memberIDs = f.bytes
		case 10:
			memberKinds = f.bytes
		}
		return nil
	})
	if err == nil {
		err = d.tags(keys, values)
	}
	if err == nil && d.kind == way {
		err = d.refs(list)
	} else if err == nil {
		err = d.members(list, memberIDs, memberKinds)
	}
	if err != nil {
		return err
	}
	return d.emit()
}

func (d *decoder) refs(list numbers) error {
	d.e.refs = d.e.refs[:0]
	ref := int64(0)
	for len(list) > 0 {
		step, ok := list.nextSigned()
		if !ok {
			return errWire
		}
		ref += step
		d.e.refs = append(d.e.refs, ref)
	}
	return nil
}

func (d *decoder) members(roles, ids, memberKinds numbers) error {
	d.e.members = d.e.members[:0]
	ref := int64(0)
	for len(ids) > 0 {
		step, ok := ids.nextSigned()
		role, okRole := roles.next()
		k, okKind := memberKinds.next()
		if !ok || !okRole || !okKind || k >= uint64(kinds) {
			return fmt.Errorf("%w: its lists of members differ in length", errWire)
		}
		text, err := d.text(role)
		if err != nil {
			return err
		}
		ref += step
		d.e.members = append(d.e.members, member{kind(k), ref, text})
	}
	return nil
}
