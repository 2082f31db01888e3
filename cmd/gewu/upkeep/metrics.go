package upkeep

import (
	"fmt"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gewu-city/gewu/data/boltstore"
)

// Metrics show how the store is, how it grows and when its disk will be full.
type Metrics struct {
	store *boltstore.DB // set before it is registered
	syncs prometheus.Histogram
	group prometheus.Histogram
}

// NewMetrics are the metrics of a store that is to be opened.
func NewMetrics() *Metrics {
	return &Metrics{
		syncs: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "gewu_store_commit_seconds", Help: "Time to write a group of transactions and to wait for the disk.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}),
		group: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "gewu_store_commit_transactions", Help: "Transactions that shared one commit.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 11),
		}),
	}
}

// Observe counts a group; it is for boltstore.Options.
func (m *Metrics) Observe(g boltstore.Group) {
	m.syncs.Observe(g.Sync.Seconds())
	m.group.Observe(float64(g.Transactions))
}

// Register shows the metrics of a store in a registry.
func (m *Metrics) Register(store *boltstore.DB, registry prometheus.Registerer) error {
	m.store = store
	for _, c := range []prometheus.Collector{m.syncs, m.group, m} {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("register metrics of the store: %w", err)
		}
	}
	return nil
}

func storeDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("gewu_store_"+name, help, nil, nil)
}

var (
	descFileBytes   = storeDesc("file_bytes", "Bytes of the store's file on the disk.")
	descFreeBytes   = storeDesc("free_bytes", "Bytes of the file that are free to be used again.")
	descLogBytes    = storeDesc("log_bytes", "Bytes of the records of the log and their keys.")
	descLogChanges  = storeDesc("log_changes", "Changes in all entries of the log.")
	descErased      = storeDesc("erased_changes", "Changes whose content retention has erased.")
	descHorizon     = storeDesc("horizon_seq", "Entry from which on history is complete.")
	descMark        = storeDesc("checkpoint_seq", "Entry up to which the newest checkpoint is complete.")
	descChangesRate = storeDesc("changes_per_day", "Growth of the log in changes, smoothed over two weeks.")
	descBytesRate   = storeDesc("bytes_per_day", "Growth of the log in bytes, smoothed over two weeks.")
	descReadOnly    = storeDesc("read_only", "1 while the store takes no changes.")
	descDamaged     = storeDesc("damaged", "1 once a part of the file was found damaged, until a deep check finds it in order.")
	descDiskFree    = storeDesc("disk_free_bytes", "Bytes that the store may still take on its disk.")
	descDays        = storeDesc("days_until_full", "Days until the disk is full, as the store has been growing lately; missing while it does not grow.")
)

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descFileBytes, descFreeBytes, descLogBytes, descLogChanges, descErased, descHorizon, descMark, descChangesRate,
		descBytesRate, descReadOnly, descDamaged, descDiskFree, descDays,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	s := m.store.Stats()
	gauge(descFileBytes, float64(s.FileBytes))
	gauge(descFreeBytes, float64(s.FreeBytes))
	gauge(descLogBytes, float64(s.LogBytes))
	gauge(descLogChanges, float64(s.LogChanges))
	gauge(descErased, float64(s.Erased))
	gauge(descHorizon, float64(s.Horizon))
	gauge(descMark, float64(s.Mark))
	gauge(descChangesRate, s.ChangesPerDay)
	gauge(descBytesRate, s.BytesPerDay)
	state := func(d *prometheus.Desc, is bool) {
		v := 0.0
		if is {
			v = 1
		}
		gauge(d, v)
	}
	state(descReadOnly, m.store.Failure() != nil)
	state(descDamaged, m.store.Damage() != nil)
	free, ok := diskFree(filepath.Dir(m.store.Path()))
	if !ok {
		return
	}
	gauge(descDiskFree, float64(free))
	if days, grows := daysUntilFull(s, free); grows {
		gauge(descDays, days)
	}
}

// daysUntilFull is the number of days until the file has taken the free bytes of its disk, as it has been growing lately;
// false when it does not grow. The file grows by more than the log: pages have headers and gaps, and checkpoints hold once
// more what the log says last.
func daysUntilFull(s boltstore.Stats, diskFree int64) (float64, bool) {
	if s.LogBytes == 0 || s.BytesPerDay <= 0 {
		return 0, false
	}
	perDay := s.BytesPerDay * float64(s.Bytes-s.FreeBytes) / float64(s.LogBytes)
	return float64(diskFree+s.FreeBytes+s.FileBytes-s.Bytes) / perDay, true
}
