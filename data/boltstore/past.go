package boltstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// Header is the header of one entry, as [data.Store] says.
func (db *DB) Header(ctx context.Context, seq data.Seq) (h data.Header, err error) {
	if err := ctx.Err(); err != nil {
		return h, err
	}
	err = db.readEntry(seq, func(_ *bbolt.Cursor, header data.Header) error {
		h = header
		return nil
	})
	return h, err
}

// SeqAt is the newest entry recorded at or before t, as [data.Store] says. Recorded times never run backwards, so it
// is a binary search.
func (db *DB) SeqAt(ctx context.Context, t time.Time) (data.Seq, error) {
	last := db.tip.load()
	if !last.recorded.After(t) {
		return last.seq, nil
	}
	var failed error
	after := sort.Search(int(last.seq), func(i int) bool {
		h, err := db.Header(ctx, data.Seq(i+1))
		if err != nil {
			failed = err
		}
		return failed != nil || h.Recorded.After(t)
	})
	return data.Seq(after), failed
}

// Changes are the changes of some features in one entry, as [data.Store] says.
func (db *DB) Changes(ctx context.Context, seq data.Seq, permanents ...uint32) (found []data.Change, err error) {
	wanted := slices.Clone(permanents)
	slices.Sort(wanted)
	var decoder data.Decoder
	err = db.readChanges(ctx, seq, func(head data.PayloadHead, payload []byte, hash data.Hash) error {
		if _, ok := slices.BinarySearch(wanted, head.Permanent); !ok {
			return nil
		}
		if payload == nil {
			found = append(found, data.Change{
				Stream: head.Stream, Op: head.Op, Layer: string(head.Layer), Permanent: head.Permanent, Prev: head.Prev, Erased: true,
			})
			return nil
		}
		if sha256.Sum256(payload) != hash {
			return errors.New("does not match its hash")
		}
		change, err := decoder.Payload(payload)
		found = append(found, change)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Happened are the events of a case in one entry, as [data.Store] says. Others are passed over without being decoded:
// files of cases come in with thousands in an entry.
func (db *DB) Happened(ctx context.Context, seq data.Seq, name string) (found []data.Change, err error) {
	var decoder data.Decoder
	err = db.readChanges(ctx, seq, func(head data.PayloadHead, payload []byte, hash data.Hash) error {
		if head.Stream != data.StreamCase || string(head.Layer) != name {
			return nil
		}
		if sha256.Sum256(payload) != hash {
			return errors.New("does not match its hash")
		}
		change, err := decoder.Payload(payload)
		found = append(found, change)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Outline tells what the changes of one entry are about, as [data.Store] says.
func (db *DB) Outline(ctx context.Context, seq data.Seq, take func(data.PayloadHead)) error {
	return db.readChanges(ctx, seq, func(head data.PayloadHead, _ []byte, _ data.Hash) error {
		take(head)
		return nil
	})
}

// readChanges calls take for the changes of an entry in order, with the payload, which is nil when it is erased, and
// the hash that it must have. Both are valid during the call only. The error of take is damage.
func (db *DB) readChanges(ctx context.Context, seq data.Seq, take func(head data.PayloadHead, payload []byte, hash data.Hash) error) error {
	return db.readEntry(seq, func(c *bbolt.Cursor, h data.Header) error {
		for n := 0; n < len(h.Payloads); n++ {
			const often = 4096
			if n%often == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			k, v := c.Next()
			bad := func(what string) error {
				return &layout.DamageError{Where: fmt.Sprintf("log entry %d, change %d", seq, n), What: what}
			}
			if want := layout.LogKey(seq, uint32(n)+1); string(k) != string(want[:]) {
				return bad("is missing")
			}
			if !layout.IsRun(v) {
				head, err := data.PeekPayload(v)
				if err == nil {
					err = take(head, v, h.Payloads[n])
				}
				if err != nil {
					return bad(err.Error())
				}
				continue
			}
			run, err := layout.ParseRun(k, v)
			if err != nil || n+len(run) > len(h.Payloads) {
				return bad(fmt.Sprintf("erased changes cannot be read: %v", err))
			}
			for i := range run {
				e := &run[i]
				head := data.PayloadHead{Stream: data.StreamFeature, Op: e.Op, Permanent: e.Permanent, Prev: e.Prev, Layer: []byte(e.Layer)}
				if err := take(head, nil, data.Hash{}); err != nil {
					return bad(err.Error())
				}
			}
			n += len(run) - 1
		}
		return nil
	})
}

// readEntry calls read with a cursor at the header of an entry. Damage becomes a *data.CorruptError.
func (db *DB) readEntry(seq data.Seq, read func(*bbolt.Cursor, data.Header) error) error {
	if seq == 0 || seq > db.Last() {
		return fmt.Errorf("entry %d: %w", seq, data.ErrNoEntry)
	}
	err := db.view(func(tx *bbolt.Tx) error {
		key := layout.LogKey(seq, 0)
		cursor := tx.Bucket(layout.BucketLog).Cursor()
		where := fmt.Sprintf("log entry %d, header", seq)
		k, v := cursor.Seek(key[:])
		if string(k) != string(key[:]) {
			return &layout.DamageError{Where: where, What: "is missing"}
		}
		h, err := data.DecodeHeader(v)
		if err != nil {
			return &layout.DamageError{Where: where, What: err.Error()}
		}
		return read(cursor, h)
	})
	if damage, ok := errors.AsType[*layout.DamageError](err); ok {
		return db.damaged(damage.Where, damage.What)
	}
	return err
}
