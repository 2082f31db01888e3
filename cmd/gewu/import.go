package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/gewu-city/gewu/cmd/gewu/coords"
	"github.com/gewu-city/gewu/cmd/gewu/jobcmd"
	"github.com/gewu-city/gewu/cmd/gewu/mend"
	"github.com/gewu-city/gewu/cmd/gewu/progress"
	"github.com/gewu-city/gewu/cmd/gewu/upload"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
)

type importCmd struct {
	Layer      string            `help:"Layer that takes the features." placeholder:"NAME"`
	Format     string            `help:"${formats}; told from the file name when not given." placeholder:"FORMAT"`
	CRS        string            `help:"Coordinate system of the file, such as EPSG:3826, or @FILE with control points. Default: longitude and latitude, or what the file states." name:"crs" placeholder:"CRS"`
	ID         string            `help:"Column of the feature id. Default: the layer's id rule." name:"id" placeholder:"COL"`
	Lon        string            `help:"Column of the longitude or easting." placeholder:"COL"`
	Lat        string            `help:"Column of the latitude or northing." placeholder:"COL"`
	Geometry   string            `help:"Column of the geometry: WKT, EWKT, or WKB in hexadecimal or base64." placeholder:"COL"`
	Encoding   string            `help:"Encoding of text, such as gb18030 or big5. Default: what the file says, else UTF-8, else a guess that is noted." placeholder:"NAME"`
	Table      string            `help:"Which table of a file that holds several: a sheet of a book, a table of a GeoPackage, a shapefile of an archive, an object of TopoJSON, waypoints or tracks of GPX." placeholder:"NAME"`
	Mapping    string            `help:"What the elements of OSM files are: a TOML or JSON file." placeholder:"FILE"`
	Map        map[string]string `help:"Attributes of columns whose names differ." mapsep:"," placeholder:"COL=ATTR,…"`
	Ignore     []string          `help:"Columns to leave alone: what the layer holds in them stays." placeholder:"COL,…"`
	Mode       string            `help:"upsert adds and changes; replace also ends features that the files do not have." enum:"upsert,replace" default:"upsert"`
	Effective  string            `help:"When the features took effect in the city: a time (RFC 3339) or a date, not in the future. Default: now." placeholder:"T"`
	FixRings   bool              `help:"Repair invalid rings and report each, instead of refusing the row."`
	Strict     bool              `help:"Stop at the first wrong row."`
	Atomic     bool              `help:"All changes become visible together at the end, or none."`
	AllowEmpty bool              `help:"With --mode replace: let files without rows end every feature of the layer."`
	DryRun     bool              `help:"Only report what would happen."`
	Errors     string            `help:"Write the wrong rows with their reasons to this file, to mend them and import it." placeholder:"FILE"`
	Key        string            `help:"Import once, however often the command is repeated with this key." placeholder:"TEXT"`
	Async      bool              `help:"Let the server that is running import in the background; gewu job tells how far it is."`
	List       bool              `help:"List imports and undos, those of the layer if one is given."`
	Undo       string            `help:"Take an import or an undo back." placeholder:"ID"`
	Force      bool              `help:"With --undo: leave features alone that were changed since, instead of refusing."`
	Quiet      bool              `help:"No progress bar." short:"q"`
	Files      []string          `arg:"" optional:"" help:"Files to import, in one go; - is standard input. With a .shp go the parts that lie beside it." placeholder:"FILE"`

	shown int // wrong rows told so far
}

// mostRowErrors bounds the wrong rows that are printed; the summary counts all.
const mostRowErrors = 100

// Validate is called by the parser of the command line.
func (cmd *importCmd) Validate() error {
	switch {
	case cmd.List && cmd.Undo != "":
		return errors.New("--list and --undo exclude each other")
	case cmd.List || cmd.Undo != "":
		if len(cmd.Files) > 0 {
			return errors.New("--list and --undo take no files")
		}
	case cmd.Force:
		return errors.New("--force belongs to --undo")
	case cmd.Layer == "":
		return errors.New("missing flags: --layer=NAME")
	case len(cmd.Files) == 0:
		return errors.New("expected \"<files> ...\"")
	case cmd.AllowEmpty && cmd.Mode != "replace":
		return errors.New("--allow-empty belongs to --mode replace")
	case cmd.Async && (cmd.Errors != "" || cmd.DryRun):
		return errors.New("--async goes neither with --errors nor with --dry-run")
	}
	return nil
}

// Run does what the flags say.
func (cmd *importCmd) Run(e *env) error {
	switch {
	case cmd.List:
		return jobcmd.Imports(worker(e), cmd.Layer)
	case cmd.Undo != "":
		return jobcmd.Undo(worker(e), cmd.Undo, cmd.Force, cmd.DryRun)
	default:
		return cmd.bring(e)
	}
}

// bring imports the files and prints a summary. Wrong rows make it fail after the rest has been imported.
func (cmd *importCmd) bring(e *env) error {
	if cmd.Async && !alive(e.ctx, e.cli.Data) {
		return errors.New("--async needs a server that goes on: start gewu serve, or import without it")
	}
	files, total, err := upload.Open(cmd.Files, cmd.Format, cmd.Mapping, e.stdin)
	if err != nil {
		return err
	}
	defer files.Close()
	if cmd.CRS, err = coords.ServerCRS(e.cli.Systems, cmd.CRS); err != nil {
		return err
	}
	wrong, err := cmd.wrongRows()
	if err != nil {
		return err
	}
	return withCity(e, func(ctx context.Context, c client) error {
		if cmd.Key != "" {
			c.header = http.Header{"Idempotency-Key": {cmd.Key}}
		}
		bar := progress.Bytes(e.stderr, "import "+cmd.Layer, total, cmd.Quiet)
		var unwritten error
		summary, err := importFiles(ctx, c, cmd.Layer, cmd.query(), files, func(ev importEvent) {
			if ev.Row != nil && wrong != nil {
				unwritten = errors.Join(unwritten, wrong.Add(ev.Row))
			}
			cmd.show(e, bar, ev)
		})
		bar.Finish()
		if wrong != nil {
			names, failed := wrong.Close()
			err = errors.Join(err, unwritten, failed)
			for _, name := range names {
				fmt.Fprintf(e.stderr, "wrong rows are in %s; mend them there and import it\n", name)
			}
		}
		if summary != nil {
			fmt.Fprintf(e.stdout, "%s: %s\n", cmd.Layer, summary.text())
		}
		if err != nil {
			return err
		}
		if summary != nil && summary.Failed > 0 {
			return errFailed
		}
		return nil
	})
}

// wrongRows is the file for them, nil when none is wanted.
func (cmd *importCmd) wrongRows() (*mend.File, error) {
	if cmd.Errors == "" {
		return nil, nil
	}
	if out, err := os.Stat(cmd.Errors); err == nil {
		for _, name := range cmd.Files {
			if in, err := os.Stat(name); err == nil && os.SameFile(in, out) {
				return nil, fmt.Errorf("--errors %s is one of the files to import; wrong rows need another one", cmd.Errors)
			}
		}
	}
	return mend.Create(cmd.Errors)
}

func (cmd *importCmd) query() url.Values {
	q := url.Values{"mode": {cmd.Mode}, "ignore": cmd.Ignore}
	for name, value := range map[string]string{
		"format": cmd.Format, "crs": cmd.CRS, "id": cmd.ID, "lon": cmd.Lon, "lat": cmd.Lat, "geometry": cmd.Geometry,
		"effective": cmd.Effective, "encoding": cmd.Encoding, "table": cmd.Table,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for column, attribute := range cmd.Map {
		q.Add("map", column+"="+attribute)
	}
	for name, set := range map[string]bool{
		"fix_rings": cmd.FixRings, "strict": cmd.Strict, "dry_run": cmd.DryRun, "atomic": cmd.Atomic, "allow_empty": cmd.AllowEmpty, "async": cmd.Async,
		"sources": cmd.Errors != "",
	} {
		if set {
			q.Set(name, "true")
		}
	}
	return q
}

func (cmd *importCmd) show(e *env, bar *progress.Bar, ev importEvent) {
	switch {
	case ev.Progress != nil:
		bar.Set(ev.Progress.Bytes)
	case ev.Row != nil:
		if cmd.shown++; cmd.shown <= mostRowErrors {
			bar.Line(e.stderr, ev.Row.Error())
		} else if cmd.shown == mostRowErrors+1 {
			bar.Line(e.stderr, "further wrong rows are only counted")
		}
	case ev.Note != "":
		bar.Line(e.stderr, ev.Note)
	case ev.Job != "":
		bar.Line(e.stdout, fmt.Sprintf("%s: import %s goes on in the background; gewu job wait %s waits for it", cmd.Layer, ev.Job, ev.Job))
	}
}

// importEvent and importSummary mirror the lines of POST /v1/layers/{layer}/import.
type importEvent struct {
	Progress *struct {
		Bytes int64 `json:"bytes"`
		Rows  int   `json:"rows"`
	} `json:"progress"`
	Row    *convert.RowError `json:"row_error"`
	Note   string            `json:"note"`
	Failed string            `json:"failed"`
	Job    string            `json:"-"` // that does it in the background
	Done   *importSummary    `json:"done"`
}

type importSummary struct {
	Import    string   `json:"import"`
	Seq       data.Seq `json:"seq"`
	Rows      int      `json:"rows"`
	Added     int      `json:"added"`
	Changed   int      `json:"changed"`
	Unchanged int      `json:"unchanged"`
	Ended     int      `json:"ended"`
	Failed    int      `json:"failed"`
	Kept      int      `json:"kept"`
	DryRun    bool     `json:"dry_run"`
	Atomic    bool     `json:"atomic"`
	Unmatched []string `json:"unmatched"`
}

func (s *importSummary) text() string {
	var b strings.Builder
	if s.DryRun {
		b.WriteString("dry run, nothing was written: ")
	}
	fmt.Fprintf(&b, "%d rows: %d added, %d changed, %d ended, %d unchanged, %d failed",
		s.Rows, s.Added, s.Changed, s.Ended, s.Unchanged, s.Failed)
	if s.Kept > 0 {
		why := "others refer to them"
		if s.Failed > 0 {
			why = "rows failed"
		}
		fmt.Fprintf(&b, "; %d missing features were kept because %s", s.Kept, why)
	}
	if len(s.Unmatched) > 0 {
		fmt.Fprintf(&b, "; columns without an attribute: %s", strings.Join(s.Unmatched, ", "))
	}
	if !s.DryRun && s.Added+s.Changed+s.Ended > 0 {
		fmt.Fprintf(&b, "; import %s", s.Import)
	}
	return b.String()
}

// importFiles streams files to the server and reads its events. It fails when the import could not go on. There is no
// summary of one that goes on in the background, of which show hears the id.
func importFiles(ctx context.Context, c client, layer string, query url.Values, files upload.Files, show func(importEvent)) (*importSummary, error) {
	body, form := io.Pipe()
	parts := multipart.NewWriter(form)
	go func() {
		form.CloseWithError(files.Send(parts))
	}()
	// The sender ends when nobody reads any more.
	defer body.Close()
	resp, err := c.do(ctx, http.MethodPost, "/v1/layers/"+url.PathEscape(layer)+"/import", query, parts.FormDataContentType(), body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	if resp.StatusCode == http.StatusAccepted {
		var job struct {
			ID string `json:"id"`
		}
		err := json.NewDecoder(lines).Decode(&job)
		show(importEvent{Job: job.ID})
		return nil, err
	}
	events := json.NewDecoder(lines)
	failed := ""
	for {
		var ev importEvent
		if err := events.Decode(&ev); err != nil {
			return nil, fmt.Errorf("the import was cut off: %w; gewu import --list tells what has landed", err)
		}
		show(ev)
		if ev.Failed != "" {
			failed = ev.Failed
		}
		if ev.Done != nil {
			if failed != "" {
				return ev.Done, errors.New(failed)
			}
			return ev.Done, nil
		}
	}
}
