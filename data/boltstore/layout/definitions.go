package layout

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
)

// Definition is the newest change of a layer, scheme, dictionary, plan or other admin record.
type Definition struct {
	Seq data.Seq
	// Born is when it was created, after the last delete.
	Born data.Seq
	// Change is without the changes that a plan holds.
	Change data.Change
	// Payload is the encoded change.
	Payload []byte
}

// Exists reports whether there is a definition and its newest change does not delete it. It may be called on nil.
func (d *Definition) Exists() bool { return d != nil && d.Change.Op == data.OpPut }

// Definitions are the layers, schemes, dictionaries and admin records that exist or existed, by name; plans are among the
// admin records, notes are not. The store keeps them itself, in a bucket that is written with the log, so that no precondition ever meets a stale one. A [Definition] in them is never changed:
// commits work on a copy of the maps.
type Definitions struct {
	Layers, Schemes, Admins, Dictionaries map[string]*Definition
	// Dropped is the newest entry that dropped a layer.
	Dropped data.Seq
	// Admin is the newest entry that changed an admin record other than a plan or one of planning.
	Admin data.Seq
}

// NewDefinitions are those before the first entry: none.
func NewDefinitions() Definitions {
	return Definitions{
		Layers: map[string]*Definition{}, Schemes: map[string]*Definition{}, Admins: map[string]*Definition{}, Dictionaries: map[string]*Definition{},
	}
}

// Clone is a copy that shares the definitions but not the maps.
func (d Definitions) Clone() Definitions {
	return Definitions{maps.Clone(d.Layers), maps.Clone(d.Schemes), maps.Clone(d.Admins), maps.Clone(d.Dictionaries), d.Dropped, d.Admin}
}

// Kinds are the streams whose records Definitions keep.
var Kinds = []data.Stream{data.StreamSchema, data.StreamScheme, data.StreamAdmin, data.StreamDictionary}

// Of is the map of a stream: layers for data.StreamSchema, schemes for data.StreamScheme, records for data.StreamAdmin,
// dictionaries for data.StreamDictionary.
func (d Definitions) Of(stream data.Stream) map[string]*Definition {
	switch stream {
	case data.StreamSchema:
		return d.Layers
	case data.StreamScheme:
		return d.Schemes
	case data.StreamDictionary:
		return d.Dictionaries
	default:
		return d.Admins
	}
}

// Layer is the current definition of a layer; false when it does not exist.
func (d Definitions) Layer(name string) (*data.Layer, bool) {
	def := d.Layers[name]
	if !def.Exists() {
		return nil, false
	}
	return def.Change.Definition, true
}

// Dictionary is the current definition of a dictionary; false when it does not exist.
func (d Definitions) Dictionary(name string) (*data.Dictionary, bool) {
	def := d.Dictionaries[name]
	if !def.Exists() {
		return nil, false
	}
	return def.Change.Dictionary, true
}

// existing yields the changes of a map whose definitions exist, in the order of their creation.
func existing(kind map[string]*Definition) iter.Seq[*data.Change] {
	return func(yield func(*data.Change) bool) {
		defs := slices.SortedFunc(maps.Values(kind), func(a, b *Definition) int {
			return cmp.Or(cmp.Compare(a.Born, b.Born), cmp.Compare(a.Change.Layer, b.Change.Layer))
		})
		for _, d := range defs {
			if d.Exists() && !yield(&d.Change) {
				return
			}
		}
	}
}

// AllLayers yields the layers that exist.
func (d Definitions) AllLayers() iter.Seq[*data.Layer] {
	return func(yield func(*data.Layer) bool) {
		for c := range existing(d.Layers) {
			if !yield(c.Definition) {
				return
			}
		}
	}
}

// AllSchemes yields the schemes that exist.
func (d Definitions) AllSchemes() iter.Seq[*data.Scheme] {
	return func(yield func(*data.Scheme) bool) {
		for c := range existing(d.Schemes) {
			if !yield(c.Scheme) {
				return
			}
		}
	}
}

// Before is the Prev of a change that follows a definition, which may be nil. Admin records other than plans can be
// followed back beyond a delete, so that the past can be found from the present.
func (d *Definition) Before() data.Seq {
	if d == nil || d.Change.Op == data.OpDelete && d.Change.Stream != data.StreamAdmin {
		return 0
	}
	return d.Seq
}

// Apply takes the change of a definition in entry seq over, with a copy of its encoding. Entries are applied in the
// order of the log. Notes leave nothing.
func (d *Definitions) Apply(seq data.Seq, c data.Change, payload []byte) {
	if !c.Kept() {
		return
	}
	kind := d.Of(c.Stream)
	next := &Definition{Seq: seq, Born: seq, Change: bare(c), Payload: bytes.Clone(payload)}
	if old := kind[c.Layer]; old.Exists() {
		next.Born = old.Born
	}
	kind[c.Layer] = next
	if c.Stream == data.StreamSchema && c.Op == data.OpDelete {
		d.Dropped = seq
	}
	d.noteAdmin(next)
}

func (d *Definitions) noteAdmin(def *Definition) {
	if def.Change.Stream == data.StreamAdmin && def.Change.Plan == nil && !data.Planning(def.Change.Layer) {
		d.Admin = max(d.Admin, def.Seq)
	}
}

// ApplyPayload takes a payload of entry seq over when it is one of a definition. A nil payload is none.
func (d *Definitions) ApplyPayload(seq data.Seq, payload []byte) error {
	if payload == nil {
		return nil
	}
	if head, err := data.PeekPayload(payload); err != nil || head.Stream == data.StreamFeature || !head.Kept() {
		return err
	}
	var decoder data.Decoder
	c, err := decoder.Payload(payload)
	if err == nil {
		d.Apply(seq, c, payload)
	}
	return err
}

// ApplyLog takes the definitions of the entries after one up to another over.
func (d *Definitions) ApplyLog(tx *bbolt.Tx, after, last data.Seq) error {
	from := LogKey(after+1, 0)
	cursor := tx.Bucket(BucketLog).Cursor()
	for k, v := cursor.Seek(from[:]); k != nil; k, v = cursor.Next() {
		seq, n, ok := ParseLogKey(k)
		if !ok || seq > last {
			return nil
		}
		if n == 0 || IsRun(v) {
			continue
		}
		if err := d.ApplyPayload(seq, v); err != nil {
			return err
		}
	}
	return nil
}

// Replace writes the bucket of definitions anew.
func (d *Definitions) Replace(tx *bbolt.Tx) error {
	if err := tx.DeleteBucket(BucketDefs); err != nil {
		return err
	}
	if _, err := tx.CreateBucket(BucketDefs); err != nil {
		return err
	}
	for _, kind := range Kinds {
		for _, def := range d.Of(kind) {
			if err := def.Put(tx); err != nil {
				return err
			}
		}
	}
	if d.Dropped == 0 {
		return nil
	}
	return PutDropped(tx, d.Dropped)
}

// bare takes the changes out of a plan: they are as large as a transaction, and nobody needs them before they are due.
func bare(c data.Change) data.Change {
	if c.Plan != nil {
		c.Plan = c.Plan.Bare()
	}
	return c
}

// Put writes a definition into its bucket: when it was born, then the record, then the checksum.
func (d *Definition) Put(tx *bbolt.Tx) error {
	key := definitionKey(d.Change.Stream, d.Change.Layer)
	v := binary.BigEndian.AppendUint64(nil, uint64(d.Born))
	return tx.Bucket(BucketDefs).Put(key, seal(key, data.AppendRecord(v, d.Seq, d.Payload)))
}

// ParseDefinition reads what Put wrote. Nothing of the result aliases key or sealed.
func ParseDefinition(key, sealed []byte, decoder *data.Decoder) (*Definition, error) {
	v, ok := unseal(key, sealed)
	if !ok || len(v) < 8 {
		return nil, errors.New("checksum does not match")
	}
	r, err := decoder.Record(v[8:])
	if err != nil {
		return nil, err
	}
	if string(definitionKey(r.Change.Stream, r.Change.Layer)) != string(key) || r.Change.Stream == data.StreamFeature || !r.Change.Kept() {
		return nil, errors.New("holds another definition")
	}
	_, payload, err := data.SplitRecord(v[8:])
	if err != nil {
		return nil, err
	}
	return &Definition{
		Seq: r.Seq, Born: data.Seq(binary.BigEndian.Uint64(v)), Change: bare(r.Change), Payload: bytes.Clone(payload),
	}, nil
}

// ReadDefinitions reads the bucket of definitions. dropped is [Settings].Dropped. The error says what is missing or
// damaged.
func ReadDefinitions(tx *bbolt.Tx, dropped data.Seq) (Definitions, error) {
	defs := NewDefinitions()
	defs.Dropped = dropped
	b := tx.Bucket(BucketDefs)
	if b == nil {
		return defs, fmt.Errorf("bucket %q is missing", BucketDefs)
	}
	var decoder data.Decoder
	err := b.ForEach(func(k, v []byte) error {
		def, err := ParseDefinition(k, v, &decoder)
		if err != nil {
			return fmt.Errorf("definition %q: %w", k, err)
		}
		defs.Of(def.Change.Stream)[def.Change.Layer] = def
		defs.noteAdmin(def)
		return nil
	})
	return defs, err
}
