package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/test/peers/postgis"
)

// theCluster is a cluster, whatever is in it, or nil when it is to be left out. It says why.
func (r *rig) theCluster() (*postgis.Cluster, error) {
	switch {
	case r.pg != nil || r.pgless:
		return r.pg, nil
	case r.options.postgres == "never":
		return nil, nil //nolint:nilnil // no cluster and no error: left out
	}
	pg, err := postgis.Start(r.ctx, filepath.Join(r.dir, "pg"))
	if errors.Is(err, postgis.ErrMissing) && r.options.postgres == "auto" {
		r.say("   PostgreSQL is left out: %v", err)
		r.pgless = true
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, err
	}
	r.ends = append(r.ends, pg.Stop)
	r.pg = pg
	return pg, nil
}

// thePostgres is the cluster with the town in it, or nil when it is to be left out.
func (r *rig) thePostgres() (*postgis.Cluster, error) {
	pg, err := r.theCluster()
	if pg == nil || r.pgTown {
		return pg, err
	}
	start := time.Now()
	if err := r.loadTown(pg); err != nil {
		return nil, err
	}
	r.say("   loaded into PostGIS in %.0f s", time.Since(start).Seconds())
	r.pgTown = true
	return pg, nil
}

// loadTown puts every layer of the town into a table with geometry in EPSG:3857.
func (r *rig) loadTown(p *postgis.Cluster) error {
	t, err := r.theTown()
	if err != nil {
		return err
	}
	for _, l := range t.synth.Layers() {
		name := l.Def.Name
		if !slices.Contains([]string{"districts", "streets", "communities", "units", "addresses", "parts"}, name) {
			continue
		}
		columns := make([]string, 0, len(l.Def.Attributes)+1)
		for _, a := range l.Def.Attributes {
			columns = append(columns, fmt.Sprintf("%q text", a.Name))
		}
		columns = append(columns, "geom geometry(Geometry, 3857)")
		if _, err := p.SQL(fmt.Sprintf("CREATE TABLE %s (%s)", name, strings.Join(columns, ", "))); err != nil {
			return err
		}
		if err := p.Pour(name, func(w io.Writer) error { return postgis.CopyRows(w, l.Features) }); err != nil {
			return err
		}
		if _, err := p.SQL(fmt.Sprintf(`CREATE INDEX %[1]s_geom ON %[1]s USING gist (geom);
			CLUSTER %[1]s USING %[1]s_geom;
			CREATE UNIQUE INDEX %[1]s_code ON %[1]s (code);
			VACUUM ANALYZE %[1]s;`, name)); err != nil {
			return err
		}
	}
	_, err = p.SQL("CHECKPOINT")
	return err
}
