package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// still is a clock that only Move moves; it stops once on every way.
type still struct{ now time.Time }

func (s *still) Now() time.Time { return s.now }

func (s *still) Move(_ context.Context, to func(time.Time) (time.Time, error)) (int, error) {
	next, err := to(s.now)
	if err != nil {
		return 0, err
	}
	s.now = next
	return 1, nil
}

// asks sends a body to the clock with a client, or reads the clock without one. The answer is validated.
func (c *town) asks(client *http.Client, body string) answer {
	c.t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequest(method, "http://gewu/v1/clock", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, string(raw)}
	c.spec.validate(c.t, req, body, a)
	return a
}

// TestVirtualClock moves the clock of a city over the control socket, and fails to from elsewhere and to the past.
func TestVirtualClock(t *testing.T) {
	begin := time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)
	ticks := &still{begin}
	c := newCity(t, func(cfg *Config) { cfg.Clock = ticks })
	socket := c.overSocket()
	for _, test := range []struct {
		body   string
		status int
		now    time.Time
		text   string
	}{
		{"", 200, begin, `"virtual"`},
		{`{"advance":"2h"}`, 200, begin.Add(2 * time.Hour), `"stops":1`},
		{`{"advance":"3d"}`, 200, begin.Add(74 * time.Hour), ""},
		{`{"advance":"0s"}`, 200, begin.Add(74 * time.Hour), ""},
		{`{"set":"2026-11-06T09:00:00+08:00"}`, 200, begin.Add(96 * time.Hour), ""},
		{`{"set":"2026-11-06T08:59:59+08:00"}`, 409, begin.Add(96 * time.Hour), "never goes backwards"},
		{`{"set":"tomorrow"}`, 400, begin.Add(96 * time.Hour), "2026-11-02T09:00:00"},
		{`{"advance":"-2h"}`, 400, begin.Add(96 * time.Hour), "1h30m"},
		{`{"advance":"2h","set":"2027-01-01T00:00:00Z"}`, 400, begin.Add(96 * time.Hour), "2h"},
		{`{}`, 400, begin.Add(96 * time.Hour), "advance"},
		{`{"go":"2h"}`, 400, begin.Add(96 * time.Hour), "go"},
	} {
		a := c.asks(socket, test.body)
		if a.status != test.status || !strings.Contains(a.body, test.text) || !ticks.now.Equal(test.now) {
			t.Errorf("%s: status %d, %s; the clock shows %s", test.body, a.status, a.body, ticks.now)
		}
		var is struct{ Now time.Time }
		if err := json.Unmarshal([]byte(a.body), &is); err != nil || a.status == 200 && !is.Now.Equal(test.now) {
			t.Errorf("%s: answered %s", test.body, a.body)
		}
	}
	for _, body := range []string{"", `{"advance":"2h"}`} {
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		if a := c.do(method, "/v1/clock", map[string]string{"Content-Type": "application/json"}, body); a.status != http.StatusForbidden {
			t.Errorf("over the network: status %d, %s", a.status, a.body)
		}
	}
	if !ticks.now.Equal(begin.Add(96 * time.Hour)) {
		t.Errorf("the clock was moved over the network to %s", ticks.now)
	}
}

// TestWallClock cannot move the clock on the wall.
func TestWallClock(t *testing.T) {
	c := newCity(t, nil)
	socket := c.overSocket()
	if a := c.asks(socket, ""); a.status != 200 || !strings.Contains(a.body, `"wall"`) {
		t.Errorf("status %d, %s", a.status, a.body)
	}
	if a := c.asks(socket, `{"advance":"2h"}`); a.status != http.StatusConflict || !strings.Contains(a.body, "--clock virtual") {
		t.Errorf("status %d, %s", a.status, a.body)
	}
}
