package vault

import (
	"bytes"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
)

// TestFormat opens the example of docs/formats/sealed.md.
func TestFormat(t *testing.T) {
	text, err := os.ReadFile("../../docs/formats/sealed.md")
	if err != nil {
		t.Fatal(err)
	}
	example := func(name string) []byte {
		block := regexp.MustCompile("(?s)```hex " + name + "\n(.*?)```").FindSubmatch(text)
		if block == nil {
			t.Fatalf("there is no example %q", name)
		}
		var digits strings.Builder
		for line := range strings.Lines(string(block[1])) {
			code, _, _ := strings.Cut(line, "#")
			digits.WriteString(strings.Join(strings.Fields(code), ""))
		}
		b, err := hex.DecodeString(digits.String())
		if err != nil {
			t.Fatal(name, err)
		}
		return b
	}
	s, want := Subject{"elders", "E1"}, data.TextValue(data.Text, "王小明")
	if !bytes.Equal(place(s, 0), example("place")) {
		t.Errorf("place is %x", place(s, 0))
	}
	if got := plainText(want); !bytes.Equal(got, example("plain")) {
		t.Errorf("plain text is %x", got)
	}
	id, sealed, err := keyOf(data.SealedValue(example("sealed")))
	if err != nil || id != (KeyID{0: 0xa0, 15: 0xaf}) {
		t.Fatalf("%x, %v", id, err)
	}
	with, err := newBox((*[KeyBytes]byte)(example("key")))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := open(with, sealed, s, 0); err != nil || got != want {
		t.Errorf("the example opens to %v, %v", got, err)
	}
}
