package server

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gewu-city/gewu/server/rest"
)

// quiet is a response that keeps nothing.
type quiet struct {
	header http.Header
	status int
}

func (q *quiet) Header() http.Header         { return q.header }
func (q *quiet) WriteHeader(status int)      { q.status = status }
func (q *quiet) Write(b []byte) (int, error) { return len(b), nil }

func benchmarkGet(b *testing.B, target string, header map[string]string) {
	b.Helper()
	c := newCity(b, func(cfg *Config) { cfg.Logger = nil }).fill()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		for name, v := range header {
			r.Header.Set(name, v)
		}
		w := &quiet{header: http.Header{}}
		if c.server.Handler().ServeHTTP(w, r); w.status >= 400 {
			b.Fatal(w.status)
		}
	}
}

// The whole way of a request through the handler, without the network.
func BenchmarkLocate(b *testing.B) { benchmarkGet(b, "/v1/locate?lon=121.505&lat=25.005", nil) }
func BenchmarkHealth(b *testing.B) { benchmarkGet(b, "/healthz", nil) }
func BenchmarkFeature(b *testing.B) {
	benchmarkGet(b, "/v1/layers/trees/features/tree07", nil)
}

func BenchmarkCachedTile(b *testing.B) {
	benchmarkGet(b, "/tiles/city/14/13721/7015.mvt", map[string]string{"Accept-Encoding": "gzip"})
}

// BenchmarkLocateRows streams CSV and NDJSON through a connection; one operation is one row.
func BenchmarkLocateRows(b *testing.B) {
	for _, kind := range []string{rest.TypeCSV, rest.TypeNDJSON} {
		b.Run(kind, func(b *testing.B) {
			c := newCity(b, func(cfg *Config) { cfg.Logger = nil }).fill()
			var in bytes.Buffer
			if _, err := rows(&in, kind, b.N); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			res, err := client.Post(c.http.URL+"/v1/locate", kind, &in)
			if err != nil {
				b.Fatal(err)
			}
			defer res.Body.Close()
			if _, err := io.Copy(io.Discard, res.Body); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
