package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/test/peers/bare"
	"github.com/gewu-city/gewu/test/peers/postgis"
	"github.com/gewu-city/gewu/test/peers/proc"
	"github.com/gewu-city/gewu/test/peers/wire"
)

// tileClients is how many clients ask for tiles at once: as many as there are cores, for a tile is work of its own.
const tileClients = 2

// drawn is a kind of tile that is measured.
type drawn struct {
	layer      string
	z          int
	properties []string // the first is unique
	least      float64  // of gewu's tiles for one of the peer's
}

// tilesDrawn are in the order of the table.
var tilesDrawn = []drawn{
	{"parts", 17, []string{"code", "class", "state"}, 10},
	{"parts", 16, []string{"code", "class", "state"}, 10},
	{"units", 16, []string{"code"}, 10},
	{"units", 14, []string{"code"}, 10},
}

// tiles measures budgets 6 and 7: tiles that are not in a cache, compressed, beside ST_AsMVT behind a server in Go.
func (r *rig) tiles() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	city, err := r.drawingCity()
	if err != nil {
		return err
	}
	defer city.stop()
	pg, err := r.thePostgres()
	if err != nil {
		return err
	}
	var peer *server
	if pg != nil {
		if peer, err = r.peer("mvt", pg.URL()); err != nil {
			return err
		}
		defer peer.stop()
	}
	for _, d := range tilesDrawn {
		if r.options.short && d.z < 16 {
			continue
		}
		next := t.tileRequests(d)
		by := []contestant{r.drawing(gewuItself, city, nil, next)}
		if peer != nil {
			by = append(by, r.drawing("ST_AsMVT", peer, pg.CPU, next))
		}
		if err := r.contest(contest{"6", fmt.Sprintf("tiles of %s at z%d with %s, not cached, gzip", d.layer, d.z, strings.Join(d.properties, ", ")), []metric{
			{name: "tiles", unit: "/s of server CPU", goals: []goal{{than: "ST_AsMVT", atLeast: d.least}}},
			{name: "mean size", unit: "kB", lower: true},
			{name: "p99", unit: "ms", lower: true},
		}, by}); err != nil {
			return err
		}
	}
	return r.overview(t, city)
}

// drawingCity serves the town without a cache of tiles, with parts at all zoom levels.
func (r *rig) drawingCity() (*server, error) {
	if _, err := r.theCity(); err != nil {
		return nil, err
	}
	dir := filepath.Join(r.dir, "drawing")
	if err := r.command("synth", "--preset", r.options.preset, "--load", "--quiet", "--data", dir); err != nil {
		return nil, err
	}
	path, err := r.theBinary()
	if err != nil {
		return nil, err
	}
	city, err := r.start(exec.CommandContext(r.ctx, path, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--log-level", "warn", "--tile-cache", "-1"))
	if err != nil {
		return nil, err
	}
	for _, layer := range []string{"parts", "units"} {
		if _, err := city.call(wire.Request("PATCH", "/v1/layers/"+layer, []byte(`{"zoom":{"min":0,"max":22}}`), "Content-Type: application/json")); err != nil {
			city.stop()
			return nil, err
		}
	}
	return city, nil
}

// tileRequests are requests for tiles of random places of the town.
func (t *town) tileRequests(d drawn) func(i int) []byte {
	n := float64(uint64(1) << d.z)
	requests := make([][]byte, 0, 4096)
	for _, p := range t.points[:4096] {
		x, y := p.Mercator()
		requests = append(requests, wire.Get(fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt?properties=%s", d.layer, d.z, int(x*n), int(y*n), strings.Join(d.properties, ",")), "Accept-Encoding: gzip"))
	}
	return func(i int) []byte { return requests[i%len(requests)] }
}

// drawing is the turn of a server of tiles. more is the CPU time of what works for it in other processes.
func (r *rig) drawing(who string, s *server, more func() (time.Duration, error), next func(i int) []byte) contestant {
	return contestant{who, func() ([]float64, error) {
		if more == nil {
			more = func() (time.Duration, error) { return 0, nil }
		}
		size, err := meanSize(s, next)
		if err != nil {
			return nil, err
		}
		before, err := more()
		if err != nil {
			return nil, err
		}
		t, err := wire.Hammer(r.ctx, s.address, s.pid(), tileClients, r.options.round, next)
		if err != nil {
			return nil, err
		}
		after, err := more()
		t.CPU += (after - before).Seconds()
		return []float64{t.PerCPU(), size / 1000, t.Percentile(0.99)}, err
	}}
}

// meanSize is the mean length of some tiles.
func meanSize(s *server, next func(i int) []byte) (float64, error) {
	const tiles = 16
	sum := 0
	for i := range tiles {
		text, err := s.call(next(i))
		if err != nil {
			return 0, err
		}
		sum += len(text)
	}
	return float64(sum) / tiles, nil
}

// overview measures budget 7: tiles that show the whole town.
func (r *rig) overview(t *town, city *server) error {
	middle := geo.Point{X: t.box.Min.X/2 + t.box.Max.X/2, Y: t.box.Min.Y/2 + t.box.Max.Y/2}
	x, y := middle.Mercator()
	for _, z := range []int{12, 10} {
		n := float64(uint64(1) << z)
		req := wire.Get(fmt.Sprintf("/tiles/parts/%d/%d/%d.mvt", z, int(x*n), int(y*n)), "Accept-Encoding: gzip")
		if err := r.contest(contest{"7", fmt.Sprintf("one tile of parts at z%d with all attributes, not cached, gzip", z), []metric{
			{name: "time", unit: "ms", lower: true, goals: []goal{{atMost: 50}}},
			{name: "CPU", unit: "ms", lower: true},
			{name: "size", unit: "kB", lower: true, goals: []goal{{atMost: 500}}},
		}, []contestant{{gewuItself, func() ([]float64, error) {
			before, err := proc.CPU(city.pid())
			if err != nil {
				return nil, err
			}
			const times = 10
			start := time.Now()
			var text []byte
			for range times {
				if text, err = city.call(req); err != nil {
					return nil, err
				}
			}
			took := time.Since(start).Seconds() / times
			after, err := proc.CPU(city.pid())
			return []float64{took * 1000, (after - before).Seconds() / times * 1000, float64(len(text)) / 1000}, err
		}}}}); err != nil {
			return err
		}
	}
	return nil
}

// mvtPeer serves tiles that PostGIS draws.
func mvtPeer(url string) error {
	h, end, err := postgis.Tiles(context.Background(), url, tileClients)
	if err != nil {
		return err
	}
	defer end()
	return bare.Serve(h)
}
