package layout_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// TestRunExample decodes the example of docs/formats/log.md and encodes it again.
func TestRunExample(t *testing.T) {
	want := []layout.Erased{
		{Layer: "lamps", Op: data.OpPut, Permanent: 7, Prev: 3},
		{Layer: "lamps", Op: data.OpPut, Permanent: 8},
		{Layer: "cells", Op: data.OpDelete, Permanent: 4, Prev: 9},
	}
	key, run := example(t, "../../../docs/formats/log.md", "run-key"), example(t, "../../../docs/formats/log.md", "run")
	if got := layout.EncodeRun(layout.LogKey(9, 2), want); !bytes.Equal(got, run) {
		t.Errorf("encoded as\n%x, the document has\n%x", got, run)
	}
	if k := layout.LogKey(9, 2); !bytes.Equal(k[:], key) {
		t.Errorf("key\n%x, the document has\n%x", k, key)
	}
	got, err := layout.ParseRun(key, run)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("decoded %+v, %v", got, err)
	}
	if payload := example(t, "../../../docs/formats/log.md", "point"); layout.IsRun(payload) || !layout.IsRun(run) {
		t.Error("a payload and a run cannot be told apart")
	}
}

// TestRunRoundTrip encodes and decodes any run.
func TestRunRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		seq := data.Seq(rapid.Uint64Range(1, math.MaxUint64).Draw(r, "seq"))
		changes := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) layout.Erased {
			e := layout.Erased{
				Layer:     rapid.SampledFrom([]string{"lamps", "cells", "路"}).Draw(r, "layer"),
				Op:        rapid.SampledFrom([]data.Op{data.OpPut, data.OpDelete}).Draw(r, "op"),
				Permanent: rapid.Uint32Range(1, math.MaxUint32).Draw(r, "permanent"),
			}
			if rapid.Bool().Draw(r, "follows") {
				e.Prev = data.Seq(rapid.Uint64Range(1, uint64(seq)).Draw(r, "prev"))
			}
			return e
		}), 1, 40).Draw(r, "changes")
		n := rapid.Uint32Range(1, layout.WindowChanges-40).Draw(r, "n") + layout.WindowChanges*rapid.Uint32Range(0, 90).Draw(r, "window")
		key := layout.LogKey(seq, n)
		run := layout.EncodeRun(key, changes)
		got, err := layout.ParseRun(key[:], run)
		if err != nil || !slices.Equal(got, changes) {
			r.Fatalf("decoded %+v of %+v, %v", got, changes, err)
		}
		other := layout.LogKey(seq, n+1)
		if _, err := layout.ParseRun(other[:], run); !errors.Is(err, data.ErrFormat) {
			r.Fatalf("under another key: %v", err)
		}
		run[rapid.IntRange(0, len(run)-1).Draw(r, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
		if _, err := layout.ParseRun(key[:], run); !errors.Is(err, data.ErrFormat) {
			r.Fatalf("with a bit flipped: %v", err)
		}
	})
}

// TestRunRefused lists runs whose checksum is right and whose content is not.
func TestRunRefused(t *testing.T) {
	one := []layout.Erased{{Layer: "lamps", Op: data.OpPut, Permanent: 1}}
	many := make([]layout.Erased, 3)
	for i := range many {
		many[i] = layout.Erased{Layer: "lamps", Op: data.OpPut, Permanent: uint32(i) + 1}
	}
	seal := func(key [layout.LogKeyBytes]byte, b ...byte) []byte { return layout.Seal(key[:], b) }
	at := func(n uint32) [layout.LogKeyBytes]byte { return layout.LogKey(5, n) }
	for name, test := range map[string]struct {
		key  [layout.LogKeyBytes]byte
		run  []byte
		want string
	}{
		"version":         {at(1), seal(at(1), 0, 2, 0, 0), "version 2"},
		"at the header":   {at(0), layout.EncodeRun(at(0), one), "cannot begin at change -1"},
		"over the window": {at(layout.WindowChanges - 1), layout.EncodeRun(at(layout.WindowChanges-1), many), "cannot begin"},
		"empty":           {at(1), seal(at(1), 0, 1, 0, 0), "cannot begin"},
		"no layer":        {at(1), seal(at(1), 0, 1, 0, 1, 0, 0, 0), "wrong length"},
		"permanent id 0":  {at(1), seal(at(1), 0, 1, 1, 1, 'a', 1, 0, 1, 0), "wrong length"},
		"from the future": {at(1), seal(at(1), 0, 1, 1, 1, 'a', 1, 0, 0, 7), "wrong length"},
		"left over":       {at(1), seal(at(1), 0, 1, 1, 1, 'a', 1, 0, 0, 0, 9), "wrong length"},
		"cut off":         {at(1), seal(at(1), 0, 1, 1, 1, 'a', 2, 0, 0, 0), "wrong length"},
	} {
		if _, err := layout.ParseRun(test.key[:], test.run); !errors.Is(err, data.ErrFormat) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzRun checks that a run with any bytes and the right checksum does no harm, and that what is read is written alike.
func FuzzRun(f *testing.F) {
	key := layout.LogKey(5, 1)
	seed := layout.EncodeRun(key, []layout.Erased{{Layer: "lamps", Op: data.OpPut, Permanent: 7, Prev: 3}, {Layer: "cells", Op: data.OpDelete, Permanent: 2}})
	f.Add(seed[:len(seed)-4])
	f.Fuzz(func(t *testing.T, b []byte) {
		changes, err := layout.ParseRun(key[:], layout.Seal(key[:], bytes.Clone(b)))
		if err != nil {
			return
		}
		again, err := layout.ParseRun(key[:], layout.EncodeRun(key, changes))
		if err != nil || !slices.Equal(again, changes) {
			t.Errorf("%+v became %+v, %v", changes, again, err)
		}
	})
}
