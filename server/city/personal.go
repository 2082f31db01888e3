package city

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/people/rights"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/rest"
)

// HeaderReason is the header with the reason for which something personal is read or erased.
const HeaderReason = "X-Gewu-Reason"

// Bounds of a reason in characters.
const (
	shortestReason = 4
	longestReason  = 500
)

// Reason is why a request reads or erases what is personal: a header, so that it does not stand in addresses, or the
// parameter reason.
func Reason(r *http.Request, q *rest.Params) (string, error) {
	reason := strings.TrimSpace(q.Text("reason"))
	if h := strings.TrimSpace(r.Header.Get(HeaderReason)); h != "" {
		reason = h
	}
	switch n := utf8.RuneCountInString(reason); {
	case n == 0:
		return "", rest.Fault(rest.BadRequest, "reason", "", "is missing: say why in the header "+HeaderReason+" or the parameter reason; it is noted with your name")
	case n < shortestReason || n > longestReason || !utf8.ValidString(reason):
		return "", rest.Fault(rest.BadRequest, "reason", rest.Shorten(reason), fmt.Sprintf("must be %d to %d characters of UTF-8", shortestReason, longestReason))
	}
	return reason, nil
}

// Reading is how a request reads what is personal in a layer; the zero Reading reads it masked.
type Reading struct {
	Full bool
	// BreakGlass says that whoever reads holds no post that may; somebody looks at it afterwards.
	BreakGlass bool
	Reason     string
}

// Reading reads the parameters full, break_glass and reason of a request for features of a sensitive layer, and verifies
// that whoever asks may read so. Other layers know no such parameters.
func (c *City) Reading(r *http.Request, q *rest.Params, w *index.World, l *data.Layer) (how Reading, err error) {
	if l.Sensitive == nil {
		return how, nil
	}
	how.Full, how.BreakGlass = q.Flag("full"), q.Flag("break_glass")
	if how.Full = how.Full || how.BreakGlass; !how.Full || q.Fault() != nil {
		q.Text("reason")
		return how, q.Fault()
	}
	if how.Reason, err = Reason(r, q); err != nil {
		return how, err
	}
	who := c.clearance(r, w, l)
	switch {
	case !who.permitted:
		return how, rest.Refuse(rest.Forbidden, "reading in full needs a post with the permission read-personal")
	case who.reader:
		how.BreakGlass = false
	case !how.BreakGlass:
		return how, rest.Refuse(rest.Forbidden, "none of your posts is a reader of layer %s, which are %s; in an emergency break_glass=true reads all the same, and somebody looks at it afterwards", l.Name, strings.Join(l.Sensitive.Readers, ", "))
	}
	return how, nil
}

// clearance is what somebody may do with what is personal in a layer.
type clearance struct{ permitted, reader bool }

// clearance of accounts is that of the posts which they hold: an administrator, too, is no reader by that alone.
func (c *City) clearance(r *http.Request, w *index.World, l *data.Layer) clearance {
	who, may := auth.From(r.Context()), May(r, people.ReadPersonal)
	if !who.Known() {
		return clearance{may && who.Everything(), may && who.Everything()}
	}
	readers := func(post string) bool { return slices.Contains(l.Sensitive.Readers, post) }
	held := rights.Of(people.Of(w), who.Staff, c.Today()).Holdings
	return clearance{may, slices.ContainsFunc(held, func(h people.Holding) bool { return readers(h.Post) }) ||
		slices.ContainsFunc(who.Granted, func(g account.Grant) bool { return readers(g.Post) })}
}

// MayEnd verifies that whoever asks may end a feature.
func (c *City) MayEnd(r *http.Request, layer, id string) error {
	end := data.Change{Stream: data.StreamFeature, Op: data.OpDelete, Layer: layer, Feature: data.Feature{ID: id}}
	_, err := c.allow(r, []data.Change{end}, func(int) string { return "id" })
	return err
}

// BreakGlass begins the ids of records, of the kind setting, of readings that nobody has looked at yet.
const BreakGlass = "break-glass:"

// Read is what a note says of a reading.
type Read struct {
	Did        string   `json:"did"`
	Layer      string   `json:"layer"`
	IDs        []string `json:"ids"`
	Reason     string   `json:"reason"`
	BreakGlass bool     `json:"break_glass,omitempty"`
	// Sealed holds the reason as long as it is kept: what somebody wrote about those whom they read goes with them.
	Sealed []byte `json:"sealed,omitempty"`
	// From is the address that it came from.
	From string `json:"from,omitempty"`
	// Actor and Request are set where somebody has to look at it.
	Actor   string `json:"actor,omitempty"`
	Request string `json:"request,omitempty"`
}

// Note appends notes about what a request does, before it is answered. The key of the request does not stand for them: it does
// more than what is noted.
func (c *City) Note(r *http.Request, what any, more ...data.Change) (data.Seq, error) {
	return c.note(r, data.Receipt{}, what, more)
}

// NoteDone is Note for a request that does nothing else: when it is sent again with its key, it was done.
func (c *City) NoteDone(r *http.Request, what any, more ...data.Change) (data.Seq, error) {
	seq, err := c.note(r, once.ReceiptOf(r), what, more)
	if err == nil {
		once.Landed(r, seq)
	}
	return seq, err
}

func (c *City) note(r *http.Request, receipt data.Receipt, what any, more []data.Change) (data.Seq, error) {
	note, err := c.NoteOf(what)
	if err != nil {
		return 0, err
	}
	seq, err := c.Store.Append(r.Context(), data.Tx{Actor: ActorOf(r), Cause: vault.Cause, Changes: append(more, note), Receipt: receipt})
	if err == nil {
		c.WaitShown(r, seq)
	}
	return seq, err
}

// NoteOf is the change that notes something.
func (c *City) NoteOf(what any) (data.Change, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return data.Change{}, err
	}
	id, err := c.NewID()
	if err != nil {
		return data.Change{}, err
	}
	note := &data.Admin{Kind: data.AdminNote, ID: id, Body: body}
	return note.Put(), nil
}

// NoteReading notes that features of a layer are read: of a sensitive one in full, each time and before the answer; masked,
// summed up.
func (c *City) NoteReading(r *http.Request, how Reading, l *data.Layer, ids ...string) error {
	switch {
	case l.Sensitive == nil:
		return nil
	case !how.Full:
		c.Seen(r, "read-masked", l.Name)
		return nil
	case len(ids) == 0:
		return nil
	}
	read := Read{Did: "read-personal", Layer: l.Name, IDs: ids, Reason: how.Reason, BreakGlass: how.BreakGlass, From: c.Origin(r)}
	if c.Vault != nil {
		var err error
		if read.Sealed, err = c.Vault.SealText(read.Reason, subjects(l.Name, ids)...); err != nil {
			return err
		}
		read.Reason = ""
	}
	var review []data.Change
	if how.BreakGlass {
		again := read
		again.Actor, again.Request = ActorOf(r), RequestID(r)
		body, err := json.Marshal(again)
		if err != nil {
			return err
		}
		id, err := c.NewID()
		if err != nil {
			return err
		}
		pending := &data.Admin{Kind: data.AdminSetting, ID: BreakGlass + id, Body: body}
		review = append(review, pending.Put())
	}
	_, err := c.Note(r, read, review...)
	return err
}

// ReasonOf is why features were read: what the note says, or what is sealed in it; empty when one of them was erased since.
func (c *City) ReasonOf(r *http.Request, layer string, ids []string, sealed []byte, plain string) string {
	if len(sealed) == 0 {
		return plain
	}
	text, _, err := c.Vault.OpenText(sealed, subjects(layer, ids)...)
	if err != nil {
		c.Logger.WarnContext(r.Context(), "a reason in the audit does not open", "layer", layer, "error", err)
	}
	return text
}

func subjects(layer string, ids []string) []vault.Subject {
	all := make([]vault.Subject, len(ids))
	for i, id := range ids {
		all[i] = vault.Subject{Layer: layer, ID: id}
	}
	return all
}

// Show is a feature as a reading has it, with members that say what is masked and what cannot be read any more.
func (c *City) Show(l *data.Layer, f data.Feature, how Reading) (data.Feature, []convert.Member, error) {
	if l.Sensitive == nil {
		return f, nil, nil
	}
	shown, err := c.Vault.Show(l, f, how.Full)
	if errors.Is(err, vault.ErrSealed) {
		return f, nil, rest.Refuse(rest.Damaged, "a personal value of this feature is damaged: run gewu check").Because(err)
	}
	if err != nil {
		return f, nil, err
	}
	var members []convert.Member
	for _, m := range []struct {
		name  string
		names []string
	}{{"masked", shown.Masked}, {"lost", shown.Lost}} {
		if len(m.names) == 0 {
			continue
		}
		text, err := json.Marshal(m.names)
		if err != nil {
			return f, nil, err
		}
		members = append(members, convert.Member{Name: m.name, Value: text})
	}
	return shown.Feature, members, nil
}

// Gone reports whether a subject was erased: then it was never there, also not in the past.
func (c *City) Gone(l *data.Layer, id string) (bool, error) {
	state, err := c.Vault.State(l, id)
	return state.Gone(), err
}
