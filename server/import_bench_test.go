package server

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

// points is a CSV file of point features with random ids and three attributes; every nth row has another height.
func points(rows, changed int) []byte {
	var b bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	roads := []string{"忠孝東路", "仁愛路", "信義路", "和平東路", "新生南路"}
	b.WriteString("id,lon,lat,name,kind,height\n")
	for i := range rows {
		height := r.IntN(500)
		if changed > 0 && i%changed == 0 {
			height += 1000
		}
		fmt.Fprintf(&b, "%016x,%.7f,%.7f,%s%d號,%04d,%.1f\n", r.Uint64(), 121.45+r.Float64()*0.2, 24.96+r.Float64()*0.2,
			roads[r.IntN(len(roads))], r.IntN(1000), r.IntN(40), float64(height)/10)
	}
	return b.Bytes()
}

// BenchmarkImport streams CSV files through the API into a durable store: new features, then the same with 1 % changed.
func BenchmarkImport(b *testing.B) {
	const rows = 300_000
	fresh, changed := points(rows, 0), points(rows, 100)
	send := func(c *town, file []byte, want string) {
		b.Helper()
		resp, err := http.Post(c.http.URL+"/v1/layers/points/import?format=csv&id=id", "text/csv", bytes.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		defer resp.Body.Close()
		out, err := io.ReadAll(resp.Body)
		if err != nil || !strings.Contains(string(out), want) {
			b.Fatalf("%v\n%s", err, out[max(0, len(out)-500):])
		}
	}
	empty := func() *town {
		c := newCity(b, nil)
		c.spec = loadSpec(b)
		a := c.do("POST", "/v1/layers", sendJSON, `{"name":"points","geometry":"point","attributes":[{"name":"name","type":"text"},{"name":"kind","type":"code"},{"name":"height","type":"number"}]}`)
		if a.status != 201 {
			b.Fatal(a.body)
		}
		return c
	}
	b.Run("new", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			c := empty()
			b.StartTimer()
			send(c, fresh, fmt.Sprintf(`"added":%d`, rows))
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("again", func(b *testing.B) {
		c := empty()
		send(c, fresh, fmt.Sprintf(`"added":%d`, rows))
		b.ResetTimer()
		for i := range b.N {
			file := changed
			if i%2 == 1 {
				file = fresh
			}
			send(c, file, fmt.Sprintf(`"changed":%d,"unchanged":%d`, rows/100, rows-rows/100))
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
