//go:build unix

package output_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cmd/gewu/output"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := output.Write(t.Context(), name, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, name, want string) {
	t.Helper()
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
	}
}

// TestLinks follows links, the last of which may lead to nothing yet, and replaces what they lead to.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	there, away := filepath.Join(dir, "there"), filepath.Join(dir, "away")
	for _, d := range []string{there, away} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"first": "second", "second": "../there/file", "dir": there, "circle": "circle"} {
		if err := os.Symlink(to, filepath.Join(away, name)); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(there, "file")
	write(t, filepath.Join(away, "first"), "one")
	holds(t, file, "one")
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(away, "dir", "file"), "two")
	holds(t, file, "two")
	write(t, filepath.Join(away, "second"), "three")
	holds(t, file, "three")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the permissions have become %v, %v", info.Mode(), err)
	}
	for _, name := range []string{"first", "second"} {
		if info, err := os.Lstat(filepath.Join(away, name)); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no link any more", name)
		}
	}
	for _, name := range []string{away, filepath.Join(away, "circle")} {
		if err := output.Write(t.Context(), name, strings.NewReader("x")); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	// A file that could not be filled stays as it was, with nothing left beside it.
	bad := errors.New("bad")
	if err := output.Fill(t.Context(), file, func(w io.Writer) error {
		_, err := io.WriteString(w, "four")
		return errors.Join(err, bad)
	}); !errors.Is(err, bad) {
		t.Errorf("filling in vain: %v", err)
	}
	holds(t, file, "three")
	if left, err := os.ReadDir(there); err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}

// TestPipe writes into a pipe, by its name and through a link, and leaves it where it is.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink("pipe", link)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pipe, link} {
		got := make(chan string)
		go func() {
			// A reader that does not wait: without one to write, a broken test would hang.
			f, err := os.OpenFile(pipe, os.O_RDWR, 0)
			if err != nil {
				t.Error(err)
				close(got)
				return
			}
			text := make([]byte, 5)
			_ = f.SetReadDeadline(time.Now().Add(10 * time.Second))
			n, _ := io.ReadFull(f, text)
			_ = f.Close() // before what waits goes on: nobody reads then
			got <- string(text[:n])
		}()
		write(t, name, "hello")
		if text := <-got; text != "hello" {
			t.Errorf("through %s came %q", name, text)
		}
		if info, err := os.Lstat(pipe); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
			t.Fatalf("the pipe has become %v, %v", info.Mode(), err)
		}
	}
	// Nobody reads: whoever waits can be told to end.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := output.Write(ctx, pipe, strings.NewReader("x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without a reader: %v", err)
	}
	// The goroutine that still waits gets its reader.
	if f, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0); err == nil {
		_ = f.Close()
	}
}

// TestSystem takes what lies under /dev and /proc as it is, whatever a link there leads to.
func TestSystem(t *testing.T) {
	for _, name := range []string{"/dev/null", "/dev/stdout", "/proc/self/fd/1", "/dev/no-such-device"} {
		if to, err := output.Find(name); err == nil && !to.Through {
			t.Errorf("%s would be replaced: %+v", name, to)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("/dev/null", link); err != nil {
		t.Fatal(err)
	}
	if to, err := output.Find(link); err != nil || !to.Through || to.Path != "/dev/null" {
		t.Errorf("a link to /dev/null: %+v, %v", to, err)
	}
}
