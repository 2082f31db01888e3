package request

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/records"
)

// RecordID names the record of event n of a request, from 1.
func RecordID(id string, n int) string { return fmt.Sprintf("%s/%06d", id, n) }

// Named is the id of the request of which a record is an event.
func Named(record string) string {
	id, _, _ := strings.Cut(record, "/")
	return id
}

// Put is the change that keeps event n of a request. Of two who write the same event one is refused by the store.
func (e *Event) Put(id string, n int) (data.Change, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return data.Change{}, err
	}
	c := (&data.Admin{Kind: data.AdminRequest, ID: RecordID(id, n), Body: body}).Put()
	c.IfSeq = new(data.Seq)
	return c, nil
}

// Book is all requests of a World. It is immutable.
type Book struct {
	byID map[string]*Request
	all  []*Request // in the order of their ids, which is that in which they came
	// faults are why requests of the log cannot be read.
	faults []error
}

// decoded is the body of a record, read once.
type decoded struct {
	event *Event
	err   error
}

func read(r *records.Record) (*Event, error) {
	d := records.FromRecord(r, func() decoded {
		e := &Event{}
		err := json.Unmarshal(r.Body, e)
		return decoded{e, err}
	})
	return d.event, d.err
}

// Of is the book of a World; it is made once for all Worlds with the same records of planning.
func Of(w *index.World) *Book {
	return records.FromSet(w.Planning(), func() *Book { return bookOf(w.Planning()) })
}

func bookOf(set *records.Set) *Book {
	b := &Book{byID: map[string]*Request{}}
	var events []*Event
	var id string
	var seq data.Seq
	var fault error
	end := func() {
		if id == "" {
			return
		}
		q, err := Fold(id, events)
		if fault != nil {
			err = fault
		}
		if err != nil {
			b.faults = append(b.faults, err)
			return
		}
		q.seq = seq
		b.byID[id], b.all = q, append(b.all, q)
	}
	for r := range set.All(data.AdminRequest) {
		of := Named(r.ID)
		if of != id {
			end()
			id, events, seq, fault = of, nil, 0, nil
		}
		e, err := read(r)
		switch {
		case err != nil && fault == nil:
			fault = fmt.Errorf("record %s: %w", r.ID, err)
		case r.ID != RecordID(of, len(events)+1) && fault == nil:
			fault = fmt.Errorf("record %s does not follow event %d of the request", r.ID, len(events))
		}
		events, seq = append(events, e), max(seq, r.Seq)
	}
	end()
	return b
}

// Find finds a request by its id.
func (b *Book) Find(id string) (*Request, bool) {
	q, ok := b.byID[id]
	return q, ok
}

// All are the requests in the order in which they came. Nobody may change the slice.
func (b *Book) All() []*Request { return b.all }

// Faults are why requests of the log cannot be read; these are left out.
func (b *Book) Faults() []error { return slices.Clone(b.faults) }

// Crowded is the first of cells about which MaxOpen requests are open, false for none.
func (b *Book) Crowded(scheme string, codes []string) (string, bool) {
	count := map[string]int{}
	for _, q := range b.all {
		if q.Scheme != scheme || !q.Open() {
			continue
		}
		for _, code := range q.Concerns() {
			count[code]++
		}
	}
	i := slices.IndexFunc(codes, func(code string) bool { return count[code] >= MaxOpen })
	if i < 0 {
		return "", false
	}
	return codes[i], true
}

// Of is the state of a request in a World, and the number of the version that its draft became: a draft that was forgotten
// leaves the request accepted, one that is published makes it done.
func (q *Request) Of(w *index.World) (state State, published int) {
	if q.State != Drafted {
		return q.State, 0
	}
	h, _, ok := version.Lookup(w, q.Draft)
	switch {
	case !ok:
		return Accepted, 0
	case h.Of(w) == version.Published:
		return Done, h.Published
	}
	return Drafted, 0
}
