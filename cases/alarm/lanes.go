package alarm

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gewu-city/gewu/cases/clock"
)

// lanes is how many tell at once. While one waits for the disk the others prepare what they tell next, and the log writes
// what several wait for with one sync. A case belongs to one lane, so that its marks stay in order and no lane waits for the
// cases of another.
const lanes = 8

// lane is what waits in each lane.
type lane struct {
	s  *Sweeper
	mu sync.Mutex
	of [lanes][]clock.Notice
}

// round tells what is reached now. done reports that there was nothing; what cannot be told goes back.
func (s *Sweeper) round(ctx context.Context) (done bool, err error) {
	l := &lane{s: s}
	if !l.fill() {
		return true, nil
	}
	group, ctx := errgroup.WithContext(ctx)
	for n := range lanes {
		group.Go(func() error {
			for list := l.take(n); len(list) > 0; list = l.take(n) {
				err := ctx.Err()
				if err == nil {
					err = s.tell(ctx, list)
				}
				if err != nil {
					l.back(list)
					return err
				}
			}
			return nil
		})
	}
	err = group.Wait()
	for n := range lanes {
		l.back(l.of[n])
	}
	return false, err
}

// take is what lane n tells next, nothing at its end.
func (l *lane) take(n int) []clock.Notice {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.of[n]) < batch && l.fill() {
	}
	list := l.of[n][:min(batch, len(l.of[n]))]
	l.of[n] = l.of[n][len(list):]
	return list
}

// fill hands notices that are reached now to their lanes; false when there are none.
func (l *lane) fill() bool {
	some := l.s.sweep.Take(l.s.Now(), batch)
	for _, one := range some {
		n := l.s.shelf.Apart(one.Case, lanes)
		l.of[n] = append(l.of[n], one)
	}
	return len(some) > 0
}

func (l *lane) back(list []clock.Notice) {
	for _, n := range list {
		l.s.sweep.Return(n)
	}
}
