package convert_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gewu-city/gewu/data/convert"
)

func TestULIDs(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	next := convert.ULIDs(func() time.Time { return at }, rand.NewChaCha8([32]byte{}))
	previous := ""
	for i := range 1000 {
		if i == 500 {
			at = at.Add(time.Millisecond)
		}
		id, err := next()
		if err != nil || len(id) != 26 || id <= previous {
			t.Fatalf("%q after %q, %v", id, previous, err)
		}
		previous = id
	}
	if !strings.HasPrefix(previous, "01HF7YAT01") {
		t.Errorf("%q does not start with its time", previous)
	}
	broken := errors.New("no randomness")
	if _, err := convert.ULIDs(func() time.Time { return at }, iotest.ErrReader(broken))(); !errors.Is(err, broken) {
		t.Error(err)
	}
}
