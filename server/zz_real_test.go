package server

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/index"
)

func BenchmarkReal(b *testing.B) {
	db, err := boltstore.Open("/tmp/api-demo/backup.bin", boltstore.Options{Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	e := index.NewEngine(db)
	if err := e.Load(context.Background(), nil); err != nil {
		b.Fatal(err)
	}
	s, err := New(Config{Store: db, Engine: e, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	in, err := os.ReadFile("/tmp/api-demo/addr.csv")
	if err != nil {
		b.Fatal(err)
	}
	n := bytes.Count(in, []byte("\n")) - 1
	ts := httptest.NewServer(s.Handler())
	defer ts.Close()
	b.Run("csv", func(b *testing.B) {
		for b.Loop() {
			res, err := client.Post(ts.URL+"/v1/locate?lon=X&lat=Y", "text/csv", bytes.NewReader(in))
			if err != nil {
				b.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			r := httptest.NewRequest(http.MethodGet, "/v1/locate?lon=121.5654&lat=25.033", nil)
			s.Handler().ServeHTTP(&quiet{header: http.Header{}}, r)
		}
	})
	b.Run("tile", func(b *testing.B) {
		for b.Loop() {
			r := httptest.NewRequest(http.MethodGet, "/tiles/city/16/54900/28050.mvt", nil)
			r.Header.Set("Accept-Encoding", "gzip")
			s.Handler().ServeHTTP(&quiet{header: http.Header{}}, r)
		}
	})
}
