package storetest

import (
	"testing"

	"github.com/gewu-city/gewu/data"
)

// Open opens the store in a folder, and creates it when there is none. It fails the test on an error. A store that
// was closed is opened again in the same folder.
type Open func(t *testing.T, dir string) data.Store

// Run is the contract of [data.Store]: every implementation passes it.
func Run(t *testing.T, open Open) {
	c := contract{open}
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"Empty", c.empty},
		{"Order", c.order},
		{"AllOrNothing", c.allOrNothing},
		{"IfSeq", c.ifSeq},
		{"PermanentIDs", c.permanentIDs},
		{"DeleteMissing", c.deleteMissing},
		{"FeatureMustFit", c.featureMustFit},
		{"IDs", c.ids},
		{"Times", c.times},
		{"TooLarge", c.tooLarge},
		{"Copies", c.copies},
		{"Layers", c.layers},
		{"AlterLayer", c.alterLayer},
		{"DropLayer", c.dropLayer},
		{"Schemes", c.schemes},
		{"EntriesResume", c.entriesResume},
		{"EntriesLarge", c.entriesLarge},
		{"Wait", c.wait},
		{"Cancel", c.cancel},
		{"Closed", c.closed},
		{"Epoch", c.epoch},
		{"Writers", c.writers},
		{"LaggingHeads", c.laggingHeads},
		{"Histories", c.histories},
	} {
		t.Run(test.name, test.run)
	}
}

type contract struct{ open Open }

// start opens a fresh store with the layer lamps.
func (c contract) start(t *testing.T) (s *Running, dir string) {
	t.Helper()
	dir = t.TempDir()
	s = Start(t, c.open(t, dir))
	s.Must(t, Define(Lamps()))
	return s, dir
}

// fail appends a transaction that must fail, and checks that nothing of it is in the log.
func (s *Running) fail(t *testing.T, changes ...data.Change) error {
	t.Helper()
	before := s.Last()
	seq, err := s.Append(t.Context(), data.Tx{Changes: changes})
	if err == nil {
		t.Fatalf("append succeeded as %d", seq)
	}
	if seq != 0 {
		t.Errorf("a failed append returned seq %d", seq)
	}
	if s.Last() != before {
		t.Errorf("last moved from %d to %d by a failed append", before, s.Last())
	}
	return err
}
