package server

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gewu-city/gewu/data"
)

// metrics are what the server counts. Labels are bounded: patterns of routes, known methods, status codes, and the
// layers that an administrator made.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	sent     *prometheus.CounterVec
	inFlight prometheus.Gauge
	show     http.Handler
}

func newMetrics(s *Server) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gewu_http_requests_total", Help: "Answered requests by route, method and status.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gewu_http_request_duration_seconds", Help: "Time to answer by route; streams are not measured.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gewu_http_response_bytes_total", Help: "Bytes of bodies sent by route.",
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gewu_http_requests_in_flight", Help: "Requests being answered, open streams included.",
		}),
		show: promhttp.HandlerFor(s.cfg.Registry, promhttp.HandlerOpts{}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.seconds, m.sent, m.inFlight, &cityCollector{s}} {
		if err := s.cfg.Registry.Register(c); err != nil {
			return nil, fmt.Errorf("server: register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) observe(route, method string, res *response, took time.Duration, stream bool) {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(res.status)).Inc()
	m.sent.WithLabelValues(route).Add(float64(res.bytes))
	if !stream {
		m.seconds.WithLabelValues(route).Observe(took.Seconds())
	}
}

// cityCollector reads the state of the city when it is asked for.
type cityCollector struct{ s *Server }

var (
	descSeq       = prometheus.NewDesc("gewu_world_seq", "Position of the published World.", nil, nil)
	descStoreSeq  = prometheus.NewDesc("gewu_store_seq", "Position of the newest durable entry.", nil, nil)
	descLag       = prometheus.NewDesc("gewu_world_lag_entries", "Durable entries that are not published yet.", nil, nil)
	descFeatures  = prometheus.NewDesc("gewu_layer_features", "Features by layer.", []string{"layer"}, nil)
	descClients   = prometheus.NewDesc("gewu_event_streams", "Clients of the live feed.", nil, nil)
	descListeners = prometheus.NewDesc("gewu_case_streams", "Clients of the stream of cases.", nil, nil)
	descTiles     = prometheus.NewDesc("gewu_tiles_total", "Tiles asked for, by how they were answered.", []string{"answer"}, nil)
	descBuilds    = prometheus.NewDesc("gewu_tile_builds_total", "Tiles drawn.", nil, nil)
	descCached    = prometheus.NewDesc("gewu_tile_cache_tiles", "Tiles in the cache.", nil, nil)
	descCacheSize = prometheus.NewDesc("gewu_tile_cache_bytes", "Weight of the tiles in the cache.", nil, nil)
	descInside    = prometheus.NewDesc("gewu_gate_inside", "Weight inside a gate, by what it bounds.", []string{"gate"}, nil)
	descCapacity  = prometheus.NewDesc("gewu_gate_capacity", "Capacity of a gate.", []string{"gate"}, nil)
	descWaiting   = prometheus.NewDesc("gewu_gate_waiting", "Requests that wait at a gate.", []string{"gate"}, nil)
	descRefused   = prometheus.NewDesc("gewu_gate_refused_total", "Requests that a gate refused.", []string{"gate"}, nil)
	descPast      = prometheus.NewDesc("gewu_past_total", "Moments of the past that were asked for, by how they were reached.", []string{"way"}, nil)
	descPastKept  = prometheus.NewDesc("gewu_past_kept", "Moments of the past that are ready.", nil, nil)
	descPastBytes = prometheus.NewDesc("gewu_past_bytes", "Memory that they do not share with the present.", nil, nil)
	descPlans     = prometheus.NewDesc("gewu_plans", "Planned publications by state.", []string{"state"}, nil)
	descBuild     = prometheus.NewDesc("gewu_build_info", "1, labelled with the build.", []string{"version", "revision", "go"}, nil)
)

// Describe implements prometheus.Collector.
func (c *cityCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descSeq, descStoreSeq, descLag, descFeatures, descClients, descListeners, descTiles, descBuilds, descCached, descCacheSize, descBuild,
		descInside, descCapacity, descWaiting, descRefused, descPast, descPastKept, descPastBytes, descPlans,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *cityCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	for _, g := range c.s.gates.all() {
		inside, waiting, refused := g.Stats()
		gauge(descInside, float64(inside), g.Name)
		gauge(descCapacity, float64(g.Capacity), g.Name)
		gauge(descWaiting, float64(waiting), g.Name)
		counter(descRefused, refused, g.Name)
	}
	world := c.s.cfg.Engine.World()
	gauge(descSeq, float64(world.Seq()))
	gauge(descStoreSeq, float64(c.s.cfg.Store.Last()))
	gauge(descLag, float64(c.s.city.Behind(world)))
	for _, l := range world.Layers() {
		if l.Def().Sensitive == nil {
			gauge(descFeatures, float64(l.Len()), l.Def().Name)
		}
	}
	plans := map[data.PlanState]int{data.PlanPending: 0, data.PlanDone: 0, data.PlanFailed: 0, data.PlanCancelled: 0}
	for _, p := range world.Plans() {
		plans[p.State]++
	}
	for state, n := range plans {
		gauge(descPlans, float64(n), string(state))
	}
	if c.s.cfg.Past != nil {
		p := c.s.cfg.Past.Stats()
		counter(descPast, p.Hits, "ready")
		counter(descPast, p.Recalled, "memory")
		counter(descPast, p.Rewound, "log")
		counter(descPast, p.Replayed, "replay")
		gauge(descPastKept, float64(p.Worlds))
		gauge(descPastBytes, float64(p.Bytes))
	}
	gauge(descClients, float64(c.s.feed.Clients()))
	gauge(descListeners, float64(c.s.caseStream.Clients()))
	t := c.s.tilesets.Maker.Stats()
	counter(descTiles, t.Hits, "cache")
	counter(descTiles, t.Misses, "drawn")
	counter(descBuilds, t.Builds)
	gauge(descCached, float64(t.Tiles))
	gauge(descCacheSize, float64(t.Bytes))
	b := c.s.cfg.Build
	gauge(descBuild, 1, b.Version, b.Revision, b.Go)
}

// handleMetrics shows the registry.
func (s *Server) handleMetrics(w http.ResponseWriter, r *http.Request) error {
	s.metrics.show.ServeHTTP(w, r)
	return nil
}
