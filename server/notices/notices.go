// Package notices is the resource of subscriptions, of who was told what of a case with the receipts, and of messages that wait
// or are given up.
package notices

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/cases/outbox"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Service is the notices of a city.
type Service struct {
	File *outbox.File
	// Mail reports whether there is a mail server.
	Mail bool
	// Wake hears that a message is to be tried again.
	Wake func()
	// Now is the clock of the cases.
	Now func() time.Time
	// Text is what a message says, in zh or en.
	Text func(m *notice.Message, lang string) (subject, text string)
	// Remind reminds those who were told of a case and gave no receipt, see outbox.File.Remind.
	Remind func(ctx context.Context, about string, ids []string, at time.Time) ([]notice.Message, error)
	// Hooks are the names of the templates for services of SMS and chats.
	Hooks []string
	// Events are what may be told, by name: actions of the processes and kinds of marks. Class reports whether a class begins as
	// a subscription names it. Nothing is refused when they are nil.
	Events func() []string
	Class  func(name string) bool
}

// Cases says what somebody sees.
type Cases interface {
	// SeesCase reports whether whoever asks sees a case as a whole; the error is that of a case that they do not see at all.
	// On the machine itself the request may be on behalf of a person who is named.
	SeesCase(r *http.Request, named, id string) (full bool, err error)
}

// who is the person who asks, empty for none. On the machine itself the request may name one.
func who(r *http.Request) string {
	p := auth.From(r.Context())
	switch {
	case p.Known() && !p.Limited(string(people.Cases)):
		return p.Staff
	case !p.Known() && p.Everything():
		return r.URL.Query().Get("person")
	}
	return ""
}

// API is the resource.
type API struct {
	*city.City
	// Service is nil in a city without cases: then everything is answered 501.
	*Service
	Cases Cases
}

func (a *API) ready() error {
	if a.Service == nil {
		return rest.Refuse(rest.NotImplemented, "this server has no cases: start it with a profile, gewu serve --profile NAME")
	}
	return nil
}

// operator reports whether whoever asks looks after the server.
func operator(r *http.Request) bool {
	p := auth.From(r.Context())
	return p.Everything() || city.RightsOf(r) != nil && city.May(r, people.Operate)
}

// owner is who asks, as subscriptions name them.
func (a *API) owner(r *http.Request) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	switch person := who(r); {
	case person != "":
		return "person:" + person, nil
	case operator(r):
		return "operator", nil
	}
	return "", rest.Refuse(rest.Unauthorized, "to subscribe log in, or send an API key: Authorization: Bearer …").With("WWW-Authenticate", `Bearer realm="gewu"`)
}

// circle is a centre and a radius.
type circle struct {
	Lon    float64 `json:"lon"`
	Lat    float64 `json:"lat"`
	Metres float64 `json:"metres"`
}

// channel is where somebody is told: at an address of mail, at the URL of a hook, or in gewu itself.
type channel struct {
	Kind    string `json:"kind"`
	Address string `json:"address,omitempty"`
	URL     string `json:"url,omitempty"`
	// Template shapes what a hook is sent, Secret is the one that its service gave, To a number or a room there.
	Template string `json:"template,omitempty"`
	Secret   string `json:"secret,omitempty"`
	To       string `json:"to,omitempty"`
}

// subscription is one as it is asked for and shown.
type subscription struct {
	ID      string          `json:"id,omitempty"`
	Channel channel         `json:"channel"`
	Case    string          `json:"case,omitempty"`
	Areas   []string        `json:"areas,omitempty"`
	Classes []string        `json:"classes,omitempty"`
	Polygon json.RawMessage `json:"polygon,omitempty"`
	Circle  *circle         `json:"circle,omitempty"`
	Events  []string        `json:"events,omitempty"`
	Until   time.Time       `json:"until,omitzero"`
	Made    time.Time       `json:"made,omitzero"`
	// Public says that only what the public may see is told.
	Public bool `json:"public,omitempty"`
	// Lang is the language of what is told, zh or en.
	Lang string `json:"lang,omitempty"`
	// Secret is shown once, when a hook is made.
	Secret string `json:"secret,omitempty"`
}

func show(s *outbox.Subscription) subscription {
	out := subscription{
		ID: s.ID, Channel: channel{Kind: s.Channel.Kind, Address: s.Channel.Address}, Case: s.Case, Areas: s.Areas, Classes: s.Classes, Polygon: s.Polygon, Events: s.Events,
		Until: s.Until, Made: s.Made, Public: s.Public, Lang: s.Lang,
	}
	if s.Hook != nil {
		out.Channel = channel{Kind: s.Channel.Kind, URL: s.Hook.URL, Template: s.Hook.Template, To: s.Hook.To}
	}
	if s.Circle != nil {
		out.Circle = &circle{s.Circle.Centre.Lon(), s.Circle.Centre.Lat(), s.Circle.Metres}
	}
	return out
}

// List lists the subscriptions of whoever asks: GET /v1/subscriptions.
func (a *API) List(w http.ResponseWriter, r *http.Request) error {
	owner, err := a.owner(r)
	if err != nil {
		return err
	}
	list, err := a.File.Subscriptions(owner)
	if err != nil {
		return err
	}
	shown := make([]subscription, len(list))
	for i := range list {
		shown[i] = show(&list[i])
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Subscriptions []subscription `json:"subscriptions"`
	}{shown})
}

// Create subscribes: POST /v1/subscriptions.
func (a *API) Create(w http.ResponseWriter, r *http.Request) error {
	owner, err := a.owner(r)
	if err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return err
	}
	var asked subscription
	if err := rest.DecodeJSON(body, &asked); err != nil {
		return err
	}
	s := outbox.Subscription{
		Subscription: notice.Subscription{Owner: owner, Case: asked.Case, Areas: asked.Areas, Classes: asked.Classes, Events: asked.Events, Until: asked.Until, Lang: asked.Lang},
		Polygon:      asked.Polygon, Made: a.Service.Now().UTC(),
	}
	if s.ID, err = a.NewID(); err != nil {
		return err
	}
	if c := asked.Circle; c != nil {
		centre, ok := geo.FromDegrees(c.Lon, c.Lat)
		if !ok {
			return rest.Fault(rest.Invalid, "circle", "", "must have a longitude and a latitude in degrees")
		}
		s.Circle = &notice.Circle{Centre: centre, Metres: c.Metres}
	}
	if err := a.reach(r, &s); err != nil {
		return err
	}
	secret, err := a.address(r, &asked.Channel, &s)
	if err != nil {
		return err
	}
	if err := a.known(&s.Subscription); err != nil {
		return err
	}
	switch err := a.File.Subscribe(s); {
	case errors.Is(err, outbox.ErrFull):
		return rest.Refuse(rest.Conflict, "you have %d subscriptions, which is as many as one may have; end some", outbox.MostOf)
	case err != nil:
		return invalid(err)
	}
	shown := show(&s)
	shown.Secret = secret
	w.Header().Set("Location", "/v1/subscriptions/"+url.PathEscape(s.ID))
	return rest.WriteJSON(w, r, http.StatusCreated, shown)
}

// invalid is the answer to a subscription that cannot be.
func invalid(err error) error {
	if f, ok := errors.AsType[*data.FieldError](err); ok {
		return rest.Fault(rest.Invalid, f.Field, f.Value, f.Why)
	}
	return err
}

// known refuses what no case will ever meet: areas, classes and events that there are not. What is no name at all is refused
// when the subscription is kept.
func (a *API) known(s *notice.Subscription) error {
	here := a.Ground(a.Engine.World())
	for _, area := range s.Areas {
		name, code, _ := strings.Cut(area, " ")
		switch {
		case code == "" || strings.Contains(code, " "):
		case here.Level(name):
			if !here.Area(people.AreaKey{Level: name, Code: code}) {
				return rest.Fault(rest.Invalid, "areas", area, "names no area of level "+name)
			}
		case !here.Scheme(name):
			return rest.Fault(rest.Invalid, "areas", area, "names no level or scheme of this city")
		case !here.Cell(people.CellRef{Scheme: name, Code: code}):
			return rest.Fault(rest.Invalid, "areas", area, "names no cell of scheme "+name)
		}
	}
	for _, class := range s.Classes {
		if n := len(strings.Fields(class)); a.Class != nil && (n == 2 || n == 3) && !a.Class(class) {
			return rest.Fault(rest.Invalid, "classes", class, "is the beginning of no class; GET /v1/classes lists them")
		}
	}
	if a.Events == nil {
		return nil
	}
	names := a.Events()
	for _, event := range s.Events {
		if !slices.Contains(names, event) {
			return rest.Fault(rest.Invalid, "events", event, "is no action and no mark of a clock; there are "+strings.Join(names, ", "))
		}
	}
	return nil
}

// reach bounds a subscription to what its owner sees: whoever looks after the server all, others what they see when they are
// told. A case that is named must be in sight now.
func (a *API) reach(r *http.Request, s *outbox.Subscription) error {
	s.Sighted = !operator(r)
	if s.Case == "" {
		return nil
	}
	_, err := a.Cases.SeesCase(r, r.URL.Query().Get("person"), s.Case)
	return err
}

// address sees to where a subscription leads. The secret is that of a new hook.
func (a *API) address(r *http.Request, c *channel, s *outbox.Subscription) (secret string, err error) {
	s.Channel = notice.Channel{Kind: c.Kind, Address: s.Owner}
	if c.Kind != "webhook" && (c.URL != "" || c.Template != "" || c.Secret != "" || c.To != "") || c.Kind != "mail" && c.Address != "" {
		return "", rest.Fault(rest.Invalid, "channel", c.Kind, "takes an address for mail, a url for webhook, and neither for live")
	}
	switch c.Kind {
	case outbox.Live:
	case "mail":
		at, err := mail.ParseAddress(c.Address)
		switch {
		case !a.Mail:
			return "", rest.Fault(rest.Invalid, "channel.kind", c.Kind, "is not possible here: this server sends no mail")
		case err != nil:
			return "", rest.Fault(rest.Invalid, "channel.address", c.Address, "must be an address of mail")
		}
		s.Channel.Address = at.Address
	case "webhook":
		at, err := url.Parse(c.URL)
		switch {
		case !operator(r):
			return "", rest.Fault(rest.Forbidden, "channel.kind", c.Kind, "is for operators: a hook may lead into the network of the city")
		case err != nil || at.Host == "" || at.User != nil || at.Scheme != "https" && at.Scheme != "http":
			return "", rest.Fault(rest.Invalid, "channel.url", c.URL, "must be an address that begins with https://, without a password")
		}
		return a.hook(c, s)
	default:
		return "", rest.Fault(rest.Invalid, "channel.kind", c.Kind, "must be mail, webhook or live")
	}
	return secret, nil
}

// hook makes the hook of a subscription. The secret is told where gewu made it.
func (a *API) hook(c *channel, s *outbox.Subscription) (secret string, err error) {
	s.Channel.Address, s.Hook = s.ID, &outbox.Hook{URL: c.URL, Template: c.Template, To: c.To, Secret: []byte(c.Secret)}
	switch {
	case c.Template != "" && !slices.Contains(a.Hooks, c.Template):
		return "", rest.Fault(rest.Invalid, "channel.template", c.Template, "is no template of this city; there are "+strings.Join(a.Hooks, ", "))
	case c.Template == "" && (c.Secret != "" || c.To != ""):
		return "", rest.Fault(rest.Invalid, "channel.template", "", "is missing: secret and to are for a template; there are "+strings.Join(a.Hooks, ", "))
	case len(c.Secret) > longestSecret || len(c.To) > longestSecret:
		return "", rest.Fault(rest.Invalid, "channel.secret", "", "and to have at most 200 bytes")
	case c.Secret != "":
		return "", nil
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return "", err
	}
	s.Hook.Secret = key
	if c.Template != "" {
		// Where a template signs, it does so with the text.
		s.Hook.Secret = []byte(base64.RawURLEncoding.EncodeToString(key))
		return string(s.Hook.Secret), nil
	}
	return "whsec_" + base64.StdEncoding.EncodeToString(key), nil
}

// longestSecret bounds what somebody says of a hook, in bytes.
const longestSecret = 200

// find is a subscription of whoever asks.
func (a *API) find(r *http.Request) (outbox.Subscription, error) {
	owner, err := a.owner(r)
	if err != nil {
		return outbox.Subscription{}, err
	}
	id := mux.Vars(r)["id"]
	s, err := a.File.Subscription(id)
	if errors.Is(err, outbox.ErrUnknown) || err == nil && s.Owner != owner {
		return s, rest.Fault(rest.NotFound, "id", id, "is no subscription of yours")
	}
	return s, err
}

// Get shows one: GET /v1/subscriptions/{id}.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	s, err := a.find(r)
	if err != nil {
		return err
	}
	return rest.WriteJSON(w, r, http.StatusOK, show(&s))
}

// Delete ends one: DELETE /v1/subscriptions/{id}.
func (a *API) Delete(w http.ResponseWriter, r *http.Request) error {
	s, err := a.find(r)
	if err == nil {
		err = a.File.Unsubscribe(s.ID)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
