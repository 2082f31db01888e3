package output_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/output"
)

const storeFile = "gewu.db"

func TestGuard(t *testing.T) {
	dir := t.TempDir()
	city, other := filepath.Join(dir, "city"), filepath.Join(dir, "other")
	for _, d := range []string{city, other} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	store := filepath.Join(city, storeFile)
	if err := os.WriteFile(store, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link, hard := filepath.Join(dir, "link"), filepath.Join(other, "hard.db")
	if err := os.Symlink(city, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(store, hard); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(other, "dangling")
	if err := os.Symlink(filepath.Join(city, "jobs", "7"), dangling); err != nil {
		t.Fatal(err)
	}
	t.Chdir(city)
	for path, ok := range map[string]bool{
		"": true, "-": true, store: false, storeFile: false, "./" + storeFile: false, "../city/gewu.sock": false, hard: false,
		filepath.Join(link, storeFile): false, filepath.Join(link, "gewu.sock"): false, filepath.Join(city, "jobs", "1"): false,
		dangling: false, "tmp": false, "backup.db": true, filepath.Join(other, storeFile): true, filepath.Join(other, "gewu.sock"): true,
		filepath.Join(dir, "gewu.db"): true, filepath.Join(city, "gewu-2026.db"): true,
	} {
		if err := output.Guard(store, path); (err == nil) != ok {
			t.Errorf("%q: %v", path, err)
		}
		if err := output.Guard(storeFile, path); (err == nil) != ok {
			t.Errorf("%q from inside: %v", path, err)
		}
	}
}
