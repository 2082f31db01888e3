package readings

import (
	"testing"
	"time"
)

// TestLasting says times in words.
func TestLasting(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration][2]string{
		0:                          {"0 秒", "0 s"},
		1400 * time.Millisecond:    {"1 秒", "1 s"},
		10 * time.Minute:           {"10 分钟", "10 min"},
		90 * time.Second:           {"1 分钟 30 秒", "1 min 30 s"},
		25*time.Hour + time.Second: {"25 小时", "25 h"},
		time.Hour + time.Minute:    {"1 小时 1 分钟", "1 h 1 min"},
	} {
		if got := [2]string{lasting("zh", d), lasting("en", d)}; got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
