package boltstore_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/data/storetest/model"
)

// crashDir tells a child of TestCrash where to write.
const crashDir = "BOLTSTORE_CRASH_DIR"

// crashWork tells a child of TestCrash what else it does while it writes: checkpoint, compaction or rebuild.
const crashWork = "BOLTSTORE_CRASH_WORK"

// besides does the work that is to be interrupted, again and again. It reports when a compaction is under way that has
// erased something.
func besides(ctx context.Context, db *boltstore.DB, work string, erased func()) error {
	before := db.Stats().Erased
	report := sync.OnceFunc(erased)
	for {
		var err error
		switch work {
		case "compaction":
			_, err = db.Compact(ctx, boltstore.Retention{KeepEntries: 20}, func(float64) {
				if db.Stats().Erased > before {
					report()
				}
			})
		case "rebuild":
			if err = db.RebuildCheckpoint(ctx, nil); err == nil {
				err = db.RebuildDefinitions(ctx, nil)
			}
		default:
			return nil // the checkpointer works without being asked
		}
		if err != nil {
			return err
		}
	}
}

// runWriters is the child of TestCrash: 32 writers that report each acknowledged change, until they are killed.
func runWriters() bool {
	dir := os.Getenv(crashDir)
	if dir == "" {
		return false
	}
	o := boltstore.SmallSteps(boltstore.Options{Now: time.Now, CheckpointChanges: 200})
	if os.Getenv(crashWork) == "checkpoint" {
		o = boltstore.Tiny(o) // there is always one being written
	}
	db, err := boltstore.Open(file(dir), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	m := model.New()
	ctx := context.Background()
	go func() { _ = db.Run(ctx, m) }()
	go func() { _ = m.Follow(ctx, db) }()
	if db.Last() == 0 {
		_, err = db.Append(ctx, data.Tx{Changes: []data.Change{storetest.Define(storetest.Lamps())}})
	}
	var wg sync.WaitGroup
	var out sync.Mutex
	wg.Go(func() {
		erased := func() {
			out.Lock()
			defer out.Unlock()
			fmt.Println("erased")
		}
		if err := besides(ctx, db, os.Getenv(crashWork), erased); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	})
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

// TestCrash kills a process with 32 writers at random moments, during checkpoints, compactions and rebuilds, and checks
// that everything it has acknowledged is there afterwards, and every invariant holds.
func TestCrash(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for _, work := range []string{"checkpoint", "compaction", "rebuild"} {
		t.Run("kill during "+work, func(t *testing.T) { testCrash(t, work, rounds) })
	}
}

func testCrash(t *testing.T, work string, rounds int) {
	t.Helper()
	dir := t.TempDir()
	acks := map[string]ack{}
	before := uint64(0)
	for round := range rounds {
		killed := crash(t, dir, work, time.Duration(100+rand.IntN(300))*time.Millisecond, acks)
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
		t.Logf("round %d: %d acknowledged, log ends at %d, checkpoint at %d, %d erased up to %d",
			round, killed, db.Last(), mark, db.Stats().Erased, db.Horizon())
		if erased := db.Stats().Erased; work == "compaction" && erased <= before {
			t.Errorf("round %d: %d changes are erased, and %d were before it", round, erased, before)
		} else {
			before = erased
		}
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
func crash(t *testing.T, dir, work string, after time.Duration, acks map[string]ack) int {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashDir+"="+dir, crashWork+"="+work)
	var errs strings.Builder
	child.Stderr = &errs
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	// A compaction is to be killed after it has erased something, and a child that hangs in any case. Nobody waits for a
	// compaction to end: in steps of ten changes, each of which waits for the writers, it takes minutes.
	started := time.Now()
	ready := work != "compaction"
	late := time.AfterFunc(time.Minute, func() { _ = child.Process.Kill() })
	defer late.Stop()
	begin := sync.OnceFunc(func() {
		t.Logf("killed %v after the start and %v", time.Since(started).Round(time.Millisecond), after)
		time.AfterFunc(after, func() { _ = child.Process.Kill() })
	})
	count := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var id string
		var a ack
		// The last line may be cut off.
		if n, _ := fmt.Sscanf(lines.Text(), "ack %s %d %d", &id, &a.n, &a.seq); n == 3 && strings.HasPrefix(lines.Text(), "ack ") {
			count++
			if a.seq > acks[id].seq {
				acks[id] = a
			}
		}
		ready = ready || lines.Text() == "erased"
		if ready && count > 0 {
			begin()
		}
	}
	if !ready {
		t.Error("no compaction erased anything within a minute")
	}
	if err := child.Wait(); err == nil || errs.Len() > 0 {
		t.Errorf("child ended with %v: %s", err, errs.String())
	}
	return count
}

// TestShortWrites makes the images that a power cut may leave of a commit: any part of the sectors that it wrote, with
// the header of the file old or new. The store opens with the entries before the commit, or with those after it.
func TestShortWrites(t *testing.T) {
	dir, cut := t.TempDir(), t.TempDir()
	db := openWith(t, dir, boltstore.Unsynced(boltstore.Options{CheckpointChanges: 40}))
	type image struct {
		before, after []byte
		last          data.Seq // before
	}
	var images []image
	var recording atomic.Bool
	boltstore.WithCommit(db, func(tx *bbolt.Tx) error {
		if !recording.Load() {
			return tx.Commit()
		}
		i := image{last: db.Last()}
		var err error
		if i.before, err = os.ReadFile(file(dir)); err != nil {
			return err
		}
		if err = tx.Commit(); err != nil {
			return err
		}
		i.after, err = os.ReadFile(file(dir))
		images = append(images, i)
		return err
	})
	s := storetest.Start(t, db)
	s.Must(t, storetest.Define(storetest.Lamps()))
	s.Must(t, bulk(300)...)
	recording.Store(true)
	for n := range 12 {
		s.Must(t, storetest.Put("a", int64(n)), storetest.Put(fmt.Sprint("bulk", n*20), int64(n)))
		if n%4 == 3 {
			compacted(t, db, boltstore.Retention{KeepEntries: 2})
		}
	}
	s.Stop(t)
	recording.Store(false)
	want := map[data.Seq]*model.City{}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	const sector, page = 512, 4096
	check := func(content []byte, allowed ...data.Seq) {
		t.Helper()
		if err := os.WriteFile(file(cut), content, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := boltstore.Open(file(cut), boltstore.Options{Now: time.Now, Verify: boltstore.VerifyFull})
		if err != nil {
			t.Fatalf("seed %d: after a cut at entry %d: %v", seed, allowed[0], err)
		}
		defer db.Close()
		if !slices.Contains(allowed, db.Last()) {
			t.Errorf("seed %d: the log ends at %d, want %v", seed, db.Last(), allowed)
		}
		if want[db.Last()] == nil {
			want[db.Last()] = upTo(t, db, db.Last())
		}
		compare(t, db, want[db.Last()])
	}
	for _, i := range images {
		whole := append(append([]byte(nil), i.before...), make([]byte, max(0, len(i.after)-len(i.before)))...)
		for range 6 {
			torn := append([]byte(nil), whole...)
			for at := 2 * page; at < len(i.after); at += sector {
				if random.IntN(2) == 0 {
					copy(torn[at:at+sector], i.after[at:])
				}
			}
			check(torn, i.last) // the header comes after the sync of all else
		}
		// All but the header is written; of that one sector, which holds all that counts.
		for which := range 2 {
			torn := append([]byte(nil), i.after...)
			copy(torn[:2*page], i.before)
			copy(torn[which*page:which*page+sector], i.after[which*page:])
			check(torn, i.last, i.last+1)
		}
	}
	t.Logf("%d commits cut", len(images))
	if len(images) < 20 {
		t.Error("hardly any commit was cut")
	}
}
