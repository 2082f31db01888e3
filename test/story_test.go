package test

import (
	"cmp"
	"context"
	"fmt"
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
			s := startServer(t, "demo", "--profile", profile, "--data", dir, "--listen", "127.0.0.1:0", "--clock", "virtual="+stories[0].Begin.Add(-time.Minute).Format(time.RFC3339))
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
			}}
			for _, story := range stories {
				if err := player.Play(t.Context(), story.Story); err != nil {
					t.Errorf("%s: %v", story.file, err)
				}
			}
			s.stop()
		})
	}
}
