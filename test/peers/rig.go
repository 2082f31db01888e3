package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/synth"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/test/peers/postgis"
)

// rig holds what measurements share. Fixtures are made when they are first asked for and taken down by close.
type rig struct {
	ctx     context.Context //nolint:containedctx // lives as long as the run
	options options
	log     io.Writer
	dir     string
	report  report
	ends    []func()

	town   *town
	world  *index.World
	binary string
	city   *server
	pg     *postgis.Cluster
	pgless bool // PostGIS was found missing
	pgTown bool // the town is in it
}

func newRig(ctx context.Context, o options, log io.Writer) (*rig, error) {
	dir, err := os.MkdirTemp("", "gewu-peers-*")
	if err != nil {
		return nil, err
	}
	r := &rig{ctx: ctx, options: o, log: log, dir: dir}
	r.ends = append(r.ends, func() { _ = os.RemoveAll(dir) })
	// The user of PostgreSQL, who is another one, must get to the folder of its cluster.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return r, nil
}

func (r *rig) close() {
	for _, end := range slices.Backward(r.ends) {
		end()
	}
}

func (r *rig) say(format string, args ...any) {
	fmt.Fprintf(r.log, format+"\n", args...)
}

// town is the city that most measurements use, in memory without attributes.
type town struct {
	name   string
	synth  *synth.City
	cells  []place
	parts  []place
	box    geo.Box
	points []geo.Point // to ask about: anywhere in the box
}

// place is a feature without attributes.
type place struct {
	id    string
	shape geo.Shape
}

func (p place) at() geo.Point { return p.shape.Vertices()[0] }

// theTown makes the city.
func (r *rig) theTown() (*town, error) {
	if r.town != nil {
		return r.town, nil
	}
	t, err := newTown(r.options.preset)
	if err != nil {
		return nil, err
	}
	r.say("   city %s: %d cells, %d parts, %d features in all", t.name, len(t.cells), len(t.parts), t.synth.Count())
	r.town = t
	return t, nil
}

func newTown(name string) (*town, error) {
	p, ok := synth.Preset(name)
	if !ok {
		return nil, fmt.Errorf("no preset %q", name)
	}
	c, err := synth.New(p)
	if err != nil {
		return nil, err
	}
	t := &town{name: name, synth: c, box: geo.EmptyBox()}
	for layer, into := range map[string]*[]place{"units": &t.cells, "parts": &t.parts} {
		l, _ := c.Layer(layer)
		for f := range l.Features {
			*into = append(*into, place{f.ID, f.Shape})
		}
	}
	for _, c := range t.cells {
		t.box = t.box.Union(c.shape.Box())
	}
	chance := rand.New(rand.NewPCG(1, 2))
	for range 1 << 16 {
		t.points = append(t.points, geo.Point{
			X: t.box.Min.X + chance.Int32N(t.box.Max.X-t.box.Min.X+1), Y: t.box.Min.Y + chance.Int32N(t.box.Max.Y-t.box.Min.Y+1),
		})
	}
	return t, nil
}

// theWorld is gewu's engine in this process with the cells and parts of the town.
func (r *rig) theWorld() (*index.World, error) {
	if r.world != nil {
		return r.world, nil
	}
	t, err := r.theTown()
	if err != nil {
		return nil, err
	}
	log := indextest.NewLog()
	for _, layer := range []struct {
		name   string
		kind   data.GeometryKind
		places []place
	}{{"units", data.GeometryPolygon, t.cells}, {"parts", data.GeometryPoint, t.parts}} {
		changes := []data.Change{indextest.Define(&data.Layer{Name: layer.name, Geometry: layer.kind, Attributes: []data.Attribute{}})}
		for i, p := range layer.places {
			changes = append(changes, indextest.Put(layer.name, p.id, p.shape))
			if len(changes) == 50_000 || i == len(layer.places)-1 {
				log.Append(changes...)
				changes = nil
			}
		}
	}
	engine := index.NewEngine(log)
	if err := engine.Load(r.ctx, nil); err != nil {
		return nil, err
	}
	r.world = engine.World()
	return r.world, nil
}

// theBinary is the program to measure.
func (r *rig) theBinary() (string, error) {
	if r.binary != "" {
		return r.binary, nil
	}
	if r.binary = r.options.gewu; r.binary != "" {
		return r.binary, nil
	}
	path := filepath.Join(r.dir, "gewu")
	build := exec.CommandContext(r.ctx, "go", "build", "-o", path, "github.com/gewu-city/gewu/cmd/gewu")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build gewu: %w\n%s", err, out)
	}
	r.binary = path
	return path, nil
}

// command runs a command of gewu.
func (r *rig) command(args ...string) error {
	path, err := r.theBinary()
	if err != nil {
		return err
	}
	if out, err := exec.CommandContext(r.ctx, path, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("gewu %v: %w\n%s", args, err, out)
	}
	return nil
}

// theCity serves the town.
func (r *rig) theCity() (*server, error) {
	if r.city != nil {
		return r.city, nil
	}
	t, err := r.theTown()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(r.dir, "city")
	start := time.Now()
	if err := r.command("synth", "--preset", t.name, "--load", "--quiet", "--data", dir); err != nil {
		return nil, err
	}
	r.say("   loaded into gewu in %.0f s", time.Since(start).Seconds())
	if r.city, err = r.serve(dir); err != nil {
		return nil, err
	}
	r.ends = append(r.ends, r.city.stop)
	return r.city, nil
}

// layerFile writes features of a layer as CSV.
func layerFile(path string, def *data.Layer, features func(func(data.Feature) bool)) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := convert.NewWriter(f, convert.CSV, def, convert.WriteOptions{})
	if err != nil {
		return err
	}
	for x := range features {
		if err := w.Write(&x); err != nil {
			return err
		}
	}
	return w.Close()
}
