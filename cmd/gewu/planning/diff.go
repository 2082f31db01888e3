package planning

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/paulmach/orb/geojson"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/grid/impact"
)

// Diff says what a change of cells does to ground, borders and what lies there.
type Diff struct {
	Before   string   `arg:"" optional:"" help:"File of the cells as they should be, which is compared with the city; with a second file, as they were." placeholder:"FILE"`
	After    string   `arg:"" optional:"" help:"File of the cells as they should be." placeholder:"FILE"`
	From     string   `help:"Without files: the scheme as it was at this time (RFC 3339), date or position." placeholder:"T"`
	To       string   `help:"The scheme at a later time; now when not given." placeholder:"T"`
	Draft    string   `help:"Without files: what it would do to publish this draft now, with codes as they are drawn." placeholder:"DRAFT"`
	Version  string   `help:"With --draft: compare with this version of the scheme, not with the city as it is." placeholder:"N"`
	Scheme   string   `help:"Scheme of the city." default:"unit" placeholder:"NAME"`
	Points   []string `help:"With two files: files of points that are counted, such as doors and parts." placeholder:"FILE"`
	Amount   string   `help:"With two files: column of the points that is added up, such as households." placeholder:"COL"`
	Format   string   `help:"${formats}; told from the file name when not given." placeholder:"FORMAT"`
	CRS      string   `help:"Coordinate system of the files. Default: longitude and latitude, or what the file states." name:"crs" placeholder:"CRS"`
	ID       string   `help:"Column of the cells' codes. Default: the id of a feature, else its row." name:"id" placeholder:"COL"`
	Encoding string   `help:"Encoding of text, such as gb18030. Default: what the file says, else UTF-8, else a guess." placeholder:"NAME"`
	Table    string   `help:"Which table of a file that holds several." placeholder:"NAME"`
	JSON     bool     `help:"Print all as JSON." name:"json" xor:"as"`
	CSV      bool     `help:"Print one row for each way from cell to cell: what, from, to, count, amount." name:"csv" xor:"as"`
	Output   string   `help:"Write to this file: .json, .csv, or .geojson with the borders that moved." short:"o" placeholder:"FILE"`
	Quiet    bool     `help:"No progress bar." short:"q"`
}

// Validate is called by the parser of the command line.
func (d *Diff) Validate() error {
	switch {
	case d.Draft != "" && (d.Before != "" || d.From != "" || d.To != ""):
		return errors.New("--draft compares the draft with the city; leave --from, --to and the files out")
	case d.Version != "" && d.Draft == "":
		return errors.New("--version goes with --draft; --from and --to compare times")
	case d.Before == "" && d.From == "" && d.Draft == "":
		return errors.New("name a file with the cells as they should be, two files, --from T or --draft DRAFT")
	case d.Before != "" && (d.From != "" || d.To != ""):
		return errors.New("--from and --to compare the city with itself; leave them or the files out")
	case d.Before == "-" && d.After == "-":
		return errors.New("only one of the files can be standard input")
	case d.After == "" && (len(d.Points) > 0 || d.Amount != ""):
		return errors.New("--points and --amount go with two files; against the city its own doors, parts and buildings are counted")
	case d.Before == "" && (d.ID != "" || d.Format != "" || d.Table != "" || d.CRS != "" || d.Encoding != ""):
		return errors.New("--id, --format, --table, --crs and --encoding go with files")
	}
	if ext := d.extension(); d.Output != "" && !slices.Contains([]string{".json", ".csv", ".geojson"}, ext) {
		return fmt.Errorf("--output %s: the name must end in .json, .csv or .geojson", d.Output)
	}
	return nil
}

func (d *Diff) extension() string { return strings.ToLower(filepath.Ext(d.Output)) }

// difference is a report, and what of it only the city knows.
type difference struct {
	*impact.Report

	Scheme string `json:"scheme,omitempty"`
	Staff  []struct {
		Code  string   `json:"code"`
		Posts []string `json:"posts"`
	} `json:"staff,omitempty"`
	// OpenCases is nil in a city without cases, and where they are not to be seen.
	OpenCases *struct {
		impact.Layer
		Unplaced int `json:"unplaced"`
	} `json:"open_cases,omitempty"`
	// Tilesets are addresses of TileJSON.
	Tilesets *struct {
		Cells   string `json:"cells"`
		Changes string `json:"changes"`
	} `json:"tilesets,omitempty"`
}

// counted are the layers and, as one of them, the open cases.
func (d *difference) counted() []impact.Layer {
	if d.OpenCases == nil {
		return d.Layers
	}
	return append(slices.Clone(d.Layers), d.OpenCases.Layer)
}

// WriteCSV writes the table of the report, open cases included.
func (d *difference) WriteCSV(w io.Writer) error {
	all := *d.Report
	all.Layers = d.counted()
	return all.WriteCSV(w)
}

// Run prints what changes.
func (d *Diff) Run(e *Env) error {
	found, err := d.find(e)
	if err != nil {
		return err
	}
	write := found.print
	switch ext := d.extension(); {
	case ext == ".geojson":
		write = found.borders
	case d.CSV || ext == ".csv":
		write = found.WriteCSV
	case d.JSON || ext == ".json":
		write = func(w io.Writer) error { return json.NewEncoder(w).Encode(found) }
	}
	return e.put(d.Output, write)
}

func (d *Diff) find(e *Env) (*difference, error) {
	found := &difference{Report: &impact.Report{}}
	path := "/v1/schemes/" + url.PathEscape(d.Scheme) + "/impact"
	if d.Draft != "" {
		query := url.Values{}
		if d.Version != "" {
			query.Set("version", d.Version)
		}
		_, err := e.long(bar("impact", d.Quiet), http.MethodGet, draftPath(d.Draft)+"/impact", query, "", nil, found)
		return found, err
	}
	if d.Before == "" {
		query := url.Values{"from": {d.From}}
		if d.To != "" {
			query.Set("to", d.To)
		}
		_, err := e.long(bar("impact", d.Quiet), http.MethodGet, path, query, "", nil, found)
		return found, err
	}
	cells := make([][]check.Cell, 0, 2)
	for _, name := range []string{d.Before, d.After} {
		if name == "" {
			continue
		}
		var list []check.Cell
		wrong, err := read(e, d.source(name, "cells", data.GeometryPolygon), func(f *data.Feature) error {
			list = append(list, check.Cell{ID: f.ID, Shape: f.Shape})
			return nil
		})
		if err == nil && len(list) == 0 {
			err = fmt.Errorf("%s holds no polygon", name)
		}
		if err = cmp.Or(err, wrong); err != nil {
			return nil, err
		}
		cells = append(cells, list)
	}
	if len(cells) == 1 {
		body, err := collection(cells[0])
		if err != nil {
			return nil, err
		}
		_, err = e.long(bar("impact", d.Quiet), http.MethodPost, path, nil, "application/geo+json", body, found)
		return found, err
	}
	change := impact.Compare(asCells(cells[0]), asCells(cells[1]))
	var layers []impact.Layer
	for _, name := range d.Points {
		l, err := d.count(e, change, name)
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
	}
	found.Report = change.Report(layers...)
	return found, nil
}

// source is how a file is read.
func (d *Diff) source(name, what string, kind data.GeometryKind) source {
	return source{name: name, what: what, geometry: kind, format: d.Format, crs: d.CRS, id: d.ID, encoding: d.Encoding, table: d.Table, quiet: d.Quiet}
}

func asCells(cells []check.Cell) []impact.Cell {
	out := make([]impact.Cell, len(cells))
	for i, c := range cells {
		out[i] = impact.Cell{Code: c.ID, Shape: c.Shape}
	}
	return out
}

// count reads the points of a file and counts them in both sets of cells. Every row must be a point.
func (d *Diff) count(e *Env, change *impact.Change, name string) (impact.Layer, error) {
	from := d.source(name, "points", data.GeometryPoint)
	from.id, from.table, from.format = "", "", ""
	from.columns = []column{{d.Amount, data.Number}}
	var failed error
	n, with := 0, d.Amount == ""
	flows := change.Flows(func(yield func(geo.Point, float64) bool) {
		wrong, err := read(e, from, func(f *data.Feature) error {
			n++
			weight := 0.0
			if v := f.Values[0]; !v.Null() {
				weight, with = v.Number(), true
			}
			yield(f.Shape.Vertices()[0], weight)
			return nil
		})
		failed = cmp.Or(err, wrong)
	})
	switch {
	case failed != nil:
		return impact.Layer{}, failed
	case n == 0:
		return impact.Layer{}, fmt.Errorf("%s holds no point", name)
	case !with:
		return impact.Layer{}, fmt.Errorf("%s has no number in a column %s", name, d.Amount)
	}
	title := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	return change.Layer(title, d.Amount, flows), nil
}

// collection is cells as GeoJSON.
func collection(cells []check.Cell) (io.Reader, error) {
	type feature struct {
		Type       string            `json:"type"`
		ID         string            `json:"id"`
		Properties struct{}          `json:"properties"`
		Geometry   *geojson.Geometry `json:"geometry"`
	}
	features := make([]feature, len(cells))
	for i, c := range cells {
		features[i] = feature{Type: "Feature", ID: c.ID, Geometry: geojson.NewGeometry(c.Shape.Orb())}
	}
	var body bytes.Buffer
	err := json.NewEncoder(&body).Encode(struct {
		Type     string    `json:"type"`
		Features []feature `json:"features"`
	}{"FeatureCollection", features})
	return &body, err
}

// most bounds the lists of the table; socketURL begins addresses for those who ask through the socket of a city.
const (
	most      = 20
	socketURL = "http://gewu"
)

// print writes what matters to somebody who decides about the change.
func (d *difference) print(w io.Writer) error {
	if d.Same() {
		_, err := fmt.Fprintf(w, "%d cells: nothing changes\n", d.CellsAfter)
		return err
	}
	counted := d.counted()
	var words []string
	for _, k := range []impact.Kind{impact.Added, impact.Ended, impact.Reshaped, impact.Reassigned} {
		if n := d.Counts[k]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, k))
		}
	}
	fmt.Fprintf(w, "%d cells before, %d after: %s\n\n", d.CellsBefore, d.CellsAfter, strings.Join(words, ", "))
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprint(t, "CELL\tCHANGE\tM² BEFORE\tAFTER")
	for _, l := range counted {
		fmt.Fprintf(t, "\t%s\tAFTER", strings.ToUpper(l.Name))
		if l.Amount != "" {
			fmt.Fprintf(t, "\t%s\tAFTER", strings.ToUpper(l.Amount))
		}
	}
	fmt.Fprintln(t)
	for i, c := range d.Cells[:min(len(d.Cells), most)] {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s", c.Code, c.Change, number(c.AreaBefore), number(c.AreaAfter))
		for _, l := range counted {
			n := l.Cells[i]
			fmt.Fprintf(t, "\t%d\t%d", n.Before, n.After)
			if l.Amount != "" {
				fmt.Fprintf(t, "\t%s\t%s", number(n.AmountBefore), number(n.AmountAfter))
			}
		}
		fmt.Fprintln(t)
	}
	d.more(t, len(d.Cells))
	fmt.Fprintln(t)
	fmt.Fprintln(t, "WHAT\tFROM\tTO\tCOUNT\tAMOUNT")
	n := 0
	for _, l := range counted {
		for _, f := range l.List {
			if !f.Moved() {
				continue
			}
			if n++; n <= most {
				amount := ""
				if l.Amount != "" {
					amount = number(f.Amount)
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\n", l.Name, cmp.Or(f.From, "–"), cmp.Or(f.To, "–"), f.Count, amount)
			}
		}
	}
	d.more(t, n)
	if err := t.Flush(); err != nil {
		return err
	}
	for _, l := range counted {
		fmt.Fprintf(w, "%s: %d of %d change their cell", l.Name, l.Moved, l.Points)
		if l.Amount != "" {
			fmt.Fprintf(w, ", %s %s", number(l.MovedAmount), l.Amount)
		}
		fmt.Fprintln(w)
	}
	if d.OpenCases != nil && d.OpenCases.Unplaced > 0 {
		fmt.Fprintf(w, "open-cases: %d more have no place\n", d.OpenCases.Unplaced)
	}
	for _, one := range d.Staff {
		fmt.Fprintf(w, "staff of %s: %s\n", one.Code, strings.Join(one.Posts, ", "))
	}
	var removed, added float64
	for _, b := range d.Borders {
		if b.New {
			added += b.LengthM
		} else {
			removed += b.LengthM
		}
	}
	_, err := fmt.Fprintf(w, "borders: %s m are given up, %s m are new\n", number(removed), number(added))
	if d.Tilesets != nil && err == nil {
		// What a request through the socket is answered has no address that leads there from elsewhere.
		_, err = fmt.Fprintf(w, "to look at: %s, %s\n", strings.TrimPrefix(d.Tilesets.Changes, socketURL), strings.TrimPrefix(d.Tilesets.Cells, socketURL))
	}
	return err
}

func (d *difference) more(w io.Writer, n int) {
	if n > most {
		fmt.Fprintf(w, "… and %d more, see --json or --csv\n", n-most)
	}
}

// borders writes the lines that moved as GeoJSON.
func (d *difference) borders(w io.Writer) error {
	return json.NewEncoder(w).Encode(struct {
		Type     string          `json:"type"`
		Features []impact.Border `json:"features"`
	}{"FeatureCollection", d.Borders})
}
