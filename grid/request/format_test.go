package request

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestEventsAreDocumented reads the examples of docs/formats/planning.md strictly, and writes them again as they are.
func TestEventsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats", "planning.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ = bytes.Cut(text, []byte("## Change requests"))
	seen := map[Kind]bool{}
	for _, example := range regexp.MustCompile("(?s)```json\n(.*?)\n```").FindAllSubmatch(text, -1) {
		e := &Event{}
		d := json.NewDecoder(bytes.NewReader(example[1]))
		d.DisallowUnknownFields()
		if err := d.Decode(e); err != nil {
			t.Errorf("%s: %v", example[1], err)
			continue
		}
		seen[e.Kind] = true
		put, err := e.Put("Q", 1)
		if err != nil || !bytes.Equal(put.Admin.Body, example[1]) || put.Layer != "request:Q/000001" || e.Check() != nil {
			t.Errorf("%s becomes %s, %v, %v", example[1], put.Admin.Body, err, e.Check())
		}
	}
	if len(seen) != 5 {
		t.Errorf("of 5 kinds there are %v", seen)
	}
}
