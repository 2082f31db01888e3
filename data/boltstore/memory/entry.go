package memory

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/gewu-city/gewu/data"
)

// Entry is the events of cases in one entry of the log, without their bodies: whoever appends to many cases at once asks for
// many events of the same entry, one after the other. It belongs to one goroutine.
type Entry struct {
	Seq data.Seq

	// names are those of the cases, one after the other; that of event i ends at ends[i].
	names   []byte
	ends    []int
	numbers []int
	// at is the event that is looked at first: those who ask do so in the order of the entry.
	at int
	// newest is the newest entry with an event before one of these: this entry itself if a case has several here.
	newest data.Seq
}

// Add adds a change by its payload, with the hash that it must have; those that are no events are passed over. It keeps nothing
// of the payload.
func (e *Entry) Add(head data.PayloadHead, payload []byte, hash data.Hash) error {
	if head.Stream != data.StreamCase {
		return nil
	}
	if sha256.Sum256(payload) != hash {
		return errors.New("does not match its hash")
	}
	number, width := binary.Uvarint(payload[head.Content:])
	if width <= 0 || number < 1 || number > math.MaxInt32 {
		return fmt.Errorf("%w: it has no number of an event", data.ErrFormat)
	}
	e.names = append(e.names, head.Layer...)
	e.ends, e.numbers = append(e.ends, len(e.names)), append(e.numbers, int(number))
	e.newest = max(e.newest, head.Prev)
	return nil
}

// Newest is the number of the newest event of a case by its name in the case stream, 0 for none.
func (e *Entry) Newest(name string) int {
	found := 0
	for n := range e.ends {
		i := (e.at + n) % len(e.ends)
		begin := 0
		if i > 0 {
			begin = e.ends[i-1]
		}
		if string(e.names[begin:e.ends[i]]) != name || e.numbers[i] < found {
			continue
		}
		if found = e.numbers[i]; e.newest < e.Seq {
			e.at = (i + 1) % len(e.ends)
			break
		}
	}
	return found
}

// mostKept bounds what [Entries] keeps, in events, with bare for an entry by itself: 2 MB or so, and the entries from which a
// sweep goes on in a hundred thousand cases.
const (
	mostKept = 1 << 15
	bare     = 4
)

// Entries are the entries that were read last: those who append to many cases side by side ask for the same ones. The zero
// value has none. It belongs to one goroutine.
type Entries struct {
	known map[data.Seq]*Entry
	// order is that in which they were read, size what they count for.
	order []data.Seq
	size  int
}

// Entry is one of the entries, nil where it has to be read.
func (s *Entries) Entry(seq data.Seq) *Entry { return s.known[seq] }

// Keep keeps an entry that was read. Those that were read first go, all of them for one that is more than is kept.
func (s *Entries) Keep(e *Entry) {
	if s.known == nil {
		s.known = map[data.Seq]*Entry{}
	}
	s.size += e.size()
	for len(s.order) > 0 && s.size > mostKept {
		s.size -= s.known[s.order[0]].size()
		delete(s.known, s.order[0])
		s.order = s.order[1:]
	}
	s.known[e.Seq] = e
	s.order = append(s.order, e.Seq)
}

func (e *Entry) size() int { return bare + len(e.ends) }
