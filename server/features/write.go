package features

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// changesBody is the body of POST /v1/changes.
type changesBody struct {
	Changes   []changeBody `json:"changes"`
	Effective *string      `json:"effective"`
	Cause     string       `json:"cause"`
}

type changeBody struct {
	Op      string          `json:"op"`
	Layer   string          `json:"layer"`
	Feature json.RawMessage `json:"feature"`
	ID      *string         `json:"id"`
	IfSeq   *data.Seq       `json:"if_seq"`
}

const longestCause = 200

// Change appends one transaction of changes, or plans it when it takes effect in the future.
func (a *API) Change(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return err
	}
	tx, err := a.transaction(r, body)
	if err != nil {
		return err
	}
	if a.Future(tx.Effective) {
		return a.Plan(w, r, tx)
	}
	seq, err := a.Append(r, tx)
	if err != nil {
		return err
	}
	city.SetSeq(w, seq)
	return rest.WriteJSON(w, r, http.StatusOK, city.Written{Seq: seq, IDs: city.IDsOf(tx.Changes)})
}

// ChangeAgain answers for changes that were made or planned when the request was sent before.
func (a *API) ChangeAgain(w http.ResponseWriter, r *http.Request, seq data.Seq, body []byte) error {
	records, err := a.Store.Changes(r.Context(), seq, 0)
	if err != nil {
		return err
	}
	for i := range records {
		if plan := records[i].Plan; plan != nil && plan.State == data.PlanPending {
			return city.AnswerPlanned(w, r, plan, seq)
		}
	}
	for entry, err := range a.Store.Entries(r.Context(), seq-1) {
		if err != nil {
			return err
		}
		city.SetSeq(w, seq)
		return rest.WriteJSON(w, r, http.StatusOK, city.Written{Seq: seq, IDs: city.IDsOf(entry.Changes)})
	}
	return city.Again(w, r, seq, body)
}

// transaction reads the changes of a body.
func (a *API) transaction(r *http.Request, body []byte) (data.Tx, error) {
	var in changesBody
	if err := rest.DecodeJSON(body, &in); err != nil {
		return data.Tx{}, err
	}
	switch {
	case len(in.Changes) == 0:
		return data.Tx{}, rest.Fault(rest.Invalid, "changes", "", "must hold at least one change")
	case len(in.Changes) > data.MaxTxChanges:
		return data.Tx{}, data.ErrTooLarge
	case strings.HasPrefix(in.Cause, "import:") || strings.HasPrefix(in.Cause, "undo:"):
		return data.Tx{}, rest.Fault(rest.Invalid, "cause", in.Cause, "is what imports and undos say of themselves")
	case len(in.Cause) > longestCause:
		return data.Tx{}, rest.Fault(rest.Invalid, "cause", in.Cause, fmt.Sprintf("is longer than %d bytes", longestCause))
	}
	tx := data.Tx{Cause: in.Cause, Changes: make([]data.Change, len(in.Changes))}
	if in.Effective != nil {
		var ok bool
		if tx.Effective, _, ok = a.Time(*in.Effective); !ok {
			return tx, rest.Fault(rest.Invalid, "effective", *in.Effective, "must be a time like 2026-01-31T08:00:00+08:00 or a date like 2026-01-31")
		}
	}
	for i := range in.Changes {
		if i%city.CheckEvery == 0 && r.Context().Err() != nil {
			return tx, r.Context().Err()
		}
		var err error
		if tx.Changes[i], err = a.featureChange(r, &in.Changes[i]); err != nil {
			return tx, &data.ChangeError{Change: i, Layer: in.Changes[i].Layer, Err: err}
		}
		if err := a.settle(&tx.Changes[i]); err != nil {
			return tx, err
		}
	}
	return tx, nil
}

// featureChange checks and reads one change. The error is a *data.FieldError; its field is a path within the change.
func (a *API) featureChange(r *http.Request, in *changeBody) (data.Change, error) {
	c := data.Change{Stream: data.StreamFeature, Layer: in.Layer, IfSeq: in.IfSeq}
	layer, ok := a.Definition(r, in.Layer)
	if !ok {
		return c, &data.FieldError{Field: "layer", Value: in.Layer, Why: "is not a layer"}
	}
	hasFeature := len(in.Feature) > 0 && !bytes.Equal(in.Feature, []byte("null"))
	switch in.Op {
	case "put":
		switch {
		case !hasFeature:
			return c, &data.FieldError{Field: "feature", Why: "is missing"}
		case in.ID != nil:
			return c, &data.FieldError{Field: "id", Value: *in.ID, Why: "belongs into the feature"}
		}
		var err error
		c.Op = data.OpPut
		c.Feature, err = convert.DecodeFeature(layer, in.Feature, a.NewID)
		var field *data.FieldError
		if errors.As(err, &field) && field.Field != "feature" {
			field.Field = "feature." + field.Field
		}
		return c, err
	case "delete":
		switch {
		case hasFeature:
			return c, &data.FieldError{Field: "feature", Why: "has no place in a delete, which takes id"}
		case in.ID == nil:
			return c, &data.FieldError{Field: "id", Why: "is missing"}
		}
		c.Op = data.OpDelete
		c.Feature.ID = *in.ID
		return c, data.CheckID(*in.ID)
	default:
		return c, &data.FieldError{Field: "op", Value: in.Op, Why: "must be put or delete"}
	}
}

// withID adds the member id to a JSON object that has members.
func withID(object []byte, id string) []byte {
	text := bytes.TrimLeft(object, " \t\r\n")
	quoted, err := json.Marshal(id)
	if err != nil || len(text) == 0 || text[0] != '{' || bytes.HasPrefix(bytes.TrimLeft(text[1:], " \t\r\n"), []byte("}")) {
		return object
	}
	return slices.Concat([]byte(`{"id":`), quoted, []byte(","), text[1:])
}

// Put makes or replaces one feature.
func (a *API) Put(w http.ResponseWriter, r *http.Request) error {
	c, existing, err := a.pathChange(r, data.OpPut)
	if err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeGeoJSON, rest.TypeJSON)
	if err != nil {
		return err
	}
	// The strict JSON checks come with messages about the body; features themselves may hold foreign members.
	var given struct {
		ID json.RawMessage `json:"id"`
		// Masked are the attributes that were shown masked: they keep what they hold.
		Masked []string `json:"masked"`
	}
	if err := json.Unmarshal(body, &given); err != nil {
		return rest.JSONProblem(err)
	}
	layer, ok := a.Definition(r, c.Layer)
	if !ok {
		return city.UnknownLayer(a.Present(r), c.Layer)
	}
	id := c.Feature.ID
	if given.ID == nil && layer.ID.Pattern != "" {
		// No id can be made for such a layer; the path has it.
		body = withID(body, id)
	}
	c.Feature, err = convert.DecodeFeature(without(layer, given.Masked), body, func() (string, error) { return id, nil })
	if err != nil {
		return rest.Faults(rest.Invalid, "", err).Because(err)
	}
	if given.ID == nil && layer.ID.Generate != "" {
		c.Feature.ID = id
	}
	if c.Feature.ID != id {
		return rest.Fault(rest.Invalid, "id", c.Feature.ID, "differs from the id in the path, "+strconv.Quote(id))
	}
	if err := a.settle(&c, given.Masked...); err != nil {
		return err
	}
	return a.write(w, r, c, existing)
}

// without is a definition that does not demand values of attributes that are personal and were shown masked.
func without(l *data.Layer, masked []string) *data.Layer {
	if l.Sensitive == nil || len(masked) == 0 {
		return l
	}
	lax := *l
	lax.Attributes = slices.Clone(l.Attributes)
	for i := range lax.Attributes {
		if a := &lax.Attributes[i]; a.Personal && slices.Contains(masked, a.Name) {
			a.Required = false
		}
	}
	return &lax
}

// settle lets a feature of a sensitive layer keep what is personal and has not changed, or was shown masked.
func (a *API) settle(c *data.Change, masked ...string) error {
	layer, ok := a.Engine.World().Layer(c.Layer)
	if !ok || layer.Def().Sensitive == nil || c.Op != data.OpPut {
		return nil
	}
	slot, ok := layer.Lookup(c.Feature.ID)
	if !ok {
		return nil
	}
	return a.Vault.Settle(layer.Def(), &c.Feature, layer.Feature(slot), masked...)
}

// Delete ends one feature.
func (a *API) Delete(w http.ResponseWriter, r *http.Request) error {
	c, existing, err := a.pathChange(r, data.OpDelete)
	if err != nil {
		return err
	}
	world := a.Present(r)
	layer, ok := world.Layer(c.Layer)
	if !ok {
		return city.UnknownLayer(world, c.Layer)
	}
	if _, ok := layer.Lookup(c.Feature.ID); !ok && !existing {
		return city.UnknownFeature(layer, c.Feature.ID)
	}
	return a.write(w, r, c, existing)
}

// attempts is how often a change of whatever exists is tried again when somebody else is faster.
const attempts = 20

// write appends a change and answers. With existing it changes the feature as it is, and nothing when there is none.
func (a *API) write(w http.ResponseWriter, r *http.Request, c data.Change, existing bool) error {
	if !existing {
		return a.Write(w, r, data.Tx{Changes: []data.Change{c}})
	}
	for attempt := 1; ; attempt++ {
		layer, ok := a.Present(r).Layer(c.Layer)
		if !ok {
			return city.UnknownLayer(a.Present(r), c.Layer)
		}
		head, ok := layer.Head(c.Feature.ID)
		if !ok || head.Deleted {
			return rest.Fault(rest.Precondition, "If-Match", "*", "demands a feature, and "+c.Layer+" has none of this id")
		}
		c.IfSeq = &head.Seq
		seq, err := a.Append(r, data.Tx{Changes: []data.Change{c}})
		if _, clash := errors.AsType[*data.ConflictError](err); clash && attempt < attempts {
			continue // Append has waited until the World shows what was faster
		}
		if err != nil {
			return city.BareChange(err)
		}
		city.SetSeq(w, seq)
		return rest.WriteJSON(w, r, http.StatusOK, city.Written{Seq: seq})
	}
}

// pathChange is a change of the feature in the path under the conditions of the headers; existing is the condition that
// there is one, whichever (RFC 9110, If-Match: *).
func (a *API) pathChange(r *http.Request, op data.Op) (c data.Change, existing bool, err error) {
	vars := mux.Vars(r)
	c = data.Change{Stream: data.StreamFeature, Op: op, Layer: vars["layer"], Feature: data.Feature{ID: vars["id"]}}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return c, false, err
	}
	if err := data.CheckID(c.Feature.ID); err != nil {
		return c, false, err
	}
	match := r.Header.Get("If-Match")
	existing = strings.TrimSpace(match) == "*"
	if match != "" && !existing {
		// What follows the Seq is that of the definition that the feature was shown by.
		tag, _, _ := strings.Cut(rest.PlainTag(match), "-")
		seq, err := strconv.ParseUint(tag, 10, 64)
		if err != nil {
			return c, false, rest.Fault(rest.BadRequest, "If-Match", match, `must be one ETag of the feature, such as "42", or *`)
		}
		c.IfSeq = new(data.Seq(seq))
	}
	if none := r.Header.Get("If-None-Match"); none != "" {
		if strings.TrimSpace(none) != "*" || match != "" {
			return c, false, rest.Fault(rest.BadRequest, "If-None-Match", none, "must be * and not come with If-Match")
		}
		c.IfSeq = new(data.Seq)
	}
	return c, existing, nil
}
