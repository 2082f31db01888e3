package test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/test/flow"
)

// TestStories plays the stories of all profiles: each profile in its own demonstration, one story after the other as the clock
// goes on, with a login for everybody who acts.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("../profiles/*/stories/*.flow")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no stories", err)
	}
	type told struct {
		file string
		*flow.Story
	}
	byProfile := map[string][]told{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		story, err := flow.Parse(string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		profile := filepath.Base(filepath.Dir(filepath.Dir(file)))
		byProfile[profile] = append(byProfile[profile], told{file, story})
	}
	for profile, stories := range byProfile {
		slices.SortFunc(stories, func(a, b told) int { return cmp.Or(a.Begin.Compare(b.Begin), strings.Compare(a.file, b.file)) })
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			post, listen := startMailbox(t), "127.0.0.1:"+freePort(t)
			s := startServer(t, "demo", "--profile", profile, "--data", dir, "--listen", listen, "--clock", "virtual="+stories[0].Begin.Add(-time.Minute).Format(time.RFC3339),
				"--smtp", "smtp://"+post.address, "--mail-from", "gewu@city.example", "--public-url", "http://"+listen)
			password, err := os.ReadFile(filepath.Join(dir, "demo-password"))
			if err != nil {
				t.Fatal(err)
			}
			player := &flow.Player{Base: s.url, Password: strings.TrimSpace(string(password)), Move: func(ctx context.Context, to time.Time) error {
				out, err := exec.CommandContext(ctx, gewu, "clock", "set", to.Format(time.RFC3339), "--data", dir).CombinedOutput()
				if err != nil {
					return fmt.Errorf("gewu clock set: %w: %s", err, out)
				}
				return nil
			}, Mail: post.to}
			for _, story := range stories {
				if err := player.Play(t.Context(), story.Story); err != nil {
					t.Errorf("%s: %v", story.file, err)
				}
			}
			s.stop()
		})
	}
}

// TestReportsWhileFilling reports from the first moment on that a demonstration listens: as long as it is being filled, it asks
// for patience, and then it takes the report. It never refuses one for what is not there yet.
func TestReportsWhileFilling(t *testing.T) {
	if testing.Short() {
		t.Skip("loads a synthetic district")
	}
	dir, port := t.TempDir(), freePort(t)
	base := "http://127.0.0.1:" + port
	demo := exec.Command(gewu, "demo", "--profile", "donggaodi", "--data", dir, "--listen", "127.0.0.1:"+port)
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = demo.Process.Signal(os.Interrupt)
		if err := demo.Wait(); err != nil {
			t.Error(err)
		}
	}()
	report := func(path, kind, body string) (status int, retry string) {
		resp, err := http.Post(base+path, kind, strings.NewReader(body))
		if err != nil {
			return 0, "" // it does not listen yet
		}
		defer resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("Retry-After")
	}
	const form = `{"action":"report","form":{"source":"public","description":"垃圾","point":{"lon":116.40,"lat":39.80}}}`
	waited := 0
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		status, retry := report("/v1/cases", "application/json", form)
		other, again := report("/open311/v2/requests.json", "application/x-www-form-urlencoded", "service_code=x&lat=39.8&long=116.4")
		switch {
		case status == 0:
		case status == http.StatusServiceUnavailable && retry != "":
			waited++
		default:
			// Loaded: what is answered now is the answer of the whole city.
			if resp, err := http.Get(base + "/readyz"); err != nil || resp.StatusCode != http.StatusOK {
				t.Fatalf("%d before it is ready: %v", status, err)
			}
			if waited == 0 {
				t.Error("it was never being filled")
			}
			return
		}
		if status == http.StatusServiceUnavailable && other == http.StatusServiceUnavailable && again == "" {
			t.Fatal("Open311 does not say when to try again")
		}
	}
	t.Fatal("it is not loaded after five minutes")
}
