package postgis

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// mvtSQL draws a tile as pg_tileserv does: the geometry is in 3857 already, and only what meets the tile and a buffer
// of 64 units is read.
const mvtSQL = `WITH b AS (SELECT ST_TileEnvelope($1, $2, $3) AS tile, ST_TileEnvelope($1, $2, $3, margin => 64.0 / 4096) AS wide),
m AS (SELECT ST_AsMVTGeom(l.geom, b.tile, 4096, 64) AS geom, %s FROM %s l, b WHERE l.geom && b.wide)
SELECT ST_AsMVT(m, '%s') FROM m WHERE geom IS NOT NULL`

// Tiles serves tiles that PostGIS draws, compressed by net/http's usual means: as little as a server can do. It has so
// many connections to the cluster, which end closes.
func Tiles(ctx context.Context, url string, connections int32) (h http.Handler, end func(), err error) {
	config, err := pgxpool.ParseConfig(url) // statements are prepared once for each connection
	if err != nil {
		return nil, nil, err
	}
	config.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	m := http.NewServeMux()
	m.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	m.HandleFunc("/tiles/{layer}/{z}/{x}/{y}", func(w http.ResponseWriter, r *http.Request) {
		var address [3]int
		for i, name := range [...]string{"z", "x", "y"} {
			n, err := strconv.Atoi(strings.TrimSuffix(r.PathValue(name), ".mvt"))
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			address[i] = n
		}
		layer := r.PathValue("layer")
		text := fmt.Sprintf(mvtSQL, r.URL.Query().Get("properties"), layer, layer)
		var tile []byte
		if err := pool.QueryRow(r.Context(), text, address[0], address[1], address[2]).Scan(&tile); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write(tile)
		_ = z.Close()
		h := w.Header()
		h.Set("Content-Type", "application/vnd.mapbox-vector-tile")
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(packed.Len()))
		_, _ = io.Copy(w, &packed)
	})
	return m, pool.Close, nil
}
