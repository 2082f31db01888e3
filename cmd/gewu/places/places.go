// Package places is the command gewu geocode: texts become places, one by one or by the file. It asks a server as any
// other client does.
package places

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Client asks a city. The error is what its problem document says.
type Client interface {
	Do(ctx context.Context, method, path string, query url.Values, contentType string, body io.Reader) (*http.Response, error)
}

// Env is what the command gets besides its flags.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// WithCity runs do with a client for the city, which must exist and have a geocoder.
	WithCity func(do func(ctx context.Context, c Client) error) error
	// CRS is a coordinate system as the server knows it.
	CRS func(name string) (string, error)
	// MayWrite refuses files that belong to the city.
	MayWrite func(name string) error
	// Bar shows how far a file of so many bytes is read.
	Bar func(name string, total int64) Bar
}

// Bar shows how far long work is.
type Bar interface {
	Set(n int64)
	Finish()
}

// Geocode is gewu geocode.
type Geocode struct {
	Text []string `arg:"" optional:"" help:"What is looked for: an address, a crossing, a landmark, words that say where." placeholder:"TEXT"`

	Limit    int      `help:"At most so many places, from 1 to 50." default:"10" placeholder:"N"`
	Least    *int     `help:"Only places with at least this score, from 0 to 100. Default: 50." placeholder:"SCORE"`
	Focus    string   `help:"Of places that are as good the one nearest to here comes first." placeholder:"LON,LAT"`
	Bbox     string   `help:"Only places within." placeholder:"MINLON,MINLAT,MAXLON,MAXLAT"`
	Layers   []string `help:"Only places of these layers." placeholder:"NAME,…"`
	Fallback string   `help:"area: answer with the area that the text names where nothing better is found; its faults say so." enum:"none,area" default:"none"`
	When     string   `help:"Sites and events have to be there on this day or at this time. Default: now." placeholder:"DAY"`
	CRS      string   `help:"Coordinate system of focus, bbox and the answers, or @FILE with control points. Default: longitude and latitude." name:"crs" placeholder:"CRS"`
	JSON     bool     `help:"The answer as GeoJSON." name:"json"`

	Reverse string  `help:"What is around this point, the nearest first." placeholder:"LON,LAT"`
	Radius  float64 `help:"With --reverse: metres, at most 5000. Default: 100." placeholder:"M"`
	Extract bool    `help:"TEXT, or standard input, is a report: all places in it, and the one that it is about."`

	In       string `help:"File with many texts: CSV with a header, NDJSON (.ndjson, .jsonl) or a spreadsheet (.xlsx); - is standard input." placeholder:"FILE"`
	Column   string `help:"Column or member with the text. Default: q, query, address, 地址 or another usual name." placeholder:"NAME"`
	Out      string `help:"File that gets the rows with their answers, in the same order; .xlsx makes a spreadsheet. Default: standard output." short:"o" placeholder:"FILE"`
	Resume   bool   `help:"Go on behind the rows that --out has already."`
	Eval     string `help:"Measure: ask for each case of this file (docs/formats/geocode-cases.md) and print what is right, how far off, how sure and how fast." placeholder:"FILE"`
	Failures string `help:"With --eval: file that gets a line for each case that is not right." placeholder:"FILE"`
	Noise    int    `help:"With --eval: of each class of noise (typos, homophones, numbers in words …) so many texts made of the cases." placeholder:"N"`
	Seed     uint64 `help:"With --noise: another seed makes other texts." placeholder:"N"`

	Encoding string `help:"Encoding of --in, such as gb18030 or big5. Default: what the file says, else UTF-8, else a guess that is noted." placeholder:"NAME"`
}

// Help is the text of gewu geocode --help.
func (g *Geocode) Help() string {
	return `One text, or a point with --reverse; or many, a row each, in a file or on standard input: the same rows come back with place, score, areas and
cells, and a row without a place says why. The score is from 0 to 100: how precise the place is, less what had to be forgiven, which is listed. Nothing below
--least is answered; a text that names no place has no answer.`
}

// Run answers one text, or the rows of a file.
func (g *Geocode) Run(e *Env) error {
	query, err := g.query(e)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(strings.Join(g.Text, " "))
	files := g.In != "" || g.Out != "" || g.Column != "" || g.Resume || g.Encoding != ""
	switch {
	case g.Reverse != "":
		return g.reverse(e, query, text != "" || files || g.Extract)
	case g.Eval != "":
		if files || text != "" || g.Extract {
			return errors.New("--eval has its texts in FILE: leave out TEXT, --extract and other files")
		}
		return g.measure(e, query)
	case g.Failures != "" || g.Noise != 0 || g.Seed != 0:
		return errors.New("--failures, --noise and --seed belong to --eval")
	case g.Radius != 0:
		return errors.New("--radius belongs to --reverse")
	case files && (text != "" || g.Extract):
		return errors.New("--in, --out, --column, --resume and --encoding are for many texts: leave out TEXT and --extract")
	case g.Extract:
		return g.extract(e, query, text)
	case text == "":
		return g.rows(e, query)
	}
	query.Set("q", text)
	return g.show(e, http.MethodGet, "/v1/geocode", query, nil, text)
}

// reverse answers what is around a point.
func (g *Geocode) reverse(e *Env, query url.Values, more bool) error {
	lon, lat, ok := strings.Cut(g.Reverse, ",")
	switch {
	case !ok:
		return fmt.Errorf("--reverse %s: must be LON,LAT", g.Reverse)
	case more:
		return errors.New("--reverse asks about a point: leave out TEXT, --extract and files")
	}
	if err := only(query, "--reverse", "limit", "crs", "when"); err != nil {
		return err
	}
	query.Set("lon", strings.TrimSpace(lon))
	query.Set("lat", strings.TrimSpace(lat))
	if g.Radius != 0 {
		query.Set("radius", strconv.FormatFloat(g.Radius, 'f', -1, 64))
	}
	return g.show(e, http.MethodGet, "/v1/reverse", query, nil, "")
}

// extract answers what places are in a report.
func (g *Geocode) extract(e *Env, query url.Values, text string) error {
	query.Del("limit")
	if err := only(query, "--extract", "crs", "when"); err != nil {
		return err
	}
	if text == "" {
		all, err := io.ReadAll(io.LimitReader(e.Stdin, 1<<20))
		if err != nil {
			return err
		}
		text = string(all)
	}
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return err
	}
	return g.show(e, http.MethodPost, "/v1/extract", query, bytes.NewReader(body), text)
}

// only refuses flags that have no meaning for a question.
func only(query url.Values, of string, names ...string) error {
	for name := range query {
		if !slices.Contains(names, name) {
			return fmt.Errorf("--%s has no meaning with %s", name, of)
		}
	}
	return nil
}

// show asks about a text and prints the answer.
func (g *Geocode) show(e *Env, method, path string, query url.Values, body io.Reader, text string) error {
	kind := ""
	if body != nil {
		kind = "application/json"
	}
	return e.WithCity(func(ctx context.Context, c Client) error {
		resp, err := c.Do(ctx, method, path, query, kind, body)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if !g.JSON {
			return printPlaces(e.Stdout, resp.Body, text)
		}
		if _, err := io.Copy(e.Stdout, resp.Body); err != nil {
			return err
		}
		_, err = fmt.Fprintln(e.Stdout)
		return err
	})
}

// query is what the flags ask for.
func (g *Geocode) query(e *Env) (url.Values, error) {
	crs, err := e.CRS(g.CRS)
	if err != nil {
		return nil, err
	}
	q := url.Values{"limit": {strconv.Itoa(g.Limit)}}
	least := ""
	if g.Least != nil {
		least = strconv.Itoa(*g.Least)
	}
	for name, value := range map[string]string{
		"least": least, "focus": g.Focus, "bbox": g.Bbox, "layers": strings.Join(g.Layers, ","), "crs": crs, "when": g.When,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if g.Fallback != "none" && g.Fallback != "" {
		q.Set("fallback", g.Fallback)
	}
	return q, nil
}
