package kept_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profiles"
	"github.com/gewu-city/gewu/server/casework/kept"
)

const rules = `
zone = "UTC"

[fallback]
levels = ["street"]
organisation = "centre"

[disputed]
organisation = "centre"
post = "judge"
`

// TestBook follows the log: versions and rules that are put count, a fault is told and the rest stays.
func TestBook(t *testing.T) {
	log := indextest.NewLog()
	e := indextest.Start(t, log)
	profile := kept.Profile{Texts: process.FromFS(profiles.Files), Process: "base"}
	b, err := kept.New(e.World, profile)
	if err != nil {
		t.Fatal(err)
	}
	if b.Router() != nil || len(b.All()) != 0 || len(b.Faults()) != 0 {
		t.Errorf("at first there is %v, %v, %v", b.Router(), b.All(), b.Faults())
	}
	if _, _, err := b.DraftRules(rules); err == nil || !strings.Contains(err.Error(), "judge") {
		t.Errorf("a post that there is not: %v", err)
	}
	post := func(id string) data.Change {
		a, err := people.Record(&people.Post{ID: id, Title: data.Title{"en": id}})
		if err != nil {
			t.Fatal(err)
		}
		return a.Put()
	}
	indextest.At(t, e, log.Append(post("judge")))
	_, v, err := b.DraftRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	put, err := v.Put()
	if err != nil {
		t.Fatal(err)
	}
	indextest.At(t, e, log.Append(put))
	router := b.Router()
	if parsed, text := b.Rules(); router == nil || parsed == nil || text != rules || parsed.RulingPost != "judge" {
		t.Fatalf("the rules are %+v", parsed)
	}
	// The post ends; the rules go on, with what they have switched off.
	gone := post("judge")
	gone.Op, gone.Admin = data.OpDelete, nil
	indextest.At(t, e, log.Append(gone))
	if b.Router() != router || len(b.Faults()) != 0 {
		t.Errorf("after the end of a post: %v", b.Faults())
	}
	again, err := kept.New(e.World, profile)
	if err != nil || again.Router() == nil {
		t.Errorf("a later start has %v", err)
	}
	// The version of the profile is kept with the first case.
	began := []*cases.Event{{Process: &cases.ProcessRef{Name: "base", Version: 1}, At: time.Unix(0, 0)}}
	changes, err := b.Also(began)
	if err != nil || len(changes) != 1 {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	indextest.At(t, e, log.Append(changes...))
	if all := b.All(); len(all) != 1 || all[0].Version != 1 || !strings.Contains(all[0].Text, "[steps.") {
		t.Errorf("kept is %+v", all)
	}
	if changes, err = again.Also(began); err != nil || len(changes) != 0 {
		t.Errorf("it is kept again: %d, %v", len(changes), err)
	}
	text, ok, err := b.Text("base", 1)
	if _, _, wrong := b.Draft("base", text); !ok || err != nil || wrong != nil {
		t.Errorf("the text of a version cannot be read again: %v, %v, %v", ok, err, wrong)
	}
	if _, ok, _ := b.Text("base", 9); ok {
		t.Error("there is a text of a version that there is not")
	}
	// A record that cannot be read takes nothing else away.
	body, err := json.Marshal(kept.Version{Name: "base", Version: 5, Text: "name = 7"})
	if err != nil {
		t.Fatal(err)
	}
	broken := &data.Admin{Kind: data.AdminSetting, ID: "process.base.5", Body: body}
	indextest.At(t, e, log.Append(broken.Put()))
	if newest, ok := b.Versions().Newest("base"); !ok || newest.Version != 1 || len(b.Faults()) != 1 || !strings.Contains(b.Faults()[0].Error(), "process.base.5") {
		t.Errorf("with a broken record: %v", b.Faults())
	}
	if _, err := kept.New(e.World, kept.Profile{Texts: process.FromFS(profiles.Files), Process: "none"}); err == nil {
		t.Error("a profile without a process")
	}
}
