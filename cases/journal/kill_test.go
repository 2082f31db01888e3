package journal_test

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

	"github.com/gewu-city/gewu/cases/journal"
)

// deskDir tells a child of TestKill where the cases are.
const deskDir = "JOURNAL_DESK_DIR"

// writers is how many people work at the desks of a child.
const writers = 16

// runDesks is the child of TestKill: people who take cases from report to filing and say what was acknowledged, until they
// are killed. Whoever was cut off sends the last commands again, with their keys.
func runDesks() bool {
	dir := os.Getenv(deskDir)
	if dir == "" {
		return false
	}
	t := &alone{}
	c := start(t, dir, journal.Options{Interval: 20 * time.Millisecond, Events: 50})
	go func() { fmt.Fprintln(os.Stderr, c.j.Run(context.Background())) }()
	var out sync.Mutex
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			began := 0
			for c.shelf.Knows(fmt.Sprintf("K-%d-%d", w, began), 1) {
				began++
			}
			for n := max(0, began-1); ; n++ {
				id := fmt.Sprintf("K-%d-%d", w, n)
				for step := range 3 {
					done := c.do(t, way(id, step))
					out.Lock()
					fmt.Printf("ack %s %d %d\n", id, step, done.Number)
					out.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return true
}

// alone is the test of a child: it ends it.
type alone struct{ testing.TB }

func (*alone) Helper()        {}
func (*alone) Cleanup(func()) {}
func (*alone) Error(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}

func (a *alone) Fatal(args ...any) { a.Error(args...) }

// TestKill kills a process at random moments while cases move and checkpoints are written. Everything that it has
// acknowledged is there afterwards, and no command is there twice, however often it was sent.
func TestKill(t *testing.T) {
	rounds := 50
	if testing.Short() {
		rounds = 4
	}
	dir := t.TempDir()
	acked := map[string]int{} // number by case and step
	for round := range rounds {
		n := kill(t, dir, time.Duration(5+rand.IntN(120))*time.Millisecond, acked)
		if n == 0 {
			t.Errorf("round %d: nothing was acknowledged", round)
		}
		c := start(t, dir, journal.Options{})
		all := c.verify(t)
		for what, number := range acked {
			id, step, _ := strings.Cut(what, " ")
			if is := all[id]; is == nil || is.Version > 3 || is.Done(id+"-"+step) != number {
				t.Fatalf("round %d: step %s of %s was acknowledged as event %d: %+v", round, step, id, number, is)
			}
		}
		if round%10 == 0 {
			t.Logf("round %d: %d acknowledged, %d in all, %d cases", round, n, len(acked), len(all))
		}
		c.halt()
	}
	check(t, dir)
}

// kill runs the child, kills it a while after it has acknowledged something and has a checkpoint, and collects what it has acknowledged.
func kill(t *testing.T, dir string, after time.Duration, acked map[string]int) int {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), deskDir+"="+dir)
	var errs strings.Builder
	child.Stderr = &errs
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(time.Minute, func() { _ = child.Process.Kill() })
	defer stuck.Stop()
	begin := sync.OnceFunc(func() { time.AfterFunc(after, func() { _ = child.Process.Kill() }) })
	count := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var id string
		var step, number int
		// The last line may be cut off.
		if n, _ := fmt.Sscanf(lines.Text(), "ack %s %d %d", &id, &step, &number); n == 3 && number == step+1 {
			count++
			acked[fmt.Sprint(id, " ", step)] = number
		} else if n == 3 {
			t.Errorf("step %d of %s was acknowledged as event %d", step, id, number)
		}
		if _, err := os.Stat(checkpointFile(dir)); err == nil {
			begin()
		}
	}
	if err := child.Wait(); err == nil || errs.Len() > 0 {
		t.Errorf("child ended with %v: %s", err, errs.String())
	}
	return count
}
