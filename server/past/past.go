// Package past answers for what happened: the history of a feature, the entries of the log, and turning one around.
package past

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/history"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resources history and changes.
type API struct{ *city.City }

// Bounds of pages.
const (
	standardPage  = 100
	longestPage   = 1000
	longestEntry  = 10_000
	standardEntry = 1000
)

// header is what every entry tells.
type header struct {
	Seq       data.Seq  `json:"seq"`
	Recorded  time.Time `json:"recorded"`
	Effective time.Time `json:"effective"`
	Actor     string    `json:"actor"`
	Cause     string    `json:"cause"`
	Operation string    `json:"operation,omitempty"`
}

func headerOf(h *data.Header) header {
	return header{h.Seq, h.Recorded, h.Effective, h.Actor, h.Cause, h.Operation}
}

// step is one change of a feature.
type step struct {
	header
	Op string `json:"op"`
	// Feature is as it was then, with the names that its attributes had; absent for a delete. Renamed are those that have
	// another name today, null for one that was dropped.
	Feature json.RawMessage    `json:"feature,omitempty"`
	Renamed map[string]*string `json:"renamed,omitempty"`
	Erased  bool               `json:"erased,omitempty"`
}

// History tells what happened to one feature, the newest change first:
// GET /v1/layers/{layer}/features/{id}/history.
func (a *API) History(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.World(r, q)
	if err != nil {
		return err
	}
	limit, cursor := q.Whole("limit", 1, longestPage, standardPage), q.Text("cursor")
	if err := q.Done(""); err != nil {
		return err
	}
	name, id := mux.Vars(r)["layer"], mux.Vars(r)["id"]
	layer, ok := world.Layer(name)
	if !ok {
		return city.UnknownLayer(world, name)
	}
	head, ok := layer.Head(id)
	if !ok {
		return city.UnknownFeature(layer, id)
	}
	from, err := startOf(cursor, world.Epoch(), head.Seq)
	if err != nil {
		return err
	}
	list := struct {
		Layer     string   `json:"layer"`
		ID        string   `json:"id"`
		Permanent uint32   `json:"permanent"`
		Changes   []step   `json:"changes"`
		Next      string   `json:"next,omitempty"`
		Seq       data.Seq `json:"seq"`
	}{Layer: name, ID: id, Permanent: head.Permanent, Changes: []step{}, Seq: world.Seq()}
	names := history.NewDefinitions(a.Store)
	for s, err := range history.Of(r.Context(), a.Store, from, head.Permanent) {
		if err != nil {
			return err
		}
		// A page ends between entries.
		if n := len(list.Changes); n >= limit && list.Changes[n-1].Seq != s.Header.Seq {
			list.Next = city.FormatCursor(world.Epoch(), strconv.FormatUint(uint64(s.Header.Seq), 10))
			break
		}
		if layer.Masked() && (s.Change.Erased || s.Change.Op == data.OpPut && !a.Shows(r, world, layer, &s.Change.Feature)) {
			continue // it was elsewhere then, or nobody knows any more
		}
		one := step{header: headerOf(&s.Header), Op: opName(s.Change.Op), Erased: s.Change.Erased}
		if s.Change.Op == data.OpPut && !s.Change.Erased {
			def, err := names.At(r.Context(), layer.Def(), layer.DefSeq(), s.Header.Seq)
			if err != nil {
				return err
			}
			def = city.Hide(layer, def)
			if one.Feature, one.Erased, err = a.feature(def, &s.Change); err != nil {
				return err
			}
			one.Renamed = renamed(def, layer.Def())
		}
		list.Changes = append(list.Changes, one)
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, list)
}

// renamed says what the attributes of a definition are called today, for those that have another name. They keep their
// places.
func renamed(then, now *data.Layer) map[string]*string {
	if then == now {
		return nil
	}
	names := map[string]*string{}
	for i, a := range then.Live() {
		switch today := &now.Attributes[i]; {
		case today.Dropped:
			names[a.Name] = nil
		case today.Name != a.Name:
			names[a.Name] = &today.Name
		}
	}
	return names
}

// startOf is the entry at which a page begins: the newest, or that of the cursor.
func startOf(cursor string, epoch data.Epoch, newest data.Seq) (data.Seq, error) {
	text, err := city.ParseCursor(cursor, epoch)
	if err != nil || text == "" {
		return newest, err
	}
	seq, err := strconv.ParseUint(text, 10, 64)
	if err != nil || data.Seq(seq) > newest {
		return 0, rest.Fault(rest.BadRequest, "cursor", cursor, "is not one that this server gave")
	}
	return data.Seq(seq), nil
}

func opName(op data.Op) string {
	if op == data.OpDelete {
		return "delete"
	}
	return "put"
}

// summary is an entry in a list.
type summary struct {
	header
	Count    int    `json:"count"`
	PrevHash string `json:"prev_hash"`
}

// List tells of the entries after a position, oldest first: GET /v1/changes?after=&limit=.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.World(r, q)
	if err != nil {
		return err
	}
	limit, after := q.Whole("limit", 1, longestPage, standardPage), q.Text("after")
	if err := q.Done(""); err != nil {
		return err
	}
	position := city.Position{}
	if after != "" {
		var ok bool
		if position, ok = city.ParsePosition(after); !ok {
			return rest.Fault(rest.BadRequest, "after", after, "must be a position: a number or epoch-number")
		}
		if position.Epoch != "" && position.Epoch != world.Epoch() {
			return rest.Fault(rest.Gone, "after", after, "belongs to another history; start with the first entry")
		}
	}
	a.Seen(r, "read-log", "")
	list := struct {
		Changes []summary `json:"changes"`
		Next    string    `json:"next,omitempty"`
		Seq     data.Seq  `json:"seq"`
	}{Changes: []summary{}, Seq: world.Seq()}
	for seq := position.Seq + 1; seq <= world.Seq(); seq++ {
		if len(list.Changes) == limit {
			list.Next = city.FormatPosition(world.Epoch(), seq-1)
			break
		}
		h, err := a.Store.Header(r.Context(), seq)
		if err != nil {
			return err
		}
		list.Changes = append(list.Changes, summary{headerOf(&h), len(h.Payloads), fmt.Sprintf("%x", h.PrevHash)})
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, list)
}

// Entry shows one entry with its changes: GET /v1/changes/{seq}.
func (a *API) Entry(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.World(r, q)
	if err != nil {
		return err
	}
	limit, from := q.Whole("limit", 1, longestEntry, standardEntry), q.Whole("from", 0, data.MaxTxChanges, 0)
	if err := q.Done(""); err != nil {
		return err
	}
	seq, err := pathSeq(r)
	if err != nil {
		return err
	}
	entry, err := history.Entry(r.Context(), a.Store, seq)
	if err != nil {
		return a.unknownSeq(seq, err)
	}
	a.Seen(r, "read-log", fmt.Sprint("seq:", seq))
	h := data.Header{
		Seq: seq, Recorded: entry.Recorded, Effective: entry.Effective, Actor: entry.Actor, Cause: entry.Cause, Operation: entry.Operation,
	}
	one := struct {
		summary
		Changes []json.RawMessage `json:"changes"`
		Next    int               `json:"next,omitempty"`
	}{summary: summary{headerOf(&h), len(entry.Changes), fmt.Sprintf("%x", entry.PrevHash)}, Changes: []json.RawMessage{}}
	names := history.NewDefinitions(a.Store)
	for i := from; i < len(entry.Changes); i++ {
		if len(one.Changes) == limit {
			one.Next = i
			break
		}
		def, shown, err := a.layerOf(r, world, names, seq, &entry.Changes[i])
		if err != nil {
			return err
		}
		if !shown {
			continue
		}
		text, err := a.describe(def, &entry.Changes[i])
		if err != nil {
			return err
		}
		one.Changes = append(one.Changes, text)
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, one)
}

func pathSeq(r *http.Request) (data.Seq, error) {
	text := mux.Vars(r)["seq"]
	seq, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, rest.Fault(rest.BadRequest, "seq", text, "must be a number")
	}
	return data.Seq(seq), nil
}

// unknownSeq is the answer to an entry that does not exist.
func (a *API) unknownSeq(seq data.Seq, err error) error {
	if !errors.Is(err, data.ErrNoEntry) {
		return err
	}
	return rest.Fault(rest.NotFound, "seq", fmt.Sprint(seq), fmt.Sprintf("is no entry of the log, which has 1 to %d", a.Store.Last())).Because(err)
}

// Revert appends what turns an entry around: POST /v1/changes/{seq}/revert. Features that were changed again since stand
// in the way unless force is set.
func (a *API) Revert(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	force := q.Flag("force")
	if err := q.Done(""); err != nil {
		return err
	}
	seq, err := pathSeq(r)
	if err != nil {
		return err
	}
	if seq <= a.Store.Last() {
		// What was just written may be reverted at once.
		if _, err := a.Engine.Wait(r.Context(), seq); err != nil {
			return err
		}
	}
	back, err := history.Revert(r.Context(), a.Store, a.Engine, seq)
	if cannot, ok := errors.AsType[*history.CannotError](err); ok {
		return rest.Fault(rest.Invalid, "seq", fmt.Sprint(seq), "cannot be reverted: "+cannot.Why).Because(err)
	}
	if err != nil {
		return a.unknownSeq(seq, err)
	}
	if err := clashes(back, seq, force); err != nil {
		return err
	}
	if len(back.Changes) == 0 {
		return rest.Fault(rest.Invalid, "seq", fmt.Sprint(seq), "changed nothing that is still there: everything is as before already")
	}
	landed, err := a.Append(r, data.Tx{Cause: fmt.Sprintf("revert:%d", seq), Changes: back.Changes})
	if clash, ok := errors.AsType[*data.ConflictError](err); ok {
		return rest.Fault(rest.Conflict, clash.Layer+"/"+clash.ID, "", "was changed at this moment: try again").Because(err)
	}
	if err != nil {
		return err
	}
	return answerReverted(w, r, reverted{landed, seq, len(back.Changes)})
}

// reverted is the answer to a revert.
type reverted struct {
	Seq      data.Seq `json:"seq"`
	Reverted data.Seq `json:"reverted"`
	Count    int      `json:"count"`
}

func answerReverted(w http.ResponseWriter, r *http.Request, done reverted) error {
	city.SetSeq(w, done.Seq)
	return rest.WriteJSON(w, r, http.StatusOK, done)
}

// RevertAgain answers for an entry that was turned around when the request was sent before.
func (a *API) RevertAgain(w http.ResponseWriter, r *http.Request, seq data.Seq, _ []byte) error {
	of, err := pathSeq(r)
	if err != nil {
		return err
	}
	h, err := a.Store.Header(r.Context(), seq)
	if err != nil {
		return err
	}
	return answerReverted(w, r, reverted{seq, of, len(h.Payloads)})
}

// clashes is the problem of what was changed since.
func clashes(back *history.Reversal, seq data.Seq, force bool) error {
	var faults []error
	for _, c := range back.Clashes {
		field := &data.FieldError{Field: c.Layer + "/" + c.ID, Value: fmt.Sprint(c.Seq), Why: fmt.Sprintf("was changed again by seq %d; with force=true what came after seq %d goes too", c.Seq, seq)}
		if c.Seq == 0 {
			field.Value, field.Why = "", "is gone with its layer, which was dropped since"
		} else if force {
			continue
		}
		faults = append(faults, field)
	}
	if len(faults) == 0 {
		return nil
	}
	err := errors.Join(faults...)
	return rest.Faults(rest.Conflict, "", err).Because(err)
}

// feature is a feature as it was stored, in the attributes that its layer had, with what is personal masked. Of a subject
// that was erased nothing is left.
func (a *API) feature(l *data.Layer, c *data.Change) (text json.RawMessage, erased bool, err error) {
	if gone, err := a.Gone(l, c.Feature.ID); gone || err != nil {
		return nil, gone, err
	}
	f, more, err := a.Show(l, l.Adapt(c.Feature), city.Reading{})
	if err != nil {
		return nil, false, err
	}
	return convert.AppendFeature(nil, l, &f, more...), false, nil
}

// describe is one change as JSON. l is the layer of a change of a feature.
func (a *API) describe(l *data.Layer, c *data.Change) (json.RawMessage, error) {
	one := struct {
		Stream     string          `json:"stream"`
		Op         string          `json:"op"`
		Layer      string          `json:"layer,omitempty"`
		Scheme     string          `json:"scheme,omitempty"`
		Dictionary string          `json:"dictionary,omitempty"`
		ID         string          `json:"id,omitempty"`
		Permanent  uint32          `json:"permanent,omitempty"`
		Prev       data.Seq        `json:"prev"`
		Feature    json.RawMessage `json:"feature,omitempty"`
		Definition any             `json:"definition,omitempty"`
		Plan       *data.Plan      `json:"plan,omitempty"`
		Kind       string          `json:"kind,omitempty"`
		Number     int             `json:"number,omitempty"`
		Erased     bool            `json:"erased,omitempty"`
	}{Op: opName(c.Op), Prev: c.Prev, Erased: c.Erased}
	switch c.Stream {
	case data.StreamFeature:
		one.Stream, one.Layer, one.ID, one.Permanent = "feature", c.Layer, c.Feature.ID, c.Permanent
		if c.Op == data.OpPut && !c.Erased {
			var err error
			if one.Feature, one.Erased, err = a.feature(l, c); err != nil {
				return nil, err
			}
		}
	case data.StreamSchema:
		one.Stream, one.Layer = "schema", c.Layer
		if c.Definition != nil {
			one.Definition = c.Definition
		}
	case data.StreamScheme:
		one.Stream, one.Scheme = "scheme", c.Layer
		if c.Scheme != nil {
			one.Definition = c.Scheme
		}
	case data.StreamDictionary:
		one.Stream, one.Dictionary = "dictionary", c.Layer
		if c.Dictionary != nil {
			one.Definition = c.Dictionary
		}
	case data.StreamCase:
		// What happened is for those who may see the case.
		one.Stream, one.ID, one.Number = "case", data.CutCaseName(c.Layer), c.Case.Number
	default:
		one.Stream, one.Plan = "admin", c.Plan
		if c.Plan == nil {
			// What it says is for those who may ask for the record itself.
			one.Kind, one.ID = data.CutAdminName(c.Layer)
		}
	}
	return json.Marshal(one)
}
