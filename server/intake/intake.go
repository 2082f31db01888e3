// Package intake takes reports in by the file: lines of JSON, CSV or a sheet of a book become cases, each row as a report over
// HTTP would, with an answer for each. A row that is wrong in any way is told with its field and value, and the rest goes on.
// Nothing is taken in twice: a row is known by its number in another system, else by its place in the file.
package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/codes"
	"github.com/gewu-city/gewu/server/casework"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the operation that takes files of reports in.
type API struct {
	*city.City
	Cases *casework.API
}

// Job is the kind of job that an intake is.
const Job = "case-import"

// asked is what a request says besides its body.
type asked struct {
	by           casework.As
	action       string
	dry          bool
	format, name string
	columns      *Columns
	options      Options
	encoding     charset.Encoding
	table        string
}

// Import takes a file of reports in: POST /v1/cases/import. The body is a file, or a form with one. It is kept until its
// end has come, so that one that breaks off leaves nothing; then each row is answered by a line of JSON, and done or failed
// end the answer.
func (a *API) Import(w http.ResponseWriter, r *http.Request) error {
	q, err := a.ask(r)
	if err != nil {
		return err
	}
	desk, err := a.Cases.Reports(r, q.by, q.action)
	if err != nil {
		return err
	}
	q.options.Now, q.options.Contacts = a.Cases.Service.Now, a.Cases.Contacts != nil
	q.options.Part = func(code string) (cases.Part, cases.Position, bool) { return a.part(r, code) }
	spec := jobs.Spec{Kind: Job, About: q.action, Actor: city.ActorOf(r), Durable: !q.dry}
	out := &answer{API: a, r: r, out: json.NewEncoder(a.Patient(w)), w: w, control: http.NewResponseController(w)}
	err = a.Jobs.Do(r.Context(), spec, func(ctx context.Context, h *jobs.Handle) (any, error) {
		file, hash, err := a.receive(w, r, q)
		if err != nil {
			return nil, err
		}
		defer file.Close() //nolint:errcheck // what it held is not needed any more
		im := &importer{mapper: mapper{Options: q.options, classes: newClassBook(a.Cases.ClassTable())}, desk: desk, columns: q.columns, file: hash, dry: q.dry}
		im.send = func(e Event) {
			if out.send(e); e.Progress != nil {
				h.Progress(int64(e.Progress.Rows), 0, "rows")
				out.flush()
			}
		}
		err = im.run(ctx, func(sink row.Sink) error {
			return readRows(ctx, q.format, file, row.Options{Table: q.table, Encoding: q.encoding}, a.Limits.RowBytes, sink)
		})
		h.Progress(int64(im.sum.Rows), int64(im.sum.Rows), "rows")
		out.sum = &im.sum
		if err != nil {
			out.why = out.reason(ctx, err)
		}
		return &im.sum, err
	})
	return out.end(err)
}

// answer is the lines that are sent.
type answer struct {
	*API
	r       *http.Request
	w       http.ResponseWriter
	control *http.ResponseController
	out     *json.Encoder
	begun   bool
	sum     *Summary
	// why is why the import ended early, for the one who asked.
	why string
}

func (o *answer) send(e Event) {
	if !o.begun {
		o.begun = true
		o.w.Header().Set("Content-Type", rest.TypeNDJSON)
		o.w.WriteHeader(http.StatusOK)
	}
	_ = o.out.Encode(e) // a client that has gone shows up as the end of the request's context
}

func (o *answer) flush() { _ = o.control.Flush() }

// reason is why an import ended early.
func (o *answer) reason(ctx context.Context, err error) string {
	text := o.PublicText(o.r, err)
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, jobs.ErrCancelled):
		text = "the import was cancelled"
	case errors.Is(cause, jobs.ErrStopping):
		text = "the server is stopping"
	}
	if o.sum.DryRun {
		return text
	}
	return text + "; what came before is taken in: send the file again, and it goes on from there"
}

// end ends the answer. An import that did not come to its first row is a problem.
func (o *answer) end(err error) error {
	switch {
	case o.sum == nil:
		return city.JobProblem(err)
	case err != nil && !o.begun && o.sum.Rows == 0:
		return err
	case err != nil:
		o.send(Event{Failed: o.why})
	}
	o.send(Event{Done: o.sum})
	o.flush()
	return nil
}

// ask reads the parameters.
func (a *API) ask(r *http.Request) (*asked, error) {
	p := rest.ParseParams(r)
	q := &asked{
		by:     casework.As{Person: p.Text("person"), Organisation: p.Text("organisation"), Post: p.Text("post")},
		action: p.Text("action"), dry: p.Flag("dry_run"), format: p.OneOf("format", append([]string{""}, formats...)...), name: p.Text("name"), table: p.Text("table"),
	}
	if q.action == "" {
		q.action = casework.Action
	}
	maps, _ := p.Names("map")
	ignored, _ := p.Names("ignore")
	q.options = Options{Source: p.Text("source"), System: p.Text("system"), Edition: p.Text("edition"), Zone: a.Clock(a.Now()).Location()}
	q.options.CRSName = p.Text("crs")
	q.options.CRS = p.CRS("crs", a.Systems)
	encoding := p.Text("encoding")
	if err := p.Done(""); err != nil {
		return nil, err
	}
	var err error
	if q.columns, err = NewColumns(maps, ignored); err != nil {
		return nil, err
	}
	if encoding != "" {
		if q.encoding, err = charset.Lookup(encoding); err != nil {
			return nil, rest.Fault(rest.BadRequest, "encoding", encoding, "is not a known encoding; known are "+strings.Join(charset.Known(), ", "))
		}
	}
	return q, nil
}

// receive keeps the file of a request until its end has come, and tells its format where nobody has, and its SHA-256.
func (a *API) receive(w http.ResponseWriter, r *http.Request, q *asked) (file *spool.File, hash string, err error) {
	body := &waiting{in: r.Body, control: http.NewResponseController(w), city: a.City}
	var in io.Reader = body
	media, name := r.Header.Get("Content-Type"), q.name
	kind, params, err := mime.ParseMediaType(media)
	form := err == nil && kind == "multipart/form-data"
	var parts *multipart.Reader
	if form {
		parts = multipart.NewReader(body, params["boundary"])
		part, err := parts.NextPart()
		if err != nil {
			return nil, "", broken(err, body)
		}
		in, media = part, part.Header.Get("Content-Type")
		if name == "" {
			name = part.FileName()
		}
	}
	format, ok := formatOf(q.format, media, name)
	if !ok {
		return nil, "", rest.Refuse(rest.UnsupportedType, "the file must be lines of JSON, CSV or XLSX: say format=%s, or a Content-Type such as application/x-ndjson or text/csv, or a file name with an extension", strings.Join(formats, "|"))
	}
	q.format = format
	sum := sha256.New()
	file, err = spool.Copy(io.TeeReader(in, sum), false, a.Limits.SpoolBytes)
	if err != nil {
		return nil, "", broken(err, body)
	}
	if form {
		if _, err := parts.NextPart(); err == nil {
			_ = file.Close()
			return nil, "", rest.Refuse(rest.BadRequest, "the form has several files: send them one by one")
		} else if !errors.Is(err, io.EOF) {
			_ = file.Close()
			return nil, "", broken(err, body)
		}
	}
	return file, hex.EncodeToString(sum.Sum(nil)), nil
}

// broken is the problem of a body that was not received.
func broken(err error, body *waiting) error {
	if body.err != nil && !errors.Is(body.err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return rest.Refuse(rest.BadRequest, "the body broke off after %d bytes, before its end: nothing is taken in, send it again", body.read).Because(err)
	}
	if errors.Is(err, io.EOF) {
		return rest.Refuse(rest.BadRequest, "the form has no file").Because(err)
	}
	return rest.Refuse(rest.BadRequest, "the body cannot be kept: %s", err.Error()).Because(err)
}

// waiting is a body for which is waited as long as its client may be idle.
type waiting struct {
	in      io.Reader
	control *http.ResponseController
	city    *city.City
	read    int64
	err     error
}

// Read implements [io.Reader].
func (b *waiting) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(b.city.Now().Add(b.city.Limits.Idle)) // recorders in tests have no connection
	n, err := b.in.Read(p)
	b.read += int64(n)
	if err != nil {
		b.err = err
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// Bounds of looking for the code of a part: its length, and how many features may be looked at for codes that are not unique
// by their definition, in units of [codes.Find].
const (
	longestCode = 200
	mostScanned = 50_000
)

// part finds a part by its code or id, of those that whoever asks may see; layers with sensitive data are left out.
func (a *API) part(r *http.Request, code string) (cases.Part, cases.Position, bool) {
	left := mostScanned
	spend := func(n int) bool {
		left -= n
		return left >= 0
	}
	if len(code) > longestCode {
		return cases.Part{}, cases.Position{}, false
	}
	for _, l := range a.Present(r).Layers() {
		if l.Def().Roles.Part == nil || l.Def().Sensitive != nil {
			continue
		}
		slot, at, written, ok := codes.Find(l, code, spend)
		if !ok {
			continue
		}
		part := cases.Part{Layer: l.Def().Name, ID: l.ID(slot)}
		if written != part.ID {
			part.Code = written
		}
		return part, position(at), true
	}
	return cases.Part{}, cases.Position{}, false
}

func position(p geo.Point) cases.Position { return cases.Position{Lon: p.Lon(), Lat: p.Lat()} }
