package server

import (
	"bufio"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/internal/obs"
)

// TestImportAnswersBeforeTheBodyEnds fails an import whose client goes on sending: the client hears of it at once, and
// the server lets go of the request although the body never ends.
func TestImportAnswersBeforeTheBodyEnds(t *testing.T) {
	c := newCity(t, nil).fill()
	h := httptest.NewUnstartedServer(c.server.Handler())
	h.Config.ErrorLog = obs.StdLogger(c.server.cfg.Logger)
	h.Start()
	defer h.Close()
	body, send := io.Pipe()
	defer send.Close()
	go func() {
		_, _ = io.WriteString(send, "id,lon,lat,count\ni1,121.5,25.01,x\n")
		// More than the reader's buffers, so that it need not wait for the next line.
		_, _ = io.WriteString(send, strings.Repeat("i2,121.5,25.01,3\n", 20_000))
	}()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL+"/v1/layers/trees/import?format=csv&strict=true", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/csv")
	start := time.Now()
	resp, err := h.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var failed, done bool
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		failed = failed || strings.HasPrefix(lines.Text(), `{"failed":`)
		done = done || strings.HasPrefix(lines.Text(), `{"done":`)
	}
	// The response ends once the server has given up on the rest of the body.
	if took := time.Since(start); !failed || !done || took > time.Minute {
		t.Errorf("failed %v, done %v after %v", failed, done, took)
	}
	if strings.Contains(c.logged(), "panic") {
		t.Errorf("log:\n%s", c.logged())
	}
}

// TestImportEncoding imports a file in GBK: told, guessed with a note, told wrongly, and with a name that nobody knows.
func TestImportEncoding(t *testing.T) {
	c := newCity(t, nil).fill()
	const rows = "id,lon,lat,tree_type\ng1,121.5,25.01,\xe9\xc5\xca\xf7\n" // 榕树
	for query, want := range map[string][]string{
		"&encoding=gbk":     {`"rows":1`, `"failed":0`},
		"":                  {`{"note":"g.csv: the file is not UTF-8 and was read as gb18030;`, `"failed":0`},
		"&encoding=utf-8":   {`"field":"tree_type"`, "is not UTF-8, which the file is said to be", `"failed":1`},
		"&encoding=klingon": {`"status":400`, "klingon", "gb18030"},
		"&table=x":          {`"failed":"g.csv: a file in format csv has no tables to choose from"`},
	} {
		a := c.do("POST", "/v1/layers/trees/import?format=csv&name=g.csv&dry_run=true"+query, map[string]string{"Content-Type": "text/csv"}, rows)
		for _, w := range want {
			if !strings.Contains(a.body, w) {
				t.Errorf("%s: %s is missing in %s", query, w, a.body)
			}
		}
	}
}

// TestImportWithoutName imports bodies that have no name: what is wrong with them, and what is noted, has a subject.
func TestImportWithoutName(t *testing.T) {
	c := newCity(t, nil).fill()
	for body, want := range map[string]string{
		"id,lon,lat\n": `{"failed":"the file: is not JSON after byte 0, `,
		`{"type":"FeatureCollection","features":[{"type":"Feature","id":"b1","geometry":{"type":"Point","coordinates":[121.5,25.01]},"properties":{}}`: `{"failed":"the file: `,
	} {
		a := c.do("POST", "/v1/layers/trees/import?dry_run=true&format=geojson", map[string]string{"Content-Type": "text/csv"}, body)
		if !strings.Contains(a.body, want) {
			t.Errorf("%s is missing in %s", want, a.body)
		}
	}
	a := c.do("POST", "/v1/layers/trees/import?dry_run=true", map[string]string{"Content-Type": "text/csv"}, "id,lon,lat,tree_type\ng1,121.5,25.01,\xe9\xc5\xca\xf7\n")
	if want := `{"note":"the file is not UTF-8 and was read as gb18030;`; !strings.Contains(a.body, want) {
		t.Errorf("%s is missing in %s", want, a.body)
	}
}

// TestImportMapping imports an OSM file with the mapping in front of it, and without or with a wrong one.
func TestImportMapping(t *testing.T) {
	c := newCity(t, nil).fill()
	const file = `<osm><node id="7" lon="121.5" lat="25.01"><tag k="natural" v="tree"/><tag k="species" v="榕树"/></node></osm>`
	for mapping, want := range map[string][]string{
		"[[select]]\nnatural = \"tree\"\n[attributes]\ntree_type = \"species\"\n": {`"added":1`, `"failed":0`},
		`{"select": [{"natural": "tree"}]}`:                                       {`"added":1`},
		"":                                                                        {`"failed":"t.osm: an OSM file needs a mapping`},
		"select = [{natural = 3}]":                                                {`mapping: select[0].natural: must be a value`},
		"types = 3":                                                               {`"failed":"mapping`},
		"tags = []":                                                               {"unknown key tags"},
	} {
		var body strings.Builder
		form := multipart.NewWriter(&body)
		if mapping != "" {
			if err := form.WriteField("mapping", mapping); err != nil {
				t.Fatal(err)
			}
		}
		part, err := form.CreateFormFile("file", "t.osm")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, file); err != nil {
			t.Fatal(err)
		}
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		a := c.do("POST", "/v1/layers/trees/import?dry_run=true", map[string]string{"Content-Type": form.FormDataContentType()}, body.String())
		for _, w := range want {
			if !strings.Contains(a.body, w) {
				t.Errorf("%q: %s is missing in %s", mapping, w, a.body)
			}
		}
	}
}
