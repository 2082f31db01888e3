package admit

import (
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/memory"
)

// event checks that an event is the next one of its case. The store remembers the newest events of the cases that were
// appended to last; of the others it believes which event is the newest if the transaction knows the log since, and sees
// in the log that there is such an event.
func (a *admission) event(i int) error {
	ch := &a.r.Changes()[i]
	fail := func(field, value, why string) error {
		return &data.ChangeError{Change: i, Layer: ch.Layer, Err: &data.FieldError{Field: field, Value: value, Why: why}}
	}
	newest, remembered, since := a.heads.Event(ch.Layer)
	known := a.r.Tx().Known
	switch here := remembered && newest.Seq == a.Seq; {
	case here && ch.IfSeq != nil:
		return fail("if_seq", strconv.FormatUint(uint64(*ch.IfSeq), 10), "must be absent: the transaction itself has the event before")
	case here:
	case ch.IfSeq == nil:
		return fail("if_seq", "", "is missing: the seq of the event before, 0 for the first of a case")
	case remembered && *ch.IfSeq != newest.Seq:
		return &data.ConflictError{Change: i, Layer: "case", ID: data.CutCaseName(ch.Layer), Want: *ch.IfSeq, Have: newest.Seq}
	case remembered:
	case known < since:
		return &data.BehindError{Known: known, Need: since}
	case *ch.IfSeq > 0:
		number, err := a.log.EventAt(*ch.IfSeq, ch.Layer)
		if err != nil {
			return err
		}
		if number == 0 || *ch.IfSeq > since {
			return fail("if_seq", strconv.FormatUint(uint64(*ch.IfSeq), 10), "has no event of the case")
		}
		newest = memory.Event{Seq: *ch.IfSeq, Number: number}
	}
	if ch.Case.Number != newest.Number+1 {
		return fail("number", strconv.Itoa(ch.Case.Number), "must be "+strconv.Itoa(newest.Number+1)+", the next of the case")
	}
	ch.Prev, ch.IfSeq = newest.Seq, nil
	data.LinkPayload(a.r.Payload(i), 0, ch.Prev)
	a.heads.SetEvent(ch.Layer, memory.Event{Seq: a.Seq, Number: ch.Case.Number})
	return nil
}
