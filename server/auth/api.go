package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/rest"
)

// Config says how requests are told apart. Without a store there are no accounts.
type Config struct {
	Store *account.Store
	// Token is the value that takes the place of a login while there are no accounts; empty is none.
	Token string
	// Demo has the machine itself do everything also when there are accounts.
	Demo bool
	// Proxies are the addresses whose word about where a request came from is believed.
	Proxies []netip.Prefix
	// PublicURL is how clients reach the server. Without it no mail is sent: the name that a request brings may be somebody
	// else's, and would stand in the links.
	PublicURL string
	// Address is how people reach the server when who asks for a link did so over the control socket.
	Address string
	// Base is how the client of a request reached the server, without a slash at the end.
	Base func(r *http.Request) string
	// Cases says that the server has cases.
	Cases bool
	// Post sends mail; nil sends none.
	Post Post
	// Providers are who vouches for logins beside passwords, by name.
	Providers []Provider
	// Permissions are the scopes that a key may have; nil admits any.
	Permissions []string
	// Now is the wall clock, by which sessions and keys end; Clock that of the log, by which the audit is timed, nil for Now.
	Now, Clock func() time.Time
	Logger     *slog.Logger
	// Trail keeps who did what; nil keeps nothing.
	Trail Trail
}

// Post sends a text to an address. It is safe for concurrent use.
type Post interface {
	Send(ctx context.Context, to, subject, text string) error
}

// API finds out who asks, and lets people log in. It is safe for concurrent use.
type API struct {
	cfg   Config
	store *account.Store
	// token is the hash of Config.Token: equal lengths compare in constant time.
	token [sha256.Size]byte
	// letters are mails that wait to be written.
	letters chan letter
}

// lettersWaiting is how many mails may wait.
const lettersWaiting = 100

// New returns an API.
func New(cfg Config) *API {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Clock == nil {
		cfg.Clock = cfg.Now
	}
	return &API{cfg: cfg, store: cfg.Store, token: sha256.Sum256([]byte(cfg.Token)), letters: make(chan letter, lettersWaiting)}
}

// maxBody bounds the bodies of requests about accounts.
const maxBody = 16 << 10

// read reads the body of a request about accounts.
func read(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := rest.ReadBody(w, r, maxBody, rest.TypeJSON)
	if err != nil {
		return err
	}
	return rest.DecodeJSON(body, v)
}

// answer answers with what belongs to one person.
func answer(w http.ResponseWriter, r *http.Request, status int, v any) error {
	w.Header().Set("Cache-Control", "no-store")
	return rest.WriteJSON(w, r, status, v)
}

// done answers that there is nothing to say.
func done(w http.ResponseWriter) error {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// accounts is the store, or why there is none.
func (a *API) accounts() (*account.Store, error) {
	if a.store == nil {
		return nil, rest.Refuse(rest.NotImplemented, "this server keeps no accounts")
	}
	return a.store, nil
}

// member is who asks, when that is one certain account.
func (a *API) member(r *http.Request) (account.Principal, *account.Store, error) {
	store, err := a.accounts()
	if err != nil {
		return account.Principal{}, nil, err
	}
	p := From(r.Context())
	switch {
	case p.Way == account.APIKey:
		return p, nil, rest.Refuse(rest.Forbidden, "a key acts for an account, but may not change who can log in with it")
	case !p.Known():
		return p, nil, unauthorized("log in first")
	}
	return p, store, nil
}

// administrator is an error unless who asks may look after accounts.
func (a *API) administrator(r *http.Request) (account.Principal, *account.Store, error) {
	store, err := a.accounts()
	if err != nil {
		return account.Principal{}, nil, err
	}
	p := From(r.Context())
	switch {
	case p.Everything():
		return p, store, nil
	case p.Known():
		return p, nil, rest.Refuse(rest.Forbidden, "only administrators look after accounts")
	}
	return p, nil, unauthorized("log in as an administrator")
}

func unauthorized(why string) error {
	return rest.Refuse(rest.Unauthorized, "%s", why).With("WWW-Authenticate", `Bearer realm="gewu"`)
}

// problem is the public form of what the store refuses.
func (a *API) problem(err error) error {
	if err == nil {
		return nil
	}
	if locked, ok := errors.AsType[*account.LockedError](err); ok {
		seconds := max(1, int64(locked.Until.Sub(a.cfg.Now())/time.Second)+1)
		return rest.Refuse(rest.TooMany, "too many logins failed; the next one is let in after %d s", seconds).With("Retry-After", itoa(seconds)).Because(err)
	}
	if field, ok := errors.AsType[*account.FieldError](err); ok {
		return rest.Fault(rest.Invalid, field.Field, field.Value, field.Why).Because(err)
	}
	if weak, ok := errors.AsType[*account.PasswordError](err); ok {
		// Never with the value.
		return rest.Fault(rest.Invalid, "password", "", weak.Why).Because(err)
	}
	switch {
	case errors.Is(err, account.ErrCredentials):
		return rest.Refuse(rest.Unauthorized, "login and password, or the code, do not fit").With("WWW-Authenticate", `Bearer realm="gewu"`).Because(err)
	case errors.Is(err, account.ErrToken):
		return rest.Refuse(rest.Gone, "this link or login cannot be used any more; ask for a new one").Because(err)
	case errors.Is(err, account.ErrBusy):
		return rest.Refuse(rest.Unavailable, "too many log in at once").With("Retry-After", "2").Because(err)
	case errors.Is(err, account.ErrUnknown):
		return rest.Refuse(rest.NotFound, "there is no such account or invitation").Because(err)
	case errors.Is(err, account.ErrNoKey):
		return rest.Refuse(rest.NotFound, "there is no such key").Because(err)
	case errors.Is(err, account.ErrTaken):
		return rest.Refuse(rest.Conflict, "somebody else has this login").Because(err)
	case errors.Is(err, account.ErrLastAdministrator):
		return rest.Refuse(rest.Conflict, "this is the last administrator who can log in; make another one first").Because(err)
	case errors.Is(err, account.ErrFirst):
		return rest.Refuse(rest.Conflict, "the first account must be an administrator: nobody else could give rights").Because(err)
	case errors.Is(err, account.ErrNoSecond):
		return rest.Refuse(rest.Conflict, "there is no second factor to confirm or take away").Because(err)
	}
	return err
}
