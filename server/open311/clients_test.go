package open311_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/server/open311"
)

var update = flag.Bool("update", false, "write what is expected anew")

// story is a town in which a case was closed and another one began.
func story(t testing.TB) *town {
	t.Helper()
	w := open(t, "dongcheng-2004", func(c *open311.Config) { c.More = questions })
	photo := must[cases.File](t)(w.albums.Keep(nil, open311.Key{}, []byte("\xff\xd8 before")))
	after := must[cases.File](t)(w.albums.Keep(nil, open311.Key{}, []byte("\xff\xd8 after")))
	w.albums.reviewed[after.Hash] = true
	class := &cases.Class{Edition: "GBT47678.5-2026", Kind: "part", Code: "01002", Row: "2"}
	w.act("C-0000", "li", "supervision", "collector", "report", cases.Form{
		Source: "collector", Description: "污水井盖缺失，联系人张三 13812345678", Point: &cases.Position{Lon: east, Lat: north}, Parts: []cases.Part{cover}, Before: []cases.File{photo}, Class: class,
	})
	closed(w, "C-0000", class, after)
	w.ids = 0
	return w
}

// closed goes the way of a case through the process of Dongcheng to its end.
func closed(w *town, id string, class *cases.Class, after cases.File) {
	photos := []cases.File{after}
	w.act(id, "wang", "supervision", "operator", "accept", cases.Form{})
	w.act(id, "zhao", "supervision", "duty-chief", "register", cases.Form{Class: class})
	w.act(id, "qian", "command", "dispatcher", "dispatch", cases.Form{Unit: "water"})
	w.act(id, "zhou", "water", "handler", "take", cases.Form{})
	w.act(id, "zhou", "water", "handler", "feedback", cases.Form{After: photos})
	w.act(id, "qian", "command", "dispatcher", "pass", cases.Form{})
	w.act(id, "wang", "supervision", "operator", "inspect-ask", cases.Form{Person: "li"})
	w.act(id, "li", "supervision", "collector", "inspect-pass", cases.Form{After: photos})
	w.act(id, "zhao", "supervision", "duty-chief", "close", cases.Form{})
}

// TestClients sends requests as clients and validators send them, one after the other, and compares the answers with those
// that are kept beside them.
func TestClients(t *testing.T) {
	w := story(t)
	files := must[[]string](t)(filepath.Glob("testdata/clients/*.http"))
	if len(files) < 25 {
		t.Fatalf("%d requests", len(files))
	}
	slices.Sort(files)
	for _, file := range files {
		b := must[[]byte](t)(os.ReadFile(file))
		rec := httptest.NewRecorder()
		r := request(t, b)
		handle := w.Get
		if r.Method == http.MethodPost {
			handle = w.Post
		}
		if err := handle(rec, r); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		body := rec.Body.String()
		if rec.Header().Get("Content-Encoding") == "gzip" {
			body = unpacked(t, rec.Body)
		}
		// The list of services is long: what clients ask of it is checked elsewhere.
		if lines := strings.SplitAfter(strings.ReplaceAll(body, "</service>", "</service>\n"), "\n"); len(lines) > 60 {
			body = strings.Join(lines[:3], "") + fmt.Sprintf("… %d more\n", len(lines)-3)
		} else if strings.HasPrefix(body, `[{"service_code"`) && len(body) > 4000 {
			first, _, _ := strings.Cut(body, "},")
			body = first + "…\n"
		}
		got := fmt.Sprintf("%d %s\n%s", rec.Code, rec.Header().Get("Content-Type"), body)
		golden := strings.TrimSuffix(file, ".http") + ".answer"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, _ := os.ReadFile(golden)
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: run go test ./server/open311 -update and read the difference: %s", file, diff)
		}
	}
}

// request reads a request from its text. Bodies of forms have no end of line; those of several parts have long ones, and
// <JPEG> stands for a picture.
func request(t testing.TB, text []byte) *http.Request {
	t.Helper()
	head, body, _ := bytes.Cut(text, []byte("\n\n"))
	body = bytes.TrimSuffix(body, []byte("\n"))
	if bytes.Contains(head, []byte("multipart/")) {
		body = append(bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n")), "\r\n"...)
		body = bytes.ReplaceAll(body, []byte("<JPEG>"), []byte("\xff\xd8\xff\xe0 a picture"))
	}
	head = slices.Clone(bytes.TrimSpace(head))
	if len(body) > 0 {
		head = fmt.Appendf(head, "\nContent-Length: %d", len(body))
	}
	all := slices.Concat(bytes.ReplaceAll(head, []byte("\n"), []byte("\r\n")), []byte("\r\n\r\n"), body)
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(all)))
	if err != nil {
		t.Fatalf("%s: %v", head, err)
	}
	return r
}
