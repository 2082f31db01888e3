package boltstore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/data/storetest"
)

// TestChangedNote has somebody who can write the file make a note say something else, of the same length and valid.
func TestChangedNote(t *testing.T) {
	dir := t.TempDir()
	s := storetest.Start(t, open(t, dir))
	s.Must(t, storetest.Define(storetest.Lamps()))
	note := data.Admin{Kind: data.AdminNote, ID: "01JW", Body: json.RawMessage(`{"action":"export","actor":"account:mallory"}`)}
	seq := s.Must(t, note.Put())
	s.Must(t, storetest.Put("a", 1))
	s.Stop(t)
	checkClean(t, dir)

	whole, err := os.ReadFile(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	// Pages that the file does not use any more may hold it too.
	changed := bytes.ReplaceAll(whole, []byte("mallory"), []byte("vallory"))
	if bytes.Equal(changed, whole) {
		t.Fatal("the note is not in the file as a text")
	}
	if err := os.WriteFile(file(dir), changed, 0o600); err != nil {
		t.Fatal(err)
	}
	var found []string
	err = offline.Check(t.Context(), file(dir), boltstore.CheckOptions{Report: func(p boltstore.Problem) { found = append(found, p.String()) }})
	if text := strings.Join(found, "\n"); !strings.Contains(text, fmt.Sprintf("entry %d", seq)) {
		t.Errorf("check found %q, %v; want entry %d named", text, err, seq)
	}
}
