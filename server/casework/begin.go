package casework

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/duplicate"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework/fault"
	"github.com/gewu-city/gewu/server/casework/place"
	"github.com/gewu-city/gewu/server/rest"
)

// door is a way into the cases: who comes in, by which post, and how their cases begin.
type door struct {
	*API
	caller *caller
	actor  cases.Actor
	action string
	parent string
	table  *process.Table
	// anywhere takes places outside of the city, see [cases.Command].
	anywhere bool
}

// door opens the way by which an action of somebody begins cases.
func (a *API) door(r *http.Request, c *caller, want *as, action, parent string) (*door, error) {
	t, ok := a.cfg.Tables().Newest(a.cfg.Process)
	if !ok {
		return nil, rest.Refuse(rest.Internal, "the process is not there")
	}
	fresh := cases.NewCase()
	fresh.Parent = parent
	actor, err := c.actor(r, want, action, func(post cases.Actor) []cases.Offer { return a.offersOf(t, fresh, post) })
	if err != nil {
		return nil, err
	}
	return &door{API: a, caller: c, actor: actor, action: action, parent: parent, table: t}, nil
}

// begin begins a case on a desk. Its errors are problems.
func (d *door) begin(ctx context.Context, desk *cases.Desk, id, key string, f *cases.Form) (*cases.Done, error) {
	d.edition(f)
	if !d.table.Begins(d.action) {
		_, refusal := d.table.Step(process.New, d.action, d.actor.Post)
		return nil, fault.Refused(refusal)
	}
	done, err := desk.Do(ctx, &cases.Command{
		Case: id, Key: key, At: d.Service.Now(), Actor: d.actor, Action: d.action, Form: *f, Parent: d.parent, Anywhere: d.anywhere,
	})
	if err != nil {
		return nil, fault.Of(err)
	}
	return done, nil
}

// As is by which post whoever sends a request wants to act; Person is for the machine itself.
type As struct{ Person, Organisation, Post string }

// Reports takes reports in for a person, one after the other, as POST /v1/cases does. It is safe for concurrent use.
type Reports struct {
	door *door
	r    *http.Request
}

// Reports is the way in which an action of whoever sends a request begins cases. They must be a person with a post that may
// take it; the error is a problem.
func (a *API) Reports(r *http.Request, by As, action string) (*Reports, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	c, err := a.caller(r, by.Person)
	if err != nil {
		return nil, err
	}
	if c.person == "" {
		return nil, rest.Fault(rest.Forbidden, "person", by.Person, "must be a person of the directory with a post that takes reports in: log in as one, or name one on the machine itself")
	}
	d, err := a.door(r, c, &as{Organisation: by.Organisation, Post: by.Post}, action, "")
	if err != nil {
		return nil, err
	}
	if _, refusal := d.table.Step(process.New, action, d.actor.Post); refusal != nil {
		return nil, fault.Refused(refusal)
	}
	d.anywhere = true
	return &Reports{door: d, r: r}, nil
}

// Key is the key of a report and the id of the case that it begins, by what its sender calls it: each person has names of
// their own, by whatever way they ask.
func (p *Reports) Key(name string) (key, id string, err error) {
	sum := sha256.Sum256([]byte("person\n" + p.door.caller.person + "\nreport\n" + name))
	key = hex.EncodeToString(sum[:16])
	id, err = p.door.idOf(key)
	return key, id, err
}

// Take begins a case for a report, and keeps how whoever reported is reached apart from it. Dry decides all the same and keeps
// nothing. The errors are problems.
func (p *Reports) Take(ctx context.Context, key, id string, f *cases.Form, contact map[string]string, dry bool) (done *cases.Done, err error) {
	desk := p.door.Desk()
	if len(contact) > 0 && p.door.Contacts != nil {
		if desk.Log, err = p.door.Contacts.Sealing(desk.Log, contact); err != nil {
			return nil, err
		}
	}
	if dry {
		desk.Log, desk.Locate, desk.Before = nowhere{}, dryGround{p.door.cfg.Ground}, nil
	}
	return p.door.begin(ctx, desk, id, key, f)
}

// nowhere keeps no event.
type nowhere struct{}

// Append implements [cases.Log].
func (nowhere) Append(context.Context, []*cases.Event) (data.Seq, error) { return 0, nil }

// dryGround says where a matter is and who would get it, and switches no rule off.
type dryGround struct{ ground *place.Ground }

// Locate implements [cases.Locate].
func (d dryGround) Locate(_ context.Context, m *cases.Matter) (*cases.Place, error) {
	at, err := d.ground.Look(m)
	if err != nil {
		return nil, err
	}
	answer, err := d.ground.Route(m, at, true)
	if err == nil && answer != nil {
		at.Duty = &answer.Duty
	}
	return at, err
}

// Alike are the cases that a report may say again, of those that whoever asks may see; but its own.
func (p *Reports) Alike(ctx context.Context, own string, f *cases.Form, at *cases.Position) ([]duplicate.Match, error) {
	found, err := p.door.alike(ctx, p.r, p.door.caller, &duplicate.Report{Case: own, Parts: f.Parts, Point: at, Description: f.Description, At: p.door.Service.Now()}, f.Class)
	if err != nil {
		return nil, fault.Of(err)
	}
	return found, nil
}

// alike are the cases that a report of a class may say again, of those that somebody may see.
func (a *API) alike(ctx context.Context, r *http.Request, c *caller, report *duplicate.Report, class *cases.Class) ([]duplicate.Match, error) {
	if class != nil {
		report.Class = *class
		report.Class.Row = ""
	}
	sight := a.sight(r, c)
	near := &place.Near{Store: a.cfg.Store, Describe: a.describe, Sees: func(s *store.Summary) bool {
		full, public := sight.Sees(s)
		return full || public
	}}
	return a.cfg.Duplicates.Find(ctx, report, near, mostMatches)
}

// admit sees to what a form says of where it comes from. The public reports as the public, and names no reporter.
func (a *API) admit(c *caller, f *cases.Form) error {
	if c.person != "" {
		return nil
	}
	switch {
	case f.Source == "":
		f.Source = people.PostPublic
	case f.Source != people.PostPublic:
		return rest.Fault(rest.Invalid, "form.source", f.Source, "must be public, or left out: somebody who is not logged in is the public").In("zh", "form.source 未登录者须为 public，或不填")
	}
	if !f.Reported.IsZero() {
		return rest.Fault(rest.Invalid, "form.reported", "", "is said by those who take reports in; leave it out").In("zh", "form.reported 由受理人员填写，请不填")
	}
	if f.Reporter != "" {
		return rest.Fault(rest.Invalid, "form.reporter", "", "is given by those who take reports in; leave it out").In("zh", "form.reporter 由受理人员填写，请不填")
	}
	return nil
}

// edition says of a class which edition it is of: that of the city, where the form does not say.
func (a *API) edition(f *cases.Form) {
	if f.Class != nil && f.Class.Edition == "" {
		f.Class.Edition = a.cfg.Classes.Edition()
	}
}
