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

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/server/ingest"
	"github.com/gewu-city/gewu/server/jobs"
)

// order is what a request wants imported, without the body.
type order struct {
	cfg     ingest.Config
	options convert.Options
	// format is that of all files; empty tells it from their names. media is the type of the body.
	format, media string
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
		n = options.File + ": " + n
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
	hash, err := o.each(ctx, body, func(field, name string, r io.Reader) (err error) {
		if field == mapping {
			options.Mapping, err = readMapping(r)
			return err
		}
		options.File = name
		return o.file(ctx, im, r, &options)
	})
	if err == nil {
		err = im.Finish(ctx)
	}
	result.Summary, result.Files = *im.Summary(), hash
	if err == nil {
		cfg.Progress(&result.Summary)
	}
	return result, err
}

// hash is that of the files of a body.
func (o *order) hash(ctx context.Context, body io.Reader) (string, error) {
	return o.each(ctx, body, func(string, string, io.Reader) error { return nil })
}

// each calls do for each file of the body: the body itself, or the parts of a form with the names of their fields. It
// returns the hash of all of them.
func (o *order) each(ctx context.Context, body io.Reader, do func(field, name string, r io.Reader) error) (string, error) {
	sum := sha256.New()
	kind, params, err := mime.ParseMediaType(o.media)
	if err != nil || kind != "multipart/form-data" {
		if err := hashed(sum, "", o.options.File, body, do); err != nil {
			return "", err
		}
		return hex.EncodeToString(sum.Sum(nil)), nil
	}
	form := multipart.NewReader(body, params["boundary"])
	for files := 0; ; {
		part, err := form.NextPart()
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.Is(err, io.EOF) && files == 0:
			return "", &data.FieldError{Field: "file", Why: "the form has no file"}
		case errors.Is(err, io.EOF):
			return hex.EncodeToString(sum.Sum(nil)), nil
		case err != nil:
			return "", &data.FieldError{Field: "body", Why: "is no form with files, or ends early: " + err.Error()}
		}
		if part.FormName() != mapping {
			files++
		}
		if err := hashed(sum, part.FormName(), path.Base(part.FileName()), part, do); err != nil {
			return "", err
		}
	}
}

// hashed lets do read a file while its name and content go into the hash, what do leaves unread too.
func hashed(sum hash.Hash, field, name string, r io.Reader, do func(field, name string, r io.Reader) error) error {
	content := sha256.New()
	in := io.TeeReader(r, content)
	if err := do(field, name, in); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(name))))
	sum.Write([]byte(name))
	sum.Write(content.Sum(nil))
	return nil
}

// file imports one file.
func (o *order) file(ctx context.Context, im *ingest.Import, r io.Reader, options *convert.Options) error {
	format := o.format
	if format == "" {
		var ok bool
		if format, ok = convert.DetectFormat(options.File); !ok {
			return &data.FieldError{Field: "format", Value: options.File, Why: "cannot be told from the file name; say which of " + strings.Join(convert.Formats(), ", ")}
		}
	}
	options.Report = &convert.Report{}
	err := im.File(ctx, format, r, *options)
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
