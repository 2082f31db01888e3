package boltstore

import (
	"crypto/sha256"
	"fmt"

	"github.com/gewu-city/gewu/data"
)

// scanner checks the records of the log one after the other: that none is missing, that each header continues the
// hash chain and each payload matches its hash. It holds no bytes of the file.
type scanner struct {
	next data.Seq // of the entry that is read
	done uint32   // records of it that were taken: 0 before the header
	// chain is the hash of header next-1 once chained.
	chain   data.Hash
	chained bool
	header  data.Header
	hash    data.Hash // of header
}

// newScanner begins at an entry. Before the first entry the chain is zero; elsewhere resume gives it.
func newScanner(next data.Seq) scanner { return scanner{next: next, chained: next <= 1} }

// resume gives the encoded header before the entry to read next.
func (s *scanner) resume(header []byte) { s.chain, s.chained = sha256.Sum256(header), true }

// key is the key of the record to take next.
func (s *scanner) key() [logKeyBytes]byte { return logKey(s.next, s.done) }

// damageError is damage found in the file, before the store has put its name and the command to it.
type damageError struct{ where, what string }

// Error is "where: what".
func (e *damageError) Error() string { return e.where + ": " + e.what }

// take checks one record. last is true with the last payload of an entry: the scanner is then before the next entry
// while header still is the one of the entry that ended. The error is a *damageError.
func (s *scanner) take(k, v []byte) (payload, last bool, err error) {
	bad := func(what string) (bool, bool, error) {
		where := fmt.Sprintf("log entry %d, header", s.next)
		if s.done > 0 {
			where = fmt.Sprintf("log entry %d, change %d", s.next, s.done-1)
		}
		return false, false, &damageError{where, what}
	}
	if want := s.key(); string(k) != string(want[:]) {
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
