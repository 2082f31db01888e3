package alarm_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
)

// TestFaultyCases has cases of which nothing can be told: one whose clocks cannot be counted, and one whose process is not
// there. The marks of all others are told, and the two are named.
func TestFaultyCases(t *testing.T) {
	log := &memory{events: map[string][][]byte{}}
	for id, of := range map[string]struct {
		version int
		limit   string
	}{"L-CLOCK": {1, "five moons"}, "L-PROCESS": {99, "5 natural_day"}, "L-WELL": {1, "5 natural_day"}} {
		b, err := cases.Encode(&cases.Event{
			Case: id, Number: 1, At: begin, Actor: cases.Actor{Person: "ma", Organisation: "grid", Post: "grid-worker"}, Action: "find",
			Process: &cases.ProcessRef{Name: "luqiao", Version: of.version}, To: "handling", Unit: process.Set, Form: cases.Form{Source: "grid", Unit: "grid"},
			Clocks: []cases.ClockEffect{{Effect: process.Effect{Clock: "handle", Do: process.Start}, Limit: of.limit, Calendar: "city"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		log.events[id] = [][]byte{b}
	}
	now := begin.Add(5*24*time.Hour + time.Hour)
	w := run(t, log, hours, func() time.Time { return now })
	defer w.stop()
	for range 2 { // and the second time it is no other
		if err := w.sweeper.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		same(t, told(t, log, "L-WELL"), "121h0m0s handle.warned yellow-card", "121h0m0s handle.yellow yellow-card")
		same(t, told(t, log, "L-CLOCK"))
		same(t, told(t, log, "L-PROCESS"))
		faults := strings.Join(w.sweeper.Faults(), "\n")
		if strings.Count(faults, "marks of case") != 2 || !strings.Contains(faults, "marks of case L-CLOCK cannot be told") || !strings.Contains(faults, "five moons") ||
			!strings.Contains(faults, "marks of case L-PROCESS cannot be told") || !strings.Contains(faults, "version 99") {
			t.Errorf("faults: %s", faults)
		}
	}
}
