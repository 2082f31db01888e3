// Package batch answers points by the row: rows of CSV or lines of JSON in, the same rows with answers out, in order
// and in constant memory. A wrong row is answered with what is wrong with it, and the rest goes on.
package batch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/rest"
)

// Job says how rows are answered. Its methods may be called from several goroutines.
type Job struct {
	Locator *grid.Locator
	// World is the newest World. It is asked at the start and every 10,000 rows: rarely enough that neighbouring rows
	// belong to one city, often enough that a long stream does not hold an old one.
	World func() *index.World
	// Scheme is the only scheme whose cells are wanted; empty means all.
	Scheme string
	// CRS is the system of the coordinates.
	CRS proj.CRS
	// Lon and Lat are the columns or members of the coordinates; both empty means the usual names.
	Lon, Lat string
	// RowBytes bounds a row.
	RowBytes int
	// Waiting, when not nil, is called before input is waited for and output is written.
	Waiting func()
}

// refreshRows is how often the newest World is taken.
const refreshRows = 10_000

// streamBuffer is the size of the buffers of a stream in each direction.
const streamBuffer = 64 << 10

// batchReach leaves parts out: a row has no place for a list.
var batchReach = grid.Ask{Areas: true, Cells: true, AddressMeters: grid.Everything.AddressMeters}

// Bounds of the rows that are held back to be answered by all processors together.
const (
	chunkRows  = 512
	chunkBytes = 256 << 10
)

// stream is one batch under way.
type stream struct {
	Job
	world *index.World
	in    *pump
	out   *bufio.Writer

	// answer appends the answer to a row; several goroutines call it at once.
	answer func(dst []byte, r *row) []byte
	rows   []row
	bytes  int
	taken  int      // rows taken in
	parts  [][]byte // memory for answers, one for each goroutine
}

// CSV answers comma-separated rows below a header. Nothing is written before the header has been read and found good:
// until then the error is a *rest.Problem, or that of the input. Afterwards it says why the batch broke off.
func (j Job) CSV(in io.Reader, out io.Writer) error { return j.run(in, out, (*stream).csv) }

// NDJSON answers JSON objects, one a line.
func (j Job) NDJSON(in io.Reader, out io.Writer) error { return j.run(in, out, (*stream).ndjson) }

func (j Job) run(in io.Reader, out io.Writer, read func(*stream) error) error {
	b := &stream{
		Job: j, world: j.World(), out: bufio.NewWriterSize(out, streamBuffer),
		parts: make([][]byte, 0, 2*runtime.GOMAXPROCS(0)+1),
	}
	b.in = &pump{from: in, limit: int64(j.RowBytes), before: func() error {
		if j.Waiting != nil {
			j.Waiting()
		}
		// What is answered goes out before the next rows are waited for, so that a client may ask row by row.
		if err := b.answerRows(); err != nil || b.out.Buffered() == 0 {
			return err
		}
		return b.out.Flush()
	}}
	if err := read(b); err != nil {
		return err
	}
	if err := b.answerRows(); err != nil {
		return err
	}
	return b.out.Flush()
}

// row is a row of CSV or a line of JSON, or why there is none.
type row struct {
	record []string
	line   []byte
	why    string
}

// Usual names of coordinates, compared by [data.FoldName].
var (
	lonNames = []string{"lon", "lng", "long", "longitude", "x", "經度", "经度"}
	latNames = []string{"lat", "latitude", "y", "緯度", "纬度"}
)

// errRowTooLong ends a batch whose row does not end.
var errRowTooLong = errors.New("batch: row too long")

// pump reads the input and bounds its rows.
type pump struct {
	from   io.Reader
	before func() error // called before each read
	limit  int64
	read   int64
	mark   int64 // read when the last row was complete
}

func (p *pump) Read(b []byte) (int, error) {
	if p.read-p.mark > p.limit+streamBuffer {
		return 0, errRowTooLong
	}
	if err := p.before(); err != nil {
		return 0, err
	}
	n, err := p.from.Read(b)
	p.read += int64(n)
	return n, err
}

// take takes a row in.
func (b *stream) take(r row, size int) error {
	b.in.mark = b.in.read
	b.rows = append(b.rows, r)
	b.taken++
	if b.bytes += size; len(b.rows) < chunkRows && b.bytes < chunkBytes {
		return nil
	}
	return b.answerRows()
}

// answerRows answers the rows held back, on all processors, and writes the answers in order.
func (b *stream) answerRows() error {
	if len(b.rows) == 0 {
		return nil
	}
	if b.taken/refreshRows != (b.taken-len(b.rows))/refreshRows {
		b.world = b.World()
	}
	// A few rows are not worth a goroutine.
	share := max(16, (len(b.rows)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var running sync.WaitGroup
	var failed atomic.Pointer[string]
	n := 0
	for rows := range slices.Chunk(b.rows, share) {
		if n == len(b.parts) {
			b.parts = append(b.parts, nil)
		}
		part := &b.parts[n]
		n++
		work := func() {
			// A panic of a goroutine that nobody recovers would end the process; it goes on in the caller's.
			defer func() {
				if v := recover(); v != nil {
					failed.Store(new(fmt.Sprintf("%v\n%s", v, debug.Stack())))
				}
			}()
			*part = (*part)[:0]
			for i := range rows {
				*part = b.answer(*part, &rows[i])
			}
		}
		if len(rows) == len(b.rows) {
			work()
			continue
		}
		running.Go(work)
	}
	running.Wait()
	clear(b.rows)
	b.rows, b.bytes = b.rows[:0], 0
	if panicked := failed.Load(); panicked != nil {
		panic(*panicked)
	}
	for _, part := range b.parts[:n] {
		if _, err := b.out.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// locate answers one row.
func (b *stream) locate(lon, lat string) (grid.Location, *rest.Problem) {
	x, fault := coordinate("lon", lon)
	if fault != nil {
		return grid.Location{}, fault
	}
	y, fault := coordinate("lat", lat)
	if fault != nil {
		return grid.Location{}, fault
	}
	p, fault := rest.Place(b.CRS, x, y)
	if fault != nil {
		return grid.Location{}, fault
	}
	ask := batchReach
	ask.Scheme = b.Scheme
	return b.Locator.Locate(b.world, p, ask), nil
}

func coordinate(name, text string) (float64, *rest.Problem) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, rest.Fault(rest.BadRequest, name, "", "is empty")
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, rest.Fault(rest.BadRequest, name, text, "must be a number")
	}
	return f, nil
}

func formatNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// isCoordinate reports whether a column or member is the one that holds a coordinate.
func isCoordinate(name, given string, usual []string) bool {
	if given != "" {
		return name == given
	}
	return slices.Contains(usual, data.FoldName(name))
}

// tooLong is what the last row says when a row does not end.
func (b *stream) tooLong() string {
	return fmt.Sprintf("row %d is longer than %d bytes (a quote that is not closed?); the rest was not read", b.taken+1, b.in.limit)
}
