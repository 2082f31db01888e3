package spool_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gewu-city/gewu/data/convert/spool"
)

// leftovers are the temporary files that are still there.
func leftovers(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "gewu-*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestCopy(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, named := range []bool{false, true} {
		f, err := spool.Copy(strings.NewReader("hello"), named, 5)
		if err != nil {
			t.Fatal(err)
		}
		if named != (len(leftovers(t)) == 1) {
			t.Errorf("named %v: %v", named, leftovers(t))
		}
		for range 2 {
			if got, err := io.ReadAll(f.Reader()); err != nil || string(got) != "hello" || f.Size() != 5 {
				t.Errorf("%q, %v", got, err)
			}
		}
		if named {
			if got, err := os.ReadFile(f.Name()); err != nil || string(got) != "hello" {
				t.Errorf("%q, %v", got, err)
			}
		}
		for range 2 {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	large := strings.Repeat("0123456789", 300_000)
	f, err := spool.Copy(iotest.HalfReader(strings.NewReader(large)), false, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(f.Reader()); err != nil || string(got) != large || f.Size() != int64(len(large)) {
		t.Errorf("%d bytes of %d, %v", len(got), len(large), err)
	}
	some := make([]byte, 5)
	if n, err := f.ReadAt(some, 1_234_567); n != 5 || err != nil || string(some) != "78901" {
		t.Errorf("%q, %v", some, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := spool.Copy(strings.NewReader("hello"), true, 4); fmt.Sprint(err) != "the file is larger than 4 bytes, the most that its format may have" {
		t.Error(err)
	}
	broken := errors.New("disk on fire")
	if _, err := spool.Copy(io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken)), true, 0); !errors.Is(err, broken) {
		t.Error(err)
	}
	if left := leftovers(t); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// archive makes an archive of members whose content repeats a text.
func archive(t testing.TB, members int, text string, times int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range members {
		w, err := z.Create(fmt.Sprintf("m%d", i))
		if err != nil {
			t.Fatal(err)
		}
		for range times {
			if _, err := io.WriteString(w, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) (string, error) {
	z, err := spool.OpenZip(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, f := range z.File {
		r, err := spool.Open(f)
		if err != nil {
			return "", err
		}
		if _, err := io.Copy(&out, r); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

func TestZip(t *testing.T) {
	good := archive(t, 2, "hello", 1)
	if got, err := read(good); err != nil || got != "hellohello" {
		t.Errorf("%q, %v", got, err)
	}
	lying := bytes.Clone(good)
	lying[bytes.LastIndex(lying, []byte("PK\x01\x02"))+24]-- // the size unpacked
	torn := bytes.Clone(good)
	torn[32] ^= 0xff // in the packed bytes of the first member
	for name, test := range map[string]struct {
		b    []byte
		want string
	}{
		"nothing":   {nil, "the file is not a ZIP archive, or its end is missing"},
		"text":      {[]byte(strings.Repeat("hello", 100)), "the file is not a ZIP archive, or its end is missing"},
		"cut":       {good[:len(good)-5], "the file is not a ZIP archive, or its end is missing"},
		"lying":     {lying, "m1: "},
		"torn":      {torn, "m0: "},
		"directory": {archive(t, 30_000, "", 0), "read the archive: the directory of the archive is larger than 1 MiB"},
		"bomb":      {archive(t, 1, strings.Repeat("\x00", 1<<20), 100), "m0: unpacks from"},
	} {
		if _, err := read(test.b); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzZip(f *testing.F) {
	f.Add(archive(f, 2, "hello", 1))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = read(b) })
}
