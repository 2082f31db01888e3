package boltstore_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/storetest"
)

// crashDir tells a child of TestCrash where to write.
const crashDir = "BOLTSTORE_CRASH_DIR"

// runWriters is the child of TestCrash: 32 writers that report each acknowledged change, until they are killed.
func runWriters() bool {
	dir := os.Getenv(crashDir)
	if dir == "" {
		return false
	}
	db, err := boltstore.Open(file(dir), boltstore.Options{Now: time.Now, CheckpointChanges: 200})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	m := storetest.NewModel()
	ctx := context.Background()
	go func() { _ = db.Run(ctx, m) }()
	go func() { _ = m.Follow(ctx, db) }()
	if db.Last() == 0 {
		_, err = db.Append(ctx, data.Tx{Changes: []data.Change{storetest.Define(storetest.Lamps())}})
	}
	var wg sync.WaitGroup
	var out sync.Mutex
	for w := range 32 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(w)))
			for err == nil {
				id, n := fmt.Sprintf("%d-%d", w, random.IntN(50)), random.Int64N(1_000_000)
				// Two features in one transaction: both or none.
				seq, err := db.Append(ctx, data.Tx{Changes: []data.Change{storetest.Put(id, n), storetest.Put("twin-"+id, n)}})
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				out.Lock()
				fmt.Printf("ack %s %d %d\n", id, n, seq)
				out.Unlock()
			}
		})
	}
	wg.Wait()
	return true
}

// TestCrash kills a process with 32 writers at random moments and checks that everything it has acknowledged is
// there afterwards, and every invariant holds.
func TestCrash(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	acks := map[string]ack{}
	for round := range rounds {
		killed := crash(t, dir, time.Duration(100+rand.IntN(300))*time.Millisecond, acks)
		if killed == 0 {
			t.Errorf("round %d: nothing was acknowledged", round)
		}
		checkClean(t, dir)
		db := open(t, dir)
		m, mark := storetest.Restore(t, db)
		if d := storetest.Replay(t, db).Diff(m); d != "" {
			t.Errorf("round %d: log and checkpoint differ: %s", round, d)
		}
		for id, a := range acks {
			f, ok := m.Get("lamps", id)
			twin, _ := m.Get("lamps", "twin-"+id)
			// A later change may have been written without being acknowledged.
			if !ok || f.Seq < a.seq || f.Seq == a.seq && f.Values[2].Int() != a.n || twin.Seq != f.Seq {
				t.Errorf("round %d: %s was acknowledged as %+v and is %+v", round, id, a, f)
			}
		}
		t.Logf("round %d: %d acknowledged, log ends at %d, checkpoint at %d", round, killed, db.Last(), mark)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

type ack struct {
	n   int64
	seq data.Seq
}

// crash runs the child for a while, kills it and collects what it has acknowledged.
func crash(t *testing.T, dir string, after time.Duration, acks map[string]ack) int {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashDir+"="+dir)
	var errs strings.Builder
	child.Stderr = &errs
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	count := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var id string
		var a ack
		// The last line may be cut off.
		if n, _ := fmt.Sscanf(lines.Text(), "ack %s %d %d", &id, &a.n, &a.seq); n == 3 && strings.HasPrefix(lines.Text(), "ack ") {
			if count == 0 {
				time.AfterFunc(after, func() { _ = child.Process.Kill() })
			}
			count++
			if a.seq > acks[id].seq {
				acks[id] = a
			}
		}
	}
	if err := child.Wait(); err == nil || errs.Len() > 0 {
		t.Errorf("child ended with %v: %s", err, errs.String())
	}
	return count
}
