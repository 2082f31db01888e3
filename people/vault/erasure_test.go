package vault_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people/vault"
)

// shortLog is a log of notes alone.
type shortLog struct {
	epoch   data.Epoch
	heads   []data.Header
	changes []data.Change
	// read counts the headers that were asked for.
	read int
}

func (l *shortLog) Epoch() data.Epoch { return l.epoch }
func (l *shortLog) Last() data.Seq    { return data.Seq(len(l.heads)) }

func (l *shortLog) Header(_ context.Context, seq data.Seq) (data.Header, error) {
	l.read++
	return l.heads[seq-1], nil
}

func (l *shortLog) Changes(_ context.Context, seq data.Seq, _ ...uint32) ([]data.Change, error) {
	return l.changes[seq-1 : seq], nil
}

func (l *shortLog) note(t testing.TB, recorded time.Time, body any) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	note := data.Admin{Kind: data.AdminNote, ID: fmt.Sprint(len(l.heads)), Body: b}
	l.heads = append(l.heads, data.Header{Cause: vault.Cause, Recorded: recorded})
	l.changes = append(l.changes, note.Put())
}

func (l *shortLog) clone() *shortLog {
	return &shortLog{l.epoch, slices.Clone(l.heads), slices.Clone(l.changes), 0}
}

// TestOldCopies puts older copies of the file of keys and of the log in place, at any moment and with a clock that also
// runs backwards: whoever was erased according to the log cannot be read, and everybody of whom the file has the key can.
func TestOldCopies(t *testing.T) {
	dir, run := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		path, copied, l := filepath.Join(dir, fmt.Sprint(run)), filepath.Join(dir, fmt.Sprint(run, "copy")), elders()
		now := day
		o := options(vault.Master{1})
		o.Now = func() time.Time {
			now = now.Add(time.Duration(rapid.IntRange(-3, 5).Draw(rt, "passes")) * time.Microsecond)
			return now
		}
		// log and the keys that it says are gone; what the file has; the copies of both.
		type state struct {
			log  *shortLog
			gone map[string]bool
		}
		present, logs := map[string]bool{}, state{&shortLog{epoch: "a"}, map[string]bool{}}
		oldPresent, oldLogs := map[string]bool(nil), state{}
		current := map[string]string{} // subject → key, as the file has it
		oldCurrent := map[string]string{}
		stored := map[string]data.Feature{} // key → a feature sealed with it
		epochs := 0

		var keys *vault.File
		open := func() {
			var err error
			if keys, err = vault.OpenFile(path, o); err != nil {
				rt.Fatal(err)
			}
			want := 0
			for key := range present {
				if logs.gone[key] {
					want++
					delete(present, key)
					maps.DeleteFunc(current, func(_, k string) bool { return k == key })
				}
			}
			behind, told, err := keys.Behind(t.Context(), logs.log)
			if err != nil || told != want || want > len(behind) {
				rt.Fatalf("%d keys should be behind the log, told %d of %v, %v", want, told, behind, err)
			}
			if n, err := keys.Follow(t.Context(), logs.log); err != nil || n != want {
				rt.Fatalf("%d keys destroyed, %d had to be, %v", n, want, err)
			}
		}
		shut := func() {
			if err := keys.Close(); err != nil {
				rt.Fatal(err)
			}
		}
		open()
		defer func() { _ = keys.Close() }()
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				id := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "id")
				out, err := vault.New(keys).Seal([]data.Change{put(id, data.TextValue(data.Text, id))}, layerOf(l))
				if err != nil {
					rt.Fatal(err)
				}
				key := out[0].Feature.Values[0].Text()[1:17]
				if was, ok := current[id]; ok && was != key {
					rt.Fatal("another key without an erasure")
				}
				current[id], present[key], stored[key] = key, true, out[0].Feature
			},
			"erase": func(rt *rapid.T) {
				id := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "id")
				s := vault.Subject{Layer: "elders", ID: id}
				if err := keys.Destroy(o.Now(), s); err != nil {
					rt.Fatal(err)
				}
				key, had := current[id]
				delete(present, key)
				delete(current, id)
				if rapid.Bool().Draw(rt, "crash before the note") {
					return
				}
				state, err := keys.State(s)
				if err != nil || !state.Gone() {
					rt.Fatal(state, err)
				}
				logs.log.note(t, now, vault.Erasure{Did: vault.Erase, Layer: "elders", IDs: []string{id}, Erased: state.Erased})
				if had {
					logs.gone[key] = true
				}
				// What is older than this of the same subject is gone, too.
				for k, f := range stored {
					if f.ID == id && !present[k] {
						logs.gone[k] = true
					}
				}
			},
			"note of something else": func(*rapid.T) {
				logs.log.note(t, now, map[string]any{"did": "read-personal", "layer": "elders", "ids": []string{"a", "b"}})
			},
			"copy": func(*rapid.T) {
				shut()
				b, err := os.ReadFile(path)
				if err == nil {
					err = os.WriteFile(copied, b, 0o600)
				}
				if err == nil {
					oldPresent, oldCurrent = maps.Clone(present), maps.Clone(current)
				}
				oldLogs = state{logs.log.clone(), maps.Clone(logs.gone)}
				open()
			},
			"old keys": func(rt *rapid.T) {
				if oldPresent == nil {
					rt.Skip("no copy")
				}
				shut()
				b, err := os.ReadFile(copied)
				if err == nil {
					err = os.WriteFile(path, b, 0o600)
				}
				if err != nil {
					rt.Fatal(err)
				}
				present, current = maps.Clone(oldPresent), maps.Clone(oldCurrent)
				open()
			},
			"old log": func(rt *rapid.T) {
				if oldLogs.log == nil {
					rt.Skip("no copy")
				}
				shut()
				epochs++
				logs = state{oldLogs.log.clone(), maps.Clone(oldLogs.gone)}
				logs.log.epoch = data.Epoch(fmt.Sprint("restored", epochs))
				open()
			},
			"again": func(*rapid.T) {
				shut()
				open()
			},
			"": func(rt *rapid.T) {
				for key, f := range stored {
					shown, err := vault.New(keys).Show(l, f, true)
					if err != nil {
						rt.Fatal(err)
					}
					if readable := !shown.Feature.Values[0].Null(); readable != present[key] {
						rt.Fatalf("%s: readable %v, key there %v", f.ID, readable, present[key])
					}
				}
			},
		})
	})
}

// TestFollowsFromWhereItWas: the log is not read again from its beginning with each start, and notes of older programs,
// which have no time of their own, count by that of their entry.
func TestFollowsFromWhereItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	log := &shortLog{epoch: "a"}
	for range 10 {
		log.note(t, day, map[string]string{"did": "read-personal"})
	}
	start := func() *vault.File {
		f := openFile(t, path, vault.Master{1})
		log.read = 0
		if _, err := f.Follow(t.Context(), log); err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := start()
	if log.read != 0 {
		t.Errorf("%d entries were read without a key", log.read)
	}
	if _, err := f.Ensure([]vault.Subject{{Layer: "elders", ID: "a"}}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	log.note(t, day.Add(time.Second), map[string]any{"did": "erase", "layer": "elders", "ids": []string{"a"}, "reason": "of an older program"})
	f = start()
	if log.read != 1 {
		t.Errorf("%d entries were read after one new", log.read)
	}
	if state, err := f.State(vault.Subject{Layer: "elders", ID: "a"}); err != nil || !state.Gone() || !state.Erased.Equal(day.Add(time.Second)) {
		t.Errorf("%+v, %v", state, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if start(); log.read != 0 {
		t.Errorf("%d entries were read after none", log.read)
	}
}
