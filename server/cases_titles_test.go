package server

import (
	"strings"
	"testing"
)

// TestEventsByTheirNames checks that what happened to a case is told by what things are called, in both languages.
func TestEventsByTheirNames(t *testing.T) {
	o := working(t, "base", nil)
	id := o.begin("operator", "report", `{"source":"hotline","description":"x","class":{"kind":"part","code":"0102"},`+here+`}`).ID
	o.act(id, "operator", "accept", "", "accepted")
	o.act(id, "chief", "register", `{"class":{"kind":"part","code":"0102"}}`, "registered")
	o.act(id, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	a := o.get("chief", "/v1/cases/"+id+"/events")
	for _, want := range []string{
		`"titles":{"class":{"en":"Sewer manhole","zh":"污水井盖"}}`, `"titles":{"units":{"water":{`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	if one := o.get("chief", "/v1/cases/"+id).body; !strings.Contains(one, `"title":{"en":"Sewer manhole","zh":"污水井盖"}`) {
		t.Errorf("%s", one)
	}
}
