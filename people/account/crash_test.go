package account

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKilled kills a process that begins and ends sessions: what it said of them holds afterwards.
func TestKilled(t *testing.T) {
	if path := os.Getenv("GEWU_TEST_PEOPLE"); path != "" {
		beginAndEnd(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "people.db")
	for round := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$", "-test.v")
		cmd.Env = append(os.Environ(), "GEWU_TEST_PEOPLE="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		begun, ended := map[string]bool{}, map[string]bool{}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			what, token, _ := strings.Cut(lines.Text(), " ")
			switch what {
			case "begun":
				begun[token] = true
			case "ending":
				delete(begun, token)
			case "ended":
				ended[token] = true
			}
			if len(ended) == 7+round {
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait()
		s, err := OpenFile(path, Options{Now: time.Now, Cost: cheap})
		if err != nil {
			t.Fatal(err)
		}
		if len(begun) == 0 || len(ended) < 7 {
			t.Fatalf("%d begun, %d ended", len(begun), len(ended))
		}
		for token := range begun {
			if _, err := s.Session(token); err != nil {
				t.Errorf("a session that was begun is lost: %v", err)
			}
		}
		for token := range ended {
			if _, err := s.Session(token); !errors.Is(err, ErrToken) {
				t.Errorf("a session that was ended goes on: %v", err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func beginAndEnd(t *testing.T, path string) {
	t.Helper()
	s, err := OpenFile(path, Options{Now: time.Now, Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Any() {
		must(s.Create(t.Context(), New{Login: "root", Password: good, Administrator: true}))(t)
	}
	for {
		keep, _, err := s.Login(t.Context(), "root", good, here, "")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("begun", keep)
		gone, _, err := s.Login(t.Context(), "root", good, here, "")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("ending", gone)
		if err := s.End(gone); err != nil {
			t.Fatal(err)
		}
		fmt.Println("ended", gone)
	}
}
