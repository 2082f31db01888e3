package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/synth"
	"github.com/gewu-city/gewu/test/peers/postgis"
	"github.com/gewu-city/gewu/test/peers/proc"
	"github.com/gewu-city/gewu/test/peers/wire"
)

// makeCity loads some layers of a synthetic city into a data folder, and the scheme when there are cells.
func (r *rig) makeCity(dir string, c *synth.City, layers ...string) error {
	for _, name := range layers {
		l, ok := c.Layer(name)
		if !ok {
			return fmt.Errorf("no layer %s", name)
		}
		definition, file := filepath.Join(r.dir, name+".toml"), filepath.Join(r.dir, name+".csv")
		if err := os.WriteFile(definition, l.Definition, 0o600); err != nil {
			return err
		}
		if err := layerFile(file, l.Def, l.Features); err != nil {
			return err
		}
		if err := r.command("layer", "create", "--data", dir, "--file", definition); err != nil {
			return err
		}
		if err := r.command("import", "--quiet", "--data", dir, "--layer", name, file); err != nil {
			return err
		}
	}
	s := c.Scheme()
	if _, ok := c.Layer(s.Cells.Layer); !ok {
		return nil
	}
	body, err := json.Marshal(&s)
	if err != nil {
		return err
	}
	file := filepath.Join(r.dir, "scheme.json")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return err
	}
	return r.command("scheme", "create", "--data", dir, "--file", file)
}

// scattered are the parts under ids in an order of chance, as ids of many sources are. Every changed-th part has
// another state; none when 0.
func scattered(l synth.Layer, changed int) func(func(data.Feature) bool) {
	state := l.Def.AttributeIndex("state")
	return func(yield func(data.Feature) bool) {
		n := uint64(0)
		for f := range l.Features {
			n++
			f.ID = fmt.Sprintf("%016x", (n*0x9e3779b97f4a7c15^n<<17)*0xbf58476d1ce4e5b9)
			f.Values[0] = data.TextValue(data.Code, f.ID)
			if changed > 0 && n%uint64(changed) == 0 {
				f.Values[state] = data.TextValue(data.Text, "移除")
			}
			if !yield(f) {
				return
			}
		}
	}
}

// imports measures budget 11, and 12 on what was imported.
func (r *rig) imports() error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	l, _ := t.synth.Layer("parts")
	first, second := filepath.Join(r.dir, "first.csv"), filepath.Join(r.dir, "second.csv")
	definition := filepath.Join(r.dir, "import.toml")
	if err := errors.Join(layerFile(first, l.Def, scattered(l, 0)), layerFile(second, l.Def, scattered(l, 100)),
		os.WriteFile(definition, l.Definition, 0o600)); err != nil {
		return err
	}
	n := 0
	by := []contestant{
		{gewuItself, func() ([]float64, error) {
			n++
			return r.importTwice(filepath.Join(r.dir, fmt.Sprintf("import-%d", n)), definition, first, second, l.Count)
		}},
		{"bbolt, rows and log", func() ([]float64, error) { return r.importBolt(first, l.Count, true) }},
		{"bbolt, log only", func() ([]float64, error) { return r.importBolt(first, l.Count, false) }},
	}
	pg, err := r.thePostgres()
	if err != nil {
		return err
	}
	if pg != nil {
		by = append(by, contestant{"PostGIS, COPY, key and index", func() ([]float64, error) { return copyFile(pg, first, l) }})
	}
	if err := r.contest(contest{"11", fmt.Sprintf("durable import of %d points of %d attributes from CSV, ids scattered", l.Count, len(l.Def.Attributes)), []metric{
		{name: "rows", unit: "/s", goals: []goal{{atLeast: 100_000}}},
		{name: "rows per CPU", unit: "/s of server CPU"},
		{name: "again, 1 % changed", unit: "/s", goals: []goal{{atLeast: 300_000}}},
		{name: "memory added by that", unit: "MiB", lower: true},
	}, by}); err != nil {
		return err
	}
	return r.starts(filepath.Join(r.dir, fmt.Sprintf("import-%d", n)), l.Count)
}

// importTwice imports a file into a fresh city over HTTP, then the other one.
func (r *rig) importTwice(dir, definition, first, second string, rows int) ([]float64, error) {
	if err := r.command("layer", "create", "--data", dir, "--file", definition); err != nil {
		return nil, err
	}
	s, err := r.serve(dir)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	before, err := proc.CPU(s.pid())
	if err != nil {
		return nil, err
	}
	took, err := importFile(s, first, rows, func(d importDone) bool { return d.Added == rows })
	if err != nil {
		return nil, s.fault(err)
	}
	after, err := proc.CPU(s.pid())
	if err != nil {
		return nil, err
	}
	memory, err := proc.Resident(s.pid())
	if err != nil {
		return nil, err
	}
	peak := proc.Peak(s.pid())
	again, err := importFile(s, second, rows, func(d importDone) bool { return d.Changed == rows/100 && d.Unchanged == rows-rows/100 })
	added := max(0, peak()-memory)
	if err != nil {
		return nil, s.fault(fmt.Errorf("again: %w", err))
	}
	each := float64(rows)
	return []float64{each / took, each / max(after-before, proc.Tick).Seconds(), each / again, float64(added) / (1 << 20)}, nil
}

type importDone struct{ Rows, Added, Changed, Unchanged, Failed int }

// importFile imports a file into layer parts and returns the seconds that it took, until everything was durable.
func importFile(s *server, path string, rows int, good func(importDone) bool) (seconds float64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	w, err := wire.Dial(s.address)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	start := time.Now()
	sent := make(chan error, 1)
	go func() {
		head := fmt.Sprintf("POST /v1/layers/parts/import?format=csv HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n", info.Size())
		_, err := io.Copy(w, io.MultiReader(strings.NewReader(head), f))
		sent <- err
	}()
	var events bytes.Buffer
	if err := w.Answer(&events); err != nil {
		text := events.Bytes()
		return 0, fmt.Errorf("import broken off after %.1f s and %s: %w", time.Since(start).Seconds(), text[max(0, len(text)-200):], err)
	}
	seconds = time.Since(start).Seconds()
	if err := <-sent; err != nil {
		return 0, err
	}
	lines := bytes.Split(bytes.TrimSpace(events.Bytes()), []byte("\n"))
	var last struct{ Done *importDone }
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil {
		return 0, err
	}
	if d := last.Done; d == nil || d.Failed > 0 || d.Rows != rows || !good(*d) {
		return 0, fmt.Errorf("import of %s ends with %s", filepath.Base(path), lines[len(lines)-1])
	}
	return seconds, nil
}

// importBolt puts the lines of a file into bbolt in transactions of 10,000: each into the log, and with rows also under
// its id.
func (r *rig) importBolt(path string, rows int, withRows bool) (figures []float64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file := filepath.Join(r.dir, "import.db")
	defer os.Remove(file)
	db, err := bbolt.Open(file, 0o600, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Scan() // the header
	cpu, start := proc.Self(), time.Now()
	seq, more := uint64(0), true
	for more {
		if err := db.Update(func(tx *bbolt.Tx) error {
			log, err := tx.CreateBucketIfNotExists([]byte("log"))
			if err != nil {
				return err
			}
			log.FillPercent = 1
			table, err := tx.CreateBucketIfNotExists([]byte("rows"))
			if err != nil {
				return err
			}
			for range 10_000 {
				if more = lines.Scan(); !more {
					return lines.Err()
				}
				line := bytes.Clone(lines.Bytes())
				seq++
				err := log.Put(binary.BigEndian.AppendUint64(nil, seq), line)
				if withRows {
					id, _, _ := bytes.Cut(line, []byte(","))
					err = errors.Join(err, table.Put(id, line))
				}
				if err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	if seq != uint64(rows) {
		return nil, fmt.Errorf("%d lines for %d rows", seq, rows)
	}
	each := float64(rows)
	return []float64{each / time.Since(start).Seconds(), each / (proc.Self() - cpu).Seconds(), math.NaN(), math.NaN()}, nil
}

// importFile copies a file into a table with a primary key and a spatial index.
func copyFile(p *postgis.Cluster, path string, l synth.Layer) ([]float64, error) {
	columns, names := []string{"id text PRIMARY KEY", "lon float8", "lat float8"}, []string{"id", "lon", "lat"}
	for _, a := range l.Def.Attributes {
		columns, names = append(columns, fmt.Sprintf("%q text", a.Name)), append(names, strconv.Quote(a.Name))
	}
	if _, err := p.SQL(`DROP TABLE IF EXISTS imported; CREATE TABLE imported (` + strings.Join(columns, ", ") +
		`, geom geometry(Point, 4326) GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(lon, lat), 4326)) STORED);
		CREATE INDEX imported_geom ON imported USING gist (geom); CHECKPOINT`); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cpu, clock, err := p.Measured(func() error {
		_, err := p.Output(f, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", "COPY imported ("+strings.Join(names, ", ")+") FROM STDIN (FORMAT csv, HEADER)")
		return err
	})
	each := float64(l.Count)
	return []float64{each / clock, each / cpu, math.NaN(), math.NaN()}, err
}
