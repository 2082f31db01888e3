package memory_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/memory"
)

// add adds a change to an entry as the log has it.
func add(t rapid.TB, e *memory.Entry, ch *data.Change) (data.PayloadHead, []byte) {
	t.Helper()
	payload, err := data.AppendPayload(nil, ch)
	if err != nil {
		t.Fatal(err)
	}
	head, err := data.PeekPayload(payload)
	if err == nil {
		err = e.Add(head, payload, sha256.Sum256(payload))
	}
	if err != nil {
		t.Fatal(err)
	}
	return head, payload
}

// TestEntry asks for the events of random entries in any order, and compares with a map.
func TestEntry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var kept memory.Entries
		for seq := data.Seq(10); seq < 13; seq++ {
			e := &memory.Entry{Seq: seq}
			want := map[string]int{}
			cases := rapid.IntRange(1, 8).Draw(t, "cases")
			for n := range rapid.IntRange(0, 12).Draw(t, "changes") {
				ch := data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: "lamps", Feature: data.Feature{ID: "a"}}
				if rapid.IntRange(0, 9).Draw(t, "kind") > 0 {
					name := data.CaseName(fmt.Sprint("c", rapid.IntRange(1, cases).Draw(t, "case")))
					number, here := want[name], want[name] > 0
					if !here {
						number = rapid.IntRange(0, 300).Draw(t, "before")
					}
					ch = data.Change{Stream: data.StreamCase, Op: data.OpPut, Layer: name, Case: &data.CaseEvent{Number: number + 1, Body: []byte{byte(n)}}}
					if here {
						ch.Prev = seq
					} else if number > 0 {
						ch.Prev = seq - 5
					}
					want[name] = number + 1
				}
				head, payload := add(t, e, &ch)
				if ch.Case != nil && e.Add(head, payload, data.Hash{}) == nil {
					t.Fatal("a payload that does not match its hash is taken")
				}
			}
			if kept.Entry(seq) != nil {
				t.Fatal("an entry is there that nobody read")
			}
			kept.Keep(e)
			e = kept.Entry(seq)
			for range 20 {
				name := data.CaseName(fmt.Sprint("c", rapid.IntRange(1, 10).Draw(t, "asked")))
				if got := e.Newest(name); got != want[name] {
					t.Fatalf("%s has event %d in the entry, want %d", name, got, want[name])
				}
			}
		}
	})
}

// TestEntries reads ever more entries: those that were read last are kept, and never more than a bound.
func TestEntries(t *testing.T) {
	var kept memory.Entries
	keep := func(seq data.Seq, events int) {
		e := &memory.Entry{Seq: seq}
		for n := range events {
			add(t, e, &data.Change{Stream: data.StreamCase, Op: data.OpPut, Layer: data.CaseName(fmt.Sprint("c", n)), Case: &data.CaseEvent{Number: 7, Body: []byte{1}}})
		}
		kept.Keep(e)
	}
	count := func(to data.Seq) (n int) {
		for seq := data.Seq(1); seq <= to; seq++ {
			if kept.Entry(seq) != nil {
				n++
			}
		}
		return n
	}
	for seq := data.Seq(1); seq <= 20_000; seq++ {
		keep(seq, int(seq)%2)
		if kept.Entry(seq) == nil {
			t.Fatalf("entry %d is gone at once", seq)
		}
	}
	if n := count(20_000); n < 1000 || n > 10_000 || kept.Entry(1) != nil {
		t.Errorf("%d entries are kept", n)
	}
	keep(20_001, 40_000)
	if n := count(20_001); n != 1 || kept.Entry(20_001).Newest(data.CaseName("c39999")) != 7 {
		t.Errorf("%d entries are kept beside one that is more than all", n)
	}
	keep(20_002, 1)
	if n := count(20_002); n != 1 || kept.Entry(20_002) == nil {
		t.Errorf("%d entries are kept after it", n)
	}
}
