package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
)

// definition is the newest change of a layer or scheme.
type definition struct {
	seq     data.Seq
	born    data.Seq // when it was created, after the last delete
	change  data.Change
	payload []byte
}

func (d *definition) exists() bool { return d != nil && d.change.Op == data.OpPut }

// definitions are the layers and schemes that exist or existed. The store keeps them itself, in a bucket that is
// written with the log, so that no precondition ever meets a stale one. A value is never changed: commits work on a
// copy.
type definitions struct {
	layers, schemes map[string]*definition
	// dropped is the newest entry that dropped a layer.
	dropped data.Seq
}

func (d definitions) clone() definitions {
	return definitions{maps.Clone(d.layers), maps.Clone(d.schemes), d.dropped}
}

func (d definitions) of(stream data.Stream) map[string]*definition {
	if stream == data.StreamSchema {
		return d.layers
	}
	return d.schemes
}

// layer is the current definition of a layer.
func (d definitions) layer(name string) (*data.Layer, bool) {
	def := d.layers[name]
	if !def.exists() {
		return nil, false
	}
	return def.change.Definition, true
}

// apply takes a change of a definition over, with a copy of its encoding.
func (d *definitions) apply(seq data.Seq, c data.Change, payload []byte) {
	kind := d.of(c.Stream)
	next := &definition{seq: seq, born: seq, change: c, payload: bytes.Clone(payload)}
	if old := kind[c.Layer]; old.exists() {
		next.born = old.born
	}
	kind[c.Layer] = next
	if c.Stream == data.StreamSchema && c.Op == data.OpDelete {
		d.dropped = seq
	}
}

// admit checks a change of a definition and fills its links. The definitions are those before the change.
func (d definitions) admit(seq data.Seq, i int, c *data.Change) error {
	fail := func(err error) error { return &data.ChangeError{Change: i, Layer: c.Layer, Err: err} }
	old := d.of(c.Stream)[c.Layer]
	have := data.Seq(0)
	if old.exists() {
		have = old.seq
	}
	if old != nil && old.seq == seq {
		return fail(&data.FieldError{Field: "layer", Value: c.Layer, Why: "a transaction may change each definition once"})
	}
	if c.IfSeq != nil && *c.IfSeq != have {
		return &data.ConflictError{Change: i, Layer: c.Layer, Want: *c.IfSeq, Have: have}
	}
	c.Prev = have
	if c.Op == data.OpDelete && have == 0 {
		return fail(&data.FieldError{Field: "layer", Value: c.Layer, Why: "does not exist"})
	}
	var err error
	switch {
	case c.Stream == data.StreamScheme && c.Op == data.OpPut:
		err = d.admitScheme(c)
	case c.Stream == data.StreamSchema && c.Op == data.OpPut:
		err = d.admitLayer(c, old)
	case c.Stream == data.StreamSchema:
		err = d.checkSchemes(c.Layer, d.without(c.Layer))
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

func (d definitions) admitScheme(c *data.Change) error {
	if c.Scheme.Name != c.Layer {
		return &data.FieldError{Field: "name", Value: c.Scheme.Name, Why: fmt.Sprintf("differs from the name %q of the change", c.Layer)}
	}
	return c.Scheme.Validate(d.layer)
}

func (d definitions) admitLayer(c *data.Change, old *definition) error {
	if c.Definition.Name != c.Layer {
		return &data.FieldError{Field: "name", Value: c.Definition.Name, Why: fmt.Sprintf("differs from the name %q of the change", c.Layer)}
	}
	if err := c.Definition.Validate(); err != nil {
		return err
	}
	if !old.exists() {
		return nil
	}
	if err := alterable(old.change.Definition, c.Definition); err != nil {
		return err
	}
	return d.checkSchemes(c.Layer, func(name string) (*data.Layer, bool) {
		if name == c.Layer {
			return c.Definition, true
		}
		return d.layer(name)
	})
}

func (d definitions) without(dropped string) func(string) (*data.Layer, bool) {
	return func(name string) (*data.Layer, bool) {
		if name == dropped {
			return nil, false
		}
		return d.layer(name)
	}
}

// checkSchemes verifies that the schemes whose cells are in a layer still fit when layers are what layer says.
func (d definitions) checkSchemes(name string, layer func(string) (*data.Layer, bool)) error {
	for _, s := range d.schemes {
		if !s.exists() || s.change.Scheme.Cells.Layer != name {
			continue
		}
		if err := s.change.Scheme.Validate(layer); err != nil {
			return &data.FieldError{Field: "layer", Value: name, Why: fmt.Sprintf("is used by scheme %s: %v", s.change.Layer, err)}
		}
	}
	return nil
}

// alterable reports why a layer that holds features may not be altered: stored values belong to attributes by
// position, and features that exist must still fit.
func alterable(from, to *data.Layer) error {
	bad := func(field, value, why string) error { return &data.FieldError{Field: field, Value: value, Why: why} }
	if to.Geometry != from.Geometry {
		return bad("geometry", string(to.Geometry), "cannot be altered, it is "+string(from.Geometry))
	}
	if to.ID != from.ID {
		return bad("id", "", "cannot be altered")
	}
	if len(to.Attributes) < len(from.Attributes) {
		return bad("attributes", strconv.Itoa(len(to.Attributes)), fmt.Sprintf("the layer has %d; attributes cannot be removed", len(from.Attributes)))
	}
	var errs []error
	for i, a := range to.Attributes {
		at := fmt.Sprintf("attributes[%d]", i)
		if i >= len(from.Attributes) {
			if a.Required {
				errs = append(errs, bad(at+".required", "true", "features that exist do not have the new attribute"))
			}
			continue
		}
		b := from.Attributes[i]
		switch {
		case a.Name != b.Name:
			errs = append(errs, bad(at+".name", a.Name, "must stay "+b.Name+"; attributes keep their place and name"))
		case a.Type != b.Type:
			errs = append(errs, bad(at+".type", string(a.Type), "must stay "+string(b.Type)))
		case a.Required && !b.Required:
			errs = append(errs, bad(at+".required", "true", "features that exist may lack the attribute"))
		}
	}
	return errors.Join(errs...)
}

// put writes a definition into its bucket: when it was born, then the record, then the checksum.
func (d *definition) put(b *bbolt.Bucket) error {
	key := definitionKey(d.change.Stream, d.change.Layer)
	v := binary.BigEndian.AppendUint64(nil, uint64(d.born))
	return b.Put(key, seal(key, data.AppendRecord(v, d.seq, d.payload)))
}

// parseDefinition reads what put wrote.
func parseDefinition(key, sealed []byte, decoder *data.Decoder) (*definition, error) {
	v, ok := unseal(key, sealed)
	if !ok || len(v) < 8 {
		return nil, errors.New("checksum does not match")
	}
	r, err := decoder.Record(v[8:])
	if err != nil {
		return nil, err
	}
	if string(definitionKey(r.Change.Stream, r.Change.Layer)) != string(key) || r.Change.Stream == data.StreamFeature {
		return nil, errors.New("holds another definition")
	}
	_, payload, err := data.SplitRecord(v[8:])
	if err != nil {
		return nil, err
	}
	return &definition{
		seq: r.Seq, born: data.Seq(binary.BigEndian.Uint64(v)), change: r.Change, payload: bytes.Clone(payload),
	}, nil
}

func readDefinitions(tx *bbolt.Tx, dropped data.Seq) (definitions, error) {
	defs := definitions{layers: map[string]*definition{}, schemes: map[string]*definition{}, dropped: dropped}
	b := tx.Bucket(bucketDefs)
	if b == nil {
		return defs, fmt.Errorf("bucket %q is missing", bucketDefs)
	}
	var decoder data.Decoder
	err := b.ForEach(func(k, v []byte) error {
		def, err := parseDefinition(k, v, &decoder)
		if err != nil {
			return fmt.Errorf("definition %q: %w", k, err)
		}
		defs.of(def.change.Stream)[def.change.Layer] = def
		return nil
	})
	return defs, err
}
