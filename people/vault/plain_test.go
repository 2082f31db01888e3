package vault

import (
	"testing"

	"github.com/gewu-city/gewu/data"
)

// FuzzPlain reads plain texts of any bytes: what is read is written in the same bytes.
func FuzzPlain(f *testing.F) {
	f.Add(plainText(data.TextValue(data.Text, "王小明")))
	f.Add(plainText(data.IntValue(-7)))
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := readPlain(b)
		if err != nil {
			return
		}
		again, err := readPlain(plainText(v))
		if err != nil || again != v {
			t.Errorf("%x is %v, and again %v, %v", b, v, again, err)
		}
	})
}
