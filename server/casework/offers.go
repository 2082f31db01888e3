package casework

import (
	"net/http"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/casework/sheet"
	"github.com/gewu-city/gewu/server/rest"
)

// offer is something that somebody may do with a case, or why not.
type offer struct {
	Action  string        `json:"action"`
	Title   data.Title    `json:"title"`
	As      actor         `json:"as"`
	Allowed bool          `json:"allowed"`
	Refusal *refusal      `json:"refusal,omitempty"`
	To      string        `json:"to,omitempty"`
	Form    []sheet.Field `json:"form"`
	// Request and Part say that it is about a request.
	Request string       `json:"request,omitempty"`
	Part    process.Part `json:"part,omitempty"`
}

type refusal struct {
	Name   string     `json:"name"`
	Reason data.Title `json:"reason"`
}

// offers are the actions of a case for the posts of whoever sees it, narrowed down by what they want to act as.
func (a *API) offers(of *seen, c *cases.Case, want *as) ([]offer, error) {
	t, err := a.table(c)
	if err != nil {
		return nil, err
	}
	return a.offered(t, c, of.posts(want)), nil
}

func (a *API) offered(t *process.Table, c *cases.Case, posts []cases.Actor) []offer {
	out := []offer{}
	for _, post := range posts {
		for _, o := range a.offersOf(t, c, post) {
			action, _ := t.Action(o.Action)
			one := offer{
				Action: o.Action, Title: action.Title, Allowed: o.Refusal == nil, To: o.Step.To, Form: sheet.Form(t, o.Step), Request: o.Step.Request, Part: o.Step.Part,
				As: a.actorOf(t, post),
			}
			if o.Refusal != nil {
				one.Refusal = &refusal{string(o.Refusal.Code), o.Refusal.Title}
			}
			out = append(out, one)
		}
	}
	return out
}

// actorOf is a post of somebody as it is shown.
func (a *API) actorOf(t *process.Table, post cases.Actor) actor {
	return actor{
		Person: post.Person, Organisation: post.Organisation, OrganisationTitle: a.titleOf(post.Organisation), Post: post.Post, PostTitle: postTitle(a.people(), t, post.Post),
	}
}

// narrowed are the parameters that name one post of whoever asks.
func narrowed(q *rest.Params) *as {
	return &as{Organisation: q.Text("organisation"), Post: q.Text("post")}
}

// Offers shows what whoever asks may do with a case: GET /v1/cases/{case}/offers.
func (a *API) Offers(w http.ResponseWriter, r *http.Request) error {
	of, want, err := a.asked(r, narrowed)
	if err != nil {
		return err
	}
	c, err := a.cfg.Store.Case(r.Context(), of.summary.ID)
	if err != nil {
		return fault.Of(err)
	}
	all, err := a.offers(of, c, want)
	if err != nil {
		return err
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Offers []offer `json:"offers"`
	}{all})
}

// Form shows the ways in which a case begins for whoever asks: GET /v1/cases/form.
func (a *API) Form(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	want, named, action := narrowed(q), q.Text("person"), q.Text("action")
	if err := q.Done(""); err != nil {
		return err
	}
	c, err := a.caller(r, named)
	if err != nil {
		return err
	}
	t, ok := a.cfg.Tables().Newest(a.cfg.Process)
	if !ok {
		return rest.Refuse(rest.Internal, "the process is not there")
	}
	ways := []offer{}
	for _, o := range a.offered(t, cases.NewCase(), c.posts(want)) {
		if o.Allowed && (action == "" || o.Action == action) {
			ways = append(ways, o)
		}
	}
	posts := []actor{}
	for _, post := range c.posts(&as{}) {
		posts = append(posts, a.actorOf(t, post))
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Actions []offer `json:"actions"`
		// Posts are all those of whoever asks.
		Posts []actor `json:"posts"`
	}{ways, posts})
}
