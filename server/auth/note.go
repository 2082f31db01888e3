package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/people/audit"
)

// Trail brings notes into the log of the city. It is safe for concurrent use.
type Trail interface {
	// Write has a note durable, or returns why not.
	Write(ctx context.Context, e audit.Entry) error
	// Note is for what is done already: it is written as soon as the log takes it.
	Note(ctx context.Context, e audit.Entry)
	// Count sums up what anybody may try as often as they like.
	Count(e audit.Entry)
}

// Act is an entry of the audit about what a request does: who asks, when, and from where. No text of it may hold a secret,
// or what people type where names belong.
func (a *API) Act(r *http.Request, action, object, reason string) audit.Entry {
	who := From(r.Context())
	e := audit.Entry{
		Time: a.cfg.Clock().UTC().Truncate(time.Millisecond), Actor: who.Actor(), Staff: who.Staff, Action: action, Object: object, Outcome: audit.Done, Reason: reason,
	}
	if from := a.origin(r).Address; from.IsValid() {
		e.From = from.String()
	}
	return e
}

// note keeps what was done to an account, key or session.
func (a *API) note(r *http.Request, action, object, reason string) {
	e := a.Act(r, action, object, reason)
	a.tell(r, &e)
	if a.cfg.Trail != nil {
		a.cfg.Trail.Note(r.Context(), e)
	}
}

// witness keeps that somebody is given a secret, before they are. Without the note they must not be.
func (a *API) witness(r *http.Request, action, object, reason string) error {
	e := a.Act(r, action, object, reason)
	a.tell(r, &e)
	if a.cfg.Trail == nil {
		return nil
	}
	return a.cfg.Trail.Write(r.Context(), e)
}

// count keeps what anybody may do as often as they like.
func (a *API) count(r *http.Request, action string) {
	e := a.Act(r, action, "", "")
	a.tell(r, &e)
	if a.cfg.Trail != nil {
		a.cfg.Trail.Count(e)
	}
}

// refused keeps what was tried in vain. Faults of the server are no refusals.
func (a *API) refused(r *http.Request, action, object string, err error) {
	var why string
	_, locked := errors.AsType[*account.LockedError](err)
	switch {
	case locked:
		why = "locked"
	case errors.Is(err, account.ErrCredentials):
		why = "credentials"
	case errors.Is(err, account.ErrToken):
		why = "token"
	case errors.Is(err, account.ErrNotInvited):
		why = "not invited"
	case errors.Is(err, account.ErrTaken), errors.Is(err, account.ErrFirst):
		why = "taken"
	default:
		return
	}
	a.refuse(r, action, object, why)
}

// refuse keeps a refusal and why.
func (a *API) refuse(r *http.Request, action, object, why string) {
	e := a.Act(r, action, object, why)
	e.Outcome = audit.Refused
	a.tell(r, &e)
	if a.cfg.Trail != nil {
		a.cfg.Trail.Count(e)
	}
}

// tell writes an entry to the log of the process, too.
func (a *API) tell(r *http.Request, e *audit.Entry) {
	a.cfg.Logger.LogAttrs(r.Context(), slog.LevelInfo, "people", slog.String("event", e.Action), slog.String("outcome", e.Outcome),
		slog.String("object", e.Object), slog.String("why", e.Reason), slog.String("by", e.Actor), slog.String("address", e.From))
}

// objectOf is the account that has a login, empty when nobody has: what was typed may be a password.
func (a *API) objectOf(login string) string {
	found, err := a.store.Find(login)
	if err != nil {
		return ""
	}
	return accountName + found.ID
}

// What accounts, keys and invitations are called as objects of notes.
const (
	accountName    = "account:"
	keyName        = "key:"
	invitationName = "invitation:"
)
