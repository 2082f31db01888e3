package data_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
)

func TestDictionaryValidate(t *testing.T) {
	good := data.Dictionary{Name: "parts", Entries: []data.Term{{Code: "01"}, {Code: "01001", Parent: "01"}, {Code: "01 001/甲"}}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	deep := []data.Term{{Code: "0"}}
	for i := range 40 {
		deep = append(deep, data.Term{Code: fmt.Sprint(i + 1), Parent: fmt.Sprint(i)})
	}
	for want, d := range map[string]data.Dictionary{
		"name: must match":                       {Name: "Parts"},
		"entries[1].code: occurs twice":          {Name: "d", Entries: []data.Term{{Code: "1"}, {Code: "1"}}},
		"entries[0].code: must be 1 to 128":      {Name: "d", Entries: []data.Term{{}}},
		"entries[1].code: must be 1 to 128":      {Name: "d", Entries: []data.Term{{Code: "1"}, {Code: "a\nb"}}},
		`entries[0].parent: "2" is no code`:      {Name: "d", Entries: []data.Term{{Code: "1", Parent: "2"}}},
		"entries[1].parent: leads round":         {Name: "d", Entries: []data.Term{{Code: "1", Parent: "2"}, {Code: "2", Parent: "1"}}},
		"entries[33].parent: leads round in a c": {Name: "d", Entries: deep},
		"entries: are 50001, at most 50000":      {Name: "d", Entries: make([]data.Term, data.MaxTerms+1)},
	} {
		if err := d.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestDictionaryNear(t *testing.T) {
	made := data.Dictionary{Name: "parts", Entries: []data.Term{{Code: "asphalt", Title: data.Title{"zh": "沥青"}}, {Code: "gravel"}}}
	if got := made.Lacks("properties.surface", "Asphalt"); got.Error() != `properties.surface: is no code of dictionary parts; near are asphalt, gravel (value "Asphalt")` {
		t.Errorf("a small dictionary: %v", got)
	}
	for i := range 200 {
		made.Entries = append(made.Entries, data.Term{Code: fmt.Sprintf("%05d", i*37)})
	}
	text, err := json.Marshal(&made)
	if err != nil {
		t.Fatal(err)
	}
	var read data.Dictionary
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*data.Dictionary{&made, &read} {
		if got := d.Near("00039"); len(got) == 0 || len(got) > 5 || !slices.Contains(got[:1], "00037") {
			t.Errorf("near 00039 are %q", got)
		}
		if got := d.Near("Asfalt"); !slices.Equal(got, []string{"asphalt"}) {
			t.Errorf("near Asfalt are %q", got)
		}
		if got := d.Near("沥青"); !slices.Equal(got, []string{"asphalt"}) {
			t.Errorf("near a title are %q", got)
		}
		if got := d.Near(strings.Repeat("x", 1000)); len(got) != 0 {
			t.Errorf("near a long text are %q", got)
		}
		for code, want := range map[string]bool{"asphalt": true, "00037": true, "": false, "Asphalt": false} {
			if term, ok := d.Term(code); ok != want || ok && term.Code != code {
				t.Errorf("%q: %+v, %v", code, term, ok)
			}
		}
	}
}
