// Package kept is the configuration of cases that changes while the city runs: versions of processes, and the rules of
// routing. Each version is a record in the city's log, so that a case goes on under the version with which it began, whatever
// the files of the profile say by then. What was never changed is that of the profile.
package kept

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
)

// Names of the settings.
const (
	processSetting = "process."
	rulesSetting   = "case-routes"
)

// Version is a version of a process or of the rules as it is kept.
type Version struct {
	Name    string `json:"name,omitempty"`
	Version int    `json:"version,omitempty"`
	// Text is TOML that inherits from nothing, so that it means the same for ever.
	Text string `json:"text"`
	// Posts are those that existed: a post that ends later does not undo what was checked.
	Posts []string  `json:"posts"`
	At    time.Time `json:"at"`
	By    string    `json:"by,omitempty"`
}

func (v *Version) id() string {
	if v.Name == "" {
		return rulesSetting
	}
	return processSetting + v.Name + "." + strconv.Itoa(v.Version)
}

// Put is the change that keeps a version. A version of a process is kept once; rules take the place of those before.
func (v *Version) Put() (data.Change, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return data.Change{}, err
	}
	put := (&data.Admin{Kind: data.AdminSetting, ID: v.id(), Body: body}).Put()
	if v.Name != "" {
		put.IfSeq = new(data.Seq(0))
	}
	return put, nil
}

// Profile is what counts where nothing is kept.
type Profile struct {
	// Texts finds the texts of processes, and those that they inherit from; Process is the one under which cases begin.
	Texts   process.Texts
	Process string
	// Rules is the text of the rules of routing; empty routes nothing.
	Rules string
	// Posts are those that the profile brings, whether they are in the directory already or not.
	Posts []string
	// Off is the file that keeps which rules are switched off; empty forgets it with the process.
	Off string
	// Switched, when not nil, hears of the rules that are off whenever one is switched off or on, one call at a time.
	Switched func(off []route.Disabled)
}

// Book is what is kept, with the profile below it. It follows the World and is safe for concurrent use.
type Book struct {
	world   func() *index.World
	profile Profile

	mu sync.Mutex
	// at is the state of the records that all below is made of.
	at   data.Seq
	made bool
	// has says that the version of the profile is in the log.
	has      bool
	parsed   map[string]*process.Table
	versions *process.Versions
	router   *route.Router
	rules    *route.Rules
	text     string
	off      *off
	faults   []error
}

// New is the book of a city. It fails when the profile cannot be read.
func New(world func() *index.World, profile Profile) (*Book, error) {
	b := &Book{world: world, profile: profile, parsed: map[string]*process.Table{}, off: &off{path: profile.Off}}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b, b.follow(world())
}

// posts are those that exist in a World, and those that the profile brings.
func (b *Book) posts(w *index.World) []string {
	posts := slices.Clone(b.profile.Posts)
	for _, p := range people.Of(w).Posts() {
		if !slices.Contains(posts, p.ID) {
			posts = append(posts, p.ID)
		}
	}
	return posts
}

// follow makes everything anew when a record has changed. What cannot be read stays as it was, and is told by Faults.
func (b *Book) follow(w *index.World) error {
	seq := w.Records().Seq()
	if b.made && b.at == seq {
		return nil
	}
	b.faults = nil
	tables := map[string]*process.Table{}
	text, posts := b.profile.Rules, b.posts(w)
	for r := range w.Admin(data.AdminSetting) {
		if r.ID != rulesSetting && !strings.HasPrefix(r.ID, processSetting) {
			continue
		}
		var v Version
		if err := json.Unmarshal(r.Body, &v); err != nil {
			b.faults = append(b.faults, fmt.Errorf("setting %s: %w", r.ID, err))
			continue
		}
		if v.Name == "" {
			text, posts = v.Text, v.Posts
			continue
		}
		t, err := b.table(r.ID, &v)
		if err != nil {
			b.faults = append(b.faults, fmt.Errorf("setting %s: %w", r.ID, err))
			continue
		}
		tables[r.ID] = t
	}
	if err := b.base(w, tables); err != nil {
		return err
	}
	versions, err := process.Make(values(tables)...)
	if err != nil {
		return err
	}
	if err := b.route(text, posts); err != nil {
		if !b.made {
			return err
		}
		b.faults = append(b.faults, err)
	}
	b.versions, b.at, b.made = versions, seq, true
	return nil
}

// base adds the process of the profile, unless its version is kept.
func (b *Book) base(w *index.World, tables map[string]*process.Table) error {
	t := b.parsed[b.profile.Process]
	if t == nil {
		var err error
		if t, err = process.Load(b.profile.Texts, b.profile.Process, b.posts(w)); err != nil {
			return err
		}
		b.parsed[b.profile.Process] = t
	}
	id := (&Version{Name: t.Name, Version: t.Version}).id()
	if tables[id] == nil {
		tables[id] = t
	}
	return nil
}

func values(m map[string]*process.Table) []*process.Table {
	out := make([]*process.Table, 0, len(m))
	for _, t := range m {
		out = append(out, t)
	}
	return out
}

// table is a version that is kept; it never changes.
func (b *Book) table(id string, v *Version) (*process.Table, error) {
	if t := b.parsed[id]; t != nil {
		return t, nil
	}
	t, err := process.Load(only(id, v.Name, v.Text, nil), v.Name, v.Posts)
	if err == nil {
		b.parsed[id] = t
	}
	return t, err
}

// only finds one text by its name, and others where below says.
func only(file, name, text string, below process.Texts) process.Texts {
	return func(wanted string) (string, string, error) {
		switch {
		case wanted == name:
			return file, text, nil
		case below != nil:
			return below(wanted)
		}
		return "", "", fs.ErrNotExist
	}
}

func (b *Book) route(text string, posts []string) error {
	if b.made && text == b.text {
		return nil
	}
	if text == "" {
		b.router, b.rules, b.text = nil, nil, ""
		return nil
	}
	rules, err := route.Parse(rulesSetting, text, posts)
	if err != nil {
		return err
	}
	before, err := b.off.of(text)
	if err != nil {
		b.faults = append(b.faults, fmt.Errorf("rules that were switched off are on again: %w", err))
	}
	b.off.begin(text)
	if b.made {
		before = nil // rules that are put anew are all on
		b.off.keep(text, nil)
	}
	b.router = route.ResumeRouter(rules, before, func(list []route.Disabled) {
		b.off.keep(text, list)
		if b.profile.Switched != nil {
			b.profile.Switched(list)
		}
	})
	b.rules, b.text = rules, text
	return nil
}

// now is the book by the newest World.
func (b *Book) now() *Book {
	if err := b.follow(b.world()); err != nil {
		b.faults = append(b.faults, err)
	}
	return b
}

// Versions are the processes in all versions. Cases begin under the newest.
func (b *Book) Versions() *process.Versions {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now().versions
}

// Router is the rules in force, with those that are switched off; nil for none. Rules that are put anew are all switched on.
func (b *Book) Router() *route.Router {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now().router
}

// Rules are the rules in force with their text; nil for none.
func (b *Book) Rules() (*route.Rules, string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now()
	return b.rules, b.text
}

// Faults are what is kept and cannot be read.
func (b *Book) Faults() []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	faults := slices.Clone(b.now().faults)
	if err := b.off.failed(); err != nil {
		faults = append(faults, fmt.Errorf("which rules are switched off cannot be kept: %w", err))
	}
	return faults
}

// All are the versions of processes that are kept, by their ids.
func (b *Book) All() []Version {
	var out []Version
	for r := range b.world().Admin(data.AdminSetting) {
		var v Version
		if strings.HasPrefix(r.ID, processSetting) && json.Unmarshal(r.Body, &v) == nil && v.Name != "" {
			out = append(out, v)
		}
	}
	return out
}

// Text is a version of a process as TOML; false when it is not there.
func (b *Book) Text(name string, version int) (string, bool, error) {
	for _, v := range b.All() {
		if v.Name == name && v.Version == version {
			return v.Text, true, nil
		}
	}
	t, ok := b.Versions().Table(name, version)
	if !ok || t.Name != name {
		return "", false, nil
	}
	text, err := process.Text(b.profile.Texts, b.profile.Process)
	return text, err == nil, err
}

// Draft reads the text of a new version of a process, which may inherit from those of the profile. The error is that of
// [process.Load].
func (b *Book) Draft(name, text string) (*process.Table, *Version, error) {
	w := b.world()
	texts, posts := only("process.toml", name, text, b.profile.Texts), b.posts(w)
	t, err := process.Load(texts, name, posts)
	if err != nil {
		return nil, nil, err
	}
	whole, err := process.Text(texts, name)
	if err != nil {
		return nil, nil, err
	}
	return t, &Version{Name: t.Name, Version: t.Version, Text: whole, Posts: posts}, nil
}

// DraftRules reads the text of new rules. The error is that of [route.Parse].
func (b *Book) DraftRules(text string) (*route.Rules, *Version, error) {
	posts := b.posts(b.world())
	rules, err := route.Parse("routes.toml", text, posts)
	if err != nil {
		return nil, nil, err
	}
	return rules, &Version{Text: text, Posts: posts}, nil
}

// Also are the changes that keep the versions of processes under which events begin cases, where the log has them not yet: a
// later program comes with other files, and the cases go on under these. They belong into the transaction of the events.
func (b *Book) Also(events []*cases.Event) ([]data.Change, error) {
	var changes []data.Change
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range events {
		// The version of the profile is the only one that may not be there.
		if e.Process == nil || b.has || b.parsed[b.profile.Process] == nil || e.Process.Name != b.parsed[b.profile.Process].Name || e.Process.Version != b.parsed[b.profile.Process].Version {
			continue
		}
		v := Version{Name: e.Process.Name, Version: e.Process.Version, Posts: b.posts(b.world()), At: e.At}
		if _, ok := b.world().Records().Find(data.AdminSetting, v.id()); ok {
			b.has = true
			continue
		}
		var err error
		if v.Text, err = process.Text(b.profile.Texts, b.profile.Process); err != nil {
			return nil, err
		}
		put, err := v.Put()
		if err != nil {
			return nil, err
		}
		put.IfSeq = nil // several first cases may begin at once; they say the same
		return append(changes, put), nil
	}
	return changes, nil
}
