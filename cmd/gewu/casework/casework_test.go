package casework_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cmd/gewu/casework"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/sample"
)

// TestChoose sees that the profile that was asked for last is remembered.
func TestChoose(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "fresh")
	folder := filepath.Join(t.TempDir(), "our-city")
	if err := os.Mkdir(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "profile.toml"), []byte("title = { zh = \"我市\", en = \"Our city\" }\ninherits = \"haidian\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ asked, want string }{{"", "base"}, {"luqiao", "luqiao"}, {"", "luqiao"}, {folder, "our-city"}, {"", "our-city"}, {"base", "base"}, {"", "base"}} {
		p, err := casework.Choose(dir, step.asked)
		if err != nil || p.Name != step.want {
			t.Fatalf("asked for %q: %v, want %s: %v", step.asked, p, step.want, err)
		}
	}
	if _, err := casework.Choose(dir, "nowhere"); err == nil {
		t.Error("a profile that does not exist is chosen")
	}
	if p, err := casework.Choose(dir, ""); err != nil || p.Name != "base" {
		t.Errorf("after a profile that does not exist: %v", err)
	}
}

// TestStage sees who is put on a stage, and that it is for this machine only.
func TestStage(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:8080", ":8080", "192.0.2.1:8080", "8080"} {
		if _, err := casework.NewStage("base", listen); err == nil || !strings.Contains(err.Error(), "on this machine only") {
			t.Errorf("%s: %v", listen, err)
		}
	}
	if _, err := casework.NewStage("nowhere", "127.0.0.1:0"); err == nil {
		t.Error("a profile that does not exist is played")
	}
	s, err := casework.NewStage("donggaodi", "[::1]:8080")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files, done, err := s.City(t.Context(), filepath.Join(dir, "tmp"))
	if err != nil {
		t.Fatal(err)
	}
	town, err := sample.Load(files)
	if err != nil || town.Name != "donggaodi" || len(town.Steps) != 10 || len(town.Schemes) != 1 {
		t.Errorf("%+v %v", town, err)
	}
	if err := done(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "tmp")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}

	accounts, err := account.OpenFile(filepath.Join(dir, "accounts.db"), account.Options{Now: time.Now, Cost: account.Cost{Time: 1, Memory: 8, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer accounts.Close()
	var sent any
	send := func(_ context.Context, _, path string, v, _ any) error {
		if path != "/v1/people" {
			t.Errorf("sent to %s", path)
		}
		sent = v
		return nil
	}
	for range 2 { // a load that was cut off goes on
		if err := s.Cast(t.Context(), send, accounts, dir); err != nil || sent == nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := s.Announce(&out, dir); err != nil {
		t.Fatal(err)
	}
	password, err := os.ReadFile(filepath.Join(dir, casework.LoginsFile))
	if err != nil || !strings.Contains(out.String(), strings.TrimSpace(string(password))) || !strings.Contains(out.String(), "请勿录入真实数据") ||
		!strings.Contains(out.String(), "gewu key create "+s.Profile.Demo.Logins[s.Profile.Demo.Staff[0].ID].Login+" --name app --data "+dir) {
		t.Errorf("%s: %s", err, out.String())
	}
	all, err := accounts.List()
	if err != nil || len(all) != len(s.Profile.Demo.Logins) {
		t.Fatalf("%d accounts of %d: %v", len(all), len(s.Profile.Demo.Logins), err)
	}
	for _, a := range all {
		if !strings.Contains(out.String(), "\n"+a.Login+" ") || a.Administrator != (a.Login == "admin") {
			t.Errorf("%+v in\n%s", a, out.String())
		}
	}
	refuse := errors.New("refused")
	if err := s.Cast(t.Context(), func(context.Context, string, string, any, any) error { return refuse }, accounts, dir); !errors.Is(err, refuse) {
		t.Errorf("what the city refuses: %v", err)
	}
}
