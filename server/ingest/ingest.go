// Package ingest streams rows into a layer: it compares them with the World, appends what differs in batches and ends
// what a file no longer has. It knows files and features, not HTTP.
//
// # How rows flow
//
// One goroutine reads rows ahead, the caller's compares them with the newest World, and one appends what differs, while
// the engine shows what was appended before. An atomic import does not append: its changes wait in a file until all
// rows are compared, and then become visible together.
//
// # Rows that need each other
//
// A row may refer to a feature of its own layer that a row behind it brings, or take a value that a row behind it gives
// up. It waits, in a file, until that row lands, and lands behind it. What waits in the end depends on each other in
// circles, on features that a replacing import ends, or on something that does not come: the latter is refused, the
// former becomes visible together. What an import makes of rows does not depend on how they fall into batches.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/spool"
)

// Mode says what happens to features that a file does not mention.
type Mode string

// The modes of an import.
const (
	// Upsert leaves them alone.
	Upsert Mode = "upsert"
	// Replace ends them, provided that every row of the files could be read.
	Replace Mode = "replace"
)

// Summary counts what an import did. Added, Changed and Ended count what is durable: Added the features that were not
// there, also when they had been before, Changed those that were, whoever had written them meanwhile.
type Summary struct {
	Import    string   `json:"import"`
	Seq       data.Seq `json:"seq"`
	Rows      int      `json:"rows"`
	Added     int      `json:"added"`
	Changed   int      `json:"changed"`
	Unchanged int      `json:"unchanged"`
	Ended     int      `json:"ended"`
	Failed    int      `json:"failed"`
	// Kept counts features that replace would have ended if no row had failed and nothing referred to them.
	Kept   int  `json:"kept,omitempty"`
	DryRun bool `json:"dry_run,omitempty"`
	Atomic bool `json:"atomic,omitempty"`
	// Unmatched are columns that match no attribute, Missing attributes that no column supplied.
	Unmatched []string `json:"unmatched,omitempty"`
	Missing   []string `json:"missing,omitempty"`
}

// counts are the changes of a batch.
type counts struct{ added, changed, ended int }

func (s *Summary) land(c counts, seq data.Seq) {
	s.Added += c.added
	s.Changed += c.changed
	s.Ended += c.ended
	s.Seq = max(s.Seq, seq)
}

// Store is what an import needs to write; see [data.Store] for the contract.
type Store interface {
	Append(ctx context.Context, tx data.Tx) (data.Seq, error)
	AppendTogether(ctx context.Context, n int, txs iter.Seq2[data.Tx, error]) (data.Seq, error)
	Outline(ctx context.Context, seq data.Seq, take func(data.PayloadHead)) error
}

// Config says what is imported where, and who hears of it.
type Config struct {
	Store  Store
	Engine *index.Engine
	// Vault tells what is personal and has not changed; nil takes it for changed.
	Vault *vault.Vault
	// World is the city at the start, Layer the layer of it that takes the rows.
	World *index.World
	Layer *index.Layer
	// ID names the import; it is the operation of its transactions and stands in their cause.
	ID    string
	Actor string
	Mode  Mode
	// Guard, if set, says why whoever imports may not put or end a feature, and gives it the values of attributes that are
	// hidden from them. Changes are bound to the states that it has judged then.
	Guard func(w *index.World, layer *index.Layer, op data.Op, f *data.Feature) error
	// Strict ends the import at the first wrong row; DryRun writes nothing.
	Strict, DryRun bool
	// Atomic makes all changes visible together, or none.
	Atomic bool
	// AllowEmpty lets files without rows end all features in replace mode.
	AllowEmpty bool
	// Spool is where changes wait for others.
	Spool spool.Dir
	// Effective is when the changes take effect, zero for when they are recorded.
	Effective time.Time
	// Cut, if set, is called when the import gives up on a file. It makes a read of the file that waits fail.
	Cut func()
	// BatchRows is the number of rows that make a transaction: 10,000 when zero.
	BatchRows int
	// RowError and Note report while the import goes on; Progress is called after each batch. All are called by the
	// goroutine that calls the import's methods.
	RowError func(*convert.RowError)
	Note     func(string)
	Progress func(*Summary)
}

// Import streams rows into a layer. It belongs to one goroutine; what it starts ends before its methods return.
type Import struct {
	cfg     Config
	summary Summary
	find    *finder
	// seen marks the slots of features that the files have mentioned.
	seen  slots
	fresh fresh
	// own are the entries that the import has appended, from first on: what they wrote was mentioned.
	own   map[data.Seq]bool
	first data.Seq
	// flights are the batches that are compared and not known to be visible, oldest first; runway takes them to the
	// goroutine that appends.
	flights []*flight
	runway  chan<- *flight
	// staged holds the changes that become visible together: all of an atomic import, else those that must.
	staged *spool.Changes
	// shelf holds the changes of rows that wait for others.
	shelf *spool.Shelf
	// file is the one that is read. concluding says that all are, together that changes are staged from now on.
	file                 string
	concluding, together bool
	// waiting counts what is staged.
	waiting counts
	// judged is the World in which rows are judged.
	judged *index.World
	// links checks what rows hold against the rest of the city.
	links *links
}

// New starts an import; it does nothing until files are given to it. Close it.
func New(cfg Config) *Import {
	if cfg.BatchRows == 0 {
		cfg.BatchRows = 10_000
	}
	return &Import{
		cfg: cfg, summary: Summary{Import: cfg.ID, DryRun: cfg.DryRun, Atomic: cfg.Atomic},
		find: newFinder(), fresh: newFresh(), own: map[data.Seq]bool{}, links: newLinks(cfg.Layer.Def().Name),
	}
}

// Close releases what the import holds.
func (im *Import) Close() error {
	var err error
	if im.staged != nil {
		err = im.staged.Close()
	}
	if im.shelf != nil {
		err = errors.Join(err, im.shelf.Close())
	}
	return err
}

func (im *Import) name() string { return im.cfg.Layer.Def().Name }

// Note passes on what was noticed about a file as a whole.
func (im *Import) Note(text string) { im.cfg.Note(text) }

// tx is a transaction of the import without its changes. at is the definition that the changes were made for.
func (im *Import) tx(at data.Seq) data.Tx {
	return data.Tx{
		Effective: im.cfg.Effective, Actor: im.cfg.Actor, Cause: "import:" + im.cfg.ID, Operation: im.cfg.ID,
		Defined: map[string]data.Seq{im.name(): at},
	}
}

// Summary counts what was done so far.
func (im *Import) Summary() *Summary { return &im.summary }

// errStrict ends an import at the first wrong row when that was asked for.
var (
	errStrict        = &convert.FileError{Err: errors.New("the import stopped at the first wrong row; what came before it has been imported")}
	errStrictWaiting = &convert.FileError{Err: errors.New("the import stopped at the first wrong row; what came before it has been imported, except rows that waited for others")}
	errStrictAtomic  = &convert.FileError{Err: errors.New("the import stopped at the first wrong row; nothing has been imported")}
)

// File imports one file. It returns an error when the file cannot be read or the store fails; wrong rows are
// counted. What it has appended is visible when it returns without an error.
func (im *Import) File(ctx context.Context, format string, r io.Reader, o convert.Options) (err error) {
	im.file = o.File
	reading, stop := context.WithCancel(ctx)
	batches := make(chan rowBatch, 1)
	go func() {
		defer close(batches)
		readBatches(reading, convert.Read(reading, format, r, o), im.cfg.BatchRows, batches)
	}()
	// The reader must have let go of r before this returns.
	defer func() {
		stop()
		if err != nil && im.cfg.Cut != nil {
			im.cfg.Cut()
		}
		for range batches {
		}
		switch n := im.links.left(); {
		case err == nil:
		case n == 1:
			im.cfg.Note("1 row waited for rows behind it and has not been imported")
		case n > 1:
			im.cfg.Note(fmt.Sprintf("%d rows waited for rows behind them and have not been imported", n))
		}
	}()
	return im.landing(ctx, func() error { return im.batches(ctx, batches) })
}

func (im *Import) batches(ctx context.Context, batches <-chan rowBatch) error {
	for b := range batches {
		if b.err != nil {
			return b.err
		}
		if err := im.batch(ctx, b.rows); err != nil {
			return err
		}
		im.cfg.Progress(&im.summary)
	}
	return ctx.Err()
}

// layer is the layer as it is now. It fails when it is not the one that the rows were read for.
func (im *Import) layer(world *index.World) (*index.Layer, error) {
	layer, ok := world.Layer(im.name())
	if !ok || layer.Born() != im.cfg.Layer.Born() {
		return nil, im.dropped()
	}
	return layer, nil
}

func (im *Import) dropped() error {
	return &data.FieldError{Field: "layer", Value: im.name(), Why: "was dropped during the import"}
}

// batch compares a batch with the World and hands on what differs.
func (im *Import) batch(ctx context.Context, rows []convert.Row) error {
	world := im.cfg.World
	if !im.cfg.Atomic {
		world = im.cfg.Engine.World()
	}
	if err := im.settle(ctx, world); err != nil {
		return err
	}
	layer, err := im.layer(world)
	if err != nil {
		return err
	}
	im.links.at(world)
	im.judged = world
	f, stop := im.compare(layer, world.Seq(), rows)
	if stop == nil {
		f, stop = im.release(ctx, f)
	}
	return errors.Join(im.hand(ctx, f), stop)
}

// hand passes changes on to where the import wants them.
func (im *Import) hand(ctx context.Context, f *flight) error {
	switch {
	case len(f.changes) == 0:
		return nil
	case im.cfg.DryRun:
		im.summary.land(f.counts, 0)
		return nil
	case im.cfg.Atomic || im.together:
		return im.stage(f)
	default:
		return im.launch(ctx, f)
	}
}

// late reports whether nothing of the import is visible before its end.
func (im *Import) late() bool { return im.cfg.Atomic || im.cfg.DryRun }
