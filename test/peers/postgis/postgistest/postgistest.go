// Package postgistest is PostGIS as an oracle of tests, where it is installed.
package postgistest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gewu-city/gewu/test/peers/postgis"
)

// Start is a cluster until the test ends. The test is skipped with -short, and where PostGIS is not installed.
func Start(t testing.TB) *postgis.Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	// A folder of the test is closed to the user postgres, and its name is too long for a socket.
	dir, err := os.MkdirTemp("", "pg-*") //nolint:usetesting // as said
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	pg, err := postgis.Start(t.Context(), filepath.Join(dir, "pg"))
	if errors.Is(err, postgis.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pg.Stop)
	return pg
}
