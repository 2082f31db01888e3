// Package casework puts the cases of a served city together: its profile, the journal in the city's log, the store of cases
// in memory, their clocks, and the service that answers for them.
package casework

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/adapters"
	"github.com/gewu-city/gewu/cases/alarm"
	peers "github.com/gewu-city/gewu/cases/exchange"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/recent"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/cmd/gewu/casecmd"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/profile"
	"github.com/gewu-city/gewu/profiles"
	"github.com/gewu-city/gewu/server/calendars"
	"github.com/gewu-city/gewu/server/casework"
	"github.com/gewu-city/gewu/server/casework/enclosed"
	"github.com/gewu-city/gewu/server/casework/kept"
	"github.com/gewu-city/gewu/server/casework/place"
	"github.com/gewu-city/gewu/server/contacts"
	"github.com/gewu-city/gewu/server/exchange"
	"github.com/gewu-city/gewu/server/notices"
	"github.com/gewu-city/gewu/server/readings"
)

// The files of a data folder that are about cases.
const (
	// CheckpointFile is what lists and counts of cases need; it can be thrown away.
	CheckpointFile = "cases.checkpoint"
	// ContactsFile keeps how those who reported are reached, sealed.
	ContactsFile = "contacts.db"
	// RulesOffFile keeps which rules of routing are switched off; it can be thrown away.
	RulesOffFile = "rules-off.json"
	// ProfileFile names the profile that the city was served with last.
	ProfileFile = "profile"
)

// Standard is the profile of a city that was never served with another one.
const Standard = "base"

// Choose is the profile that a city is served with: the one that is asked for, which is remembered in the data folder; else
// the one it was served with last; else the standard one.
func Choose(dir, asked string) (*profile.Profile, error) {
	name, file := asked, filepath.Join(dir, ProfileFile)
	if name == "" {
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if name = strings.TrimSpace(string(text)); name == "" {
			name = Standard
		}
	}
	p, err := casecmd.Load(name)
	if err != nil {
		return nil, err
	}
	if asked == "" {
		return p, nil
	}
	if strings.ContainsRune(asked, filepath.Separator) {
		if asked, err = filepath.Abs(asked); err != nil {
			return nil, err
		}
		asked += string(filepath.Separator)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil { // of a city that is served for the first time
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	return p, os.WriteFile(file, []byte(asked+"\n"), 0o600)
}

// Shared is the one scheme by which a city may be divided, by the profile that it is served with, or was served with last when p
// is nil; empty for none. The error says that the profile of last time cannot be read.
func Shared(dir string, p *profile.Profile) (string, error) {
	if p != nil {
		return p.Shared, nil
	}
	if _, err := os.Stat(filepath.Join(dir, ProfileFile)); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	p, err := Choose(dir, "")
	if err != nil {
		return "", err
	}
	return p.Shared, nil
}

// Options are what the cases of a city are made of.
type Options struct {
	Profile *profile.Profile
	Log     journal.City
	Engine  *index.Engine
	Locator *grid.Locator
	// Geocoder finds the places that words mean; nil finds none.
	Geocoder *geocode.Geocoder
	Now      func() time.Time
	Logger   *slog.Logger
	// Folder is the data folder.
	Folder string
	// Registry receives the metrics of clocks.
	Registry prometheus.Registerer
	// Files notes which cases refer to a file.
	Files enclosed.Files
	// Contents reads the files of cases by their hashes; nil sends none to other platforms.
	Contents func(ctx context.Context, hash string) (kind string, content []byte, err error)
	// Vault seals how those who reported are reached; nil keeps nothing of it.
	Vault *vault.Vault
	// Mailer sends notices by mail; nil sends none.
	Mailer adapters.Mailer
	// PublicURL is how clients reach the server; without it messages have no links.
	PublicURL string
}

// Cases are the cases of a served city.
type Cases struct {
	Service *casework.Service
	journal *journal.Journal
	// The sweeper tells what the clocks of cases reach; it is what is due of cases by the clock of the city.
	*alarm.Sweeper
	// Notices are subscriptions and messages.
	Notices *notices.Service
	// Readings are the sensors.
	Readings *readings.Service
	// Contacts is how those who reported are reached, nil without keys.
	Contacts *contacts.File
	// Calendars are the working calendars.
	Calendars *calendars.Service
	// Exchange is the exchange with other platforms.
	Exchange *exchange.Service
	peers    *peers.Book
	post     post
	moves    *recent.Ring
}

// movesHeld is how many events of cases are held for those who listen: minutes of a busy city, some 5 MB.
const movesHeld = 4096

// Open reads the cases of a city. The engine must have loaded it.
func Open(ctx context.Context, o *Options) (*Cases, error) {
	p := o.Profile
	for _, w := range p.Warnings(o.Now()) {
		o.Logger.Info("the profile needs looking after", "profile", p.Name, "what", w)
	}
	if others := p.Others(o.Engine.World().Schemes()); len(others) > 0 {
		o.Logger.Warn("the profile has one shared scheme, and the city is divided by others too; they stay as they are and are not changed: drop them with gewu scheme drop when nobody needs them",
			"profile", p.Name, "shared", p.Shared, "others", strings.Join(others, ", "))
	}
	book, err := kept.New(o.Engine.World, kept.Profile{Texts: texts(p), Process: p.Process.Name, Rules: p.RulesText, Posts: posts(p), Off: filepath.Join(o.Folder, RulesOffFile), Switched: switched(o.Logger)})
	if err != nil {
		return nil, fmt.Errorf("read the processes and rules: %w", err)
	}
	for _, fault := range book.Faults() {
		o.Logger.Error("what is kept of processes and rules cannot be read", "error", fault)
	}
	// Clocks are folded by the calendars while the cases are read.
	hours := calendars.NewKept(o.Engine.World, p.Timing.Book)
	p.Timing.Editions = hours.Editions
	c := &Cases{journal: journal.New(o.Log, filepath.Join(o.Folder, CheckpointFile), journal.Options{Logger: o.Logger, Also: book.Also})}
	ledger := timing.NewLedger(p.Timing, c.journal)
	c.Sweeper = alarm.New(alarm.Config{City: p.Timing, Ledger: ledger, Now: o.Now, Logger: o.Logger})
	shelf, err := store.New(ledger, store.Options{Levels: p.Levels, Schemes: p.Schemes, Due: ledger.Due, Follow: c.Follow})
	if err != nil {
		return nil, err
	}
	if err := c.journal.Load(ctx, shelf); err != nil {
		return nil, fmt.Errorf("read the cases: %w", err)
	}
	c.moves = recent.New(c.journal, shelf, movesHeld)
	cfg := casework.Config{
		Store: shelf, Ledger: ledger, World: o.Engine.World, Process: p.Process.Name, Timing: p.Timing, Classes: p.Timing.Table,
		Moves: c.moves, Kept: book, Duplicates: p.Duplicates, Public: p.Public, Now: o.Now, Before: c.Before, Faults: func() []string { return slices.Concat(unreadable(shelf), rulesOff(book), hours.Faults(), c.Faults()) },
		Standard: map[string]string{}, // the process says what classes without a limit have
		Ground: &place.Ground{
			World: o.Engine.World, Locator: o.Locator, Working: p.Working, Owner: p.Owner,
		},
	}
	if o.Geocoder != nil {
		cfg.Geocode = &place.Words{Geocoder: o.Geocoder, Now: o.Now}
	}
	cfg.Files = o.Files
	if c.peers, err = peers.Open(filepath.Join(o.Folder, PeersFile)); err != nil {
		return nil, fmt.Errorf("read the peers: %w", err)
	}
	cfg.Guard = func(shelf cases.Shelf, log cases.Log) cases.Log { return peers.Guard(c.peers, shelf, log) }
	if c.Service, err = casework.New(cfg); err != nil {
		return nil, err
	}
	c.Calendars = &calendars.Service{Kept: hours, Standard: p.Timing.Calendar, Clocks: c.Sweeper, Now: o.Now}
	c.Open(shelf, func() alarm.Desk { return c.Service.Desk() }, book.Versions)
	if err := c.sense(o); err != nil {
		return nil, err
	}
	if err := c.mail(o, book.Versions, ledger); err != nil {
		return nil, errors.Join(err, c.Readings.Book.Close())
	}
	if o.Vault != nil {
		if c.Contacts, err = contacts.Open(filepath.Join(o.Folder, ContactsFile), o.Vault); err != nil {
			return nil, errors.Join(err, c.post.close(), c.Readings.Book.Close())
		}
	}
	return c, watch(o.Registry, c.Sweeper, shelf)
}

// switched tells the log of rules of routing that failed, and of their end.
func switched(log *slog.Logger) func([]route.Disabled) {
	return func(off []route.Disabled) {
		if len(off) == 0 {
			log.Info("all rules of routing are on")
		}
		for _, d := range off {
			log.Warn("a rule of routing has failed and is switched off; others decide in its place", "rule", d.Rule, "why", d.Why["en"], "since", d.At)
		}
	}
}

// rulesOff names the rules of routing that are switched off.
func rulesOff(book *kept.Book) []string {
	router := book.Router()
	if router == nil {
		return nil
	}
	var list []string
	for _, d := range router.Disabled() {
		list = append(list, fmt.Sprintf("rule %s of routing is switched off since %s: %s; mend it with PUT /v1/routes/rules, or switch it on with POST /v1/routes/rules/%s/enable", d.Rule, d.At.Format(time.RFC3339), d.Why["en"], d.Rule))
	}
	return list
}

// mostNamed bounds the cases that are named one by one.
const mostNamed = 20

// unreadable names the cases that cannot be read any further.
func unreadable(shelf *store.Store) []string {
	var list []string
	all := shelf.Unreadable()
	for _, u := range all[:min(len(all), mostNamed)] {
		list = append(list, u.Error()+"; it stays as it was before that and takes no more, and all of it is in the log")
	}
	if more := len(all) - len(list); more > 0 {
		list = append(list, fmt.Sprintf("%d more cases cannot be read; gewu check names them", more))
	}
	return list
}

// texts finds the process of a profile, and those that come with gewu: a city may write one that inherits from them.
func texts(p *profile.Profile) process.Texts {
	others := process.FromFS(profiles.Files)
	return func(name string) (file, text string, err error) {
		if name == p.Process.Name {
			return name, p.ProcessText, nil
		}
		return others(name)
	}
}

// posts are the ids of those that a profile brings.
func posts(p *profile.Profile) []string {
	ids := make([]string, len(p.Posts))
	for i := range p.Posts {
		ids[i] = p.Posts[i].ID
	}
	return ids
}

// Settle returns when what is due of cases by the clock of the city is told, and messages are made of it.
func (c *Cases) Settle(ctx context.Context) error {
	if err := c.Sweeper.Settle(ctx); err != nil {
		return err
	}
	return c.post.follower.Catch(ctx)
}

// Run tells what clocks reach and follows the log of the city until ctx ends, and leaves a checkpoint.
func (c *Cases) Run(ctx context.Context) error {
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return c.journal.Run(following) })
	// What is told last is in the checkpoint.
	group.Go(func() error { defer stop(); return c.Sweeper.Run(ctx) })
	group.Go(func() error { return c.moves.Run(ctx) })
	group.Go(func() error { return c.post.follower.Run(ctx) })
	group.Go(func() error { return c.post.courier.Run(ctx) })
	err := errors.Join(group.Wait(), c.post.close(), c.Readings.Book.Close())
	if c.Contacts != nil {
		err = errors.Join(err, c.Contacts.Close())
	}
	return err
}

// watch registers the metrics of clocks.
func watch(r prometheus.Registerer, s *alarm.Sweeper, shelf *store.Store) error {
	if r == nil {
		return nil
	}
	gauge := func(name, help string, value func(alarm.State) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gewu_case_" + name, Help: help}, func() float64 { return value(s.State()) })
	}
	for _, c := range []prometheus.Collector{
		gauge("clocks", "Clocks of open cases with a mark ahead.", func(is alarm.State) float64 { return float64(is.Clocks) }),
		gauge("clocks_undated", "Clocks of open cases without a due time, because a table of holidays ends.", func(is alarm.State) float64 { return float64(is.Undated) }),
		gauge("marks_behind_seconds", "For how long the mark that was reached first waits to be told.", func(is alarm.State) float64 { return is.Behind.Seconds() }),
		gauge("marks_told", "Marks that were told since the start.", func(is alarm.State) float64 { return float64(is.Told) }),
		gauge("unreadable", "Cases that cannot be read any further, because of an event in the log.", func(alarm.State) float64 { return float64(len(shelf.Unreadable())) }),
	} {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}
