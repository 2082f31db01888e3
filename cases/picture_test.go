package cases_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
)

// TestReviewAgainstAMap opens and withdraws pictures at random, over their bytes in the log, and compares what the public sees with
// a map; what a fold saw before is not changed.
func TestReviewAgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, private := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), rapid.Bool().Draw(t, "private")
		by := cases.Actor{Person: "S-1", Organisation: "centre", Post: "duty-chief"}
		log := []*cases.Event{{Case: "A", Number: 1, At: at, Actor: by, Action: "report", To: "submitted", Process: &cases.ProcessRef{Name: "base", Version: 1}, Form: cases.Form{Private: private}}}
		c, err := cases.Fold(log...)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			hash, public := fmt.Sprintf("%064x", rapid.IntRange(0, 4).Draw(t, "hash")), rapid.Bool().Draw(t, "public")
			e := c.Review(at, by, hash, public)
			if (e == nil) != (want[hash] == public) {
				t.Fatalf("%s to %v while %v: %+v", hash, public, want[hash], e)
			}
			if e == nil {
				continue
			}
			b, err := cases.Encode(e)
			if err != nil {
				t.Fatal(err)
			}
			read, err := cases.Decode(b)
			if err != nil || read.Picture != hash || !read.Quiet() {
				t.Fatalf("%s: %+v, %v", b, read, err)
			}
			before, was := slices.Clone(c.Released), c
			c = c.Clone()
			if err := c.Apply(read); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(was.Released, before) {
				t.Fatal("a case that others see has changed")
			}
			if c.Moved != 1 || c.State != "submitted" || c.Version != len(log)+1 {
				t.Fatalf("%+v", c)
			}
			log = append(log, read)
			if want[hash] = public; !public {
				delete(want, hash)
			}
			if got := slices.Sorted(maps.Keys(want)); !slices.Equal(c.Released, got) {
				t.Fatalf("%v, want %v", c.Released, got)
			}
			for i := range 5 {
				if hash := fmt.Sprintf("%064x", i); c.Shows(hash) != (want[hash] && !private) {
					t.Fatalf("%s is shown: %v, private %v", hash, c.Shows(hash), private)
				}
			}
		}
		again, err := cases.Fold(log...)
		if err != nil || !slices.Equal(again.Released, c.Released) {
			t.Fatalf("folded again: %v, %v, want %v", again, err, c.Released)
		}
	})
}
