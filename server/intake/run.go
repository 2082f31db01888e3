package intake

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/duplicate"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/server/rest"
)

// Desk takes reports in for whoever sent the file; casework.Reports is one.
type Desk interface {
	// Key is the key of a report and the id of its case, by what its sender calls it.
	Key(name string) (key, id string, err error)
	// Take begins a case for a report, with how whoever reported is reached, or decides without keeping anything.
	Take(ctx context.Context, key, id string, f *cases.Form, contact map[string]string, dry bool) (*cases.Done, error)
	// Alike are the cases that a report may say again, but its own.
	Alike(ctx context.Context, own string, f *cases.Form, at *cases.Position) ([]duplicate.Match, error)
}

// Event is a line of the answer; exactly one member is set.
type Event struct {
	Progress *Progress         `json:"progress,omitempty"`
	Row      *Taken            `json:"row,omitempty"`
	Wrong    *convert.RowError `json:"row_error,omitempty"`
	Note     string            `json:"note,omitempty"`
	// Failed ends an import that could not go on; what was taken in before stays.
	Failed string   `json:"failed,omitempty"`
	Done   *Summary `json:"done,omitempty"`
}

// Progress is how far an import is.
type Progress struct {
	Rows int `json:"rows"`
}

// Taken is a row that is a case, or would be one.
type Taken struct {
	Row  int `json:"row"`
	Line int `json:"line,omitempty"`
	// External is its number in another system.
	External string `json:"external,omitempty"`
	// Case is the case; empty in a dry run of a new one.
	Case string `json:"case,omitempty"`
	// Repeated says that the row was taken in before.
	Repeated bool `json:"repeated,omitempty"`
	// Alike are the cases that it may say again.
	Alike []Alike `json:"alike,omitempty"`
	// Notes say what is open: that the address was not found.
	Notes []string `json:"notes,omitempty"`
}

// Alike is a case that a row may say again.
type Alike struct {
	Case    string           `json:"case"`
	Score   float64          `json:"score"`
	Reasons []duplicate.Code `json:"reasons"`
}

// Summary counts what became of the rows.
type Summary struct {
	Rows int `json:"rows"`
	// Taken are new cases, or what would be some; Repeated rows were taken in before, Failed ones are wrong.
	Taken    int `json:"taken"`
	Repeated int `json:"repeated"`
	Failed   int `json:"failed"`
	// Alike counts the rows that may say a case again.
	Alike  int  `json:"alike"`
	DryRun bool `json:"dry_run,omitempty"`
	// SHA256 is that of the file, which knows rows without a number of their own when it comes again.
	SHA256 string `json:"sha256"`
}

// together is how many rows are decided at once: they share the syncs of the log. It is as many answers as wait for the
// slowest of them.
const together = 32

// progressEvery is how many rows lie between two lines of progress.
const progressEvery = 512

// importer brings the rows of one file to a desk. It belongs to one goroutine.
type importer struct {
	mapper
	desk    Desk
	columns *Columns
	// file is the SHA-256 of the file in hexadecimal.
	file string
	dry  bool
	send func(Event)
	// stopped is why rows cannot be taken in any more, nil while they can.
	stopped error

	head *head
	// named are the columns of lines of JSON that were met, by their names joined.
	named   map[string]*head
	noted   map[string]bool
	waiting []*pending
	// answered counts the rows that were told of.
	answered int
	sum      Summary
	// seen are the numbers of a dry run that nothing is kept of: what each said.
	seen map[string][sha256.Size]byte
}

// mostSeen bounds the numbers that a dry run remembers, mostHeads the shapes of lines of JSON.
const (
	mostSeen  = 200_000
	mostHeads = 256
)

// pending is a row on its way.
type pending struct {
	row, line int
	report    *Report
	fault     *data.FieldError
	key, id   string
	done      *cases.Done
	err       error
}

// Head implements [row.Sink].
func (im *importer) Head(h row.Head) error {
	if err := im.columns.missing(h.Columns); err != nil {
		return err
	}
	read, fault := im.columns.read(h.Columns)
	if fault != nil {
		return rest.Fault(rest.Invalid, fault.Field, "", fault.Why)
	}
	if !slices.Contains(read.fields, Description) {
		return rest.Fault(rest.Invalid, string(Description), "", "is none of the columns "+rest.Shorten(strings.Join(h.Columns, ", "))+"; say map=COLUMN=description")
	}
	im.head = read
	im.strangers(read)
	return nil
}

// strangers notes columns that are left out, each once: those that mean nothing, and those of whoever reported.
func (im *importer) strangers(h *head) {
	var fresh []string
	for i, name := range h.columns {
		if f := h.fields[i]; f != "" && f.contact() && !im.Contacts && !im.noted[name] && len(im.noted) < mostHeads {
			im.noted[name] = true
			im.Note("column " + rest.Shorten(name) + " says who reported or how to reach them (" + string(f) + "), which is not kept here: it is left out; reporter takes a reference into a register of your own")
		}
	}
	for _, name := range h.unknown {
		if !im.noted[name] && len(im.noted) < mostHeads {
			im.noted[name] = true
			fresh = append(fresh, name)
		}
	}
	if len(fresh) > 0 {
		im.Note("columns that mean nothing here: " + rest.Shorten(strings.Join(fresh, ", ")) + "; say map=COLUMN=FIELD for those that do, fields are " + strings.Join(Fields(), ", "))
	}
}

// Note implements [row.Sink].
func (im *importer) Note(text string) { im.send(Event{Note: text}) }

// read is a row on its way.
func (im *importer) read(r *row.Row) (*pending, error) {
	im.sum.Rows++
	p := &pending{row: im.sum.Rows, line: r.Line, fault: r.Fault}
	h := im.head
	if r.Columns != nil && p.fault == nil {
		h, p.fault = im.shape(r.Columns)
	}
	if p.fault != nil && h != nil {
		if i := slices.Index(h.columns, p.fault.Field); i >= 0 && h.fields[i].personal() {
			p.fault = &data.FieldError{Field: p.fault.Field, Why: p.fault.Why}
		}
	}
	if p.fault == nil {
		p.report, p.fault = im.report(h, r.Cells)
	}
	if p.fault == nil {
		if err := im.name(p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// shape is what the members of a line of JSON mean.
func (im *importer) shape(columns []string) (*head, *data.FieldError) {
	joined := strings.Join(columns, "\x00")
	if h, ok := im.named[joined]; ok {
		return h, nil
	}
	h, fault := im.columns.read(columns)
	if fault != nil {
		return nil, fault
	}
	if len(im.named) < mostHeads {
		im.named[joined] = h
	}
	im.strangers(h)
	return h, nil
}

// name finds the key of a row: its number in another system, else its place in the file.
func (im *importer) name(p *pending) (err error) {
	name := "file\n" + im.file + "\n" + strconv.Itoa(p.row)
	if f := &p.report.Form; len(f.External) > 0 {
		name = "external\n" + f.External[0].System + "\n" + f.External[0].ID
	}
	p.key, p.id, err = im.desk.Key(name)
	return err
}

// flush decides the rows that wait, and answers them in their order.
func (im *importer) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	var all sync.WaitGroup
	for _, p := range im.waiting {
		if p.fault == nil {
			all.Go(func() { p.done, p.err = im.desk.Take(ctx, p.key, p.id, &p.report.Form, p.report.Contact, im.dry) })
		}
	}
	all.Wait()
	later := map[string]bool{}
	for _, p := range im.waiting {
		later[p.id] = true
	}
	for _, p := range im.waiting {
		delete(later, p.id)
		if err := im.answer(ctx, p, later); err != nil {
			return err
		}
	}
	before := im.answered
	if im.answered += len(im.waiting); before/progressEvery != im.answered/progressEvery {
		im.send(Event{Progress: &Progress{im.answered}})
	}
	im.waiting = im.waiting[:0]
	return nil
}

// answer tells what became of a row. later are the cases of rows behind it.
func (im *importer) answer(ctx context.Context, p *pending, later map[string]bool) error {
	if p.fault == nil && p.err == nil && im.dry {
		p.fault = im.again(p)
	}
	if p.err != nil {
		if p.fault = im.blame(p); p.fault == nil {
			return p.err
		}
	}
	if p.fault != nil {
		im.sum.Failed++
		im.send(Event{Wrong: &convert.RowError{Row: p.row, Line: p.line, Field: p.fault.Field, Value: row.Shorten(p.fault.Value), Why: p.fault.Why}})
		return nil //nolint:nilerr // the row is wrong, and the rest goes on
	}
	out := &Taken{Row: p.row, Line: p.line, External: p.report.External, Repeated: p.done.Event == nil}
	if out.Repeated || !im.dry {
		out.Case = p.id
	}
	if out.Repeated {
		im.sum.Repeated++
		im.send(Event{Row: out})
		return nil
	}
	im.sum.Taken++
	f, at := &p.report.Form, p.report.Form.Point
	switch place := p.done.Event.Place; {
	case place == nil && f.Address != "":
		out.Notes = append(out.Notes, "the address is not found; the case begins without a place, which filing asks for")
	case place == nil:
	case p.done.Outside != nil:
		out.Notes = append(out.Notes, "the place lies outside of the city; filing asks for one in it")
		fallthrough
	default:
		at = place.Point
	}
	found, err := im.desk.Alike(ctx, p.id, f, at)
	if err != nil {
		return err
	}
	for i := range found {
		if later[found[i].ID] {
			continue // of that row this one is told
		}
		one := Alike{Case: found[i].ID, Score: found[i].Score}
		for _, why := range found[i].Reasons {
			one.Reasons = append(one.Reasons, why.Code)
		}
		out.Alike = append(out.Alike, one)
	}
	if len(out.Alike) > 0 {
		im.sum.Alike++
	}
	im.send(Event{Row: out})
	return nil
}

// again sees in a dry run whether a number was there before in the file: then a run takes the row in once, or refuses it.
func (im *importer) again(p *pending) *data.FieldError {
	if p.report.External == "" || p.done.Event == nil || len(im.seen) >= mostSeen {
		return nil
	}
	text, err := json.Marshal(p.report.Form)
	if err != nil {
		return &data.FieldError{Why: err.Error()}
	}
	sum := sha256.Sum256(text)
	before, twice := im.seen[p.key]
	im.seen[p.key] = sum
	switch {
	case twice && before == sum:
		p.done.Event = nil
		return nil
	case twice:
		return im.used(p)
	}
	return nil
}

// used is the fault of a row whose number was used for another report.
func (im *importer) used(p *pending) *data.FieldError {
	if p.report.External == "" {
		return &data.FieldError{Why: "the row was taken in before as case " + p.id + " with other content or by another post, from the same file: send it with the options of that time, or act on the case"}
	}
	return &data.FieldError{Field: string(External), Value: p.report.External, Why: "was taken in before as case " + p.id + ", with other content or by another post: what is new is added to that case, or give the row a number of its own"}
}

// blame is the fault of a row that a desk refuses; nil when it is not the row that is wrong.
func (im *importer) blame(p *pending) *data.FieldError {
	if _, used := errors.AsType[*cases.KeyError](p.err); used {
		return im.used(p)
	}
	problem, ok := errors.AsType[*rest.Problem](p.err)
	if !ok {
		return nil
	}
	switch problem.Kind {
	case rest.Invalid, rest.Conflict, rest.BadRequest:
	default:
		return nil
	}
	if member, ok := strings.CutPrefix(problem.Field, "contact."); ok {
		// What stands there is told to nobody.
		return &data.FieldError{Field: member, Why: problem.Detail + "; mend it, leave it empty, or leave the column alone with ignore"}
	}
	field := Field(strings.TrimPrefix(problem.Field, "form."))
	return &data.FieldError{Field: string(field), Value: problem.Value, Why: problem.Detail}
}

// run imports a file.
func (im *importer) run(ctx context.Context, read func(row.Sink) error) error {
	im.named, im.noted, im.seen = map[string]*head{}, map[string]bool{}, map[string][sha256.Size]byte{}
	im.sum.DryRun, im.sum.SHA256 = im.dry, im.file
	err := read(&batches{im, ctx})
	if err == nil || im.stopped == nil && ctx.Err() == nil {
		// What was read before the file turned out to be torn counts.
		torn := err
		if err = im.flush(ctx); err == nil {
			err = unreadable(torn)
		}
	}
	if err == nil && im.sum.Rows == 0 {
		err = rest.Refuse(rest.Invalid, "the file has no rows")
	}
	return err
}

// unreadable is the problem of a file that cannot be read on.
func unreadable(err error) error {
	if _, ok := errors.AsType[*rest.Problem](err); ok || err == nil {
		return err
	}
	return rest.Refuse(rest.Invalid, "the file cannot be read on: %s", err.Error()).Because(err)
}

// batches decides rows when enough of them wait.
type batches struct {
	*importer
	ctx context.Context //nolint:containedctx // a sink takes none
}

// Row implements [row.Sink]. Rows of one number are decided one after the other: the first of the file is the one that
// counts.
func (b *batches) Row(r *row.Row) error {
	p, err := b.read(r)
	if err != nil {
		return err
	}
	if p.id != "" && slices.ContainsFunc(b.waiting, func(w *pending) bool { return w.id == p.id }) || len(b.waiting) == together {
		if b.stopped = b.flush(b.ctx); b.stopped != nil {
			return b.stopped
		}
	}
	b.waiting = append(b.waiting, p)
	return nil
}
