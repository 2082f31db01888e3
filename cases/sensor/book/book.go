// Package book keeps what sensors say: how the rules stand with each of them, and the newest readings, in a file beside the log
// of the city. A reading that raises a matter is kept when its case is in the log, so that whatever was acknowledged is there
// after any crash, and the case of a matter has an id that is made again from the file when its reading comes again: so none
// begins twice. Older readings are forgotten: this is no archive.
package book

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/sensor"
	"github.com/gewu-city/gewu/data"
)

// The buckets of the file.
var (
	sensors = []byte("sensors") // layer, zero byte, id of the part, zero byte, name of the readings → Sensor
	marks   = []byte("marks")   // "version", "instance"
)

// version is that of the file.
const version = "1"

// Most is how many sensors there may be.
const Most = 200_000

// Sensor is one kind of readings of a part: what is known of it. It is immutable.
type Sensor struct {
	Layer string `json:"-"`
	Part  string `json:"-"`
	Name  string `json:"-"`
	Code  string `json:"code,omitempty"`
	Unit  string `json:"unit"`
	// Readings are the newest ones, the last of them last.
	Readings []sensor.Reading `json:"readings"`
	// States are those of the rules, by their ids.
	States map[string]sensor.State `json:"states"`
}

// Newest is the last reading; nil for none.
func (s *Sensor) Newest() *sensor.Reading {
	if len(s.Readings) == 0 {
		return nil
	}
	return &s.Readings[len(s.Readings)-1]
}

// Key is the place of a sensor in lists.
func (s *Sensor) Key() string { return keyOf(s.Layer, s.Part, s.Name) }

func keyOf(layer, part, name string) string { return layer + "\x00" + part + "\x00" + name }

// Measured is a reading with the part that has the sensor.
type Measured struct {
	Part  cases.Part
	Point cases.Position
	Name  string
	Unit  string
	sensor.Reading
}

// Matter is what a rule finds of a sensor.
type Matter struct {
	Rule *sensor.Rule
	*Measured
	// Case is the id of its case, Key by which a command about it is known when it comes again.
	Case, Key string
	// Since is when the readings began to be too much, Row how many they are at least.
	Since time.Time
	Row   int
}

// Desk is where matters become cases. Begin begins the case of a matter, and does nothing when there is a case of its id; End
// tells the case that the matter is over, and does nothing where that was told or cannot be. An error that is a
// *data.FieldError is that of the reading, which is not kept then and may come again; another one ends it all.
type Desk interface {
	Begin(ctx context.Context, m *Matter) error
	End(ctx context.Context, m *Matter) error
}

// Outcome is what became of a reading: an error, or it was kept. Again says that it was there before.
type Outcome struct {
	Again  bool
	Raised []Matter
	Ended  []Matter
	Err    error
}

// Book is the sensors of a city. It is safe for concurrent use.
type Book struct {
	db       *bbolt.DB
	rules    *sensor.Rules
	desk     Desk
	now      func() time.Time
	instance string

	// turn is held by whoever takes readings: those of a sensor are judged one after the other.
	turn sync.Mutex
	mu   sync.RWMutex
	held map[string]*Sensor
	// order are the keys of held, sorted.
	order []string
}

// Open opens a file, which is made when there is none. now is the clock of the city.
func Open(path string, rules *sensor.Rules, desk Desk, now func() time.Time) (*Book, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 10 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	b := &Book{db: db, rules: rules, desk: desk, now: now, held: map[string]*Sensor{}}
	if err := db.Update(b.read); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w; without it sensors are as if they had never said anything, and what is too high raises anew", path, err), db.Close())
	}
	b.order = slices.Sorted(maps.Keys(b.held))
	return b, nil
}

// Close lets go of the file.
func (b *Book) Close() error { return b.db.Close() }

func (b *Book) read(tx *bbolt.Tx) error {
	for _, name := range [][]byte{sensors, marks} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	m := tx.Bucket(marks)
	switch v := string(m.Get([]byte("version"))); v {
	case "":
		// Another file never makes the ids of this one again.
		if err := errors.Join(m.Put([]byte("version"), []byte(version)), m.Put([]byte("instance"), []byte(rand.Text()))); err != nil {
			return err
		}
	case version:
	default:
		return fmt.Errorf("%w: the file is of version %q, this program knows %s", data.ErrFormat, v, version)
	}
	b.instance = string(m.Get([]byte("instance")))
	return tx.Bucket(sensors).ForEach(func(k, v []byte) error {
		parts := strings.Split(string(k), "\x00")
		s := &Sensor{}
		if err := json.Unmarshal(v, s); err != nil || len(parts) != 3 {
			return fmt.Errorf("%w: sensor %q: %w", data.ErrFormat, k, err)
		}
		s.Layer, s.Part, s.Name = parts[0], parts[1], parts[2]
		b.held[string(k)] = s
		return nil
	})
}

// Take takes readings in, one after the other, and returns what became of each when that is durable. Those that are refused do
// not keep the others from being taken. The error is that of the file, or of ctx: then nothing is acknowledged, and all may
// come again.
func (b *Book) Take(ctx context.Context, list []Measured) ([]Outcome, error) {
	b.turn.Lock()
	defer b.turn.Unlock()
	out, fresh := make([]Outcome, len(list)), map[string]*Sensor{}
	for i := range list {
		if err := ctx.Err(); err != nil {
			return nil, errors.Join(err, b.keep(fresh))
		}
		key := keyOf(list[i].Part.Layer, list[i].Part.ID, list[i].Name)
		was := fresh[key]
		if was == nil {
			was = b.sensor(key)
		}
		is, one := b.take(ctx, was, &list[i], len(fresh))
		if out[i] = one; is != nil {
			fresh[key] = is
		}
		if one.Err != nil && !ofReading(one.Err) {
			return nil, errors.Join(one.Err, b.keep(fresh))
		}
	}
	return out, b.keep(fresh)
}

// ofReading reports whether an error is about a reading, and not about what it was to be kept in.
func ofReading(err error) bool {
	_, field := errors.AsType[*data.FieldError](err)
	_, late := errors.AsType[*sensor.LateError](err)
	return field || late
}

func (b *Book) sensor(key string) *Sensor {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.held[key]
}

// keep makes sensors durable, then shows them.
func (b *Book) keep(fresh map[string]*Sensor) error {
	if len(fresh) == 0 {
		return nil
	}
	err := b.db.Update(func(tx *bbolt.Tx) error {
		for key, s := range fresh {
			text, err := json.Marshal(s)
			if err != nil {
				return err
			}
			if err := tx.Bucket(sensors).Put([]byte(key), text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep readings: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.held)
	maps.Copy(b.held, fresh)
	if len(b.held) > n {
		b.order = slices.Sorted(maps.Keys(b.held))
	}
	return nil
}

// take judges one reading. The sensor is nil when nothing of it is to be kept.
func (b *Book) take(ctx context.Context, was *Sensor, m *Measured, fresh int) (*Sensor, Outcome) {
	rules, err := b.about(m)
	if err != nil {
		return nil, Outcome{Err: err}
	}
	var newest *sensor.Reading
	if was != nil {
		newest = was.Newest()
	} else if len(b.held)+fresh >= Most {
		return nil, Outcome{Err: &data.FieldError{Field: "part", Value: m.Part.ID, Why: fmt.Sprintf("would be one sensor more than the %d that there may be", Most)}}
	}
	again, err := b.rules.Check(m.Reading, b.now(), newest)
	if again || err != nil {
		return nil, Outcome{Again: again, Err: err}
	}
	is := &Sensor{Layer: m.Part.Layer, Part: m.Part.ID, Name: m.Name, Code: m.Part.Code, Unit: m.Unit, States: map[string]sensor.State{}}
	if was != nil {
		is.Readings = slices.Clone(was.Readings[max(0, len(was.Readings)+1-b.rules.History):])
	}
	is.Readings = append(is.Readings, m.Reading)
	var out Outcome
	for _, r := range rules {
		before := sensor.State{}
		if was != nil {
			before = was.States[r.ID]
		}
		state, effect := r.Step(before, m.Reading)
		switch effect {
		case sensor.Raises:
			id := b.id(m, r.ID, before.Number+1)
			matter := Matter{Rule: r, Measured: m, Case: id, Key: id, Since: state.First, Row: state.Row}
			if err := b.desk.Begin(ctx, &matter); err != nil {
				return nil, Outcome{Err: fmt.Errorf("begin the case of rule %s: %w", r.ID, err)}
			}
			state = state.Raise(m.Reading, id)
			out.Raised = append(out.Raised, matter)
		case sensor.Ends:
			matter := Matter{Rule: r, Measured: m, Case: before.Case, Key: before.Case + ".over", Since: before.Began}
			if err := b.desk.End(ctx, &matter); err != nil {
				return nil, Outcome{Err: fmt.Errorf("tell the case of rule %s: %w", r.ID, err)}
			}
			out.Ended = append(out.Ended, matter)
		case sensor.Nothing, sensor.Goes:
		}
		is.States[r.ID] = state
	}
	return is, out
}

// about are the rules about a reading, in which unit it must be.
func (b *Book) about(m *Measured) (rules []*sensor.Rule, err error) {
	known := map[string]bool{}
	for i := range b.rules.Rules {
		r := &b.rules.Rules[i]
		if known[r.Reading] = true; !r.Of(m.Name, m.Part.Layer, m.Part.Class) {
			continue
		}
		if r.Unit != m.Unit {
			return nil, &data.FieldError{Field: "unit", Value: m.Unit, Why: "must be " + r.Unit + ", the unit of rule " + r.ID}
		}
		rules = append(rules, r)
	}
	switch {
	case len(rules) > 0:
		return rules, nil
	case known[m.Name]:
		return nil, &data.FieldError{Field: "name", Value: m.Name, Why: fmt.Sprintf("is of no rule about parts of layer %s and class %q", m.Part.Layer, m.Part.Class)}
	}
	return nil, &data.FieldError{Field: "name", Value: m.Name, Why: "is of no rule; there are rules about " + cmp.Or(strings.Join(slices.Sorted(maps.Keys(known)), ", "), "nothing")}
}

// id is that of the case of the n-th matter of a rule with a sensor.
func (b *Book) id(m *Measured, rule string, n int) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"sensor", b.instance, m.Part.Layer, m.Part.ID, m.Name, rule, strconv.Itoa(n)}, "\x00")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// Rules are the rules of the book.
func (b *Book) Rules() *sensor.Rules { return b.rules }

// List are sensors after a place in their order, at most so many of those that are wanted; next is empty at the end.
func (b *Book) List(after string, most int, wanted func(*Sensor) bool) (list []*Sensor, next string) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	at, found := slices.BinarySearch(b.order, after)
	if found {
		at++
	}
	for _, key := range b.order[at:] {
		if s := b.held[key]; wanted(s) {
			if len(list) == most {
				return list, list[most-1].Key()
			}
			list = append(list, s)
		}
	}
	return list, ""
}
