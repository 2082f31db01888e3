package inspect_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/image"
	"github.com/gewu-city/gewu/data/boltstore/inspect"
	"github.com/gewu-city/gewu/data/boltstore/layout"
)

// store is the path of a store without entries that change was made to.
func store(t *testing.T, change func(tx *bbolt.Tx) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store")
	bolt, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: image.PageSize, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = bolt.Update(func(tx *bbolt.Tx) error { return layout.Create(tx, "epoch", time.UnixMicro(0)) })
	if err == nil && change != nil {
		err = bolt.Update(change)
	}
	if err := errors.Join(err, bolt.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func file(ctx context.Context, t *testing.T, path string) (*inspect.Findings, error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	meta, problem, ok := inspect.Header(f)
	if problem != nil || !ok {
		t.Fatalf("header: %v", problem)
	}
	return inspect.File(ctx, f, info.Size(), meta, inspect.Visitor{})
}

func TestFile(t *testing.T) {
	spoil := func(bucket []byte, key string, value []byte) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put([]byte(key), value) }
	}
	logKey := layout.LogKey(1, 0)
	for name, test := range map[string]struct {
		change func(tx *bbolt.Tx) error
		want   string // part of the only problem; none when empty
		block  bool   // it is one of the checkpoint alone
	}{
		"in order":          {},
		"unknown bucket":    {want: `"other" is unknown`, change: func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("other")); return err }},
		"no definitions":    {want: `"defs" is missing`, change: func(tx *bbolt.Tx) error { return tx.DeleteBucket(layout.BucketDefs) }},
		"setting damaged":   {want: `checksum of "mark"`, change: spoil(layout.BucketMeta, "mark", []byte("damaged"))},
		"setting missing":   {want: `"epoch" is missing`, change: func(tx *bbolt.Tx) error { return tx.Bucket(layout.BucketMeta).Delete([]byte("epoch")) }},
		"definition":        {want: "checksum does not match", change: spoil(layout.BucketDefs, "x", []byte("damaged"))},
		"checkpoint is new": {want: "newer than the log", change: func(tx *bbolt.Tx) error { return layout.PutMark(tx, 1) }},
		"log too short":     {want: "ends at entry 0 and should end at 3", change: func(tx *bbolt.Tx) error { return layout.PutLast(tx, 3, data.Hash{}, &layout.Totals{Changes: 3}) }},
		"log entry":         {want: "log entry 1, header", change: spoil(layout.BucketLog, string(logKey[:]), []byte("damaged"))},
		"block":             {want: "checksum of a block", block: true, change: spoil(layout.BucketRows, "x", []byte("damaged"))},
		"bucket in bucket": {want: "is not a value", change: func(tx *bbolt.Tx) error {
			_, err := tx.Bucket(layout.BucketRows).CreateBucket([]byte("inner"))
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := file(t.Context(), t, store(t, test.change))
			if err != nil {
				t.Fatal(err)
			}
			found, other := in.Problems, in.Blocks
			if test.block {
				found, other = other, found
			}
			switch {
			case len(other) > 0 || test.want == "" && len(found) > 0:
				t.Errorf("found %v and %v", in.Problems, in.Blocks)
			case test.want != "" && (len(found) != 1 || !strings.Contains(found[0].String(), test.want)):
				t.Errorf("found %v, want one that says %q", found, test.want)
			}
			if !in.Repairable() {
				t.Error("without entries nothing can be lost, and yet it is not repairable")
			}
		})
	}
}

// TestNoLog checks that a file without a log is not repairable: nothing of it can be rebuilt.
func TestNoLog(t *testing.T) {
	in, err := file(t.Context(), t, store(t, func(tx *bbolt.Tx) error { return tx.DeleteBucket(layout.BucketLog) }))
	if err != nil || len(in.Problems) == 0 || in.Repairable() {
		t.Errorf("found %+v, %v", in, err)
	}
}

// TestNewerFormat checks that nothing is said about a file that a later program has laid out.
func TestNewerFormat(t *testing.T) {
	key, value := []byte("format"), binary.BigEndian.AppendUint32(nil, layout.Version+1)
	in, err := file(t.Context(), t, store(t, func(tx *bbolt.Tx) error {
		sealed := binary.BigEndian.AppendUint32(value, data.Checksum(key, value))
		return errors.Join(tx.Bucket(layout.BucketMeta).Put(key, sealed), tx.DeleteBucket(layout.BucketLog))
	}))
	if err != nil || in.Format != layout.Version+1 || len(in.Problems) > 0 {
		t.Errorf("found %+v, %v", in, err)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if in, err := file(ctx, t, store(t, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("found %+v, %v", in, err)
	}
}

// TestHeader damages each header of a file, and both.
func TestHeader(t *testing.T) {
	content, err := os.ReadFile(store(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	for which, want := range []string{"", "file header 0: is damaged", "file header 1: is damaged", "file header: both copies are damaged"} {
		damaged := string(content)
		for i := range 2 {
			if which&(1<<i) != 0 {
				at := i*image.PageSize + 20
				damaged = damaged[:at] + "x" + damaged[at+1:]
			}
		}
		_, problem, ok := inspect.Header(strings.NewReader(damaged))
		got := ""
		if problem != nil {
			got = problem.String()
		}
		if got != want || ok != (which != 3) {
			t.Errorf("damage %b: %q, %v, want %q", which, got, ok, want)
		}
	}
}
