package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/cmd/gewu/coords"
)

type locateCmd struct {
	Lon    *float64 `help:"Longitude of one point." placeholder:"X"`
	Lat    *float64 `help:"Latitude of one point." placeholder:"Y"`
	CRS    string   `help:"Coordinate system of the points, or @FILE with control points. Default: longitude and latitude." name:"crs" placeholder:"CRS"`
	Scheme string   `help:"Only cells of this scheme." placeholder:"NAME"`

	Include []string `help:"What is wanted: areas, cells, address, parts, edge (metres to the outline)." placeholder:"WHAT"`
	Radius  float64  `help:"Also all areas and cells that a circle of so many metres meets; not for CSV." placeholder:"M"`
	Rule    string   `help:"Who lines and polygons belong to: share (largest share) or point (representative point)." placeholder:"RULE"`
	Shares  float64  `help:"All areas and cells with at least this share of a line or polygon, from 0 to 1." placeholder:"S"`
	Route   string   `help:"GeoJSON file with a line, - for standard input: what the line passes through, in the order of the way." placeholder:"FILE"`

	LonCol string `help:"Column of the longitude in CSV." name:"lon-column" placeholder:"COL"`
	LatCol string `help:"Column of the latitude in CSV." name:"lat-column" placeholder:"COL"`
	timeFlags
}

// Help is the text of gewu locate --help.
func (cmd *locateCmd) Help() string {
	return `One point with --lon and --lat; or standard input: points as CSV with a header, or one JSON object a line, which
may be a GeoJSON feature or geometry of any kind; or what a line passes through with --route.`
}

// Run locates one point, what is on standard input, or a route.
func (cmd *locateCmd) Run(e *env) error {
	crs, err := coords.ServerCRS(e.cli.Systems, cmd.CRS)
	if err != nil {
		return err
	}
	query := url.Values{}
	for name, value := range map[string]string{
		"crs": crs, "scheme": cmd.Scheme, "include": strings.Join(cmd.Include, ","), "rule": cmd.Rule,
		"radius": number(cmd.Radius), "shares": number(cmd.Shares),
	} {
		if value != "" && value != "0" {
			query.Set(name, value)
		}
	}
	cmd.set(query)
	if (cmd.Lon == nil) != (cmd.Lat == nil) {
		return errors.New("--lon and --lat belong together")
	}
	return withCity(e, func(ctx context.Context, c client) error {
		switch {
		case cmd.Route != "":
			return cmd.route(ctx, e, c, query)
		case cmd.Lon != nil && cmd.Lat != nil:
			query.Set("lon", number(*cmd.Lon))
			query.Set("lat", number(*cmd.Lat))
			return cmd.print(ctx, e, c, http.MethodGet, "/v1/locate", query, "", nil)
		}
		if cmd.LonCol != "" {
			query.Set("lon", cmd.LonCol)
		}
		if cmd.LatCol != "" {
			query.Set("lat", cmd.LatCol)
		}
		in := bufio.NewReaderSize(e.stdin, 64<<10)
		contentType := "text/csv"
		if first, err := in.Peek(1); err == nil && first[0] == '{' {
			contentType = "application/x-ndjson"
		}
		return cmd.print(ctx, e, c, http.MethodPost, "/v1/locate", query, contentType, in)
	})
}

// route asks what a line passes through.
func (cmd *locateCmd) route(ctx context.Context, e *env, c client, query url.Values) error {
	in := e.stdin
	if cmd.Route != "-" {
		f, err := os.Open(cmd.Route)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	return cmd.print(ctx, e, c, http.MethodPost, "/v1/locate/route", query, "application/geo+json", in)
}

// print sends a request and prints the answer, with a line break at the end.
func (cmd *locateCmd) print(ctx context.Context, e *env, c client, method, path string, query url.Values, contentType string, body io.Reader) error {
	resp, err := c.do(ctx, method, path, query, contentType, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(e.stdout, resp.Body); err != nil {
		return err
	}
	if resp.Header.Get("Content-Type") == "application/json" {
		_, err = fmt.Fprintln(e.stdout)
	}
	return err
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
