package planning

import (
	"fmt"
	"io"

	"github.com/gewu-city/gewu/test/peers/postgis"
)

// Tables are plans in PostGIS.
type Tables struct {
	pg *postgis.Cluster
	// Coverages says that this PostGIS has functions for coverages, which came with 3.4.
	Coverages bool
}

// NewTables asks a cluster what it can do.
func NewTables(pg *postgis.Cluster) (*Tables, error) {
	has, err := pg.SQL("SELECT count(*) FROM pg_proc WHERE proname = 'st_coverageinvalidedges'")
	return &Tables{pg: pg, Coverages: has != "0"}, err
}

// Fill makes a table of a plan's cells, with an index by place.
func (t *Tables) Fill(table string, p *Plan) error {
	if _, err := t.pg.SQL(fmt.Sprintf("CREATE TABLE %s (id serial, parent int, geom geometry)", table)); err != nil {
		return err
	}
	err := t.pg.Pour(table+" (parent, geom)", func(w io.Writer) error {
		for row := range p.rows {
			if _, err := io.WriteString(w, row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = t.pg.SQL(fmt.Sprintf("CREATE INDEX %[1]s_geom ON %[1]s USING gist (geom); VACUUM ANALYZE %[1]s", table))
	return err
}

// Check looks for overlaps by a join of the cells with themselves, and for gaps as holes of their union, which is how it is
// done for polygons of any kind.
func (t *Tables) Check(table string) (found Found, cpu float64, err error) {
	out := ""
	cpu, _, err = t.pg.Measured(func() error {
		out, err = t.pg.SQL(fmt.Sprintf(`
			WITH pairs AS (SELECT ST_Area(ST_Intersection(a.geom, b.geom)) AS area FROM %[1]s a JOIN %[1]s b
				ON a.id < b.id AND a.geom && b.geom AND ST_Relate(a.geom, b.geom, '2********')),
			holes AS (SELECT ST_Area(r.geom) AS area FROM (SELECT (ST_Dump(ST_Union(geom))).geom FROM %[1]s) u,
				ST_DumpRings(u.geom) r WHERE r.path[1] > 0)
			SELECT (SELECT count(*) FROM pairs), (SELECT coalesce(sum(area), 0) FROM pairs),
				(SELECT count(*) FROM holes), (SELECT coalesce(sum(area), 0) FROM holes)`, table))
		return err
	})
	if err != nil {
		return found, 0, err
	}
	if _, err := fmt.Sscanf(out, "%d|%g|%d|%g", &found.Overlaps, &found.OverlapArea, &found.Gaps, &found.GapArea); err != nil {
		return found, 0, fmt.Errorf("PostGIS answers %q: %w", out, err)
	}
	found.Defects = found.Overlaps + found.Gaps
	return found, cpu, nil
}

// InvalidEdges is how many cells ST_CoverageInvalidEdges names: those beside defects.
func (t *Tables) InvalidEdges(table string) (cells int, cpu float64, err error) {
	return t.count(fmt.Sprintf(`SELECT count(e) || '|0' FROM (SELECT ST_CoverageInvalidEdges(geom) OVER () AS e FROM %s) x`, table))
}

// Union joins the cells of each parent; f is ST_Union or ST_CoverageUnion.
func (t *Tables) Union(f, table string) (count int, area, cpu float64, err error) {
	text := ""
	cpu, _, err = t.pg.Measured(func() error {
		text, err = t.pg.SQL(fmt.Sprintf("SELECT count(*), sum(ST_Area(g)) FROM (SELECT %s(geom) AS g FROM %s GROUP BY parent) x", f, table))
		return err
	})
	if err != nil {
		return 0, 0, 0, err
	}
	_, err = fmt.Sscanf(text, "%d|%g", &count, &area)
	return count, area, cpu, err
}

// count runs a statement that answers a number.
func (t *Tables) count(statement string) (n int, cpu float64, err error) {
	text := ""
	cpu, _, err = t.pg.Measured(func() error {
		text, err = t.pg.SQL(statement)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	_, err = fmt.Sscanf(text, "%d|", &n)
	return n, cpu, err
}
