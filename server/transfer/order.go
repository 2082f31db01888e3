package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"mime"
	"mime/multipart"
	"path"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/server/ingest"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/rest"
)

// order is what a request wants imported, without the body.
type order struct {
	cfg     ingest.Config
	options convert.Options
	// format is that of all files; empty tells it from their types and names. media is the type of the body.
	format, media string
}

// file is one of the files of a body: the body itself, or a part of a form.
type file struct {
	io.Reader
	// field is what a form calls it. media is its type.
	field, name, media string
}

// form is the boundary of the parts when the body is a form.
func (o *order) form() (boundary string, ok bool) {
	kind, params, err := mime.ParseMediaType(o.media)
	return params["boundary"], err == nil && kind == "multipart/form-data"
}

// formatOf is the format of a file. The error says how to tell it.
func (o *order) formatOf(media, name string) (string, error) {
	if o.format != "" {
		return o.format, nil
	}
	if format, ok := convert.FormatOf(media, name); ok {
		return format, nil
	}
	said := name
	if said == "" {
		said = media
	}
	return "", rest.Fault(rest.BadRequest, "format", said, "cannot be told: say format="+strings.Join(convert.Formats(), "|")+
		", or a Content-Type such as text/csv, application/geo+json or application/x-ndjson, or a file name with an extension")
}

// importResult is the result of the job.
type importResult struct {
	ingest.Summary
	// Wrong are the first wrong rows, Notes the first notes.
	Wrong []*convert.RowError `json:"row_errors,omitempty"`
	Notes []string            `json:"notes,omitempty"`
	// Files is the hash of names and contents of the files, when all were read.
	Files string `json:"files,omitempty"`
}

// mostKept bounds the wrong rows and the notes of a result; the stream of events has all.
const mostKept = 100

// run imports the files of a body, the size of which is total, if that is positive. report gets the events while it
// goes on. The result counts what was done, also with an error.
func (o *order) run(ctx context.Context, h *jobs.Handle, body *counted, total int64, report func(importEvent)) (*importResult, error) {
	cfg := o.cfg
	cfg.ID = h.ID()
	result := &importResult{}
	options := o.options
	cfg.RowError = func(e *convert.RowError) {
		if e.File == "" {
			e.File = options.File
		}
		if len(result.Wrong) < mostKept {
			bare := *e
			bare.Source = nil
			result.Wrong = append(result.Wrong, &bare)
		}
		report(importEvent{Row: e})
	}
	cfg.Note = func(n string) {
		if options.File != "" {
			n = options.File + ": " + n
		}
		if len(result.Notes) < mostKept {
			result.Notes = append(result.Notes, n)
		}
		report(importEvent{Note: n})
	}
	cfg.Progress = func(sum *ingest.Summary) {
		read := body.n.Load()
		h.Progress(read, max(total, 0), "bytes")
		report(importEvent{Progress: &importProgress{File: options.File, Bytes: read, Rows: sum.Rows}})
	}
	im := ingest.New(cfg)
	defer im.Close() //nolint:errcheck // what it held is not needed any more
	hash, err := o.each(ctx, body, func(f *file) (err error) {
		if f.field == mapping {
			options.Mapping, err = readMapping(f)
			return err
		}
		options.File = f.name
		return o.file(ctx, im, f, &options)
	})
	if err == nil {
		err = im.Finish(ctx)
	}
	if empty, ok := errors.AsType[*ingest.EmptyError](err); ok {
		err = rest.Refuse(rest.Invalid, "%s", empty.Error()).Because(err)
	}
	result.Summary, result.Files = *im.Summary(), hash
	if err == nil {
		cfg.Progress(&result.Summary)
	}
	return result, err
}

// told finds out whether the format of the first file of a body can be told, before others have landed.
func (o *order) told(body io.Reader) error {
	boundary, ok := o.form()
	if !ok {
		_, err := o.formatOf(o.media, o.options.File)
		return err
	}
	form := multipart.NewReader(body, boundary)
	for {
		part, err := form.NextPart()
		switch {
		case err != nil:
			return nil //nolint:nilerr // the import tells what is wrong with the form
		case part.FormName() != mapping:
			_, err := o.formatOf(part.Header.Get("Content-Type"), path.Base(part.FileName()))
			return err
		}
	}
}

// hash is that of the files of a body.
func (o *order) hash(ctx context.Context, body io.Reader) (string, error) {
	return o.each(ctx, body, func(*file) error { return nil })
}

// each calls do for each file of the body. It returns the hash of all of them.
func (o *order) each(ctx context.Context, body io.Reader, do func(*file) error) (string, error) {
	sum := sha256.New()
	boundary, ok := o.form()
	if !ok {
		if err := hashed(sum, &file{body, "", o.options.File, o.media}, do); err != nil {
			return "", err
		}
		return hex.EncodeToString(sum.Sum(nil)), nil
	}
	form := multipart.NewReader(body, boundary)
	for files := 0; ; {
		part, err := form.NextPart()
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.Is(err, io.EOF) && files == 0:
			return "", rest.Fault(rest.BadRequest, "file", "", "is missing: the form has none")
		case errors.Is(err, io.EOF):
			return hex.EncodeToString(sum.Sum(nil)), nil
		case err != nil:
			return "", rest.Fault(rest.BadRequest, "body", "", "is no form with files, or ends early: "+err.Error())
		}
		if part.FormName() != mapping {
			files++
		}
		if err := hashed(sum, &file{part, part.FormName(), path.Base(part.FileName()), part.Header.Get("Content-Type")}, do); err != nil {
			return "", err
		}
	}
}

// hashed lets do read a file while its name and content go into the hash, what do leaves unread too.
func hashed(sum hash.Hash, f *file, do func(*file) error) error {
	content := sha256.New()
	f.Reader = io.TeeReader(f.Reader, content)
	if err := do(f); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, f); err != nil {
		return err
	}
	sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(f.name))))
	sum.Write([]byte(f.name))
	sum.Write(content.Sum(nil))
	return nil
}

// file imports one file.
func (o *order) file(ctx context.Context, im *ingest.Import, f *file, options *convert.Options) error {
	format, err := o.formatOf(f.media, f.name)
	if err != nil {
		return err
	}
	options.Report = &convert.Report{}
	err = im.File(ctx, format, f, *options)
	for _, n := range options.Report.Notes {
		im.Note(n)
	}
	sum := im.Summary()
	sum.Unmatched = mergeNames(sum.Unmatched, options.Report.Unmatched)
	sum.Missing = mergeNames(sum.Missing, options.Report.Missing)
	return err
}

func mergeNames(have, add []string) []string {
	for _, n := range add {
		if !slices.Contains(have, n) {
			have = append(have, n)
		}
	}
	return have
}
