package test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestManual runs every command of the chapters in docs/manual, each chapter in a folder of its own. A block without
// a language is a session: each line is run by the shell and must succeed. Lines that start with $ are followed by
// what the command prints, which must be just that; such a command may fail. gewu serve and gewu demo run until their
// block ends.
func TestManual(t *testing.T) {
	chapters, err := filepath.Glob("../docs/manual/*.md")
	if err != nil || len(chapters) == 0 {
		t.Fatalf("no chapters: %v", err)
	}
	for _, chapter := range chapters {
		t.Run(filepath.Base(chapter), func(t *testing.T) {
			text, err := os.ReadFile(chapter)
			if err != nil {
				t.Fatal(err)
			}
			sh := &shell{t: t, dir: t.TempDir()}
			for _, b := range blocks(string(text)) {
				sh.session(b)
			}
		})
	}
}

var fence = regexp.MustCompile("(?ms)^```\n(.*?)^```$")

// blocks are the blocks of a text that have no language.
func blocks(text string) (out [][]string) {
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		out = append(out, strings.Split(strings.TrimSuffix(m[1], "\n"), "\n"))
	}
	return out
}

type shell struct {
	t   *testing.T
	dir string
}

func (s *shell) command(line string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(gewu)+string(os.PathListSeparator)+os.Getenv("PATH"), "GEWU_LISTEN=127.0.0.1:0")
	return cmd
}

func (s *shell) session(lines []string) {
	s.t.Helper()
	var servers []*exec.Cmd
	defer func() {
		for _, cmd := range servers {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil {
				s.t.Errorf("%s: %v", cmd, err)
			}
		}
	}()
	for i := 0; i < len(lines); i++ {
		line, shown := strings.CutPrefix(lines[i], "$ ")
		switch {
		case strings.HasPrefix(line, "gewu serve") || strings.HasPrefix(line, "gewu demo"):
			servers = append(servers, s.start(line))
			continue
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		}
		out, err := s.command(line).CombinedOutput()
		if !shown {
			if err != nil {
				s.t.Fatalf("%s: %v\n%s", line, err, out)
			}
			continue
		}
		end := i + 1
		for end < len(lines) && !strings.HasPrefix(lines[end], "$ ") {
			end++
		}
		if want := strings.Join(lines[i+1:end], "\n"); strings.TrimSpace(string(out)) != strings.TrimSpace(want) {
			s.t.Errorf("%s prints\n%swant\n%s", line, out, want)
		}
		i = end - 1
	}
}

// start starts a server and waits until it serves.
func (s *shell) start(line string) *exec.Cmd {
	s.t.Helper()
	// Without exec, the signal would go to the shell.
	cmd := s.command("exec " + line)
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ready := make(chan error, 2)
	go func() {
		sc := bufio.NewScanner(out)
		for sc.Scan() {
			if strings.Contains(sc.Text(), "gewu serves") {
				ready <- nil // the rest is read and dropped, so that the server does not wait for its reader
			}
		}
		ready <- fmt.Errorf("%s ended", line)
	}()
	select {
	case err := <-ready:
		if err != nil {
			s.t.Fatal(err)
		}
	case <-time.After(2 * time.Minute):
		s.t.Fatalf("%s does not serve", line)
	}
	return cmd
}
