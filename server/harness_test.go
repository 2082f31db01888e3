package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/grid/cells"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/planner"
	"github.com/gewu-city/gewu/internal/obs"
	"github.com/gewu-city/gewu/server/rest"
)

func TestMain(m *testing.M) {
	for _, kind := range []string{
		"application/vnd.mapbox-vector-tile", rest.TypeNDJSON, "text/csv", "text/html", "text/css", "text/event-stream", rest.TypeGeoJSON + "-seq", "text/plain", "image/svg+xml", "application/toml", "text/toml", "image/jpeg", "audio/amr", "text/xml",
	} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
	openapi3filter.RegisterBodyDecoder("application/atom+xml", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder(rest.TypeGeoJSON, openapi3filter.JSONBodyDecoder)
	goleak.VerifyTestMain(m)
}

// city is a running server over a small synthetic city: two districts side by side (121.50–121.52 and 121.52–121.54
// east, 25.00–25.02 north), each with two villages and four cells; addresses and trees at known places.
type town struct {
	t      testing.TB
	server *Server
	engine *index.Engine
	store  *boltstore.DB
	http   *httptest.Server
	stop   func() // ends http and the jobs of the server
	log    *bytes.Buffer
	logMu  sync.Mutex
	spec   *spec
}

// Write makes city the writer of its log.
func (c *town) Write(b []byte) (int, error) {
	c.logMu.Lock()
	defer c.logMu.Unlock()
	return c.log.Write(b)
}

func (c *town) logged() string {
	c.logMu.Lock()
	defer c.logMu.Unlock()
	return c.log.String()
}

// newCity starts a server; change may alter its configuration.
func newCity(t testing.TB, change func(*Config)) *town {
	t.Helper()
	c := &town{t: t, log: &bytes.Buffer{}, spec: loadSpec(t)}
	c.store = openStore(t)
	c.engine = index.NewEngine(c.store)
	book := cells.NewBook()
	c.engine.Follow(book)
	geocoder := geocode.New()
	c.engine.Follow(geocoder)
	past := index.NewPast(c.engine, c.store, index.PastOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	if err := c.engine.Load(ctx, nil); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := c.store.Run(ctx, c.engine); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("store: %v", err)
		}
	})
	running.Go(func() {
		if err := c.engine.Run(ctx); err != nil {
			t.Errorf("engine: %v", err)
		}
	})
	plans := planner.New(c.engine, c.store, time.Now, slog.New(slog.DiscardHandler))
	running.Go(func() {
		if err := plans.Run(ctx); err != nil {
			t.Errorf("planner: %v", err)
		}
	})
	cfg := Config{
		Store: c.store, Engine: c.engine, Cells: book, Past: past, Now: time.Now, Geocoder: geocoder,
		Planner: plans,
		Build:   obs.Build{Version: "test"},
		Logger:  slog.New(slog.NewTextHandler(c, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if c.server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	c.serve()
	t.Cleanup(func() {
		c.stop()
		cancel()
		running.Wait()
		if err := c.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// serve runs the server, until stop.
func (c *town) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	c.http = httptest.NewServer(c.server.Handler())
	ended := make(chan error, 1)
	server := c.server
	go func() { ended <- server.Run(ctx) }()
	c.stop = func() {
		server.Drain()
		c.http.Close()
		cancel()
		if err := <-ended; err != nil {
			c.t.Errorf("server: %v", err)
		}
	}
}

func openStore(t testing.TB) *boltstore.DB {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "city.db"), boltstore.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// Definitions of the synthetic city.
var cityLayers = []string{
	`{"name":"districts","title":{"zh":"行政區","en":"Districts"},"geometry":"polygon","id":{"attribute":"code"},"roles":{"area":{"level":"district","code":"code","name":"name"}},"attributes":[{"name":"code","type":"code"},{"name":"name","type":"text"}],"attribution":"Synthetic"}`,
	`{"name":"villages","title":{"zh":"里"},"geometry":"polygon","id":{"attribute":"code"},"zoom":{"min":10,"max":22},"roles":{"area":{"level":"village","code":"code","name":"name"}},"attributes":[{"name":"code","type":"code"},{"name":"name","type":"text"}]}`,
	`{"name":"units","geometry":"polygon","id":{"attribute":"CODEBASE"},"zoom":{"min":13,"max":22},"roles":{"cell":{"scheme":"unit","code":"CODEBASE"}},"attributes":[{"name":"CODEBASE","type":"code"}]}`,
	`{"name":"addresses","geometry":"point","zoom":{"min":15,"max":22},"roles":{"address":{"label":"full","road":"road","number":"number"}},"attributes":[{"name":"full","type":"text"},{"name":"road","type":"text","required":true},{"name":"number","type":"text"}]}`,
	`{"name":"trees","title":{"zh":"樹","en":"Trees"},"geometry":"point","roles":{"part":{"class":"tree_type"}},"attributes":[{"name":"tree_type","type":"text"},{"name":"diameter","type":"number","unit":"cm"},{"name":"count","type":"int"},{"name":"planted","type":"date"}]}`,
}

// fill loads the synthetic city straight into the store.
func (c *town) fill() *town {
	c.t.Helper()
	var tx data.Tx
	defs := map[string]*data.Layer{}
	for _, text := range cityLayers {
		def, err := convert.DecodeLayer(strings.NewReader(text), convert.JSON)
		if err != nil {
			c.t.Fatal(err)
		}
		defs[def.Name] = def
		tx.Changes = append(tx.Changes, data.Change{Stream: data.StreamSchema, Op: data.OpPut, Layer: def.Name, Definition: def})
	}
	c.put(tx)
	scheme := &data.Scheme{Name: "unit", Title: data.Title{"zh": "單元網格", "en": "Unit grid"}, Levels: []string{"district", "village"}, Cells: data.SchemeCells{Layer: "units", Code: "CODEBASE"}}
	tx = data.Tx{Changes: []data.Change{{Stream: data.StreamScheme, Op: data.OpPut, Layer: "unit", Scheme: scheme}}}
	add := func(layer, text string) {
		f, err := convert.DecodeFeature(defs[layer], []byte(text), nil)
		if err != nil {
			c.t.Fatal(err)
		}
		tx.Changes = append(tx.Changes, data.Change{Stream: data.StreamFeature, Op: data.OpPut, Layer: layer, Feature: f})
	}
	box := func(w, s, e, n float64) string {
		return fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%g,%g],[%g,%g],[%g,%g],[%g,%g],[%g,%g]]]}`, w, s, e, s, e, n, w, n, w, s)
	}
	names := []string{"大安區", "信義區"}
	for d := range 2 {
		w := 121.50 + 0.02*float64(d)
		add("districts", fmt.Sprintf(`{"type":"Feature","geometry":%s,"properties":{"code":"D%d","name":%q}}`, box(w, 25, w+0.02, 25.02), d+1, names[d]))
		for v := range 2 {
			s := 25 + 0.01*float64(v)
			add("villages", fmt.Sprintf(`{"type":"Feature","geometry":%s,"properties":{"code":"D%d-V%d","name":"里%d%d"}}`, box(w, s, w+0.02, s+0.01), d+1, v+1, d+1, v+1))
			for u := range 2 {
				x := w + 0.01*float64(u)
				add("units", fmt.Sprintf(`{"type":"Feature","geometry":%s,"properties":{"CODEBASE":"A%d%d%d-00"}}`, box(x, s, x+0.01, s+0.01), d+1, v+1, u+1))
			}
		}
	}
	for i := range 10 {
		lon, lat := 121.501+0.004*float64(i), 25.005
		add("addresses", fmt.Sprintf(`{"type":"Feature","id":"addr%d","geometry":{"type":"Point","coordinates":[%g,%g]},"properties":{"full":"信義路%d號","road":"信義路","number":"%d號"}}`, i, lon, lat, i+1, i+1))
	}
	for i := range 25 {
		kind := []string{"榕樹", "樟樹"}[i%2]
		add("trees", fmt.Sprintf(`{"type":"Feature","id":"tree%02d","geometry":{"type":"Point","coordinates":[%g,25.0051]},"properties":{"tree_type":%q,"diameter":%d.5,"count":%d,"planted":"2001-02-03"}}`, i, 121.5005+0.0015*float64(i), kind, i, i))
	}
	c.put(tx)
	return c
}

// put appends a transaction and waits until it is visible.
func (c *town) put(tx data.Tx) data.Seq {
	c.t.Helper()
	seq, err := c.store.Append(context.Background(), tx)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.engine.Wait(context.Background(), seq); err != nil {
		c.t.Fatal(err)
	}
	return seq
}

// move puts a tree at a place by the API of the store.
func (c *town) move(id string, lon, lat float64) data.Seq {
	c.t.Helper()
	def, _ := c.engine.Layer("trees")
	f, err := convert.DecodeFeature(def, fmt.Appendf(nil, `{"type":"Feature","id":%q,"geometry":{"type":"Point","coordinates":[%g,%g]},"properties":{}}`, id, lon, lat), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.put(data.Tx{Changes: []data.Change{{Stream: data.StreamFeature, Op: data.OpPut, Layer: "trees", Feature: f}}})
}

// answer is a complete response.
type answer struct {
	status int
	header http.Header
	body   string
}

// do asks the server; every answer is validated against the OpenAPI document.
func (c *town) do(method, target string, header map[string]string, body string) answer {
	c.t.Helper()
	req, err := http.NewRequest(method, c.http.URL+target, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for name, v := range header {
		if name == "Host" {
			req.Host = v
		}
		req.Header.Set(name, v)
	}
	res, err := client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, string(got)}
	c.spec.validate(c.t, req, body, a)
	return a
}

// client neither follows redirects nor unpacks: tests see what is sent.
var client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// spec is the OpenAPI document and a router for it.
type spec struct {
	doc    *openapi3.T
	router routers.Router
}

var loadedSpec = sync.OnceValues(func() (*spec, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(doc)
	return &spec{doc, router}, err
})

func loadSpec(t testing.TB) *spec {
	t.Helper()
	s, err := loadedSpec()
	if err != nil {
		t.Fatalf("openapi.json: %v", err)
	}
	return s
}

// validate checks an answer against the document, and the request too when it was accepted. Pages, OPTIONS and
// addresses that do not exist are not in the document; a problem there must still be one, but for browsers.
func (s *spec) validate(t testing.TB, req *http.Request, body string, a answer) {
	t.Helper()
	asked := req.Clone(context.Background())
	asked.URL.Host, asked.URL.Scheme, asked.Host = "", "", ""
	if asked.Method == http.MethodHead {
		asked.Method = http.MethodGet
		a.body = ""
	}
	route, vars, err := s.router.FindRoute(asked)
	if err != nil {
		kind := a.header.Get("Content-Type")
		page := strings.HasPrefix(kind, "text/html") && strings.HasPrefix(req.Header.Get("Accept"), "text/html")
		if a.status >= 400 && kind != "application/problem+json" && !page {
			t.Errorf("%s %s: %d is %s, want a problem document", req.Method, req.URL, a.status, a.header.Get("Content-Type"))
		}
		return
	}
	asked.Body = io.NopCloser(strings.NewReader(body))
	in := &openapi3filter.RequestValidationInput{
		Request: asked, PathParams: vars, Route: route,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true,
			ExcludeResponseBody: req.Method == http.MethodHead || a.status == http.StatusNotModified || a.status == http.StatusNoContent,
		},
	}
	if a.status < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			t.Errorf("%s %s: accepted, but by the document: %v", req.Method, req.URL, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: a.status, Header: a.header, Options: in.Options}
	body = a.body
	if a.header.Get("Content-Encoding") == "gzip" {
		body = gunzip(t, body)
	}
	out.SetBodyBytes([]byte(body))
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		t.Errorf("%s %s: answer %d does not fit the document: %v\n%s", req.Method, req.URL, a.status, err, rest.Shorten(body))
	}
}
