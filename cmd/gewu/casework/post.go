package casework

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/adapters"
	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/cases/outbox"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/exchange"
	"github.com/gewu-city/gewu/server/notices"
)

// OutboxFile keeps subscriptions and messages about cases, PeersFile the platforms with which they are exchanged.
const (
	OutboxFile = "outbox.db"
	PeersFile  = "peers.json"
)

// post is what brings notices on their way.
type post struct {
	file     *outbox.File
	hooks    *adapters.Webhook
	follower *outbox.Follower
	courier  *adapters.Courier
}

func (p *post) close() error {
	p.hooks.Close()
	return p.file.Close()
}

// mail opens the outbox, and makes what fills and empties it.
func (c *Cases) mail(o *Options, tables func() *process.Versions, ledger *timing.Ledger) error {
	degrees, err := (*proj.Systems)(nil).Lookup("EPSG:4326")
	if err != nil {
		return err
	}
	file, err := outbox.Open(filepath.Join(o.Folder, OutboxFile), notice.Usual, func(text []byte) (geo.Shape, error) {
		return convert.ParseShape(text, degrees)
	})
	if err != nil {
		return err
	}
	hook := func(_ context.Context, name string) (_ adapters.Hook, ok bool) {
		s, err := file.Subscription(name)
		if err != nil || s.Hook == nil {
			return adapters.Hook{}, false
		}
		to := adapters.Hook{URL: s.Hook.URL, Secret: s.Hook.Secret, To: s.Hook.To, Local: true} // operators alone make them
		if s.Hook.Template != "" {
			if to.Template, ok = o.Profile.Hooks[s.Hook.Template]; !ok {
				return adapters.Hook{}, false // another profile has it
			}
		}
		return to, true
	}
	say := &words{profile: o.Profile, tables: tables, cases: c.Service.Cases(), ledger: ledger, base: strings.TrimRight(o.PublicURL, "/")}
	own := func(m *notice.Message) (subject, text string) { return say.Text(m, cmp.Or(m.Lang, "zh")) }
	c.post.file, c.post.hooks = file, adapters.NewWebhook(hook, own, time.Now)
	c.Exchange = &exchange.Service{Book: c.peers, Log: c.journal, Outbox: file, Now: time.Now, Sender: &exchange.Sender{
		Book: c.peers, Cases: c.Service, Outbox: file, Read: o.Contents, Post: c.post.hooks.Post, Now: time.Now,
	}}
	senders := map[string]adapters.Sender{"webhook": c.post.hooks, outbox.Peer: c.Exchange.Sender}
	if o.Mailer != nil {
		senders["mail"] = &adapters.Mail{
			Mailer: o.Mailer, Text: say.mail(own, file), ID: file.MailID, Unsubscribe: say.unsubscribe(file),
			Address: func(_ context.Context, address string) (string, bool) { return address, true },
		}
	}
	c.post.courier = adapters.NewCourier(file.Queue(), senders, file, o.Now, o.Logger)
	c.post.follower = &outbox.Follower{
		File: file, Log: o.Log, Journal: c.journal, Public: o.Profile.Public, Edition: o.Profile.Timing.Table.Edition(), Wake: c.post.courier.Wake, Logger: o.Logger,
		Peers:     exchange.Told(c.peers),
		Sees:      c.Service.Sees,
		Directory: func(at time.Time) cases.Directory { return cases.People(people.Of(o.Engine.World()), at) },
	}
	c.Notices = &notices.Service{File: file, Mail: o.Mailer != nil, Wake: c.post.courier.Wake, Now: o.Now, Text: say.Text, Hooks: o.Profile.HookNames(), Remind: c.post.follower.Remind, Events: say.events, Class: say.class}
	// What the log gets from now on is told.
	if err := c.post.follower.Catch(context.Background()); err != nil {
		return errors.Join(err, c.post.close())
	}
	return nil
}
