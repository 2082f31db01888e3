package boltstore_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/geo"
)

// example reads the bytes of a fenced block "hex NAME" of the document. What follows # on a line is a comment.
func example(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../docs/formats/checkpoint.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```hex " + name + "\n(.*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatalf("there is no example %q", name)
	}
	var digits strings.Builder
	for line := range strings.Lines(string(block[1])) {
		code, _, _ := strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(code), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatalf("example %q: %v", name, err)
	}
	return b
}

// TestFormatExample decodes the example of docs/formats/checkpoint.md and encodes it again.
func TestFormatExample(t *testing.T) {
	want := []data.Record{
		{Seq: 3, Change: data.Change{
			Stream: data.StreamFeature, Op: data.OpPut, Layer: "lamps", Permanent: 7,
			Feature: data.Feature{ID: "L-7", Shape: geo.PointShape(geo.Point{X: 1_215_654_321, Y: 250_123_456}), Values: []data.Value{
				data.TextValue(data.Text, "路灯"), data.NumberValue(6.5), data.IntValue(-3), data.BoolValue(true),
			}},
		}},
		{Seq: 4, Change: data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: "lamps", Permanent: 8, Prev: 2, Feature: data.Feature{ID: "L-8"}}},
	}
	key, block := example(t, "key"), example(t, "block")
	again, err := boltstore.Block("lamps", 4, want)
	if err != nil || !bytes.Equal(again, block) {
		t.Errorf("encoded as\n%x, the document has\n%x, %v", again, block, err)
	}
	got, err := boltstore.Records(key, block)
	if err != nil || len(got) != len(want) {
		t.Fatalf("decoded %+v, %v", got, err)
	}
	for i := range got {
		a, b := got[i], want[i]
		if !a.Change.Feature.Equal(&b.Change.Feature) || a.Seq != b.Seq || a.Change.Op != b.Change.Op || a.Change.Permanent != b.Change.Permanent || a.Change.Prev != b.Change.Prev {
			t.Errorf("decoded %+v, want %+v", a, b)
		}
	}
}

// FuzzBlock checks that a block with any bytes and the right checksum does no harm.
func FuzzBlock(f *testing.F) {
	seed, err := boltstore.Block("lamps", 4, []data.Record{{Seq: 4, Change: data.Change{
		Stream: data.StreamFeature, Op: data.OpDelete, Layer: "lamps", Permanent: 8, Feature: data.Feature{ID: "a"},
	}}})
	if err != nil {
		f.Fatal(err)
	}
	key := []byte("lamps\x00\x00\x00\x00\x00")
	f.Add(seed[:len(seed)-4])
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = boltstore.Records(key, boltstore.Seal(key, append([]byte(nil), b...)))
	})
}
