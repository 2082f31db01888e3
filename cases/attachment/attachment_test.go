package attachment_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases/attachment"
	"github.com/gewu-city/gewu/cases/attachment/media"
)

// clock is one that tests turn.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// used are the hashes that cases refer to.
type used map[string]bool

func (u used) Refers(_ context.Context, hash string) (bool, error) { return u[hash], nil }

func photo(t testing.TB, shade uint8) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := range img.Pix {
		img.Pix[i] = shade
	}
	img.Set(3, 3, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// voice is a sound of a few frames.
func voice(n int) []byte {
	return append([]byte("#!AMR\n"), bytes.Repeat(append([]byte{4}, make([]byte, 12)...), n)...)
}

// fixture is a store and what lies below it.
type fixture struct {
	s      *attachment.Store
	bucket *blob.Bucket
	c      *clock
}

// stores are a store in memory and one in a folder.
func stores(t *testing.T) map[string]fixture {
	t.Helper()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	memory, disk := &clock{t: start}, &clock{t: start}
	bucket := memblob.OpenBucket(nil)
	t.Cleanup(func() { _ = bucket.Close() })
	f := folder(t, t.TempDir(), disk)
	return map[string]fixture{
		"bucket": {attachment.New(bucket, attachment.Options{Now: memory.now}), bucket, memory},
		"folder": {f.Store, f.Bucket(), disk},
	}
}

func folder(t testing.TB, dir string, c *clock) *attachment.Folder {
	t.Helper()
	f, err := attachment.OpenFolder(dir, attachment.Options{Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func put(t testing.TB, s *attachment.Store, owner string, content []byte) *attachment.Attachment {
	t.Helper()
	a, err := s.Put(t.Context(), owner, content, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestPutAndRead keeps a picture and a sound and reads them again, whole and small.
func TestPutAndRead(t *testing.T) {
	for name, x := range stores(t) {
		t.Run(name, func(t *testing.T) {
			s := x.s
			a, v := put(t, s, "ming", photo(t, 90)), put(t, s, "ming", voice(5))
			if a.Type != media.JPEG || a.Width != 40 || a.Height != 30 || v.Type != media.AMR {
				t.Errorf("%+v, %+v", a, v)
			}
			kind, content, err := s.Read(t.Context(), a.Hash)
			if err != nil || kind != media.JPEG || int64(len(content)) != a.Size {
				t.Errorf("%s, %d bytes, %v", kind, len(content), err)
			}
			if small, err := s.Thumb(t.Context(), a.Hash); err != nil || media.TypeOf(small) != media.JPEG {
				t.Errorf("the small picture: %v", err)
			}
			if _, content, err := s.Read(t.Context(), v.Hash); err != nil || !bytes.Equal(content, voice(5)) {
				t.Errorf("the sound: %v", err)
			}
			if _, err := s.Thumb(t.Context(), v.Hash); !errors.Is(err, attachment.ErrUnknown) {
				t.Errorf("a small sound: %v", err)
			}
			for _, hash := range append(wrongHashes, strings.Repeat("0", 64)) {
				if _, _, err := s.Read(t.Context(), hash); !errors.Is(err, attachment.ErrUnknown) {
					t.Errorf("Read(%q): %v", hash, err)
				}
				if _, err := s.Thumb(t.Context(), hash); !errors.Is(err, attachment.ErrUnknown) {
					t.Errorf("Thumb(%q): %v", hash, err)
				}
				if err := s.Hold(t.Context(), hash, "ming"); !errors.Is(err, attachment.ErrUnknown) {
					t.Errorf("Hold(%q): %v", hash, err)
				}
				if mine, err := s.Claimed(t.Context(), hash, "ming"); mine || err != nil {
					t.Errorf("Claimed(%q): %v %v", hash, mine, err)
				}
			}
		})
	}
}

// wrongHashes are texts that name no file, whatever lies beside the folder.
var wrongHashes = []string{
	"", "x", "../../gewu.db", "..", ".", "/etc/passwd", strings.Repeat("a", 63), strings.Repeat("A", 64), strings.Repeat("a", 65), strings.Repeat("../", 21) + "a",
	strings.Repeat("a", 62) + "/.", strings.Repeat("\x00", 64), strings.Repeat("a", 63) + "\n", strings.Repeat("é", 32), `..\..\` + strings.Repeat("a", 58),
}

// TestBesideTheFolder asks for what lies beside the folder by every wrong hash.
func TestBesideTheFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gewu.db"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := folder(t, filepath.Join(dir, "attachments"), &clock{})
	rapid.Check(t, func(r *rapid.T) {
		hash := rapid.OneOf(rapid.SampledFrom(wrongHashes), rapid.String(), rapid.StringMatching(`[./\\%a-f0-9]{64}`)).Draw(r, "hash")
		if attachment.ValidHash(hash) {
			return
		}
		if _, content, err := s.Read(t.Context(), hash); !errors.Is(err, attachment.ErrUnknown) || content != nil {
			r.Fatalf("%q: %q, %v", hash, content, err)
		}
	})
	// Owners are no paths, whatever they are called.
	for _, owner := range append(wrongHashes, "../../../x", "a/b", "account:é") {
		put(t, s.Store, owner, photo(t, 1))
	}
	found, err := os.ReadDir(dir)
	if err != nil || len(found) != 2 {
		t.Errorf("beside the folder: %v %v", found, err)
	}
}

// TestClaims: what somebody sent is theirs for a day, is held for another, and stays with a case.
func TestClaims(t *testing.T) {
	for name, x := range stores(t) {
		t.Run(name, func(t *testing.T) {
			s, bucket, c := x.s, x.bucket, x.c
			mine := func(hash, owner string, want bool) {
				t.Helper()
				if got, err := s.Claimed(t.Context(), hash, owner); err != nil || got != want {
					t.Errorf("%s of %s: %v %v, want %v", hash[:4], owner, got, err, want)
				}
			}
			sweep := func(u used, want int) {
				t.Helper()
				if n, err := s.Sweep(t.Context(), u); err != nil || n != want {
					t.Errorf("swept %d, %v; want %d", n, err, want)
				}
			}
			a := put(t, s, "ming", photo(t, 10)).Hash
			b := put(t, s, "ming", photo(t, 20)).Hash
			mine(a, "ming", true)
			mine(a, "li", false)
			if err := s.Hold(t.Context(), a, "li"); !errors.Is(err, attachment.ErrUnknown) {
				t.Errorf("somebody else holds it: %v", err)
			}
			c.turn(20 * time.Hour)
			sweep(nil, 0)
			put(t, s, "li", photo(t, 10)) // the same picture
			mine(a, "li", true)
			if err := s.Hold(t.Context(), b, "ming"); err != nil {
				t.Fatal(err)
			}
			c.turn(5 * time.Hour) // the first claim of a has ended
			mine(a, "ming", false)
			mine(b, "ming", true)
			if err := s.Hold(t.Context(), a, "ming"); !errors.Is(err, attachment.ErrUnknown) {
				t.Errorf("held after its time: %v", err)
			}
			sweep(nil, 0)
			mine(a, "li", true)
			c.turn(20 * time.Hour)
			sweep(used{b: true}, 1)
			if _, _, err := s.Read(t.Context(), a); !errors.Is(err, attachment.ErrUnknown) {
				t.Errorf("a file that nobody uses: %v", err)
			}
			if _, _, err := s.Read(t.Context(), b); err != nil {
				t.Errorf("a file of a case: %v", err)
			}
			if keys := keysOf(t, bucket); len(keys) != 2 {
				t.Errorf("left are %v", keys)
			}
			sweep(used{b: true}, 0)
			sweep(nil, 1)
			if keys := keysOf(t, bucket); len(keys) != 0 {
				t.Errorf("left are %v", keys)
			}
		})
	}
}

func keysOf(t testing.TB, bucket *blob.Bucket) (keys []string) {
	t.Helper()
	list := bucket.List(nil)
	for one, err := list.Next(t.Context()); err == nil; one, err = list.Next(t.Context()) {
		keys = append(keys, one.Key)
	}
	return keys
}

// TestOneContentOnce has many send the same and others at once, while a sweep runs: each can be read, each once.
func TestOneContentOnce(t *testing.T) {
	for name, x := range stores(t) {
		t.Run(name, func(t *testing.T) {
			s, bucket := x.s, x.bucket
			var running sync.WaitGroup
			for i := range 24 {
				running.Go(func() {
					a, err := s.Put(t.Context(), fmt.Sprint("owner", i), photo(t, uint8(i%3*50)), nil)
					if err != nil {
						t.Error(err)
						return
					}
					if _, _, err := s.Read(t.Context(), a.Hash); err != nil {
						t.Errorf("%s after it was put: %v", a.Hash, err)
					}
				})
			}
			running.Go(func() {
				for range 5 {
					if n, err := s.Sweep(t.Context(), used{}); n != 0 || err != nil {
						t.Errorf("swept %d, %v", n, err)
					}
				}
			})
			running.Wait()
			keys := keysOf(t, bucket)
			count := func(prefix string) (n int) {
				for _, key := range keys {
					if strings.HasPrefix(key, prefix) {
						n++
					}
				}
				return n
			}
			if count("content/") != 3 || count("thumb/") != 3 || count("claim/") != 24 || len(keys) != 30 {
				t.Errorf("kept are %v", keys)
			}
		})
	}
}

// TestDamage finds a file that is another than its name says, and mends it when it is sent again.
func TestDamage(t *testing.T) {
	for name, x := range stores(t) {
		t.Run(name, func(t *testing.T) {
			s, bucket := x.s, x.bucket
			a, b, lost := put(t, s, "ming", photo(t, 10)).Hash, put(t, s, "ming", photo(t, 20)).Hash, strings.Repeat("0", 64)
			for _, damage := range [][]byte{nil, []byte("half a pict")} {
				if err := bucket.WriteAll(t.Context(), "content/"+a[:2]+"/"+a, damage, nil); err != nil {
					t.Fatal(err)
				}
				if _, _, err := s.Read(t.Context(), a); !errors.Is(err, attachment.ErrDamaged) {
					t.Errorf("read: %v", err)
				}
				wrong := map[string]error{}
				n, err := s.Verify(t.Context(), slices.Values([]string{a, b, lost}), func(hash string, err error) { wrong[hash] = err })
				if n != 3 || err != nil || len(wrong) != 2 || !errors.Is(wrong[a], attachment.ErrDamaged) || !errors.Is(wrong[lost], attachment.ErrUnknown) {
					t.Errorf("verified %d, %v, %v", n, wrong, err)
				}
				put(t, s, "ming", photo(t, 10))
				if _, _, err := s.Read(t.Context(), a); err != nil {
					t.Errorf("sent again: %v", err)
				}
			}
			// The small picture can be made again.
			if err := bucket.Delete(t.Context(), "thumb/"+b[:2]+"/"+b); err != nil {
				t.Fatal(err)
			}
			if small, err := s.Thumb(t.Context(), b); err != nil || media.TypeOf(small) != media.JPEG {
				t.Errorf("the small picture: %v", err)
			}
		})
	}
}

// TestFailingWriters cancels writing and sends what is refused: nothing is kept.
func TestFailingWriters(t *testing.T) {
	for name, x := range stores(t) {
		t.Run(name, func(t *testing.T) {
			s, bucket := x.s, x.bucket
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := s.Put(gone, "ming", photo(t, 10), nil); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
			if _, err := s.Put(t.Context(), "ming", []byte("<svg/>"), nil); err == nil {
				t.Error("a drawing was taken")
			}
			if keys := keysOf(t, bucket); len(keys) != 0 {
				t.Errorf("kept are %v", keys)
			}
		})
	}
}

// settleFails has making durable fail: what was sent is not acknowledged.
func TestSettleFails(t *testing.T) {
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	full := errors.New("disk full")
	s := attachment.New(bucket, attachment.Options{Now: time.Now, Settle: func(string) error { return full }})
	if _, err := s.Put(t.Context(), "ming", photo(t, 10), nil); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

// TestKilled kills a process that keeps files, again and again: no name has half a file, and a sweep removes what was left.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("GEWU_ATTACH_DIR"); dir != "" {
		s := folder(t, dir, &clock{t: time.Now()})
		for i := 0; ; i++ {
			put(t, s.Store, "ming", voice(40_000+i%64))
		}
	}
	dir := filepath.Join(t.TempDir(), "attachments")
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
		child.Env = append(os.Environ(), "GEWU_ATTACH_DIR="+dir)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		// It is killed while it works: not before it has begun, and at another moment each time.
		for range 1000 {
			if found, _ := filepath.Glob(filepath.Join(dir, "content", "*", "*")); len(found) > 3*round {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Duration(round) * 700 * time.Microsecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		c := &clock{t: time.Now()}
		s, err := attachment.OpenFolder(dir, attachment.Options{Now: c.now})
		if err != nil {
			t.Fatal(err)
		}
		found, err := filepath.Glob(filepath.Join(dir, "content", "*", "*"))
		if err != nil || len(found) == 0 {
			t.Fatalf("round %d: nothing was kept: %v", round, err)
		}
		for _, path := range found {
			hash := filepath.Base(path)
			if !attachment.ValidHash(hash) {
				continue // unfinished
			}
			if _, _, err := s.Read(t.Context(), hash); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
		}
		if _, err := s.Sweep(t.Context(), used{}); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*", "*", "*.tmp")); len(left) != 0 {
			t.Errorf("round %d: a sweep leaves %v", round, left)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestRefer: which cases refer to a file is noted beside it, for ids of any form, and goes with it.
func TestRefer(t *testing.T) {
	for name, x := range stores(t) {
		t.Run(name, func(t *testing.T) {
			a, b := put(t, x.s, "ming", photo(t, 10)).Hash, put(t, x.s, "ming", photo(t, 20)).Hash
			ids := []string{"01JABC", "../../gewu.db", "案件/1", strings.Repeat("x", 300)}
			for range 2 {
				for _, id := range ids {
					if err := x.s.Refer(t.Context(), a, id); err != nil {
						t.Fatal(err)
					}
				}
			}
			got, err := x.s.Cases(t.Context(), a)
			slices.Sort(got)
			slices.Sort(ids)
			if err != nil || !slices.Equal(got, ids) {
				t.Errorf("%q %v", got, err)
			}
			if got, err := x.s.Cases(t.Context(), b); len(got) != 0 || err != nil {
				t.Errorf("%q %v", got, err)
			}
			for _, hash := range append(wrongHashes, strings.Repeat("0", 64)) {
				if err := x.s.Refer(t.Context(), hash, "1"); !errors.Is(err, attachment.ErrUnknown) {
					t.Errorf("%q: %v", hash, err)
				}
			}
			x.c.turn(25 * time.Hour)
			if n, err := x.s.Sweep(t.Context(), used{a: true}); n != 1 || err != nil {
				t.Errorf("swept %d, %v", n, err)
			}
			if got, err := x.s.Cases(t.Context(), a); len(got) != len(ids) || err != nil {
				t.Errorf("%q %v", got, err)
			}
			if n, err := x.s.Sweep(t.Context(), used{}); n != 1 || err != nil || len(keysOf(t, x.bucket)) != 0 {
				t.Errorf("swept %d, %v; left are %v", n, err, keysOf(t, x.bucket))
			}
		})
	}
}
