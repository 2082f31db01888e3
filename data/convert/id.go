package convert

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/gewu-city/gewu/data"
)

// ULIDs returns a source of ids that are random and sort by the time they were made, those of one millisecond
// included. now and entropy are the clock and the source of randomness; an error of entropy is returned by the
// function. The source belongs to one goroutine.
func ULIDs(now func() time.Time, entropy io.Reader) func() (string, error) {
	rising := ulid.Monotonic(entropy, 0)
	return func() (string, error) {
		id, err := ulid.New(ulid.Timestamp(now()), rising)
		if err != nil {
			return "", fmt.Errorf("convert: make an id: %w", err)
		}
		return id.String(), nil
	}
}

var hashText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// hashBytes gives 20 characters: 100 bits, of which two features in ten million share one with odds of 1 in 10^16.
const hashBytes = 20

// hashID is the id that follows from the content of a feature: 20 characters of lower-case base32 of the SHA-256 of
// its shape and values. Nulls do not count, so that an attribute added later leaves ids as they are.
func hashID(f *data.Feature) string {
	b := make([]byte, 0, 512)
	b = append(b, byte(f.Shape.Kind()))
	b = binary.AppendUvarint(b, uint64(len(f.Shape.PolygonEnds())))
	for _, end := range f.Shape.PolygonEnds() {
		b = binary.AppendUvarint(b, uint64(end))
	}
	b = binary.AppendUvarint(b, uint64(f.Shape.NumRings()))
	for _, end := range f.Shape.RingEnds() {
		b = binary.AppendUvarint(b, uint64(end))
	}
	b = binary.AppendUvarint(b, uint64(len(f.Shape.Vertices())))
	for _, p := range f.Shape.Vertices() {
		b = binary.BigEndian.AppendUint32(b, uint32(p.X))
		b = binary.BigEndian.AppendUint32(b, uint32(p.Y))
	}
	for i, v := range f.Values {
		if v.Null() {
			continue
		}
		b = binary.AppendUvarint(b, uint64(i))
		text := v.String()
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	sum := sha256.Sum256(b)
	return hashText.EncodeToString(sum[:])[:hashBytes]
}
