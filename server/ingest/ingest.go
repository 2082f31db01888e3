// Package ingest streams rows into a layer: it compares them with the World, appends what differs in batches and ends
// what a file no longer has. It knows files and features, not HTTP.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/index"
)

// Bounds of one batch of an import: what a transaction and the memory of an import can be.
const (
	batchRows = 10_000
	// batchVertices bounds polygons: 8 bytes a vertex, so 8 MB.
	batchVertices = 1 << 20
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

// Summary counts what an import did.
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
	// Unmatched are columns that match no attribute, Missing attributes that no column supplied.
	Unmatched []string `json:"unmatched,omitempty"`
	Missing   []string `json:"missing,omitempty"`
}

// Store is what an import needs to write; see [data.Store] for the contract.
type Store interface {
	Append(ctx context.Context, tx data.Tx) (data.Seq, error)
}

// Config says what is imported where, and who hears of it.
type Config struct {
	Store  Store
	Engine *index.Engine
	// World is the city at the start, Layer the layer of it that takes the rows.
	World *index.World
	Layer *index.Layer
	// ID names the import; it is the cause of its transactions.
	ID    string
	Actor string
	Mode  Mode
	// Strict ends the import at the first wrong row; DryRun writes nothing.
	Strict, DryRun bool
	// Effective is when the changes take effect, zero for when they are recorded.
	Effective time.Time
	// RowError and Note report while the import goes on; Progress is called after each batch. All are called by the
	// goroutine that calls the import's methods.
	RowError func(*convert.RowError)
	Note     func(string)
	Progress func(*Summary)
}

// Import streams rows into a layer. One goroutine reads ahead; the other compares with the World, appends what differs
// and waits until the engine shows it. It belongs to one goroutine.
type Import struct {
	cfg     Config
	summary Summary
	// dry holds a hash of each new feature of a dry run, which gets no slot.
	dry  map[string]uint64
	seed maphash.Seed
	// seen marks the slots that the files have mentioned.
	seen slots
	// links checks what rows hold against the rest of the city.
	links *links
}

// New starts an import; it does nothing until files are given to it.
func New(cfg Config) *Import {
	return &Import{
		cfg: cfg, summary: Summary{Import: cfg.ID, DryRun: cfg.DryRun}, dry: map[string]uint64{}, seed: maphash.MakeSeed(), links: newLinks(cfg.Layer.Def().Name),
	}
}

func (im *Import) name() string { return im.cfg.Layer.Def().Name }

// Note passes on what was noticed about a file as a whole.
func (im *Import) Note(text string) { im.cfg.Note(text) }

// Summary counts what was done so far.
func (im *Import) Summary() *Summary { return &im.summary }

// rowBatch is a run of rows read ahead.
type rowBatch struct {
	rows []convert.Row
	err  error
}

// slots is a growing set of slots: one bit each, so memory is flat in the size of the files.
type slots []uint64

func (s *slots) add(i index.Slot) {
	for int(i>>6) >= len(*s) {
		*s = append(*s, 0)
	}
	(*s)[i>>6] |= 1 << (i & 63)
}

func (s slots) has(i index.Slot) bool { return int(i>>6) < len(s) && s[i>>6]&(1<<(i&63)) != 0 }

// File imports one file. It returns an error when the file cannot be read or the store fails; wrong rows are
// counted.
func (im *Import) File(ctx context.Context, format string, r io.Reader, o convert.Options) error {
	ctx, cancel := context.WithCancel(ctx)
	batches := make(chan rowBatch, 1)
	go func() {
		defer close(batches)
		readBatches(ctx, convert.Read(ctx, format, r, o), batches)
	}()
	// The reader must have let go of r before this returns.
	defer func() {
		cancel()
		for range batches {
		}
	}()
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

func readBatches(ctx context.Context, rows func(func(convert.Row, error) bool), out chan<- rowBatch) {
	var b rowBatch
	vertices := 0
	send := func() bool {
		select {
		case out <- b:
			b, vertices = rowBatch{}, 0
			return true
		case <-ctx.Done():
			return false
		}
	}
	for row, err := range rows {
		if err != nil {
			if len(b.rows) > 0 && !send() {
				return
			}
			b.err = err
			send()
			return
		}
		b.rows = append(b.rows, row)
		vertices += len(row.Feature.Shape.Vertices())
		if (len(b.rows) >= batchRows || vertices >= batchVertices) && !send() {
			return
		}
	}
	if len(b.rows) > 0 {
		send()
	}
}

// batch appends what differs from the World and waits until it is visible, so that the next batch compares with it.
func (im *Import) batch(ctx context.Context, rows []convert.Row) error {
	world := im.cfg.Engine.World()
	layer, ok := world.Layer(im.name())
	im.links.at(world)
	if !ok || layer.Born() != im.cfg.Layer.Born() {
		return &data.FieldError{Field: "layer", Value: im.name(), Why: "was dropped during the import"}
	}
	changes := make([]data.Change, 0, len(rows))
	// fresh maps the ids of this batch's changes to their place.
	fresh := make(map[string]int, len(rows))
	var stop error
	for i := range rows {
		row := &rows[i]
		im.summary.Rows++
		for _, n := range row.Notes {
			im.cfg.Note(fmt.Sprintf("row %d (%s): %s", row.Number, row.Feature.ID, n))
		}
		err := row.Err
		if err == nil {
			changes, err = im.row(layer, row, changes, fresh)
		}
		if err != nil {
			im.summary.Failed++
			im.cfg.RowError(err)
			if im.cfg.Strict {
				stop = errStrict
				break
			}
		}
	}
	if err := im.append(ctx, changes); err != nil {
		return err
	}
	if !im.cfg.DryRun && len(changes) > 0 {
		im.markSeen(changes)
	}
	return stop
}

// errStrict ends an import at the first wrong row when that was asked for.
var errStrict = &convert.FileError{Err: errors.New("the import stopped at the first wrong row; what came before it has been imported")}

// row compares one row with the World and adds a change when it differs.
func (im *Import) row(layer *index.Layer, row *convert.Row, changes []data.Change, fresh map[string]int) ([]data.Change, *convert.RowError) {
	f := &row.Feature
	again := func(same bool) ([]data.Change, *convert.RowError) {
		if same {
			im.summary.Unchanged++
			return changes, nil
		}
		return changes, &convert.RowError{Row: row.Number, Field: "id", Value: f.ID, Why: "occurs again with other content in this import; the first row counts"}
	}
	if at, ok := fresh[f.ID]; ok {
		return again(changes[at].Feature.Equal(f))
	}
	slot, exists := layer.Lookup(f.ID)
	if exists {
		for i := range layer.Def().Attributes {
			// What the file does not supply stays.
			if i >= len(row.Present) || !row.Present[i] {
				for len(f.Values) <= i {
					f.Values = append(f.Values, data.Value{})
				}
				f.Values[i] = layer.Own(slot, i)
			}
		}
		same := layer.Reads(slot, f)
		if im.seen.has(slot) {
			return again(same)
		}
		im.seen.add(slot)
		if same {
			im.summary.Unchanged++
			return changes, nil
		}
		if err := im.links.row(row.Number, f); err != nil {
			return changes, err
		}
		im.summary.Changed++
	} else {
		if im.cfg.DryRun {
			sum := maphash.Bytes(im.seed, convert.AppendFeature(nil, layer.Def(), f))
			if before, ok := im.dry[f.ID]; ok {
				return again(before == sum)
			}
			im.dry[f.ID] = sum
		}
		if err := im.links.row(row.Number, f); err != nil {
			return changes, err
		}
		im.summary.Added++
	}
	fresh[f.ID] = len(changes)
	return append(changes, data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: im.name(), Feature: *f}), nil
}

func (im *Import) append(ctx context.Context, changes []data.Change) error {
	if im.cfg.DryRun || len(changes) == 0 {
		return nil
	}
	seq, err := im.cfg.Store.Append(ctx, data.Tx{
		Effective: im.cfg.Effective, Actor: im.cfg.Actor, Cause: "import:" + im.cfg.ID, Changes: changes,
	})
	if err != nil {
		return fmt.Errorf("append rows: %w", err)
	}
	im.summary.Seq = seq
	_, err = im.cfg.Engine.Wait(ctx, seq)
	return err
}

// markSeen finds the slots that new features have been given.
func (im *Import) markSeen(changes []data.Change) {
	if layer, ok := im.cfg.Engine.World().Layer(im.name()); ok {
		for i := range changes {
			if slot, ok := layer.Lookup(changes[i].Feature.ID); ok {
				im.seen.add(slot)
			}
		}
	}
}

// Finish ends the features that no file mentioned, in replace mode. It ends none when a row failed: the features that
// the failed rows mean are not known.
func (im *Import) Finish(ctx context.Context) error {
	before, ok := im.cfg.World.Layer(im.name())
	if im.cfg.Mode != Replace || !ok {
		return nil
	}
	var changes []data.Change
	im.links.at(im.cfg.Engine.World())
	for slot := range before.Slots() {
		if im.seen.has(slot) {
			continue
		}
		if im.summary.Failed > 0 {
			im.summary.Kept++
			continue
		}
		id := before.ID(slot)
		if now, ok := im.cfg.Engine.World().Layer(im.name()); ok {
			if _, still := now.Lookup(id); !still {
				continue
			}
		}
		if err := im.links.end(id); err != nil {
			im.summary.Kept++
			im.cfg.Note(fmt.Sprintf("feature %q stays: %v", id, err))
			continue
		}
		im.summary.Ended++
		changes = append(changes, data.Change{
			Stream: data.StreamFeature, Op: data.OpDelete, Layer: im.name(), Feature: data.Feature{ID: id},
		})
		if len(changes) == batchRows {
			if err := im.append(ctx, changes); err != nil {
				return err
			}
			changes = nil
		}
	}
	return im.append(ctx, changes)
}
