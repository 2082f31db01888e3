package kept_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profiles"
	"github.com/gewu-city/gewu/server/casework/kept"
)

// lost is a city in which the repairs do not exist.
type lost struct{}

func (lost) Path(id string) []string {
	if id == "repairs" {
		return nil
	}
	return []string{id}
}
func (lost) Duties(*cases.Place, string) []people.Duty { return nil }
func (lost) Subunit(people.CellRef) bool               { return false }
func (lost) Working(time.Time) (bool, error)           { return true, nil }

// TestRulesStayOff: a rule that has failed is off after a restart too, with its reason, until somebody switches it on or other
// rules are put; a file that cannot be read is told of and switches nothing off.
func TestRulesStayOff(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	text := strings.Replace(rules, "post = \"judge\"\n", "", 1) + "\n[rules.leaks]\nreason = { zh = \"漏水\", en = \"Leaks\" }\nclasses = [\"0125\"]\norganisation = \"repairs\"\n"
	profile := kept.Profile{Texts: process.FromFS(profiles.Files), Process: "base", Rules: text, Off: filepath.Join(t.TempDir(), "off.json")}
	var told []int
	profile.Switched = func(off []route.Disabled) { told = append(told, len(off)) }
	start := func() *kept.Book {
		t.Helper()
		b, err := kept.New(e.World, profile)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	off := func(b *kept.Book, want int) {
		t.Helper()
		list := b.Router().Disabled()
		if len(list) != want || want > 0 && (list[0].Rule != "leaks" || !strings.Contains(list[0].Why["en"], "repairs") || list[0].At.Unix() != 7) {
			t.Fatalf("switched off are %+v, want %d", list, want)
		}
	}
	b := start()
	off(b, 0)
	leak := &route.Question{Class: cases.Class{Code: "0125"}, At: time.Unix(7, 0)}
	if _, err := b.Router().Route(leak, lost{}); err != nil {
		t.Fatal(err)
	}
	off(b, 1)
	again := start()
	off(again, 1)
	if a, err := again.Router().Route(leak, lost{}); err != nil || a.Rule == "leaks" || !a.Trace[0].Disabled {
		t.Errorf("%+v, %v", a, err)
	}
	if !again.Router().Enable("leaks") {
		t.Error("it was on")
	}
	if !slices.Equal(told, []int{1, 0}) {
		t.Errorf("told of %v rules that are off, want one and then none", told)
	}
	off(start(), 0)
	// Other rules are all on, whatever was off before, and what the old ones do later leaves them alone.
	b = start()
	old := b.Router()
	if _, err := old.Route(leak, lost{}); err != nil {
		t.Fatal(err)
	}
	_, v, err := b.DraftRules(text + "limit = \"2 hour\"\n")
	if err != nil {
		t.Fatal(err)
	}
	put, err := v.Put()
	if err != nil {
		t.Fatal(err)
	}
	indextest.At(t, e, log.Append(put))
	off(b, 0)
	off(start(), 0)
	if _, err := b.Router().Route(leak, lost{}); err != nil {
		t.Fatal(err)
	}
	old.Enable("leaks")
	off(start(), 1)
	if err := os.WriteFile(profile.Off, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := start()
	off(broken, 0)
	// The folder is gone: it is off all the same, and said.
	profile.Off = filepath.Join(t.TempDir(), "nowhere", "off.json")
	b = start()
	if _, err := b.Router().Route(leak, lost{}); err != nil {
		t.Fatal(err)
	}
	off(b, 1)
	if faults := b.Faults(); len(faults) != 1 || !strings.Contains(faults[0].Error(), "cannot be kept") {
		t.Errorf("%v", faults)
	}
}
