// Package local joins Open311 with the cases, the places and the accounts of the city that a server serves.
package local

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/codes"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/casework"
	"github.com/gewu-city/gewu/server/open311"
	"github.com/gewu-city/gewu/server/rest"
)

// City is what a server has that Open311 asks for.
type City struct {
	Cases *casework.Service
	World func() *index.World
	// Identify is who sends a request, by what it brings along.
	Identify func(*http.Request) (account.Principal, error)
	// Take keeps a file for an owner, written anew; nil keeps none. Its errors are problems.
	Take func(r *http.Request, owner string, content []byte) (cases.File, error)
	// Seal keeps who reported a case before it begins, and returns a reference to that; nil keeps nothing of it.
	Seal func(id string, who open311.Contact) (ref string, err error)
}

// Config is the part of a configuration that follows from a city. Without cases that everybody may see, programs see those
// that came in here.
func (c *City) Config(settings open311.Settings) open311.Config {
	if !c.Cases.Opened() {
		settings.Sources = []string{open311.Source}
	}
	desk := c.Cases.Desk()
	var files open311.Files
	if c.Take != nil {
		files = albums{c}
	}
	var contacts open311.Contacts
	if c.Seal != nil {
		contacts = reporters{c}
	}
	return open311.Config{
		Settings: settings, Classes: c.Cases.ClassTable, Cases: shelf{c.Cases.Cases(), c.Cases.Ledger()}, Desk: c, Processes: c.processes, Process: desk.Process,
		Places: c, Keys: c, Clocks: c, Offices: c.office, Files: files, Contacts: contacts, Now: c.Cases.Now,
	}
}

// shelf are the cases in columns, and their events.
type shelf struct {
	*store.Store
	ledger *timing.Ledger
}

// Events implements [open311.Cases].
func (s shelf) Events(ctx context.Context, id string) iter.Seq2[*cases.Event, error] {
	return s.ledger.Events(ctx, id)
}

// Do implements [open311.Desk]: processes are those of the moment.
func (c *City) Do(ctx context.Context, cmd *cases.Command) (*cases.Done, error) {
	return c.Cases.Desk().Do(ctx, cmd)
}

func (c *City) processes() *process.Versions { return c.Cases.Desk().Tables }

// Inside implements [open311.Places]: a point is in the city where an area or a cell is, and anywhere where the city has none.
func (c *City) Inside(_ context.Context, at cases.Position) (bool, error) {
	p, err := c.Cases.Ground().Look(&cases.Matter{Point: at})
	return err == nil && p.Outside == nil, err
}

// Geocode implements [open311.Places].
func (c *City) Geocode(ctx context.Context, words string) (cases.Position, bool, error) {
	if c.Cases.Words() == nil {
		return cases.Position{}, false, nil
	}
	return c.Cases.Words().Geocode(ctx, words)
}

// longestCode is how long the code of a part or a door may be.
const longestCode = 200

// mostScanned is how many features may be looked at for codes that are not unique by their definition, in units of
// [codes.Find].
const mostScanned = 50_000

// Named implements [open311.Places]: parts by their code or id, doors by their id. Layers of which not everything may be
// seen by everybody are left out.
func (c *City) Named(_ context.Context, code string) (open311.Named, bool, error) {
	if len(code) > longestCode {
		return open311.Named{}, false, nil
	}
	left := mostScanned
	spend := func(n int) bool {
		left -= n
		return left >= 0
	}
	for _, l := range c.World().Layers() {
		roles := &l.Def().Roles
		if roles.Part == nil && roles.Address == nil || l.Def().Sensitive != nil {
			continue
		}
		slot, at, written, ok := codes.Find(l, code, spend)
		if !ok {
			continue
		}
		named := open311.Named{At: position(at)}
		if roles.Part != nil {
			named.Part = &cases.Part{Layer: l.Def().Name, ID: l.ID(slot)}
			if written != named.Part.ID {
				named.Part.Code = written
			}
			return named, true, nil
		}
		if p, err := c.Cases.Ground().Look(&cases.Matter{Point: named.At}); err == nil && p.AddressID == l.ID(slot) {
			named.Address = p.Address
		}
		return named, true, nil
	}
	return open311.Named{}, false, nil
}

// albums are the files of the city.
type albums struct{ *City }

// Keep implements [open311.Files].
func (a albums) Keep(r *http.Request, owner open311.Key, content []byte) (cases.File, error) {
	return a.Take(r, open311.Source+":"+owner.ID, content)
}

// Public implements [open311.Files].
func (a albums) Public(ctx context.Context, id, hash string) (string, bool) {
	if !a.Cases.Opened() {
		return "", false
	}
	d, err := a.Cases.Dossier(ctx, id)
	if err != nil || !d.Case.Shows(hash) {
		return "", false
	}
	return "/v1/attachments/" + hash, true
}

// reporters are those who report. Nobody of them is told by mail how it goes on.
type reporters struct{ *City }

// Seal implements [open311.Contacts].
func (s reporters) Seal(_ context.Context, id string, who open311.Contact) (ref string, mail bool, err error) {
	ref, err = s.City.Seal(id, who)
	return ref, false, err
}

func position(p geo.Point) cases.Position { return cases.Position{Lon: p.Lon(), Lat: p.Lat()} }

// handling is the clock of which Open311 tells when it ends.
const handling = "handle"

// Due implements [open311.Clocks].
func (c *City) Due(ctx context.Context, id string) (time.Time, error) {
	clocks, err := c.Cases.Ledger().Of(ctx, id)
	if err != nil {
		return time.Time{}, err
	}
	return clocks.DueOf(handling), nil
}

// office is how an organisation is called.
func (c *City) office(id, lang string) string {
	if o, ok := people.Of(c.World()).Organisation(id); ok {
		return o.Title.In(lang, id)
	}
	return ""
}

// Key implements [open311.Keys]: the key of an account whose scopes let it report, or the token of the server. In a city
// without accounts whatever comes from the machine itself counts, so that clients can be tried out.
func (c *City) Key(r *http.Request, token string) (open311.Key, error) {
	if token == "" {
		return open311.Key{}, open311.ErrKey
	}
	with := r.Clone(r.Context())
	with.Header.Del("Cookie")
	with.Header.Set("Authorization", "Bearer "+token)
	p, err := c.Identify(with)
	switch {
	case err == nil && p.Known():
		if p.Limited(string(people.Report)) {
			return open311.Key{}, open311.ErrScope
		}
		return open311.Key{ID: p.Key}, nil
	case err == nil && p.Way == account.Token:
		return open311.Key{ID: "token"}, nil
	case err != nil && !refusal(err):
		return open311.Key{}, err
	}
	if here := auth.From(r.Context()); here.Way == account.Open || here.Way == account.Socket {
		return open311.Key{ID: "local"}, nil
	}
	return open311.Key{}, open311.ErrKey
}

// refusal reports whether an error says that a key does not count, and not that it could not be looked up.
func refusal(err error) bool {
	p, ok := errors.AsType[*rest.Problem](err)
	return ok && p.Kind == rest.Unauthorized
}

// Allowed implements [open311.Keys]: no page of another site may report from a browser.
func (c *City) Allowed(string) bool { return false }
