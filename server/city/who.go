package city

import (
	"context"
	"net/http"
	"strings"

	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/people/rights"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/rest"
)

type requestIDKey struct{}

// WithRequestID returns a context that carries the id of its request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID is the id of the request: the client's X-Request-Id if it is sane, else one of ours.
func RequestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}

// ActorOf names who asked, for the log of changes.
func ActorOf(r *http.Request) string { return auth.From(r.Context()).Actor() }

type rightsKey struct{}

// WithRights returns a context that carries what whoever asks may see and do; now is asked each time and may return nil
// for everything. A short request has one answer, a stream the rights of the moment: it may last for hours.
func WithRights(ctx context.Context, now func() *rights.Rights) context.Context {
	return context.WithValue(ctx, rightsKey{}, now)
}

// RightsOf are the rights of whoever asks, nil for everything.
func RightsOf(r *http.Request) *rights.Rights {
	now, _ := r.Context().Value(rightsKey{}).(func() *rights.Rights)
	if now == nil {
		return nil
	}
	if have := now(); have != nil && !have.Everything() {
		return have
	}
	return nil
}

// SightOf names what whoever asks sees: as long as it is the same, so are the features of a World that are in sight.
func SightOf(r *http.Request) string {
	if have := RightsOf(r); have != nil {
		return have.Sight()
	}
	return ""
}

// See is a World as whoever asks sees it.
func (c *City) See(r *http.Request, w *index.World) *index.World { return c.Sights.See(RightsOf(r), w) }

// Present is the newest World as whoever asks sees it.
func (c *City) Present(r *http.Request) *index.World { return c.See(r, c.Engine.World()) }

type whoKey struct{}

// WithWho returns a context that says who asks at any time: a stream may outlive a session, or a key.
func WithWho(ctx context.Context, now func() account.Principal) context.Context {
	return context.WithValue(ctx, whoKey{}, now)
}

// Anew is a request as it would be if it were sent now: by whoever its session or key stands for at this moment.
func Anew(r *http.Request) *http.Request {
	now, ok := r.Context().Value(whoKey{}).(func() account.Principal)
	if !ok {
		return r
	}
	return r.WithContext(auth.With(r.Context(), now()))
}

type asKey struct{}

// WithAs returns a context that says through whose eyes an administrator looks.
func WithAs(ctx context.Context, staff string) context.Context {
	return context.WithValue(ctx, asKey{}, staff)
}

// As is the person of the directory through whose eyes an answer is seen, empty for those of whoever asks.
func As(r *http.Request) string {
	staff, _ := r.Context().Value(asKey{}).(string)
	return staff
}

// PersonOf names who asks so that two persons can be told apart, by account. Whoever works on the machine itself, with the
// token, or in a city without accounts, is no certain person and may say for whom they act.
func PersonOf(r *http.Request) (person string, certain bool) {
	who := auth.From(r.Context())
	if who.Known() {
		return "account:" + who.Account, true
	}
	return who.Actor(), false
}

// ActFor names who acts, as PersonOf does; by is for whom, which only those who are no certain person may say.
func ActFor(r *http.Request, by string) (string, error) {
	who, certain := PersonOf(r)
	switch {
	case by == "" || by == who:
		return who, nil
	case certain:
		return "", rest.Fault(rest.Forbidden, "by", by, "may be said by the operator of the machine only; you act for yourself")
	case len(by) > 128 || strings.ContainsFunc(by, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return "", rest.Fault(rest.Invalid, "by", by, "must be a name of at most 128 bytes")
	}
	return by, nil
}
