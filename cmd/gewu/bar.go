package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows how far long work is: a progress bar on a terminal, a line every few seconds elsewhere.
type bar struct {
	bar       *progressbar.ProgressBar
	out       io.Writer
	name      string
	total     int64
	next      time.Time
	rowErrors int
}

// lineEvery is how often progress is printed where there is no terminal.
const lineEvery = 5 * time.Second

// newBar is a bar that counts bytes.
func newBar(e *env, name string, total int64, quiet bool) *bar {
	return makeBar(e, name, total, quiet, progressbar.OptionShowBytes(true))
}

// newCountBar is a bar that counts features.
func newCountBar(e *env, name string, total int64, quiet bool) *bar {
	return makeBar(e, name, total, quiet, progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("features"))
}

func makeBar(e *env, name string, total int64, quiet bool, counts ...progressbar.Option) *bar {
	b := &bar{out: e.stderr, name: name, total: total, next: time.Now().Add(lineEvery)}
	if quiet {
		b.out = io.Discard
		return b
	}
	if f, ok := e.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.bar = progressbar.NewOptions64(total, append(counts,
			progressbar.OptionSetWriter(e.stderr), progressbar.OptionSetDescription(name),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())...)
	}
	return b
}

// Set shows that n of the total are done.
func (b *bar) Set(n int64) {
	if b.bar != nil {
		// An error here is one of drawing.
		_ = b.bar.Set64(n)
		return
	}
	if now := time.Now(); now.After(b.next) {
		b.next = now.Add(lineEvery)
		if b.total > 0 {
			fmt.Fprintf(b.out, "%s: %d %%\n", b.name, min(100, n*100/b.total))
		} else {
			fmt.Fprintf(b.out, "%s: %d bytes\n", b.name, n)
		}
	}
}

// line prints a message without disturbing the bar.
func (b *bar) line(out io.Writer, text string) {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
	fmt.Fprintln(out, text)
}

// Finish removes the bar.
func (b *bar) Finish() {
	if b.bar != nil {
		_ = b.bar.Finish()
	}
}

// counting is a reader whose bytes move the bar.
func (b *bar) counting(r io.Reader) io.Reader { return &countingReader{r: r, bar: b} }

type countingReader struct {
	r    io.Reader
	bar  *bar
	read int64
}

// Read implements io.Reader.
func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.read += int64(n)
	c.bar.Set(c.read)
	return n, err
}
