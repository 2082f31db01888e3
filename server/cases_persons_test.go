package server

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// TestCasePersons asks who can be named where an action asks for a person, as those who may take it and as others.
func TestCasePersons(t *testing.T) {
	o := working(t, "dongcheng-2004", nil)
	cells := read[struct{ Cells []struct{ Code string } }](t, o.get("operator", "/v1/locate?lon=121.505&lat=25.005")).Cells
	if len(cells) == 0 {
		t.Fatal("the place of the case lies in no cell")
	}
	o.put(data.Tx{Changes: []data.Change{record(t, people.Staff{
		ID: "walker", Name: "郑监督", Holdings: []people.Holding{{Post: "collector", Organisation: "other", Scheme: "unit", Cells: []string{cells[0].Code}}},
	})}})
	id := o.begin("collector", "report", `{"source":"collector","description":"井盖丢失","class":{"kind":"part","code":"0101"},`+here+`}`).ID
	ask := func(who, query string) (int, []string, string) {
		a := o.get(who, "/v1/cases/"+id+"/persons?"+query)
		if a.status != http.StatusOK {
			return a.status, nil, a.body
		}
		var ids []string
		for _, p := range read[struct {
			Persons []struct{ ID, Name, Post, Organisation string }
		}](t, a).Persons {
			ids = append(ids, p.ID)
		}
		return a.status, ids, a.body
	}
	for query, want := range map[string][]string{
		"action=verify-ask":                         {"walker", "collector", "collector2"},
		"action=verify-ask&limit=1":                 {"walker"},
		"action=verify-ask&q=COLLECTOR2":            {"collector2"},
		"action=verify-ask&q=郑":                     {"walker"},
		"action=verify-ask&unit=supervision-centre": {"collector", "collector2"},
		"action=verify-ask&unit=district":           {"collector", "collector2"},
		"action=verify-ask&unit=water":              nil,
	} {
		if status, got, text := ask("operator", query); status != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("%s: %d %v, want %v: %s", query, status, got, want, text)
		}
	}
	for _, c := range []struct {
		who, query, field string
		status            int
	}{
		{"operator", "", "action", http.StatusBadRequest},
		{"operator", "action=accept", "action", http.StatusBadRequest}, // asks for no person
		{"operator", "action=verify-ask&limit=0", "limit", http.StatusBadRequest},
		{"operator", "action=dance", "action", http.StatusForbidden},
		{"chief", "action=verify-ask", "action", http.StatusForbidden}, // takes it in another state
		{"collector", "action=verify-ask", "action", http.StatusForbidden},
		{"", "action=verify-ask", "action", http.StatusForbidden},
	} {
		status, _, text := ask(c.who, c.query)
		if status != c.status || !strings.Contains(text, `"field":"`+c.field+`"`) || strings.Contains(text, "监督") {
			t.Errorf("%s %s: %d %s, want %d for %s", c.who, c.query, status, text, c.status, c.field)
		}
	}
	o.act(id, "operator", "accept", "", "accepted")
	if status, _, text := ask("operator", "action=verify-ask"); status != http.StatusForbidden {
		t.Errorf("after the case went on: %d %s", status, text)
	}
	if status, got, text := ask("chief", "action=verify-ask"); status != http.StatusOK || len(got) != 3 {
		t.Errorf("the chief in the next state: %d %v %s", status, got, text)
	}
}
