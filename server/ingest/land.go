package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// flight is a batch of changes on its way into the log and the World.
type flight struct {
	counts
	changes []data.Change
	// places are the positions of the changes by the ids of their features, for imports that land while they go on.
	places map[string]int
	// at is the definition of the layer that the changes were made for, world the Seq of the World that they were compared
	// with.
	at, world data.Seq
	// existed says of each change that puts a feature whether that was there.
	existed []bool
	// released is the number of bytes of the changes in it that had waited.
	released int

	landed chan struct{} // closed when the append has an outcome
	seq    data.Seq
	err    error
}

// newFlight is a batch without changes.
func newFlight(at, world data.Seq) *flight {
	return &flight{at: at, world: world, places: map[string]int{}}
}

// count counts a change that puts a feature.
func (f *flight) count(exists bool) {
	f.existed = append(f.existed, exists)
	f.tally(exists)
}

func (c *counts) tally(exists bool) {
	if exists {
		c.changed++
	} else {
		c.added++
	}
}

// add appends a change; with known, rows with its id are recognised until it is visible.
func (f *flight) add(c data.Change, known bool) {
	if known {
		f.places[c.Feature.ID] = len(f.changes)
	}
	f.changes = append(f.changes, c)
}

// mostFlights bounds the batches that are compared and not visible yet.
const mostFlights = 3

// underWay is the feature of an id that a batch puts which is not visible in the World that rows are compared with.
func (im *Import) underWay(id string, now *flight) *data.Feature {
	if at, ok := now.places[id]; ok {
		return &now.changes[at].Feature
	}
	for _, f := range im.flights {
		if at, ok := f.places[id]; ok {
			return &f.changes[at].Feature
		}
	}
	return nil
}

// settle takes the batches that the World shows off the list of those under way.
func (im *Import) settle(ctx context.Context, world *index.World) error {
	for len(im.flights) > 0 {
		f := im.flights[0]
		select {
		case <-f.landed:
		default:
			return nil
		}
		if f.err != nil {
			return f.err
		}
		if f.seq > world.Seq() {
			return nil
		}
		im.arrive(ctx, f)
	}
	return nil
}

// arrive notes that the oldest batch under way has landed.
func (im *Import) arrive(ctx context.Context, f *flight) {
	if im.overtaken(f) {
		im.recount(ctx, f)
	}
	im.summary.land(f.counts, f.seq)
	if len(im.own) == 0 {
		im.first = f.seq
	}
	im.own[f.seq] = true
	im.flights = im.flights[1:]
}

// overtaken reports whether somebody else wrote between the World that a batch was compared with and the batch.
func (im *Import) overtaken(f *flight) bool {
	if len(f.existed) != len(f.changes) {
		return false // it ends features
	}
	if f.released > 0 {
		return f.seq > im.cfg.World.Seq()+1 // some of its rows were compared with an older World
	}
	for seq := f.world + 1; seq < f.seq; seq++ {
		if !im.own[seq] {
			return true
		}
	}
	return false
}

// recount counts a batch by what the log holds: a feature was there if the change before was one that puts it. When the log
// cannot be read, or ctx is over, the counts stay as they were compared: what has landed is what matters.
func (im *Import) recount(ctx context.Context, f *flight) {
	type change struct {
		permanent uint32
		existed   bool
	}
	since := map[data.Seq][]change{} // by the change before, of those that somebody has made since the import began
	var c counts
	at := 0
	err := im.cfg.Store.Outline(ctx, f.seq, func(h data.PayloadHead) {
		switch {
		case at >= len(f.existed): // refs that were emptied with it
		case h.Prev > im.cfg.World.Seq():
			since[h.Prev] = append(since[h.Prev], change{h.Permanent, f.existed[at]})
		default:
			c.tally(f.existed[at])
		}
		at++
	})
	for prev, changes := range since {
		if err != nil {
			return
		}
		left := map[uint32]data.Op{}
		err = im.cfg.Store.Outline(ctx, prev, func(h data.PayloadHead) { left[h.Permanent] = h.Op })
		for _, ch := range changes {
			op, known := left[ch.permanent]
			c.tally(known && op == data.OpPut || !known && ch.existed)
		}
	}
	if err == nil {
		f.counts = c
	}
}

// launch hands a batch to the goroutine that appends, when there are not too many under way.
func (im *Import) launch(ctx context.Context, f *flight) error {
	for len(im.flights) >= mostFlights {
		if err := im.await(ctx); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	f.landed = make(chan struct{})
	im.flights = append(im.flights, f)
	im.runway <- f // it takes each at once or after one append, which ends soon after ctx
	return nil
}

// await waits until the oldest batch under way is visible.
func (im *Import) await(ctx context.Context) error {
	f := im.flights[0]
	<-f.landed
	if f.err != nil {
		return f.err
	}
	if _, err := im.cfg.Engine.Wait(ctx, f.seq); err != nil {
		return err
	}
	im.arrive(ctx, f)
	return nil
}

// landing runs do while a goroutine appends, in order, the batches that do launches. It returns when all of them have
// an outcome, and those that have landed are visible and counted.
func (im *Import) landing(ctx context.Context, do func() error) error {
	runway, ended := make(chan *flight), make(chan struct{})
	im.runway = runway
	go func() {
		defer close(ended)
		var failed error
		for f := range runway {
			if f.err = failed; failed == nil {
				f.seq, f.err = im.append(ctx, f)
				failed = f.err
			}
			close(f.landed)
		}
	}()
	err := do()
	close(runway)
	<-ended
	for len(im.flights) > 0 {
		f := im.flights[0]
		if f.err != nil {
			im.flights = nil // those behind it have not been tried
			if !errors.Is(err, f.err) {
				err = errors.Join(err, f.err)
			}
			break
		}
		if _, late := im.cfg.Engine.Wait(ctx, f.seq); late != nil && err == nil {
			err = late
		}
		im.arrive(ctx, f)
	}
	return err
}

// append makes a batch durable. When the layer was altered since the batch was compared it is still the same layer,
// unless it was dropped.
func (im *Import) append(ctx context.Context, f *flight) (data.Seq, error) {
	for {
		tx := im.tx(f.at)
		tx.Changes = f.changes
		seq, err := im.cfg.Store.Append(ctx, tx)
		redefined, altered := errors.AsType[*data.RedefinedError](err)
		if !altered {
			if err != nil {
				err = fmt.Errorf("append rows: %w", err)
			}
			return seq, err
		}
		if redefined.Have == 0 {
			// The World may not know it yet.
			return 0, errors.Join(im.dropped(), redefined)
		}
		world := im.cfg.Engine.World()
		if redefined.Have > world.Seq() {
			if world, err = im.cfg.Engine.Wait(ctx, redefined.Have); err != nil {
				return 0, err
			}
		}
		layer, err := im.layer(world)
		if err != nil {
			return 0, errors.Join(err, redefined)
		}
		f.at = layer.DefSeq()
	}
}
