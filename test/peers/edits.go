package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/test/peers/wire"
)

// writers is how many write at once.
const writers = 64

// edits measures budget 13.
func (r *rig) edits() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	const plain = "bbolt, one Update for each"
	n := 0
	fresh := func() string {
		n++
		return filepath.Join(r.dir, fmt.Sprintf("edits-%d.db", n))
	}
	if err := r.contest(contest{"13", fmt.Sprintf("durable single edits, %d writers, in process", writers), []metric{
		{name: "edits", unit: "/s", goals: []goal{{than: plain, atLeast: 15}}},
		{name: "edits per commit", goals: []goal{{atLeast: 20}}},
	}, []contestant{
		{gewuItself, func() ([]float64, error) { return r.editStore(fresh(), t) }},
		{plain, func() ([]float64, error) { return r.editBolt(fresh(), t, (*bbolt.DB).Update) }},
		{"bbolt, Batch", func() ([]float64, error) { return r.editBolt(fresh(), t, (*bbolt.DB).Batch) }},
	}}); err != nil {
		return err
	}
	return r.readWhileWriting(t)
}

// together runs work on so many goroutines for a while and returns how often it ran in a second.
func (r *rig) together(goroutines int, d time.Duration, work func(worker, i int) error) (float64, error) {
	var done atomic.Int64
	errs := make([]error, goroutines)
	start := time.Now()
	var group sync.WaitGroup
	for w := range goroutines {
		group.Go(func() {
			for i := 0; time.Since(start) < d && r.ctx.Err() == nil; i++ {
				if errs[w] = work(w, i); errs[w] != nil {
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	return float64(done.Load()) / time.Since(start).Seconds(), errors.Join(errs...)
}

// edit is one edit: a feature of ten thousand gets a place.
func (t *town) edit(worker, i int) data.Feature {
	n := worker + i*writers
	return data.Feature{ID: strconv.Itoa(n % 10_000), Shape: geo.PointShape(t.points[n%len(t.points)])}
}

// editStore writes to gewu's store, with the engine behind it that answers its preconditions and publishes Worlds.
func (r *rig) editStore(path string, t *town) (figures []float64, err error) {
	defer os.Remove(path)
	store, err := boltstore.Open(path, boltstore.Options{Now: time.Now})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	engine := index.NewEngine(store)
	if err := engine.Load(r.ctx, nil); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(r.ctx)
	var background sync.WaitGroup
	background.Go(func() { _ = store.Run(ctx, engine) })
	background.Go(func() { _ = engine.Run(ctx) })
	defer background.Wait()
	defer stop()
	layer := &data.Layer{Name: "edits", Geometry: data.GeometryPoint, Attributes: []data.Attribute{}}
	if _, err := store.Append(ctx, data.Tx{Changes: []data.Change{
		{Stream: data.StreamSchema, Op: data.OpPut, Layer: layer.Name, Definition: layer},
	}}); err != nil {
		return nil, err
	}
	before := store.Stats()
	rate, err := r.together(writers, r.options.round, func(worker, i int) error {
		_, err := store.Append(ctx, data.Tx{Changes: []data.Change{
			{Stream: data.StreamFeature, Op: data.OpPut, Layer: layer.Name, Feature: t.edit(worker, i)},
		}})
		return err
	})
	after := store.Stats()
	return []float64{rate, float64(after.Transactions-before.Transactions) / float64(after.Commits-before.Commits)}, err
}

// editBolt writes the way bbolt is used plainly: the row and a record of the log in one transaction.
func (r *rig) editBolt(path string, t *town, commit func(*bbolt.DB, func(*bbolt.Tx) error) error) (figures []float64, err error) {
	defer os.Remove(path)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, log := []byte("rows"), []byte("log")
	if err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(rows)
		_, other := tx.CreateBucket(log)
		return errors.Join(err, other)
	}); err != nil {
		return nil, err
	}
	rate, err := r.together(writers, r.options.round, func(worker, i int) error {
		f := t.edit(worker, i)
		p := f.Shape.Vertices()[0]
		value := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(p.X)), uint32(p.Y))
		return commit(db, func(tx *bbolt.Tx) error {
			b := tx.Bucket(log)
			seq, err := b.NextSequence()
			if err != nil {
				return err
			}
			record := append([]byte(f.ID), value...)
			return errors.Join(tx.Bucket(rows).Put([]byte(f.ID), value), b.Put(binary.BigEndian.AppendUint64(nil, seq), record))
		})
	})
	return []float64{rate, math.NaN()}, err
}

// layerBody is the definition of a layer of points.
func layerBody(name string) []byte {
	body, _ := json.Marshal(&data.Layer{Name: name, Geometry: data.GeometryPoint, Attributes: []data.Attribute{}})
	return body
}

// change is a request that puts one feature.
func (t *town) change(layer string, worker, i int) []byte {
	f := t.edit(worker, i)
	p := f.Shape.Vertices()[0]
	body := fmt.Appendf(nil, `{"changes":[{"op":"put","layer":%q,"feature":{"type":"Feature","id":%q,"geometry":{"type":"Point","coordinates":[%.7f,%.7f]},"properties":{}}}]}`,
		layer, f.ID, p.Lon(), p.Lat())
	return wire.Request("POST", "/v1/changes", body, "Content-Type: application/json")
}

// readWhileWriting asks a served city at a fixed rate, alone and while others write as fast as they can.
func (r *rig) readWhileWriting(t *town) error {
	city, err := r.theCity()
	if err != nil {
		return err
	}
	const layer = "edits"
	if _, err := city.call(wire.Request("POST", "/v1/layers", layerBody(layer), "Content-Type: application/json")); err != nil {
		return err
	}
	const perSecond = 300
	paths := make([]string, 4096)
	for i := range paths {
		paths[i] = locatePath(t.points[i])
	}
	// Whatever else runs on the cores waits for them, too: a server of its own that knows nothing of the writers.
	file := filepath.Join(r.dir, "bystander.json")
	answer, err := city.call(wire.Get(paths[0]))
	if err == nil {
		err = os.WriteFile(file, answer, 0o600)
	}
	if err != nil {
		return err
	}
	bystander, err := r.peer("static", file)
	if err != nil {
		return err
	}
	defer bystander.stop()
	wires := make([]*wire.Conn, writers)
	for i := range wires {
		if wires[i], err = wire.Dial(city.address); err != nil {
			return err
		}
		defer wires[i].Close()
	}
	const idle = "gewu, nobody writes"
	meanwhile := func(address string) func() ([]float64, error) {
		return func() ([]float64, error) {
			var p99, p50 float64
			var failed error
			var group sync.WaitGroup
			group.Go(func() { p99, p50, failed = r.pace(address, perSecond, paths) })
			rate, err := r.together(writers, r.options.round, func(worker, i int) error {
				return wires[worker].Do(t.change(layer, worker, i), nil)
			})
			group.Wait()
			if err := errors.Join(err, failed); err != nil {
				return nil, err
			}
			return []float64{p99, p50, rate}, nil
		}
	}
	return r.contest(contest{"13", fmt.Sprintf("GET /v1/locate at %d/s while %d connections write", perSecond, writers), []metric{
		{name: "p99", unit: "ms", lower: true, goals: []goal{{than: idle, atMost: 2}}},
		{name: "p50", unit: "ms", lower: true},
		{name: "durable edits meanwhile", unit: "/s"},
	}, []contestant{
		{"gewu, all write", meanwhile(city.address)},
		{"net/http beside it, all write", meanwhile(bystander.address)},
		{idle, func() ([]float64, error) {
			p99, p50, err := r.pace(city.address, perSecond, paths)
			return []float64{p99, p50, math.NaN()}, err
		}},
	}})
}

// lastSeq is the seq in an answer of /v1/changes.
func lastSeq(answer []byte) (seq uint64, err error) {
	var a struct{ Seq uint64 }
	err = json.NewDecoder(bytes.NewReader(answer)).Decode(&a)
	return a.Seq, err
}
