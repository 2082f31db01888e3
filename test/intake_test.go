package test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKillIntake kills the server while it takes a file of reports in, again and again, until the file is through: each row is
// one case, and what was acknowledged stays.
func TestKillIntake(t *testing.T) {
	const rows = 1000
	dir := t.TempDir()
	s := serve(t, dir)
	s.call(http.MethodPut, "/v1/organisations/command-centre", object{"title": object{"zh": "中心"}, "level": "centre"}, nil)
	s.call(http.MethodPut, "/v1/staff/s-1", object{"name": "王", "holdings": []object{{"post": "operator", "organisation": "command-centre"}}}, nil)
	var file strings.Builder
	file.WriteString("external,reported,description,source,lon,lat\n")
	for i := range rows {
		fmt.Fprintf(&file, "N-%d,2026-01-05 08:00,第%d号,hotline,%g,%g\n", i, i, 116.3+float64(i%40)*0.002, 39.9+float64(i/40)*0.002) // no city is there: each is outside
	}
	acknowledged := map[string]string{}
	// send reads the answer until it breaks off, and calls each after each row.
	send := func(each func(n int)) (whole bool) {
		resp, err := http.Post(s.url+"/v1/cases/import?person=s-1", "text/csv", strings.NewReader(file.String()))
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		for n := 0; lines.Scan(); {
			var e struct {
				Row  *struct{ External, Case string }
				Done *struct{ Rows, Taken, Repeated, Failed int }
			}
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				return false // cut off in a line
			}
			if e.Row != nil {
				if before := acknowledged[e.Row.External]; before != "" && before != e.Row.Case {
					t.Fatalf("%s was case %s and is %s", e.Row.External, before, e.Row.Case)
				}
				acknowledged[e.Row.External] = e.Row.Case
				n++
				each(n)
			}
			if e.Done != nil {
				if e.Done.Rows != rows || e.Done.Failed != 0 || e.Done.Taken+e.Done.Repeated != rows {
					t.Errorf("%+v", e.Done)
				}
				whole = true
			}
		}
		return whole
	}
	began := time.Now()
	for round := range 3 {
		send(func(n int) {
			if n == 96*(round+1) {
				s.kill()
			}
		})
		s.kill()
		s = serve(t, dir)
	}
	before := len(acknowledged)
	if before == 0 {
		t.Error("nothing was acknowledged before the kills")
	}
	if !send(func(int) {}) {
		t.Fatal("the answer broke off")
	}
	t.Logf("%d acknowledged before the last round; %v in all", before, time.Since(began).Round(time.Millisecond))
	var count struct{ Count int }
	s.call(http.MethodGet, "/v1/cases/count?person=s-1", nil, &count)
	if count.Count != rows || len(acknowledged) != rows {
		t.Errorf("%d cases, %d acknowledged, of %d rows", count.Count, len(acknowledged), rows)
	}
	s.stop()
	// The command says the same of the file, without a server: nothing is new, and a wrong row fails it.
	name := filepath.Join(dir, "reports.csv")
	if err := os.WriteFile(name, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := mustRun(t, "case", "import", "--data", dir, "--as", "s-1", name); !strings.Contains(out, "1000 rows: 0 taken in, 1000 repeated, 0 wrong") {
		t.Error(out)
	}
	out, ok := run(t, strings.NewReader("description,source\n,hotline\nx,hotline\n"), "case", "import", "--data", dir, "--as", "s-1", "--format", "csv", "--dry-run", "-")
	if ok || !strings.Contains(out, "row 1 (line 2): description") || !strings.Contains(out, "2 rows: 1 taken in, 0 repeated, 1 wrong") || !strings.Contains(out, "dry run") {
		t.Errorf("%v %s", ok, out)
	}
}
