package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// Live is the kind of channels that are seen in gewu itself: "organisation:ID" or "person:ID". They are there as soon as they
// are kept.
const Live = "live"

// Peer is the kind of channels to other platforms with which cases are exchanged: the peer and the number of the event, city/7.
const Peer = "exchange"

// Log is the log of the city; see [data.Store] for the contracts.
type Log interface {
	Epoch() data.Epoch
	Last() data.Seq
	Wait(ctx context.Context, after data.Seq) error
}

// Journal is the events of cases in the log; see [journal.Journal] for the contracts.
type Journal interface {
	Since(ctx context.Context, after data.Seq) iter.Seq2[journal.Entry, error]
	Events(ctx context.Context, id string) iter.Seq2[*cases.Event, error]
	// Await waits until Events yields everything up to an entry.
	Await(ctx context.Context, seq data.Seq) error
}

// Follower makes the messages of events. Its members are set once.
type Follower struct {
	File    *File
	Log     Log
	Journal Journal
	// Directory is who works for the city at a time.
	Directory func(at time.Time) cases.Directory
	// Edition is that of classes that name none.
	Edition string
	// Sees reports whether a person of the directory sees a case as a whole now. When nil, nobody does.
	Sees func(person, id string) bool
	// Public says that the public may see cases that are not private.
	Public bool
	// Peers are the other platforms that are told of the last of the events of a case, which are all up to it; nil for none.
	Peers func(events []*cases.Event) []notice.Recipient
	// Wake hears that there are messages.
	Wake   func()
	Logger *slog.Logger

	// turn is held by whoever makes messages.
	turn sync.Mutex
}

// retryRest is how long a follower rests when messages cannot be kept.
const retryRest = 10 * time.Second

// Run makes messages of what the log gets, until ctx ends. What it got while nobody ran comes first; a file that is new makes
// none of the past.
func (f *Follower) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := f.Catch(ctx)
		if err == nil {
			read, _ := f.File.Read(f.Log.Epoch())
			err = f.Log.Wait(ctx, read)
		}
		switch {
		case err == nil:
		case ctx.Err() != nil || errors.Is(err, data.ErrClosed):
			return nil //nolint:nilerr // told to end
		default:
			f.Logger.Error("messages about cases cannot be made now", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(retryRest):
			}
		}
	}
	return nil
}

// Catch makes the messages of all that is in the log now.
func (f *Follower) Catch(ctx context.Context) error {
	f.turn.Lock()
	defer f.turn.Unlock()
	epoch, last := f.Log.Epoch(), f.Log.Last()
	read, known := f.File.Read(epoch)
	if !known {
		return f.File.Add(epoch, last, nil)
	}
	if read >= last {
		return nil
	}
	var made []notice.Message
	number, at := 0, read
	for e, err := range f.Journal.Since(ctx, read) {
		if err != nil {
			return err
		}
		if number++; e.Seq != at {
			number, at = 0, e.Seq
		}
		// An entry is in the log before the case is shown so.
		if err := f.Journal.Await(ctx, e.Seq); err != nil {
			return err
		}
		some, err := f.compose(ctx, e, number)
		if err != nil {
			return err
		}
		for i := range some {
			if some[i].Channel.Kind == Live {
				some[i], err = some[i].Apply(notice.Fact{What: notice.Delivered, At: some[i].Made}, f.File.policy)
				if err != nil {
					return err
				}
			}
		}
		if err := f.acted(ctx, e, made); err != nil {
			return err
		}
		made = append(made, some...)
		last = max(last, e.Seq)
	}
	if err := f.File.Add(epoch, last, made); err != nil {
		return err
	}
	if len(made) > 0 {
		f.Wake()
	}
	return nil
}

// acted notes that an organisation or a person who was told of a case has it in hand, because they have done something with
// it. Noted before the entry is read, it is noted again after a crash, which changes nothing.
func (f *Follower) acted(ctx context.Context, e journal.Entry, made []notice.Message) error {
	by := []string{"organisation:" + e.Event.Actor.Organisation, "person:" + e.Event.Actor.Person}
	waits := func(m *notice.Message) bool {
		return m.Case == e.Event.Case && m.Channel.Kind == Live && slices.Contains(by, m.Channel.Address) && m.State == notice.Sent && m.Handling.IsZero() && m.Reminds == ""
	}
	for i := range made {
		if waits(&made[i]) {
			made[i], _ = made[i].Apply(notice.Fact{Message: made[i].ID, What: notice.Handling, At: e.Recorded}, f.File.policy) // it was sent
		}
	}
	if e.Event.Actor.Organisation == "" && e.Event.Actor.Person == "" {
		return nil
	}
	list, err := f.File.OfCase(e.Event.Case)
	if err != nil {
		return err
	}
	for i := range list {
		if !waits(&list[i]) {
			continue
		}
		if _, err := f.File.Note(ctx, notice.Fact{Message: list[i].ID, What: notice.Handling, At: e.Recorded}); err != nil {
			return err
		}
	}
	return nil
}

// Remind reminds those who were told of a case and have given no receipt, see [File.Remind]; whoever asks for reminders in a
// subscription by name is told too.
func (f *Follower) Remind(ctx context.Context, about string, ids []string, at time.Time) ([]notice.Message, error) {
	c := cases.NewCase()
	for one, err := range f.Journal.Events(ctx, about) {
		if err == nil {
			err = c.Apply(one)
		}
		if err != nil {
			return nil, fmt.Errorf("reminders of case %s: %w", about, err)
		}
	}
	what := f.subject(c, at)
	what.Event = notice.Reminds
	also := slices.DeleteFunc(f.find(what), func(s notice.Subscription) bool { return !slices.Contains(s.Events, notice.Reminds) })
	reminded, err := f.File.Remind(about, ids, at, also)
	if err == nil {
		f.Wake()
	}
	return reminded, err
}

// mostMarks bounds the marks of one event: numbers of messages are those of the event times this, plus that of the mark.
const mostMarks = 100

// compose makes the messages of one event: one for what was done, and one for each mark that was told.
func (f *Follower) compose(ctx context.Context, e journal.Entry, number int) ([]notice.Message, error) {
	c := cases.NewCase()
	var events []*cases.Event
	for one, err := range f.Journal.Events(ctx, e.Event.Case) {
		if err == nil {
			err = c.Apply(one)
		}
		if err != nil {
			return nil, fmt.Errorf("messages of entry %d: %w", e.Seq, err)
		}
		if events = append(events, one); c.Version == e.Event.Number {
			break
		}
	}
	about := f.subject(c, e.Recorded)
	var list []notice.Message
	for i, m := range e.Event.Told {
		about.Event, about.Clock, about.Level = m.Kind, m.Clock, m.Level
		to := []process.Notify{"unit"}
		if m.Level > 0 {
			to = nil
		}
		list = append(list, notice.Compose(e.Seq, number*mostMarks+i+1, about, f.find(about), f.named(c, e, to, m.Level))...)
	}
	if e.Event.Quiet() || e.Event.Action == cases.Tells {
		return list, nil
	}
	about.Event, about.Clock, about.Level = e.Event.Action, "", 0
	above := 0
	if slices.Contains(e.Event.Notify, "above") {
		above = 1
	}
	named := f.named(c, e, e.Event.Notify, above)
	if f.Peers != nil {
		named = append(named, f.Peers(events)...)
	}
	return append(list, notice.Compose(e.Seq, number*mostMarks, about, f.find(about), named)...), nil
}

// find are the subscriptions that ask for what happened, each of what its owner sees of the case.
func (f *Follower) find(about *notice.Subject) []notice.Subscription {
	list := f.File.Find(about)
	for i := range list {
		if s := &list[i]; s.Sighted {
			person, ok := strings.CutPrefix(s.Owner, "person:")
			s.Public = !ok || f.Sees == nil || !f.Sees(person, about.Case)
		}
	}
	return slices.DeleteFunc(list, func(s notice.Subscription) bool { return s.Sighted && s.Public && !about.Public })
}

// subject is a case as subscriptions ask for it.
func (f *Follower) subject(c *cases.Case, at time.Time) *notice.Subject {
	s := &notice.Subject{
		Case: c.ID, Class: strings.TrimSpace(cmp.Or(c.Class.Edition, f.Edition) + " " + c.Class.Kind + " " + c.Class.Code), Public: f.Public && !c.Private, At: at,
	}
	place := c.Place()
	if place == nil {
		return s
	}
	for _, a := range place.Areas {
		s.Areas = append(s.Areas, a.Level+" "+a.Code)
	}
	for _, cell := range place.Cells {
		s.Areas = append(s.Areas, cell.Scheme+" "+cell.Code)
	}
	if place.Point != nil {
		if p, ok := geo.FromDegrees(place.Point.Lon, place.Point.Lat); ok {
			s.Point = &p
		}
	}
	return s
}

// named are whom a process tells of an event: units, and the one so many levels above the unit that has the case. Whose turn
// it is finds the case in the inbox, and who reported is told by the system through which they did.
func (f *Follower) named(c *cases.Case, e journal.Entry, to []process.Notify, above int) []notice.Recipient {
	var list []notice.Recipient
	add := func(kind, id string) {
		if id != "" {
			list = append(list, notice.Recipient{ID: kind + "-" + id, Channel: notice.Channel{Kind: Live, Address: kind + ":" + id}})
		}
	}
	for _, n := range to {
		switch n {
		case "unit":
			add("organisation", c.Unit())
		case "first":
			add("organisation", c.First)
		case "person":
			add("person", cmp.Or(c.Task, e.Event.Form.Person))
		}
	}
	if above > 0 && c.Unit() != "" {
		path := f.Directory(e.Event.At).Path(c.Unit())
		if i := len(path) - 1 - above; i >= 0 {
			add("organisation", path[i])
		}
	}
	return list
}
