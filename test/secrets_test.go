package test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestNoSecretsInLogs sends right and wrong secrets by every way to a server that logs all it can, and looks for them in its
// log and in what the system tells of the process.
func TestNoSecretsInLogs(t *testing.T) {
	const token, wrong, password = "token-5f1c2ad0c4b84e6f", "wrong-93ab77d0c4b84e6f", "password-77aa1e5c0d"
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, "--log-level", "debug", "serve", "--data", filepath.Join(dir, "city"), "--listen", "127.0.0.1:0", "--token-file", file)
	send := func(method, path, authorization, body string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forwarded-For", "203.0.113.7") // not from this machine, which may do all
		r.Header.Set("Cookie", "gewu="+wrong)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := send("GET", "/v1/changes", "Bearer "+token, ""); got != http.StatusOK {
		t.Errorf("with the token of the file: %d", got)
	}
	for _, authorization := range []string{"Bearer " + wrong, "Bearer gewu_" + wrong, "Basic " + wrong} {
		if got := send("GET", "/v1/changes", authorization, ""); got != http.StatusUnauthorized && got != http.StatusForbidden {
			t.Errorf("%s: %d", authorization, got)
		}
	}
	if got := send("POST", "/v1/login", "", `{"login":"root","password":"`+password+`"}`); got/100 != 4 {
		t.Errorf("login without an account: %d", got)
	}
	line, err := os.ReadFile(filepath.Join("/proc", "self", "cmdline"))
	if err == nil && len(line) > 0 {
		if line, err = os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "cmdline")); err != nil {
			t.Error(err)
		}
	}
	s.stop()
	for name, text := range map[string]string{"log": s.log.String(), "process list": string(line)} {
		for _, secret := range []string{token, wrong, password} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s has %q:\n%s", name, secret, text)
			}
		}
	}
	if !strings.Contains(s.log.String(), "/v1/login") || !strings.Contains(string(line), "token-file") && len(line) > 0 {
		t.Errorf("what was looked through is not what was meant: %s\n%s", line, s.log)
	}
	if out, ok := run(t, nil, "serve", "--data", filepath.Join(dir, "other"), "--token-file", filepath.Join(dir, "none")); ok || !strings.Contains(out, "--token-file") {
		t.Error(out)
	}
}
