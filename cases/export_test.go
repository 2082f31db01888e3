package cases

import (
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases/process"
)

// TestFactsAreKnown sees that every fact that guards may ask for is answered.
func TestFactsAreKnown(t *testing.T) {
	f := facts{&decision{c: NewCase(), cmd: &Command{At: time.Unix(0, 0)}, around: Around{Directory: nobody{}}}}
	for _, name := range process.Known() {
		if name[len(name)-1] == '.' {
			name += "x"
		}
		_, isNumber := f.number(name)
		_, isText := f.text(name)
		if isNumber == isText {
			t.Errorf("%s: answered as number %v, as text %v", name, isNumber, isText)
		}
	}
	if _, known := f.number("colour"); known {
		t.Error("a fact that nobody knows is answered")
	}
}

type nobody struct{}

func (nobody) Path(string) []string              { return nil }
func (nobody) Holds(string, string, string) bool { return false }
