package inspect

import (
	"fmt"
	"io"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// settle finds out which entries were on disk before the newest transaction of the file began: those that the other file
// header ends with, and those that the checkpoint has taken up. bbolt changes no page that the other header needs, so an
// interrupted commit leaves these entries whole, whatever it tears.
func (in *Findings) settle(r io.ReaderAt, size int64, meta image.Meta) {
	older, ok := before(r, size, meta)
	if !ok {
		// What stood before is not known, so nothing counts as torn.
		in.Settled = in.Last
		in.unsettled = in.Last == 0
		return
	}
	in.Ended = max(in.Last, older)
	in.Settled = max(older, min(in.Mark, in.Last))
}

// before is where the log ended in the transaction before the one of a header; false when that cannot be read.
func before(r io.ReaderAt, size int64, meta image.Meta) (data.Seq, bool) {
	for i := range 2 {
		other, ok := image.ReadMeta(r, i)
		if !ok || other.TxID >= meta.TxID {
			continue
		}
		var s layout.Settings
		file := image.NewReader(r, size, other, func(string, string) { ok = false })
		var settings []image.Element
		file.Buckets(func(e image.Element) {
			if string(e.Key) == string(layout.BucketMeta) {
				settings = append(settings, image.Element{Flags: e.Flags, Value: append([]byte(nil), e.Value...)})
			}
		})
		for _, e := range settings {
			file.Bucket(e, func(e image.Element) { ok = s.Set(e.Key, e.Value) == nil && ok })
		}
		return s.Last, ok
	}
	return 0, false
}

// Loss says in words what a cut at the first damage of the log would lose, for people who decide about it: empty when
// that is nothing.
func (in *Findings) Loss() string {
	if in.Ended <= in.Intact {
		return ""
	}
	text := plural(uint64(in.Ended-in.Intact), "entry", "entries")
	if in.Totals.Changes > in.Counted.Changes {
		text += " with " + plural(in.Totals.Changes-in.Counted.Changes, "change", "changes")
	}
	return text
}

func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
