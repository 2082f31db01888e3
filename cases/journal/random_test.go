package journal_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
)

// TestRandomCommandsAndCrashes lets people do what the process allows, and crashes now and then: what is on the disk at
// that moment is opened again. Whatever was acknowledged is there then, once, and everything that is shown is the fold of
// the log.
func TestRandomCommandsAndCrashes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := &play{T: r, city: start(t, t.TempDir(), journal.Options{}), now: day, acked: map[string]*cases.Event{}}
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			switch rapid.IntRange(0, 14).Draw(r, "what") {
			case 0:
				p.crash(t)
			case 1:
				p.save()
			default:
				p.command()
			}
		}
		p.crash(t)
		all := p.city.verify(r)
		for key, e := range p.acked {
			if n := all[e.Case].Done(key); n != e.Number {
				r.Fatalf("the command %s became event %d of %s, which has it as %d", key, e.Number, e.Case, n)
			}
		}
		p.city.halt()
		check(t, p.city.dir)
	})
}

type play struct {
	*rapid.T
	city  *city
	now   time.Time
	acked map[string]*cases.Event
	last  *cases.Command
}

// save brings the store up to the log, as Run does, and writes a checkpoint.
func (p *play) save() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.city.j.Run(ctx); err != nil {
		p.Fatal(err)
	}
}

// crash goes on with what is on the disk now, and perhaps without its checkpoint, or with half of it.
func (p *play) crash(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	copied(t, logFile(p.city.dir), logFile(dir))
	if saved, err := os.ReadFile(checkpointFile(p.city.dir)); err == nil {
		switch rapid.IntRange(0, 3).Draw(p.T, "checkpoint") {
		case 0:
		case 1:
			saved = saved[:len(saved)/2]
			fallthrough
		default:
			if err := os.WriteFile(checkpointFile(dir), saved, 0o600); err != nil {
				p.Fatal(err)
			}
		}
	}
	p.city.halt()
	p.city = start(t, dir, journal.Options{})
	p.city.verify(p)
}

// command is something that the process has in the state of a case, or the last command once more.
func (p *play) command() {
	if p.last != nil && rapid.IntRange(0, 9).Draw(p.T, "again") == 0 {
		done, err := p.city.desk.Do(context.Background(), p.last)
		if err != nil || done.Event != nil || done.Number != p.acked[p.last.Key].Number {
			p.Fatalf("a command that came again: %+v, %v", done, err)
		}
		return
	}
	tables, err := table()
	if err != nil {
		p.Fatal(err)
	}
	base, _ := tables.Newest("base")
	shown := logged(p, p.city.j)
	ids := append(slices.Sorted(maps.Keys(shown)), fmt.Sprintf("R-%d", len(shown)))
	id := rapid.SampledFrom(ids).Draw(p.T, "case")
	state, unit := process.New, ""
	if c := shown[id]; c != nil {
		state, unit = c.State, c.Unit()
	}
	step := rapid.SampledFrom(base.Steps(state)).Draw(p.T, "step")
	post := rapid.SampledFrom(step.Posts).Draw(p.T, "post")
	actor := cases.Actor{Post: post, Organisation: rapid.SampledFrom([]string{"water", "gas", unit, unit}).Draw(p.T, "organisation")}
	if post != process.System {
		actor.Person = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(p.T, "person")
	}
	p.now = p.now.Add(time.Duration(rapid.IntRange(-10, 500).Draw(p.T, "minutes")) * time.Minute)
	cmd := &cases.Command{Case: id, At: p.now, Actor: actor, Action: step.Action, Key: fmt.Sprint("k", len(p.acked), "-", p.now.Unix()), Form: p.form(step, ids)}
	done, err := p.city.desk.Do(context.Background(), cmd)
	refusal, refused := errors.AsType[*process.RefusalError](err)
	_, wrong := errors.AsType[*data.FieldError](err)
	switch {
	case err == nil && done.Event != nil:
		p.acked[cmd.Key], p.last = done.Event, cmd
	case err == nil || refused && refusal.Code != "" || wrong || errors.Is(err, cases.ErrNoCase):
	default:
		p.Fatalf("%s: %v", cmd.Action, err)
	}
}

func (p *play) form(step *process.Step, ids []string) cases.Form {
	f := cases.Form{}
	photo := []cases.File{{Hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Type: "image/jpeg", Size: 3}}
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(p.T, "value") }
	fill := map[string]func(){
		"source":      func() { f.Source = pick("collector", "public") },
		"description": func() { f.Description = "坏了" },
		"point":       func() { f.Point = &cases.Position{Lon: 116.4, Lat: 39.9} },
		"class":       func() { f.Class = &cases.Class{Kind: "part", Code: "0102"} },
		"parts":       func() { f.Parts = []cases.Part{{Layer: "covers", ID: "7"}} },
		"before":      func() { f.Before = photo },
		"after":       func() { f.After = photo },
		"unit":        func() { f.Unit = pick("water", "gas") },
		"units":       func() { f.Units = []string{"water", "gas"} },
		"person":      func() { f.Person = pick("a", "b") },
		"until":       func() { f.Until = p.now.Add(48 * time.Hour) },
		"into":        func() { f.Into = pick(ids...) },
		"reason":      func() { f.Reason = "理由" },
		"note":        func() { f.Note = "意见" },
	}
	for _, field := range append(slices.Clone(step.Require), step.Optional...) {
		if set := fill[field]; set != nil && rapid.IntRange(0, 19).Draw(p.T, "leave out") > 0 {
			set()
		}
	}
	return f
}
