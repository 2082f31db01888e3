package test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// gewu is the path of the binary under test.
var gewu string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "gewu-test-*")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		gewu = filepath.Join(dir, "gewu")
		args := []string{"build", "-o", gewu}
		if raceEnabled {
			args = append(args, "-race")
		}
		build := exec.Command("go", append(args, "../cmd/gewu")...)
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "build:", err)
			return 1
		}
		return m.Run()
	}())
}

// needTools fails a test that needs other programs where they were promised (make test sets GEWU_E2E), and skips it
// elsewhere: go test works with Go alone.
func needTools(t *testing.T, names ...string) {
	t.Helper()
	for _, n := range names {
		if _, err := exec.LookPath(n); err != nil {
			if os.Getenv("GEWU_E2E") != "" {
				t.Fatalf("%s is missing: run make test, which installs it", n)
			}
			t.Skipf("%s is not installed", n)
		}
	}
}

// run runs a command of the binary and returns what it printed and whether it succeeded.
func run(t *testing.T, stdin io.Reader, args ...string) (output string, ok bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), gewu, args...)
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// command is a program that ends with the test.
func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), name, args...)
}

// mustRun is run for commands that have to succeed.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, ok := run(t, nil, args...)
	if !ok {
		t.Fatalf("gewu %s failed:\n%s", strings.Join(args, " "), out)
	}
	return out
}

// server is a running binary.
type server struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	log  *bytes.Buffer
	done chan error
	// first gets the link of the first administrator, where one is printed.
	first chan string
}

var served = regexp.MustCompile(`gewu serves (http://\S+)/`)

// serve starts the binary on a free port and waits until it is ready. It is killed when the test ends.
func serve(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	return startServer(t, append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, args...)...)
}

func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	return startProgram(t, append([]string{gewu}, args...)...)
}

// startProgram starts a program that serves, itself or through another one.
func startProgram(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{t: t, cmd: exec.Command(args[0], args[1:]...), log: &bytes.Buffer{}, done: make(chan error, 1), first: make(chan string, 1)}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("server log:\n%s", s.log)
		}
	})
	url := make(chan string, 1)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if m := served.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case url <- m[1]:
				default:
				}
			}
			if _, link, ok := strings.Cut(lines.Text(), "/account/invitation#"); ok {
				s.first <- link
			}
		}
	}()
	go func() {
		// Wait closes the pipe: it must come after the last line.
		<-drained
		s.done <- s.cmd.Wait()
	}()
	select {
	case s.url = <-url:
	case err := <-s.done:
		s.done <- err
		t.Fatalf("%s ended: %v\n%s", strings.Join(args, " "), err, s.log)
	case <-time.After(2 * time.Minute):
		t.Fatalf("%s does not serve", strings.Join(args, " "))
	}
	for range 200 {
		if resp, err := http.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return s
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the server is not ready")
	return nil
}

// kill ends the process at once, as a power cut would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	err := <-s.done
	s.done <- err
}

// stop asks the process to end and waits; it must end cleanly.
func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case err := <-s.done:
		s.done <- err
		if err != nil {
			s.t.Fatalf("the server ended with %v\n%s", err, s.log)
		}
	case <-time.After(30 * time.Second):
		s.t.Fatal("the server does not stop")
	}
}

// call sends a request and decodes the JSON answer into out, when that is not nil. It fails the test on any status
// but 2xx.
func (s *server) call(method, path string, body, out any) *http.Response {
	s.t.Helper()
	resp, raw := s.try(method, path, body)
	if resp.StatusCode/100 != 2 {
		s.t.Fatalf("%s %s: %s\n%s", method, path, resp.Status, raw)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			s.t.Fatalf("%s %s: %v\n%s", method, path, err, raw)
		}
	}
	return resp
}

func (s *server) try(method, path string, body any) (*http.Response, []byte) {
	s.t.Helper()
	resp, raw, err := request(s.url, method, path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, raw
}

func request(base, method, path string, body any) (*http.Response, []byte, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, nil, err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, base+path, reader)
	if err != nil {
		return nil, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp, raw, err
}

// object is a JSON object.
type object = map[string]any

// lamps is the definition of a small point layer.
var lamps = object{
	"name": "lamps", "geometry": "point", "title": object{"zh": "路灯", "en": "Lamps"}, "roles": object{"part": object{}},
	"attributes": []object{{"name": "value", "type": "int"}},
}

// lamp is a change that puts a lamp near Taipei 101.
func lamp(id string, value int) object {
	return object{"op": "put", "layer": "lamps", "feature": object{
		"type": "Feature", "id": id, "properties": object{"value": value},
		"geometry": object{"type": "Point", "coordinates": []float64{121.5645, 25.0338}},
	}}
}
