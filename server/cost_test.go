package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// TestCostsAreOfRoutes fails when a cost belongs to no route.
func TestCostsAreOfRoutes(t *testing.T) {
	s := &Server{}
	known := map[string]bool{}
	for _, r := range s.routes() {
		known[r.method+" "+r.path] = true
		if costs[r.method+" "+r.path].hold > 0 && !r.stream {
			t.Errorf("%s %s holds a share of the streams and is none", r.method, r.path)
		}
	}
	for name := range costs {
		if !known[name] {
			t.Errorf("%s is no route", name)
		}
	}
}

// TestBusy fills one gate after the other and asks for what must wait, and for what must not.
func TestBusy(t *testing.T) {
	c := newCity(t, func(cfg *Config) {
		cfg.Limits.Patience = 20 * time.Millisecond
		cfg.Limits.EventClients = 1
	}).fill()
	const list, point, probe = "/v1/layers/trees/features", "/v1/locate?lon=121.505&lat=25.005", "/healthz"
	body := `{"changes":[{"op":"delete","layer":"trees","id":"tree00"}]}`
	for _, tc := range []struct {
		gate     string
		refused  []string
		answered []string
	}{
		{"requests", []string{list, point}, []string{probe, "/readyz", "/metrics"}},
		{"scans", []string{list, "/v1/schemes/unit/cells", "/v1/layers/trees/features/tree01/history", "/v1/changes?limit=1000", "/v1/imports"}, []string{point, probe}},
		{"answers", []string{list}, []string{point}},
		{"streams", []string{"/v1/layers/trees/export?format=csv", "/v1/backup"}, []string{list, point}},
		{"bodies", []string{"POST /v1/changes"}, []string{list, point}},
	} {
		for _, g := range c.server.gates.all() {
			if g.Name != tc.gate {
				continue
			}
			leave, err := g.Enter(context.Background(), g.Capacity)
			if err != nil {
				t.Fatal(err)
			}
			for _, url := range tc.refused {
				got := ask(c, url, body)
				if got.status != 503 || got.header.Get("Retry-After") == "" || !strings.Contains(got.body, tc.gate) {
					t.Errorf("%s full: %s is answered with %d %s", tc.gate, url, got.status, got.body)
				}
			}
			for _, url := range tc.answered {
				if got := ask(c, url, body); got.status != 200 {
					t.Errorf("%s full: %s is answered with %d %s", tc.gate, url, got.status, got.body)
				}
			}
			leave()
			for _, url := range append(tc.refused, tc.answered...) {
				if got := ask(c, url, body); got.status != 200 && got.status != 501 {
					t.Errorf("%s has room: %s is answered with %d %s", tc.gate, url, got.status, got.body)
				}
			}
		}
	}
	metrics := c.do("GET", "/metrics", nil, "").body
	if !strings.Contains(metrics, `gewu_gate_refused_total{gate="scans"} 5`) || !strings.Contains(metrics, `gewu_gate_inside{gate="bodies"} 0`) {
		t.Errorf("metrics:\n%s", metrics)
	}
	l := c.listen(t, "", "")
	l.want("hello")
	if got := c.do("GET", "/v1/events", nil, ""); got.status != 503 || !strings.Contains(got.body, "as many clients") {
		t.Errorf("a second client of the feed: %d %s", got.status, got.body)
	}
}

func ask(c *town, url, body string) answer {
	if path, ok := strings.CutPrefix(url, "POST "); ok {
		return c.do("POST", path, map[string]string{"Content-Type": "application/json"}, body)
	}
	return c.do("GET", url, nil, "")
}

// TestSlowClients lets a thousand clients ask for large pages and tiles that they hardly read, and send bodies byte by byte, and
// demands that memory stays bounded and that others are answered meanwhile.
func TestSlowClients(t *testing.T) {
	if testing.Short() {
		t.Skip("opens a thousand connections")
	}
	c := newCity(t, func(cfg *Config) {
		cfg.Limits.AnswerBytes = 64 << 20
		cfg.Limits.Patience = 100 * time.Millisecond
		cfg.Limits.Idle, cfg.Limits.Request = 2*time.Second, 2*time.Second
	}).fill()
	tx := data.Tx{}
	for i := range 20_000 {
		p, _ := geo.FromDegrees(121.5+float64(i%100)*1e-4, 25+float64(i/100)*1e-4)
		tx.Changes = append(tx.Changes, data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "trees", Feature: data.Feature{
			ID: fmt.Sprintf("many%05d", i), Shape: geo.PointShape(p), Values: []data.Value{data.TextValue(data.Text, strings.Repeat("榕", 60))},
		}})
	}
	c.put(tx)
	before := heap()
	middle, _ := geo.FromDegrees(121.505, 25.01)
	x, y := middle.Mercator()
	slow := []string{
		"GET /v1/layers/trees/features?limit=10000 HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"POST /v1/changes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
		fmt.Sprintf("GET /tiles/trees/14/%d/%d.mvt HTTP/1.1\r\nHost: localhost\r\n\r\n", int(x*(1<<14)), int(y*(1<<14))),
		"POST /v1/changes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
	}
	const clients = 1000
	address := strings.TrimPrefix(c.http.URL, "http://")
	done := make(chan struct{})
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { slowClient(t, address, slow[i%len(slow)], done) })
	}
	most := uint64(0)
	answered := 0
	// At least as long as the slow clients need to be given up once; longer on a busy machine.
	for start := time.Now(); time.Since(start) < 4*time.Second || answered < 20 && time.Since(start) < time.Minute; {
		most = max(most, heap())
		resp, err := http.Get(c.http.URL + "/v1/locate?lon=121.505&lat=25.005")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			answered++
		}
		time.Sleep(20 * time.Millisecond)
	}
	close(done)
	all.Wait()
	grown := int64(most) - int64(before)
	t.Logf("%d MiB more at most, %d other requests answered", grown>>20, answered)
	if grown > 300<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	if answered < 20 {
		t.Errorf("only %d other requests were answered", answered)
	}
}

// TestSlowClientsOfLargeTiles lets hundreds of clients ask for one tile of megabytes, most of them without compression, and
// hardly read: they hold little more than the one tile.
func TestSlowClientsOfLargeTiles(t *testing.T) {
	c := newCity(t, nil).fill()
	rng := rand.New(rand.NewPCG(1, 2))
	tx := data.Tx{}
	const path = "/tiles/trees/16/54886/28062.mvt"
	box := geo.TileBox(16, 54886, 28062)
	for i := range 12_000 {
		p := geo.Point{X: box.Min.X + 1000 + int32(i%100)*500, Y: box.Min.Y + 1000 + int32(i/100)*400}
		text := make([]byte, 240)
		for k := range text {
			text[k] = byte('a' + rng.IntN(26))
		}
		tx.Changes = append(tx.Changes, data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: "trees", Feature: data.Feature{
			ID: fmt.Sprintf("many%05d", i), Shape: geo.PointShape(p), Values: []data.Value{data.TextValue(data.Text, string(text))},
		}})
	}
	c.put(tx)
	whole := c.do("GET", path, nil, "")
	zipped := c.do("GET", path, map[string]string{"Accept-Encoding": "gzip"}, "")
	if whole.status != 200 || len(whole.body) < 2<<20 || gunzip(t, zipped.body) != whole.body {
		t.Fatalf("%d, %d bytes, %d compressed", whole.status, len(whole.body), len(zipped.body))
	}
	if head := c.do("HEAD", path, nil, ""); head.status != 200 || head.header.Get("Content-Length") != strconv.Itoa(len(whole.body)) {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
	// Else the kernel would take each answer whole.
	narrow := httptest.NewUnstartedServer(c.server.Handler())
	narrow.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(4 << 10)
		}
		return ctx
	}
	narrow.Start()
	defer narrow.Close()
	const clients = 400
	var conns []net.Conn
	defer func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}()
	runtime.GC()
	before := heap()
	for i := range clients {
		conn, err := net.Dial("tcp", narrow.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4 << 10)
		}
		coding := ""
		if i%4 == 0 {
			coding = "Accept-Encoding: gzip\r\n"
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", path, coding); err != nil {
			t.Fatal(err)
		}
		// The answer has begun, and the kernel has taken what it takes.
		if _, err := io.ReadFull(conn, make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	if grown := int64(heap()) - int64(before); grown > clients*int64(len(whole.body))/4 {
		t.Errorf("%d clients of a tile of %d bytes hold %d MiB", clients, len(whole.body), grown>>20)
	} else {
		t.Logf("%d MiB", grown>>20)
	}
}

// TestShortOfMemory: what answers with little goes on when memory is short, tiles and pages of features are refused.
func TestShortOfMemory(t *testing.T) {
	c := newCity(t, nil).fill()
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 20))
	for path, status := range map[string]int{
		"/tiles/trees/12/3430/1754.mvt": 503, "/tiles/trees/12/3430/1754.pbf": 503, "/v1/layers/trees/features": 503, "/v1/locate?lon=121.5&lat=25": 200, "/tiles/trees.json": 200, "/healthz": 200,
	} {
		if a := c.do("GET", path, nil, ""); a.status != status || status == 503 && (a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "short of memory")) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// slowClient reads a byte now and then, or sends one, until the server gives it up or done.
func slowClient(t *testing.T, address, request string, done chan struct{}) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = conn.Write([]byte(request))
	r := bufio.NewReaderSize(conn, 16)
	for {
		select {
		case <-done:
			return
		case <-time.After(50 * time.Millisecond):
		}
		if strings.HasPrefix(request, "GET ") {
			_, err = r.ReadByte()
		} else {
			_, err = conn.Write([]byte("1\r\n \r\n"))
		}
		if err != nil {
			return
		}
	}
}

// TestTimeIsUp: whoever waits longer than a request may take is told so, each time.
func TestTimeIsUp(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.Request, cfg.Limits.MinSeq = 20*time.Millisecond, time.Minute })
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			resp, err := http.Get(c.http.URL + "/v1/layers?min_seq=99")
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusGatewayTimeout {
				t.Errorf("%d", resp.StatusCode)
			}
		})
	}
	all.Wait()
}

// TestSlowStreams fills all places for streams with clients that send a byte now and then: who comes then waits for a
// moment and is answered, because they are cut off.
func TestSlowStreams(t *testing.T) {
	c := newCity(t, func(cfg *Config) {
		cfg.Limits.Streams = 4
		cfg.Limits.Patience = 500 * time.Millisecond
	}).fill()
	address := strings.TrimPrefix(c.http.URL, "http://")
	var all sync.WaitGroup
	for range 4 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "POST /v1/locate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000000\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			// Until it is cut off, which must not take the idle time.
			for start := time.Now(); time.Since(start) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
				if _, err := conn.Write([]byte(" ")); err != nil {
					return
				}
			}
		})
	}
	time.Sleep(time.Second)
	start := time.Now()
	for range 4 {
		if a := c.do("POST", "/v1/locate", map[string]string{"Content-Type": "application/x-ndjson"}, `{"lon":121.5,"lat":25}`+"\n"); a.status != 200 {
			t.Errorf("%d %s after %v", a.status, a.body, time.Since(start))
		}
	}
	all.Wait()
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("slow clients held their places for %v", took)
	}
}
