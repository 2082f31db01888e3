package pack_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/tiles/pack"
)

// Whatever is packed comes out again, at once and a little at a time.
func TestUnpack(t *testing.T) {
	p := pack.NewPacker()
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		b := make([]byte, rapid.IntRange(1, 200_000).Draw(t, "size"))
		letters := rapid.IntRange(1, 256).Draw(t, "letters")
		for i := range b {
			b[i] = byte(rng.IntN(letters))
		}
		for _, e := range []pack.Encoding{pack.Gzip, pack.Zstd} {
			packed, err := p.Pack(e, b)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := pack.Unpack(e, packed, len(b)); err != nil || !bytes.Equal(got, b) {
				t.Fatalf("%s: %d of %d bytes, %v", e, len(got), len(b), err)
			}
			w := &narrow{}
			if err := pack.Copy(w, e, packed); err != nil || !bytes.Equal(w.got.Bytes(), b) {
				t.Fatalf("%s: %d of %d bytes, %v", e, w.got.Len(), len(b), err)
			}
			if w.widest > 32<<10 {
				t.Fatalf("%s: %d bytes at once", e, w.widest)
			}
			if err := pack.Copy(&narrow{fails: true}, e, packed); !errors.Is(err, errGone) {
				t.Fatalf("%s: %v", e, err)
			}
			damaged := append([]byte{}, packed[:len(packed)/2]...)
			if err := pack.Copy(&narrow{}, e, damaged); !errors.Is(err, pack.ErrDamaged) {
				t.Fatalf("%s: half a tile: %v", e, err)
			}
		}
	})
}

var errGone = errors.New("gone")

// narrow notes how much is written at once.
type narrow struct {
	got    bytes.Buffer
	widest int
	fails  bool
}

func (n *narrow) Write(b []byte) (int, error) {
	if n.fails {
		return 0, errGone
	}
	n.widest = max(n.widest, len(b))
	return n.got.Write(b)
}
