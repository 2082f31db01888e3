package geocode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/geocode"
)

// BenchmarkCost asks for texts that are made to cost much: none should take more than 20 ms.
func BenchmarkCost(b *testing.B) {
	g, _ := city(b)
	for name, text := range map[string]string{
		"kinds":     strings.Repeat("路", 100) + strings.Repeat("號", 100) + strings.Repeat("中山路1號", 100),
		"roads":     strings.Repeat("中山路", 300),
		"slips":     strings.Repeat("和平冬路二段", 140),
		"letters":   strings.Repeat("heping donglu ", 70),
		"mixed":     strings.Repeat("和ping東lu", 120),
		"and":       strings.Repeat("和平東路與", 190),
		"crossings": strings.Repeat("和平東路與復興南路口", 95),
		"spans":     strings.Repeat("從和平東路到復興南路之間", 80),
		"numbers":   strings.Repeat("1號2號3號", 160),
		"legs":      "和平東路二段106號" + strings.Repeat("往北50米再往東30米", 90),
		"bounds":    strings.Repeat("東起和平東路西至復興南路南起辛亥路北至信義路", 40),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				g.Search(geocode.Question{Text: text})
			}
		})
		b.Run(name+"/report", func(b *testing.B) {
			for b.Loop() {
				g.Extract(text, time.Time{})
			}
		})
	}
}
