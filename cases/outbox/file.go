// Package outbox keeps who subscribed to what happens to cases, and the messages on their way to them, in a file beside the
// log of the city: addresses can be taken back, entries of a log cannot. Messages follow from the events in the log and the
// subscriptions; those of an entry, and that it was read, are written in one transaction, so that none is lost or made twice
// whenever the machine stops.
package outbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// The buckets of the file.
var (
	subscriptions = []byte("subscriptions") // id → Subscription
	messages      = []byte("messages")      // id → notice.Message
	byCase        = []byte("cases")         // case, zero byte, id of a message → nothing
	marks         = []byte("marks")         // "epoch", "read", "key"
)

// Errors of a file.
var (
	ErrUnknown = errors.New("outbox: there is no such thing")
	ErrFull    = errors.New("outbox: there are too many subscriptions")
	// ErrConfirmed says that everybody who was told has given a receipt, ErrReminded that whoever has not was reminded just now.
	ErrConfirmed = errors.New("outbox: everybody has confirmed")
	ErrReminded  = errors.New("outbox: they were reminded just now")
)

// Most is how many subscriptions there may be, and MostOf how many of one owner.
const (
	Most   = 1_000_000
	MostOf = 200
)

// Subscription is a subscription as it is kept.
type Subscription struct {
	notice.Subscription
	// Polygon is the drawn polygon as a GeoJSON geometry.
	Polygon json.RawMessage `json:"polygon,omitempty"`
	// Hook is where a channel of the kind webhook leads.
	Hook *Hook     `json:"hook,omitempty"`
	Made time.Time `json:"made"`
}

// Hook is where a program wants to be told, and the secret that signs what is sent.
type Hook struct {
	URL    string `json:"url"`
	Secret []byte `json:"secret"`
	// Template names what shapes the body, empty for the usual form, and To is what a service of SMS or chats sends it to.
	Template string `json:"template,omitempty"`
	To       string `json:"to,omitempty"`
}

// File is subscriptions and messages. It is safe for concurrent use.
type File struct {
	db     *bbolt.DB
	book   *notice.Book
	queue  *notice.Outbox
	policy notice.Policy
	shape  func(geojson []byte) (geo.Shape, error)
	key    []byte
}

// Open opens a file, which is made when there is none. Shape reads drawn polygons.
func Open(path string, policy notice.Policy, shape func(geojson []byte) (geo.Shape, error)) (*File, error) {
	if err := policy.Check(); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 10 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	f := &File{db: db, book: notice.NewBook(), queue: notice.NewOutbox(), policy: policy, shape: shape}
	if err := db.Update(f.read); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), db.Close())
	}
	return f, nil
}

// Close lets go of the file.
func (f *File) Close() error { return f.db.Close() }

func (f *File) read(tx *bbolt.Tx) error {
	for _, name := range [][]byte{subscriptions, messages, byCase, marks} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	f.key = bytes.Clone(tx.Bucket(marks).Get([]byte("key")))
	if len(f.key) == 0 {
		f.key = make([]byte, 32)
		if _, err := rand.Read(f.key); err != nil {
			return err
		}
		if err := tx.Bucket(marks).Put([]byte("key"), f.key); err != nil {
			return err
		}
	}
	err := tx.Bucket(subscriptions).ForEach(func(_, v []byte) error {
		var s Subscription
		if err := json.Unmarshal(v, &s); err != nil {
			return err
		}
		return f.put(&s)
	})
	if err != nil {
		return err
	}
	return tx.Bucket(messages).ForEach(func(_, v []byte) error {
		var m notice.Message
		if err := json.Unmarshal(v, &m); err != nil {
			return err
		}
		f.queue.Put(m)
		return nil
	})
}

// put adds a subscription to the book.
func (f *File) put(s *Subscription) error {
	if len(s.Polygon) > 0 {
		shape, err := f.shape(s.Polygon)
		if err != nil {
			return &data.FieldError{Field: "polygon", Why: err.Error()}
		}
		s.Area = &shape
	}
	return f.book.Put(s.Subscription)
}

// Queue is what waits.
func (f *File) Queue() *notice.Outbox { return f.queue }

// Find are the subscriptions that ask for what happened.
func (f *File) Find(what *notice.Subject) []notice.Subscription { return f.book.Find(what) }

// Subscribe keeps a subscription. The error is a *data.FieldError for one that cannot be, and ErrFull.
func (f *File) Subscribe(s Subscription) error {
	have, err := f.Subscriptions(s.Owner)
	switch {
	case err != nil:
		return err
	case len(have) >= MostOf || f.book.Len() >= Most:
		return ErrFull
	}
	if err := f.put(&s); err != nil {
		return err
	}
	err = f.db.Update(func(tx *bbolt.Tx) error { return write(tx, subscriptions, s.ID, &s) })
	if err != nil {
		f.book.Drop(s.ID)
	}
	return err
}

// Unsubscribe forgets a subscription; messages that wait because of it are refused when they are due.
func (f *File) Unsubscribe(id string) error {
	err := f.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(subscriptions).Delete([]byte(id)) })
	if err == nil {
		f.book.Drop(id)
	}
	return err
}

// Subscription is one by its id, ErrUnknown for none.
func (f *File) Subscription(id string) (s Subscription, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error { return load(tx, subscriptions, id, &s) })
	return s, err
}

// Subscriptions are those of an owner, the oldest first; all of them with an empty one.
func (f *File) Subscriptions(owner string) (list []Subscription, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(subscriptions).ForEach(func(_, v []byte) error {
			var s Subscription
			if err := json.Unmarshal(v, &s); err != nil {
				return err
			}
			if owner == "" || s.Owner == owner {
				list = append(list, s)
			}
			return nil
		})
	})
	slices.SortStableFunc(list, func(a, b Subscription) int { return a.Made.Compare(b.Made) })
	return list, err
}

// Read is the entry of the log up to which messages are made; false when the file knows nothing of a log of that epoch.
func (f *File) Read(epoch data.Epoch) (at data.Seq, known bool) {
	_ = f.db.View(func(tx *bbolt.Tx) error { // reading memory does not fail
		b := tx.Bucket(marks)
		if known = string(b.Get([]byte("epoch"))) == string(epoch); known {
			known = json.Unmarshal(b.Get([]byte("read")), &at) == nil
		}
		return nil
	})
	return at, known
}

// Add keeps the messages of the entries up to one of the log, and that they are made. Those that are there stay as they are.
func (f *File) Add(epoch data.Epoch, read data.Seq, made []notice.Message) error {
	var fresh []notice.Message
	err := f.db.Update(func(tx *bbolt.Tx) error {
		fresh = fresh[:0]
		for i := range made {
			m := &made[i]
			if tx.Bucket(messages).Get([]byte(m.ID)) != nil {
				continue
			}
			fresh = append(fresh, *m)
			if err := errors.Join(write(tx, messages, m.ID, m), tx.Bucket(byCase).Put([]byte(m.Case+"\x00"+m.ID), nil)); err != nil {
				return err
			}
		}
		at, err := json.Marshal(read)
		if err != nil {
			return err
		}
		return errors.Join(tx.Bucket(marks).Put([]byte("epoch"), []byte(epoch)), tx.Bucket(marks).Put([]byte("read"), at))
	})
	if err != nil {
		return fmt.Errorf("keep messages: %w", err)
	}
	for _, m := range fresh {
		f.queue.Put(m)
	}
	return nil
}

// Note keeps what happened to a message and returns it as it is then. It satisfies adapters.Log. The errors are ErrUnknown and a
// *data.FieldError for what cannot have happened.
func (f *File) Note(_ context.Context, fact notice.Fact) (m notice.Message, err error) {
	err = f.db.Update(func(tx *bbolt.Tx) error {
		if err := load(tx, messages, fact.Message, &m); err != nil {
			return err
		}
		if m, err = m.Apply(fact, f.policy); err != nil {
			return err
		}
		return write(tx, messages, m.ID, &m)
	})
	return m, err
}

// Pause is how long somebody is left alone after a reminder by hand.
const Pause = 10 * time.Minute

// Remind reminds those who were told of a case by the messages with these ids, by all with none, and have given no receipt;
// who was reminded within [Pause] is left alone. Also are the subscriptions that ask for reminders. It returns the messages
// as they are then; the error is a *data.FieldError for a message that is not waited for, ErrUnknown for one that is not there,
// [ErrConfirmed] when nobody is to be reminded, and [ErrReminded] when all were a moment ago.
func (f *File) Remind(about string, ids []string, at time.Time, also []notice.Subscription) (reminded []notice.Message, err error) {
	var made []notice.Message
	err = f.db.Update(func(tx *bbolt.Tx) error {
		list, err := ofCase(tx, about)
		if err != nil {
			return err
		}
		reminded, made = nil, nil
		silent := 0
		for _, m := range list {
			if len(ids) > 0 && !slices.Contains(ids, m.ID) {
				continue
			}
			// What somebody subscribed to asks for no receipt.
			if m.State != notice.Sent || m.Subscription != "" || m.Reminds != "" || !m.Received.IsZero() {
				if len(ids) > 0 {
					return &data.FieldError{Field: "notices", Value: m.ID, Why: "was not sent, or waits for no receipt"}
				}
				continue
			}
			if silent++; at.Before(m.RemindedAt.Add(Pause)) {
				continue
			}
			if m, err = m.Apply(notice.Fact{Message: m.ID, What: notice.Reminded, At: at}, f.policy); err != nil {
				return err
			}
			reminded = append(reminded, m)
			for _, r := range notice.Reminder(&m, at, also) {
				if r.Channel.Kind == Live {
					if r, err = r.Apply(notice.Fact{Message: r.ID, What: notice.Delivered, At: at}, f.policy); err != nil {
						return err
					}
				}
				made = append(made, r)
			}
		}
		for _, id := range ids {
			if !slices.ContainsFunc(list, func(m notice.Message) bool { return m.ID == id }) {
				return fmt.Errorf("%w: %s", ErrUnknown, id)
			}
		}
		switch {
		case silent == 0:
			return ErrConfirmed
		case len(reminded) == 0:
			return ErrReminded
		}
		for i := range reminded {
			err = errors.Join(err, write(tx, messages, reminded[i].ID, &reminded[i]))
		}
		for i := range made {
			err = errors.Join(err, write(tx, messages, made[i].ID, &made[i]), tx.Bucket(byCase).Put([]byte(about+"\x00"+made[i].ID), nil))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, m := range made {
		f.queue.Put(m)
	}
	return reminded, nil
}

// Message is one by its id, ErrUnknown for none.
func (f *File) Message(id string) (m notice.Message, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error { return load(tx, messages, id, &m) })
	return m, err
}

// OfCase are the messages about a case, in the order of their events.
func (f *File) OfCase(id string) (list []notice.Message, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error {
		list, err = ofCase(tx, id)
		return err
	})
	return list, err
}

func ofCase(tx *bbolt.Tx, id string) (list []notice.Message, err error) {
	prefix := id + "\x00"
	c := tx.Bucket(byCase).Cursor()
	for k, _ := c.Seek([]byte(prefix)); strings.HasPrefix(string(k), prefix); k, _ = c.Next() {
		var m notice.Message
		if err := load(tx, messages, string(k[len(prefix):]), &m); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	slices.SortStableFunc(list, func(a, b notice.Message) int { return a.Made.Compare(b.Made) })
	return list, err
}

// In are at most so many messages in a state, and how many there are.
func (f *File) In(state notice.State, most int) (list []notice.Message, count int, err error) {
	err = f.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(messages).ForEach(func(_, v []byte) error {
			var m notice.Message
			if err := json.Unmarshal(v, &m); err != nil {
				return err
			}
			if m.State != state {
				return nil
			}
			if count++; len(list) < most {
				list = append(list, m)
			}
			return nil
		})
	})
	return list, count, err
}

func write(tx *bbolt.Tx, bucket []byte, id string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put([]byte(id), b)
}

func load(tx *bbolt.Tx, bucket []byte, id string, v any) error {
	b := tx.Bucket(bucket).Get([]byte(id))
	if b == nil {
		return ErrUnknown
	}
	return json.Unmarshal(b, v)
}
