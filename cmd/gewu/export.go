package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/gewu-city/gewu/cmd/gewu/coords"
	"github.com/gewu-city/gewu/cmd/gewu/output"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/shapefile"
)

type exportCmd struct {
	Layer  string `help:"Layer to write." required:"" placeholder:"NAME"`
	Format string `help:"${exports}; told from the file name when not given." placeholder:"FORMAT"`
	CRS    string `help:"Coordinate system of the file, or @FILE with control points. Default: longitude and latitude." name:"crs" placeholder:"CRS"`
	BBox   string `help:"Only features that meet this box." name:"bbox" placeholder:"W,S,E,N"`
	Where  string `help:"Only features for which this filter is true, in CQL2: \"height > 5 AND kind IN ('lamp','pole')\"." placeholder:"EXPR"`
	WKT    bool   `help:"The same as --geometry wkt." name:"wkt"`

	Geometry string `help:"Write geometries in CSV and XLSX in one column: wkt, ewkt, wkb, ewkb, or wkb64 and ewkb64 for base64." placeholder:"FORM"`
	Encoding string `help:"Encoding of CSV and of the tables of shapefiles, such as gb18030. Default: UTF-8." placeholder:"NAME"`

	timeFlags
	Output string `help:"File to write; - is standard output. A name ending in .gz is compressed." short:"o" default:"-" placeholder:"FILE"`
}

// Run writes the layer as it is at one Seq. A file is replaced only when it is complete.
func (cmd *exportCmd) Run(e *env) (err error) {
	if err := output.Guard(e.cli.store(), cmd.Output); err != nil {
		return err
	}
	format := cmd.Format
	if format == "" {
		detected, ok := convert.DetectFormat(cmd.Output)
		if !ok {
			return fmt.Errorf("the format cannot be told from %q; say --format %s", cmd.Output, strings.Join(convert.ExportFormats(), "|"))
		}
		format = detected
	}
	if _, part := shapefile.Part(cmd.Output); part && format == convert.Shapefile {
		return fmt.Errorf("a shapefile is written as one archive: name it %s.zip", strings.TrimSuffix(cmd.Output, filepath.Ext(cmd.Output)))
	}
	crs, err := coords.ServerCRS(e.cli.Systems, cmd.CRS)
	if err != nil {
		return err
	}
	query := url.Values{"format": {format}}
	for name, value := range map[string]string{
		"crs": crs, "bbox": cmd.BBox, "filter": cmd.Where, "geometry": cmd.Geometry, "encoding": cmd.Encoding,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	cmd.set(query)
	if cmd.WKT {
		query.Set("wkt", "true")
	}
	if strings.HasSuffix(cmd.Output, ".gz") {
		query.Set("gzip", "true")
	}
	return withCity(e, func(ctx context.Context, c client) error {
		resp, err := c.do(ctx, http.MethodGet, "/v1/layers/"+url.PathEscape(cmd.Layer)+"/export", query, "", nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if cmd.Output == "-" {
			_, err := io.Copy(e.stdout, resp.Body)
			return err
		}
		return output.Write(ctx, cmd.Output, resp.Body)
	})
}
