// Package open311 is Open311 GeoReport v2 over the cases of a city: discovery, services, requests, tokens, and the updates,
// paging and extensions that clients use. What it says of a case is what the public may know: never who reported or who
// works on it, and of private cases nothing, not even that there are any.
//
// It asks for everything through the interfaces of [Config], and leaves all rules to the process of the city: a request is a
// command of the post public, or of the program itself where the process does not know the public.
package open311

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/server/open311/service"
)

// Root is where everything is. Below it are the endpoints v2, and test, which checks a request and keeps nothing.
const Root = "/open311"

// Config is what an API works with. All members that are interfaces or functions may be called by many at once.
type Config struct {
	Settings Settings
	// Classes are the classes of the city now. Another table is another list of services.
	Classes func() *class.Table
	// More are the questions that the city asks about a class beside those of gewu; nil asks none.
	More func(catalogue.Key) []service.Attribute
	// Changed is when the services became what they are; see [Changes].
	Changed Changes
	Cases   Cases
	Desk    Desk
	// Processes are the tables of all versions, Process is the name of the one under which new cases begin.
	Processes func() *process.Versions
	Process   string
	Places    Places
	Keys      Keys
	// Clocks say when handling is due, Offices how organisations are called, Contacts keep who reported. Each may be nil:
	// then nothing is said, or kept.
	Clocks   Clocks
	Offices  func(id, lang string) string
	Contacts Contacts
	// Files keeps what comes with a request; nil refuses files.
	Files Files
	// NewID makes the id of a case.
	NewID func() (string, error)
	// Base is how the client reached the server, without a slash at the end.
	Base func(*http.Request) string
	Now  func() time.Time
	// Loading reports whether the city is still being filled: requests are then answered 503. Nil is never.
	Loading func() bool
	// Log keeps what went wrong in the server; nil keeps nothing.
	Log func(*http.Request, error)
}

// Settings are what a city says of its Open311.
type Settings struct {
	// Title names the city, Contact says how to reach who runs the server, and KeyService how to get a key.
	Title      data.Title
	Contact    string
	KeyService string
	// Lang is the language of whoever asks for none, zh or en.
	Lang string
	// Jurisdictions are the names of the city when there are several; with one or none, whatever a client says is taken.
	Jurisdictions []string
	// Sources are the sources of cases that the public may see; none stands for all.
	Sources []string
	// MaxBody is how many bytes a request may have with its files; 0 stands for 24 MiB.
	MaxBody int64
}

// Cases is where cases are found; *[store.Store] has Find and List.
type Cases interface {
	Find(id string) (store.Summary, bool)
	List(f *store.Filter, order store.Order, limit int, after store.Cursor) ([]store.Summary, *store.Cursor, error)
	// Events are those of a case in their order, none for one that does not exist.
	Events(ctx context.Context, id string) iter.Seq2[*cases.Event, error]
}

// Desk is where commands become events; *[cases.Desk] is one.
type Desk interface {
	Do(ctx context.Context, cmd *cases.Command) (*cases.Done, error)
}

// Places finds places. Inside reports whether a point is in the city. Geocode finds what words mean, false when that is not
// certain. Named finds a part or a door by its code, false when there is none.
type Places interface {
	Inside(ctx context.Context, at cases.Position) (bool, error)
	cases.Geocode
	Named(ctx context.Context, code string) (Named, bool, error)
}

// Named is what has a code: a part of the city, or a door.
type Named struct {
	At cases.Position
	// Part is nil for a door.
	Part    *cases.Part
	Address string
}

// The errors of [Keys].
var (
	// ErrKey is returned for a key that is not in force.
	ErrKey = errors.New("open311: the key is not in force")
	// ErrScope is returned for a key that may not report.
	ErrScope = errors.New("open311: the key does not reach so far")
)

// Keys knows the keys of programs. Key is the one with a token, [ErrKey] or [ErrScope]. Allowed reports whether pages of an
// origin (https://city.example) may report from the browser.
type Keys interface {
	Key(r *http.Request, token string) (Key, error)
	Allowed(origin string) bool
}

// Key is a key that is in force.
type Key struct {
	ID string
	// Notice tells who runs the program something about the key: that it ends soon. It stands in a header of each answer.
	Notice string
}

// Clocks says when handling of a case is due, the zero time where it is not.
type Clocks interface {
	Due(ctx context.Context, id string) (time.Time, error)
}

// Contact is who reported. It never comes into a case.
type Contact struct {
	Name, Email, Phone, Account, Device string
}

// Contacts keeps who reported a case, sealed, and returns an opaque reference, the same when it is asked again. Mail says
// that whoever left an address is told how it goes on.
type Contacts interface {
	Seal(ctx context.Context, caseID string, contact Contact) (ref string, mail bool, err error)
}

// Files keeps the files of requests. Keep looks at one that a key sent and keeps it, or returns a *[data.FieldError] or a
// [rest.Problem] when it is not taken. Public is the address of one of a case that was reviewed and may be seen by everybody, below the
// server where it begins with a slash; false for all others.
type Files interface {
	Keep(r *http.Request, owner Key, content []byte) (cases.File, error)
	Public(ctx context.Context, id, hash string) (address string, ok bool)
}

// Changes remembers since when the services are what they are, over restarts: Since is when it was first asked for the hash
// after another one; now is the time of the question.
type Changes interface {
	Since(hash string, now time.Time) (time.Time, error)
}
