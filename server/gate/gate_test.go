package gate_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/server/gate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestGate lets weights in up to the capacity, makes others wait and refuses when waiting is in vain.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New("test", 3, time.Second, 2)
		ctx := context.Background()
		leave, err := g.Enter(ctx, 2)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := g.Enter(ctx, 2); !errors.Is(err, gate.ErrFull) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := g.Enter(gone, 2); !errors.Is(err, context.Canceled) {
			t.Errorf("a client that has gone gets %v", err)
		}
		got := make(chan error, 3)
		for range 3 {
			go func() {
				l, err := g.Enter(ctx, 3)
				if err == nil {
					l()
				}
				got <- err
			}()
		}
		synctest.Wait()
		// Two wait; the third was refused at once.
		if err := <-got; !errors.Is(err, gate.ErrFull) {
			t.Errorf("the third gets %v", err)
		}
		leave()
		for range 2 {
			if err := <-got; err != nil {
				t.Error(err)
			}
		}
		if inside, waiting, refused := g.Stats(); inside != 0 || waiting != 0 || refused != 2 {
			t.Errorf("%d inside, %d waiting, %d refused", inside, waiting, refused)
		}
		if leave, err = g.Enter(ctx, 99); err != nil { // as much as there is
			t.Fatal(err)
		}
		leave()
	})
}

// TestGateHolds never has more inside than the capacity, whatever comes and goes.
func TestGateHolds(t *testing.T) {
	g := gate.New("test", 10, time.Minute, 1000)
	var inside atomic.Int64
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			for j := range 200 {
				weight := int64((i+j)%7 + 1)
				leave, err := g.Enter(context.Background(), weight)
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(weight); n > 10 {
					t.Errorf("%d inside", n)
				}
				inside.Add(-weight)
				leave()
			}
		})
	}
	all.Wait()
}

// TestBody counts the bytes that were read until they are let go.
func TestBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New("bytes", 4<<20, time.Second, 10)
		content := bytes.Repeat([]byte("x"), 3<<20+1)
		first := gate.NewBody(context.Background(), io.NopCloser(bytes.NewReader(content)), g)
		if got, err := io.ReadAll(first); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		if inside, _, _ := g.Stats(); inside != 4<<20 {
			t.Errorf("%d bytes inside", inside)
		}
		second := gate.NewBody(context.Background(), io.NopCloser(bytes.NewReader(content)), g)
		if _, err := io.ReadAll(second); !errors.Is(err, gate.ErrFull) {
			t.Errorf("the second body: %v", err)
		}
		first.Leave()
		first.Leave()
		second.Leave()
		if inside, _, _ := g.Stats(); inside != 0 {
			t.Errorf("%d bytes left behind", inside)
		}
	})
}

// TestMemory is short when live memory comes near the limit and not without a limit.
func TestMemory(t *testing.T) {
	now := time.Unix(1, 0)
	m := &gate.Memory{Now: func() time.Time { return now }}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	if m.Short() {
		t.Error("short without a limit")
	}
	hold := make([]byte, 64<<20)
	debug.SetMemoryLimit(32 << 20)
	if m.Short() {
		t.Error("a reading holds for a moment")
	}
	now = now.Add(time.Second)
	if !m.Short() {
		t.Error("not short with 64 MiB of 32")
	}
	debug.SetMemoryLimit(8 << 30)
	now = now.Add(time.Second)
	if m.Short() {
		t.Error("short with 8 GiB")
	}
	hold[0] = 1
}

// TestPace cuts off who is slow for a whole window while others wait, and nobody else.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := gate.NewPace(time.Now, 1000, 5*time.Second)
		g := gate.New("streams", 3, 10*time.Second, 10)
		g.Relieve = p.CutSlow
		var leaves []func()
		cut := make([]atomic.Bool, 3)
		ctx, stop := context.WithCancel(t.Context())
		// Every second one brings 10 bytes, one 2,000, and one computes for long between two reads of 10 bytes.
		for i, client := range []struct {
			bytes   int
			every   time.Duration
			compute time.Duration
		}{{10, time.Second, 0}, {2000, time.Second, 0}, {10, time.Millisecond, time.Second}} {
			leave, err := g.Enter(ctx, 1)
			if err != nil {
				t.Fatal(err)
			}
			m, left := p.Join(func() { cut[i].Store(true) })
			leaves = append(leaves, left)
			body := m.Reader(io.NopCloser(drip{client.bytes, client.every}))
			go func() {
				defer leave()
				for ctx.Err() == nil {
					if _, err := body.Read(make([]byte, 4096)); err != nil {
						return
					}
					time.Sleep(client.compute)
				}
			}()
		}
		time.Sleep(time.Minute)
		if cut[0].Load() || cut[1].Load() || cut[2].Load() {
			t.Error("cut off while nobody waited")
		}
		start := time.Now()
		leave, err := g.Enter(ctx, 1)
		if err != nil || time.Since(start) > 2*time.Second {
			t.Fatalf("the one who waits: %v after %v", err, time.Since(start))
		}
		if !cut[0].Load() || cut[1].Load() || cut[2].Load() {
			t.Errorf("cut off: the slow one %v, the quick one %v, the one that computes %v", cut[0].Load(), cut[1].Load(), cut[2].Load())
		}
		leave()
		stop()
		for _, left := range leaves {
			left()
		}
		time.Sleep(time.Minute)
	})
	// A stream is not judged before it was waited for one window.
	synctest.Test(t, func(t *testing.T) {
		p := gate.NewPace(time.Now, 1000, 5*time.Second)
		gone := false
		m, leave := p.Join(func() { gone = true })
		defer leave()
		go func() {
			_, _ = m.Write([]byte("x"), func([]byte) (int, error) { time.Sleep(time.Minute); return 1, nil })
		}()
		for seconds := range 60 {
			time.Sleep(time.Second - time.Millisecond)
			p.CutSlow()
			time.Sleep(time.Millisecond)
			if gone != (seconds >= 5) {
				t.Fatalf("after %d s: cut off %v", seconds+1, gone)
			}
		}
	})
}

// drip is a body that brings some bytes after some time.
type drip struct {
	bytes int
	every time.Duration
}

func (d drip) Read([]byte) (int, error) {
	time.Sleep(d.every)
	return d.bytes, nil
}
