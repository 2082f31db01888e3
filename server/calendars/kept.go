// Package calendars is the working calendars of a city as a resource: those of its profile, and what was changed of them while
// the city worked. Each change is a record in the city's log, with the time from which on it counts; a change that would count
// anew what is over is refused. What was never changed is that of the profile.
package calendars

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// setting begins the names of the records: calendar.NAME.NUMBER, numbered from 1 for each calendar.
const setting = "calendar."

// Change is a version of a calendar as it was put.
type Change struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	// Number counts the changes of a calendar, whichever versions they are of.
	Number int `json:"number"`
	// Text is TOML.
	Text string `json:"text"`
	// At is from when on it counts.
	At time.Time `json:"at"`
	By string    `json:"by,omitempty"`

	seq data.Seq
}

func (c *Change) id() string { return setting + c.Name + "." + strconv.Itoa(c.Number) }

// put is the change of the log that keeps it. A number is given once.
func (c *Change) put() (data.Change, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return data.Change{}, err
	}
	put := (&data.Admin{Kind: data.AdminSetting, ID: c.id(), Body: body}).Put()
	put.IfSeq = new(data.Seq(0))
	return put, put.Admin.Validate()
}

// Kept is the calendars with what was changed of them. It follows the World and is safe for concurrent use.
type Kept struct {
	world func() *index.World
	first *calendar.Book

	mu sync.Mutex
	// at is the state of the records that all below is made of.
	at       data.Seq
	made     bool
	changes  []Change
	editions *calendar.Editions
	faults   []string
}

// NewKept is the calendars of a city over the book of its profile.
func NewKept(world func() *index.World, first *calendar.Book) *Kept {
	return &Kept{world: world, first: first, editions: calendar.NewEditions(first)}
}

// Editions are the books of the city as they are now, the same ones until a calendar is changed.
func (k *Kept) Editions() *calendar.Editions {
	editions, _, _ := k.now()
	return editions
}

// Faults are the changes that cannot be read any more, as sentences: another profile contradicts them.
func (k *Kept) Faults() []string {
	_, _, faults := k.now()
	return faults
}

func (k *Kept) now() (*calendar.Editions, []Change, []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	w := k.world()
	if seq := w.AdminSeq(); !k.made || seq != k.at {
		k.follow(w)
		k.at, k.made = seq, true
	}
	return k.editions, k.changes, k.faults
}

// follow reads the records anew, and makes books of them when there are others than before.
func (k *Kept) follow(w *index.World) {
	var changes []Change
	var faults []string
	for r := range w.Admin(data.AdminSetting) {
		if !strings.HasPrefix(r.ID, setting) {
			continue
		}
		c := Change{seq: r.Seq}
		if err := json.Unmarshal(r.Body, &c); err != nil {
			faults = append(faults, fmt.Sprintf("setting %s cannot be read: %v", r.ID, err))
			continue
		}
		changes = append(changes, c)
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Name, b.Name), cmp.Compare(a.Number, b.Number))
	})
	if slices.EqualFunc(changes, k.changes, func(a, b Change) bool { return a.id() == b.id() && a.seq == b.seq }) && k.made {
		return
	}
	editions := calendar.NewEditions(k.first)
	for i := range changes {
		c := &changes[i]
		d, err := calendar.Parse(c.Text)
		if err == nil {
			var next *calendar.Editions
			if next, err = editions.With(c.At, d); err == nil {
				editions = next
			}
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("change %d of calendar %s does not count: %v", c.Number, c.Name, err))
		}
	}
	k.changes, k.editions, k.faults = changes, editions, faults
}

// of are the changes of a calendar, the newest last.
func of(changes []Change, name string) (own []Change) {
	for i := range changes {
		if changes[i].Name == name {
			own = append(own, changes[i])
		}
	}
	return own
}
