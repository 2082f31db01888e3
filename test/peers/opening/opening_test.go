package opening_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/test/peers/opening"
)

// TestNoParts: lookups need places; a city is measured by the smoke test of the program.
func TestNoParts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gewu.db")
	store, err := boltstore.Open(path, boltstore.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := opening.Measure(t.Context(), path); err == nil || !strings.Contains(err.Error(), "no parts") {
		t.Errorf("a store without parts: %v", err)
	}
}
