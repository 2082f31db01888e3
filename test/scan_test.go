package test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scanModules are the attacks of wapiti that can be made without asking a server on the internet.
const scanModules = "crlf,csp,cookieflags,http_headers,exec,file,sql,blindsql,xss,permanentxss,redirect,methods,htaccess,shellshock,xxe"

// scanTime bounds a scan: the attacks of one kind end after attackSeconds.
const (
	scanTime      = 90 * time.Second
	attackSeconds = "5"
)

// finding is one thing that a scanner does not like.
type finding struct {
	Category, Info string
	Method, Path   string
	Parameter      string
}

// scan has wapiti crawl a server from its start page and from some paths, and attack every parameter that it finds.
func scan(t *testing.T, base string, paths ...string) []finding {
	t.Helper()
	dir := t.TempDir()
	args := []string{
		"-u", base + "/", "--scope", "domain", "-d", "1", "-m", scanModules, "--max-scan-time", "20", "--max-attack-time", attackSeconds, "-t", "5",
		"--flush-session", "--store-session", filepath.Join(dir, "session"), "--store-config", filepath.Join(dir, "config"),
		"--no-bugreport", "-v", "0", "-f", "json", "-o", filepath.Join(dir, "report.json"),
	}
	for _, path := range paths {
		args = append(args, "-s", base+path)
	}
	ctx, cancel := context.WithTimeout(t.Context(), scanTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "wapiti", args...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "PYTHONWARNINGS=ignore")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("wapiti: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var report struct{ Vulnerabilities, Anomalies map[string][]finding }
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	var all []finding
	for _, some := range []map[string][]finding{report.Vulnerabilities, report.Anomalies} {
		for category, list := range some {
			for _, f := range list {
				f.Category = category
				all = append(all, f)
			}
		}
	}
	return all
}

// known are the findings that are none, with the reason.
var known = map[string]string{
	"X-XSS-Protection is not set":          "browsers have given it up, and its last users were attacked by it",
	"Strict-Transport-Security is not set": "it is sent over TLS alone, see TestHeaders in server",
}

// TestScanner has wapiti attack the sample city with its pages and its API.
func TestScanner(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	needTools(t, "wapiti")
	s := startServer(t, "demo", "--data", t.TempDir(), "--listen", "127.0.0.1:0")
	s.waitForSample()
	before := s.requests()
	found := scan(t, s.url,
		"/v1/geocode?q=x&limit=5", "/v1/suggest?q=a", "/v1/reverse?lon=121.56&lat=25.03", "/v1/locate?lon=121.56&lat=25.03&include=areas", "/geocoder/search?q=x",
		"/v1/layers/trees/features?limit=2&filter=1%3D1", "/v1/layers/trees/export?format=csv&where=1%3D1", "/v1/schemes/unit/cells?limit=2", "/v1/changes?limit=1",
		"/v1/attachments/x?size=full", "/v1/cases?limit=1", "/v1/audit?who=x", "/tiles/city.json?lang=en", "/styles/light.json?lang=en", "/preview/city?lang=en", "/account?next=x",
	)
	for _, f := range found {
		if _, ok := known[f.Info]; !ok {
			t.Errorf("%s: %s %s, parameter %q: %s", f.Category, f.Method, f.Path, f.Parameter, f.Info)
		}
	}
	n := s.requests() - before
	if n < 500 {
		t.Errorf("only %d requests were made: the scanner has not attacked", n)
	}
	t.Logf("%d requests, %d findings, all of them known", n, len(found))
}

// requests is how many requests the server has answered.
func (s *server) requests() (n int) {
	s.t.Helper()
	res, err := http.Get(s.url + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "} "); ok && strings.HasPrefix(name, "gewu_http_requests_total{") {
			one, err := strconv.ParseFloat(value, 64)
			if err != nil {
				s.t.Fatal(err)
			}
			n += int(one)
		}
	}
	return n
}

// TestScannerSees has wapiti attack a server that does everything wrong: what it would have found here it finds there.
func TestScannerSees(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	needTools(t, "wapiti")
	weak := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		w.Header().Set("Content-Type", "text/html")
		if to := q.Get("to"); to != "" {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
			return
		}
		if name := q.Get("file"); strings.Contains(name, "etc/passwd") {
			fmt.Fprint(w, "root:x:0:0:root:/root:/bin/bash\n")
			return
		}
		fmt.Fprintf(w, "<html><body>%s<a href='/?name=x'>x</a><a href='/?to=/y'>y</a><a href='/?file=z'>z</a></body></html>", q.Get("name"))
	}))
	defer weak.Close()
	var categories []string
	for _, f := range scan(t, weak.URL, "/?name=x", "/?to=/y", "/?file=z") {
		categories = append(categories, f.Category)
	}
	for _, want := range []string{"Cross Site Scripting", "Path Traversal", "Open Redirect", "Content Security Policy Configuration", "HTTP Secure Headers"} {
		if !slices.Contains(categories, want) {
			t.Errorf("%s is not found; found are %q", want, categories)
		}
	}
}
