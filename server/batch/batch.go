// Package batch answers places by the row: rows of CSV or lines of JSON in, the same rows with answers out, in order
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
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/answer"
	"github.com/gewu-city/gewu/server/rest"
)

// Job says how rows are answered. Its methods may be called from several goroutines.
type Job struct {
	Locator *grid.Locator
	// World is the newest World, as whoever asks sees it. It is asked at the start and every 10,000 rows, and for rows that
	// come slowly every second: rarely enough that neighbouring rows belong to one city, often enough that a long stream does
	// not hold an old one, nor rights that somebody has lost.
	World func() *index.World
	// Now is the wall clock; nil counts rows only.
	Now func() time.Time
	// Ask is what is wanted of each place, and Include the members and columns that say so.
	Ask     grid.Ask
	Include answer.Members
	// Duties, when not nil, are those who answer for a place; lines of JSON say them when Include does.
	Duties func(w *index.World, p geo.Point, loc *grid.Location) []people.Duty
	// CRS is the system of the coordinates.
	CRS proj.CRS
	// Lon and Lat are the columns or members of the coordinates; both empty means the usual names.
	Lon, Lat string
	// Texts, when not nil, has rows say in words where they are. CRS is the system of the answers then.
	Texts *Texts
	// RowBytes bounds a row.
	RowBytes int
	// Large, when not nil, is called before a geometry of more than [LargeBytes] is looked at, which takes many times its
	// bytes of memory for a while; leave is called when it was answered. Its error is the answer.
	Large func() (leave func(), err error)
	// Waiting, when not nil, is called before input is waited for and output is written.
	Waiting func()
}

// LargeBytes is the size of a geometry as text from which on it counts as large.
const LargeBytes = 64 << 10

// refreshRows and refreshTime are how often the newest World is taken.
const (
	refreshRows = 10_000
	refreshTime = time.Second
)

// Sizes of the buffers of a stream: the input begins small, because a client may ask row by row, and grows while it is
// filled at once, or when a row is longer. The output is one write for each time that input is waited for.
const (
	firstBuffer  = 16 << 10
	usualBuffer  = 256 << 10
	outputBuffer = 64 << 10
)

// stream is one batch under way.
type stream struct {
	Job
	world *index.World
	plan  *grid.Plan
	in    io.Reader
	out   *bufio.Writer

	// buf is input that is not answered yet; rows are the complete rows in it.
	buf  []byte
	rows []row
	// taken counts the rows answered.
	taken int
	// asked is when the World was taken.
	asked time.Time
	// workers hold what each goroutine that answers keeps between rows.
	workers []*worker
}

// row is a row of CSV or a line of JSON.
type row struct {
	text []byte
	// line is the number of its first line, where the form counts lines.
	line int
	// quoted says that there are quotes in a row of CSV.
	quoted bool
}

// form is a format of rows.
type form interface {
	// begin is given the start of the input, complete or not, before any row is answered. It returns how much of it
	// has been dealt with, and false when it needs more. Its error goes to the caller.
	begin(b *stream, text []byte, end bool) (used int, ok bool, err error)
	// cut appends the complete rows of text and returns how much of it they take. At the end of the input what is
	// left is a row.
	cut(rows []row, text []byte, end bool) ([]row, int)
	// answer appends the answer to a row.
	answer(w *worker, r row)
	// fail appends the answer to a row that cannot be read at all.
	fail(w *worker, why string)
}

// worker answers rows, one at a time.
type worker struct {
	*stream
	dst []byte
	own grid.Owners
	// names are those of members, in lines of JSON, that were met before.
	names map[string]memberName
}

// CSV answers comma-separated rows below a header. Nothing is written before the header has been read and found good:
// until then the error is a *rest.Problem, or that of the input. Afterwards it says why the batch broke off.
func (j Job) CSV(in io.Reader, out io.Writer) error {
	if j.Texts != nil {
		return j.run(in, out, &textTable{table: table{line: 1}})
	}
	return j.run(in, out, &table{line: 1})
}

// NDJSON answers JSON objects, one a line.
func (j Job) NDJSON(in io.Reader, out io.Writer) error {
	if j.Texts != nil {
		return j.run(in, out, &textObjects{})
	}
	return j.run(in, out, &objects{})
}

func (j Job) run(in io.Reader, out io.Writer, f form) error {
	b := &stream{
		Job: j, in: in, out: bufio.NewWriterSize(out, outputBuffer), buf: make([]byte, 0, firstBuffer),
	}
	b.look()
	begun, end := false, false
	for !end {
		var err error
		if end, err = b.fill(); err != nil {
			return err
		}
		from := 0
		if !begun {
			if from, begun, err = f.begin(b, b.buf, end); err != nil {
				return err
			}
		}
		long := false
		if begun {
			rows, used := f.cut(b.rows[:0], b.buf[from:], end)
			from += used
			if i := slices.IndexFunc(rows, func(r row) bool { return len(r.text) > b.RowBytes }); i >= 0 {
				rows, long = rows[:i], true
			}
			b.rows = rows
			if err := b.answerRows(f); err != nil {
				return err
			}
		}
		b.buf = append(b.buf[:0], b.buf[from:]...)
		if long = long || len(b.buf) > b.RowBytes; long {
			return b.giveUp(f, begun)
		}
	}
	return b.out.Flush()
}

// fill waits for more input. What is answered goes out before, so that a client may ask row by row.
func (b *stream) fill() (end bool, err error) {
	if b.Waiting != nil {
		b.Waiting()
	}
	if b.out.Buffered() > 0 {
		if err := b.out.Flush(); err != nil {
			return false, err
		}
	}
	if free := cap(b.buf) - len(b.buf); free < firstBuffer/2 {
		b.buf = slices.Grow(b.buf, max(firstBuffer, min(cap(b.buf), usualBuffer)))
	}
	n, err := b.in.Read(b.buf[len(b.buf):cap(b.buf)])
	full := len(b.buf)+n == cap(b.buf)
	b.buf = b.buf[:len(b.buf)+n]
	if full && cap(b.buf) < usualBuffer {
		b.buf = slices.Grow(b.buf, cap(b.buf))
	}
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}

// giveUp ends a batch whose row does not end.
func (b *stream) giveUp(f form, begun bool) error {
	why := fmt.Sprintf("row %d is longer than %d bytes (a quote that is not closed?); the rest was not read", b.taken+1, b.RowBytes)
	if !begun {
		return rest.Refuse(rest.BadRequest, "%s", why)
	}
	w := &worker{stream: b}
	f.fail(w, why)
	if _, err := b.out.Write(w.dst); err != nil {
		return err
	}
	return b.out.Flush()
}

// look takes the newest World.
func (b *stream) look() {
	if b.Now != nil {
		b.asked = b.Now()
	}
	b.world = b.World()
	b.plan = b.Locator.Plan(b.world)
}

// leastShare is how many rows are worth a goroutine.
const leastShare = 16

// answerRows answers the rows held back, on all processors, and writes the answers in order.
func (b *stream) answerRows(f form) error {
	if len(b.rows) == 0 {
		return nil
	}
	if b.taken/refreshRows != (b.taken+len(b.rows))/refreshRows || b.Now != nil && b.Now().Sub(b.asked) >= refreshTime {
		b.look()
	}
	b.taken += len(b.rows)
	processors := runtime.GOMAXPROCS(0)
	share := max(leastShare, (len(b.rows)+processors-1)/processors)
	var running sync.WaitGroup
	var failed atomic.Pointer[string]
	// Before the first of them begins: a worker may copy the stream.
	for len(b.workers)*share < len(b.rows) {
		b.workers = append(b.workers, &worker{stream: b})
	}
	n := 0
	for rows := range slices.Chunk(b.rows, share) {
		w := b.workers[n]
		n++
		work := func() {
			// A panic of a goroutine that nobody recovers would end the process; it goes on in the caller's.
			defer func() {
				if v := recover(); v != nil {
					failed.Store(new(fmt.Sprintf("%v\n%s", v, debug.Stack())))
				}
			}()
			w.dst = w.dst[:0]
			for _, r := range rows {
				f.answer(w, r)
			}
		}
		if len(rows) == len(b.rows) {
			work()
			continue
		}
		running.Go(work)
	}
	running.Wait()
	if panicked := failed.Load(); panicked != nil {
		panic(*panicked)
	}
	for _, w := range b.workers[:n] {
		if _, err := b.out.Write(w.dst); err != nil {
			return err
		}
	}
	return nil
}

// Usual names of coordinates, compared by [data.FoldName], best first: beside lon, x is something else.
var (
	lonNames = []string{"lon", "lng", "long", "longitude", "經度", "经度", "x"}
	latNames = []string{"lat", "latitude", "緯度", "纬度", "y"}
)

// place reads the coordinates of a row.
func (b *stream) place(lon, lat []byte) (geo.Point, *rest.Problem) {
	x, fault := coordinate("lon", lon)
	if fault != nil {
		return geo.Point{}, fault
	}
	y, fault := coordinate("lat", lat)
	if fault != nil {
		return geo.Point{}, fault
	}
	return rest.Place(b.CRS, x, y)
}

func coordinate(name string, text []byte) (float64, *rest.Problem) {
	f, err := strconv.ParseFloat(string(text), 64)
	if err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return f, nil
	}
	trimmed := strings.TrimSpace(string(text))
	if trimmed == "" {
		return 0, rest.Fault(rest.BadRequest, name, "", "is empty")
	}
	if f, err = strconv.ParseFloat(trimmed, 64); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, rest.Fault(rest.BadRequest, name, trimmed, "must be a number")
	}
	return f, nil
}

// rank is how well a column or member of a name holds a coordinate: 0 is best, -1 not at all.
func rank(name, given string, usual []string) int {
	switch {
	case given == "":
		return slices.Index(usual, data.FoldName(name))
	case name == given:
		return 0
	}
	return -1
}

// choice is the best column or member for a coordinate among those seen so far; the zero choice has seen none.
type choice struct {
	name  string
	value []byte
	// at is where it was seen. worse is how many better names there could be, plus one.
	at, worse int
	// other is one of a name as good, which leaves open what is meant.
	other string
}

func (c *choice) see(rank, at int, name string, value []byte) {
	switch {
	case rank < 0:
	case c.worse == 0 || rank+1 < c.worse:
		*c = choice{name: name, value: value, at: at, worse: rank + 1}
	case rank+1 == c.worse && c.other == "":
		c.other = name
	}
}

// twice says that a coordinate is there twice, empty when it is not.
func (c *choice) twice() string {
	switch c.other {
	case "":
		return ""
	case c.name:
		return rest.Shorten(c.name) + " is there twice"
	}
	return rest.Shorten(c.name) + " and " + rest.Shorten(c.other) + " are both there"
}
