package server

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gewu-city/gewu/server/rest"
)

var (
	sendCSV    = map[string]string{"Content-Type": "text/csv; charset=utf-8"}
	sendNDJSON = map[string]string{"Content-Type": "application/x-ndjson"}
)

const csvAnswer = ",district_code,district_name,village_code,village_name,unit_code,address,address_m,error\n"

// TestLocateCSV answers rows, wrong ones too, in the order of the input.
func TestLocateCSV(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.RowBytes = 1 << 10 }).fill()
	for _, tc := range []struct {
		name, query, body, want string
	}{
		{"plain", "", "id,lon,lat\n1,121.505,25.005\n2,121.53,25.015\n", "id,lon,lat" + csvAnswer + "1,121.505,25.005,D1,大安區,D1-V1,里11,A111-00,信義路2號,0,\n2,121.53,25.015,D2,信義區,D2-V2,里22,A222-00,,,\n"},
		{"byte order mark, CRLF, other names", "", "\ufeffY,\"X\",備註\r\n25.005,121.505,\"a \"\"b\"\", c\"\r\n", "Y,X,備註" + csvAnswer + "25.005,121.505,\"a \"\"b\"\", c\",D1,大安區,D1-V1,里11,A111-00,信義路2號,0,\n"},
		{"lon before x", "", "x,y,lon,lat\n1,2,121.505,25.005\n", "x,y,lon,lat" + csvAnswer + "1,2,121.505,25.005,D1,大安區,D1-V1,里11,A111-00,信義路2號,0,\n"},
		{"names given", "?lon=east&lat=north", "lon,lat,east,north\n0,0,121.505,25.005\n", "lon,lat,east,north" + csvAnswer + "0,0,121.505,25.005,D1,大安區,D1-V1,里11,A111-00,信義路2號,0,\n"},
		{"scheme", "?scheme=unit", "x,y\n121.505,25.005", "x,y" + csvAnswer + "121.505,25.005,D1,大安區,D1-V1,里11,A111-00,信義路2號,0,\n"},
		{"outside", "", "lon,lat\n0,0\n", "lon,lat" + csvAnswer + "0,0,,,,,,,,\n"},
		{
			"wrong rows", "", "lon,lat,n\n121.505,25.005,1\nx,25,2\n,25,3\n200,25,4\nNaN,25,5\n121,25\n121,25,7,8\n121.505,25.005,\xff\n12\"1,25,9\n121.505,25.005,10\n",
			"lon,lat,n" + csvAnswer +
				"121.505,25.005,1,D1,大安區,D1-V1,里11,A111-00,信義路2號,0,\n" +
				"x,25,2,,,,,,,,\"lon must be a number (value \"\"x\"\")\"\n" +
				",25,3,,,,,,,,lon is empty\n" +
				"200,25,4,,,,,,,,\"lon must lie within ±180 (value \"\"200\"\")\"\n" +
				"NaN,25,5,,,,,,,,\"lon must be a number (value \"\"NaN\"\")\"\n" +
				"121,25,,,,,,,,,\"the row has 2 fields, the header 3\"\n" +
				"121,25,7,,,,,,,,\"the row has 4 fields, the header 3\"\n" +
				"121.505,25.005,\uFFFD,,,,,,,,the row is not UTF-8\n" +
				",,,,,,,,,,\"line 10 is not CSV: bare \"\" in non-quoted-field\"\n" +
				"121.505,25.005,10,D1,大安區,D1-V1,里11,A111-00,信義路2號,0,\n",
		},
		{"a quote that is not closed", "", "lon,lat,n\n121.505,25.005,\"" + strings.Repeat("x", 200_000), "lon,lat,n" + csvAnswer + ",,,,,,,,,,row 1 is longer than 1024 bytes (a quote that is not closed?); the rest was not read\n"},
		{"nothing but the header", "", "lon,lat\n", "lon,lat" + csvAnswer},
		{"metres", "?crs=EPSG:3857", "x,y\n13525874,2876750\n", "x,y" + csvAnswer + "13525874,2876750,D1,大安區,D1-V1,里11,A111-00,,,\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c.t = t
			a := c.do("POST", "/v1/locate"+tc.query, sendCSV, tc.body)
			if a.status != 200 || a.body != tc.want {
				t.Errorf("%d\n%s\nwant\n%s", a.status, a.body, tc.want)
			}
		})
	}
	for _, sc := range []scenario{
		{name: "no columns", body: "a,b\n1,2\n", status: 400, want: []string{`"field":"lon"`, "none of the columns a, b", "?lon="}},
		{name: "a column twice", body: "lon,lat,lon\n1,2,3\n", status: 400, want: []string{`"field":"lon"`, "lon is there twice"}},
		{name: "column that is not there", url: "?lon=east&lat=north", body: "a,b\n1,2\n", status: 400, want: []string{`"value":"east"`}},
		{name: "only one name", url: "?lon=a", body: "a,b\n1,2\n", status: 400, want: []string{"together"}},
		{name: "empty", body: "", status: 400, want: []string{"the first row names the columns"}},
		{name: "header is no CSV", body: "a\"b,c\n", status: 400, want: []string{"not CSV"}},
		{name: "header without end", body: "\"" + strings.Repeat("x", 100_000), status: 400, want: []string{"longer than 1024 bytes"}},
		{name: "type", header: sendJSON, body: "{}", status: 415, want: []string{"text/csv or application/x-ndjson"}},
		{name: "scheme", url: "?scheme=fire", body: "lon,lat\n", status: 400, want: []string{`"field":"scheme"`}},
		{name: "history", url: "?min_seq=other-1", body: "lon,lat\n", status: 410},
	} {
		t.Run(sc.name, func(t *testing.T) {
			sc.method, sc.url = "POST", "/v1/locate"+sc.url
			if sc.header == nil {
				sc.header = sendCSV
			}
			sc.run(t, c)
		})
	}
}

// TestLocateNDJSON echoes the members of each object.
func TestLocateNDJSON(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.RowBytes = 100 << 10 }).fill()
	in := []string{
		"\ufeff" + `{"id":7,"lon":121.505,"lat":25.005,"nested":{"lon":1,"a":["}",{}]},"error":"old"}`,
		` { "LON" : "121.53" , "Lat":"25.015", "quo\"te":"a\\\"b,}" } `,
		``,
		`{"lon":null,"lat":25}`,
		`{"lat":25}`,
		`{}`,
		`[1,2]`,
		`{"lon":121.5,`,
		"{\"lon\":\"\xff\"}",
		`{"lon":121.505,"lat":25.005,"text":"` + strings.Repeat("x", 80<<10) + `"}`,
		`{"lon":1e999,"lat":25}`,
		`{"x":1,"y":2,"lon":121.505,"lat":25.005,"lng":3}`,
		`{"lon":121.505,"lat":25.005,"lon":121.53}`,
		`{"lon":121.505,"lat":25.005,"LAT":25}`,
		`{"x":1,"x":2,"y":2,"lon":121.505,"lat":25.005}`,
		`{"geometry":{"type":"Point","coordinates":[121.505,25.005]},"geometry":{"type":"Point","coordinates":[121.53,25.015]}}`,
	}
	a := c.do("POST", "/v1/locate", sendNDJSON, strings.Join(in, "\n"))
	lines := strings.Split(strings.TrimSuffix(a.body, "\n"), "\n")
	want := [][]string{
		{`{"id":7,"lon":121.505,"lat":25.005,"nested":{"lon":1,"a":["}",{}]},"areas":[{"level":"district","code":"D1"`, `"cells":[{"scheme":"unit"`, `"address":{"layer":"addresses"`},
		{`{"LON":"121.53","Lat":"25.015","quo\"te":"a\\\"b,}","areas":[{"level":"district","code":"D2"`, `"address":null}`},
		{`{"lon":null,"lat":25,"error":"lon must be a number`},
		{`{"lat":25,"error":"lon is empty"}`},
		{`{"error":"lon is empty"}`},
		{`{"input":"[1,2]","error":"the line is not a JSON object in UTF-8"}`},
		{`{"input":"{\"lon\":121.5,"`, "not a JSON object"},
		{"not a JSON object"},
		{`"text":"xxx`, `"areas":[{`},
		{`"error":"lon must be a number`},
		{`{"x":1,"y":2,"lon":121.505,"lat":25.005,"lng":3,"areas":[{"level":"district","code":"D1"`},
		{`"error":"lon is there twice"}`},
		{`"error":"lat and LAT are both there"}`},
		{`"areas":[{"level":"district","code":"D1"`},
		{`"error":"geometry is there twice"}`},
	}
	if a.status != 200 || len(lines) != len(want) {
		t.Fatalf("%d: %d lines, want %d\n%.2000s", a.status, len(lines), len(want), a.body)
	}
	for i, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("line %d is not JSON: %.200s", i, line)
		}
		for _, w := range want[i] {
			if !strings.Contains(line, w) {
				t.Errorf("line %d lacks %s: %.500s", i, w, line)
			}
		}
		if strings.Contains(line, "old") {
			t.Errorf("line %d keeps a member of our name: %s", i, line)
		}
	}
	a = c.do("POST", "/v1/locate", sendNDJSON, `{"lon":1,"lat":1}`+"\n"+`{"x":"`+strings.Repeat("x", 400<<10))
	if lines := strings.Count(a.body, "\n"); lines != 2 || !strings.Contains(a.body, "row 2 is longer") {
		t.Errorf("a line without end: %s", a.body)
	}
}

// rows writes n rows of CSV or NDJSON, as long as the reader takes them.
func rows(w io.Writer, kind string, n int) (int, error) {
	out := bufio.NewWriter(w)
	if kind == rest.TypeCSV {
		fmt.Fprintln(out, "id,lon,lat,note")
	}
	for i := range n {
		lon, lat := 121.5+float64(i%4000)*1e-5, 25+float64(i%1999)*1e-5
		var err error
		if kind == rest.TypeCSV {
			_, err = fmt.Fprintf(out, "%d,%.5f,%.5f,note\n", i, lon, lat)
		} else {
			_, err = fmt.Fprintf(out, "{\"id\":%d,\"lon\":%.5f,\"lat\":%.5f}\n", i, lon, lat)
		}
		if err != nil {
			return i, err
		}
	}
	return n, out.Flush()
}

// TestLocateStreamMemory streams many rows through the server and watches the heap.
func TestLocateStreamMemory(t *testing.T) {
	c := newCity(t, nil).fill()
	n := 300_000
	if testing.Short() {
		n = 60_000
	}
	for _, kind := range []string{rest.TypeCSV, rest.TypeNDJSON} {
		from, to := io.Pipe()
		go func() {
			_, err := rows(to, kind, n)
			to.CloseWithError(err)
		}()
		res, err := client.Post(c.http.URL+"/v1/locate", kind, from)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(res.Body)
		got, most := 0, uint64(0)
		for lines.Scan() {
			if got++; got%50_000 == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		res.Body.Close()
		if kind == rest.TypeCSV {
			got--
		}
		if err := lines.Err(); err != nil || got != n {
			t.Fatalf("%s: %d rows of %d: %v", kind, got, n, err)
		}
		t.Logf("%s: %d rows, heap at most %d MB", kind, n, most>>20)
		if most > 32<<20 {
			t.Errorf("%s: the heap grew to %d MB", kind, most>>20)
		}
	}
}

// TestLocateFullDuplex asks row by row: each answer comes before the next row is sent.
func TestLocateFullDuplex(t *testing.T) {
	c := newCity(t, nil).fill()
	from, to := io.Pipe()
	defer to.Close()
	go fmt.Fprint(to, "lon,lat\n121.505,25.005\n")
	res, err := client.Post(c.http.URL+"/v1/locate", rest.TypeCSV, from)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	next := func() string {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the stream ended: %v", lines.Err())
		}
		return lines.Text()
	}
	next()
	if line := next(); !strings.Contains(line, "A111-00") {
		t.Error(line)
	}
	for i := range 5 {
		fmt.Fprintf(to, "121.53,25.01%d\n", i)
		if line := next(); !strings.HasPrefix(line, fmt.Sprintf("121.53,25.01%d,D2", i)) {
			t.Error(line)
		}
	}
}

// TestLocateStuck gives up a client that sends nothing more, and one that does not read.
func TestLocateStuck(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.Idle = 100 * time.Millisecond }).fill()
	from, to := io.Pipe()
	go fmt.Fprint(to, "lon,lat\n121.505,25.005\n")
	start := time.Now()
	res, err := client.Post(c.http.URL+"/v1/locate", rest.TypeCSV, from)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(res.Body)
	res.Body.Close()
	to.Close()
	if err == nil || time.Since(start) > 10*time.Second {
		t.Errorf("a silent client got a whole answer (%v)", err)
	}

	from, to = io.Pipe()
	var sent atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		n, err := rows(to, rest.TypeCSV, 10_000_000)
		sent.Store(int64(n))
		to.CloseWithError(err)
	}()
	res, err = client.Post(c.http.URL+"/v1/locate", rest.TypeCSV, from)
	if err != nil {
		t.Fatal(err)
	}
	<-done
	res.Body.Close()
	if sent.Load() >= 10_000_000 {
		t.Error("a client that does not read could send everything")
	}
	t.Logf("given up after %d rows", sent.Load())
}

// TestLocateKeepsMembers repeats every member of a line that the answer to this line does not write itself.
func TestLocateKeepsMembers(t *testing.T) {
	c := newCity(t, nil).fill()
	own := `"areas":12,"cells":"x","address":"here","parts":3,"within":true,"point":[1,2]`
	line := `{` + own + `,"lon":121.505,"lat":25.005,"z":1}`
	for _, tc := range []struct{ url, in, begins, not string }{
		{"?include=cells", line, `{"areas":12,"address":"here","parts":3,"within":true,"point":[1,2],"lon":121.505,"lat":25.005,"z":1,"cells":[{"scheme":"unit"`, `"cells":"x"`},
		{"?include=areas,parts", line, `{"cells":"x","address":"here","within":true,"point":[1,2],"lon":121.505,"lat":25.005,"z":1,"areas":[{"level":"district"`, `"parts":3`},
		{"?include=cells&radius=10", line, `{"areas":12,"address":"here","parts":3,"point":[1,2],"lon":121.505,"lat":25.005,"z":1,"cells":[{"scheme":"unit"`, `"within":true`},
		// A line that fails is answered with error alone; error is always the answer's.
		{"", `{` + own + `,"lon":1,"error":"old"}`, `{` + own + `,"lon":1,"error":"lat is empty"}`, "old"},
		{"?include=cells", `{"areas":1,"error":"old","lon":121.505,"lat":25.005}`, `{"areas":1,"lon":121.505,"lat":25.005,"cells":[`, "error"},
		{"?include=cells", `{"point":1,"areas":2,"geometry":{"type":"Point","coordinates":[121.505,25.005]}}`, `{"areas":2,"geometry":{"type":"Point","coordinates":[121.505,25.005]},"point":[121.505,25.005],"cells":[`, `"point":1`},
		{"?include=cells", `{"cells":1,"geometry":{"type":"Point","coordinates":[121.505,25.005]}}`, `{"geometry":{"type":"Point","coordinates":[121.505,25.005]},"point":[121.505,25.005],"cells":[`, `"cells":1`},
	} {
		a := c.do("POST", "/v1/locate"+tc.url, sendNDJSON, tc.in)
		if a.status != 200 || !json.Valid([]byte(a.body)) || !strings.HasPrefix(a.body, tc.begins) || strings.Contains(a.body, tc.not) {
			t.Errorf("%s of %s is %d %s", tc.url, tc.in, a.status, a.body)
		}
	}
}

// TestLocateOwnColumns answers rows that have columns of the answer already, such as an answer that is sent again: there
// is one column of each name, in the place where the row has it.
func TestLocateOwnColumns(t *testing.T) {
	c := newCity(t, nil).fill()
	for _, tc := range []struct{ url, in, want string }{
		{
			"?include=cells", "unit_code,lon,lat,error,n\nX,121.505,25.005,old,1\n\"Y\",,,,\"2,3\"\nZ,1\n",
			"unit_code,lon,lat,error,n\nA111-00,121.505,25.005,,1\n,,,lon is empty,\"2,3\"\n,1,,\"the row has 2 fields, the header 5\",\n",
		},
		{"?include=cells", "lon,lat,unit_code\n121.505,25.005,X\n", "lon,lat,unit_code,error\n121.505,25.005,A111-00,\n"},
		{
			"?include=areas", "lon,lat,unit_code\n121.505,25.005,X\n",
			"lon,lat,unit_code,district_code,district_name,village_code,village_name,error\n121.505,25.005,X,D1,大安區,D1-V1,里11,\n",
		},
	} {
		a := c.do("POST", "/v1/locate"+tc.url, sendCSV, tc.in)
		if a.status != 200 || a.body != tc.want {
			t.Errorf("%s of %q is %d\n%s\nwant\n%s", tc.url, tc.in, a.status, a.body, tc.want)
		}
		if again := c.do("POST", "/v1/locate"+tc.url, sendCSV, a.body); !strings.HasPrefix(again.body, strings.Join(strings.SplitAfter(a.body, "\n")[:2], "")) {
			t.Errorf("its answer sent again is\n%s", again.body)
		}
	}
}
