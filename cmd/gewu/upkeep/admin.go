// Package upkeep is what keeps a store in order: what its operator may ask of it, and what its metrics show.
package upkeep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/compare"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/vault"
	"github.com/gewu-city/gewu/server/operate"
)

// Admin gives the server what only the owner of the store can do.
type Admin struct {
	Store  *boltstore.DB
	Engine *index.Engine
	// Vault opens what is personal; nil leaves that unchecked.
	Vault *vault.Vault
}

var _ operate.Admin = Admin{}

// Check implements operate.Admin.
func (a Admin) Check(ctx context.Context, quick bool, tell operate.Tell) error {
	sound := true
	err := a.Store.Check(ctx, boltstore.CheckOptions{
		Quick: quick,
		Report: func(p boltstore.Problem) {
			sound = false
			tell.Problem(p.String())
		},
		Progress: func(part float64) { tell.Progress("file", part) },
	})
	if err != nil || quick {
		return err
	}
	err = errors.Join(CheckWorld(ctx, a.Engine, a.Store, tell), CheckPersonal(ctx, a.Engine.World(), a.Store, a.Vault, tell))
	CheckPeople(a.Engine.World(), tell)
	err = errors.Join(err, CheckCases(ctx, a.Store, tell))
	if damage, ok := errors.AsType[*data.CorruptError](err); ok {
		if sound {
			tell.Problem("log: cannot be compared with the World: " + damage.Where + ": " + damage.What)
		}
		return nil // the file was told of
	}
	return err
}

// CheckWorld verifies the World of an engine by itself and beside the log.
func CheckWorld(ctx context.Context, engine *index.Engine, log compare.History, tell operate.Tell) error {
	const attempts = 3 // a compaction may erase what the World is compared with
	for n := 1; ; n++ {
		w := engine.World()
		tell.Progress("world", 0)
		if err := compare.Check(ctx, w, tell.Problem); err != nil {
			return err
		}
		tell.Progress("log", 0)
		err := compare.World(ctx, w, log, tell.Problem)
		if _, past := errors.AsType[*index.HorizonError](err); past && n < attempts {
			continue
		}
		tell.Progress("log", 1)
		return err
	}
}

// CheckPersonal verifies that what is personal in a World is sealed and opens, and tells of subjects who have no key
// although nobody has erased them.
func CheckPersonal(ctx context.Context, w *index.World, log vault.Log, v *vault.Vault, tell operate.Tell) error {
	if v == nil {
		return nil
	}
	for _, l := range w.Layers() {
		if l.Def().Sensitive == nil {
			continue
		}
		n := 0
		for slot := range l.Slots() {
			if n++; n%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			at := l.Def().Name + "/" + l.ID(slot)
			changed := func() (time.Time, error) {
				h, err := log.Header(ctx, l.ChangedAt(slot))
				return h.Recorded, err
			}
			lost, err := v.Check(l.Def(), l.Feature(slot), changed, func(attribute, what string) {
				tell.Problem(at + ": attribute " + attribute + ": " + what)
			})
			if err != nil {
				return err
			}
			if lost {
				tell.Problem(at + ": has personal values and no key to read them; was another file of keys put in place?")
			}
		}
	}
	return nil
}

// CheckPeople tells of records of the directory that cannot be read or hang in the air, and of layers about persons whose
// owner or readers the directory does not know.
func CheckPeople(w *index.World, tell operate.Tell) {
	d := people.Of(w)
	for _, problem := range d.Problems() {
		tell.Problem("people: " + problem.Error())
	}
	for _, l := range w.Layers() {
		for _, fault := range d.CheckSensitive(l.Def()) {
			tell.Problem("layer " + l.Def().Name + ": " + fault.Error())
		}
	}
}

// CheckCases tells of cases that cannot be read any further, with the entry where that begins.
func CheckCases(ctx context.Context, log journal.City, tell operate.Tell) error {
	tell.Progress("cases", 0)
	err := journal.Check(ctx, log, func(u *cases.UnreadableError) { tell.Problem(u.Error()) })
	tell.Progress("cases", 1)
	return err
}

// CheckKeys tells of keys of persons whom the log says were erased: an older copy of the file was put in place, and no
// server has been started since.
func CheckKeys(ctx context.Context, keys *vault.File, log vault.Log, tell operate.Tell) error {
	_, n, err := keys.Behind(ctx, log)
	if n > 0 {
		tell.Problem(fmt.Sprintf("keys.db: is older than the log and holds keys of persons who were erased since: %d; the next start of gewu serve destroys them", n))
	}
	return err
}

// Backup implements operate.Admin.
func (a Admin) Backup(ctx context.Context, begin func(bytes int64) io.Writer) error {
	_, err := a.Store.Backup(ctx, begin)
	return err
}

// Compact implements operate.Admin.
func (a Admin) Compact(ctx context.Context, r operate.Retention, tell operate.Tell) (operate.Compacted, error) {
	done, err := a.Store.Compact(ctx, boltstore.Retention{Keep: r.Keep, KeepEntries: r.KeepSeq, DryRun: r.DryRun}, func(part float64) {
		tell.Progress("erase", part)
	})
	if errors.Is(err, boltstore.ErrCompacting) {
		return operate.Compacted{}, errors.Join(operate.ErrBusy, err)
	}
	result := operate.Compacted{
		Horizon: done.Horizon, Changes: done.Changes, Bytes: done.Bytes, Before: done.Before, After: done.After, DryRun: r.DryRun,
	}
	if !done.Recorded.IsZero() {
		at := done.Recorded.UTC().Truncate(time.Microsecond)
		result.Recorded = &at
	}
	return result, err
}

// projection is something that is made from the log and can be made anew.
type projection struct {
	name    string
	rebuild func(ctx context.Context, progress func(part float64)) error
}

// projections are all that are kept on disk; what lies in memory is made anew by a start.
func (a Admin) projections() []projection {
	return []projection{
		{boltstore.ProjectionCheckpoint, a.Store.RebuildCheckpoint},
		{boltstore.ProjectionDefinitions, a.Store.RebuildDefinitions},
	}
}

// Projections implements operate.Admin.
func (a Admin) Projections() []string {
	var names []string
	for _, p := range a.projections() {
		names = append(names, p.name)
	}
	return names
}

// Rebuild implements operate.Admin.
func (a Admin) Rebuild(ctx context.Context, name string, tell operate.Tell) error {
	all := a.projections()
	i := slices.IndexFunc(all, func(p projection) bool { return p.name == name })
	if i < 0 {
		return errors.New("there is no projection " + name)
	}
	if err := all[i].rebuild(ctx, func(part float64) { tell.Progress(name, part) }); err != nil {
		return err
	}
	return a.Check(ctx, false, tell)
}

// Failure implements operate.Admin.
func (a Admin) Failure() error { return a.Store.Failure() }

// Damage implements operate.Admin.
func (a Admin) Damage() error {
	if damage := a.Store.Damage(); damage != nil {
		return damage
	}
	return nil
}
