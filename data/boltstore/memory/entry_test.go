package memory_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/memory"
)

// TestEntry asks for the events of random entries in any order, and compares with a map.
func TestEntry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e memory.Entry
		for seq := data.Seq(10); seq < 13; seq++ {
			e.Begin()
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
				payload, err := data.AppendPayload(nil, &ch)
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
				if ch.Case != nil && e.Add(head, payload, data.Hash{}) == nil {
					t.Fatal("a payload that does not match its hash is taken")
				}
			}
			e.Seq = seq
			for range 20 {
				name := data.CaseName(fmt.Sprint("c", rapid.IntRange(1, 10).Draw(t, "asked")))
				if got := e.Newest(name); got != want[name] {
					t.Fatalf("%s has event %d in the entry, want %d", name, got, want[name])
				}
			}
		}
	})
}
