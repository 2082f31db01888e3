// Package places measures the geocoder beside searches of texts: the doors of a city are asked for by their labels, as
// they are and as people write, say and mistype them.
package places

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/geocode/eval"
	"github.com/gewu-city/gewu/geocode/noise"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/sample/sampletest"
	"github.com/gewu-city/gewu/test/peers/proc"
)

// seed is that of the order of the doors and of the noise, used nowhere else: nothing was tuned by these texts.
const seed = 20261126

// City is the doors of a city, and who else has a name in it.
type City struct {
	// World holds them; Heap is how many bytes it takes.
	World *index.World
	Heap  int64
	// Doors are in the order of their layer.
	Doors []Door

	clean  []eval.Case // one for each label, in an order by the seed
	chance *rand.Rand
}

// Door is one with a label. Its ID is that of the feature behind the name of the layer.
type Door struct{ ID, Label string }

// Load reads the store in a data folder, or the sample city when that is empty, with every so manieth of its doors.
func Load(ctx context.Context, folder string, every int) (*City, error) {
	before := proc.LiveHeap()
	w, err := world(ctx, folder)
	if err != nil {
		return nil, err
	}
	if every > 1 {
		if w, err = thin(ctx, w, every); err != nil {
			return nil, err
		}
	}
	c := &City{World: w, Heap: proc.LiveHeap() - before, chance: rand.New(rand.NewPCG(seed, seed))}
	ids := map[string][]string{}
	for _, l := range w.Layers() {
		label := labels(l)
		if label < 0 {
			continue
		}
		for s := range l.Slots() {
			d := Door{l.Def().Name + "/" + l.ID(s), l.Value(s, label).Text()}
			c.Doors = append(c.Doors, d)
			if ids[d.Label] == nil {
				c.clean = append(c.clean, eval.Case{Query: d.Label, Class: string(noise.Exact)})
			}
			ids[d.Label] = append(ids[d.Label], d.ID)
		}
	}
	if len(c.clean) == 0 {
		return nil, errors.New("the city has no addresses with labels: a layer needs the role address with a label")
	}
	for i := range c.clean {
		c.clean[i].IDs = ids[c.clean[i].Query]
	}
	c.chance.Shuffle(len(c.clean), func(i, j int) { c.clean[i], c.clean[j] = c.clean[j], c.clean[i] })
	return c, nil
}

// labels is the attribute with the labels of a layer of addresses, -1 if it is none.
func labels(l *index.Layer) int {
	if role := l.Def().Roles.Address; role != nil && role.Label != "" {
		return l.Def().AttributeIndex(role.Label)
	}
	return -1
}

func world(ctx context.Context, folder string) (w *index.World, err error) {
	var log index.Log
	if folder == "" {
		if log, err = sampletest.Read([]string{"addresses", "villages", "districts"}); err != nil {
			return nil, err
		}
	} else {
		store, err := boltstore.Open(filepath.Join(folder, "gewu.db"), boltstore.Options{Now: time.Now, Verify: boltstore.VerifyAuto})
		if err != nil {
			return nil, err
		}
		defer func() { _ = store.Close() }()
		log = store
	}
	return loaded(ctx, log)
}

func loaded(ctx context.Context, log index.Log) (*index.World, error) {
	e := index.NewEngine(log)
	if err := e.Load(ctx, nil); err != nil {
		return nil, fmt.Errorf("load the city: %w", err)
	}
	return e.World(), nil
}

// thin is a World with every so manieth door of another one.
func thin(ctx context.Context, w *index.World, every int) (*index.World, error) {
	log := indextest.NewLog()
	for _, l := range w.Layers() {
		changes := []data.Change{indextest.Define(l.Def())}
		i := 0
		for s := range l.Slots() {
			if i++; labels(l) >= 0 && i%every != 0 {
				continue
			}
			f := l.Feature(s)
			changes = append(changes, indextest.Put(l.Def().Name, f.ID, f.Shape, f.Values...))
		}
		log.Append(changes...)
	}
	return loaded(ctx, log)
}

// Exact are all labels as they are, each once.
func (c *City) Exact() []eval.Case { return c.clean }

// Noisy are up to n texts of each class of noise that the labels allow. Fewer are the first of more.
func (c *City) Noisy(n int) [][]eval.Case {
	var classes [][]eval.Case
	for _, class := range noise.Classes() {
		if cases := eval.Noisy(c.clean, class, n, c.chance); len(cases) > 0 {
			classes = append(classes, cases)
		}
	}
	return classes
}

// Evenly are the first n texts of each class, or fewer where a class has no more: one of each class by turns.
func Evenly(classes [][]eval.Case, n int) []eval.Case {
	var mix []eval.Case
	for i := range n {
		for _, cases := range classes {
			if i < len(cases) {
				mix = append(mix, cases[i])
			}
		}
	}
	return mix
}

// normalised is a text as the peers get it, which leave half width, script and numerals to who uses them.
func normalised(text string) string { return normal.Of(text).String() }
