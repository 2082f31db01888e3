package exchange

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/adapters"
	"github.com/gewu-city/gewu/cases/exchange"
	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/cases/outbox"
	"github.com/gewu-city/gewu/server/casework"
)

// Sender brings messages to other platforms. It satisfies [adapters.Sender].
type Sender struct {
	Book   *exchange.Book
	Cases  *casework.Service
	Outbox *outbox.File
	// Read reads a file by its hash; nil sends none.
	Read func(ctx context.Context, hash string) (kind string, content []byte, err error)
	// Post sends to an address; local allows addresses of this machine and of private networks.
	Post func(r *http.Request, local bool) (*http.Response, error)
	// Now is the wall clock.
	Now func() time.Time
}

// Told are the recipients of the last of the events of a case among the peers of a book.
func Told(b *exchange.Book) func(events []*cases.Event) []notice.Recipient {
	return func(events []*cases.Event) []notice.Recipient {
		var list []notice.Recipient
		for _, p := range b.Peers() {
			if _, told := p.Told(events); told {
				address := p.ID + "/" + strconv.Itoa(events[len(events)-1].Number)
				list = append(list, notice.Recipient{ID: "peer-" + p.ID, Channel: notice.Channel{Kind: outbox.Peer, Address: address}})
			}
		}
		return list
	}
}

// address is that of a message.
func address(m *notice.Message) (peer string, number int) {
	peer, text, _ := strings.Cut(m.Channel.Address, "/")
	number, _ = strconv.Atoi(text) // 0 is no event
	return peer, number
}

func failed(why string) adapters.Outcome {
	return adapters.Outcome{What: notice.Failed, Why: why}
}

func refusedOutcome(why string) adapters.Outcome {
	return adapters.Outcome{What: notice.Refused, Why: why}
}

// Send brings one message. Messages about a case go one after the other.
func (s *Sender) Send(ctx context.Context, m *notice.Message) adapters.Outcome {
	id, number := address(m)
	peer, err := s.Book.Peer(id)
	if err != nil {
		return refusedOutcome("there is no such peer any more")
	}
	after, wait := s.before(ctx, m)
	if wait != nil {
		return *wait
	}
	body, kind, out := s.compose(ctx, &peer, m, number, after)
	if out != nil {
		return *out
	}
	ack, sent := s.post(ctx, &peer, m.ID, body)
	if sent.What != notice.Delivered || kind != exchange.Hand {
		return sent
	}
	if ack.Case == "" || len(ack.Case) > exchange.MaxNumber {
		return failed("the platform took the case and did not say under which number")
	}
	if err := s.number(ctx, peer.ID, m.Case, ack.Case); err != nil {
		return failed("the number of the case with the platform is not noted") // and the message comes again, with the same answer
	}
	return sent
}

// beforePause is how long a message waits for the one before it, which is on its way, and how often it looks.
const beforePause, beforeLook = 10 * time.Second, 50 * time.Millisecond

// before is the number of the message about the case that went to the peer before this one, 0 for none. The outcome is that
// of a message that may not go yet.
func (s *Sender) before(ctx context.Context, m *notice.Message) (after int, wait *adapters.Outcome) {
	for until := s.Now().Add(beforePause); ; {
		prev, err := s.previous(m)
		if err != nil {
			return 0, new(failed("the outbox cannot be read"))
		}
		if prev == nil {
			return 0, nil
		}
		_, after = address(prev)
		switch prev.State {
		case notice.Sent:
			return after, nil
		case notice.Dead:
			return 0, new(refusedOutcome("message " + prev.ID + " about the case was given up: have that one tried again first"))
		case notice.Waiting:
		}
		if prev.Next.After(m.Next) || s.Now().After(until) {
			out := failed("message " + prev.ID + " about the case waits to be tried again")
			out.After = prev.Next
			return 0, &out
		}
		select {
		case <-ctx.Done():
			return 0, new(failed("no answer in time"))
		case <-time.After(beforeLook):
		}
	}
}

// previous is the message about the same case to the same peer before one, nil for none.
func (s *Sender) previous(m *notice.Message) (*notice.Message, error) {
	all, err := s.Outbox.OfCase(m.Case)
	if err != nil {
		return nil, err
	}
	peer, number := address(m)
	var prev *notice.Message
	best := 0
	for i := range all {
		if all[i].Channel.Kind != outbox.Peer {
			continue
		}
		if p, n := address(&all[i]); p == peer && n < number && n > best {
			prev, best = &all[i], n
		}
	}
	return prev, nil
}

// compose is the body of a message. The outcome is that of one that cannot be composed.
func (s *Sender) compose(ctx context.Context, peer *exchange.Peer, m *notice.Message, number, after int) ([]byte, exchange.Kind, *adapters.Outcome) {
	var events []*cases.Event
	for e, err := range s.Cases.Ledger().Events(ctx, m.Case) {
		if err != nil {
			return nil, "", new(failed("the case cannot be read"))
		}
		if events = append(events, e); e.Number == number {
			break
		}
	}
	if len(events) != number {
		return nil, "", new(refusedOutcome("there is no such event"))
	}
	kind, told := peer.Told(events)
	if !told {
		return nil, "", new(refusedOutcome("the peer is told nothing of it any more"))
	}
	words := exchange.Words{}
	last := events[number-1]
	if c, err := cases.Fold(events...); err == nil {
		if t, ok := s.Cases.Desk().Tables.Table(c.Process.Name, c.Process.Version); ok {
			if a, ok := t.Action(last.Action); ok {
				words.Action = a.Title
			}
			if state, ok := t.State(last.To); ok {
				words.State = state.Title
			}
		}
	}
	message, err := exchange.Compose(peer, kind, events, after, s.Book.Self(), time.Time{}, words)
	if err != nil {
		return nil, "", new(failed("the case cannot be read"))
	}
	if err := s.enclose(ctx, message); err != nil {
		return nil, "", new(failed("a file of the case cannot be read"))
	}
	if err := message.Check(); err != nil {
		return nil, "", new(refusedOutcome("the message cannot be sent: " + err.Error()))
	}
	body, err := json.Marshal(message)
	if err != nil {
		return nil, "", new(refusedOutcome("the message cannot be written"))
	}
	return body, kind, nil
}

// enclose reads the files of a message. Those for which there is no room stay here, which the text says.
func (s *Sender) enclose(ctx context.Context, m *exchange.Message) error {
	files, room := m.Files, exchange.MaxFileBytes
	m.Files = nil
	left := 0
	for _, f := range files {
		if s.Read == nil {
			left++
			continue
		}
		kind, content, err := s.Read(ctx, f.SHA256)
		if err != nil {
			return err
		}
		if len(content) > room {
			left++
			continue
		}
		room -= len(content)
		f.Type, f.Content = kind, content
		m.Files = append(m.Files, f)
	}
	if more := fmt.Sprintf("（另有附件 %d 件未随文发送 files not sent along: %d）", left, left); left > 0 && utf8.RuneCountInString(m.Text+more) <= cases.MaxText {
		m.Text += more
	}
	return nil
}

// post sends a body, signed by all secrets: the other side may know one of them only while they are changed.
func (s *Sender) post(ctx context.Context, peer *exchange.Peer, id string, body []byte) (ack exchange.Ack, out adapters.Outcome) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, peer.URL, bytes.NewReader(body)) //nolint:gosec // operators alone make peers; the dialer refuses what is not local by their word
	if err != nil {
		return ack, refusedOutcome("the peer has no address that can be asked")
	}
	now := s.Now()
	signatures := make([]string, len(peer.Secrets))
	for i, secret := range peer.Secrets {
		signatures[i] = notice.Signature(secret, id, now, body)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "gewu")
	request.Header.Set("webhook-id", id)
	request.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("webhook-signature", strings.Join(signatures, " "))
	answer, err := s.Post(request, peer.Local)
	switch {
	case errors.Is(err, adapters.ErrPrivate):
		return ack, refusedOutcome("the peer has an address of this machine or of a private network")
	case errors.Is(err, context.DeadlineExceeded):
		return ack, failed("no answer in time")
	case err != nil:
		return ack, failed("the platform is not reached")
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	_ = answer.Body.Close() // nothing was written to it
	if err != nil {
		return ack, failed("the answer of the platform breaks off")
	}
	if answer.StatusCode >= 200 && answer.StatusCode <= 299 {
		if err := json.Unmarshal(text, &ack); err != nil {
			return ack, failed("the answer of the platform is none of this exchange")
		}
		return ack, adapters.Outcome{What: notice.Delivered}
	}
	return ack, judge(answer, text, now)
}

// judge is what becomes of a message that was not taken: what may be right later is tried again, everything else is for people.
func judge(answer *http.Response, text []byte, now time.Time) adapters.Outcome {
	var problem struct {
		Detail  string `json:"detail"`
		Refusal struct {
			Name string `json:"name"`
		} `json:"refusal"`
	}
	_ = json.Unmarshal(text, &problem) // what is no problem document says nothing
	out := adapters.Outcome{What: notice.Refused, Why: strings.TrimSpace(fmt.Sprintf("the platform answers %d %s", answer.StatusCode, problem.Refusal.Name))}
	if detail := []rune(strings.ToValidUTF8(problem.Detail, "")); len(detail) > 0 {
		out.Why += ": " + string(detail[:min(len(detail), 200)])
	}
	// A secret that is being changed, a clock that is set, a message that overtook another one.
	again := []int{http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}
	if slices.Contains(again, answer.StatusCode) || answer.StatusCode < 400 || answer.StatusCode >= 500 || problem.Refusal.Name == "out-of-order" {
		out.What, out.After = notice.Failed, adapters.RetryAfter(answer.Header.Get("Retry-After"), now)
	}
	return out
}

// number notes the number that a peer gave a case.
func (s *Sender) number(ctx context.Context, peer, id, number string) error {
	for try := 0; ; try++ {
		desk := s.Cases.Desk()
		c, err := desk.Shelf.Case(ctx, id)
		if err != nil || c.Peers[peer].Number == number {
			return err
		}
		key := Source + "/" + peer + "/number/" + strconv.Itoa(c.Version)
		_, err = desk.Log.Append(ctx, []*cases.Event{c.Numbered(s.Cases.Now(), key, peer, number)})
		if _, stale := errors.AsType[*cases.StaleError](err); !stale || try == tries {
			return err
		}
	}
}

// Ping asks a peer whether messages arrive.
func (s *Sender) Ping(ctx context.Context, peer *exchange.Peer, id string) (exchange.Ack, adapters.Outcome) {
	body, err := json.Marshal(&exchange.Message{Version: exchange.Version, Kind: exchange.Ping, At: s.Now().UTC()})
	if err != nil {
		return exchange.Ack{}, refusedOutcome("the message cannot be written")
	}
	return s.post(ctx, peer, id, body)
}
