package audit_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/people/audit"
)

// BenchmarkBook searches a log of 100,000 entries of one change each, with 1,000 notes among them: for the first time, the
// newest page, what one actor did, and what nobody did, page after page.
func BenchmarkBook(b *testing.B) {
	db, err := boltstore.Open(filepath.Join(b.TempDir(), "city.db"), boltstore.Options{Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	s := storetest.Start(b, db)
	s.Must(b, storetest.Define(storetest.Lamps()))
	const groups, each = 100, 1000
	for g := range groups {
		_, err := s.AppendTogether(b.Context(), each, func(yield func(data.Tx, error) bool) {
			for i := range each {
				if !yield(data.Tx{Actor: fmt.Sprint("account:", i%50), Changes: []data.Change{storetest.Put(fmt.Sprint(g*each+i), 1)}}, nil) {
					return
				}
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		var notes []data.Change
		for i := range 10 {
			c, err := audit.Entry{Time: noon, Actor: "account:1", Action: "login", Outcome: audit.Done}.Change(fmt.Sprint(g*10 + i))
			if err != nil {
				b.Fatal(err)
			}
			notes = append(notes, c)
		}
		s.Must(b, notes...)
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if page, _, err := audit.NewBook(s).Page(b.Context(), audit.Query{}, audit.Place{}, 100); err != nil || len(page) != 100 {
				b.Fatal(len(page), err)
			}
		}
	})
	book := audit.NewBook(s)
	for name, q := range map[string]audit.Query{
		"newest": {}, "actor": {Actors: []string{"account:7"}}, "logins": {Actions: []string{"login"}}, "nothing": {Actors: []string{"nobody"}}, "no note": {Actions: []string{"nothing"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var after audit.Place
				for n := 0; n < 100; {
					page, next, err := book.Page(b.Context(), q, after, 100)
					if err != nil {
						b.Fatal(err)
					}
					if n += len(page); next == nil {
						break
					}
					after = *next
				}
			}
		})
	}
}

// BenchmarkFlood counts refusals of one address, and of thousands.
func BenchmarkFlood(b *testing.B) {
	for _, addresses := range []int{1, 5000} {
		b.Run(fmt.Sprint(addresses, " addresses"), func(b *testing.B) {
			var f audit.Flood
			from := make([]string, addresses)
			for i := range from {
				from[i] = fmt.Sprint("10.0.0.", i)
			}
			i := 0
			for b.Loop() {
				i++
				f.Add(audit.Entry{Time: noon, Actor: "public", From: from[i%addresses], Action: "login", Outcome: audit.Refused})
			}
		})
	}
}
