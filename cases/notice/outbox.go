package notice

import (
	"cmp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/btree"

	"github.com/gewu-city/gewu/data"
)

func messageID(seq data.Seq, number int, who string) string {
	return strconv.FormatUint(uint64(seq), 10) + "." + strconv.Itoa(number) + "/" + who
}

// Outbox keeps the messages that wait in order of their next try. It is derived: after a restart it is filled from the
// messages that wait. It is safe for concurrent use.
//
// Each message that Take hands out is answered by [Outbox.Put] of the message after the fact of its try is in the log, or
// by [Outbox.Return] if the try was not made. If the process dies between a delivery and its fact, the message is sent again:
// whoever gets it tells by the id that it is the same.
type Outbox struct {
	mu    sync.Mutex
	due   *btree.BTreeG[Message]
	of    map[string]Message
	taken map[string]bool
}

// NewOutbox is an empty outbox.
func NewOutbox() *Outbox {
	less := func(a, b Message) bool {
		return cmp.Or(a.Next.Compare(b.Next), strings.Compare(a.ID, b.ID)) < 0
	}
	return &Outbox{due: btree.NewBTreeGOptions(less, btree.Options{NoLocks: true}), of: map[string]Message{}, taken: map[string]bool{}}
}

// Put tells the outbox what a message is now. One that does not wait is forgotten.
func (o *Outbox) Put(m Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if old, ok := o.of[m.ID]; ok {
		o.due.Delete(old)
		delete(o.of, m.ID)
		delete(o.taken, m.ID)
	}
	if m.State == Waiting {
		o.of[m.ID] = m
		o.due.Set(m)
	}
}

// Take hands out at most so many messages whose next try is due, the longest due first.
func (o *Outbox) Take(now time.Time, most int) []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []Message
	for len(list) < most {
		m, ok := o.due.Min()
		if !ok || m.Next.After(now) {
			break
		}
		o.due.PopMin()
		o.taken[m.ID] = true
		list = append(list, m)
	}
	return list
}

// Return gives a message back that was not tried.
func (o *Outbox) Return(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if m, ok := o.of[id]; ok && o.taken[id] {
		delete(o.taken, id)
		o.due.Set(m)
	}
}

// Next is when the next try is due, of messages that are not handed out.
func (o *Outbox) Next() (time.Time, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m, ok := o.due.Min()
	return m.Next, ok
}

// Len is how many messages wait, with those that are handed out.
func (o *Outbox) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.of)
}

// Tally is what became of the messages of one notice or task: who got it, and what they do about it (接收办理情况).
type Tally struct {
	All, Waiting, Sent, Dead int
	// Received, Handling and Done count the receipts; Handling counts those that are done too.
	Received, Handling, Done int
	// Silent are the ids of messages that were sent and have no receipt, Lost those that are dead.
	Silent, Lost []string
}

// Count is the tally of messages, in their order. Reminders say nothing new and are left out.
func Count(messages []Message) Tally {
	t := Tally{}
	for i := range messages {
		m := &messages[i]
		if m.Reminds != "" {
			continue
		}
		t.All++
		switch m.State {
		case Waiting:
			t.Waiting++
		case Sent:
			t.Sent++
			if m.Received.IsZero() {
				t.Silent = append(t.Silent, m.ID)
			}
		case Dead:
			t.Dead++
			t.Lost = append(t.Lost, m.ID)
		}
		for _, receipt := range []struct {
			at    time.Time
			count *int
		}{{m.Received, &t.Received}, {m.Handling, &t.Handling}, {m.Done, &t.Done}} {
			if !receipt.at.IsZero() {
				*receipt.count++
			}
		}
	}
	return t
}

// Reminds is the event of reminders.
const Reminds = "remind"

// Reminder reminds of a message once more, on the same way. Its id is made of that of the message and of how often it was
// reminded of. Also are those who asked to be told of reminders, as services of SMS are; each gets a message of its own.
func Reminder(m *Message, at time.Time, also []Subscription) []Message {
	one := Message{
		ID: m.ID + "~" + strconv.Itoa(m.Reminded), Channel: m.Channel, Lang: m.Lang, Public: m.Public, Case: m.Case, Event: Reminds, Seq: m.Seq,
		Made: at, State: Waiting, Next: at, Reminds: m.ID,
	}
	list := []Message{one}
	for i := range also {
		s := &also[i]
		if s.Channel == m.Channel {
			continue
		}
		more := one
		more.ID, more.Channel, more.Subscription, more.Lang, more.Public = one.ID+"-sub-"+s.ID, s.Channel, s.ID, s.Lang, s.Public
		list = append(list, more)
	}
	return list
}

// Remind are the messages whose recipients are to be reminded at an instant: sent, without a receipt, and so long ago since
// the last that they heard of it. Each reminder doubles the time until the next.
func Remind(messages []Message, now time.Time, after time.Duration) []Message {
	var list []Message
	for i := range messages {
		m := &messages[i]
		if m.State != Sent || m.Reminds != "" || !m.Received.IsZero() || after <= 0 || m.Reminded > 30 {
			continue
		}
		// After n reminders 2^(n+1)-1 times the first pause has gone by.
		pauses := int64(1)<<(m.Reminded+1) - 1
		if now.Sub(m.SentAt)/after >= time.Duration(pauses) {
			list = append(list, *m)
		}
	}
	return list
}
