package data

import (
	"crypto/sha256"
	"time"
)

// Stream says what kind of thing a change is about.
type Stream uint8

// The streams of the log. Numbers are part of the log format and never reused.
const (
	StreamSchema  Stream = 1 // layer definitions
	StreamFeature Stream = 2
	StreamScheme  Stream = 3
	StreamCase    Stream = 4
	StreamAdmin   Stream = 5
	// StreamDictionary holds dictionaries.
	StreamDictionary Stream = 6
)

// Op is what a change does.
type Op uint8

// The operations. Numbers are part of the log format and never reused.
const (
	OpPut    Op = 1
	OpDelete Op = 2
)

// Change is one change of one thing. Which members matter depends on the stream:
//
//   - feature: Layer, Feature (a delete needs only Feature.ID);
//   - schema: Layer, Definition (nil for a delete);
//   - scheme: Layer holds the scheme's name, Scheme (nil for a delete);
//   - dictionary: Layer holds the dictionary's name, Dictionary (nil for a delete);
//   - case: Layer holds [CaseName] of the case, Case (there is no delete);
//   - admin: Layer holds the name of the record, Plan or Admin (nil for a delete, which a plan and a note have not).
//
// Changes are immutable once appended.
type Change struct {
	Stream     Stream
	Op         Op
	Layer      string
	Feature    Feature
	Definition *Layer
	Scheme     *Scheme
	Dictionary *Dictionary
	Plan       *Plan
	Admin      *Admin
	Case       *CaseEvent
	// IfSeq, when not nil, demands that the feature's current Seq equals it; 0 demands that the feature does not
	// exist. It is a precondition and not stored. The first event of a case in a transaction must have it: the Seq of the
	// event before, 0 for none; those of the same case that follow in the transaction must not.
	IfSeq *Seq
	// Permanent is the uint32 of the feature that is never reused; the store sets it.
	Permanent uint32
	// Prev is the Seq of the previous change of the same thing, 0 for none; the store sets it.
	Prev Seq
	// Erased reports that retention has erased the content: of a change of a feature only Stream, Op, Layer, Permanent
	// and Prev are left. Replay skips it, because a newer change of the same feature, or the end of its layer, stands
	// at or before the store's horizon; history says that it was erased. It is nothing to append.
	Erased bool
}

// Tx is a transaction to append: all of its changes become durable under one Seq, or none.
type Tx struct {
	// Effective is when the changes take effect in the city; zero means the recorded time. It may not lie after the
	// recorded time: what is to take effect later is a [Plan].
	Effective time.Time
	// Actor is who asked and Cause why: "import:ID", "api", "demo"…
	Actor, Cause string
	// Operation is the id of the long work that the transaction is a part of, such as an import; empty for none.
	Operation string
	// Receipt lets the client's request be recognised when it comes again; zero for none.
	Receipt Receipt
	// Defined are preconditions: the definition of each layer named must still be the one of that Seq. They are not
	// stored. One that does not hold is a *[RedefinedError].
	Defined map[string]Seq
	// Admin, when not nil, is a precondition: the newest change of any kept [Admin] record, those of [Planning] apart, must
	// be the one of that Seq, 0 for none. It is not stored. One that does not hold is an *[OutdatedError]. Whoever checked a record against
	// others, which may end at any time, demands it.
	Admin *Seq
	// Known is the Seq up to which whoever appends events of cases knows all events of their cases. It is not stored. A
	// store remembers the newest events only; one that cannot judge what is known answers with a *[BehindError].
	Known   Seq
	Changes []Change
}

// Receipt recognises a request that is sent again, by hashes: of the key that its client gave it, and of the request
// itself, so that a key used for something else is noticed.
type Receipt struct{ Key, Request [16]byte }

// Limits of one transaction; beyond them Append returns [ErrTooLarge].
const (
	MaxTxChanges = 100_000
	MaxTxBytes   = 64 << 20
)

// Hash is a SHA-256 digest.
type Hash [sha256.Size]byte

// Entry is one transaction as the log holds it. Entries are shared by readers and immutable.
type Entry struct {
	Seq Seq
	// Recorded is set by the store and never runs backwards.
	Recorded  time.Time
	Effective time.Time
	Actor     string
	Cause     string
	Operation string
	Receipt   Receipt
	// Visible is the last entry of the group that was appended together with this one; the World shows the changes
	// from that Seq on and not before, see [Whole]. It is Seq for a transaction by itself.
	Visible Seq
	// PrevHash is the hash of the previous header, Payloads are the hashes of the encoded changes.
	PrevHash Hash
	Payloads []Hash
	Changes  []Change
}

// Since is when the changes of features take effect: the effective time, or the recorded time if that is earlier. Logs
// written before there were plans may hold entries with an effective time in the future of their own recorded time;
// they count from when they were recorded, so that the newest World is always that of the present.
func (e *Entry) Since() time.Time {
	if e.Effective.After(e.Recorded) {
		return e.Recorded
	}
	return e.Effective
}

// Record is one change with its Seq: what a checkpoint holds for each thing that exists or once existed.
type Record struct {
	Seq    Seq
	Change Change
}

// Head is what is known of a feature's newest change without its content.
type Head struct {
	Seq       Seq
	Permanent uint32
	// Deleted reports that the newest change was a delete. The id may come back, with the same Permanent.
	Deleted bool
}
