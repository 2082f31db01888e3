// Package storetest holds the contract that every data.Store passes, for tests of stores and of their users.
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
	t.Helper()
	c := contract{open}
	t.Run("Empty", c.empty)
	t.Run("Order", c.order)
	t.Run("AllOrNothing", c.allOrNothing)
	t.Run("IfSeq", c.ifSeq)
	t.Run("PermanentIDs", c.permanentIDs)
	t.Run("DeleteMissing", c.deleteMissing)
	t.Run("FeatureMustFit", c.featureMustFit)
	t.Run("IDs", c.ids)
	t.Run("Times", c.times)
	t.Run("NoFuture", c.noFuture)
	t.Run("TooLarge", c.tooLarge)
	t.Run("Copies", c.copies)
	t.Run("Layers", c.layers)
	t.Run("AlterLayer", c.alterLayer)
	t.Run("AlterMeetsFeatures", c.alterMeetsFeatures)
	t.Run("Alterations", c.alterations)
	t.Run("Dictionaries", c.dictionaries)
	t.Run("Links", c.links)
	t.Run("LinksAlter", c.linksAlter)
	t.Run("LinksEqualModel", c.linksEqualModel)
	t.Run("LinksUnderWriters", c.linksUnderWriters)
	t.Run("SetNullLimit", c.setNullLimit)
	t.Run("DropLayer", c.dropLayer)
	t.Run("Schemes", c.schemes)
	t.Run("Plans", c.plans)
	t.Run("Admin", c.admin)
	t.Run("Cases", c.cases)
	t.Run("CasesUnderWriters", c.casesUnderWriters)
	t.Run("Headers", c.headers)
	t.Run("SeqAt", c.seqAt)
	t.Run("ChangesOf", c.changesOf)
	t.Run("EntriesResume", c.entriesResume)
	t.Run("EntriesLarge", c.entriesLarge)
	t.Run("Wait", c.wait)
	t.Run("Cancel", c.cancel)
	t.Run("Closed", c.closed)
	t.Run("Epoch", c.epoch)
	t.Run("Writers", c.writers)
	t.Run("LaggingHeads", c.laggingHeads)
	t.Run("Together", c.together)
	t.Run("TogetherFails", c.togetherFails)
	t.Run("TogetherAmong", c.togetherAmong)
	t.Run("TogetherLinks", c.togetherLinks)
	t.Run("TogetherLinksEqualModel", c.togetherLinksEqualModel)
	t.Run("Defined", c.defined)
	t.Run("Histories", c.histories)
	t.Run("Erase", c.erase)
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
