package server

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases/attachment"
	"github.com/gewu-city/gewu/server/attachments"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/rest"
)

// sights says in tests who sees which files in cases: person, space, hash.
type sights map[string]bool

func (s sights) Sees(r *http.Request, hash string) (whole, public bool, err error) {
	return s[r.Header.Get(whoHeader)+" "+hash], false, nil
}

// withFiles is a staffed city that keeps attachments in a folder.
func withFiles(t *testing.T) (c *town, dir string, seen sights) {
	t.Helper()
	dir, seen = filepath.Join(t.TempDir(), "attachments"), sights{}
	files := openFiles(t, dir, time.Now)
	c = staffed(t, func(cfg *Config) { cfg.Attachments = attachments.Config{Files: files, Cases: seen} })
	return c, dir, seen
}

func openFiles(t *testing.T, dir string, now func() time.Time) *attachment.Store {
	t.Helper()
	files, err := attachment.OpenFolder(dir, attachment.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
	return files.Store
}

// snapshot is a picture with words beside it, and notes of a camera that say where it was taken.
func snapshot(t testing.TB, shade uint8) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 400, 300))
	for i := range img.Pix {
		img.Pix[i] = shade
	}
	img.Set(3, 3, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	// IFD0 with the artist and the place: 25° 2′ 15″ north, 121° 33′ 52″ east.
	notes := "II*\x00\x08\x00\x00\x00" + "\x02\x00" +
		"\x3b\x01\x02\x00\x0b\x00\x00\x00\x26\x00\x00\x00" + "\x25\x88\x04\x00\x01\x00\x00\x00\x32\x00\x00\x00" + "\x00\x00\x00\x00" +
		"GEHEIM-471\x00\x00" +
		"\x04\x00" + "\x01\x00\x02\x00\x02\x00\x00\x00N\x00\x00\x00" + "\x02\x00\x05\x00\x03\x00\x00\x00\x68\x00\x00\x00" +
		"\x03\x00\x02\x00\x02\x00\x00\x00E\x00\x00\x00" + "\x04\x00\x05\x00\x03\x00\x00\x00\x80\x00\x00\x00" + "\x00\x00\x00\x00" +
		"\x19\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x0f\x00\x00\x00\x01\x00\x00\x00" +
		"\x79\x00\x00\x00\x01\x00\x00\x00\x21\x00\x00\x00\x01\x00\x00\x00\x34\x00\x00\x00\x01\x00\x00\x00"
	app1 := "Exif\x00\x00" + notes
	return b.String()[:2] + "\xff\xe1" + string([]byte{byte((len(app1) + 2) >> 8), byte(len(app1) + 2)}) + app1 + b.String()[2:] + "<script>GEHEIM-471</script>"
}

var voice = "#!AMR\n" + strings.Repeat("\x04"+strings.Repeat("\x07", 12), 50)

type fileAnswer struct {
	Hash, Type    string
	Size          int
	Width, Height int
	Taken         string
	Point         *struct{ Lon, Lat float64 }
}

// send uploads a file as somebody.
func (c *town) send(who, kind, body string) (answer, fileAnswer) {
	c.t.Helper()
	a := c.do("POST", "/v1/attachments", map[string]string{whoHeader: who, "Content-Type": kind}, body)
	var f fileAnswer
	if a.status == http.StatusCreated {
		if err := json.Unmarshal([]byte(a.body), &f); err != nil {
			c.t.Fatal(err)
		}
	}
	return a, f
}

// TestAttachments sends a picture and reads it again: written anew, with what the camera said in the answer only.
func TestAttachments(t *testing.T) {
	c, dir, _ := withFiles(t)
	a, f := c.send("one", "image/jpeg", snapshot(t, 90))
	if a.status != 201 || f.Type != "image/jpeg" || f.Width != 400 || f.Height != 300 || a.header.Get("Location") != "/v1/attachments/"+f.Hash {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if f.Point == nil || f.Point.Lat != 25.0375 || f.Point.Lon < 121.564 || f.Point.Lon > 121.565 {
		t.Errorf("taken at %s", a.body)
	}
	got := c.get("one", a.header.Get("Location"))
	if got.status != 200 || len(got.body) != f.Size || strings.Contains(got.body, "GEHEIM") || strings.Contains(got.body, "Exif") {
		t.Errorf("%d, %d bytes", got.status, len(got.body))
	}
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Content-Disposition": `inline; filename="` + f.Hash[:16] + `.jpg"`,
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox", "Cache-Control": "private, max-age=86400, immutable", "Access-Control-Allow-Origin": "",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
		}
	}
	if !strings.Contains(got.header.Get("Vary"), "Cookie") {
		t.Errorf("Vary: %q", got.header.Values("Vary"))
	}
	small := c.get("one", a.header.Get("Location")+"?size=thumb")
	if config, err := jpeg.DecodeConfig(strings.NewReader(small.body)); err != nil || config.Width != 320 || config.Height != 240 {
		t.Errorf("small: %d, %v %v", small.status, config, err)
	}
	if again := c.do("GET", a.header.Get("Location"), map[string]string{whoHeader: "one", "If-None-Match": got.header.Get("ETag")}, ""); again.status != 304 || small.header.Get("ETag") == got.header.Get("ETag") {
		t.Errorf("asked again: %d", again.status)
	}
	if head := c.do("HEAD", a.header.Get("Location"), as("one"), ""); head.status != 200 || head.body != "" || head.header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d %q", head.status, head.header.Get("Content-Length"))
	}
	// The type that a request says, and whether it is a form, changes nothing.
	for _, kind := range []string{"text/html", "image/svg+xml", "application/octet-stream"} {
		r := httptest.NewRequest(http.MethodPost, "/v1/attachments", strings.NewReader(snapshot(t, 90)))
		r.Header.Set("Content-Type", kind)
		r.Header.Set(whoHeader, "one")
		w := httptest.NewRecorder()
		c.server.Handler().ServeHTTP(w, r)
		if w.Code != 201 || !strings.Contains(w.Body.String(), f.Hash) {
			t.Errorf("as %s: %d %s", kind, w.Code, w.Body)
		}
	}
	for _, name := range []string{"photo.jpg", "../../../etc/cron.d/x", "x.php%00.jpg", "con"} {
		kind, form := formWith(t, "file", name, snapshot(t, 90))
		if a, other := c.send("one", kind, form); other.Hash != f.Hash {
			t.Errorf("form with %q: %d %s", name, a.status, a.body)
		}
	}
	// Nothing of what was planted is on disk, and nothing has another name.
	err := filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte("GEHEIM")) || bytes.Contains(content, []byte("Exif")) || bytes.Contains(content, []byte("script")) {
			t.Errorf("%s has what was planted", path)
		}
		if rel, _ := filepath.Rel(dir, path); !strings.HasPrefix(rel, "content/") && !strings.HasPrefix(rel, "thumb/") && !strings.HasPrefix(rel, "claim/") {
			t.Errorf("%s was written", rel)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func formWith(t *testing.T, field, name, content string) (kind, body string) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile(field, name)
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err != nil || form.Close() != nil {
		t.Fatal(err)
	}
	return form.FormDataContentType(), b.String()
}

// TestSoundInParts sends a voice and asks for parts of it, as players do.
func TestSoundInParts(t *testing.T) {
	c, _, _ := withFiles(t)
	a, f := c.send("one", "application/octet-stream", voice)
	if f.Type != "audio/amr" || f.Width != 0 || f.Point != nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for header, want := range map[string]struct {
		status int
		body   string
	}{
		"bytes=0-5": {206, "#!AMR\n"}, "bytes=-13": {206, voice[len(voice)-13:]}, "bytes=6-": {206, voice[6:]},
		"": {200, voice}, "bytes=99999-": {200, voice}, "bytes=5-2": {200, voice}, "bytes=0-1,3-4": {200, voice}, "lines=1-2": {200, voice}, "bytes=-": {200, voice},
	} {
		got := c.do("GET", "/v1/attachments/"+f.Hash, map[string]string{whoHeader: "one", "Range": header}, "")
		if got.status != want.status || got.body != want.body {
			t.Errorf("%q: %d, %d bytes", header, got.status, len(got.body))
		}
	}
	if got := c.get("one", "/v1/attachments/"+f.Hash+"?size=thumb"); got.status != 404 {
		t.Errorf("a small sound: %d", got.status)
	}
}

// TestAttachmentsOfOthers: a file is for who sent it, and for those who see it in a case; for all others it is not there.
func TestAttachmentsOfOthers(t *testing.T) {
	c, _, seen := withFiles(t)
	_, f := c.send("one", "image/jpeg", snapshot(t, 90))
	target := "/v1/attachments/" + f.Hash
	absent := strings.Repeat("0", 64)
	strip := func(a answer, hash string) string {
		return strings.ReplaceAll(a.body[:max(0, strings.Index(a.body, `"instance"`))], hash, "x")
	}
	for _, who := range []string{"two", "admin", "root", "plan", ""} {
		for _, query := range []string{"", "?size=thumb"} {
			there, not := c.get(who, target+query), c.get(who, "/v1/attachments/"+absent+query)
			if there.status != 404 || not.status != 404 || strip(there, f.Hash) != strip(not, absent) || strip(there, f.Hash) == "" {
				t.Errorf("%q, %s: %d %s, and for what is not there %d %s", who, query, there.status, there.body, not.status, not.body)
			}
		}
	}
	if a, _ := c.send("", "image/jpeg", snapshot(t, 90)); a.status != 401 {
		t.Errorf("the public sends: %d %s", a.status, a.body)
	}
	seen["two "+f.Hash] = true
	if a := c.get("two", target); a.status != 200 {
		t.Errorf("who sees a case with it: %d", a.status)
	}
	if a := c.get("plan", target); a.status != 404 {
		t.Errorf("who sees none: %d", a.status)
	}
	// Whoever sends the same has sent it.
	c.send("plan", "image/jpeg", snapshot(t, 90))
	if a := c.get("plan", target); a.status != 200 {
		t.Errorf("who sent it too: %d", a.status)
	}
	// Through the eyes of another one's own files are not theirs.
	c.send("admin", "image/jpeg", snapshot(t, 70))
	_, own := c.send("admin", "image/jpeg", snapshot(t, 70))
	if a := c.get("admin", "/v1/attachments/"+own.Hash+"?as=one"); a.status != 404 {
		t.Errorf("through the eyes of another: %d", a.status)
	}
	// A key that may do little still is of its account.
	if a := c.get("one/export", target); a.status != 200 {
		t.Errorf("a key of who sent it: %d", a.status)
	}
}

// TestHold keeps files for a case: those that one has sent or sees, and no others.
func TestHold(t *testing.T) {
	c, _, seen := withFiles(t)
	_, mine := c.send("one", "image/jpeg", snapshot(t, 90))
	hold := func(who string, hashes ...string) error {
		r := httptest.NewRequest(http.MethodPost, "/v1/cases", nil)
		r.Header.Set(whoHeader, who)
		p, err := c.server.identify(r)
		if err != nil {
			t.Fatal(err)
		}
		return c.server.attachments.Hold(r.WithContext(auth.With(r.Context(), p)), "form.before", hashes...)
	}
	if err := hold("one", mine.Hash); err != nil {
		t.Error(err)
	}
	for _, tc := range []struct{ who, hash string }{{"two", mine.Hash}, {"", mine.Hash}, {"one", strings.Repeat("0", 64)}, {"one", "../" + mine.Hash}} {
		err := hold(tc.who, tc.hash)
		if p := rest.Of(err); p.Kind != rest.Invalid || p.Field != "form.before" {
			t.Errorf("%q holds %q: %v", tc.who, tc.hash, err)
		}
	}
	seen["two "+mine.Hash] = true
	if err := hold("two", mine.Hash); err != nil {
		t.Errorf("who sees it in a case: %v", err)
	}
}

// TestRefusedAttachments sends what is not taken; the answers say why, in words.
func TestRefusedAttachments(t *testing.T) {
	c, dir, _ := withFiles(t)
	twice := strings.Replace("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nV\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b\"\r\n\r\nV\r\n--x--\r\n", "V", voice, 2)
	otherKind, other := formWith(t, "upload", "a.jpg", snapshot(t, 1))
	for name, tc := range map[string]struct {
		kind, body string
		status     int
		words      string
	}{
		"drawing":       {"image/jpeg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, 415, "SVG"},
		"page":          {"image/png", "<!doctype html><script>alert(1)</script>", 415, "HTML"},
		"script":        {"image/gif", "GIF89a/*\x00*/=1;alert(document.cookie)", 415, "a GIF"},
		"HEIC":          {"image/heic", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", 415, "Most Compatible"},
		"nothing":       {"image/jpeg", "", 415, "empty"},
		"cut off":       {"image/jpeg", snapshot(t, 1)[:1500], 422, "send it again"},
		"bomb":          {"image/png", pngBomb, 413, "50000 × 50000"},
		"too large":     {"image/jpeg", strings.Repeat("\xff", 21<<20), 413, "larger than 20 MiB"},
		"other part":    {otherKind, other, 400, "the form has one part"},
		"two files":     {"multipart/form-data; boundary=x", twice, 400, "one file at a time"},
		"no form":       {"multipart/form-data", voice, 400, "form"},
		"form of chaos": {"multipart/form-data; boundary=x", "--x\r\nnonsense", 400, "form"},
		"empty form":    {"multipart/form-data; boundary=x", "--x--\r\n", 400, "must hold the file"},
	} {
		a, _ := c.send("one", tc.kind, tc.body)
		if a.status != tc.status || !strings.Contains(a.body, tc.words) || a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := c.do("POST", "/v1/attachments?name=x.jpg", map[string]string{whoHeader: "one", "Content-Type": "image/jpeg"}, voice); a.status != 400 {
		t.Errorf("an unknown parameter: %d", a.status)
	}
	if a := c.get("one", "/v1/attachments/"+strings.Repeat("0", 64)+"?size=huge"); a.status != 400 {
		t.Errorf("an unknown size: %d", a.status)
	}
	if found, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(found) != 0 {
		t.Errorf("kept are %v %v", found, err)
	}
	without := staffed(t)
	if a, _ := without.send("one", "image/jpeg", snapshot(t, 1)); a.status != 501 {
		t.Errorf("without a folder: %d %s", a.status, a.body)
	}
	if a := without.get("one", "/v1/attachments/"+strings.Repeat("0", 64)); a.status != 501 {
		t.Errorf("without a folder: %d", a.status)
	}
}

// pngBomb says that it has 2,500 million pixels.
const pngBomb = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\xc3\x50\x00\x00\xc3\x50\x08\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00IDAT\x00\x00\x00\x00"

// TestAttachmentPaths asks for what lies beside the folder.
func TestAttachmentPaths(t *testing.T) {
	c, dir, seen := withFiles(t)
	if err := os.WriteFile(filepath.Join(dir, "..", "gewu.db"), []byte("the store"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{
		"../gewu.db", "../../gewu.db", "..", ".", "content/00", "claim", "/etc/passwd", `..\gewu.db`, strings.Repeat("../", 20) + "etc/passwd", strings.Repeat("a", 60) + "/../",
		strings.Repeat("\x00", 64), strings.Repeat("A", 64), strings.Repeat("a", 65), "%2e%2e%2fgewu.db",
	} {
		seen["one "+hash] = true // even if a case said so
		for _, form := range []string{url.PathEscape(hash), url.PathEscape(url.PathEscape(hash))} {
			if form == "." || form == ".." {
				form = strings.ReplaceAll(form, ".", "%2e")
			}
			a := c.get("one", "/v1/attachments/"+form)
			if a.status != 404 || strings.Contains(a.body, "the store") {
				t.Errorf("%s: %d %s", form, a.status, a.body)
			}
		}
	}
}

// TestManyUploads sends one after the other until it is too many; others go on.
func TestManyUploads(t *testing.T) {
	c, _, _ := withFiles(t)
	now := time.Now()
	c.server.city.Now = func() time.Time { return now }
	var a answer
	n := 0
	for ; n < 100 && a.status != 429; n++ {
		a, _ = c.send("one", "audio/amr", voice)
	}
	if n != 61 || a.header.Get("Retry-After") != "2" {
		t.Errorf("%d were sent; %d, Retry-After %q", n, a.status, a.header.Get("Retry-After"))
	}
	if b, _ := c.send("two", "audio/amr", voice); b.status != 201 {
		t.Errorf("another: %d", b.status)
	}
	now = now.Add(2 * time.Second)
	if b, _ := c.send("one", "audio/amr", voice); b.status != 201 {
		t.Errorf("later: %d", b.status)
	}
}

// TestAttachmentsOfOpenCities: without accounts the machine itself sends and reads, pages of other sites do not.
func TestAttachmentsOfOpenCities(t *testing.T) {
	c := newCity(t, func(cfg *Config) {
		cfg.Attachments.Files = openFiles(t, filepath.Join(t.TempDir(), "a"), time.Now)
	})
	a, f := c.send("", "image/jpeg", snapshot(t, 9))
	if a.status != 201 || c.get("", "/v1/attachments/"+f.Hash).status != 200 {
		t.Errorf("from here: %d %s", a.status, a.body)
	}
	for what, change := range map[string]func(*http.Request){
		"from elsewhere": func(r *http.Request) { r.RemoteAddr = "203.0.113.7:1" },
		"a page of another site": func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Origin", "https://evil.example")
		},
	} {
		r := httptest.NewRequest(http.MethodPost, "http://localhost/v1/attachments", strings.NewReader(snapshot(t, 9)))
		r.RemoteAddr = "127.0.0.1:1"
		change(r)
		w := httptest.NewRecorder()
		if c.server.Handler().ServeHTTP(w, r); w.Code != 403 {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "http://localhost/v1/attachments/"+f.Hash, nil)
	r.RemoteAddr = "203.0.113.7:1"
	w := httptest.NewRecorder()
	if c.server.Handler().ServeHTTP(w, r); w.Code != 404 {
		t.Errorf("read from elsewhere: %d", w.Code)
	}
}

// noCases refers to nothing, and tells that it was asked.
type noCases chan string

func (n noCases) Refers(_ context.Context, hash string) (bool, error) {
	n <- hash
	return false, nil
}

// TestSweepOfServer: a server that starts sweeps what nobody came to use.
func TestSweepOfServer(t *testing.T) {
	dir, asked := filepath.Join(t.TempDir(), "a"), make(noCases, 1)
	yesterday := openFiles(t, dir, func() time.Time { return time.Now().Add(-25 * time.Hour) })
	kept, err := yesterday.Put(t.Context(), "x", []byte(snapshot(t, 3)), nil)
	if err != nil {
		t.Fatal(err)
	}
	files := openFiles(t, dir, time.Now)
	c := newCity(t, func(cfg *Config) { cfg.Attachments = attachments.Config{Files: files, References: asked} })
	if got := <-asked; got != kept.Hash {
		t.Errorf("asked for %s", got)
	}
	c.stop()
	if _, _, err := files.Read(t.Context(), kept.Hash); err == nil {
		t.Error("it is still there")
	}
	c.serve() // the town ends it
}
