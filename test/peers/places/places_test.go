package places

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/geocode/eval"
	"github.com/gewu-city/gewu/geocode/noise"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/test/peers/postgis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small is every 200th door of the sample city.
var small = sync.OnceValues(func() (*City, error) { return Load(context.Background(), "", 200) })

func smallCity(t *testing.T) *City {
	t.Helper()
	c, err := small()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTexts: the same texts each time, each class has its own, and few are the first of many.
func TestTexts(t *testing.T) {
	c := smallCity(t)
	if len(c.Doors) < 1_000 || c.Heap <= 0 || len(c.Exact()) < 1_000 || len(c.Exact()) > len(c.Doors) {
		t.Fatalf("%d doors with %d labels, %d B", len(c.Doors), len(c.Exact()), c.Heap)
	}
	again, err := Load(t.Context(), "", 200)
	if err != nil {
		t.Fatal(err)
	}
	classes, same := c.Noisy(5), again.Noisy(5)
	if fmt.Sprint(classes) != fmt.Sprint(same) {
		t.Error("the seed gives other texts")
	}
	names := make([]string, len(classes))
	for i, cases := range classes {
		names[i] = cases[0].Class
	}
	if names[0] != string(noise.Exact) || !slices.Contains(names, string(noise.Homophone)) || slices.Contains(names, string(noise.Case)) {
		t.Errorf("classes %s", names)
	}
	mix := Evenly(classes, 2)
	if len(mix) != 2*len(classes) || mix[0].Query != classes[0][0].Query || mix[len(classes)].Query != classes[0][1].Query {
		t.Errorf("a mix of %d texts", len(mix))
	}
	for i := range mix {
		if len(mix[i].IDs) == 0 || mix[i].IDs[0] == "" {
			t.Errorf("nobody knows where %s is", mix[i].Query)
		}
	}
}

// agree asks a search for labels: each finds its own door, one that has the same label, and nothing costs nothing.
func agree(t *testing.T, c *City, s Search) {
	t.Helper()
	for range 2 { // an index can be made anew
		if cpu, bytes, err := s.Build(); err != nil || cpu <= 0 || bytes <= 0 {
			t.Fatalf("built in %v, %d B: %v", cpu, bytes, err)
		}
	}
	for _, k := range c.Exact()[:50] {
		if id, err := s.Find(s.Prepare(k.Query)); err != nil || !slices.Contains(k.IDs, id) {
			t.Errorf("%s is %s, want %v: %v", k.Query, id, k.IDs, err)
		}
	}
	perCPU, p50, p99, err := Ask(s, c.Exact()).Turn(50 * time.Millisecond)
	if err != nil || perCPU <= 0 || p50 <= 0 || p99 < p50 {
		t.Errorf("%v/s of CPU, p50 %v µs, p99 %v µs: %v", perCPU, p50, p99, err)
	}
}

func TestGewu(t *testing.T) {
	g := NewGewu(smallCity(t))
	agree(t, smallCity(t), g)
	if id, err := g.Find("沒有地點的一句話"); id != "" || err != nil {
		t.Errorf("found %q, %v", id, err)
	}
}

func TestBleve(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	b, err := NewBleve(t.Context(), filepath.Join(t.TempDir(), "bleve"), smallCity(t))
	if errors.Is(err, ErrNoBleve) && os.Getenv("GEWU_E2E") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	agree(t, smallCity(t), b)
	if id, err := b.Find("xyz"); id != "" || err != nil {
		t.Errorf("found %q, %v", id, err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := os.Remove(b.labels()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Build(); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("without labels: %v", err)
	}
}

func TestTrigrams(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	// That of the test is closed to the user postgres, and its name is too long for a socket.
	dir, err := os.MkdirTemp("", "pg-*") //nolint:usetesting // as said
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cluster, err := postgis.Start(t.Context(), filepath.Join(dir, "pg"))
	if errors.Is(err, postgis.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Stop()
	s, err := NewTrigrams(t.Context(), cluster, smallCity(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	agree(t, smallCity(t), s)
	if plan, err := cluster.SQL("EXPLAIN SELECT id FROM doors ORDER BY label <-> 'x' LIMIT 1"); err != nil || !strings.Contains(plan, "Index Scan using doors_label") {
		t.Errorf("the index is not used: %s, %v", plan, err)
	}
}

// known answers from a table, and fails at one text.
type known map[string]string

func (known) Build() (time.Duration, int64, error) { return 1, 1, nil }
func (known) CPU() (time.Duration, error)          { return 0, nil }
func (known) Prepare(text string) string           { return text }
func (k known) Find(text string) (string, error) {
	if text == "fails" {
		return "", errors.New("broken")
	}
	return k[text], nil
}

// TestHits counts right, wrong and missing answers of two searches.
func TestHits(t *testing.T) {
	classes := [][]eval.Case{
		{{Query: "a", Class: "exact", IDs: []string{"l/1", "l/2"}}, {Query: "b", Class: "exact", IDs: []string{"l/3"}}},
		{{Query: "c", Class: "typo", IDs: []string{"l/4"}}, {Query: "d", Class: "typo", IDs: []string{"l/5"}}},
	}
	good, bad := known{"a": "l/2", "b": "l/3", "c": "l/4", "d": "l/9"}, known{"a": "l/3"}
	said := 0
	say := func(string, ...any) { said++ }
	got, err := Hits(t.Context(), []Named{{good, "good"}, {bad, "bad"}}, classes, 1, say)
	want := `| right first answers, by class | good, 2 of each | good, 1 of each | bad, 1 of each | p50 and p99 of good, µs |
|---|---|---|---|---|
| exact | 100.0 % | 100.0 % | 0.0 % | N, N |
| typo | 50.0 % | 100.0 % | 0.0 % | N, N |
| all, evenly | 75.0 % | 100.0 % | 0.0 % | N, N |
`
	got = regexp.MustCompile(`\d+, \d+ \|\n`).ReplaceAllString(got, "N, N |\n")
	if err != nil || got != want || said != 3 {
		t.Errorf("%v, said %d:\n%s", err, said, got)
	}
	classes[1][0].Query = "fails"
	if _, err := Hits(t.Context(), []Named{{good, "good"}}, classes, 1, say); err == nil || !strings.Contains(err.Error(), "good: asked for fails: broken") {
		t.Errorf("a question that fails: %v", err)
	}
	if _, _, _, err := Ask(good, []eval.Case{{Query: "fails"}}).Turn(time.Millisecond); err == nil {
		t.Error("a turn that fails")
	}
}

// TestFolder reads the store of a city, and says what one without addresses lacks.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, "gewu.db"), boltstore.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	empty := store.Close()
	if _, err := Load(t.Context(), dir, 1); empty != nil || err == nil || !strings.Contains(err.Error(), "role address") {
		t.Fatalf("a city without addresses: %v, %v", empty, err)
	}
	if store, err = boltstore.Open(filepath.Join(dir, "gewu.db"), boltstore.Options{Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	l, _ := smallCity(t).World.Layer("addresses")
	changes := []data.Change{indextest.Define(l.Def())}
	for s := range l.Slots() {
		f := l.Feature(s)
		changes = append(changes, indextest.Put("addresses", f.ID, f.Shape, f.Values...))
	}
	engine := index.NewEngine(store)
	if err := engine.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var background sync.WaitGroup
	background.Go(func() { _ = store.Run(ctx, engine) })
	background.Go(func() { _ = engine.Run(ctx) })
	_, err = store.Append(t.Context(), data.Tx{Changes: changes})
	stop()
	background.Wait()
	if err = errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	c, err := Load(t.Context(), dir, 1)
	if err != nil || !slices.Equal(c.Doors, smallCity(t).Doors) {
		t.Errorf("%d doors come back: %v", len(c.Doors), err)
	}
}
