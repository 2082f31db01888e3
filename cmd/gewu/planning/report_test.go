package planning_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/planning"
)

func TestReport(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	e := env("", &out, &out)
	asked := ""
	e.Ask = func(path string, query url.Values, v any) error {
		asked = path + "?" + query.Encode()
		return json.Unmarshal([]byte(`{"scheme":"unit","cells":1,"complete":{"gaps":2,"gap_m2":7},"balanced":{"measures":[{"layer":"doors","min":3}]},"differentiated":{"proposed":{"key":1}},
			"rows":[{"code":"a","counts":[3],"load":1,"proposed_grade":"key"}]}`), v)
	}
	written := ""
	e.Write = func(name string, r io.Reader) error {
		text, err := io.ReadAll(r)
		written = name + " " + string(text)
		return err
	}
	for _, c := range []struct {
		cmd  planning.Report
		want string
	}{
		{planning.Report{Lang: "en"}, "gaps"},
		{planning.Report{Lang: "zh"}, "空白"},
		{planning.Report{CSV: true}, "code,parent,area_m2,households,doors,load"},
		{planning.Report{JSON: true}, `"scheme":"unit"`},
	} {
		c.cmd.Scheme = "unit"
		if err := c.cmd.Validate(); err != nil {
			t.Error(err)
		}
		out.Reset()
		if err := c.cmd.Run(e); err != nil || !strings.Contains(out.String(), c.want) {
			t.Errorf("%+v: %v %s", c.cmd, err, &out)
		}
	}
	if err := (&planning.Report{Scheme: "fire grid", Low: 200, High: 500, Key: 2, At: "2026-01-01", Output: "x.csv"}).Run(e); err != nil ||
		asked != "/v1/schemes/fire%20grid/report?at=2026-01-01&high=500&key=2&low=200" || !strings.HasPrefix(written, "x.csv code,parent") {
		t.Error(err, asked, written)
	}
	for _, bad := range []planning.Report{{Low: 3}, {Low: -1}, {Output: "x.pdf"}} {
		if bad.Validate() == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}
