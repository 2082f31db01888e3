package account

import "slices"

// Way is how a request showed who asks.
type Way string

// The ways. What came in without any is [Public].
const (
	Public  Way = "public"  // nobody has logged in
	Open    Way = "open"    // from this machine, while that is enough
	Socket  Way = "socket"  // over the control socket, whose file mode says who may
	Token   Way = "token"   // with the value of gewu serve --token
	Session Way = "session" // logged in, by a cookie
	APIKey  Way = "key"     // with an API key
)

// Grant is a post that a login brings with it because its identity provider says so, in addition to those that the
// person holds in the city's directory. Organisation is where; empty means the whole city.
type Grant struct {
	Post         string `json:"post"`
	Organisation string `json:"organisation,omitempty"`
}

// Principal is who asks: the result of looking at one request. It holds no secret, is never changed after it was made,
// and its zero value is somebody unknown ([Public] rights).
type Principal struct {
	Way Way
	// Account is the id of the account, empty without one.
	Account string
	// Login is the name that the person logs in with, for showing.
	Login string
	// Staff is the id of the person in the city's directory, as the account names it; empty when it names none. Nothing
	// here checks that the directory knows it.
	Staff string
	// Key is the id of the API key that was used, and Scopes the permissions that it is limited to; nil means all those
	// of its account.
	Key    string
	Scopes []string
	// Session is the public id of the session, for lists of sessions.
	Session string
	// Administrator says that the account may do everything.
	Administrator bool
	// Granted are the posts that came with the login.
	Granted []Grant
}

// Everything reports whether no rights need be looked up: the machine itself where that is enough, the control socket,
// the token, and administrators without the limits of a key.
func (p Principal) Everything() bool {
	switch p.Way {
	case Open, Socket, Token:
		return true
	case Session, APIKey:
		return p.Administrator && p.Scopes == nil
	case Public:
		return false
	}
	return false
}

// Known reports whether the principal is one certain account.
func (p Principal) Known() bool { return p.Account != "" }

// Limited reports whether a key keeps the principal from a permission.
func (p Principal) Limited(permission string) bool {
	return p.Scopes != nil && !slices.Contains(p.Scopes, permission)
}

// Actor names the principal in the log of changes. Names of persons do not stand there: what is written in the log stays,
// and a person may ask to be forgotten.
func (p Principal) Actor() string {
	switch p.Way {
	case Socket:
		return "local:socket"
	case Open:
		return "local"
	case Token:
		return "token"
	case APIKey:
		return "key:" + p.Key
	case Session:
		return "account:" + p.Account
	case Public:
		return "public"
	}
	return "public"
}
