package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/stamp"
	"github.com/gewu-city/gewu/server/live"
	"github.com/gewu-city/gewu/tiles"
)

// Layers beside those of the synthetic city. lamps are thinned as soon as a tile holds more than a few.
var randomLayers = []string{
	`{"name":"lamps","geometry":"point","tiles":{"features":12,"importance":"watts"},"attributes":[{"name":"watts","type":"int"},{"name":"kind","type":"code","dictionary":"kinds"}]}`,
	`{"name":"streets","geometry":"line","attributes":[{"name":"watts","type":"int"},{"name":"kind","type":"text"}]}`,
	`{"name":"parks","geometry":"polygon","zoom":{"min":9},"attributes":[{"name":"watts","type":"int"},{"name":"kind","type":"text"}]}`,
}

// kinds is the dictionary of the kinds of lamps, with other titles each round.
func kinds(round int) string {
	return fmt.Sprintf(`{"name":"kinds","entries":[{"code":"a","title":{"en":"Arc %d"}},{"code":"b","title":{"zh":"乙 %d"}},{"code":"街"}]}`, round, round)
}

// aimed is a tile as a client asks for it, and how it was when it was read last.
type aimed struct {
	layers  []string
	query   string
	coding  string
	z, x, y uint32

	seen bool
	seq  uint64
	is   answer
}

// shifted reports whether the tile is one of a map in shifted degrees.
func (a *aimed) shifted() bool { return strings.Contains(a.query, "crs=") }

func (a *aimed) path() string {
	return fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt?%s", strings.Join(a.layers, ","), a.z, a.x, a.y, a.query)
}

// names reports whether an event names the tile, deeper ones by their parent.
func (a *aimed) named(e live.ChangeEvent) bool {
	z, x, y := a.z, a.x, a.y
	if z > stamp.Zoom {
		z, x, y = stamp.Zoom, x>>(z-stamp.Zoom), y>>(z-stamp.Zoom)
	}
	return e.Defined || slices.ContainsFunc(e.Tiles, func(r live.TileRange) bool {
		return slices.ContainsFunc(a.layers, func(l string) bool { return strings.TrimSuffix(l, tiles.ClustersSuffix) == r.Layer }) &&
			r.Z == int(z) && r.X[0] <= x && x <= r.X[1] && r.Y[0] <= y && y <= r.Y[1]
	})
}

// editor makes random edits over HTTP and notes where something was or is.
type editor struct {
	c   *town
	rng *rand.Rand
	// boxes are those of the features that were edited, before and after, by layer; large is set once one of them
	// covers more tiles than are marked one by one.
	boxes map[string][]geo.Box
	large bool
}

func (e *editor) place() (lon, lat float64) {
	return 121.495 + e.rng.Float64()*0.05, 24.995 + e.rng.Float64()*0.03
}

func (e *editor) geometry(layer string) string {
	lon, lat := e.place()
	at := func(x, y float64) string { return fmt.Sprintf("[%.7f,%.7f]", x, y) }
	reach := math.Pow(10, -4+2*e.rng.Float64()) // 10 m to 1 km
	if e.rng.IntN(60) == 0 {
		reach = 0.3
	}
	switch layer {
	case "streets":
		var line []string
		for range 2 + e.rng.IntN(8) {
			line = append(line, at(lon+reach*(e.rng.Float64()-0.5), lat+reach*(e.rng.Float64()-0.5)))
		}
		return `{"type":"LineString","coordinates":[` + strings.Join(line, ",") + `]}`
	case "parks":
		ring := func(r float64) string {
			var corners []string
			for i, n := 0, 5+e.rng.IntN(6); i < n; i++ {
				sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
				d := r * (0.7 + 0.3*e.rng.Float64())
				corners = append(corners, at(lon+d*cos, lat+d*sin))
			}
			return "[" + strings.Join(append(corners, corners[0]), ",") + "]"
		}
		rings := ring(reach)
		if e.rng.IntN(3) == 0 {
			rings += "," + ring(reach/4)
		}
		return `{"type":"Polygon","coordinates":[` + rings + `]}`
	}
	if e.rng.IntN(10) == 0 {
		return `{"type":"MultiPoint","coordinates":[` + at(lon, lat) + "," + at(lon+reach, lat) + `]}`
	}
	return `{"type":"Point","coordinates":` + at(lon, lat) + `}`
}

// change is one random change of a feature, "" when there is nothing to delete.
func (e *editor) change(layer, id string) string {
	l, _ := e.c.engine.World().Layer(layer)
	_, there := l.Lookup(id)
	if there && e.rng.IntN(5) == 0 {
		return fmt.Sprintf(`{"op":"delete","layer":%q,"id":%q}`, layer, id)
	}
	geometry := e.geometry(layer)
	if there && e.rng.IntN(2) == 0 {
		// Its attributes alone.
		a := e.c.do("GET", "/v1/layers/"+layer+"/features/"+id, nil, "")
		var f struct{ Geometry json.RawMessage }
		if err := json.Unmarshal([]byte(a.body), &f); err != nil {
			e.c.t.Fatalf("%d %s", a.status, a.body)
		}
		geometry = string(f.Geometry)
	}
	properties := fmt.Sprintf(`{"watts":%d,"kind":%q}`, e.rng.IntN(100), []string{"a", "b", "街"}[e.rng.IntN(3)])
	switch layer {
	case "trees":
		properties = fmt.Sprintf(`{"tree_type":%q,"diameter":%d.5,"count":%d}`, []string{"榕樹", "樟樹"}[e.rng.IntN(2)], e.rng.IntN(30), e.rng.IntN(9))
	case "addresses":
		properties = fmt.Sprintf(`{"full":"信義路%d號","road":"信義路"}`, e.rng.IntN(500))
	}
	return put(layer, id, geometry, properties)
}

// edge moves the edge between two cells of the city: both change together.
func (e *editor) edge() []string {
	x := 121.503 + 0.014*e.rng.Float64()
	cell := func(code string, w, e float64) string {
		return put("units", code, fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%.7f,25],[%.7f,25],[%.7f,25.01],[%.7f,25.01],[%.7f,25]]]}`, w, e, e, w, w), fmt.Sprintf(`{"CODEBASE":%q}`, code))
	}
	return []string{cell("A111-00", 121.50, x), cell("A112-00", x, 121.52)}
}

// edit sends one transaction and waits until it is visible.
func (e *editor) edit() {
	var list []string
	touched := map[[2]string]bool{}
	if e.rng.IntN(8) == 0 {
		list = e.edge()
		touched[[2]string{"units", "A111-00"}], touched[[2]string{"units", "A112-00"}] = true, true
	}
	for range 1 + e.rng.IntN(3) {
		layer := []string{"trees", "addresses", "lamps", "lamps", "streets", "parks"}[e.rng.IntN(6)]
		id := fmt.Sprintf("%s%02d", map[string]string{"trees": "tree"}[layer], e.rng.IntN(40))
		if key := [2]string{layer, id}; !touched[key] {
			touched[key] = true
			list = append(list, e.change(layer, id))
		}
	}
	e.note(touched)
	a := e.c.do("POST", "/v1/changes", sendJSON, changes(list...))
	var done struct{ Seq uint64 }
	if err := json.Unmarshal([]byte(a.body), &done); err != nil || a.status != 200 {
		e.c.t.Fatalf("%d %s\n%s", a.status, a.body, list)
	}
	if a := e.c.do("GET", fmt.Sprintf("/v1/layers?min_seq=%d", done.Seq), nil, ""); a.status != 200 {
		e.c.t.Fatalf("%d %s", a.status, a.body)
	}
	e.note(touched)
}

func (e *editor) note(touched map[[2]string]bool) {
	w := e.c.engine.World()
	for key := range touched {
		l, _ := w.Layer(key[0])
		if s, ok := l.Lookup(key[1]); ok {
			box := l.Box(s)
			e.boxes[key[0]] = append(e.boxes[key[0]], box)
			e.large = e.large || stamp.Tiles(stamp.Zoom, box).Count() > 256
		}
	}
}

// divided adds to the boxes of totals those of the cells that hold something of what was edited: what is counted in a
// cell is told where the cell lies.
func (e *editor) divided() {
	w := e.c.engine.World()
	for _, name := range []string{"districts", "villages", "units"} {
		l, _ := w.Layer(name)
		var boxes []geo.Box
		for _, edited := range e.boxes {
			for _, b := range edited {
				boxes = append(boxes, b) // cells that have moved
				l.Search(b, func(s index.Slot) bool {
					boxes = append(boxes, l.Box(s))
					return true
				})
			}
		}
		e.boxes[name+tiles.TotalsSuffix] = boxes
	}
}

// within reports whether all tiles of a range are among those that the boxes of its layer can alter.
func (e *editor) within(r live.TileRange) bool {
	for x := r.X[0]; x <= r.X[1]; x++ {
		for y := r.Y[0]; y <= r.Y[1]; y++ {
			if !slices.ContainsFunc(e.boxes[r.Layer], func(b geo.Box) bool {
				t := stamp.Tiles(r.Z, b)
				return t.X[0] <= x && x <= t.X[1] && t.Y[0] <= y && y <= t.Y[1]
			}) {
				return false
			}
		}
	}
	return true
}

// anew is a server that knows nothing but the log: engine and tiles are made for it, and it keeps no tiles.
func (c *town) anew() func(path, coding string) answer {
	c.t.Helper()
	engine := index.NewEngine(c.store)
	if err := engine.Load(context.Background(), nil); err != nil {
		c.t.Fatal(err)
	}
	s, err := New(Config{Store: c.store, Engine: engine, Past: index.NewPast(engine, c.store, index.PastOptions{}), Now: time.Now, Tiles: tiles.Options{CacheBytes: -1}})
	if err != nil {
		c.t.Fatal(err)
	}
	return func(path, coding string) answer {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", coding)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return answer{w.Code, w.Header(), w.Body.String()}
	}
}

// reader asks for tiles of the served city over connections that it keeps.
type reader struct {
	base string
	http http.Client
}

func (r *reader) get(path, coding string) (answer, error) {
	req, err := http.NewRequest(http.MethodGet, r.base+path, nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Accept-Encoding", coding)
	res, err := r.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}, err
}

// follower is a client of the feed that breaks off now and then and resumes.
type follower struct {
	c           *town
	query, last string
	feed        *listener
}

func (f *follower) begin() {
	f.feed = f.c.listen(f.c.t.(*testing.T), f.query, f.last)
	f.feed.want("hello")
}

// until is what the feed says until it has told of a position.
func (f *follower) until(seq data.Seq) (events []live.ChangeEvent) {
	for len(events) == 0 || events[len(events)-1].Seq < seq {
		var event live.ChangeEvent
		event, f.last = f.feed.change()
		events = append(events, event)
	}
	return events
}

// someTiles are tiles of several sets of layers, with several queries, around the city.
func someTiles(rng *rand.Rand, n int) []*aimed {
	all := []struct {
		layers  string
		queries []string
	}{
		{"trees", []string{"", "properties=tree_type", "filter=diameter+%3E+12", "properties=id&filter=" + url.QueryEscape("tree_type = '榕樹'"), "filter=" + url.QueryEscape("S_INTERSECTS(geometry, BBOX(121.5,25,121.52,25.01))")}},
		{"trees_clusters", []string{"", "filter=diameter+%3E+12"}},
		{"lamps", []string{"", "properties=", "filter=watts+%3C+50"}},
		{"lamps_clusters", []string{""}},
		{"streets,lamps", []string{"", "filter=kind+%3D+%27a%27", "properties=kind"}},
		{"parks", []string{"", "filter=watts+BETWEEN+10+AND+60"}},
		{"units", []string{""}},
		{"units_totals", []string{"", "properties=trees"}},
		{"districts_totals,villages_totals,trees", []string{""}},
		{"districts,villages,units,parks,streets,addresses,trees,lamps", []string{"", "properties=id"}},
	}
	var list []*aimed
	for range n {
		set := all[rng.IntN(len(all))]
		a := &aimed{layers: strings.Split(set.layers, ","), query: set.queries[rng.IntN(len(set.queries))], coding: []string{"gzip", "gzip", "zstd", "identity"}[rng.IntN(4)]}
		if rng.IntN(5) == 0 {
			a.query += "&crs=gcj02"
		}
		if rng.IntN(5) == 0 {
			a.query += "&lang=en"
		}
		a.z = uint32(8 + rng.IntN(12))
		p, _ := geo.FromDegrees(121.495+rng.Float64()*0.05, 24.995+rng.Float64()*0.03)
		x, y := p.Mercator()
		side := float64(uint32(1) << a.z)
		a.x, a.y = uint32(x*side), uint32(y*side)
		list = append(list, a)
	}
	return list
}

// TestTilesFollowRandomEdits edits a served city at random while clients read tiles, so that its cache is warm, and then
// compares every tile byte for byte with that of a server that has read the log just now and keeps no tiles. A tile that
// has changed must have been named on the feed; one that was not named must not have been drawn again, whoever it was
// drawn for, save those of shifted maps, which lie across several; and the feed may name only tiles that the box of an edited feature meets, before or after the edit, or for
// totals that of a cell with such a feature in it. The tiles of a moment that has passed stay what they were.
func TestTilesFollowRandomEdits(t *testing.T) {
	rounds := 80
	if testing.Short() {
		rounds = 8
	}
	const seed = 41
	rng := rand.New(rand.NewPCG(seed, 42))
	c := newCity(t, func(cfg *Config) { cfg.Limits.EventPause = time.Millisecond }).fill()
	if a := c.do("POST", "/v1/dictionaries", sendJSON, kinds(0)); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, def := range randomLayers {
		if a := c.do("POST", "/v1/layers", sendJSON, def); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	plain, shifted := &follower{c: c}, &follower{c: c, query: "?crs=gcj02"}
	plain.begin()
	shifted.begin()
	warm := &reader{base: c.http.URL}
	defer warm.http.CloseIdleConnections()
	pool := someTiles(rng, 400)
	var changed, unchanged, kept, dated int
	for round := range rounds {
		e := &editor{c: c, rng: rng, boxes: map[string][]geo.Box{}}
		from := c.engine.World().Seq()
		if round%8 == 7 {
			for _, f := range []*follower{plain, shifted} {
				f.feed.close()
				f.begin()
			}
		}
		var readers sync.WaitGroup
		stop := make(chan struct{})
		for i := range 3 {
			rng := rand.New(rand.NewPCG(uint64(round), uint64(i)))
			readers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					a := pool[rng.IntN(len(pool))]
					if got, err := warm.get(a.path(), a.coding); err != nil || got.status != 200 && got.status != 204 {
						t.Errorf("%s: %d %v", a.path(), got.status, err)
						return
					}
				}
			})
		}
		if round%20 == 5 {
			if a := c.do("PUT", "/v1/dictionaries/kinds", sendJSON, kinds(round)); a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
		}
		defined := round%20 == 15 || round%20 == 5
		if round%20 == 15 {
			body := fmt.Sprintf(`{"zoom":{"min":%d}}`, 9+round%3)
			if a := c.do("PATCH", "/v1/layers/parks", sendJSON, body); a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
		}
		for range 1 + rng.IntN(3) {
			e.edit()
		}
		close(stop)
		readers.Wait()
		e.divided()

		to := c.engine.World().Seq()
		events, elsewhere := plain.until(to), shifted.until(to)
		for _, event := range events {
			for _, r := range event.Tiles {
				// Totals are counted anew after a definition, and until then all may have changed.
				if !event.Defined && !e.within(r) && (!defined || !strings.HasSuffix(r.Layer, tiles.TotalsSuffix)) {
					t.Fatalf("round %d: seq %d–%d touched nothing of %+v", round, from, to, r)
				}
			}
		}

		cold := c.anew()
		for _, a := range pool {
			if rng.IntN(2) == 0 {
				continue // the next time more will have happened to it
			}
			before := c.server.tilesets.Maker.Stats()
			is, err := warm.get(a.path(), a.coding)
			if err != nil {
				t.Fatal(err)
			}
			after := c.server.tilesets.Maker.Stats()
			want := cold(a.path(), a.coding)
			if is.status != want.status || is.body != want.body || is.header.Get("ETag") != want.header.Get("ETag") || is.header.Get("Content-Encoding") != want.header.Get("Content-Encoding") {
				t.Fatalf("round %d, seq %d: %s (%s) is %d with %d bytes, of a cold server %d with %d", round, to, a.path(), a.coding, is.status, len(is.body), want.status, len(want.body))
			}
			if a.seen && a.seq == uint64(from) {
				named := slices.ContainsFunc(events, a.named)
				if a.shifted() {
					named = slices.ContainsFunc(elsewhere, a.named)
				}
				same := a.is.body == is.body && a.is.header.Get("ETag") == is.header.Get("ETag")
				switch {
				case !same && !named:
					t.Fatalf("round %d: %s changed between seq %d and %d, and nobody named it", round, a.path(), from, to)
				case !same:
					changed++
				case named:
					unchanged++
				case after.Builds != before.Builds && !e.large && !defined && !a.shifted():
					t.Fatalf("round %d: %s was drawn again between seq %d and %d without need", round, a.path(), from, to)
				default:
					kept++
				}
			}
			if a.seen && rng.IntN(10) == 0 {
				past := fmt.Sprintf("%s&as_of=%d", a.path(), a.seq)
				if was, err := warm.get(past, a.coding); err != nil || was.status != a.is.status || was.body != a.is.body {
					t.Fatalf("round %d: %s is not what it was: %d %v", round, past, was.status, err)
				}
				diff := fmt.Sprintf("%s&diff=%d,%d", a.path(), a.seq, to)
				if !strings.Contains(strings.Join(a.layers, ","), "_") {
					was, err := warm.get(diff, a.coding)
					if want := cold(diff, a.coding); err != nil || was.status != want.status || was.body != want.body {
						t.Fatalf("round %d: %s differs from that of a cold server: %d, %d %v", round, diff, was.status, want.status, err)
					}
				}
				dated++
			}
			a.seen, a.seq, a.is = true, uint64(to), is
		}
	}
	t.Logf("%d tiles changed, %d were named and are the same, %d were kept, %d of the past", changed, unchanged, kept, dated)
	if changed < rounds || kept < changed || dated < rounds {
		t.Error("too little happened for this to say anything")
	}
}
