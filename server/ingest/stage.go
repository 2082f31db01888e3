package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/server/spool"
)

// stage puts the changes of a batch of an atomic import into its file.
func (im *Import) stage(f *flight) error {
	if im.staged == nil {
		var err error
		if im.staged, err = im.cfg.Spool.NewChanges(); err != nil {
			return err
		}
	}
	for i := range f.changes {
		if err := im.staged.Add(&f.changes[i]); err != nil {
			return im.unstaged(err)
		}
	}
	im.waiting.added += f.added
	im.waiting.changed += f.changed
	im.waiting.ended += f.ended
	return nil
}

// unstaged is why changes cannot wait in a file, nil when they can.
func (im *Import) unstaged(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, spool.ErrNoSpace) && im.cfg.Atomic:
		return &convert.FileError{Err: errors.New("the disk of the server has no room for the changes of an atomic import; " + im.landed())}
	case errors.Is(err, spool.ErrNoSpace):
		return &convert.FileError{Err: errors.New("the disk of the server has no room for rows that wait for others; " + im.landed())}
	}
	return fmt.Errorf("stage rows: %w", err)
}

// landed says what has landed of an import that fails in the end.
func (im *Import) landed() string {
	if im.late() {
		return "nothing has been imported"
	}
	return "what did not depend on other rows has been imported"
}

// show makes the staged changes durable and visible together. Each of an atomic import demands that its feature is as it
// was when it was compared.
func (im *Import) show(ctx context.Context) error {
	at := im.cfg.Layer.DefSeq()
	for {
		if !im.cfg.Atomic {
			layer, err := im.layer(im.cfg.Engine.World())
			if err != nil {
				return err
			}
			at = layer.DefSeq()
		}
		n, txs, err := im.staged.Transactions(im.tx(at), nil)
		if err != nil {
			return im.unstaged(err)
		}
		seq, err := im.cfg.Store.AppendTogether(ctx, n, txs)
		redefined, altered := errors.AsType[*data.RedefinedError](err)
		if altered && !im.cfg.Atomic && redefined.Have > at {
			// It is the same layer, unless it was dropped.
			if _, err = im.cfg.Engine.Wait(ctx, redefined.Have); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return im.unshown(err)
		}
		im.summary.land(im.waiting, seq)
		_, err = im.cfg.Engine.Wait(ctx, seq)
		return err
	}
}

// unshown is why changes could not become visible together.
func (im *Import) unshown(err error) error {
	if conflict, ok := errors.AsType[*data.ConflictError](err); ok {
		return &convert.FileError{Err: fmt.Errorf("%s/%s was changed by somebody else meanwhile (seq %d); %s, run the import again",
			conflict.Layer, conflict.ID, conflict.Have, im.landed())}
	}
	if redefined, ok := errors.AsType[*data.RedefinedError](err); ok {
		return &convert.FileError{Err: fmt.Errorf("%w during the import; %s, run the import again", redefined, im.landed())}
	}
	if change, ok := errors.AsType[*data.ChangeError](err); ok {
		return &convert.FileError{Err: fmt.Errorf("%s/%s does not fit what somebody else has changed meanwhile: %w; %s, run the import again",
			change.Layer, change.ID, change.Err, im.landed())}
	}
	return fmt.Errorf("append rows: %w", err)
}
