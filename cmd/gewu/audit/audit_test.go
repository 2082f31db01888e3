package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cmd/gewu/audit"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// city answers with n entries, two in a page at most, and notes what it was asked.
type city struct {
	n     int
	asked []url.Values
}

func (c *city) Ask(_ context.Context, _, path string, query url.Values, v any) error {
	if path != "/v1/audit" {
		return fmt.Errorf("asked for %s", path)
	}
	asked := url.Values{}
	for name := range query {
		asked.Set(name, query.Get(name))
	}
	c.asked = append(c.asked, asked)
	from := 0
	_, _ = fmt.Sscan(query.Get("cursor"), &from)
	type entry map[string]any
	page := map[string]any{}
	var entries []entry
	for i := from; i < min(from+2, c.n); i++ {
		entries = append(entries, entry{"time": noon, "actor": "account:a", "login": "ming", "action": "login", "reason": fmt.Sprint("r", i, "\x1b[2J\n\u202e"), "count": i, "outcome": "refused"})
	}
	page["entries"] = entries
	if from+2 < c.n {
		page["next"] = fmt.Sprint(from + 2)
	}
	raw, err := json.Marshal(page)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

func (c *city) Open(_ context.Context, path string, query url.Values) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(path + " " + query.Encode() + "\n")), nil
}

func run(t *testing.T, c *city, cmd audit.Audit) (string, error) {
	t.Helper()
	if cmd.Output == "" {
		cmd.Output = "-"
	}
	var out bytes.Buffer
	err := cmd.Run(&audit.Env{
		Stdout: &out, Now: func() time.Time { return noon }, Store: filepath.Join(t.TempDir(), "gewu.db"),
		WithCity: func(do func(context.Context, audit.Client) error) error { return do(t.Context(), c) },
	})
	return out.String(), err
}

func TestTable(t *testing.T) {
	for limit, want := range map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 50: 5} {
		c := &city{n: 5}
		out, err := run(t, c, audit.Audit{Limit: limit, Who: "ming"})
		lines := strings.Split(strings.TrimSpace(out), "\n")
		// A server may give more than was asked for; this one gives two.
		if err != nil || len(lines) < want+1 || len(lines) > want+2 {
			t.Errorf("limit %d: %d lines, %v\n%s", limit, len(lines), err, out)
		}
		if strings.ContainsAny(out, "\x1b\u202e") || !strings.Contains(lines[1], "ming") || c.asked[0].Get("who") != "ming" {
			t.Errorf("%q", out)
		}
	}
	out, err := run(t, &city{n: 3}, audit.Audit{Limit: 9})
	if err != nil || !strings.Contains(out, "refused ×2") || strings.Contains(out, "×1") {
		t.Errorf("%s, %v", out, err)
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]string{"36h": "2026-11-25T00:00:00Z", "7d": "2026-11-19T12:00:00Z", "2026-03-01": "2026-03-01", "yesterday": "yesterday"} {
		c := &city{n: 1}
		if _, err := run(t, c, audit.Audit{Limit: 1, Since: text, Until: text, Object: "7d"}); err != nil {
			t.Fatal(err)
		}
		if q := c.asked[0]; q.Get("from") != want || q.Get("to") != want || q.Get("object") != "7d" {
			t.Errorf("%s: %v, want %s", text, q, want)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{"a.csv": "csv", "a.ndjson": "ndjson", "A.JSON": "ndjson"} {
		path := filepath.Join(dir, name)
		if _, err := run(t, &city{}, audit.Audit{Output: path, Refused: true}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil || string(text) != "/v1/audit/export format="+want+"&outcome=refused\n" {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
	if out, err := run(t, &city{}, audit.Audit{CSV: true}); err != nil || out != "/v1/audit/export format=csv\n" {
		t.Errorf("%s, %v", out, err)
	}
	for _, bad := range []audit.Audit{{Output: filepath.Join(dir, "a.txt")}, {Limit: 0}} {
		if _, err := run(t, &city{}, bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
