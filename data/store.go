package data

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Store keeps one city's change log. Several goroutines may use a Store at once; several processes may write to one
// history when the implementation allows it, and then Seq order is the order in which entries become visible.
//
// An implementation passes the contract in storetest.
type Store interface {
	// Run does the store's background work (grouping commits, writing checkpoints) until ctx ends, then finishes
	// what was accepted and returns after everything it started has ended. heads answers the preconditions of
	// appends. Append blocks until Run runs. Run may be called once.
	Run(ctx context.Context, heads Heads) error

	// Append makes tx durable and returns its Seq. When it returns nil, the transaction survives a crash of process
	// and machine. When it returns an error, nothing of tx is in the log, except [ErrUncertain]. Changes are checked
	// in order against the current state, earlier changes of the same transaction included; a precondition that
	// does not hold returns *[ConflictError], a feature that does not fit its layer *[ChangeError], too many changes
	// [ErrTooLarge], no changes [ErrEmpty], an effective time in the future *[FieldError]. The store fills Permanent and
	// Prev in its own copy of the changes. Prev of a kept [Admin] record is that of its newest change, a delete included;
	// a note has none. Events of cases are checked against the newest event of their case as far as the store remembers, and
	// refused with a *[BehindError] where it does not and [Tx].Known is too old.
	// Deleting a feature that does not exist is a conflict only under IfSeq; otherwise it is a *ChangeError. A plan
	// that has ended takes no further record.
	Append(ctx context.Context, tx Tx) (Seq, error)

	// AppendTogether makes n transactions durable and visible together and returns the Seq of the last: all of them
	// are in the log, or none, also when the process dies. They become entries in a row, recorded at one time, each
	// marked with the Seq of the last ([Entry].Visible); Last moves once. They hold changes of features only. Changes
	// are checked in the order given, against the state that the ones before leave, but refs and unique values against
	// what all of them leave behind: features of different transactions may refer to each other. Refs that are emptied
	// because of what the group deletes are changes of its last transaction, which may hold MaxTxChanges with them.
	// Nobody else's transaction comes between, so that appends of others wait meanwhile. txs yields exactly n transactions; its error ends the
	// attempt and is returned. Otherwise the errors are those of Append.
	AppendTogether(ctx context.Context, n int, txs iter.Seq2[Tx, error]) (Seq, error)

	// Epoch is the identity of the history.
	Epoch() Epoch

	// Last is the Seq of the newest durable entry. It is never within a group that was appended together.
	Last() Seq

	// Horizon is the Seq from which on history is complete, 0 when nothing was erased: a replay of the log up to any
	// Seq >= Horizon gives the exact city of that moment, and so does a question about an effective time that is not
	// before the recorded time of entry Horizon. It never falls. Entries at or before it may hold changes whose
	// content was erased (see [Change.Erased]); a replay that ends before it is not exact.
	Horizon() Seq

	// Wait returns when Last is greater than after, or with the error of ctx, or [ErrClosed].
	Wait(ctx context.Context, after Seq) error

	// Entries yields the durable entries with Seq > after in order and ends at the newest. An entry keeps the number
	// and order of its changes when some of them, or all, are erased. An entry that cannot be read yields
	// *[CorruptError] and ends the sequence.
	Entries(ctx context.Context, after Seq) iter.Seq2[*Entry, error]

	// Header is the header of entry seq, [ErrNoEntry] when the log has none of this number.
	Header(ctx context.Context, seq Seq) (Header, error)

	// SeqAt is the newest entry that was recorded at or before t, 0 when there is none.
	SeqAt(ctx context.Context, t time.Time) (Seq, error)

	// Changes are the changes that entry seq made of the features with the given permanent ids, in the order of the
	// entry; the permanent id 0 stands for definitions, admin records and events of cases. It reads that entry alone. An entry that
	// cannot be read is a *[CorruptError], one that does not exist [ErrNoEntry].
	Changes(ctx context.Context, seq Seq, permanents ...uint32) ([]Change, error)

	// Happened are the events of one case, by its name in the case stream, in entry seq, in their order. The errors are
	// those of Changes.
	Happened(ctx context.Context, seq Seq, name string) ([]Change, error)

	// Outline calls take for each change of entry seq in order, without its content, erased ones included; what take gets
	// is valid during the call, and take must not use the store. The errors are those of Changes.
	Outline(ctx context.Context, seq Seq, take func(PayloadHead)) error

	// Checkpoint yields the newest checkpoint: one record for each layer, scheme, dictionary, plan (without its changes),
	// kept admin record and feature that exists or existed (definitions first), each with the Seq of its newest change at that time, and stores in mark the Seq up to which the
	// checkpoint is complete. Records may be newer than mark, so replay must skip a change that is older than the
	// record it has; one of the same Seq is applied, because an entry may change a feature more than once. Without a
	// checkpoint it yields nothing and mark is 0; with one, no entry after mark drops a layer.
	Checkpoint(ctx context.Context, mark *Seq) iter.Seq2[Record, error]

	// Close releases the store after Run has ended.
	Close() error
}

// Heads tells a store what is current. The engine satisfies it from memory. Implementations are safe for concurrent
// use.
type Heads interface {
	// Applied is the Seq up to which the other methods know everything.
	Applied() Seq
	// Head is the newest change of a feature that is known, deleted ones included.
	Head(layer, id string) (Head, bool)
	// Layer is the current definition.
	Layer(name string) (*Layer, bool)
	// Scheme is the current definition.
	Scheme(name string) (*Scheme, bool)
	// Values yields id and own value of attribute i of every feature that exists in a layer, null where a feature has
	// none; all of one state. For an i that the layer does not have all values are null.
	Values(layer string, i int) iter.Seq2[string, Value]
	// Holders yields the ids of the features of a layer whose own value of attribute i is a text. It is fast for refs
	// and unique attributes.
	Holders(layer string, i int, text string) iter.Seq[string]
	// Feature is a feature that exists, with its own values.
	Feature(layer, id string) (Feature, bool)
}

// Errors of stores.
var (
	// ErrClosed is returned when the store is closed or Run has ended.
	ErrClosed = errors.New("data: store is closed")
	// ErrNoEntry is returned for a Seq that is 0 or beyond the newest entry.
	ErrNoEntry = errors.New("data: the log has no such entry")
	// ErrEmpty is returned for a transaction without changes.
	ErrEmpty = errors.New("data: transaction has no changes")
	// ErrTooLarge is returned for a transaction over MaxTxChanges or MaxTxBytes.
	ErrTooLarge = fmt.Errorf("data: transaction exceeds %d changes or %d MiB", MaxTxChanges, MaxTxBytes>>20)
	// ErrReadOnly is returned when the store cannot write, for example on a full disk; reads go on. The store tries
	// again by itself, unless the error is [ErrReopen] too.
	ErrReadOnly = errors.New("data: store is read-only")
	// ErrFull is joined to ErrReadOnly when the disk, the quota or the bound of the file has no space left.
	ErrFull = errors.New("data: no space is left")
	// ErrReopen is joined to ErrReadOnly when the store does not write any more before it is opened again.
	ErrReopen = errors.New("data: store must be opened again")
	// ErrUncertain is returned when the disk reported an error and the outcome of a commit is not known.
	ErrUncertain = errors.New("data: outcome of the commit is not known")
	// ErrLocked is returned when another process holds the store.
	ErrLocked = errors.New("data: store is in use by another process")
)

// ConflictError says that a precondition of a change does not hold.
type ConflictError struct {
	Change int // position in the transaction
	Layer  string
	ID     string
	Want   Seq
	Have   Seq // 0 when the feature does not exist
}

// Error names the feature and both positions.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("changes[%d]: %s/%s is at seq %d, if_seq demands %d", e.Change, e.Layer, e.ID, e.Have, e.Want)
}

// RedefinedError says that a layer was altered or dropped since a transaction for it was prepared.
type RedefinedError struct {
	Layer string
	Want  Seq
	Have  Seq // 0 when the layer does not exist
}

// Error names the layer and both positions.
func (e *RedefinedError) Error() string {
	if e.Have == 0 {
		return fmt.Sprintf("layer %s was dropped", e.Layer)
	}
	return fmt.Sprintf("layer %s was altered by somebody else (seq %d) after it was read (seq %d)", e.Layer, e.Have, e.Want)
}

// OutdatedError says that an admin record was changed since a transaction was prepared that depends on all of them.
type OutdatedError struct{ Want, Have Seq }

// Error names both positions.
func (e *OutdatedError) Error() string {
	return fmt.Sprintf("admin records were changed by somebody else (seq %d) after they were read (seq %d)", e.Have, e.Want)
}

// ChangeError says which change of a transaction is not possible and why.
type ChangeError struct {
	Change int // position in the transaction
	Layer  string
	ID     string
	Err    error
}

// Error names the change.
func (e *ChangeError) Error() string {
	return fmt.Sprintf("changes[%d] (%s/%s): %v", e.Change, e.Layer, e.ID, e.Err)
}

// Unwrap is the cause.
func (e *ChangeError) Unwrap() error { return e.Err }

// CorruptError says what in a store is damaged and what to do.
type CorruptError struct {
	File   string // its path, which is the operator's matter
	Where  string // bucket and key, or entry and change
	What   string
	Repair string // the command that repairs it
}

// Error ends with the command to run.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s: %s: %s; run: %s", e.File, e.Where, e.What, e.Repair)
}
