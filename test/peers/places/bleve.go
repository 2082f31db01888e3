package places

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/test/peers/proc"
)

// Bleve is bleve with its analyser for Chinese, pairs of characters, as a process beside this one on one core, asked
// through a pipe.
type Bleve struct {
	ctx      context.Context //nolint:containedctx // lives as long as the run
	program  string
	dir      string
	doors    []Door
	process  *exec.Cmd
	question io.WriteCloser
	answers  *bufio.Reader
	log      bytes.Buffer
}

// ErrNoBleve says that the program cannot be built: it is a module of its own, and others that it needs are missing.
var ErrNoBleve = errors.New("the peer in test/peers/bleve does not build")

// NewBleve builds the program, and works in a folder, which it creates.
func NewBleve(ctx context.Context, dir string, c *City) (*Bleve, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/gewu-city/gewu").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module: %w", err)
	}
	b := &Bleve{ctx: ctx, program: filepath.Join(dir, "peer"), dir: dir, doors: c.Doors}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(strings.TrimSpace(string(root)), "test/peers/bleve"), "-o", b.program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %w\n%s", ErrNoBleve, err, out)
	}
	var labels bytes.Buffer
	for _, d := range c.Doors {
		fmt.Fprintln(&labels, normalised(d.Label))
	}
	return b, os.WriteFile(b.labels(), labels.Bytes(), 0o600)
}

func (b *Bleve) labels() string { return filepath.Join(b.dir, "labels") }

// Close ends the process.
func (b *Bleve) Close() error {
	if b.process == nil {
		return nil
	}
	ended := errors.Join(b.question.Close(), b.process.Wait())
	b.process = nil
	if ended != nil {
		return fmt.Errorf("%w\n%s", ended, &b.log)
	}
	return nil
}

// Build implements [Search]: the index is made by a new process.
func (b *Bleve) Build() (cpu time.Duration, size int64, err error) {
	index := filepath.Join(b.dir, "index")
	if err := errors.Join(b.Close(), os.RemoveAll(index)); err != nil {
		return 0, 0, err
	}
	b.process = exec.CommandContext(b.ctx, b.program, index, b.labels())
	b.process.Env = append(os.Environ(), "GOMAXPROCS=1")
	b.process.Stderr = &b.log
	if b.question, err = b.process.StdinPipe(); err != nil {
		return 0, 0, err
	}
	out, err := b.process.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	b.answers = bufio.NewReader(out)
	if err := b.process.Start(); err != nil {
		b.process = nil
		return 0, 0, err
	}
	if _, err := b.line(); err != nil {
		return 0, 0, err
	}
	if cpu, err = b.CPU(); err != nil {
		return 0, 0, err
	}
	size, err = sizeOf(index)
	return cpu, size, err
}

func sizeOf(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

// line is what the process says next.
func (b *Bleve) line() (string, error) {
	text, err := b.answers.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("bleve answers nothing: %w", errors.Join(err, b.Close()))
	}
	return strings.TrimSuffix(text, "\n"), nil
}

// Prepare implements [Search].
func (b *Bleve) Prepare(text string) string { return normalised(text) }

// Find implements [Search].
func (b *Bleve) Find(text string) (string, error) {
	if _, err := io.WriteString(b.question, text+"\n"); err != nil {
		return "", err
	}
	answer, err := b.line()
	if err != nil || answer == "-1" {
		return "", err
	}
	i, err := strconv.Atoi(answer)
	if err != nil || i < 0 || i >= len(b.doors) {
		return "", fmt.Errorf("bleve found a door %q that there is not", answer)
	}
	return b.doors[i].ID, nil
}

// CPU implements [Search].
func (b *Bleve) CPU() (time.Duration, error) { return proc.CPU(b.process.Process.Pid) }
