package history

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/gewu-city/gewu/data"
)

// Heads tell what is current; [data.Heads] has the contracts.
type Heads interface {
	Head(layer, id string) (data.Head, bool)
	Layer(name string) (*data.Layer, bool)
}

// Clash is a feature of an entry that was changed again since, so that turning the entry around would take away more
// than the entry.
type Clash struct {
	Layer, ID string
	// Seq is the feature's newest change; 0 when its layer is gone.
	Seq data.Seq
}

// Reversal is what turns an entry around.
type Reversal struct {
	// Changes make the features what they were before the entry, the last change first. They demand that nothing
	// happens to the features in the meantime. They are none when everything is as before already.
	Changes []data.Change
	// Clashes are the features that were changed since. The changes overwrite them all the same, except those whose
	// layer is gone.
	Clashes []Clash
}

// CannotError says why an entry cannot be turned around.
type CannotError struct {
	Seq data.Seq
	Why string
}

// Error names the entry.
func (e *CannotError) Error() string {
	return fmt.Sprintf("seq %d cannot be reverted: %s", e.Seq, e.Why)
}

// Revert finds the changes that undo entry seq, with values of the present types of attributes. heads must know everything up to seq. The error is a *[CannotError] for
// an entry that changes definitions, one without changes of features and one whose features' earlier states were
// erased; [data.ErrNoEntry]; or that of the log.
func Revert(ctx context.Context, log Log, heads Heads, seq data.Seq) (*Reversal, error) {
	entry, err := Entry(ctx, log, seq)
	if err != nil {
		return nil, err
	}
	first, err := firstChanges(entry)
	if err != nil {
		return nil, err
	}
	before, err := earlier(ctx, log, seq, first)
	if err != nil {
		return nil, err
	}
	r := &Reversal{}
	for _, c := range slices.Backward(first) {
		head, ok := heads.Head(c.Layer, c.Feature.ID)
		if !ok || head.Permanent != c.Permanent {
			r.Clashes = append(r.Clashes, Clash{Layer: c.Layer, ID: c.Feature.ID})
			continue
		}
		if head.Seq != seq {
			r.Clashes = append(r.Clashes, Clash{Layer: c.Layer, ID: c.Feature.ID, Seq: head.Seq})
		}
		back := data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: c.Layer, Feature: data.Feature{ID: c.Feature.ID}}
		if was, ok := before[c.Permanent]; ok && was.Op == data.OpPut {
			back.Op, back.Feature = data.OpPut, was.Feature
			if l, ok := heads.Layer(c.Layer); ok {
				back.Feature = l.Adapt(was.Feature)
			}
		}
		if head.Deleted && back.Op == data.OpDelete {
			continue // it came and went
		}
		back.IfSeq = &head.Seq
		if head.Deleted {
			back.IfSeq = new(data.Seq)
		}
		r.Changes = append(r.Changes, back)
	}
	return r, nil
}

// firstChanges are the first changes of each feature in an entry, in order: they know what was before.
func firstChanges(entry *data.Entry) ([]*data.Change, error) {
	cannot := func(why string, args ...any) error {
		return &CannotError{Seq: entry.Seq, Why: fmt.Sprintf(why, args...)}
	}
	var first []*data.Change
	seen := map[uint32]bool{}
	for i := range entry.Changes {
		c := &entry.Changes[i]
		switch {
		case c.Stream == data.StreamSchema && c.Op == data.OpDelete:
			return nil, cannot("it drops layer %s with all its features; import them again from an export as of seq %d", c.Layer, entry.Seq-1)
		case c.Stream == data.StreamSchema:
			return nil, cannot("it defines layer %s; alter or drop the layer instead", c.Layer)
		case c.Stream == data.StreamScheme:
			return nil, cannot("it changes scheme %s; define or drop the scheme instead", c.Layer)
		case c.Stream == data.StreamDictionary:
			return nil, cannot("it changes dictionary %s; put or drop the dictionary instead", c.Layer)
		case c.Stream == data.StreamAdmin && c.Plan == nil && c.Kept():
			return nil, cannot("it changes the record %s; put or delete the record instead", c.Layer)
		case c.Stream == data.StreamCase:
			return nil, cannot("it says what happened to case %s; cases go on by their own actions", data.CutCaseName(c.Layer))
		case c.Stream != data.StreamFeature:
			continue // the end of a plan belongs to what the plan did, and a note says what was done
		case c.Erased:
			return nil, cannot("its content was erased by the retention rule")
		case !seen[c.Permanent]:
			seen[c.Permanent] = true
			first = append(first, c)
		}
	}
	if len(first) == 0 {
		return nil, cannot("it changes no features; a plan is cancelled by its id")
	}
	return first, nil
}

// earlier are the states of features before the given changes of entry seq, by permanent id. Features that were not
// there have none.
func earlier(ctx context.Context, log Log, seq data.Seq, changes []*data.Change) (map[uint32]data.Change, error) {
	byEntry := map[data.Seq][]uint32{}
	for _, c := range changes {
		if c.Prev > 0 {
			byEntry[c.Prev] = append(byEntry[c.Prev], c.Permanent)
		}
	}
	found := map[uint32]data.Change{}
	for _, prev := range slices.Sorted(maps.Keys(byEntry)) {
		of, err := log.Changes(ctx, prev, byEntry[prev]...)
		if err != nil {
			return nil, fmt.Errorf("read seq %d: %w", prev, err)
		}
		for _, c := range of {
			if c.Erased {
				return nil, &CannotError{Seq: seq, Why: fmt.Sprintf("what its features were before, in seq %d, was erased by the retention rule", prev)}
			}
			found[c.Permanent] = c // the last of several is the one that held
		}
	}
	return found, nil
}
