package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// sendAll asks as clients do that send everything before they read, such as Python's: what it cannot send is a failure.
func (c *town) sendAll(method, path, kind string, size int, header string) (*http.Response, string, error) {
	c.t.Helper()
	conn, err := net.Dial("tcp", c.http.Listener.Addr().String())
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		c.t.Fatal(err)
	}
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n%s\r\n", method, path, kind, header)
	if _, err := io.WriteString(conn, head); err != nil {
		return nil, "", err
	}
	chunk := bytes.Repeat([]byte(" "), 1<<20)
	for sent := 0; sent < size; sent += len(chunk) {
		part := chunk[:min(len(chunk), size-sent)]
		if strings.Contains(header, "chunked") {
			part = fmt.Appendf(nil, "%x\r\n%s\r\n", len(part), part)
		}
		if _, err := conn.Write(part); err != nil {
			return nil, "", fmt.Errorf("after %d bytes: %w", sent, err)
		}
	}
	if strings.Contains(header, "chunked") {
		if _, err := io.WriteString(conn, "0\r\n\r\n"); err != nil {
			return nil, "", err
		}
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

// TestRefusedBodies sends bodies that are refused, far larger than what connections buffer, to every route that takes one:
// the answer is always read.
func TestRefusedBodies(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.BodyBytes = 64 << 10 }).fill()
	size := 12 << 20
	if testing.Short() {
		size = 2 << 20 // more than a connection holds
	}
	vars := strings.NewReplacer("{layer}", "trees", "{id}", "tree03", "{scheme}", "unit", "{code}", "A111-00", "{seq}", "2", "{dictionary}", "kinds")
	tried := 0
	for _, rt := range c.server.routes() {
		if rt.method == http.MethodGet || rt.method == http.MethodDelete {
			continue
		}
		for _, kind := range []string{"application/json", "text/nonsense"} {
			for _, how := range []string{fmt.Sprintf("Content-Length: %d\r\n", size), "Transfer-Encoding: chunked\r\n", fmt.Sprintf("Idempotency-Key: k\r\nContent-Length: %d\r\n", size)} {
				res, body, err := c.sendAll(rt.method, vars.Replace(rt.path), kind, size, how)
				if err != nil {
					t.Errorf("%s %s, %s, %.20s: %v", rt.method, rt.path, kind, how, err)
					continue
				}
				tried++
				if res.StatusCode >= 500 && res.StatusCode != http.StatusNotImplemented {
					t.Errorf("%s %s, %s: %d %s", rt.method, rt.path, kind, res.StatusCode, body)
				}
			}
		}
	}
	if tried < 80 {
		t.Errorf("%d answers", tried)
	}
	for _, how := range []string{fmt.Sprintf("Content-Length: %d\r\n", size), "Transfer-Encoding: chunked\r\n"} {
		res, body, err := c.sendAll("POST", "/v1/changes", "application/json", size, how)
		if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, "larger than") {
			t.Errorf("%v, %v, %s", res, err, body)
		}
	}
}

// TestBodiesNotAskedFor sends what nobody reads: a body that waits for permission is refused without it, one that is far
// too large without reading it.
func TestBodiesNotAskedFor(t *testing.T) {
	c := newCity(t, func(cfg *Config) { cfg.Limits.BodyBytes = 64 << 10 }).fill()
	start := time.Now()
	for _, how := range []string{"Expect: 100-continue\r\nContent-Length: 100000\r\n", fmt.Sprintf("Content-Length: %d\r\n", 1<<40)} {
		res, body, err := c.sendAll("POST", "/v1/changes", "application/json", 0, how)
		if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%q: %v, %v %s", how, err, res, body)
		}
	}
	// Without it the server would have waited for both as long as it drains.
	if took := time.Since(start); took > drainTime {
		t.Errorf("answered after %v", took)
	}
}

// TestBrokenBodies breaks imports off in the middle of a body: the answer says so, and what has landed.
func TestBrokenBodies(t *testing.T) {
	c := newCity(t, nil).fill()
	broken := func(query, how, sent string) (int, string) {
		t.Helper()
		conn, err := net.Dial("tcp", c.http.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		fmt.Fprintf(conn, "POST /v1/layers/trees/import?format=csv%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n%s\r\n\r\n%s", query, how, sent)
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	const rows = "id,lon,lat\nnew,121.5,25.01\nnewer,121.5,25.01\n"
	for query, landed := range map[string]string{"": "what came before has been imported", "&atomic=true": "nothing has been imported"} {
		for _, how := range []string{"Content-Length: 5000", "Transfer-Encoding: chunked"} {
			sent := rows
			if strings.Contains(how, "chunked") {
				sent = fmt.Sprintf("%x\r\n%s\r\n", len(rows), rows)
			}
			status, body := broken(query, how, sent)
			// How many rows are read before the client counts as gone is a matter of luck.
			want := fmt.Sprintf("the body broke off after %d bytes, before its end", len(rows))
			if !strings.Contains(body, want) || status != 400 && (!strings.Contains(body, want+"; "+landed) || !strings.Contains(body, `"done"`)) {
				t.Errorf("%s %s: %d %s, want %s", how, query, status, body, want)
			}
		}
	}
	if status, body := broken("", "Content-Length: 5000", ""); status != 400 || !strings.Contains(body, "broke off after 0 bytes") {
		t.Errorf("nothing sent: %d %s", status, body)
	}
	if status, body := broken("&async=true", "Content-Length: 5000", rows); status != 400 || !strings.Contains(body, "broke off") {
		t.Errorf("in the background: %d %s", status, body)
	}
}
