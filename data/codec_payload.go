package data

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gewu-city/gewu/data/wire"
)

// payloadFixed is the length of the members at fixed places: version, stream, operation, permanent id, previous seq.
const payloadFixed = 1 + 1 + 1 + 4 + 8

// AppendPayload appends the encoding of a change to dst: version, stream, operation, permanent id, seq of the
// previous change of the same thing, layer (the name of a layer or scheme), then for a feature its id, shape and
// values, for a definition its JSON, for a plan its JSON and changes, for another admin record its body, for an event of
// a case its number and body, for a delete only what names the thing. IfSeq is stored only within a plan. The error is a
// *FieldError: the stream or operation is unknown, the definition is missing, or a vertex or value cannot be stored.
func AppendPayload(dst []byte, c *Change) ([]byte, error) {
	dst = append(dst, codecVersion, byte(c.Stream), byte(c.Op))
	dst = binary.BigEndian.AppendUint32(dst, c.Permanent)
	dst = binary.BigEndian.AppendUint64(dst, uint64(c.Prev))
	dst = wire.AppendText(dst, c.Layer)
	if c.Op != OpPut && c.Op != OpDelete {
		return nil, &FieldError{Field: "op", Value: fmt.Sprint(c.Op), Why: "must be put or delete"}
	}
	switch c.Stream {
	case StreamFeature:
		dst = wire.AppendText(dst, c.Feature.ID)
		if c.Op == OpDelete {
			return dst, nil
		}
		dst, err := appendShape(dst, c.Feature.Shape)
		if err != nil {
			return nil, err
		}
		return appendValues(dst, c.Feature.Values)
	case StreamSchema, StreamScheme, StreamDictionary:
		if c.Op == OpDelete {
			return dst, nil
		}
		return c.appendDefinition(dst)
	case StreamAdmin:
		if c.Op == OpDelete {
			return dst, nil
		}
		return c.appendAdmin(dst)
	case StreamCase:
		return c.appendCase(dst)
	default:
		return nil, &FieldError{Field: "stream", Value: fmt.Sprint(c.Stream), Why: "cannot be stored"}
	}
}

func (c *Change) appendDefinition(dst []byte) ([]byte, error) {
	switch {
	case c.Stream == StreamSchema && c.Definition != nil:
		return appendJSON(dst, c.Definition)
	case c.Stream == StreamScheme && c.Scheme != nil:
		return appendJSON(dst, c.Scheme)
	case c.Stream == StreamDictionary && c.Dictionary != nil:
		return appendJSON(dst, c.Dictionary)
	}
	return nil, &FieldError{Field: map[Stream]string{StreamSchema: "definition", StreamScheme: "scheme", StreamDictionary: "dictionary"}[c.Stream], Why: "is missing"}
}

func appendJSON(dst []byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, &FieldError{Field: "definition", Why: err.Error()}
	}
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...), nil
}

// LinkPayload overwrites the permanent id and the previous seq in an encoded payload: a store encodes changes
// before it knows them.
func LinkPayload(payload []byte, permanent uint32, prev Seq) {
	binary.BigEndian.PutUint32(payload[3:], permanent)
	binary.BigEndian.PutUint64(payload[7:], uint64(prev))
}

// PayloadHead is what [PeekPayload] reads of a payload without decoding it.
type PayloadHead struct {
	Stream    Stream
	Op        Op
	Permanent uint32
	Prev      Seq
	// Layer aliases the payload. What the change holds begins at Content.
	Layer   []byte
	Content int
}

// PeekPayload reads the members before the content. The error wraps [ErrFormat].
func PeekPayload(b []byte) (PayloadHead, error) {
	r := wire.Reader{S: wire.View(b)}
	head, layer, err := readPayloadHead(&r)
	if err != nil {
		return PayloadHead{}, err
	}
	head.Layer, head.Content = b[r.At-len(layer):r.At:r.At], r.At
	return head, nil
}

func readPayloadHead(r *wire.Reader) (PayloadHead, string, error) {
	if r.Left() < payloadFixed {
		return PayloadHead{}, "", fmt.Errorf("%w: payload of %d bytes is too short", ErrFormat, r.Left())
	}
	if v := r.Byte(); v != codecVersion {
		return PayloadHead{}, "", fmt.Errorf("%w: payload has codec version %d, this program reads up to %d", ErrFormat, v, codecVersion)
	}
	head := PayloadHead{Stream: Stream(r.Byte()), Op: Op(r.Byte())}
	head.Permanent = r.Uint32()
	head.Prev = Seq(r.Uint64())
	layer := r.Text()
	switch {
	case r.Bad:
		return PayloadHead{}, "", fmt.Errorf("%w: payload ends in the layer name", ErrFormat)
	case head.Op != OpPut && head.Op != OpDelete:
		return PayloadHead{}, "", fmt.Errorf("%w: payload has operation %d", ErrFormat, head.Op)
	case head.Stream < StreamSchema || head.Stream > StreamDictionary:
		return PayloadHead{}, "", fmt.Errorf("%w: payload has stream %d", ErrFormat, head.Stream)
	}
	return head, layer, nil
}

// Decoder decodes payloads and records. It makes all layer names of its results share one string each. The zero
// Decoder is ready; a Decoder must not be used by several goroutines at once.
type Decoder struct {
	names map[string]string
}

// maxNames bounds the names that a Decoder remembers, in case the bytes are not what they should be.
const maxNames = 4096

func (d *Decoder) name(stream Stream, s string) string {
	if stream == StreamCase {
		return strings.Clone(s) // there are as many as cases
	}
	if known, ok := d.names[s]; ok {
		return known
	}
	if d.names == nil || len(d.names) >= maxNames {
		d.names = map[string]string{}
	}
	s = strings.Clone(s)
	d.names[s] = s
	return s
}

// Payload decodes what [AppendPayload] wrote. It keeps nothing of b; the texts of one feature share one copy. It
// survives any bytes: the error then wraps [ErrFormat].
func (d *Decoder) Payload(b []byte) (Change, error) {
	r := wire.Reader{S: string(b)}
	head, layer, err := readPayloadHead(&r)
	if err != nil {
		return Change{}, err
	}
	c := Change{Stream: head.Stream, Op: head.Op, Layer: d.name(head.Stream, layer), Permanent: head.Permanent, Prev: head.Prev}
	switch {
	case c.Stream == StreamFeature:
		c.Feature.ID = r.Text()
		if c.Op == OpPut {
			if c.Feature.Shape, err = readShape(&r); err != nil {
				return Change{}, fmt.Errorf("%w: %w", ErrFormat, err)
			}
			c.Feature.Values = readValues(&r)
		}
	case c.Stream == StreamCase:
		err = readCase(&r, &c)
	case c.Op == OpDelete:
	case c.Stream == StreamSchema:
		c.Definition = &Layer{}
		err = json.Unmarshal([]byte(r.Text()), c.Definition)
	case c.Stream == StreamAdmin:
		err = d.admin(&r, &c)
	case c.Stream == StreamDictionary:
		c.Dictionary = &Dictionary{}
		err = json.Unmarshal([]byte(r.Text()), c.Dictionary)
	default:
		c.Scheme = &Scheme{}
		err = json.Unmarshal([]byte(r.Text()), c.Scheme)
	}
	switch {
	case r.Bad:
		return Change{}, fmt.Errorf("%w: payload of %d bytes is cut off or has a wrong length", ErrFormat, len(b))
	case err != nil:
		return Change{}, fmt.Errorf("%w: content: %w", ErrFormat, err)
	case r.Left() != 0:
		return Change{}, fmt.Errorf("%w: %d bytes after the payload", ErrFormat, r.Left())
	}
	return c, nil
}

// AppendRecord appends the encoding of a record to dst: its seq in eight bytes, and the payload of its change. The
// payload is given encoded, as the log holds it.
func AppendRecord(dst []byte, seq Seq, payload []byte) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(seq)), payload...)
}

// SplitRecord is the seq and the encoded payload of a record, which aliases b. The error wraps [ErrFormat].
func SplitRecord(b []byte) (Seq, []byte, error) {
	if len(b) < 8+payloadFixed {
		return 0, nil, fmt.Errorf("%w: record of %d bytes is too short", ErrFormat, len(b))
	}
	return Seq(binary.BigEndian.Uint64(b)), b[8:], nil
}

// Record decodes what [AppendRecord] wrote, with the guarantees of [Decoder.Payload].
func (d *Decoder) Record(b []byte) (Record, error) {
	seq, payload, err := SplitRecord(b)
	if err != nil {
		return Record{}, err
	}
	c, err := d.Payload(payload)
	return Record{Seq: seq, Change: c}, err
}
