package version

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestRecordsAreDocumented reads the examples of docs/formats/planning.md strictly, and writes them again as they are.
func TestRecordsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats", "planning.md"))
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ = bytes.Cut(text, []byte("## Change requests")) // those are of package grid/request
	examples := regexp.MustCompile("(?s)```json\n(.*?)\n```").FindAllSubmatch(text, -1)
	into := []any{&Header{}, &Step{}, &Record{}, &lineageBody{}, &markBody{}}
	if len(examples) != len(into) {
		t.Fatalf("%d examples", len(examples))
	}
	for i, v := range into {
		d := json.NewDecoder(bytes.NewReader(examples[i][1]))
		d.DisallowUnknownFields()
		if err := d.Decode(v); err != nil {
			t.Errorf("example %d: %v", i, err)
		}
		again, err := json.Marshal(v)
		if err != nil || !bytes.Equal(again, examples[i][1]) {
			t.Errorf("example %d becomes %s, %v", i, again, err)
		}
	}
}
