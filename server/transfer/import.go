// Package transfer takes files in and gives them out, streamed both ways.
package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/osm"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/ingest"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the operations import and export of layers.
type API struct{ *city.City }

// importEvent is one line of the answer to an import; exactly one member is set.
type importEvent struct {
	Progress *importProgress   `json:"progress,omitempty"`
	Row      *convert.RowError `json:"row_error,omitempty"`
	Note     string            `json:"note,omitempty"`
	// Failed ends an import that could not go on; what landed before stays.
	Failed string          `json:"failed,omitempty"`
	Done   *ingest.Summary `json:"done,omitempty"`
}

// importProgress tells how far an import is. Bytes are those of the request body.
type importProgress struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
	Rows  int    `json:"rows"`
}

// Import streams files into a layer: POST /v1/layers/{layer}/import. The body is a file, or multipart/form-data
// with any number of them; the answer is a line of JSON for each event, ending with done or failed. Both directions
// stream. Batches become visible as they land.
func (a *API) Import(w http.ResponseWriter, r *http.Request) error {
	world := a.Engine.World()
	layer, ok := world.Layer(mux.Vars(r)["layer"])
	if !ok {
		return city.UnknownLayer(world, mux.Vars(r)["layer"])
	}
	if err := onlyParams(r, "format", "crs", "id", "lon", "lat", "geometry", "map", "ignore", "mode", "effective",
		"fix_rings", "strict", "dry_run", "name", "encoding", "table"); err != nil {
		return err
	}
	o, err := importOptions(r.URL.Query(), layer.Def(), a.Systems)
	if err != nil {
		return err
	}
	cfg, err := a.importConfig(r, world, layer)
	if err != nil {
		return err
	}
	o.NewID = a.NewID

	control := http.NewResponseController(w)
	// Refused by recorders in tests and by HTTP/2, where both directions are open anyway.
	_ = control.EnableFullDuplex()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	out := json.NewEncoder(a.Patient(w))
	// A client that has gone shows up as the end of the request's context.
	send := func(e importEvent) { _ = out.Encode(e) }

	body := &importBody{ReadCloser: r.Body, before: func() {
		_ = control.SetReadDeadline(a.Now().Add(importPause))
	}}
	r.Body = body
	cfg.RowError = func(e *convert.RowError) {
		if e.File == "" {
			e.File = o.File
		}
		send(importEvent{Row: e})
	}
	cfg.Note = func(n string) { send(importEvent{Note: o.File + ": " + n}) }
	cfg.Progress = func(sum *ingest.Summary) {
		send(importEvent{Progress: &importProgress{File: o.File, Bytes: body.n.Load(), Rows: sum.Rows}})
		_ = control.Flush()
	}
	im := ingest.New(cfg)
	if err := a.importFiles(r, im, &o); err != nil {
		// The status is sent: the reason goes into the stream, what is behind it into the log.
		send(importEvent{Failed: a.PublicText(r, err)})
	}
	send(importEvent{Done: im.Summary()})
	_ = control.Flush()
	// net/http reads on by itself when a handler leaves a body unread, which collides with reading while writing. The
	// client has its answer; what it still sends is read past the body that gives it more time.
	_ = control.SetReadDeadline(a.Now().Add(drainTime))
	_, _ = io.Copy(io.Discard, body.ReadCloser)
	return nil
}

// drainTime is how long the rest of a body is read after an import has ended.
const drainTime = 5 * time.Second

// importConfig reads the parameters that say what an import does.
func (a *API) importConfig(r *http.Request, world *index.World, layer *index.Layer) (ingest.Config, error) {
	q := r.URL.Query()
	cfg := ingest.Config{
		Store: a.Store, Engine: a.Engine, World: world, Layer: layer, Actor: city.ActorOf(r), Mode: ingest.Mode(q.Get("mode")),
	}
	var err error
	if cfg.Strict, err = flag(q, "strict"); err != nil {
		return cfg, err
	}
	if cfg.DryRun, err = flag(q, "dry_run"); err != nil {
		return cfg, err
	}
	switch cfg.Mode {
	case "":
		cfg.Mode = ingest.Upsert
	case ingest.Upsert, ingest.Replace:
	default:
		return cfg, &data.FieldError{Field: "mode", Value: string(cfg.Mode), Why: "must be upsert or replace"}
	}
	if e := q.Get("effective"); e != "" {
		var ok bool
		if cfg.Effective, _, ok = a.Time(e); !ok {
			return cfg, &data.FieldError{Field: "effective", Value: e, Why: "must be a time like 2026-01-31T08:00:00+08:00 or a date"}
		}
		if a.Future(cfg.Effective) {
			return cfg, &data.FieldError{
				Field: "effective", Value: e,
				Why: "lies in the future, and an import takes effect when it lands: import then, or plan the changes with POST /v1/changes, which takes up to 99,999 at a time",
			}
		}
	}
	cfg.ID, err = a.NewID()
	return cfg, err
}

// flag reads a parameter that is true or false; absent is false.
func flag(q url.Values, name string) (bool, error) {
	switch text := q.Get(name); strings.ToLower(text) {
	case "", "0", "false", "no":
		return false, nil
	case "1", "true", "yes":
		return true, nil
	default:
		return false, &data.FieldError{Field: name, Value: text, Why: "must be true or false"}
	}
}

// lookupCRS reads a parameter that names a coordinate system; absent is nil.
func lookupCRS(q url.Values, systems *proj.Systems) (proj.CRS, error) {
	name := q.Get("crs")
	if name == "" {
		return nil, nil //nolint:nilnil // no system is a choice: longitude and latitude
	}
	crs, err := systems.Lookup(name)
	if err != nil {
		return nil, &data.FieldError{Field: "crs", Value: name, Why: proj.WhyUnknown(err)}
	}
	return crs, nil
}

// lookupEncoding reads a parameter that names an encoding of text; absent is none.
func lookupEncoding(q url.Values) (charset.Encoding, error) {
	name := q.Get("encoding")
	if name == "" {
		return charset.Encoding{}, nil
	}
	e, err := charset.Lookup(name)
	if err != nil {
		return e, &data.FieldError{Field: "encoding", Value: name, Why: "is not a known encoding; known are " + strings.Join(charset.Known(), ", ")}
	}
	return e, nil
}

// importOptions reads the parameters that say how columns become attributes.
func importOptions(q url.Values, layer *data.Layer, systems *proj.Systems) (convert.Options, error) {
	o := convert.Options{
		Layer: layer, File: q.Get("name"), ID: q.Get("id"), Lon: q.Get("lon"), Lat: q.Get("lat"),
		Geometry: q.Get("geometry"), Table: q.Get("table"), Systems: systems, Report: &convert.Report{},
	}
	var err error
	if o.FixRings, err = flag(q, "fix_rings"); err != nil {
		return o, err
	}
	if o.CRS, err = lookupCRS(q, systems); err != nil {
		return o, err
	}
	if o.Encoding, err = lookupEncoding(q); err != nil {
		return o, err
	}
	for _, pair := range splitList(q["map"]) {
		from, to, ok := strings.Cut(pair, "=")
		if !ok {
			return o, &data.FieldError{Field: "map", Value: pair, Why: "must be column=attribute"}
		}
		if o.Map == nil {
			o.Map = map[string]string{}
		}
		o.Map[from] = to
	}
	o.Ignore = splitList(q["ignore"])
	if f := q.Get("format"); f != "" && !slices.Contains(convert.Formats(), f) {
		return o, &data.FieldError{Field: "format", Value: f, Why: "must be one of " + strings.Join(convert.Formats(), ", ")}
	}
	return o, nil
}

// splitList reads a repeated, comma-separated parameter.
func splitList(values []string) []string {
	var list []string
	for _, v := range values {
		for s := range strings.SplitSeq(v, ",") {
			if s = strings.TrimSpace(s); s != "" {
				list = append(list, s)
			}
		}
	}
	return list
}

// importFiles imports the body, file by file, and then ends what none of them mentioned when that was asked for.
func (a *API) importFiles(r *http.Request, im *ingest.Import, o *convert.Options) error {
	ctx, format := r.Context(), r.URL.Query().Get("format")
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		if err := a.importFile(ctx, im, r.Body, format, o); err != nil {
			return err
		}
		return im.Finish(ctx)
	}
	form, err := r.MultipartReader()
	if err != nil {
		return &data.FieldError{Field: "body", Why: "is not a form with files: " + err.Error()}
	}
	for files := 0; ; {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF) && files == 0:
			return &data.FieldError{Field: "file", Why: "the form has no file"}
		case errors.Is(err, io.EOF):
			return im.Finish(ctx)
		case err != nil:
			return &data.FieldError{Field: "body", Why: "the form ends early: " + err.Error()}
		case part.FormName() == "mapping":
			if o.Mapping, err = readMapping(part); err != nil {
				return err
			}
			continue
		}
		files++
		o.File = path.Base(part.FileName())
		if err := a.importFile(ctx, im, part, format, o); err != nil {
			return err
		}
	}
}

// maxMapping bounds the mapping of an OSM file.
const maxMapping = 1 << 20

// readMapping reads the part of a form that says what the elements of the OSM files behind it are: JSON when it starts with
// a brace, else TOML.
func readMapping(r io.Reader) (*osm.Mapping, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxMapping+1))
	if err != nil {
		return nil, &data.FieldError{Field: "body", Why: "the form ends early: " + err.Error()}
	}
	if len(text) > maxMapping {
		return nil, &data.FieldError{Field: "mapping", Why: "has more than 1 MiB"}
	}
	format := convert.TOML
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		format = convert.JSON
	}
	m, err := convert.DecodeMapping(bytes.NewReader(text), format)
	if err != nil {
		return nil, &data.FieldError{Field: "mapping", Why: err.Error()}
	}
	return m, nil
}

func (a *API) importFile(ctx context.Context, im *ingest.Import, r io.Reader, format string, o *convert.Options) error {
	if format == "" {
		var ok bool
		if format, ok = convert.DetectFormat(o.File); !ok {
			return &data.FieldError{Field: "format", Value: o.File, Why: "cannot be told from the file name; say which of " + strings.Join(convert.Formats(), ", ")}
		}
	}
	o.Report = &convert.Report{}
	err := im.File(ctx, format, r, *o)
	for _, n := range o.Report.Notes {
		im.Note(n)
	}
	sum := im.Summary()
	sum.Unmatched = mergeNames(sum.Unmatched, o.Report.Unmatched)
	sum.Missing = mergeNames(sum.Missing, o.Report.Missing)
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

// importPause is how long an import waits for its client: whoever makes the rows may need a while for the next.
const importPause = 10 * time.Minute

// importBody counts what has been read of a body; it may be asked while another goroutine reads.
type importBody struct {
	io.ReadCloser
	before func()
	n      atomic.Int64
}

func (b *importBody) Read(p []byte) (int, error) {
	b.before()
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}

// onlyParams refuses parameters that nobody asked for, which are usually misspelled.
func onlyParams(r *http.Request, known ...string) error {
	for name := range r.URL.Query() {
		if !slices.Contains(known, name) {
			return rest.Fault(rest.BadRequest, name, "", "is not a parameter here; known are "+strings.Join(known, ", "))
		}
	}
	return nil
}
