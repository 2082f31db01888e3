// Package postgis runs a PostgreSQL with PostGIS of its own: a cluster in a folder, reached through a unix socket.
package postgis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gewu-city/gewu/test/peers/proc"
)

// Cluster is a cluster of our own: in a temporary folder, reached through a unix socket only.
type Cluster struct {
	ctx    context.Context //nolint:containedctx // lives as long as the cluster
	bin    string
	dir    string
	server *exec.Cmd
	log    bytes.Buffer
}

// settings of the cluster. Durability stays as it is by default: imports are compared with durable ones.
var settings = []string{
	"listen_addresses=", "port=5432", "max_connections=40", "shared_buffers=1GB", "work_mem=256MB", "maintenance_work_mem=512MB",
	"max_wal_size=4GB", "jit=off", "max_parallel_workers_per_gather=0", "random_page_cost=1.1", "effective_cache_size=4GB",
	"autovacuum=off", // nothing may start by itself while others are measured
}

// ErrMissing says that PostgreSQL with PostGIS is not installed.
var ErrMissing = errors.New("PostgreSQL with PostGIS is not installed (on Debian: apt-get install postgresql-15-postgis-3)")

// findPostgres finds the folder of the programs, of the newest version that has PostGIS.
func findPostgres() (bin string, err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, path)
	}
	for _, path := range slices.Backward(found) {
		version := filepath.Base(filepath.Dir(filepath.Dir(path)))
		if _, err := os.Stat("/usr/share/postgresql/" + version + "/extension/postgis.control"); err == nil {
			return filepath.Dir(path), nil
		}
	}
	return "", ErrMissing
}

// Program prepares a program of PostgreSQL. As root it runs as the user postgres: the server refuses root.
func (p *Cluster) Program(name string, args ...string) (*exec.Cmd, error) {
	cmd := exec.CommandContext(p.ctx, filepath.Join(p.bin, name), args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "PGHOST="+p.dir, "PGUSER=gewu", "PGDATABASE=postgres", "LC_ALL=C.UTF-8")
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, fmt.Errorf("run %s as another user than root: %w", name, err)
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		if err := os.Chown(p.dir, int(uid), int(gid)); err != nil {
			return nil, err
		}
	}
	return cmd, nil
}

// Output runs a program and returns what it printed.
func (p *Cluster) Output(stdin io.Reader, name string, args ...string) ([]byte, error) {
	cmd, err := p.Program(name, args...)
	if err != nil {
		return nil, err
	}
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, &errs)
	}
	return out.Bytes(), nil
}

// Start makes a cluster in a folder, which it creates, and starts it. Without PostGIS it is [ErrMissing].
func Start(ctx context.Context, dir string) (*Cluster, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	p := &Cluster{ctx: ctx, bin: bin, dir: dir}
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		return nil, err
	}
	data := filepath.Join(p.dir, "data")
	if _, err := p.Output(nil, "initdb", "-D", data, "-U", "gewu", "-A", "trust", "-E", "UTF8", "--no-sync"); err != nil {
		return nil, err
	}
	args := []string{"-D", data, "-k", p.dir}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	if p.server, err = p.Program("postgres", args...); err != nil {
		return nil, err
	}
	p.server.Stderr = &p.log
	if err := p.server.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_, err := p.SQL("SELECT 1")
		if err == nil {
			_, err = p.SQL("CREATE EXTENSION postgis")
			return p, err
		}
		if time.Now().After(deadline) {
			p.Stop()
			return nil, fmt.Errorf("PostgreSQL does not start: %w\n%s", err, p.log.String())
		}
	}
}

// URL is where the cluster is reached.
func (p *Cluster) URL() string { return "host=" + p.dir + " user=gewu dbname=postgres" }

// CPU is the CPU time that all processes of the cluster have spent so far.
func (p *Cluster) CPU() (time.Duration, error) { return proc.CPU(p.server.Process.Pid) }

// Stop ends the cluster at once; its folder is removed anyway.
func (p *Cluster) Stop() {
	_ = p.server.Process.Signal(syscall.SIGINT)
	_ = p.server.Wait()
}

// SQL runs statements and returns what they print, without decoration.
func (p *Cluster) SQL(text string) (string, error) {
	out, err := p.Output(strings.NewReader(text), "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1")
	return strings.TrimSpace(string(out)), err
}

// Pour sends rows to COPY … FROM STDIN. write writes them in the text format.
func (p *Cluster) Pour(table string, write func(w io.Writer) error) error {
	in, out := io.Pipe()
	go func() {
		out.CloseWithError(write(out))
	}()
	defer in.Close()
	_, err := p.Output(in, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", "COPY "+table+" FROM STDIN")
	return err
}

// Measured runs work and returns the seconds of CPU that the cluster spent on it, and those on the clock.
func (p *Cluster) Measured(work func() error) (cpu, clock float64, err error) {
	before, err := proc.CPU(p.server.Process.Pid)
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if err := work(); err != nil {
		return 0, 0, err
	}
	clock = time.Since(start).Seconds()
	// The process that served a client ends a moment after it; while it does, nobody may count its time.
	time.Sleep(100 * time.Millisecond)
	after, err := proc.CPU(p.server.Process.Pid)
	return max(after-before, proc.Tick).Seconds(), clock, err
}

// Bench runs a script with pgbench on two connections, prepared, for a while, and returns transactions for each second
// of CPU of the cluster, and their latency in ms.
func (p *Cluster) Bench(script string, d time.Duration) (perCPU, latency float64, err error) {
	path := filepath.Join(p.dir, "script.sql")
	if err := os.WriteFile(path, []byte(script), 0o644); err != nil {
		return 0, 0, err
	}
	var out []byte
	seconds := strconv.Itoa(max(1, int(d.Seconds()+0.5)))
	cpu, _, err := p.Measured(func() error {
		var err error
		out, err = p.Output(nil, "pgbench", "-n", "-M", "prepared", "-c", "2", "-j", "1", "-T", seconds, "-f", path)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	done := 0.0
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(line, "number of transactions actually processed: "); ok {
			done, err = strconv.ParseFloat(strings.TrimSpace(rest), 64)
		}
		if rest, ok := strings.CutPrefix(line, "latency average = "); ok {
			latency, _ = strconv.ParseFloat(strings.Fields(rest)[0], 64)
		}
	}
	if err != nil || done == 0 {
		return 0, 0, fmt.Errorf("pgbench did nothing: %w\n%s", err, out)
	}
	return done / cpu, latency, nil
}
