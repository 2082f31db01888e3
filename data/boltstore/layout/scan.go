package layout

import (
	"crypto/sha256"
	"fmt"

	"github.com/gewu-city/gewu/data"
)

// Scanner checks the records of the log one after the other: that none is missing, that each header continues the
// hash chain, that each payload matches its hash and that what was erased may have been. It holds no bytes of the file,
// so that it can rest between two read transactions. It is for one goroutine.
type Scanner struct {
	// Horizon is the last entry in which changes may be erased. Whoever reads a store in use sets it anew in each read
	// transaction: it moves before anything up to it is erased.
	Horizon data.Seq
	// Trust leaves out the hashes of payloads, for a quick look at a long log.
	Trust bool

	next data.Seq // of the entry that is read
	done uint32   // records of it that were taken: 0 before the header
	// chain is the hash of header next-1 once chained.
	chain   data.Hash
	chained bool
	header  data.Header
	hash    data.Hash // of header
}

// NewScanner begins at an entry. Before the first entry the chain is zero; elsewhere [Scanner.Resume] gives it.
func NewScanner(next data.Seq) Scanner { return Scanner{next: next, chained: next <= 1} }

// NewScannerAt begins at an entry whose header must continue the given chain.
func NewScannerAt(next data.Seq, chain data.Hash) Scanner {
	return Scanner{next: next, chained: true, chain: chain}
}

// Next is the entry that is read, or that is read next.
func (s *Scanner) Next() data.Seq { return s.next }

// Within reports whether records of the entry Next were taken and others are still to come.
func (s *Scanner) Within() bool { return s.done > 0 }

// Chained reports whether the chain before the entry Next is known. It must be before its header is taken.
func (s *Scanner) Chained() bool { return s.chained }

// Chain is the hash of the header before the entry Next, once the Scanner is chained and not within an entry.
func (s *Scanner) Chain() data.Hash { return s.chain }

// Header is the header that was taken last. It is valid until the next one is taken.
func (s *Scanner) Header() *data.Header { return &s.header }

// Resume gives the encoded header before the entry Next.
func (s *Scanner) Resume(header []byte) { s.chain, s.chained = sha256.Sum256(header), true }

// Key is the key of the record to take next.
func (s *Scanner) Key() [LogKeyBytes]byte { return LogKey(s.next, s.done) }

// Record is one record of the log: a header, a payload, or a run of changes whose payloads were erased.
type Record struct {
	// First is the position of the first change in its entry, from 0. Count is the number of changes: 0 for a header,
	// 1 for a payload.
	First, Count int
	// Payload is the encoded change; nil for a header and a run. It aliases the value.
	Payload []byte
	// Erased are the changes of a run.
	Erased []Erased
	// Last is set with the last record of an entry: the Scanner is then before the next entry while Header still is
	// that of the entry that ended.
	Last bool
}

// DamageError is damage found in the file, before the store has put its name and the command to it.
type DamageError struct{ Where, What string }

// Error is "where: what".
func (e *DamageError) Error() string { return e.Where + ": " + e.What }

// Take checks one record. The error is a *[DamageError] and leaves the Scanner where it was.
func (s *Scanner) Take(k, v []byte) (Record, error) {
	if want := s.Key(); string(k) != string(want[:]) {
		return Record{}, s.damage("is missing")
	}
	if s.done == 0 {
		return Record{}, s.takeHeader(v)
	}
	r := Record{First: int(s.done - 1), Count: 1}
	switch {
	case IsRun(v):
		var err error
		if r.Erased, err = ParseRun(k, v); err != nil {
			return Record{}, s.damage(err.Error())
		}
		r.Count = len(r.Erased)
		if r.First+r.Count > len(s.header.Payloads) {
			return Record{}, s.damage(fmt.Sprintf("%d changes are erased of %d", r.First+r.Count, len(s.header.Payloads)))
		}
		if s.next > s.Horizon {
			return Record{}, s.damage(fmt.Sprintf("is erased although the horizon is at %d", s.Horizon))
		}
	case !s.Trust && sha256.Sum256(v) != s.header.Payloads[r.First]:
		return Record{}, s.damage("does not match its hash")
	default:
		r.Payload = v
	}
	s.done += uint32(r.Count)
	if int(s.done) > len(s.header.Payloads) {
		s.next, s.done, s.chain, s.chained = s.next+1, 0, s.hash, true
		r.Last = true
	}
	return r, nil
}

func (s *Scanner) takeHeader(v []byte) error {
	h, err := data.DecodeHeader(v)
	switch {
	case err != nil:
		return s.damage(err.Error())
	case h.Seq != s.next:
		return s.damage(fmt.Sprintf("belongs to entry %d", h.Seq))
	case !s.chained || h.PrevHash != s.chain:
		return s.damage("does not continue the hash chain")
	case len(h.Payloads) == 0:
		return s.damage("has no changes")
	}
	s.header, s.done = h, 1
	s.hash = sha256.Sum256(v)
	return nil
}

func (s *Scanner) damage(what string) error {
	where := fmt.Sprintf("log entry %d, header", s.next)
	if s.done > 0 {
		where = fmt.Sprintf("log entry %d, change %d", s.next, s.done-1)
	}
	return &DamageError{where, what}
}
