package offline_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/boltstore/offline"
	"github.com/gewu-city/gewu/data/storetest"
)

// store makes a stopped store and returns its file.
func store(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "city.gewu")
	db, err := boltstore.Open(path, boltstore.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	s := storetest.Start(t, db)
	s.Must(t, storetest.Define(storetest.Lamps()))
	for n := range 50 {
		s.Must(t, storetest.Put("a", int64(n)), storetest.Put("b", int64(n)))
	}
	s.Stop(t)
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// left are the names in a folder.
func left(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// TestReceive writes a backup, and lets everything that may go wrong go wrong: the name holds the backup before it then,
// or nothing.
func TestReceive(t *testing.T) {
	source := read(t, store(t))
	if !strings.Contains(source, "lamp a") {
		t.Fatal("the store does not hold what is to be spoiled")
	}
	broken := errors.New("broken")
	send := func(content string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, content)
			return err
		}
	}
	for name, test := range map[string]struct {
		write func(io.Writer) error
		want  func(error) bool
	}{
		"whole": {send(source), func(err error) bool { return err == nil }},
		"cut off": {send(source[:20_000]), func(err error) bool {
			_, corrupt := errors.AsType[*data.CorruptError](err)
			return corrupt
		}},
		"spoiled": {send(strings.Replace(source, "lamp a", "lamp b", 1)), func(err error) bool { return err != nil }},
		"nothing": {send(""), func(err error) bool { return err != nil }},
		"the source fails": {func(w io.Writer) error {
			_, err := io.WriteString(w, source[:10_000])
			return errors.Join(err, broken)
		}, func(err error) bool { return errors.Is(err, broken) }},
		"write error, full disk": {func(io.Writer) error { return &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC} }, func(err error) bool {
			return errors.Is(err, syscall.ENOSPC)
		}},
	} {
		for _, before := range []string{"", "the backup before"} {
			dir := t.TempDir()
			path := filepath.Join(dir, "backup")
			if before != "" {
				if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			// A receiver that was killed has left this.
			if err := os.WriteFile(path+".part", []byte(strings.Repeat("left over", 100_000)), 0o600); err != nil {
				t.Fatal(err)
			}
			info, err := offline.Receive(t.Context(), path, test.write, nil)
			if !test.want(err) {
				t.Errorf("%s: %v", name, err)
			}
			want := before
			if name == "whole" {
				want = source
				if info.Last != 51 || info.Bytes != int64(len(source)) {
					t.Errorf("%+v", info)
				}
			}
			got, _ := os.ReadFile(path)
			if string(got) != want {
				t.Errorf("%s: %d bytes are there, want %d", name, len(got), len(want))
			}
			if names := left(t, dir); len(names) > 1 || len(names) == 1 && names[0] != "backup" {
				t.Errorf("%s: left %v", name, names)
			}
		}
	}
}

// TestReceiveOnce checks that two receivers do not write to one path at once.
func TestReceiveOnce(t *testing.T) {
	source := read(t, store(t))
	path := filepath.Join(t.TempDir(), "backup")
	_, err := offline.Receive(t.Context(), path, func(w io.Writer) error {
		if _, err := offline.Receive(t.Context(), path, func(io.Writer) error { return nil }, nil); !errors.Is(err, data.ErrLocked) {
			t.Errorf("a second receiver: %v", err)
		}
		_, err := io.WriteString(w, source)
		return err
	}, nil)
	if err != nil {
		t.Error(err)
	}
}

// TestCanceled ends restores and rewrites at many points: the store stays what it was, with nothing beside it.
func TestCanceled(t *testing.T) {
	backup, path := store(t), store(t)
	before := read(t, path)
	for name, work := range map[string]func(context.Context, func(float64)) error{
		"restore": func(ctx context.Context, progress func(float64)) error {
			_, err := offline.Restore(ctx, backup, path, time.Now(), progress)
			return err
		},
		"shrink": func(ctx context.Context, progress func(float64)) error {
			_, err := offline.Shrink(ctx, path, progress)
			return err
		},
	} {
		stopped := 0
		for n := range 40 {
			ctx, cancel := context.WithCancel(t.Context())
			calls := 0
			err := work(ctx, func(float64) {
				if calls++; calls > n {
					cancel()
				}
			})
			cancel()
			if err == nil {
				break
			}
			stopped++
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
			if names := left(t, filepath.Dir(path)); read(t, path) != before || len(names) != 1 {
				t.Fatalf("%s: the store has changed, or something is left: %v", name, names)
			}
		}
		if stopped < 10 {
			t.Errorf("%s was stopped %d times only", name, stopped)
		}
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, n := range left(t, filepath.Dir(path)) {
			if n != filepath.Base(path) {
				_ = os.Remove(filepath.Join(filepath.Dir(path), n))
			}
		}
	}
}
