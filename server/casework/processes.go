package casework

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/casework/kept"
	"github.com/gewu-city/gewu/server/casework/sheet"
	"github.com/gewu-city/gewu/server/casework/texts"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// processInfo is a version of a process in a list.
type processInfo struct {
	Name    string     `json:"name"`
	Version int        `json:"version"`
	Title   data.Title `json:"title"`
	// Newest says that cases that begin now begin under it, if it is the process of the city.
	Newest bool `json:"newest"`
	// Begins says that cases begin under it.
	Begins bool `json:"begins"`
	// Since is when it was kept, By who put it; absent for that of the profile.
	Since time.Time `json:"since,omitzero"`
	By    string    `json:"by,omitempty"`
	// Open is how many cases are open under this version.
	Open int `json:"open"`
}

// ListProcesses lists the processes in all versions: GET /v1/processes.
func (a *API) ListProcesses(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	tables := a.cfg.Tables()
	since := map[processRef]kept.Version{}
	if a.cfg.Kept != nil {
		for _, v := range a.cfg.Kept.All() {
			since[processRef{v.Name, v.Version}] = v
		}
	}
	out, open := []processInfo{}, a.cfg.Store.Under()
	for t := range tables.All() {
		newest, _ := tables.Newest(t.Name)
		one := processInfo{Name: t.Name, Version: t.Version, Title: t.Title, Newest: newest == t, Begins: newest == t && t.Name == a.cfg.Process}
		have := since[processRef{t.Name, t.Version}]
		one.Since, one.By = have.At, have.By
		one.Open = open[cases.ProcessRef{Name: t.Name, Version: t.Version}]
		out = append(out, one)
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Processes []processInfo `json:"processes"`
	}{out})
}

// table is the version of a process that a request names: that of the parameter, else the newest.
func (a *API) named(r *http.Request, q *rest.Params) (*process.Table, error) {
	name, number := mux.Vars(r)["name"], q.Whole("version", 0, 1<<30, 0)
	if err := q.Done(""); err != nil {
		return nil, err
	}
	tables := a.cfg.Tables()
	newest, ok := tables.Newest(name)
	if !ok {
		var names []string
		for t := range tables.All() {
			names = append(names, t.Name)
		}
		return nil, rest.Unknown("process", name, slices.Compact(names))
	}
	if number == 0 {
		return newest, nil
	}
	t, ok := tables.Table(name, number)
	if !ok {
		return nil, rest.Fault(rest.NotFound, "version", strconv.Itoa(number), fmt.Sprintf("is none of the process; the newest is %d", newest.Version))
	}
	return t, nil
}

// GetProcess shows a process, as TOML to who wants that: GET /v1/processes/{name}.
func (a *API) GetProcess(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	t, err := a.named(r, rest.ParseParams(r))
	if err != nil {
		return err
	}
	kind := texts.Wanted(r)
	if kind == "" || a.cfg.Kept == nil {
		w.Header().Set("Vary", "Accept")
		return rest.WriteJSON(w, r, http.StatusOK, sheet.Of(t))
	}
	text, ok, err := a.cfg.Kept.Text(t.Name, t.Version)
	if err != nil || !ok {
		return rest.Refuse(rest.Internal, "the text of the process is not there").Because(err)
	}
	w.Header().Set("Vary", "Accept")
	return rest.WriteBody(w, r, http.StatusOK, kind, []byte(text))
}

// text reads the body of a request that brings a table.
func (a *API) text(w http.ResponseWriter, r *http.Request) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return "", err
	}
	if a.cfg.Kept == nil {
		return "", rest.Refuse(rest.NotImplemented, "this server takes no new processes and rules: those of its profile count")
	}
	return texts.Read(w, r)
}

// draft is a new version of the process of a request.
func (a *API) draft(w http.ResponseWriter, r *http.Request) (*process.Table, *kept.Version, error) {
	text, err := a.text(w, r)
	if err != nil {
		return nil, nil, err
	}
	name := mux.Vars(r)["name"]
	newest, ok := a.cfg.Tables().Newest(name)
	if !ok {
		return nil, nil, rest.Fault(rest.NotFound, "process", name, "does not exist; GET /v1/processes lists what there is")
	}
	t, v, err := a.cfg.Kept.Draft(name, text)
	switch {
	case err != nil:
		return nil, nil, texts.Faults(err)
	case t.Name != name:
		return nil, nil, rest.Fault(rest.Invalid, "name", t.Name, "differs from the name in the path, "+strconv.Quote(name))
	case t.Version <= newest.Version:
		return nil, nil, rest.Fault(rest.Conflict, "version", strconv.Itoa(t.Version), fmt.Sprintf("must be above %d, the newest: a version that cases began under never changes", newest.Version))
	}
	return t, v, nil
}

// stuck are open cases that could not go on under a table.
type stuck struct {
	State    string   `json:"state"`
	Before   string   `json:"before,omitempty"`
	Requests []string `json:"requests"`
	Marks    []string `json:"marks"`
	Clocks   []string `json:"clocks"`
	Cases    int      `json:"cases"`
	Why      string   `json:"why"`
}

func (a *API) stuck(t *process.Table) []stuck {
	out := []stuck{}
	for _, s := range t.Dry(a.cfg.Store.Standings(t.Name)) {
		out = append(out, stuck{s.State, s.Before, list(s.Requests), list(s.Marks), list(s.Clocks), s.Cases, s.Why})
	}
	return out
}

// put is the answer to a new version, or to its dry run.
type put struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	// Stuck is for information: open cases go on under the version with which they began.
	Stuck []stuck  `json:"stuck"`
	Seq   data.Seq `json:"seq,omitempty"`
}

// DryProcess says which open cases would be stuck under a new version: POST /v1/processes/{name}/dry. Nothing is written.
func (a *API) DryProcess(w http.ResponseWriter, r *http.Request) error {
	t, _, err := a.draft(w, r)
	if err != nil {
		return err
	}
	return rest.WriteJSON(w, r, http.StatusOK, put{Name: t.Name, Version: t.Version, Stuck: a.stuck(t)})
}

// PutProcess keeps a new version of a process, under which cases begin from now on: PUT /v1/processes/{name}.
func (a *API) PutProcess(w http.ResponseWriter, r *http.Request) error {
	t, v, err := a.draft(w, r)
	if err != nil {
		return err
	}
	seq, err := a.keep(r, v)
	if _, clash := errors.AsType[*data.ConflictError](err); clash {
		return rest.Refuse(rest.Conflict, "somebody else has put version %d of the process at the same time: read it, and give yours another number", v.Version).Because(err)
	}
	if err != nil {
		return err
	}
	city.SetSeq(w, seq)
	w.Header().Set("Location", fmt.Sprintf("/v1/processes/%s?version=%d", url.PathEscape(t.Name), t.Version))
	return rest.WriteJSON(w, r, http.StatusCreated, put{Name: t.Name, Version: t.Version, Stuck: a.stuck(t), Seq: seq})
}

// keep appends a version and waits until it counts.
func (a *API) keep(r *http.Request, v *kept.Version) (data.Seq, error) {
	v.At, v.By = a.City.Now().UTC().Truncate(time.Millisecond), city.ActorOf(r)
	change, err := v.Put()
	if err != nil {
		return 0, err
	}
	if err := change.Admin.Validate(); err != nil {
		return 0, rest.Faults(rest.Invalid, "", err)
	}
	seq, err := a.Append(r, data.Tx{Changes: []data.Change{change}})
	if err != nil {
		return 0, err
	}
	_, err = a.Engine.Wait(r.Context(), seq)
	return seq, err
}
