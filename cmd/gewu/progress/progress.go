// Package progress shows on a terminal, or in lines, how far long work is.
package progress

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Bar shows how far long work is: a progress bar on a terminal, a line every few seconds elsewhere. It is for one
// goroutine at a time.
type Bar struct {
	bar   *progressbar.ProgressBar
	out   io.Writer
	name  string
	total int64
	next  time.Time
}

// lineEvery is how often progress is printed where there is no terminal.
const lineEvery = 5 * time.Second

// Bytes is a bar on w that counts bytes of a total, -1 when nobody knows it. A quiet one shows nothing.
func Bytes(w io.Writer, name string, total int64, quiet bool) *Bar {
	return draw(w, name, total, quiet, progressbar.OptionShowBytes(true))
}

// Things is a bar on w that shows how much of a total is done. A quiet one shows nothing.
func Things(w io.Writer, name string, total int64, quiet bool) *Bar {
	return draw(w, name, total, quiet)
}

// Features is a bar on w that counts features of a total. A quiet one shows nothing.
func Features(w io.Writer, name string, total int64, quiet bool) *Bar {
	return draw(w, name, total, quiet, progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("features"))
}

func draw(w io.Writer, name string, total int64, quiet bool, counts ...progressbar.Option) *Bar {
	b := &Bar{out: w, name: name, total: total, next: time.Now().Add(lineEvery)}
	if quiet {
		b.out = io.Discard
		return b
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.bar = progressbar.NewOptions64(total, append(counts,
			progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(name),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())...)
	}
	return b
}

// Set shows that n of the total are done.
func (b *Bar) Set(n int64) {
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

// Line prints a message without disturbing the bar.
func (b *Bar) Line(out io.Writer, text string) {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
	fmt.Fprintln(out, text)
}

// Finish removes the bar.
func (b *Bar) Finish() {
	if b.bar != nil {
		_ = b.bar.Finish()
	}
}

// Reader is a reader whose bytes move the bar.
func (b *Bar) Reader(r io.Reader) io.Reader { return &countingReader{r: r, bar: b} }

type countingReader struct {
	r    io.Reader
	bar  *Bar
	read int64
}

// Read implements io.Reader.
func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.read += int64(n)
	c.bar.Set(c.read)
	return n, err
}
