package spool_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/server/spool"
)

// TestChanges gives back what was added, in the same order, in transactions within the bounds, as often as asked.
func TestChanges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, err := spool.Dir{Path: os.TempDir()}.NewChanges()
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		n := rapid.SampledFrom([]int{0, 1, 7, 9_999, 10_000, 10_001, 20_000}).Draw(rt, "changes")
		large := rapid.IntRange(0, 3).Draw(rt, "every nth is large")
		var want []data.Change
		for i := range n {
			c := data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "lamps", Feature: data.Feature{
				ID: fmt.Sprint(i), Shape: geo.PointShape(geo.Point{X: int32(i)}), Values: []data.Value{data.IntValue(int64(i))},
			}}
			if large > 0 && i%(large*100) == 7 && i < 5000 {
				c.Feature.Values = append(c.Feature.Values, data.TextValue(data.Text, strings.Repeat("x", data.MaxTextBytes)))
			}
			switch i % 3 {
			case 1:
				c.IfSeq = new(data.Seq(i))
			case 2:
				c = data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: "lamps", Feature: data.Feature{ID: fmt.Sprint(i)}}
			}
			if err := s.Add(&c); err != nil {
				rt.Fatal(err)
			}
			want = append(want, c)
		}
		var keep func(*data.Change) bool
		if nth := rapid.IntRange(0, 3).Draw(rt, "every nth is kept"); nth > 0 {
			asked := 0
			keep = func(*data.Change) bool {
				asked++
				return asked > 10_000 && asked%nth == 0
			}
			some := want[:0:0]
			for i := range want {
				if i+1 > 10_000 && (i+1)%nth == 0 {
					some = append(some, want[i])
				}
			}
			want = some
		}
		count, txs, err := s.Transactions(data.Tx{Cause: "import:1", Defined: map[string]data.Seq{"lamps": 3}}, keep)
		if err != nil || s.Len() != n {
			rt.Fatal(s.Len(), err)
		}
		for range 2 {
			k, at := 0, 0
			for tx, err := range txs {
				if err != nil || tx.Cause != "import:1" || tx.Defined["lamps"] != 3 || len(tx.Changes) == 0 || len(tx.Changes) > 10_000 {
					rt.Fatalf("%+v, %v", tx.Cause, err)
				}
				for i := range tx.Changes {
					got, c := &tx.Changes[i], &want[at]
					at++
					if got.Op != c.Op || got.Layer != c.Layer || !got.Feature.Equal(&c.Feature) || (got.IfSeq == nil) != (c.IfSeq == nil) || c.IfSeq != nil && *got.IfSeq != *c.IfSeq {
						rt.Fatalf("change %d is %+v, want %+v", at-1, got, c)
					}
				}
				k++
			}
			if k != count || at != len(want) {
				rt.Fatalf("%d transactions of %d, %d changes of %d", k, count, at, len(want))
			}
		}
	})
}

// TestLimits refuses what is larger than a file may be, and what would fill the disk.
func TestLimits(t *testing.T) {
	dir := t.TempDir()
	f, err := spool.Dir{Path: dir, Most: 10}.Create()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, 8)); err != nil {
		t.Error(err)
	}
	if n, err := f.Write(make([]byte, 3)); n != 0 || !errors.Is(err, spool.ErrTooLarge) {
		t.Errorf("%d, %v", n, err)
	}
	if b, err := io.ReadAll(f.Reader()); len(b) != 8 || err != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	huge, err := spool.Dir{Path: dir, Reserve: 1 << 62}.Create()
	if err != nil {
		t.Fatal(err)
	}
	defer huge.Close()
	if _, err := huge.Write([]byte{1}); !errors.Is(err, spool.ErrNoSpace) {
		t.Errorf("a disk without room: %v", err)
	}
}

// TestNothingIsLeft looks into the folder while files are open, after they were closed, and when a folder with
// left-overs is opened.
func TestNothingIsLeft(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tmp")
	d := spool.Dir{Path: dir}
	if err := d.Open(); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		names, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	f, err := d.Create()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil || count() != 0 {
		t.Errorf("%v, %d files are left", err, count())
	}
	for _, name := range []string{"spool-123", "gewu-456", "mine"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Open(); err != nil || count() != 1 {
		t.Errorf("%v, %d files are left", err, count())
	}
}

// TestShelf gives back any change with its note at any time, while others are put.
func TestShelf(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, err := spool.Dir{Path: os.TempDir()}.NewShelf()
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		type put struct {
			place  spool.Place
			change data.Change
			note   string
		}
		var all []put
		size := rapid.SampledFrom([]int{0, 10, 10_000}).Draw(rt, "bytes of a note")
		for range rapid.IntRange(1, 200).Draw(rt, "steps") {
			if len(all) > 0 && rapid.Bool().Draw(rt, "get") {
				want := all[rapid.IntRange(0, len(all)-1).Draw(rt, "which")]
				c, note, err := s.Get(want.place)
				if err != nil || string(note) != want.note || c.Feature.ID != want.change.Feature.ID || (c.IfSeq == nil) != (want.change.IfSeq == nil) || c.IfSeq != nil && *c.IfSeq != *want.change.IfSeq {
					rt.Fatalf("%+v %.20q, %v; want %+v", c, note, err, want.change)
				}
				continue
			}
			p := put{change: data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "lamps", Feature: data.Feature{ID: fmt.Sprint(len(all))}}}
			if rapid.Bool().Draw(rt, "demands") {
				p.change.IfSeq = new(data.Seq(len(all)))
			}
			p.note = strings.Repeat(p.change.Feature.ID, size)
			if p.place, err = s.Put(&p.change, []byte(p.note)); err != nil {
				rt.Fatal(err)
			}
			all = append(all, p)
		}
		// What cannot be stored leaves no trace.
		if _, err := s.Put(&data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "lamps", Feature: data.Feature{ID: "x", Values: []data.Value{data.TextValue("odd", "x")}}}, nil); err == nil {
			rt.Fatal("a value of no type was put")
		}
		for _, want := range all {
			if c, note, err := s.Get(want.place); err != nil || c.Feature.ID != want.change.Feature.ID || string(note) != want.note {
				rt.Fatal(c, err)
			}
		}
	})
}
