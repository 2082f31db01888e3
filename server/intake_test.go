package server

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gewu-city/gewu/server/intake"
)

// intakeAnswer is the answer to a file, taken apart.
type intakeAnswer struct {
	rows   []intake.Taken
	wrong  map[int]string // row → field: why (value)
	notes  []string
	failed string
	done   intake.Summary
}

func intakeLines(t testing.TB, a answer) (out intakeAnswer) {
	t.Helper()
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	out.wrong = map[int]string{}
	ended := false
	for line := range strings.SplitSeq(strings.TrimSpace(a.body), "\n") {
		var e intake.Event
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		switch {
		case e.Row != nil:
			out.rows = append(out.rows, *e.Row)
		case e.Wrong != nil:
			out.wrong[e.Wrong.Row] = fmt.Sprintf("%s: %s (%s)", e.Wrong.Field, e.Wrong.Why, e.Wrong.Value)
		case e.Note != "":
			out.notes = append(out.notes, e.Note)
		case e.Failed != "":
			out.failed = e.Failed
		case e.Done != nil:
			out.done, ended = *e.Done, true
		}
	}
	if !ended {
		t.Fatalf("the answer has no end: %s", a.body)
	}
	return out
}

func typed(who, kind string) map[string]string {
	h := as(who)
	h["Content-Type"] = kind
	return h
}

const (
	csvType, linesType = "text/csv", "application/x-ndjson"
	bookType           = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// count is how many cases there are.
func (o *office) count() int {
	o.log.mu.Lock()
	defer o.log.mu.Unlock()
	return len(o.log.events)
}

// table are rows of reports as CSV cells, below their header.
func reportTable(n int) [][]string {
	rows := [][]string{{"工单号", "上报时间", "类别", "问题描述", "经度", "纬度", "来源"}}
	for i := range n {
		rows = append(rows, []string{
			fmt.Sprintf("W-%04d", i), "2026-11-01 08:30", "event 0110", fmt.Sprintf("第%d号问题", i), fmt.Sprint(121.5005 + float64(i%100)*0.0001), fmt.Sprint(25.0005 + float64(i/100)*0.0005), "hotline",
		})
	}
	return rows
}

func asCSV(rows [][]string) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(strings.Join(r, ",") + "\n")
	}
	return b.String()
}

func asLines(rows [][]string) string {
	var b strings.Builder
	for _, r := range rows[1:] {
		object := map[string]any{}
		for i, name := range rows[0] {
			object[name] = r[i]
		}
		text, _ := json.Marshal(object)
		b.Write(append(text, '\n'))
	}
	return b.String()
}

// asBook is a book as spreadsheet programs write it, with texts in their cells.
func asBook(t testing.TB, rows [][]string) string {
	t.Helper()
	const main = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	const rels = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	var sheet strings.Builder
	sheet.WriteString("<worksheet " + main + "><sheetData>")
	for i, cells := range rows {
		fmt.Fprintf(&sheet, `<row r="%d">`, i+1)
		for j, cell := range cells {
			fmt.Fprintf(&sheet, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+j, i+1, cell)
		}
		sheet.WriteString("</row>")
	}
	sheet.WriteString("</sheetData></worksheet>")
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, m := range [][2]string{
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="` + rels + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", "<workbook " + main + ` xmlns:r="` + rels + `"><sheets><sheet name="one" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="` + rels + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", sheet.String()},
	} {
		w, err := z.Create(m[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestFilesOfReports sends a thousand rows in each format: each is a case, reported when the file says; sent again nothing is
// new, also when the other format brings the same numbers.
func TestFilesOfReports(t *testing.T) {
	const n = 1000
	o := working(t, "base", nil)
	table := reportTable(n)
	first := map[string]string{}
	for _, f := range []struct{ name, kind, text string }{{"csv", csvType, asCSV(table)}, {"ndjson", linesType, asLines(table)}, {"xlsx", bookType, asBook(t, table)}} {
		began := time.Now()
		got := intakeLines(t, o.do("POST", "/v1/cases/import", typed("operator", f.kind), f.text))
		t.Logf("%s: %d rows, %.0f rows/s", f.name, got.done.Rows, float64(got.done.Rows)/time.Since(began).Seconds())
		if len(got.wrong) > 0 || got.failed != "" || got.done.Rows != n || len(got.rows) != n {
			t.Fatalf("%s: %+v %v %s", f.name, got.done, got.wrong, got.failed)
		}
		if f.name == "csv" && (got.done.Taken != n || got.done.Repeated != 0) || f.name != "csv" && (got.done.Taken != 0 || got.done.Repeated != n) {
			t.Fatalf("%s: %+v", f.name, got.done)
		}
		for i, r := range got.rows {
			if r.Row != i+1 || r.Case == "" || first[r.External] != "" && first[r.External] != r.Case || r.External != fmt.Sprintf("W-%04d", i) {
				t.Fatalf("%s: row %d: %+v", f.name, i+1, r)
			}
			first[r.External] = r.Case
		}
	}
	if o.count() != n {
		t.Errorf("%d cases of %d rows", o.count(), n)
	}
	one := read[struct {
		State, Source    string
		Opened, Reported time.Time
		Class            struct{ Code, Kind, Edition string }
	}](t, o.get("operator", "/v1/cases/"+first["W-0007"]))
	if one.Source != "hotline" || one.State != "submitted" || one.Class.Code != "0110" || one.Class.Kind != "event" || !one.Opened.Equal(o.clockNow()) || !one.Reported.Equal(time.Date(2026, 11, 1, 8, 30, 0, 0, time.UTC)) {
		t.Errorf("%+v", one)
	}
	// The public learns nothing of when it was reported.
	if a := o.get("", "/v1/cases/"+first["W-0007"]); a.status != 200 || strings.Contains(a.body, "reported\":") {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Limits count from what happens to the case, not from when it was reported.
	o.act(first["W-0007"], "operator", "accept", "", "accepted")
	c := o.act(first["W-0007"], "chief", "register", `{"class":{"kind":"event","code":"0110"}}`, "registered")
	for _, clock := range c.Clocks {
		if clock.Clock == "dispatch" && clock.Due.Before(o.clockNow()) {
			t.Errorf("%+v", clock)
		}
	}
}

// TestSameFileTwice knows rows without a number of their own by the file.
func TestSameFileTwice(t *testing.T) {
	o := working(t, "base", nil)
	file := "description,source,lon,lat\n污水外溢,hotline,121.505,25.005\n污水外溢,hotline,121.505,25.005\n路灯不亮,hotline,121.506,25.006\n"
	got := intakeLines(t, o.do("POST", "/v1/cases/import", typed("operator", csvType), file))
	if got.done.Taken != 3 || o.count() != 3 {
		t.Fatalf("%+v", got.done)
	}
	// The second says the first again, and is taken in all the same.
	if len(got.rows[0].Alike) != 0 || len(got.rows[1].Alike) != 1 || got.rows[1].Alike[0].Case != got.rows[0].Case || got.done.Alike != 1 {
		t.Errorf("%+v", got.rows)
	}
	again := intakeLines(t, o.do("POST", "/v1/cases/import", typed("operator", csvType), file))
	if again.done.Taken != 0 || again.done.Repeated != 3 || o.count() != 3 || again.rows[2].Case != got.rows[2].Case || !again.rows[2].Repeated {
		t.Errorf("%+v", again)
	}
	// Another file, and the same file of somebody else, are other reports.
	for who, text := range map[string]string{"operator": file + "\n\n井盖缺失,hotline,121.507,25.007\n", "collector": file} {
		if got := intakeLines(t, o.do("POST", "/v1/cases/import", typed(who, csvType), text)); got.done.Repeated != 0 || got.done.Failed != 0 {
			t.Errorf("%s: %+v", who, got.done)
		}
	}
	// A number that comes with another content is no second case.
	numbered := "external,description,source\nX1,一,hotline\nX1,一,hotline\nX1,二,hotline\n"
	dry := intakeLines(t, o.do("POST", "/v1/cases/import?dry_run=true", typed("operator", csvType), numbered))
	wet := intakeLines(t, o.do("POST", "/v1/cases/import", typed("operator", csvType), numbered))
	for _, got := range []intakeAnswer{dry, wet} {
		if got.done.Taken != 1 || got.done.Repeated != 1 || got.done.Failed != 1 || !strings.Contains(got.wrong[3], "taken in before as case "+wet.rows[0].Case) {
			t.Errorf("%+v %v", got.done, got.wrong)
		}
	}
}

// TestDryFile keeps nothing and says what would be.
func TestDryFile(t *testing.T) {
	o := working(t, "base", nil)
	before := o.log.seq
	got := intakeLines(t, o.do("POST", "/v1/cases/import?dry_run=true", typed("operator", csvType), asCSV(reportTable(50))+",,,,,,\n"))
	if got.done.Taken != 50 || got.done.Failed != 1 || !got.done.DryRun || o.count() != 0 || o.log.seq != before || got.rows[0].Case != "" {
		t.Errorf("%+v, %d cases", got.done, o.count())
	}
}

// TestWrongRows tells of each wrong row which field has which value and what would be right, and takes the others in.
func TestWrongRows(t *testing.T) {
	o := working(t, "base", nil)
	head := "external,reported,class,kind,edition,description,lon,lat,address,part,source,reporter"
	bad := []struct{ row, want string }{
		{"1,,,,,,121.505,25.005,,,hotline,", "description: "},
		{"2,,,,,x,121.505,25.005,,,,", "source: is missing"},
		{"3,,,,,x,121.505,25.005,,,张三 13800138000,", "source: must be the name of a door"},
		{"4,,,,,x,121.505,25.005,,,hotline,张三", "reporter: must be a reference"},
		{"5,yesterday,,,,x,121.505,25.005,,,hotline,", "reported: is no time"},
		{"6,2026-11-03 08:00,,,,x,121.505,25.005,,,hotline,", "reported: lies in the future"},
		{"7,0026-11-01,,,,x,121.505,25.005,,,hotline,", "reported: must be a time from 1900"},
		{"8,,9999,,,x,121.505,25.005,,,hotline,", "class: is neither a code nor a name"},
		{"9,,0110,,,x,121.505,25.005,,,hotline,", "class: means several classes: part 0110"},
		{"10,,0110,thing,,x,121.505,25.005,,,hotline,", "kind: is no kind of class"},
		{"11,,0110,event,1999,x,121.505,25.005,,,hotline,", "edition: is no edition"},
		{"12,,,,,x,121.505,,,,hotline,", "lat: is missing beside"},
		{"13,,,,,x,,25.005,,,hotline,", "lon: is missing beside"},
		{"14,,,,,x,east,25.005,,,hotline,", "lon: must be a number (east)"},
		{"15,,,,,x,121.505,95,,,hotline,", "lat: is no place"},
		{"16,,,,,x,NaN,25,,,hotline,", "lon: must be a number"},
		{"17,,,,,x,,,,NO-SUCH-PART,hotline,", "part: is no part of the city"},
		{"18,,,,,x", ": has 6 fields, but the header has 12"},
		{"19,,,,," + strings.Repeat("长", 4001) + ",121.505,25.005,,,hotline,", "description: must be valid text of at most 4000"},
		{strings.Repeat("9", 201) + ",,,,,x,121.505,25.005,,,hotline,", "external: is longer than 200"},
		{"21,,,,,\"x,121.505,25.005,,,hotline,", ": a quote is not closed"},
	}
	var file strings.Builder
	file.WriteString(head + "\n")
	for i, b := range bad {
		fmt.Fprintf(&file, "%s\ngood-%d,2026-11-01,事件 0110,,2013,好的,121.505,25.005,,,hotline,REF-%d\n", b.row, i, i)
	}
	got := intakeLines(t, o.do("POST", "/v1/cases/import", typed("operator", csvType), file.String()))
	for i, b := range bad {
		if !strings.Contains(got.wrong[2*i+1], b.want) {
			t.Errorf("%.60s: %q, want %q", b.row, got.wrong[2*i+1], b.want)
		}
	}
	if got.done.Taken != len(bad) || got.done.Failed != len(bad) {
		t.Errorf("%+v %v", got.done, got.wrong)
	}
	for _, secret := range []string{"张三", "13800138000"} {
		if strings.Contains(fmt.Sprint(got.wrong), secret) {
			t.Errorf("the answer repeats %s", secret)
		}
	}
	objects := []struct{ line, want string }{
		{`{"description":"x","source":"hotline","lon":121.505,"lat":25.005,"external":7}`, ""},
		{`[1]`, "is not a JSON object"},
		{`{"description":"x"`, "is not a JSON object"},
		{`{"description":"x","description":"y","source":"hotline"}`, "description: is there twice"},
		{`{"description":{"zh":"x"},"source":"hotline"}`, "description: must be a text or a number"},
		{`{"description":"x","描述":"y","source":"hotline"}`, "描述: is description, as column description is"},
		{`{"description":"x","source":"hotline","reported":null,"colour":"red"}`, ""},
		{`{"description":"` + strings.Repeat("x", 2<<20) + `"}`, "longer than"},
		{`{"source":"hotline"}`, "description"},
	}
	var text strings.Builder
	for _, one := range objects {
		text.WriteString(one.line + "\n")
	}
	got = intakeLines(t, o.do("POST", "/v1/cases/import", typed("operator", linesType), text.String()))
	for i, one := range objects {
		if why, wrong := got.wrong[i+1]; wrong != (one.want != "") || !strings.Contains(why, one.want) {
			t.Errorf("%.60s: %q, want %q", one.line, why, one.want)
		}
	}
	if !slices.ContainsFunc(got.notes, func(n string) bool { return strings.Contains(n, "colour") }) {
		t.Errorf("notes %q", got.notes)
	}
}

// TestWrongFiles refuses what is no file of reports, and whoever may not send one.
func TestWrongFiles(t *testing.T) {
	o := working(t, "base", nil)
	good := "description,source\nx,hotline\n"
	for _, tc := range []struct {
		who, query, kind, text string
		status                 int
		want                   string
	}{
		{"operator", "", csvType, "", 422, "the file is empty"},
		{"operator", "", csvType, "description,source\n", 422, "has no rows"},
		{"operator", "", csvType, "a,b\n1,2\n", 422, "none of the columns a, b"},
		{"operator", "", csvType, "description,描述\n1,2\n", 422, "is description, as column description is"},
		{"operator", "map=WHAT=description", csvType, "description\n1\n", 422, "WHAT"},
		{"operator", "map=WHAT", csvType, good, 400, "COLUMN=FIELD"},
		{"operator", "map=WHAT=colour", csvType, good, 404, "colour"},
		{"operator", "colour=red", csvType, good, 400, "colour"},
		{"operator", "format=pdf", csvType, good, 400, "format"},
		{"operator", "encoding=klingon", csvType, good, 400, "klingon"},
		{"operator", "crs=EPSG:1", csvType, good, 400, "EPSG:1"},
		{"operator", "", "application/pdf", "%PDF", 415, "lines of JSON, CSV or XLSX"},
		{"operator", "", bookType, "PK no book", 422, "cannot be read"},
		{"operator", "action=dispatch", csvType, good, 409, "dispatch"},
		{"operator", "post=dispatcher", csvType, good, 403, "is no post that you hold"},
		{"operator", "person=chief", csvType, good, 403, "you act for yourself"},
		{"dispatcher", "", csvType, good, 409, ""},
		{"", "", csvType, good, 401, ""},
		{"operator/read", "", csvType, good, 403, ""},
		{"idle", "", csvType, good, 403, ""},
		{"token", "", csvType, good, 403, "must be a person"},
	} {
		a := o.do("POST", "/v1/cases/import?"+tc.query, typed(tc.who, tc.kind), tc.text)
		if a.status != tc.status || !strings.Contains(a.body, tc.want) {
			t.Errorf("%s %s %q: %d %s, want %d %s", tc.who, tc.query, tc.text, a.status, a.body, tc.status, tc.want)
		}
	}
	if o.count() != 0 {
		t.Errorf("%d cases", o.count())
	}
}

// TestFileOptions maps columns, names a source and a system, reads GB18030 and forms, and finds addresses and parts.
func TestFileOptions(t *testing.T) {
	o := working(t, "base", nil)
	q := url.Values{"map": {"甲=external,乙=description"}, "ignore": {"external"}, "source": {"12345"}, "system": {"city-hotline"}, "name": {"x.csv"}}
	got := intakeLines(t, o.do("POST", "/v1/cases/import?"+q.Encode(), typed("operator", "application/octet-stream"), "甲,乙,external,address\nA-1,积水,no,没有这个地方\n"))
	if got.done.Taken != 1 || got.rows[0].External != "A-1" || len(got.rows[0].Notes) != 1 || !strings.Contains(got.rows[0].Notes[0], "address is not found") {
		t.Fatalf("%+v", got)
	}
	events := o.get("operator", "/v1/cases/"+got.rows[0].Case+"/events").body
	if !strings.Contains(events, `"external":[{"system":"city-hotline","id":"A-1"}]`) || !strings.Contains(events, `"source":"12345"`) {
		t.Error(events)
	}
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	part, err := parts.CreateFormFile("file", "reports.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(part, `{"描述":"x","来源":"hotline","lon":10,"lat":50}`)
	if err := parts.Close(); err != nil {
		t.Fatal(err)
	}
	got = intakeLines(t, o.do("POST", "/v1/cases/import", typed("operator", parts.FormDataContentType()), form.String()))
	if got.done.Taken != 1 || len(got.rows[0].Notes) != 1 || !strings.Contains(got.rows[0].Notes[0], "outside of the city") {
		t.Errorf("%+v", got)
	}
}

// TestBrokenOff ends an import in the middle, and sends the file again until it is through: nothing is lost or doubled.
func TestBrokenOff(t *testing.T) {
	const n = 400
	left := &atomic.Int64{}
	o := working(t, "base", nil)
	o.log.broken = func() error {
		if left.Add(-1) < 0 {
			return errors.New("the disk is gone")
		}
		return nil
	}
	file, taken := asCSV(reportTable(n)), 0
	for try := 0; ; try++ {
		left.Store(150)
		got := intakeLines(t, o.do("POST", "/v1/cases/import", typed("operator", csvType), file))
		taken += got.done.Taken
		if got.failed == "" {
			if got.done.Rows != n || got.done.Taken+got.done.Repeated != n {
				t.Errorf("%+v", got.done)
			}
			break
		}
		if !strings.Contains(got.failed, "send the file again") || strings.Contains(got.failed, "disk") {
			t.Errorf("%s", got.failed)
		}
		if try > 5 {
			t.Fatal("it does not come to an end")
		}
	}
	if o.count() != n {
		t.Errorf("%d cases of %d rows", o.count(), n)
	}
}

// TestTwoAtOnce sends one file twice at the same time.
func TestTwoAtOnce(t *testing.T) {
	const n = 200
	o := working(t, "base", nil)
	file := asCSV(reportTable(n))
	var all sync.WaitGroup
	var taken atomic.Int64
	for range 2 {
		all.Go(func() {
			a := o.do("POST", "/v1/cases/import", typed("operator", csvType), file)
			got := intakeLines(t, a)
			taken.Add(int64(got.done.Taken))
			if got.done.Failed > 0 || got.failed != "" {
				t.Errorf("%+v %v", got.done, got.wrong)
			}
		})
	}
	all.Wait()
	if taken.Load() != n || o.count() != n {
		t.Errorf("taken %d, %d cases", taken.Load(), o.count())
	}
}

// TestCutOffFile breaks the body of a file off: nothing is taken in.
func TestCutOffFile(t *testing.T) {
	o := working(t, "base", nil)
	rows := asCSV(reportTable(20))
	for _, how := range []string{"Content-Length: 50000", "Transfer-Encoding: chunked"} {
		sent := rows
		if strings.Contains(how, "chunked") {
			sent = fmt.Sprintf("%x\r\n%s\r\n", len(rows), rows)
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(o.http.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /v1/cases/import HTTP/1.1\r\nHost: localhost\r\n%s: operator\r\nContent-Type: text/csv\r\n%s\r\n\r\n%s", whoHeader, how, sent)
		tcp, ok := conn.(*net.TCPConn)
		if !ok {
			t.Fatal("no TCP")
		}
		if err := tcp.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = conn.Close()
		if want := fmt.Sprintf("the body broke off after %d bytes", len(rows)); res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), want) || o.count() != 0 {
			t.Errorf("%s: %d %s, %d cases", how, res.StatusCode, body, o.count())
		}
	}
}

// TestFileWithNames leaves out who reported and how to reach them, says so, and keeps nothing of it anywhere.
func TestFileWithNames(t *testing.T) {
	o := working(t, "base", nil)
	file := "描述,来源,联系人,电话,email,lon,lat\n积水,hotline,王小明,13912345678,ming@example.org,121.505,25.005\n,hotline,王小明,13912345678,ming@example.org,121.505,25.005\n"
	var objects strings.Builder
	objects.WriteString(`{"描述":"积水","来源":"hotline","联系人":"王小明","电话":13912345678,"email":"ming@example.org"}` + "\n")
	objects.WriteString(`{"描述":"积水","来源":"hotline","电话":{"手机":"13912345678"},"email":"ming@example.org"}` + "\n")
	for kind, text := range map[string]string{csvType: file, linesType: objects.String()} {
		a := o.do("POST", "/v1/cases/import", typed("operator", kind), text)
		got := intakeLines(t, a)
		if got.done.Taken != 1 || got.done.Failed != 1 || len(got.notes) != 3 {
			t.Errorf("%s: %+v %q", kind, got.done, got.notes)
		}
		held := a.body
		for _, r := range got.rows {
			held += o.get("operator", "/v1/cases/"+r.Case).body + o.get("operator", "/v1/cases/"+r.Case+"/events").body
		}
		o.log.mu.Lock()
		for _, events := range o.log.events {
			held += string(bytes.Join(events, nil))
		}
		o.log.mu.Unlock()
		for _, secret := range []string{"王小明", "13912345678", "ming@example.org"} {
			if strings.Contains(held, secret) {
				t.Errorf("%s: %s is kept or told", kind, secret)
			}
		}
	}
}
