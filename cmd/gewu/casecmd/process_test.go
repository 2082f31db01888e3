package casecmd_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/casecmd"
)

var errFailed = errors.New("failed")

// run runs a command and returns what it prints.
func run(t *testing.T, command interface{ Run(*casecmd.Env) error }) (stdout, stderr string, err error) {
	t.Helper()
	var out, wrong bytes.Buffer
	err = command.Run(&casecmd.Env{Stdout: &out, Stderr: &wrong, Failed: errFailed})
	return out.String(), wrong.String(), err
}

func TestProcessOffline(t *testing.T) {
	out, _, err := run(t, casecmd.ProcessList{})
	if err != nil || !strings.Contains(out, "luqiao") || !strings.Contains(out, "donggaodi ← base") {
		t.Errorf("%s %v", out, err)
	}
	out, _, err = run(t, &casecmd.ProcessPrint{Profile: "haidian", Lang: "zh"})
	if err != nil || !strings.Contains(out, "法制办") || !strings.Contains(out, "签收") {
		t.Errorf("%.200s %v", out, err)
	}
	out, _, err = run(t, &casecmd.ProcessCheck{What: "dongcheng-2004"})
	if err != nil || !strings.Contains(out, "in order") {
		t.Errorf("%s %v", out, err)
	}
	if _, _, err = run(t, &casecmd.ProcessCheck{What: "nowhere"}); err == nil || !strings.Contains(err.Error(), "xinfeng") {
		t.Errorf("a profile that does not exist: %v", err)
	}
	if _, _, err = run(t, &casecmd.ProcessPrint{Profile: "nowhere"}); err == nil {
		t.Error("a profile that does not exist is printed")
	}
}

// TestProcessFiles checks a process alone and a folder.
func TestProcessFiles(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "our-city")
	if err := os.Mkdir(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	put := func(name, text string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	file := put("process.toml", "name = \"our-city\"\nversion = 2\ntitle = { zh = \"我\", en = \"O\" }\ninherits = \"base\"\n")
	out, _, err := run(t, &casecmd.ProcessCheck{What: file})
	if err != nil || !strings.Contains(out, "process our-city, version 2, in order") {
		t.Errorf("%s %v", out, err)
	}
	put("process.toml", "name = \"our-city\"\nversion = 2\ntitle = { zh = \"我\", en = \"O\" }\ninherits = \"base\"\n[steps.submitted.accept]\nposts = [\"nobody\", \"noone\"]\n")
	_, wrong, err := run(t, &casecmd.ProcessCheck{What: file})
	if !errors.Is(err, errFailed) || !strings.Contains(wrong, file+":6: steps.submitted.accept: posts: there is no such post (value \"noone\")") || !strings.Contains(wrong, "2 wrong") {
		t.Errorf("%s %v", wrong, err)
	}
	put("profile.toml", "title = { zh = \"我\", en = \"O\" }\ninherits = \"base\"\ncalendar = \"moon\"\n")
	for _, what := range []string{file, folder} {
		if _, wrong, err = run(t, &casecmd.ProcessCheck{What: what}); !errors.Is(err, errFailed) || !strings.Contains(wrong, "our-city/profile.toml:3: calendar") || !strings.Contains(wrong, "3 wrong") {
			t.Errorf("%s: %s %v", what, wrong, err)
		}
	}
	if _, _, err = run(t, &casecmd.ProcessCheck{What: put("other.toml", "")}); err == nil {
		t.Error("another file is checked")
	}
}
