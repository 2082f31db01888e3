package layout_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
	"github.com/gewu-city/gewu/geo"
)

// example reads the bytes of a fenced block "hex NAME" of a document. What follows # on a line is a comment.
func example(t *testing.T, document, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	fence := regexp.MustCompile("(?s)```hex " + name + "\n(.*?)```").FindSubmatch(text)
	if fence == nil {
		t.Fatalf("there is no example %q", name)
	}
	var digits strings.Builder
	for line := range strings.Lines(string(fence[1])) {
		code, _, _ := strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(code), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatalf("example %q: %v", name, err)
	}
	return b
}

// block encodes the checkpoint block of records of one layer.
func block(layer string, applied data.Seq, records []data.Record) ([]byte, error) {
	var rows []layout.Row
	for i := range records {
		payload, err := data.AppendPayload(nil, &records[i].Change)
		if err != nil {
			return nil, err
		}
		rows = append(rows, layout.NewRow(records[i].Seq, records[i].Change.Permanent, payload))
	}
	return layout.MergeBlock(layout.BlockKey(layer, records[0].Change.Permanent), nil, rows, applied), nil
}

// records decodes a checkpoint block.
func records(key, encoded []byte) ([]data.Record, error) {
	rows, err := layout.ParseBlock(key, encoded)
	if err != nil {
		return nil, err
	}
	var decoder data.Decoder
	var list []data.Record
	for i := range rows {
		r, err := decoder.Record(rows[i].Record)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
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
	const document = "../../../docs/formats/checkpoint.md"
	key, encoded := example(t, document, "key"), example(t, document, "block")
	again, err := block("lamps", 4, want)
	if err != nil || !bytes.Equal(again, encoded) {
		t.Errorf("encoded as\n%x, the document has\n%x, %v", again, encoded, err)
	}
	got, err := records(key, encoded)
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
	seed, err := block("lamps", 4, []data.Record{{Seq: 4, Change: data.Change{
		Stream: data.StreamFeature, Op: data.OpDelete, Layer: "lamps", Permanent: 8, Feature: data.Feature{ID: "a"},
	}}})
	if err != nil {
		f.Fatal(err)
	}
	key := []byte("lamps\x00\x00\x00\x00\x00")
	f.Add(seed[:len(seed)-4])
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = records(key, layout.Seal(key, append([]byte(nil), b...)))
	})
}
