package places

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/gewu-city/gewu/test/peers/postgis"
)

// Trigrams is pg_trgm: the label whose trigrams are most like those of the text, by a GiST index, for one connection with
// a prepared statement on a unix socket.
type Trigrams struct {
	ctx     context.Context //nolint:containedctx // lives as long as the run
	cluster *postgis.Cluster
	pool    *pgxpool.Pool
	doors   []Door
}

// NewTrigrams fills a table with the labels of a city, normalised.
func NewTrigrams(ctx context.Context, cluster *postgis.Cluster, c *City) (*Trigrams, error) {
	if _, err := cluster.SQL("CREATE EXTENSION pg_trgm; CREATE TABLE doors (id int, label text)"); err != nil {
		return nil, err
	}
	if err := cluster.Pour("doors", func(w io.Writer) error {
		out := bufio.NewWriter(w)
		for i, d := range c.Doors {
			// Normal texts have no backslash and no tab.
			fmt.Fprintf(out, "%d\t%s\n", i, normalised(d.Label))
		}
		return out.Flush()
	}); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(cluster.URL()) // statements are prepared once for each connection
	if err != nil {
		return nil, err
	}
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(ctx, config)
	return &Trigrams{ctx, cluster, pool, c.Doors}, err
}

// Close ends the connection.
func (t *Trigrams) Close() { t.pool.Close() }

// Build implements [Search].
func (t *Trigrams) Build() (cpu time.Duration, bytes int64, err error) {
	seconds, _, err := t.cluster.Measured(func() error {
		_, err := t.cluster.SQL("DROP INDEX IF EXISTS doors_label; CREATE INDEX doors_label ON doors USING gist (label gist_trgm_ops)")
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	size, err := t.cluster.SQL("VACUUM ANALYZE doors; SELECT pg_relation_size('doors_label')")
	if err != nil {
		return 0, 0, err
	}
	bytes, err = strconv.ParseInt(size, 10, 64)
	return time.Duration(seconds * float64(time.Second)), bytes, err
}

// Prepare implements [Search].
func (t *Trigrams) Prepare(text string) string { return normalised(text) }

// Find implements [Search].
func (t *Trigrams) Find(text string) (string, error) {
	var i int
	err := t.pool.QueryRow(t.ctx, "SELECT id FROM doors ORDER BY label <-> $1 LIMIT 1", text).Scan(&i)
	if err != nil {
		return "", err
	}
	if i < 0 || i >= len(t.doors) {
		return "", errors.New("pg_trgm found a door that there is not")
	}
	return t.doors[i].ID, nil
}

// CPU implements [Search].
func (t *Trigrams) CPU() (time.Duration, error) { return t.cluster.CPU() }
