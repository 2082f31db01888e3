package boltstore_test

import (
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, dir string) *boltstore.DB {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(dir, "city.gewu"), boltstore.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestFirst(t *testing.T) {
	dir := t.TempDir()
	s := storetest.Start(t, open(t, dir))
	s.Must(t, storetest.Define(storetest.Lamps()))
	for i := range 100 {
		s.Must(t, storetest.Put(string(rune('a'+i%26)), int64(i)))
	}
	s.Must(t, storetest.Delete("a"))
	want := s.Model
	s.Stop(t)
	var store data.Store = open(t, dir)
	defer store.Close()
	if d := storetest.Replay(t, store).Diff(want); d != "" {
		t.Error(d)
	}
	m, mark := storetest.Restore(t, store)
	if d := m.Diff(want); d != "" {
		t.Error(d)
	}
	t.Log(mark, store.Last())
}
