package vault

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gewu-city/gewu/data"
)

// KeyID names one key for ever. It is random, so that keys of files that never met do not share one.
type KeyID [16]byte

// Subject is a feature of a sensitive layer: whom a key belongs to.
type Subject struct{ Layer, ID string }

// The layout of a sealed value, see docs/formats/sealed.md.
const (
	sealedVersion = 1
	nonceBytes    = 12
	tagBytes      = 16
	sealedHead    = 1 + len(KeyID{})
	// block is what plain text is filled up to: lengths of names and numbers say much about them.
	block = 32
)

// ErrSealed is returned, wrapped, for bytes that are no sealed value, or not the one of this place.
var ErrSealed = errors.New("vault: not a sealed value of this place")

// keyOf reads which key seals a value, without opening it.
func keyOf(v data.Value) (KeyID, []byte, error) {
	text := []byte(v.Text())
	if v.Type() != data.Sealed || len(text) < sealedHead+nonceBytes+tagBytes+block {
		return KeyID{}, nil, fmt.Errorf("%w: %d bytes are too few", ErrSealed, len(text))
	}
	if text[0] != sealedVersion {
		return KeyID{}, nil, fmt.Errorf("%w: version %d, this program reads %d", ErrSealed, text[0], sealedVersion)
	}
	return KeyID(text[1:sealedHead]), text[sealedHead:], nil
}

// place is what binds a sealed value to where it stands: moved to another layer, feature or attribute it does not open.
func place(s Subject, attribute int) []byte {
	b := binary.AppendUvarint(nil, uint64(len(s.Layer)))
	b = append(b, s.Layer...)
	b = binary.AppendUvarint(b, uint64(len(s.ID)))
	b = append(b, s.ID...)
	return binary.AppendUvarint(b, uint64(attribute))
}

// seal encrypts a value that is not null.
func seal(with box, id KeyID, s Subject, attribute int, v data.Value) data.Value {
	out := append([]byte{sealedVersion}, id[:]...)
	return data.SealedValue(with.seal(out, plainText(v), place(s, attribute)))
}

// open is the value that was sealed, under the type that it had then.
func open(with box, sealed []byte, s Subject, attribute int) (data.Value, error) {
	plain, err := with.open(sealed, place(s, attribute))
	if err != nil {
		return data.Value{}, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	return readPlain(plain)
}

// kinds are the types by the number that stands for them in the plain text. Their order is part of the format.
var kinds = [...]data.Type{1: data.Text, 2: data.Int, 3: data.Number, 4: data.Bool, 5: data.Date, 6: data.Time, 7: data.Code}

// plainText is the number of the type, then a text with its length or the word of another value, and zeros up to a
// whole number of blocks.
func plainText(v data.Value) (dst []byte) {
	for kind, t := range kinds {
		if t == v.Type() {
			dst = append(dst, byte(kind))
		}
	}
	if v.Type() == data.Text || v.Type() == data.Code {
		dst = append(binary.AppendUvarint(dst, uint64(len(v.Text()))), v.Text()...)
	} else {
		dst = binary.BigEndian.AppendUint64(dst, v.Word())
	}
	return append(dst, make([]byte, (block-len(dst)%block)%block)...)
}

func readPlain(b []byte) (data.Value, error) {
	bad := func(what string) (data.Value, error) { return data.Value{}, fmt.Errorf("%w: %s", ErrSealed, what) }
	if len(b) == 0 || len(b)%block != 0 || b[0] == 0 || int(b[0]) >= len(kinds) {
		return bad("the plain text has no type")
	}
	t, rest := kinds[b[0]], b[1:]
	var v data.Value
	if t == data.Text || t == data.Code {
		n, width := binary.Uvarint(rest)
		if width <= 0 || n > uint64(len(rest)-width) || n > data.MaxTextBytes {
			return bad("the plain text has a wrong length")
		}
		v, rest = data.TextValue(t, string(rest[width:width+int(n)])), rest[width+int(n):]
	} else {
		v, rest = data.WordValue(t, binary.BigEndian.Uint64(rest)), rest[8:]
	}
	if len(rest) >= block {
		return bad("the plain text is filled up too far")
	}
	for _, zero := range rest {
		if zero != 0 {
			return bad("the plain text goes on behind the value")
		}
	}
	return v, nil
}
