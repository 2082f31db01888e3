package boltstore_test

import (
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/data/storetest"
)

// TestCheckFindsForks checks that two events of one number are found. A writer makes them that says it knows the log and
// does not.
func TestCheckFindsForks(t *testing.T) {
	dir := t.TempDir()
	appended := func(changes ...data.Change) data.Seq {
		t.Helper()
		s := storetest.Start(t, open(t, dir))
		defer s.Stop(t)
		seq, err := s.Append(t.Context(), data.Tx{Known: s.Last(), Changes: changes})
		if err != nil {
			t.Fatal(err)
		}
		return seq
	}
	first := appended(storetest.Happen("A", 1, 0))
	appended(storetest.Happen("A", 2, first))
	checkClean(t, dir)
	appended(storetest.Happen("A", 2, first))
	var found []string
	report := func(p boltstore.Problem) { found = append(found, p.String()) }
	if err := offline.Check(t.Context(), file(dir), boltstore.CheckOptions{Report: report}); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || !strings.Contains(found[0], "log entry 3, case:A: is event 2 after entry 1 and should be event 3 after entry 2") {
		t.Errorf("problems: %q", found)
	}
}
