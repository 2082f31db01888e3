// Package question turns the flags of commands that ask a city into requests. It sends none.
package question

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// Request is what is sent to a server.
type Request struct {
	Method, Path string
	Query        url.Values
	ContentType  string
	// Body may be nil. It must be closed.
	Body io.ReadCloser
}

// Locate are the flags of gewu locate.
type Locate struct {
	Lon    *float64 `help:"Longitude of one point." placeholder:"X"`
	Lat    *float64 `help:"Latitude of one point." placeholder:"Y"`
	CRS    string   `help:"Coordinate system of the points, or @FILE with control points. Default: longitude and latitude." name:"crs" placeholder:"CRS"`
	Scheme string   `help:"Only cells of this scheme." placeholder:"NAME"`

	Include []string `help:"What is wanted: areas, cells, address, parts, duties (who answers for it; not for CSV), disputes (who claims disputed ground), edge (metres to the outline)." placeholder:"WHAT"`
	Class   string   `help:"Duties for things of this class only." placeholder:"CODE"`
	Radius  float64  `help:"Also all areas and cells that a circle of so many metres meets; not for CSV." placeholder:"M"`
	Rule    string   `help:"Who lines and polygons belong to: share (largest share) or point (representative point)." placeholder:"RULE"`
	Shares  float64  `help:"All areas and cells with at least this share of a line or polygon, from 0 to 1." placeholder:"S"`
	Route   string   `help:"GeoJSON file with a line, - for standard input: what the line passes through, in the order of the way." placeholder:"FILE"`

	LonCol string `help:"Column of the longitude in CSV." name:"lon-column" placeholder:"COL"`
	LatCol string `help:"Column of the latitude in CSV." name:"lat-column" placeholder:"COL"`
}

// Help is the text of gewu locate --help.
func (l *Locate) Help() string {
	return `One point with --lon and --lat; or standard input: points as CSV with a header, or one JSON object a line, which
may be a GeoJSON feature or geometry of any kind; or what a line passes through with --route.`
}

// Request is the question about one point, about the rows of stdin or about a route. crs is the system that the server
// knows.
func (l *Locate) Request(crs string, stdin io.Reader) (*Request, error) {
	r := &Request{Method: http.MethodPost, Path: "/v1/locate", Query: url.Values{}}
	for name, value := range map[string]string{
		"crs": crs, "scheme": l.Scheme, "include": strings.Join(l.Include, ","), "rule": l.Rule, "class": l.Class,
		"radius": number(l.Radius), "shares": number(l.Shares),
	} {
		if value != "" && value != "0" {
			r.Query.Set(name, value)
		}
	}
	switch {
	case (l.Lon == nil) != (l.Lat == nil):
		return nil, errors.New("--lon and --lat belong together")
	case l.Lon != nil && l.Route != "":
		return nil, errors.New("--route is about a line; leave out --lon and --lat")
	case l.Route != "":
		return r, r.route(l.Route, stdin)
	case l.Lon != nil:
		r.Method = http.MethodGet
		r.Query.Set("lon", number(*l.Lon))
		r.Query.Set("lat", number(*l.Lat))
		return r, nil
	}
	if l.LonCol != "" {
		r.Query.Set("lon", l.LonCol)
	}
	if l.LatCol != "" {
		r.Query.Set("lat", l.LatCol)
	}
	in := bufio.NewReaderSize(stdin, 64<<10)
	r.ContentType, r.Body = "text/csv", io.NopCloser(in)
	if first, err := in.Peek(1); err == nil && first[0] == '{' {
		r.ContentType = "application/x-ndjson"
	}
	return r, nil
}

func (r *Request) route(file string, stdin io.Reader) error {
	r.Path, r.ContentType, r.Body = "/v1/locate/route", "application/geo+json", io.NopCloser(stdin)
	if file == "-" {
		return nil
	}
	f, err := os.Open(file)
	r.Body = f
	return err
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
