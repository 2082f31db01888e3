package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/test/peers/postgis"
	"github.com/gewu-city/gewu/test/peers/proc"
	"github.com/gewu-city/gewu/test/peers/wire"
)

// connections is how many clients ask at once.
const connections = 64

func locatePath(p geo.Point) string {
	return "/v1/locate?lon=" + strconv.FormatFloat(p.Lon(), 'f', 7, 64) + "&lat=" + strconv.FormatFloat(p.Lat(), 'f', 7, 64)
}

// answer measures budget 3.
func (r *rig) answer() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	city, err := r.theCity()
	if err != nil {
		return err
	}
	requests := make([][]byte, len(t.points))
	for i, p := range t.points {
		requests[i] = wire.Get(locatePath(p))
	}
	next := func(i int) []byte { return requests[i%len(requests)] }
	body, err := t.checkAnswers(city)
	if err != nil {
		return err
	}
	file := filepath.Join(r.dir, "answer.json")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return err
	}
	static, err := r.peer("static", file)
	if err != nil {
		return err
	}
	defer static.stop()
	by := []contestant{
		r.steadily(r.asked(gewuItself, city, next), city, next),
		r.steadily(r.asked("net/http, static bytes", static, next), static, next),
	}
	pg, err := r.thePostgres()
	if err != nil {
		return err
	}
	if pg != nil {
		by = append(by,
			r.queried(pg, "PostGIS, cell only", t.randomPoint()+cellSQL),
			r.queried(pg, "PostGIS, the same answer", t.randomPoint()+answerSQL(t.box.Min.Lat())))
	}
	return r.contest(contest{"3", fmt.Sprintf("GET /v1/locate, full answer of %d bytes, %d connections (PostGIS 2)", len(body), connections), []metric{
		{name: "answers", unit: "/s of server CPU", goals: []goal{{atLeast: 20_000}}},
		{name: "p99", unit: "ms", lower: true, goals: []goal{{than: "net/http, static bytes", atMost: 2}}},
		{name: fmt.Sprintf("p99 at %d/s", steady), unit: "ms", lower: true, goals: []goal{{than: "net/http, static bytes", atMost: 2}}},
	}, by})
}

// steady is a rate that both servers of a comparison keep up with: when each is asked as fast as it answers, their
// latencies stand to each other as their throughputs do.
const steady = 2000

// asked is the turn of a server that is asked as fast as it answers.
func (r *rig) asked(who string, s *server, next func(i int) []byte) contestant {
	return contestant{who, func() ([]float64, error) {
		t, err := wire.Hammer(r.ctx, s.address, s.pid(), connections, r.options.round, next)
		if err != nil {
			return nil, err
		}
		return []float64{t.PerCPU(), t.Percentile(0.99)}, nil
	}}
}

// steadily asks the server of a contestant at a steady rate, too.
func (r *rig) steadily(c contestant, s *server, next func(i int) []byte) contestant {
	return contestant{c.who, func() ([]float64, error) {
		values, err := c.turn()
		if err != nil {
			return nil, err
		}
		t, err := wire.Pace(r.ctx, s.address, steady, r.options.round, next)
		if err != nil {
			return nil, err
		}
		return append(values, t.Percentile(0.99)), nil
	}}
}

func (r *rig) queried(pg *postgis.Cluster, who, script string) contestant {
	return contestant{who, func() ([]float64, error) {
		perCPU, _, err := pg.Bench(script, r.options.round)
		return []float64{perCPU, math.NaN(), math.NaN()}, err
	}}
}

// located is what an answer of /v1/locate must have.
type located struct {
	Areas   []struct{ Code string }
	Cells   []struct{ Code string }
	Parts   []struct{ ID string }
	Address *struct{ ID string }
}

// checkAnswers compares some answers with orb's and returns one of middling length.
func (t *town) checkAnswers(city *server) (body []byte, err error) {
	plain := newTree(t.cells)
	for _, p := range t.points[:50] {
		text, err := city.call(wire.Get(locatePath(p)))
		if err != nil {
			return nil, err
		}
		var a located
		if err := json.Unmarshal(text, &a); err != nil {
			return nil, err
		}
		want := plain.cell(p.Orb())
		switch {
		case want < 0 && len(a.Cells) > 0, want >= 0 && (len(a.Cells) != 1 || a.Cells[0].Code != t.cells[want].id || len(a.Areas) != 3):
			return nil, fmt.Errorf("%s answers %s, orb cell %d", locatePath(p), text, want)
		case want >= 0 && a.Address != nil && len(a.Parts) == 10:
			body = text
		}
	}
	if body == nil {
		return nil, fmt.Errorf("no answer of %s is full", city.address)
	}
	return body, nil
}

const place3857 = "ST_SetSRID(ST_MakePoint(:x::float8 / 1000, :y::float8 / 1000), 3857)"

const cellSQL = "SELECT code FROM units WHERE ST_Contains(geom, " + place3857 + ");\n"

// answerSQL asks for all that /v1/locate answers. Metres on the ground are longer in EPSG:3857.
func answerSQL(lat float64) string {
	k := 1 / math.Cos(lat*math.Pi/180)
	return strings.ReplaceAll(fmt.Sprintf(`WITH q AS MATERIALIZED (SELECT %s AS g)
SELECT d.code, d.name, s.code, s.name, c.code, c.name, u.code, a.*, p.parts FROM q
LEFT JOIN districts d ON ST_Contains(d.geom, q.g)
LEFT JOIN streets s ON ST_Contains(s.geom, q.g)
LEFT JOIN communities c ON ST_Contains(c.geom, q.g)
LEFT JOIN units u ON ST_Contains(u.geom, q.g)
LEFT JOIN LATERAL (SELECT code, "full", road, number, geom <-> q.g AS distance FROM addresses
  WHERE ST_DWithin(geom, q.g, %[2]f) ORDER BY geom <-> q.g LIMIT 1) a ON true
LEFT JOIN LATERAL (SELECT json_agg(n) AS parts FROM (SELECT code, class, geom <-> q.g AS distance FROM parts
  WHERE ST_DWithin(geom, q.g, %[3]f) ORDER BY geom <-> q.g LIMIT 10) n) p ON true;`, place3857, 200*k, 50*k), "\n", " ") + "\n"
}

// batch measures budget 4.
func (r *rig) batch() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	city, err := r.theCity()
	if err != nil {
		return err
	}
	rows := 1_000_000
	if r.options.short {
		rows = 2000
	}
	file := filepath.Join(r.dir, "points.csv")
	if err := t.writePoints(file, rows); err != nil {
		return err
	}
	const cells = "/v1/locate?include=areas,cells"
	by := []contestant{r.streamed(gewuItself, city, cells, file, rows), r.streamed("gewu, addresses too", city, "/v1/locate", file, rows)}
	pg, err := r.thePostgres()
	if err != nil {
		return err
	}
	if pg != nil {
		by = append(by, contestant{"PostGIS, COPY in and out", func() ([]float64, error) {
			cpu, clock, err := joinFile(pg, file)
			return []float64{float64(rows) / clock, float64(rows) / cpu, math.NaN()}, err
		}})
	}
	return r.contest(contest{"4", fmt.Sprintf("%d rows of CSV in and out, areas and cells", rows), []metric{
		{name: "rows", unit: "/s", goals: []goal{{atLeast: 400_000}}},
		{name: "rows per CPU", unit: "/s of server CPU"},
		{name: "memory added", unit: "MiB", lower: true},
	}, by})
}

// writePoints writes rows of number, longitude and latitude.
func (t *town) writePoints(path string, rows int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	_, _ = w.WriteString("no,lon,lat\n")
	for i := range rows {
		// Not the same places again and again.
		p := t.points[i%len(t.points)]
		p.X += int32(i / len(t.points) * 13)
		_, _ = fmt.Fprintf(w, "%d,%.7f,%.7f\n", i, p.Lon(), p.Lat())
	}
	return w.Flush()
}

// streamed is the turn of a server that gets a file and answers each row.
func (r *rig) streamed(who string, s *server, target, file string, rows int) contestant {
	return contestant{who, func() ([]float64, error) {
		body, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		w, err := wire.Dial(s.address)
		if err != nil {
			return nil, err
		}
		defer w.Close()
		memory, err := proc.Resident(s.pid())
		if err != nil {
			return nil, err
		}
		before, err := proc.CPU(s.pid())
		if err != nil {
			return nil, err
		}
		peak := proc.Peak(s.pid())
		start := time.Now()
		sent := make(chan error, 1)
		go func() {
			_, err := w.Write(wire.Request("POST", target, body, "Content-Type: text/csv"))
			sent <- err
		}()
		var got counter
		err = w.Answer(&got)
		clock := time.Since(start).Seconds()
		added := max(0, peak()-memory)
		if err != nil {
			return nil, err
		}
		if err := <-sent; err != nil {
			return nil, err
		}
		if got.lines != int64(rows)+1 {
			return nil, fmt.Errorf("%d lines for %d rows", got.lines, rows)
		}
		after, err := proc.CPU(s.pid())
		cpu := max(after-before, proc.Tick).Seconds()
		return []float64{float64(rows) / clock, float64(rows) / cpu, float64(added) / (1 << 20)}, err
	}}
}

// joinFile does in PostGIS what /v1/locate does with a file: rows in, areas and cells to each, rows out.
func joinFile(p *postgis.Cluster, path string) (cpu, clock float64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	script := "CREATE TEMP TABLE q (no bigint, lon float8, lat float8);\n" +
		"COPY q FROM STDIN (FORMAT csv, HEADER);\n"
	end := "\\.\n" + `COPY (SELECT q.no, q.lon, q.lat, d.code, d.name, s.code, s.name, c.code, c.name, u.code
FROM (SELECT q.*, ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), 3857) AS g FROM q OFFSET 0) q
LEFT JOIN districts d ON ST_Contains(d.geom, q.g)
LEFT JOIN streets s ON ST_Contains(s.geom, q.g)
LEFT JOIN communities c ON ST_Contains(c.geom, q.g)
LEFT JOIN units u ON ST_Contains(u.geom, q.g) ORDER BY q.no) TO STDOUT (FORMAT csv, HEADER);` + "\n"
	var got counter
	cpu, clock, err = p.Measured(func() error {
		cmd, err := p.Program("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1")
		if err != nil {
			return err
		}
		errs := &bytes.Buffer{}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = io.MultiReader(strings.NewReader(script), f, strings.NewReader(end)), &got, errs
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("psql: %w\n%s", err, errs)
		}
		return nil
	})
	if err == nil && got.lines < 2 {
		err = fmt.Errorf("PostGIS answers %d lines", got.lines)
	}
	return cpu, clock, err
}

// tile measures budget 9.
func (r *rig) tile() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	city, err := r.theCity()
	if err != nil {
		return err
	}
	path, body, err := t.tileOf(city, 30<<10)
	if err != nil {
		return err
	}
	file := filepath.Join(r.dir, "tile.mvt.gz")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return err
	}
	static, err := r.peer("static", file)
	if err != nil {
		return err
	}
	defer static.stop()
	req := wire.Get(path, "Accept-Encoding: gzip")
	next := func(int) []byte { return req }
	return r.contest(contest{"9", fmt.Sprintf("cached tile of %d bytes, %d connections", len(body), connections), []metric{
		{name: "tiles", unit: "/s of server CPU", goals: []goal{{than: "net/http, static bytes", atLeast: 0.65}}},
		{name: "p99", unit: "ms", lower: true},
	}, []contestant{r.asked(gewuItself, city, next), r.asked("net/http, static bytes", static, next)}})
}

// tileOf finds the tile of the middle of the town whose compressed length is nearest to a wanted one.
func (t *town) tileOf(city *server, want int) (path string, body []byte, err error) {
	middle := geo.Point{X: t.box.Min.X/2 + t.box.Max.X/2, Y: t.box.Min.Y/2 + t.box.Max.Y/2}
	x, y := middle.Mercator()
	for z := 13; z <= 19; z++ {
		n := float64(int(1) << z)
		for _, layer := range []string{"parts", "units", "addresses"} {
			at := fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", layer, z, int(x*n), int(y*n))
			text, err := city.call(wire.Get(at, "Accept-Encoding: gzip"))
			if err != nil {
				return "", nil, err
			}
			if len(text) > 0 && (body == nil || distance(len(text), want) < distance(len(body), want)) {
				path, body = at, text
			}
		}
	}
	if body == nil {
		return "", nil, fmt.Errorf("%s has no tiles", city.address)
	}
	return path, body, nil
}

func distance(a, b int) int { return max(a-b, b-a) }
