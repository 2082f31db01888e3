package undo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/spool"
)

// Store is what an undo needs to write; see [data.Store] for the contract.
type Store interface {
	Log
	Horizon() data.Seq
	AppendTogether(ctx context.Context, n int, txs iter.Seq2[data.Tx, error]) (data.Seq, error)
}

// Request says which operation is to be taken back, and how.
type Request struct {
	// Of is the operation, ID the id that the undo gets.
	Of, ID string
	Actor  string
	// Force leaves features alone that were changed since or whose history was erased, instead of refusing; DryRun writes
	// nothing.
	Force, DryRun bool
	Receipt       data.Receipt
	// Guard, if set, says why whoever asks may not put or end a feature of a layer of the World, and gives it the values
	// of attributes that are hidden from them.
	Guard func(w *index.World, layer *index.Layer, op data.Op, f *data.Feature) error
	// Progress, when not nil, is called now and then by the goroutine that calls Run.
	Progress func(done, total int64)
}

// Result is what an undo did, or would do.
type Result struct {
	// Undo is the undo's own id, with which it can be undone; empty when there was nothing to write.
	Undo string `json:"undo,omitempty"`
	Of   string `json:"of"`
	// Seq is the entry from which on the undo shows.
	Seq data.Seq `json:"seq,omitempty"`
	// Ended are features that the operation had made, Restored those that got their previous state back, Returned those
	// that the operation had ended and that exist again.
	Ended    int `json:"ended"`
	Restored int `json:"restored"`
	Returned int `json:"returned"`
	// Skipped are kept as they are: they were changed since, what the undo would make of them is not allowed any more, or
	// retention has erased what tells it; Erased counts those of the last kind.
	Skipped int        `json:"skipped,omitempty"`
	Erased  int        `json:"erased,omitempty"`
	Changed []Conflict `json:"changed_since,omitempty"`
	// Already says that the operation had been undone before, by Undo.
	Already bool `json:"already,omitempty"`
	DryRun  bool `json:"dry_run,omitempty"`
}

// Undoer takes operations back. It is safe for concurrent use.
type Undoer struct {
	Store  Store
	Engine *index.Engine
	Book   *Book
	Spool  spool.Dir
}

// attempts is how often an undo that leaves later changes alone tries again when somebody changes a feature while it
// works. Each attempt leaves out what was changed before it, so that features that are always changed are no obstacle.
const attempts = 20

// Run takes an operation back: every feature that it touched gets the state from before it. All changes become visible
// together, or none. An operation that is undone already is not undone again. Errors are [ErrUnknown], *[ConflictsError]
// and *[ErasedError], before anything is written.
func (u *Undoer) Run(ctx context.Context, q Request) (*Result, error) {
	for attempt := 1; ; attempt++ {
		op, err := u.Book.Find(ctx, q.Of)
		if err != nil {
			return nil, err
		}
		if op.UndoneBy != "" {
			by, err := u.Book.Find(ctx, op.UndoneBy)
			return &Result{Undo: by.ID, Of: op.ID, Seq: by.Last, Already: true, DryRun: q.DryRun}, err
		}
		world, err := u.Engine.Wait(ctx, op.Last)
		if err != nil {
			return nil, err
		}
		result, err := u.attempt(ctx, &q, &op, world)
		var conflict *data.ConflictError
		var redefined *data.RedefinedError
		var refused *data.ChangeError
		switch {
		case errors.As(err, &conflict) && !q.Force:
			// Somebody was faster; it may have been another undo of the same operation.
			if now, again := u.Book.Find(ctx, q.Of); again == nil && now.UndoneBy != "" {
				continue
			}
			return nil, &ConflictsError{Count: 1, First: []Conflict{{Layer: conflict.Layer, ID: conflict.ID, Seq: conflict.Have}}}
		case errors.As(err, &redefined) && attempt < attempts:
			continue // a layer was altered meanwhile
		case errors.As(err, &refused):
			return nil, &ConflictsError{Count: 1, First: []Conflict{{Layer: refused.Layer, ID: refused.ID, Why: reason(refused.Err)}}}
		}
		return result, err
	}
}

// target is a feature that is to get an older state back.
type target struct {
	prev, head data.Seq
	permanent  uint32
	slot       index.Slot // when it is alive
	layer      uint16
	alive      bool
}

// taking is one attempt.
type taking struct {
	*Undoer
	q      *Request
	op     *Operation
	world  *index.World
	own    map[data.Seq]bool // the entries of the operation
	seen   bits              // the features that were decided about
	layers []*index.Layer
	// targets are features whose state from before is in an older entry.
	targets   []target
	conflicts []Conflict
	// newest are the ids of features that the operation changed several times, by permanent id: their older changes may
	// be erased, and their ids with them.
	newest map[uint32]string
	out    *spool.Changes
	links  standing
	kept   keeping
	result Result
	done   int64
}

func (u *Undoer) attempt(ctx context.Context, q *Request, op *Operation, world *index.World) (*Result, error) {
	out, err := u.Spool.NewChanges()
	if err != nil {
		return nil, err
	}
	defer out.Close() //nolint:errcheck // it held nothing that anybody needs
	t := &taking{Undoer: u, q: q, op: op, world: world, out: out, own: map[data.Seq]bool{}, newest: map[uint32]string{}, result: Result{Of: op.ID, DryRun: q.DryRun}}
	for _, seq := range op.entries {
		t.own[seq] = true
	}
	t.links = newStanding(world, t.own)
	if err := t.collect(ctx); err != nil {
		return nil, err
	}
	if err := t.restore(ctx); err != nil {
		return nil, err
	}
	t.spread()
	if t.result.Skipped > 0 && !q.Force {
		return nil, t.refusal(ctx)
	}
	t.result.Changed = t.conflicts
	if q.DryRun || out.Len() == 0 {
		return &t.result, nil
	}
	return &t.result, t.write(ctx)
}

// collect looks at what the operation changed: features that it made are to end, those that were there before become
// targets, those that were changed since are conflicts. It goes back from the newest change: an operation that came back
// to a feature after somebody else had changed it, as an import does that was cut off and repeated, took away the
// change of that one, so that is what comes back.
func (t *taking) collect(ctx context.Context) error {
	for _, seq := range slices.Backward(t.op.entries) {
		e, err := t.entry(ctx, seq)
		if err != nil {
			return err
		}
		for i := range slices.Backward(e.Changes) {
			if err := t.look(seq, &e.Changes[i]); err != nil {
				return err
			}
		}
		t.progress()
	}
	return ctx.Err()
}

// bits is a set of permanent ids, one bit each.
type bits []uint64

// add reports whether the id was not in the set before.
func (b *bits) add(permanent uint32) bool {
	for int(permanent>>6) >= len(*b) {
		*b = append(*b, 0)
	}
	word, bit := &(*b)[permanent>>6], uint64(1)<<(permanent&63)
	fresh := *word&bit == 0
	*word |= bit
	return fresh
}

// has reports whether the id is in the set.
func (b bits) has(permanent uint32) bool {
	return int(permanent>>6) < len(b) && b[permanent>>6]&(1<<(permanent&63)) != 0
}

// entry reads one entry of the log.
func (t *taking) entry(ctx context.Context, seq data.Seq) (*data.Entry, error) {
	for e, err := range t.Store.Entries(ctx, seq-1) {
		return e, err
	}
	return nil, fmt.Errorf("undo %s: entry %d: %w", t.op.ID, seq, data.ErrNoEntry)
}

// look decides about one change of the operation, of entry seq.
func (t *taking) look(seq data.Seq, c *data.Change) error {
	t.done++
	if c.Stream != data.StreamFeature {
		return nil
	}
	if t.own[c.Prev] {
		// The operation had touched the feature before.
		if _, ok := t.newest[c.Permanent]; !ok && !c.Erased {
			t.newest[c.Permanent] = c.Feature.ID
		}
		return nil
	}
	if !t.seen.add(c.Permanent) {
		return nil // it does so again later
	}
	at, layer := t.layer(c.Layer)
	if c.Erased {
		c.Feature.ID = t.newest[c.Permanent]
	}
	conflict := Conflict{Layer: c.Layer, ID: c.Feature.ID}
	switch {
	case layer == nil || layer.Born() > seq: // it is gone, or another one has its name
		t.skip(conflict)
		return nil
	case conflict.ID == "":
		t.lose() // others have changed it since, and even which one it is was erased
		return nil
	}
	head, ok := layer.Head(c.Feature.ID)
	if ok {
		conflict.Seq = head.Seq
	}
	if !ok || head.Permanent != c.Permanent || !t.own[head.Seq] {
		t.skip(conflict)
		return nil
	}
	switch {
	case c.Prev != 0:
		to := target{prev: c.Prev, head: head.Seq, permanent: c.Permanent, layer: at}
		to.slot, to.alive = layer.Lookup(c.Feature.ID)
		t.targets = append(t.targets, to)
	case !head.Deleted:
		return t.end(conflict)
	}
	return nil
}

// layer is a layer of the present and its place in layers; nil when it does not exist.
func (t *taking) layer(name string) (uint16, *index.Layer) {
	for i, l := range t.layers {
		if l.Def().Name == name {
			return uint16(i), l
		}
	}
	l, ok := t.world.Layer(name)
	if !ok {
		return 0, nil
	}
	t.layers = append(t.layers, l)
	return uint16(len(t.layers) - 1), l
}

// skip counts a conflict.
func (t *taking) skip(c Conflict) {
	t.result.Skipped++
	t.keep(c)
	if len(t.conflicts) < mostConflicts {
		t.conflicts = append(t.conflicts, c)
	}
}

// lose counts a feature that stays because its history was erased.
func (t *taking) lose() {
	t.result.Skipped++
	t.result.Erased++
}

// end spools the end of a feature, unless others refer to it.
func (t *taking) end(c Conflict) error {
	if why := t.guard(data.OpDelete, c.Layer, &data.Feature{ID: c.ID}); why != "" {
		c.Why = why
		t.skip(c)
		return nil
	}
	if err := t.links.mayEnd(c.Layer, c.ID); err != nil {
		c.Why = reason(err)
		t.skip(c)
		return nil
	}
	t.result.Ended++
	t.ends(c)
	return t.out.Add(&data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: c.Layer, Feature: data.Feature{ID: c.ID}, IfSeq: &c.Seq})
}

// restore reads the states from before, entry by entry, and spools the changes that bring them back.
func (t *taking) restore(ctx context.Context) error {
	slices.SortStableFunc(t.targets, func(a, b target) int { return cmp.Compare(a.prev, b.prev) })
	for at := 0; at < len(t.targets); {
		end := at
		var permanents []uint32
		for ; end < len(t.targets) && t.targets[end].prev == t.targets[at].prev; end++ {
			permanents = append(permanents, t.targets[end].permanent)
		}
		changes, err := t.Store.Changes(ctx, t.targets[at].prev, permanents...)
		if err != nil {
			return err
		}
		// An entry may change a feature more than once: the last change is the state that it left.
		left := make(map[uint32]*data.Change, len(changes))
		for i := range changes {
			left[changes[i].Permanent] = &changes[i]
		}
		for i := at; i < end; i++ {
			if err := t.bring(&t.targets[i], left[t.targets[i].permanent]); err != nil {
				return err
			}
		}
		at = end
		t.progress()
	}
	return ctx.Err()
}

// bring spools the change that gives a feature the state of before.
func (t *taking) bring(to *target, before *data.Change) error {
	t.done++
	layer := t.layers[to.layer].Def()
	switch {
	case before == nil:
		return fmt.Errorf("undo %s: entry %d does not hold the feature with permanent id %d", t.op.ID, to.prev, to.permanent)
	case before.Op == data.OpDelete && !to.alive:
		return nil // ended before and after
	case before.Op == data.OpDelete:
		// The operation had brought it back.
		return t.end(Conflict{Layer: layer.Name, ID: t.layers[to.layer].ID(to.slot), Seq: to.head})
	case before.Erased:
		t.lose()
		if to.alive {
			t.keep(Conflict{Layer: layer.Name, ID: t.layers[to.layer].ID(to.slot)})
		}
		return nil
	}
	if why := t.guard(data.OpPut, layer.Name, &before.Feature); why != "" {
		t.skip(Conflict{Layer: layer.Name, ID: before.Feature.ID, Why: why})
		return nil
	}
	if err := t.links.mayPut(layer, &before.Feature); err != nil {
		t.skip(Conflict{Layer: layer.Name, ID: before.Feature.ID, Seq: to.head, Why: reason(err)})
		return nil
	}
	c := data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: layer.Name, Feature: before.Feature, IfSeq: new(data.Seq)}
	if to.alive {
		*c.IfSeq = to.head
		t.result.Restored++
	} else {
		t.result.Returned++
	}
	return t.out.Add(&c)
}

// guard says why whoever asks may not make a change, empty when they may.
func (t *taking) guard(op data.Op, layer string, f *data.Feature) string {
	if t.q.Guard == nil {
		return ""
	}
	_, l := t.layer(layer)
	if l == nil {
		return "belongs to a layer that is gone"
	}
	if err := t.q.Guard(t.world, l, op, f); err != nil {
		return err.Error()
	}
	return ""
}

// feature names a feature.
type feature struct{ layer, id string }

// write appends what was spooled. With force it leaves out what somebody changes while it tries.
func (t *taking) write(ctx context.Context) error {
	tx := data.Tx{
		Actor: t.q.Actor, Cause: Cause(Undo, t.op.ID), Operation: t.q.ID, Receipt: t.q.Receipt, Defined: map[string]data.Seq{},
	}
	for _, l := range t.layers {
		tx.Defined[l.Def().Name] = l.DefSeq()
	}
	keep := t.kept.without()
	skipped, erased, conflicts := t.result.Skipped, t.result.Erased, t.conflicts
	left := map[feature]bool{}
	for attempt := 1; ; attempt++ {
		n, txs, err := t.out.Transactions(tx, keep)
		if err != nil || n == 0 {
			return err
		}
		seq, err := t.Store.AppendTogether(ctx, n, txs)
		conflict, clash := errors.AsType[*data.ConflictError](err)
		refused, unfit := errors.AsType[*data.ChangeError](err)
		switch {
		case err == nil:
			t.result.Undo, t.result.Seq, t.result.Changed = t.q.ID, seq, t.conflicts
			// It is durable: being late or stopping changes nothing about the answer.
			_, _ = t.Engine.Wait(ctx, seq)
			return nil
		case !clash && !unfit || !t.q.Force || attempt == attempts:
			return fmt.Errorf("undo %s: %w", t.op.ID, err)
		case unfit:
			// Somebody was faster with a ref to it, or with its value. It stays, whatever else the next attempt finds.
			why := Conflict{Layer: refused.Layer, ID: refused.ID, Why: reason(refused.Err)}
			skipped, conflicts = skipped+1, append(slices.Clip(conflicts), why)
			left[feature{refused.Layer, refused.ID}] = true
		}
		world := t.Engine.World()
		if clash {
			if world, err = t.Engine.Wait(ctx, conflict.Have); err != nil {
				return err
			}
		}
		t.result = Result{Of: t.op.ID, Skipped: skipped, Erased: erased}
		t.conflicts = slices.Clone(conflicts)
		keep = func(c *data.Change) bool {
			key := feature{c.Layer, c.Feature.ID}
			return !left[key] && (c.Op != data.OpDelete || !t.kept.stays[key]) && t.still(world, c)
		}
	}
}

// still reports whether a feature is as its change demands, and counts the change or the conflict.
func (t *taking) still(world *index.World, c *data.Change) bool {
	have := data.Seq(0)
	if l, ok := world.Layer(c.Layer); ok {
		if head, ok := l.Head(c.Feature.ID); ok && !head.Deleted {
			have = head.Seq
		}
	}
	switch {
	case have != *c.IfSeq:
		t.skip(Conflict{Layer: c.Layer, ID: c.Feature.ID, Seq: have})
		return false
	case c.Op == data.OpDelete:
		t.result.Ended++
	case have == 0:
		t.result.Returned++
	default:
		t.result.Restored++
	}
	return true
}

// progress tells how much was looked at: each change of the operation, and each state from before.
func (t *taking) progress() {
	if t.q.Progress != nil {
		t.q.Progress(t.done, int64(t.op.Changes+len(t.targets)))
	}
}
