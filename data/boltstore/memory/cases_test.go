package memory

import (
	"fmt"
	"testing"

	"github.com/gewu-city/gewu/data"
)

// TestCasesForget checks that what is forgotten is old: no case that is not remembered has an event after since.
func TestCasesForget(t *testing.T) {
	o := NewHeads(&base{applied: 5}, 5)
	o.cases.most = 10
	newest := map[string]data.Seq{}
	for seq := data.Seq(6); seq < 200; seq++ {
		name := fmt.Sprint("case:", uint64(seq)*7%83)
		o.SetEvent(name, Event{Seq: seq, Number: 1})
		if seq%5 == 0 {
			o.Rollback(0)
			if e, ok, _ := o.Event(name); ok != (e.Seq > 0) || e.Seq == seq {
				t.Fatalf("%s is at %+v after it was undone", name, e)
			}
			continue
		}
		newest[name] = seq
		o.Keep(seq)
		remembered := 0
		for name, want := range newest {
			e, ok, since := o.Event(name)
			if ok {
				remembered++
			}
			if ok && e.Seq != want || !ok && want > since {
				t.Fatalf("at %d %s is remembered as %+v, %v, and is at %d; since %d", seq, name, e, ok, want, since)
			}
		}
		if remembered > 20 || len(newest) > 10 && remembered < 10 {
			t.Fatalf("at %d %d cases are remembered", seq, remembered)
		}
	}
}
