package upkeep

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/storetest"
)

// TestDaysUntilFull checks the forecast against figures made by hand.
func TestDaysUntilFull(t *testing.T) {
	for name, test := range map[string]struct {
		stats boltstore.Stats
		free  int64
		days  float64
		grows bool
	}{
		// 10 of 100 bytes of log a day in a file of 200 that holds 150: 15 bytes a day, into 50 free, 20 spare, 80 on the disk.
		"grows":            {boltstore.Stats{BytesPerDay: 10, LogBytes: 100, Bytes: 200, FreeBytes: 50, FileBytes: 220}, 80, 10, true},
		"the disk is full": {boltstore.Stats{BytesPerDay: 10, LogBytes: 100, Bytes: 100, FileBytes: 100}, 0, 0, true},
		"rests":            {boltstore.Stats{LogBytes: 100, Bytes: 200, FileBytes: 200}, 80, 0, false},
		"is empty":         {boltstore.Stats{Bytes: 200, FileBytes: 200}, 80, 0, false},
	} {
		if days, grows := daysUntilFull(test.stats, test.free); days != test.days || grows != test.grows {
			t.Errorf("%s: %g days, %v", name, days, grows)
		}
	}
}

// TestMetrics registers the metrics of a store that is being written to, and looks for each of them.
func TestMetrics(t *testing.T) {
	m, registry := NewMetrics(), prometheus.NewRegistry()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "city.db"), boltstore.Options{Now: time.Now, Observe: m.Observe})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Register(db, registry); err != nil {
		t.Fatal(err)
	}
	s := storetest.Start(t, db)
	s.Must(t, storetest.Define(storetest.Lamps()))
	s.Must(t, storetest.Put("a", 1), storetest.Put("b", 2))
	s.Must(t, storetest.Put("a", 2))
	if _, err := db.Compact(t.Context(), boltstore.Retention{}, nil); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		switch metric := f.GetMetric()[0]; {
		case metric.GetHistogram() != nil:
			values[f.GetName()] = metric.GetHistogram().GetSampleSum()
			values[f.GetName()+"_count"] = float64(metric.GetHistogram().GetSampleCount())
		default:
			values[f.GetName()] = metric.GetGauge().GetValue()
		}
	}
	for name, want := range map[string]float64{
		"gewu_store_log_changes": 4, "gewu_store_erased_changes": 1, "gewu_store_horizon_seq": 3, "gewu_store_read_only": 0,
		"gewu_store_commit_transactions": 3, "gewu_store_commit_transactions_count": 3, "gewu_store_commit_seconds_count": 3,
	} {
		if got, ok := values[name]; !ok || got != want {
			t.Errorf("%s is %g, %v, want %g", name, got, ok, want)
		}
	}
	for _, name := range []string{
		"gewu_store_file_bytes", "gewu_store_free_bytes", "gewu_store_log_bytes", "gewu_store_changes_per_day", "gewu_store_bytes_per_day",
		"gewu_store_disk_free_bytes", "gewu_store_days_until_full", "gewu_store_commit_seconds",
	} {
		if values[name] <= 0 {
			t.Errorf("%s is %g", name, values[name])
		}
	}
}
