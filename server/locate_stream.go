package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
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
)

// refreshRows is how often a batch takes the newest World: rarely enough that neighbouring rows belong to one city,
// often enough that a long stream does not hold an old one.
const refreshRows = 10_000

// streamBuffer is the size of the buffers of a stream in each direction.
const streamBuffer = 64 << 10

// batchReach leaves parts out: a row has no place for a list.
var batchReach = grid.Reach{AddressMeters: grid.DefaultReach.AddressMeters}

// Bounds of the rows that are held back to be answered by all processors together.
const (
	chunkRows  = 512
	chunkBytes = 256 << 10
)

// rowStream is one streamed request: rows in, the same rows with answers out, in constant memory.
type rowStream struct {
	s      *Server
	world  *index.World
	scheme string
	crs    proj.CRS
	// lon and lat are the names that the client gave its coordinates, empty for the usual ones.
	lon, lat string
	in       *pump
	out      *bufio.Writer

	// answer appends the answer to a row; several goroutines call it at once.
	answer func(dst []byte, r *row) []byte
	rows   []row
	bytes  int
	taken  int      // rows taken in
	parts  [][]byte // memory for answers, one for each goroutine
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

// handleLocateStream answers rows as they come.
func (s *Server) handleLocateStream(w http.ResponseWriter, r *http.Request) error {
	kind, err := contentType(r, typeCSV, typeNDJSON)
	if err != nil {
		return err
	}
	q := parseParams(r)
	b := &rowStream{s: s, scheme: q.text("scheme"), crs: q.crs("crs"), lon: q.text("lon"), lat: q.text("lat")}
	if b.world, err = s.world(r, q); err != nil {
		return err
	}
	if err := q.done(""); err != nil {
		return err
	}
	if (b.lon == "") != (b.lat == "") {
		return fieldFault(badRequest, "lon,lat", b.lon+","+b.lat, "must be given together")
	}
	if err := s.knownScheme(b.world, b.scheme); err != nil {
		return err
	}
	control := http.NewResponseController(w)
	// Refused by recorders in tests and by HTTP/2, where both directions are open anyway.
	_ = control.EnableFullDuplex()
	setSeq(w, b.world.Seq())
	w.Header().Set("Cache-Control", "no-store")
	b.parts = make([][]byte, 0, 2*runtime.GOMAXPROCS(0)+1)
	b.out = bufio.NewWriterSize(&flusher{w, control}, streamBuffer)
	b.in = &pump{from: r.Body, limit: int64(s.cfg.Limits.RowBytes), before: func() error {
		// What is answered goes out before the next rows are waited for, so that a client may ask row by row.
		deadline := s.cfg.Now().Add(s.cfg.Limits.Idle)
		_ = control.SetReadDeadline(deadline)
		_ = control.SetWriteDeadline(deadline)
		if err := b.answerRows(); err != nil || b.out.Buffered() == 0 {
			return err
		}
		return b.out.Flush()
	}}
	run := b.csv
	if kind == typeNDJSON {
		run = b.ndjson
	}
	if err := run(w.Header()); err != nil {
		return err
	}
	if err := b.answerRows(); err != nil {
		return err
	}
	return b.out.Flush()
}

// flusher sends each write on its way.
type flusher struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (f *flusher) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		_ = f.control.Flush()
	}
	return n, err
}

// errRowTooLong ends a batch whose row does not end.
var errRowTooLong = errors.New("server: row too long")

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
func (b *rowStream) take(r row, size int) error {
	b.in.mark = b.in.read
	b.rows = append(b.rows, r)
	b.taken++
	if b.bytes += size; len(b.rows) < chunkRows && b.bytes < chunkBytes {
		return nil
	}
	return b.answerRows()
}

// answerRows answers the rows held back, on all processors, and writes the answers in order.
func (b *rowStream) answerRows() error {
	if len(b.rows) == 0 {
		return nil
	}
	if b.taken/refreshRows != (b.taken-len(b.rows))/refreshRows {
		b.world = b.s.cfg.Engine.World()
	}
	// A few rows are not worth a goroutine.
	share := max(16, (len(b.rows)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var running sync.WaitGroup
	var failed atomic.Pointer[panicError]
	n := 0
	for rows := range slices.Chunk(b.rows, share) {
		if n == len(b.parts) {
			b.parts = append(b.parts, nil)
		}
		part := &b.parts[n]
		n++
		work := func() {
			// A panic of another goroutine than the request's would end the process.
			defer func() {
				if v := recover(); v != nil {
					failed.Store(&panicError{value: v, stack: debug.Stack()})
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
	if err := failed.Load(); err != nil {
		return err
	}
	for _, part := range b.parts[:n] {
		if _, err := b.out.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// locate answers one row.
func (b *rowStream) locate(lon, lat string) (grid.Location, *problem) {
	x, fault := coordinate("lon", lon)
	if fault != nil {
		return grid.Location{}, fault
	}
	y, fault := coordinate("lat", lat)
	if fault != nil {
		return grid.Location{}, fault
	}
	p, fault := place(b.crs, x, y)
	if fault != nil {
		return grid.Location{}, fault
	}
	return b.s.cfg.Locator.Locate(b.world, p, b.scheme, batchReach), nil
}

func coordinate(name, text string) (float64, *problem) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, fieldFault(badRequest, name, "", "is empty")
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fieldFault(badRequest, name, text, "must be a number")
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
func (b *rowStream) tooLong() string {
	return fmt.Sprintf("row %d is longer than %d bytes (a quote that is not closed?); the rest was not read", b.taken+1, b.in.limit)
}
