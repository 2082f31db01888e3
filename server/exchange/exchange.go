// Package exchange is the exchange of cases with other platforms over HTTP: their messages, which they sign, come in; ours go
// out; and operators say which platforms there are. What messages are and mean is the matter of package cases/exchange.
package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/exchange"
	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/cases/outbox"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/casework"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Log finds the place of events in the log of the city.
type Log interface {
	// Where is the entry that has an event of a case.
	Where(ctx context.Context, id string, number int) (data.Seq, error)
}

// Service is the exchange of a city.
type Service struct {
	Book   *exchange.Book
	Log    Log
	Outbox *outbox.File
	Sender *Sender
	// Now is the wall clock, by which messages are signed.
	Now func() time.Time
}

// API is the resource.
type API struct {
	*city.City
	// Service is nil in a city without cases: then everything is answered 501.
	*Service
	Cases *casework.Service
	// Keep keeps a file for an owner, written anew; nil keeps none. Its errors are problems.
	Keep func(r *http.Request, owner string, content []byte) (cases.File, error)
}

func (a *API) ready() error {
	if a.Service == nil || a.Cases == nil {
		return rest.Refuse(rest.NotImplemented, "this server has no cases: start it with a profile, gewu serve --profile NAME")
	}
	return nil
}

// Source is the beginning of the owners of files that came from peers.
const Source = "exchange"

// Receive takes a message of another platform: POST /v1/exchange/{peer}. What it says is in the log before it is answered. A
// message that comes again has the answer that it had.
func (a *API) Receive(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	peer, m, err := a.read(w, r)
	if err != nil {
		return err
	}
	in := &incoming{API: a, r: r, peer: peer, m: m}
	ack, err := in.take()
	if err != nil {
		return err
	}
	return rest.WriteJSON(w, r, http.StatusOK, ack)
}

// read is a message that a peer has signed.
func (a *API) read(w http.ResponseWriter, r *http.Request) (*exchange.Peer, *exchange.Message, error) {
	name := mux.Vars(r)["peer"]
	peer, err := a.Book.Peer(name)
	if err != nil {
		return nil, nil, rest.Fault(rest.NotFound, "peer", name, "is no platform that exchanges cases with this city")
	}
	head := r.Header.Get
	// What is not signed at all, or by a clock that is wrong, is not read.
	if err := notice.Verify(nil, head("webhook-id"), head("webhook-timestamp"), "", nil, a.Service.Now()); err != nil {
		if f := field(err); f.Field != "webhook-signature" || head("webhook-signature") == "" {
			return nil, nil, unsigned(f)
		}
	}
	body, err := rest.ReadBody(w, r, exchange.MaxBytes, rest.TypeJSON)
	if err != nil {
		return nil, nil, err
	}
	err = notice.Verify(peer.Secrets, head("webhook-id"), head("webhook-timestamp"), head("webhook-signature"), body, a.Service.Now())
	if err != nil {
		return nil, nil, unsigned(field(err))
	}
	m := &exchange.Message{}
	if err := rest.DecodeJSON(body, m); err != nil {
		return nil, nil, err
	}
	if err := m.Check(); err != nil {
		return nil, nil, rest.Faults(rest.Invalid, "", err).Because(err)
	}
	if m.Kind != exchange.Ping && !slices.Contains(peer.May, m.Kind) {
		return nil, nil, rest.Fault(rest.Forbidden, "kind", string(m.Kind), "is nothing that this platform may send here").
			Named("kind-not-allowed", map[string]string{"zh": "未允许该平台发送此类消息", "en": "the platform may not send messages of this kind"})
	}
	return &peer, m, nil
}

func field(err error) *data.FieldError {
	if f, ok := errors.AsType[*data.FieldError](err); ok {
		return f
	}
	return &data.FieldError{}
}

// unsigned is the answer to a message that is not signed as it must be.
func unsigned(f *data.FieldError) error {
	return rest.Fault(rest.Unauthorized, f.Field, f.Value, f.Why).With("WWW-Authenticate", `Webhook realm="gewu"`).
		Named("not-signed", map[string]string{"zh": "签名、时间戳或编号不符", "en": "signature, time or id are not right"})
}

// incoming is a message on its way in.
type incoming struct {
	*API
	r    *http.Request
	peer *exchange.Peer
	m    *exchange.Message
	// kept are the files of the message that are kept here.
	kept map[int]cases.File
}

// refuse is a refusal with a name for programs.
func refuse(name, zh, en string) error {
	return rest.Refuse(rest.Conflict, "%s", en).Named(name, map[string]string{"zh": zh, "en": en})
}

// numberOf is the id here of a case that a peer hands over, always the same one.
func numberOf(peer, number string) string {
	sum := sha256.Sum256([]byte("exchange\n" + peer + "\n" + number))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

func (in *incoming) key() string {
	return Source + "/" + in.peer.ID + "/" + in.m.Case + "/" + strconv.Itoa(in.m.Number)
}

// tries is how often a message is decided again after somebody else was faster.
const tries = 8

func (in *incoming) take() (*exchange.Ack, error) {
	if in.m.Kind == exchange.Ping {
		return &exchange.Ack{May: in.peer.May}, nil
	}
	for try := 0; ; try++ {
		ack, err := in.once()
		if _, stale := errors.AsType[*cases.StaleError](err); stale && try < tries && in.r.Context().Err() == nil {
			continue
		}
		if err != nil {
			return nil, casework.Problem(err)
		}
		return ack, nil
	}
}

func (in *incoming) once() (*exchange.Ack, error) {
	desk := in.Cases.Desk()
	if in.m.Kind == exchange.Hand {
		return in.begin(desk)
	}
	c, known, err := in.find(desk)
	if err != nil {
		return nil, err
	}
	if ack, err := in.again(c); ack != nil || err != nil {
		return ack, err
	}
	if err := in.inOrder(c); err != nil {
		return nil, err
	}
	return in.move(desk, c, !known)
}

// again is the answer that the message had when it came before; nil for one that is new.
func (in *incoming) again(c *cases.Case) (*exchange.Ack, error) {
	n := c.Done(in.key())
	if n == 0 {
		return nil, nil //nolint:nilnil // a new message
	}
	for e, err := range in.Cases.Ledger().Events(in.r.Context(), c.ID) {
		if err != nil {
			return nil, err
		}
		if e.Number != n {
			continue
		}
		if e.Via == nil || e.Via.Sum != in.m.Sum() {
			return nil, refuse("number-used", "该编号的消息内容不同", "message "+strconv.Itoa(in.m.Number)+" about the case came before and said something else")
		}
		seq, err := in.Log.Where(in.r.Context(), c.ID, n)
		return &exchange.Ack{Case: c.ID, Event: n, Seq: seq, State: e.To}, err
	}
	return nil, cases.ErrNoCase
}

// inOrder refuses a message before which another one is missing, or after which another one came.
func (in *incoming) inOrder(c *cases.Case) error {
	got := c.Peers[in.peer.ID].Got
	switch {
	case in.m.After > 0 && !slices.Contains(got, in.m.After):
		return refuse("out-of-order", "前序消息未到", "message "+strconv.Itoa(in.m.Number)+" follows message "+strconv.Itoa(in.m.After)+", which did not come yet: send that first")
	case len(got) > 0 && in.m.Number < slices.Max(got):
		return refuse("too-late", "后序消息已到", "message "+strconv.Itoa(slices.Max(got))+" came before message "+strconv.Itoa(in.m.Number)+", which says what was before")
	}
	return nil
}

// via is what the event says of the message.
func (in *incoming) via() *cases.Via {
	return &cases.Via{Peer: in.peer.ID, Kind: string(in.m.Kind), Number: in.m.Number, Sum: in.m.Sum(), Due: in.m.Due, Trail: in.m.Trail}
}

// begin begins the case that a message hands over.
func (in *incoming) begin(desk *cases.Desk) (*exchange.Ack, error) {
	id := numberOf(in.peer.ID, in.m.Case)
	switch c, err := desk.Shelf.Case(in.r.Context(), id); {
	case err == nil:
		if ack, err := in.again(c); ack != nil || err != nil {
			return ack, err
		}
		return nil, refuse("handed-over", "该案件已移交", "case "+in.m.Case+" was handed over before and is "+id+" here: send return to have it done again")
	case !errors.Is(err, cases.ErrNoCase):
		return nil, err
	}
	if slices.Contains(in.m.Trail, in.Book.Self()) {
		return nil, refuse("loop", "案件循环移交", "the case was here before and goes round: it must be handled where it is, or by somebody else")
	}
	t, ok := desk.Tables.Newest(desk.Process)
	if !ok {
		return nil, rest.Refuse(rest.Internal, "the process is not there")
	}
	action, post := in.peer.Begin.Cut(in.peer.Post)
	step, refusal := t.Step(process.New, action, post)
	if refusal != nil {
		return nil, refusal
	}
	return in.do(desk, step, &cases.Command{Case: id, Action: action, Actor: in.actor(post)}, false)
}

func (in *incoming) actor(post string) cases.Actor {
	return cases.Actor{Organisation: in.peer.Organisation, Post: post}
}

// find is the case that a message is about. Known says that the case knows its number with the peer.
func (in *incoming) find(desk *cases.Desk) (c *cases.Case, known bool, err error) {
	unknown := rest.Fault(rest.NotFound, "case", in.m.Case, "is no case that was exchanged with this platform").
		Named("unknown-case", map[string]string{"zh": "没有与该平台交换过的此案件", "en": "there is no such case that was exchanged with the platform"})
	ids := []string{in.m.Yours}
	if in.m.Yours == "" {
		ids = append([]string{numberOf(in.peer.ID, in.m.Case)}, in.Cases.Cases().Outside(in.m.Case)...)
	}
	for _, id := range ids {
		c, err := desk.Shelf.Case(in.r.Context(), id)
		if errors.Is(err, cases.ErrNoCase) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		is, ok := c.Peers[in.peer.ID]
		if ok && is.Number == in.m.Case {
			return c, true, nil
		}
		if ok || in.m.Yours == "" {
			continue // with another number, or with nobody
		}
		// It was handed over, and the answer with its number did not come back.
		handed, err := in.handed(id)
		if err != nil || handed {
			return c, false, err
		}
	}
	return nil, false, unknown
}

// handed reports whether a case was handed over to the peer.
func (in *incoming) handed(id string) (bool, error) {
	var events []*cases.Event
	for e, err := range in.Cases.Ledger().Events(in.r.Context(), id) {
		if err != nil {
			return false, err
		}
		events = append(events, e)
		if k, told := in.peer.Told(events); told && k == exchange.Hand {
			return true, nil
		}
	}
	return false, nil
}

// move takes the first step that the message may mean now.
func (in *incoming) move(desk *cases.Desk, c *cases.Case, name bool) (*exchange.Ack, error) {
	t, ok := desk.Tables.Table(c.Process.Name, c.Process.Version)
	if !ok {
		return nil, rest.Refuse(rest.Internal, "the process of the case is not there")
	}
	var last error
	for _, s := range in.peer.Steps(c, in.m.Kind) {
		action, post := s.Cut(in.peer.Post)
		step, refusal := t.Step(c.State, action, post)
		if refusal != nil {
			last = refusal
			continue
		}
		ack, err := in.do(desk, step, &cases.Command{Case: c.ID, IfVersion: new(c.Version), Action: action, Actor: in.actor(post)}, name)
		if _, is := errors.AsType[*process.RefusalError](err); is {
			last = err
			continue
		}
		return ack, err
	}
	if last == nil {
		last = refuse("not-configured", "未配置该类消息的处理", "nothing is said of what a message of the kind "+string(in.m.Kind)+" means for such a case")
	}
	return nil, last
}

// do fills a command in and has it done.
func (in *incoming) do(desk *cases.Desk, step *process.Step, cmd *cases.Command, name bool) (*exchange.Ack, error) {
	if err := in.keep(); err != nil {
		return nil, err
	}
	known := desk.Known
	if known == nil {
		known = func(cases.Class) bool { return true }
	}
	cmd.Key, cmd.At, cmd.Via = in.key(), in.Cases.Now(), in.via()
	cmd.Form = in.m.Form(in.peer, step, in.kept, known, cmd.At)
	if name {
		cmd.Form.External = append(cmd.Form.External, cases.External{System: in.peer.ID, ID: in.m.Case})
	}
	done, err := desk.Do(in.r.Context(), cmd)
	if err != nil {
		return nil, err
	}
	if done.Event == nil { // the same message, at the same time
		return in.again(done.Case)
	}
	return &exchange.Ack{Case: done.Case.ID, Event: done.Number, Seq: done.Seq, State: done.Event.To}, nil
}

// keep keeps the files that came with the message.
func (in *incoming) keep() error {
	if in.kept != nil || in.Keep == nil {
		return nil
	}
	kept := map[int]cases.File{}
	for i := range in.m.Files {
		f := &in.m.Files[i]
		if len(f.Content) == 0 {
			continue
		}
		file, err := in.Keep(in.r, Source+":"+in.peer.ID, f.Content)
		if err != nil {
			return err
		}
		file.Note = f.Note
		if file.Taken.IsZero() {
			file.Taken = f.Taken
		}
		kept[i] = file
	}
	in.kept = kept
	return nil
}
