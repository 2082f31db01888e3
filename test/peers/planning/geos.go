package planning

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

//go:embed geos.py
var script string

// GEOS is the library GEOS in a process of its own, called from Python through its C interface without any module.
type GEOS struct {
	// Version is what the library calls itself.
	Version string

	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	errs    bytes.Buffer
}

// ErrNoGEOS says that GEOS, or Python, is not installed.
var ErrNoGEOS = errors.New("GEOS or python3 is not installed (on Debian: apt-get install libgeos-c1v5 python3)")

// NewGEOS starts the process and gives it the cells of a plan.
func NewGEOS(ctx context.Context, p *Plan) (*GEOS, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return nil, ErrNoGEOS
	}
	g := &GEOS{process: exec.CommandContext(ctx, python, "-c", script)}
	g.process.Stderr = &g.errs
	if g.in, err = g.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := g.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	g.out = bufio.NewReader(out)
	if err := g.process.Start(); err != nil {
		return nil, err
	}
	w := bufio.NewWriter(g.in)
	for row := range p.rows {
		_, _ = w.WriteString(row) // the error stays until Flush
	}
	_ = w.WriteByte('\n')
	err = w.Flush()
	if err == nil {
		g.Version, err = g.out.ReadString('\n')
		g.Version = strings.TrimSpace(g.Version)
	}
	if err != nil {
		g.Stop()
		if strings.Contains(g.errs.String(), "cannot open shared object file") {
			return nil, ErrNoGEOS
		}
		return nil, fmt.Errorf("GEOS: %w\n%s", err, &g.errs)
	}
	return g, nil
}

// Union is GEOSCoverageUnion for the cells of each parent.
func (g *GEOS) Union() (count int, area, cpu float64, err error) {
	if _, err := io.WriteString(g.in, "union\n"); err != nil {
		return 0, 0, 0, err
	}
	line, err := g.out.ReadString('\n')
	if err != nil {
		return 0, 0, 0, fmt.Errorf("GEOS: %w\n%s", err, &g.errs)
	}
	_, err = fmt.Sscan(line, &count, &area, &cpu)
	return count, area, cpu, err
}

// Stop ends the process.
func (g *GEOS) Stop() {
	_ = g.in.Close()
	_ = g.process.Wait()
}
