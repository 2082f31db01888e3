package notice

import (
	"hash/crc32"
	"time"

	"github.com/gewu-city/gewu/data"
)

// State is where a message is on its way.
type State string

// The states of messages. Sent and Dead end the tries; receipts come after Sent.
const (
	// Waiting is to be tried, for the first time or again.
	Waiting State = "waiting"
	// Sent has been taken by the other side.
	Sent State = "sent"
	// Dead was tried as often as the policy says, or refused for good; somebody may revive it.
	Dead State = "dead"
)

// Policy says how often and how long a message is tried.
type Policy struct {
	// First is the pause after the first try that failed; each later one is Factor times as long, at most Longest.
	First, Longest time.Duration
	Factor         float64
	// Tries end it, and so does Within since it was made.
	Tries  int
	Within time.Duration
}

// Usual is a policy for mail and webhooks: half a minute, then twice as long each time up to an hour, for three days.
var Usual = Policy{First: 30 * time.Second, Factor: 2, Longest: time.Hour, Tries: 100, Within: 72 * time.Hour}

// Check reports what is wrong with a policy, as a *data.FieldError.
func (p *Policy) Check() error {
	bad := func(field, why string) error { return &data.FieldError{Field: "policy." + field, Why: why} }
	switch {
	case p.First <= 0 || p.Longest < p.First:
		return bad("first", "must be more than nothing and at most longest")
	case !(p.Factor >= 1 && p.Factor <= 100):
		return bad("factor", "must be 1 to 100")
	case p.Tries < 1:
		return bad("tries", "must be 1 or more")
	case p.Within <= 0:
		return bad("within", "must be more than nothing")
	}
	return nil
}

// Message is one notice to one address.
type Message struct {
	// ID is made of the event and of who is told, so that the same message is never made twice.
	ID      string  `json:"id"`
	Channel Channel `json:"channel"`
	// Subscription is why it is sent, empty for whoever the process names.
	Subscription string `json:"subscription,omitempty"`
	Case         string `json:"case"`
	// Event is the action or the notice that it tells of, Seq the entry of the log that it is in.
	Event string   `json:"event"`
	Seq   data.Seq `json:"seq"`
	// Clock is the clock whose mark Event is, empty for an action; Level how many levels above the holder are told of it.
	Clock string `json:"clock,omitempty"`
	Level int    `json:"level,omitempty"`
	// Lang is the language that whoever gets it reads, empty for the usual one; Public says that they see of the case what the
	// public does.
	Lang   string `json:"lang,omitempty"`
	Public bool   `json:"public,omitempty"`

	Made  time.Time `json:"made"`
	State State     `json:"state"`
	// Tries are those that were made; Next is when the next is due while it waits.
	Tries int       `json:"tries,omitempty"`
	Next  time.Time `json:"next,omitzero"`
	// Why is what the last try that failed was told.
	Why string `json:"why,omitempty"`
	// Revived counts how often somebody had a dead message tried again; Since is when that was last.
	Revived int       `json:"revived,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	// SentAt is when the other side took it, Received, Handling and Done are the receipts of whoever got it.
	SentAt   time.Time `json:"sent_at,omitzero"`
	Received time.Time `json:"received,omitzero"`
	Handling time.Time `json:"handling,omitzero"`
	Done     time.Time `json:"done,omitzero"`
	// Reminded counts reminders that were sent because nobody gave a receipt, RemindedAt is when the last was.
	Reminded   int       `json:"reminded,omitempty"`
	RemindedAt time.Time `json:"reminded_at,omitzero"`
	// Reminds is the message that a reminder is about.
	Reminds string `json:"reminds,omitempty"`
}

// Happening is something that happens to a message.
type Happening string

// What happens to messages. The first three end a try, the last four come from people.
const (
	Delivered Happening = "delivered"
	// Failed may be tried again, Refused not: there is no such address.
	Failed  Happening = "failed"
	Refused Happening = "refused"
	// Received, Handling and Done are receipts (接收、办理、办结). A later one says the earlier ones too.
	Received Happening = "received"
	Handling Happening = "handling"
	Done     Happening = "done"
	// Reminded says that a reminder was sent, Revived that a dead message is to be tried again.
	Reminded Happening = "reminded"
	Revived  Happening = "revived"
)

// Fact is what happened to a message, as it is in the log.
type Fact struct {
	Message string    `json:"message"`
	What    Happening `json:"what"`
	At      time.Time `json:"at"`
	// Why is what the other side said, without addresses and secrets.
	Why string `json:"why,omitempty"`
	// After is when the other side wants to be tried again (Retry-After), at the earliest.
	After time.Time `json:"after,omitzero"`
}

// Apply is the message after a fact. Facts that say nothing new change nothing, so that those which come twice do no harm:
// a delivery of what is sent, a receipt that was given. It fails, with a *data.FieldError and the message as it was, where
// a fact cannot be: a receipt for what was never sent, or a try of what is dead.
func (m Message) Apply(f Fact, p Policy) (Message, error) {
	refuse := func(why string) (Message, error) {
		return m, &data.FieldError{Field: "message", Value: m.ID, Why: why}
	}
	next := m
	switch f.What {
	case Delivered:
		// Also what was given up or refused: an answer may be late, and whoever got it got it.
		if m.State != Sent {
			next.State, next.SentAt, next.Next, next.Why = Sent, f.At, time.Time{}, ""
			if m.State == Waiting {
				next.Tries++
			}
		}
	case Failed, Refused:
		if m.State == Sent {
			return m, nil
		}
		if m.State == Dead {
			return refuse("is dead, so it is not tried")
		}
		next.Tries++
		next.Why = f.Why
		next.Next = m.retry(f, p, next.Tries)
		if f.What == Refused || next.Next.IsZero() {
			next.State, next.Next = Dead, time.Time{}
		}
	case Received, Handling, Done:
		if m.State != Sent {
			return refuse("was never sent, so nobody can have got it")
		}
		next.receipt(f)
	case Reminded:
		if m.State != Sent {
			return refuse("was never sent, so nobody is to be reminded")
		}
		next.Reminded++
		next.RemindedAt = f.At
	case Revived:
		if m.State != Dead {
			return refuse("is not dead")
		}
		next.State, next.Next, next.Since, next.Tries = Waiting, f.At, f.At, 0
		next.Revived++
	default:
		return refuse("knows nothing of " + string(f.What))
	}
	return next, nil
}

func (m *Message) receipt(f Fact) {
	set := func(at *time.Time) {
		if at.IsZero() {
			*at = f.At
		}
	}
	set(&m.Received)
	if f.What != Received {
		set(&m.Handling)
	}
	if f.What == Done {
		set(&m.Done)
	}
}

// retry is when a message is tried again after so many tries, and zero if it is not.
func (m *Message) retry(f Fact, p Policy, tries int) time.Time {
	if tries >= p.Tries {
		return time.Time{}
	}
	pause := float64(p.First)
	for range tries - 1 {
		if pause *= p.Factor; pause >= float64(p.Longest) {
			pause = float64(p.Longest)
			break
		}
	}
	// Up to a quarter more, by the id of the message, so that what failed together is not tried together.
	pause *= 1 + float64(crc32.ChecksumIEEE([]byte(m.ID))%1024)/4096
	at := f.At.Add(time.Duration(pause))
	if f.After.After(at) {
		at = f.After
	}
	begin := m.Made
	if m.Since.After(begin) {
		begin = m.Since
	}
	if at.After(begin.Add(p.Within)) {
		return time.Time{}
	}
	return at
}

// Recipient is somebody whom the process names, beside those who subscribed: the unit that is to handle a case, whoever
// reported it.
type Recipient struct {
	// ID is the opaque id of who it is.
	ID      string
	Channel Channel
}

// Compose makes the messages of an event, by the Seq of its entry and its number there: one for each subscription and
// recipient, and one only for each address. They are appended in the transaction of the event.
func Compose(seq data.Seq, number int, what *Subject, subscribed []Subscription, named []Recipient) []Message {
	told := map[Channel]bool{}
	var list []Message
	add := func(to Channel, id string, why *Subscription) {
		if told[to] {
			return
		}
		told[to] = true
		list = append(list, Message{
			ID: messageID(seq, number, id), Channel: to, Subscription: why.ID, Lang: why.Lang, Public: why.Public,
			Case: what.Case, Event: what.Event, Clock: what.Clock, Level: what.Level, Seq: seq, Made: what.At, State: Waiting, Next: what.At,
		})
	}
	for _, r := range named {
		add(r.Channel, "to-"+r.ID, &Subscription{})
	}
	for i := range subscribed {
		add(subscribed[i].Channel, "sub-"+subscribed[i].ID, &subscribed[i])
	}
	return list
}
