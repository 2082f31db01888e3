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
// many events of the same entry, one after the other. The zero value is that of no entry. It belongs to one goroutine.
type Entry struct {
	// Seq is the entry, 0 for none.
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

// Begin forgets all events, before the changes of an entry are added. The entry is known when [Entry.Seq] is set.
func (e *Entry) Begin() {
	*e = Entry{names: e.names[:0], ends: e.ends[:0], numbers: e.numbers[:0]}
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
