package server

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/server/rest"
)

const geocodedColumns = ",lon,lat,score,kind,relation,label,place_layer,place_id,radius_m,faults,district_code,district_name,village_code,village_name,unit_code,error\n"

// TestGeocodeCSV answers rows, wrong ones too, in the order of the input.
func TestGeocodeCSV(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.RowBytes = 4 << 10 }).fill()
	const third = ",121.509,25.005,100,house,,信義路3號,addresses,addr2,5,,D1,大安區,D1-V1,里11,A111-00,\n"
	const none = ",,,,,,,,,,,,,,,,"
	for _, tc := range []struct{ name, query, body, want string }{
		{"plain", "", "id,q\n1,信義路3號\n2,今天天氣不錯\n3,信義路3號\n", "id,q" + geocodedColumns + "1,信義路3號" + third + "2,今天天氣不錯" + none + "no place found\n3,信義路3號" + third},
		{"quotes, byte order mark, CRLF", "", "\ufeff\"地址\",備註\r\n\"信義路3號\",\"a, \"\"b\"\"\"\r\n", "地址,備註" + geocodedColumns + "信義路3號,\"a, \"\"b\"\"\"" + third},
		{"the query before the address", "", "address,q\n信義路1號,信義路3號\n", "address,q" + geocodedColumns + "信義路1號,信義路3號" + third},
		{"column given", "?column=where", "q,where\nx,信義路3號\n", "q,where" + geocodedColumns + "x,信義路3號" + third},
		{"columns of ours", "", "error,q,lon\nold,信義路3號,1\nold,x,1\n", "error,q,lon" + strings.Replace(strings.Replace(geocodedColumns, "lon,", "", 1), ",error", "", 1) +
			",信義路3號,121.509" + strings.TrimSuffix(strings.Replace(third, "121.509,", "", 1), ",\n") + "\n" + "no place found,x,,,,,,,,,,,,,,,\n"},
		{
			"wrong rows", "", "id,q\n1\n2,\n3,a,b\n4," + strings.Repeat("x", 1001) + "\n5,\xff\n6\",信\n7,信義路3號\n",
			"id,q" + geocodedColumns + "1," + none + "\"the row has 1 fields, the header 2\"\n2," + none + "q is empty\n3,a" + none + "\"the row has 3 fields, the header 2\"\n" +
				"4," + strings.Repeat("x", 1001) + none + "q is longer than 1000 characters; a place is named in fewer\n5,\uFFFD" + none + "the row is not UTF-8\n" +
				"," + none + "\"line 7 is not CSV: bare \"\" in non-quoted-field\"\n7,信義路3號" + third,
		},
		{"only sure ones", "?least=100", "q\n信仪路3号\n信義路3號\n", "q" + geocodedColumns + "信仪路3号" + none + "no place found\n信義路3號" + third},
		{"nothing but the header", "", "q\n", "q" + geocodedColumns},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c.t = t
			if a := c.do("POST", "/v1/geocode"+tc.query, sendCSV, tc.body); a.status != 200 || a.body != tc.want {
				t.Errorf("%d\n%s\nwant\n%s", a.status, a.body, tc.want)
			}
		})
	}
	for _, sc := range []scenario{
		{name: "no column", body: "a,b\n1,2\n", status: 400, want: []string{`"field":"column"`, "column is none of the columns a, b; name the one with the text"}},
		{name: "column that is not there", url: "?column=c", body: "a,b\n1,2\n", status: 400, want: []string{`"field":"column","value":"c"`, "the columns are a, b"}},
		{name: "empty", body: "", status: 400, want: []string{"the first row names the columns"}},
		{name: "one answer a row", url: "?limit=2", body: "q\nx\n", status: 400, want: []string{"limit is not a parameter here"}},
		{name: "layer", url: "?layers=x", body: "q\nx\n", status: 400, want: []string{`"field":"layers"`}},
		{name: "type", header: sendJSON, body: "{}", status: 415, want: []string{"text/csv or application/x-ndjson"}},
		{name: "history", url: "?min_seq=other-1", body: "q\n", status: 410},
	} {
		t.Run(sc.name, func(t *testing.T) {
			sc.method, sc.url = "POST", "/v1/geocode"+sc.url
			if sc.header == nil {
				sc.header = sendCSV
			}
			sc.run(t, c)
		})
	}
}

// TestGeocodeNDJSON echoes the members of each object.
func TestGeocodeNDJSON(t *testing.T) {
	c := newCity(t, nil).fill()
	in := []string{
		`{"id":7,"q":"信義路3號","nested":{"q":["}"]},"error":"old","lon":1,"areas":"old"}`,
		` { "Address" : "信仪路3号", "quo\"te":"a\\\"b,}" } `,
		`{"id":8,"q":"今天天氣不錯","lon":1}`,
		`{"q":null}`,
		`{"q":5}`,
		`{"id":9}`,
		`{}`,
		`[1,2]`,
		"{\"q\":\"\xff\"}",
	}
	a := c.do("POST", "/v1/geocode", sendNDJSON, strings.Join(in, "\n"))
	lines := strings.Split(strings.TrimSuffix(a.body, "\n"), "\n")
	want := [][]string{
		{`{"id":7,"q":"信義路3號","nested":{"q":["}"]},"lon":121.509,"lat":25.005,"score":100,"kind":"house","label":"信義路3號","place_layer":"addresses","place_id":"addr2","radius_m":5,"faults":[],"areas":[{"level":"district","code":"D1"`, `"cells":[{"scheme":"unit","code":"A111-00"`},
		{`{"Address":"信仪路3号","quo\"te":"a\\\"b,}","lon":121.509`, `"faults":[{"element":"road"`},
		{`{"id":8,"q":"今天天氣不錯","lon":1,"error":"no place found"}`},
		{`{"q":null,"error":"q is empty"}`},
		{`{"q":5,"error":"q must be a text"}`},
		{`{"id":9,"error":"the line has no text under a usual name; name the member with the text in column"}`},
		{`{"error":"the line has no text`},
		{`{"input":"[1,2]","error":"the line is not a JSON object in UTF-8"}`},
		{"not a JSON object"},
	}
	if a.status != 200 || len(lines) != len(want) {
		t.Fatalf("%d: %d lines, want %d\n%.2000s", a.status, len(lines), len(want), a.body)
	}
	for i, line := range lines {
		if !json.Valid([]byte(line)) || strings.Contains(line, "old") {
			t.Errorf("line %d is not JSON, or keeps a member of ours: %s", i, line)
		}
		for _, w := range want[i] {
			if !strings.Contains(line, w) {
				t.Errorf("line %d lacks %s: %s", i, w, line)
			}
		}
	}
	scenario{method: "POST", url: "/v1/geocode?column=where", header: sendNDJSON, body: `{"q":"信義路1號"}`, status: 200, want: []string{`{"q":"信義路1號","error":"where is missing"}`}}.run(t, c)
	scenario{method: "POST", url: "/v1/geocode?crs=gcj02", header: sendNDJSON, body: `{"q":"信義路3號"}`, status: 200, want: []string{`"code":"A111-00"`}, not: []string{`"lon":121.509,`}}.run(t, c)
}

// TestGeocodeStream streams many rows through the server while the city changes: the order is that of the input, each
// row agrees with what one question answers, and the heap stays small.
func TestGeocodeStream(t *testing.T) {
	c := newCity(t, nil).fill()
	n := 200_000
	if testing.Short() {
		n = 30_000
	}
	for _, kind := range []string{rest.TypeCSV, rest.TypeNDJSON} {
		from, to := io.Pipe()
		go func() {
			out := bufio.NewWriter(to)
			if kind == rest.TypeCSV {
				fmt.Fprintln(out, "id,q")
			}
			for i := range n {
				if kind == rest.TypeCSV {
					fmt.Fprintf(out, "%d,信義路%d號\n", i, i%10+1)
				} else {
					fmt.Fprintf(out, "{\"id\":%d,\"q\":\"信義路%d號\"}\n", i, i%10+1)
				}
				if i%5000 == 0 {
					c.move("tree01", 121.5+float64(i%9)*1e-3, 25.001)
				}
			}
			to.CloseWithError(out.Flush())
		}()
		res, err := client.Post(c.http.URL+"/v1/geocode", kind, from)
		if err != nil {
			t.Fatal(err)
		}
		got, most, before := 0, uint64(0), liveHeap() // what other tests of the package hold is not of the stream
		check := func(id, place string) {
			if id != fmt.Sprint(got) || place != fmt.Sprintf("addr%d", got%10) {
				t.Fatalf("%s: row %d is %s with %s", kind, got, id, place)
			}
			if got++; got%20_000 == 0 {
				most = max(most, liveHeap())
			}
		}
		if kind == rest.TypeCSV {
			in := csv.NewReader(res.Body)
			if _, err := in.Read(); err != nil {
				t.Fatal(err)
			}
			for {
				row, err := in.Read()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				check(row[0], row[9])
			}
		} else {
			in := json.NewDecoder(res.Body)
			for in.More() {
				var row struct {
					ID    json.Number
					Place string `json:"place_id"`
				}
				if err := in.Decode(&row); err != nil {
					t.Fatal(err)
				}
				check(row.ID.String(), row.Place)
			}
		}
		res.Body.Close()
		if got != n {
			t.Errorf("%s: %d rows of %d", kind, got, n)
		}
		if t.Logf("%s: heap at most %d MB, %d MB before", kind, most>>20, before>>20); most > before+34<<20 {
			t.Errorf("%s: the heap grew from %d to %d MB", kind, before>>20, most>>20)
		}
	}
}

// liveHeap is what is in use after garbage was collected; the second time what pools keep goes too.
func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
