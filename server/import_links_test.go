package server

import (
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/server/undo"
)

// blocks is a layer whose features refer to each other and have values that no other may have.
const blocks = `{"name":"blocks","geometry":"point","attributes":[{"name":"parent","type":"ref","ref":"blocks"},{"name":"twin","type":"ref","ref":"blocks","on_delete":"set_null"},{"name":"code","type":"code","unique":true},{"name":"n","type":"int"}]}`

// newBlocks is a city with an empty layer of blocks.
func newBlocks(t *testing.T) *town {
	t.Helper()
	c := newCity(t, nil)
	if a := c.do("POST", "/v1/layers", sendJSON, blocks); a.status != 201 {
		t.Fatal(a.body)
	}
	return c
}

// blocks is the content of the layer, in words.
func (c *town) blocks() string {
	l, _ := c.engine.World().Layer("blocks")
	var all []string
	for s := range l.Slots() {
		f := l.Feature(s)
		all = append(all, fmt.Sprint(f.ID, f.Values, f.Shape.Vertices()))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// raw asks the server with a body or for one that the document only calls a file.
func (c *town) raw(method, target, body string) (status int, text string) {
	c.t.Helper()
	req, err := http.NewRequest(method, c.http.URL+target, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, string(got)
}

// TestExportOfLinkedFeaturesImports exports features that refer forward, back, to themselves and in circles, in each
// format, and imports the file into an empty city, over itself, and over a city where all codes are exchanged.
func TestExportOfLinkedFeaturesImports(t *testing.T) {
	c := newBlocks(t)
	n := 300
	if testing.Short() {
		n = 60
	}
	var file strings.Builder
	file.WriteString("id,lon,lat,parent,twin,code,n\n")
	for i := range n {
		twin := fmt.Sprint("b", i^1)
		if i%7 == 0 {
			twin = ""
		}
		fmt.Fprintf(&file, "b%d,121.5,25.%03d,b%d,%s,c%d,%d\n", i, i, rand.IntN(n), twin, i, i)
	}
	if sum, failed := imported(t, c.do("POST", "/v1/layers/blocks/import", sendCSV, file.String())); sum.Added != n || failed != "" {
		t.Fatalf("%+v %s", sum, failed)
	}
	want := c.blocks()
	for _, format := range convert.ExportFormats() {
		t.Run(format, func(t *testing.T) {
			status, file := c.raw("GET", "/v1/layers/blocks/export?format="+format, "")
			if status != 200 {
				t.Fatal(file)
			}
			for _, query := range []string{"", "&atomic=true", "&mode=replace&strict=true"} {
				other := newBlocks(t)
				send := func(query string) string {
					t.Helper()
					status, body := other.raw("POST", "/v1/layers/blocks/import?name=blocks"+convert.Extension(format)+query, file)
					sum, failed := imported(t, answer{status: status, body: body})
					return fmt.Sprintf("%d+ %d~ %d- %d= %d! %s", sum.Added, sum.Changed, sum.Ended, sum.Unchanged, sum.Failed, failed)
				}
				if got := send(query); got != fmt.Sprintf("%d+ 0~ 0- 0= 0! ", n) || other.blocks() != want {
					t.Fatalf("%s: %s; the same: %v", query, got, other.blocks() == want)
				}
				if got := send(query); got != fmt.Sprintf("0+ 0~ 0- %d= 0! ", n) {
					t.Errorf("%s, again: %s", query, got)
				}
				var moved strings.Builder
				moved.WriteString("id,lon,lat,code\n")
				for i := range n {
					fmt.Fprintf(&moved, "b%d,121.5,25.%03d,c%d\n", i, i, (i+n/2)%n)
				}
				sum, failed := imported(t, other.do("POST", "/v1/layers/blocks/import?format=csv"+query, sendCSV, moved.String()))
				if sum.Changed != n || failed != "" {
					t.Errorf("%s, exchanged: %+v %s", query, sum, failed)
				}
				if got := send(query); got != fmt.Sprintf("0+ %d~ 0- 0= 0! ", n) || other.blocks() != want {
					t.Errorf("%s, back: %s", query, got)
				}
			}
		})
	}
}

// TestUndoOfLinkedImport takes back imports of circles and exchanges that are larger than a transaction.
func TestUndoOfLinkedImport(t *testing.T) {
	c := newBlocks(t)
	const n = 12_000
	rows := func(twin, code func(int) int) string {
		var file strings.Builder
		file.WriteString("id,lon,lat,twin,parent,code\n")
		for i := range n {
			fmt.Fprintf(&file, "b%d,121.5,25.01,b%d,b%d,c%d\n", i, twin(i), twin(i), code(i))
		}
		return file.String()
	}
	circle := func(i int) int { return (i + 1) % n }
	self := func(i int) int { return i }
	send := func(query, file string) string {
		t.Helper()
		sum, failed := imported(t, c.do("POST", "/v1/layers/blocks/import?format=csv"+query, sendCSV, file))
		if failed != "" || sum.Failed > 0 || sum.Added+sum.Changed != n {
			t.Fatalf("%+v %s", sum, failed)
		}
		return sum.Import
	}
	take := func(id string) undo.Result {
		t.Helper()
		return decode[undo.Result](t, c.do("POST", "/v1/imports/"+id+"/undo", nil, ""))
	}
	send("", rows(circle, self))
	before := c.blocks()
	second := send("&mode=replace", rows(circle, circle))
	after := c.blocks()
	back := take(second)
	if back.Restored != n || c.blocks() != before {
		t.Errorf("%+v", back)
	}
	if back = take(back.Undo); back.Restored != n || c.blocks() != after {
		t.Errorf("%+v", back)
	}
	c = newBlocks(t)
	if gone := take(send("", rows(circle, self))); gone.Ended != n || c.blocks() != "" {
		t.Errorf("%+v", gone)
	}
}

// TestForcedUndoOfLinkedImport takes back an import of which somebody has changed one feature: what that refers to stays,
// and what that refers to, however far it goes; the rest ends.
func TestForcedUndoOfLinkedImport(t *testing.T) {
	c := newBlocks(t)
	const n = 100
	var file strings.Builder
	file.WriteString("id,lon,lat,parent,twin\n")
	for i := range n {
		next := fmt.Sprint("b", i+1)
		if i == n/2 || i == n-1 {
			next = "" // two chains
		}
		fmt.Fprintf(&file, "b%d,121.5,25.01,%s,b%d\n", i, next, (i+n/2)%n)
	}
	sum, _ := imported(t, c.do("POST", "/v1/layers/blocks/import", sendCSV, file.String()))
	if sum.Added != n {
		t.Fatalf("%+v", sum)
	}
	if a := c.do("PUT", "/v1/layers/blocks/features/b20", sendJSON, `{"type":"Feature","geometry":{"type":"Point","coordinates":[121.5,25.01]},"properties":{"parent":"b21","twin":"b70","n":7}}`); a.status != 200 {
		t.Fatal(a.body)
	}
	path := "/v1/imports/" + sum.Import + "/undo"
	if a := c.do("POST", path, nil, ""); a.status != 409 {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, query := range []string{"?force=true&dry_run=true", "?force=true"} {
		done := decode[undo.Result](t, c.do("POST", path+query, nil, ""))
		if done.Skipped != 31 || done.Ended != n-31 || len(done.Changed) != 31 {
			t.Errorf("%s: %+v", query, done)
		}
	}
	l, _ := c.engine.World().Layer("blocks")
	for i := range n {
		slot, exists := l.Lookup(fmt.Sprint("b", i))
		if exists != (i >= 20 && i <= 50) {
			t.Errorf("b%d: %v", i, exists)
		}
		// What may be empty is emptied where it referred to what has ended.
		if exists && !l.Value(slot, 1).Null() {
			t.Errorf("b%d has the twin %v", i, l.Value(slot, 1))
		}
	}
}

// TestImportTellsTheFormat imports what a parameter, the type or the name says is of a format, in this order, and refuses
// what none of them tells, before anything happens.
func TestImportTellsTheFormat(t *testing.T) {
	c := newBlocks(t)
	const (
		rows    = "id,lon,lat\na,121.5,25.01\n"
		feature = `{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[121.5,25.01]},"properties":{}}`
		urged   = `"field":"format"`
	)
	for _, test := range []struct{ query, media, body, want string }{
		{"", "text/csv", rows, `"added":1`},
		{"", "text/csv; charset=utf-8", rows, `"added":1`},
		{"", "text/tab-separated-values", "id\tlon\tlat\na\t121.5\t25.01\n", `"added":1`},
		{"", "application/geo+json", feature, `"added":1`},
		{"", "application/json", feature, `"added":1`},
		{"", "application/x-ndjson", feature + "\n" + feature, `"rows":2,"added":1`},
		{"", "application/geo+json-seq", "\x1e" + feature + "\n", `"added":1`},
		{"name=x.geojson", "text/csv", rows, `"added":1`},
		{"name=x.csv", "application/geo+json", feature, `"added":1`},
		{"name=x.csv", "", rows, `"added":1`},
		{"name=x.csv", "application/x-www-form-urlencoded", rows, `"added":1`},
		{"name=x.csv", "application/octet-stream", rows, `"added":1`},
		{"name=x.csv.gz", "application/gzip", rows, `"added":1`},
		{"name=x.topojson", "application/json", feature, "TopoJSON"},
		{"format=geojsonseq", "text/csv", feature, `"added":1`},
		{"format=csv&name=x.geojson", "", rows, `"added":1`},
		{"", "", rows, urged},
		{"", "application/x-www-form-urlencoded", rows, urged},
		{"", "application/octet-stream", rows, urged},
		{"", "image/png", rows, urged},
		{"", "text/plain", rows, urged},
		{"name=rows.dat", "", rows, `"value":"rows.dat"`},
		{"async=true", "", rows, urged},
		{"format=dat", "text/csv", rows, "must be one of csv, geojson"},
	} {
		header := map[string]string{}
		if test.media != "" {
			header["Content-Type"] = test.media
		}
		jobs := c.do("GET", "/v1/jobs", nil, "").body
		a := c.do("POST", "/v1/layers/blocks/import?dry_run=true&"+test.query, header, test.body)
		refused := !strings.Contains(test.want, "added") && test.want != "TopoJSON"
		if !strings.Contains(a.body, test.want) || refused != (a.status == 400) || refused && a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%+v: %d %s", test, a.status, a.body)
		}
		if test.want == urged && (!strings.Contains(a.body, "format=csv|geojson|") || !strings.Contains(a.body, "Content-Type such as text/csv") || c.do("GET", "/v1/jobs", nil, "").body != jobs) {
			t.Errorf("%+v: %s", test, a.body)
		}
	}
	form := func(parts ...[3]string) (kind, body string) { // name, type, content
		var b strings.Builder
		w := multipart.NewWriter(&b)
		for _, p := range parts {
			h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + p[0] + `"`}}
			if p[1] != "" {
				h.Set("Content-Type", p[1])
			}
			part, err := w.CreatePart(h)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = part.Write([]byte(p[2]))
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return w.FormDataContentType(), b.String()
	}
	for _, test := range []struct {
		parts  [][3]string
		status int
		want   string
	}{
		{[][3]string{{"x.csv", "application/octet-stream", rows}, {"y", "application/geo+json", feature}}, 200, `"rows":2,"added":1`},
		{[][3]string{{"x", "text/csv", rows}}, 200, `"added":1`},
		{[][3]string{{"x", "", rows}}, 400, `"value":"x"`},
		{[][3]string{{"x", "", rows}, {"x.csv", "", rows}}, 400, urged},
		{nil, 400, `"field":"file"`},
		{[][3]string{{"x.csv", "", rows}, {"x", "", rows}}, 200, `{"failed":"format cannot be told`}, // too late for a problem
	} {
		kind, body := form(test.parts...)
		for _, async := range []string{"", "&async=true"} {
			a := c.do("POST", "/v1/layers/blocks/import?dry_run=true"+async, map[string]string{"Content-Type": kind}, body)
			switch {
			case async == "" && (a.status != test.status || !strings.Contains(a.body, test.want)), async != "" && test.want == urged && a.status != 400:
				t.Errorf("%q %s: %d %s", test.parts, async, a.status, a.body)
			}
		}
	}
}

// TestImportOfNothing refuses to end a layer because a file is empty, unless that is said.
func TestImportOfNothing(t *testing.T) {
	c := newBlocks(t)
	if sum, _ := imported(t, c.do("POST", "/v1/layers/blocks/import", sendCSV, "id,lon,lat,twin\na,121.5,25.01,b\nb,121.5,25.01,a\n")); sum.Added != 2 {
		t.Fatalf("%+v", sum)
	}
	before := c.blocks()
	for _, sc := range []scenario{
		{name: "header only", url: "?mode=replace", body: "id,lon,lat\n", status: 422, want: []string{"would end all features of layer blocks (2)", "allow_empty=true", "nothing has been changed"}},
		{name: "nothing at all", url: "?mode=replace&format=geojsonseq", body: "", status: 422, want: []string{"allow_empty=true"}},
		{name: "atomic", url: "?mode=replace&atomic=true", body: "id,lon,lat\n", status: 422, want: []string{"--allow-empty"}},
		{name: "dry run", url: "?mode=replace&dry_run=true", body: "id,lon,lat\n", status: 422, want: []string{"--allow-empty"}},
		{name: "no features", url: "?mode=replace&format=geojson", body: `{"type":"FeatureCollection","features":[]}`, status: 422, want: []string{"--allow-empty"}},
		{name: "upsert", url: "", body: "id,lon,lat\n", status: 200, want: []string{`"rows":0`}},
		{name: "wrong rows only", url: "?mode=replace", body: "id,lon,lat\nx,east,1\n", status: 200, want: []string{`"ended":0,"failed":1,"kept":2`}},
		{name: "no yes or no", url: "?mode=replace&allow_empty=perhaps", body: "id,lon,lat\n", status: 400, want: []string{`"field":"allow_empty"`}},
	} {
		t.Run(sc.name, func(t *testing.T) {
			sc.method, sc.header, sc.url = http.MethodPost, sendCSV, "/v1/layers/blocks/import"+sc.url
			sc.run(t, c)
			if c.blocks() != before {
				t.Error("the layer has changed")
			}
		})
	}
	if sum, failed := imported(t, c.do("POST", "/v1/layers/blocks/import?mode=replace&allow_empty=true", sendCSV, "id,lon,lat\n")); sum.Ended != 2 || failed != "" || c.blocks() != "" {
		t.Errorf("allowed: %+v %s", sum, failed)
	}
}
