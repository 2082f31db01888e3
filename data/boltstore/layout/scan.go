package layout

import (
	"crypto/sha256"
	"fmt"

	"github.com/gewu-city/gewu/data"
)

// Scanner checks the records of the log one after the other: that none is missing, that each header continues the
// hash chain and each payload matches its hash. It holds no bytes of the file, so that it can rest between two read
// transactions. It is for one goroutine.
type Scanner struct {
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

// DamageError is damage found in the file, before the store has put its name and the command to it.
type DamageError struct{ Where, What string }

// Error is "where: what".
func (e *DamageError) Error() string { return e.Where + ": " + e.What }

// Take checks one record. payload is false for a header; last is true with the last payload of an entry: the Scanner is
// then before the next entry while Header still is that of the entry that ended. The error is a *[DamageError]
// and leaves the Scanner where it was.
func (s *Scanner) Take(k, v []byte) (payload, last bool, err error) {
	bad := func(what string) (bool, bool, error) {
		where := fmt.Sprintf("log entry %d, header", s.next)
		if s.done > 0 {
			where = fmt.Sprintf("log entry %d, change %d", s.next, s.done-1)
		}
		return false, false, &DamageError{where, what}
	}
	if want := s.Key(); string(k) != string(want[:]) {
		return bad("is missing")
	}
	hash := data.Hash(sha256.Sum256(v))
	if s.done > 0 {
		if hash != s.header.Payloads[s.done-1] {
			return bad("does not match its hash")
		}
		s.done++
		if int(s.done) <= len(s.header.Payloads) {
			return true, false, nil
		}
		s.next, s.done, s.chain, s.chained = s.next+1, 0, s.hash, true
		return true, true, nil
	}
	h, err := data.DecodeHeader(v)
	switch {
	case err != nil:
		return bad(err.Error())
	case h.Seq != s.next:
		return bad(fmt.Sprintf("belongs to entry %d", h.Seq))
	case !s.chained || h.PrevHash != s.chain:
		return bad("does not continue the hash chain")
	case len(h.Payloads) == 0:
		return bad("has no changes")
	}
	s.header, s.hash, s.done = h, hash, 1
	return false, false, nil
}
