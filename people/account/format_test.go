package account

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"testing"
)

// TestFormatPage reads the examples of docs/formats/people.md and writes them again.
func TestFormatPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/formats/people.md")
	if err != nil {
		t.Fatal(err)
	}
	records := map[string]func() any{
		"account": func() any { return &accountRecord{} }, "session": func() any { return &sessionRecord{} },
		"key": func() any { return &keyRecord{} }, "link": func() any { return &linkRecord{} }, "failures": func() any { return &failures{} },
	}
	for _, m := range regexp.MustCompile("(?s)```json (\\w+)\n(.*?)\n```").FindAllSubmatch(page, -1) {
		name := string(m[1])
		if records[name] == nil {
			t.Fatalf("no record %s", name)
		}
		v := records[name]()
		delete(records, name)
		d := json.NewDecoder(bytes.NewReader(m[2]))
		d.DisallowUnknownFields()
		if err := d.Decode(v); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := json.Marshal(v); err != nil || !bytes.Equal(got, m[2]) {
			t.Errorf("%s is written as\n%s\nthe page has\n%s", name, got, m[2])
		}
		if r, ok := v.(*accountRecord); ok {
			if _, _, _, err := decodeHash(r.Hash); err != nil {
				t.Error(err)
			}
		}
	}
	for name := range records {
		t.Errorf("the page has no %s", name)
	}
}
