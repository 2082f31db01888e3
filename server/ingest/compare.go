package ingest

import (
	"fmt"
	"hash/maphash"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/index"
)

// slots is a growing set of slots: one bit each, so memory is flat in the size of the files.
type slots []uint64

func (s *slots) add(i index.Slot) {
	for int(i>>6) >= len(*s) {
		*s = append(*s, 0)
	}
	(*s)[i>>6] |= 1 << (i & 63)
}

func (s slots) has(i index.Slot) bool { return int(i>>6) < len(s) && s[i>>6]&(1<<(i&63)) != 0 }

// fresh knows features that an import puts and that are not visible for long: all when nothing is before its end, else
// those that wait for others. It has hashes of 128 bits of their ids: two of ten million share one with odds of 1 in
// 10^24.
type fresh struct {
	seeds   [3]maphash.Seed
	content map[[2]uint64]uint64 // hash of the content by hash of the id
	buf     []byte
}

func newFresh() fresh {
	return fresh{seeds: [3]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed(), maphash.MakeSeed()}, content: map[[2]uint64]uint64{}}
}

func (f *fresh) add(feature *data.Feature) {
	id, sum := f.hash(feature)
	f.content[id] = sum
}

// holds reports whether the id was added, and whether with the same content.
func (f *fresh) holds(feature *data.Feature) (known, same bool) {
	if len(f.content) == 0 {
		return false, false
	}
	id, sum := f.hash(feature)
	before, known := f.content[id]
	return known, before == sum
}

func (f *fresh) hash(feature *data.Feature) (id [2]uint64, content uint64) {
	// A feature that cannot be encoded is refused where it is to be stored.
	f.buf, _ = data.AppendPayload(f.buf[:0], &data.Change{Stream: data.StreamFeature, Op: data.OpPut, Feature: *feature})
	return [2]uint64{maphash.String(f.seeds[0], feature.ID), maphash.String(f.seeds[1], feature.ID)}, maphash.Bytes(f.seeds[2], f.buf)
}

// compare finds out what a batch changes in the World of a Seq. stop is why the import ends with it.
func (im *Import) compare(layer *index.Layer, world data.Seq, rows []convert.Row) (f *flight, stop error) {
	f = newFlight(layer.DefSeq(), world)
	for i := range rows {
		row := &rows[i]
		im.summary.Rows++
		for _, n := range row.Notes {
			im.cfg.Note(fmt.Sprintf("row %d (%s): %s", row.Number, row.Feature.ID, n))
		}
		wrong := row.Err
		if wrong == nil {
			if wrong, stop = im.row(layer, row, f); stop != nil {
				return f, stop
			}
		}
		if wrong == nil {
			continue
		}
		if wrong.Source == nil {
			wrong.Source = row.Source
		}
		if stop := im.wrong(wrong); stop != nil {
			return f, stop
		}
	}
	return f, nil
}

// wrong counts and tells a wrong row. The error is why the import ends with it.
func (im *Import) wrong(e *convert.RowError) error {
	if im.cfg.Layer.Def().Sensitive != nil {
		// Reports are kept and shown; what is personal stays in the file.
		bare := *e
		bare.Value, bare.Source = "", nil
		e = &bare
	}
	im.summary.Failed++
	im.cfg.RowError(e)
	switch {
	case !im.cfg.Strict:
		return nil
	case im.late():
		return errStrictAtomic
	case im.links.left() > 0 || im.concluding:
		return errStrictWaiting
	default:
		return errStrict
	}
}

// row compares one row with the World and adds a change when it differs.
func (im *Import) row(layer *index.Layer, row *convert.Row, to *flight) (wrong *convert.RowError, err error) {
	f := &row.Feature
	slot, exists := im.find.find(layer, f.ID)
	if exists {
		supplement(layer, slot, row)
		if layer.Def().Sensitive != nil {
			if err := im.cfg.Vault.Settle(layer.Def(), f, layer.Feature(slot)); err != nil {
				return nil, err
			}
		}
	}
	if im.cfg.Guard != nil {
		if why := im.cfg.Guard(im.judged, layer, data.OpPut, f); why != nil {
			return &convert.RowError{Row: row.Number, Field: "id", Value: f.ID, Why: why.Error()}, nil
		}
	}
	if before := im.underWay(f.ID, to); before != nil {
		return im.again(row, before.Equal(f)), nil
	}
	same := exists && layer.Reads(slot, f)
	if exists && (im.seen.has(slot) || im.wrote(layer.ChangedAt(slot))) {
		// The first row may have changed it, which the World does not show.
		if known, still := im.fresh.holds(f); known {
			same = still
		}
		return im.again(row, same), nil
	}
	if exists {
		im.seen.add(slot)
	}
	if same {
		im.summary.Unchanged++
		return nil, nil
	}
	if known, same := im.fresh.holds(f); known {
		return im.again(row, same), nil
	}
	on, fault := im.links.row(f)
	if fault != nil {
		return rowError(row.Number, fault), nil
	}
	c := data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: im.name(), Feature: *f}
	if im.cfg.Atomic || im.cfg.Guard != nil {
		c.IfSeq = new(data.Seq)
		if exists {
			*c.IfSeq = layer.ChangedAt(slot)
		}
	}
	if len(on) > 0 {
		return nil, im.shelve(row, &c, exists, on)
	}
	im.links.take(f)
	if im.late() {
		im.fresh.add(f)
	}
	to.count(exists)
	to.add(c, !im.late())
	return nil, nil
}

// wrote reports whether an entry is one that the import has appended.
func (im *Import) wrote(seq data.Seq) bool { return len(im.own) > 0 && seq >= im.first && im.own[seq] }

// again is for a row whose id came before in the import.
func (im *Import) again(row *convert.Row, same bool) *convert.RowError {
	if same {
		im.summary.Unchanged++
		return nil
	}
	return &convert.RowError{
		Row: row.Number, Field: "id", Value: row.Feature.ID, Why: "occurs again with other content in this import; the first row counts",
	}
}

// supplement gives a row the values of attributes that its file does not supply: they stay.
func supplement(layer *index.Layer, slot index.Slot, row *convert.Row) {
	f := &row.Feature
	for i := range layer.Def().Attributes {
		if i < len(row.Present) && row.Present[i] {
			continue
		}
		for len(f.Values) <= i {
			f.Values = append(f.Values, data.Value{})
		}
		f.Values[i] = layer.Own(slot, i)
	}
}
