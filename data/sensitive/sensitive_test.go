package sensitive_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data/sensitive"
)

func TestExpires(t *testing.T) {
	zone := time.FixedZone("+8", 8*3600)
	changed := time.Date(2026, 1, 31, 23, 30, 0, 0, zone)
	for expiry, want := range map[string]time.Time{
		"2027-12-31": time.Date(2028, 1, 1, 0, 0, 0, 0, zone),
		"P2Y":        time.Date(2028, 1, 31, 23, 30, 0, 0, zone),
		"P1Y2M":      time.Date(2027, 3, 31, 23, 30, 0, 0, zone),
		"P90D":       changed.AddDate(0, 0, 90),
		"P2W1D":      changed.AddDate(0, 0, 15),
	} {
		r := sensitive.Rule{Expiry: expiry}
		if got, ok := r.Expires(changed); !ok || !got.Equal(want) {
			t.Errorf("%s: %v, want %v", expiry, got, want)
		}
	}
	for _, expiry := range []string{"", "P", "P0D", "2Y", "PT1H", "P-1D", "2027-02-30", "P1D "} {
		r := sensitive.Rule{Expiry: expiry}
		if got, ok := r.Expires(changed); ok {
			t.Errorf("%q expires %v", expiry, got)
		}
	}
}

func TestWidened(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	before := sensitive.Rule{Subject: "person", Purpose: "meals", Basis: "consent", Owner: "s1", Expiry: "P1Y", Readers: []string{"a", "b"}}
	narrow := before
	narrow.Readers, narrow.Expiry = []string{"b"}, "P6M"
	if ways := narrow.Widened(&before, now); len(ways) != 0 {
		t.Errorf("less is %v", ways)
	}
	if ways := before.Widened(&narrow, now); len(ways) != 2 {
		t.Errorf("a reader more and longer is %v", ways)
	}
	other := before
	other.Purpose = "lists"
	if ways := other.Widened(&before, now); len(ways) != 1 {
		t.Errorf("another purpose is %v", ways)
	}
}

// TestRounded: from the totals of parts and of their whole, one that is not shown can be told only when it is nine and
// every part ends in nine.
func TestRounded(t *testing.T) {
	if n, words := sensitive.Rounded(0); n != 0 || words != "<10" {
		t.Errorf("nobody is %d, %s", n, words)
	}
	if n, words := sensitive.Rounded(29); n != 20 || words != "20–29" {
		t.Errorf("29 is %d, %s", n, words)
	}
	rapid.Check(t, func(rt *rapid.T) {
		hidden := rapid.IntRange(0, 9).Draw(rt, "hidden")
		parts := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(10, 200), rapid.SampledFrom([]int{19, 29, 10, 20})), 1, 20).Draw(rt, "parts")
		whole, low, high, nines := hidden, 0, 0, hidden == 9
		for _, p := range parts {
			floor, _ := sensitive.Rounded(p)
			whole, low, high = whole+p, low+floor, high+floor+9
			nines = nines && p%10 == 9
		}
		shown, _ := sensitive.Rounded(whole)
		possible := 0
		for other := range 10 {
			// Whether parts with the same rounding and this one have a whole with the same rounding.
			if other+high >= shown && other+low <= shown+9 {
				possible++
			}
		}
		if possible < 2 && !nines {
			rt.Fatalf("%v and %d of all tell the hidden %d", parts, shown, hidden)
		}
	})
}
