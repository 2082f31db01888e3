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
			return unstaged(err)
		}
	}
	im.waiting.added += f.added
	im.waiting.changed += f.changed
	im.waiting.ended += f.ended
	return nil
}

// unstaged is why changes cannot wait in the file.
func unstaged(err error) error {
	if errors.Is(err, spool.ErrNoSpace) {
		return &convert.FileError{Err: errors.New("the disk of the server has no room for the changes of an atomic import; nothing has been imported")}
	}
	return fmt.Errorf("stage rows: %w", err)
}

// show makes the staged changes durable and visible together. Each demands that its feature is as it was when it was
// compared.
func (im *Import) show(ctx context.Context) error {
	n, txs, err := im.staged.Transactions(im.tx(im.cfg.Layer.DefSeq()), nil)
	if err != nil {
		return unstaged(err)
	}
	seq, err := im.cfg.Store.AppendTogether(ctx, n, txs)
	if conflict, ok := errors.AsType[*data.ConflictError](err); ok {
		return &convert.FileError{Err: fmt.Errorf("%s/%s was changed by somebody else meanwhile (seq %d); nothing has been imported, run the import again",
			conflict.Layer, conflict.ID, conflict.Have)}
	}
	if redefined, ok := errors.AsType[*data.RedefinedError](err); ok {
		return &convert.FileError{Err: fmt.Errorf("%w during the import; nothing has been imported, run the import again", redefined)}
	}
	if err != nil {
		return fmt.Errorf("append rows: %w", err)
	}
	im.summary.land(im.waiting, seq)
	_, err = im.cfg.Engine.Wait(ctx, seq)
	return err
}
