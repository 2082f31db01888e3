package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gewu-city/gewu/cmd/gewu/coords"
)

type locateCmd struct {
	Lon    *float64 `help:"Longitude of one point." placeholder:"X"`
	Lat    *float64 `help:"Latitude of one point." placeholder:"Y"`
	CRS    string   `help:"Coordinate system of the points, or @FILE with control points. Default: longitude and latitude." name:"crs" placeholder:"CRS"`
	Scheme string   `help:"Only cells of this scheme." placeholder:"NAME"`
	LonCol string   `help:"Column of the longitude in CSV." name:"lon-column" placeholder:"COL"`
	LatCol string   `help:"Column of the latitude in CSV." name:"lat-column" placeholder:"COL"`
	timeFlags
}

// Run locates one point, or the points on standard input: CSV with a header, or one JSON object a line.
func (cmd *locateCmd) Run(e *env) error {
	crs, err := coords.ServerCRS(e.cli.Systems, cmd.CRS)
	if err != nil {
		return err
	}
	query := url.Values{}
	for name, value := range map[string]string{"crs": crs, "scheme": cmd.Scheme} {
		if value != "" {
			query.Set(name, value)
		}
	}
	cmd.set(query)
	if (cmd.Lon == nil) != (cmd.Lat == nil) {
		return errors.New("--lon and --lat belong together")
	}
	return withCity(e, func(ctx context.Context, c client) error {
		if cmd.Lon != nil && cmd.Lat != nil {
			query.Set("lon", strconv.FormatFloat(*cmd.Lon, 'f', -1, 64))
			query.Set("lat", strconv.FormatFloat(*cmd.Lat, 'f', -1, 64))
			if err := cmd.print(ctx, e, c, http.MethodGet, query, "", nil); err != nil {
				return err
			}
			_, err := fmt.Fprintln(e.stdout)
			return err
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
		return cmd.print(ctx, e, c, http.MethodPost, query, contentType, in)
	})
}

func (cmd *locateCmd) print(ctx context.Context, e *env, c client, method string, query url.Values, contentType string, body io.Reader) error {
	resp, err := c.do(ctx, method, "/v1/locate", query, contentType, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(e.stdout, resp.Body)
	return err
}
