package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gewu-city/gewu/test/peers/wire"
)

// server is a process that serves HTTP on the loopback.
type server struct {
	cmd     *exec.Cmd
	address string
	ready   time.Duration // from start to the first answer that says so
	log     *tail
	ended   chan error
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// tail keeps the last of what a process says.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-4096):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// serve starts gewu on a data folder and waits until it is ready.
func (r *rig) serve(dir string) (*server, error) {
	path, err := r.theBinary()
	if err != nil {
		return nil, err
	}
	return r.start(exec.CommandContext(r.ctx, path, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--log-level", "warn"))
}

// peer starts this program as one of the peers of runChild.
func (r *rig) peer(name string, args ...string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(r.ctx, self, args...)
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	return r.start(cmd)
}

// start starts a process that prints its URL, and waits until /readyz answers.
func (r *rig) start(cmd *exec.Cmd) (*server, error) {
	s := &server{cmd: cmd, log: &tail{}, ended: make(chan error, 1)}
	cmd.Stderr = s.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, url, ok := strings.Cut(lines.Text(), "http://"); ok && len(address) == 0 {
				address <- strings.Replace(strings.TrimRight(url, "/"), "localhost", "127.0.0.1", 1)
			}
		}
		s.ended <- cmd.Wait()
	}()
	select {
	case s.address = <-address:
	case err := <-s.ended:
		return nil, fmt.Errorf("%s ended: %w\n%s", cmd, errors.Join(err, r.ctx.Err()), s.log)
	case <-time.After(10 * time.Minute):
		return nil, errors.Join(fmt.Errorf("%s does not serve", cmd), cmd.Process.Kill())
	}
	for {
		w, err := wire.Dial(s.address)
		if err == nil {
			err = w.Do(wire.Get("/readyz"), nil)
			_ = w.Close()
		}
		if err == nil {
			s.ready = time.Since(begin)
			return s, nil
		}
		if time.Since(begin) > 10*time.Minute || r.ctx.Err() != nil {
			s.stop()
			return nil, fmt.Errorf("%s is not ready: %w", cmd, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// fault adds to an error what the process said last, and whether and how it ended.
func (s *server) fault(err error) error {
	select {
	case end := <-s.ended:
		s.ended <- end
		return fmt.Errorf("%w; %s ended: %v\n%s", err, s.cmd, s.cmd.ProcessState, s.log)
	case <-time.After(100 * time.Millisecond):
		return fmt.Errorf("%w\n%s", err, s.log)
	}
}

// stop ends the process and waits for it.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

// call sends one request and returns the answer.
func (s *server) call(req []byte) ([]byte, error) {
	w, err := wire.Dial(s.address)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	var b bytes.Buffer
	err = w.Do(req, &b)
	return b.Bytes(), err
}

// metrics are the figures of /metrics without labels.
func (s *server) metrics() (map[string]float64, error) {
	text, err := s.call(wire.Get("/metrics"))
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if v, err := strconv.ParseFloat(value, 64); ok && err == nil {
			out[name] = v
		}
	}
	return out, nil
}

// counter counts the bytes and lines that are written to it.
type counter struct{ bytes, lines int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	c.lines += int64(bytes.Count(p, []byte{'\n'}))
	return len(p), nil
}
