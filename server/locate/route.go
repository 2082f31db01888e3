package locate

import (
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/server/answer"
	"github.com/gewu-city/gewu/server/rest"
)

// mostRoute bounds the vertices of a route.
const mostRoute = 20_000

// Route answers which cells and areas a line passes through, in the order of the way.
func (a *API) Route(w http.ResponseWriter, r *http.Request) error {
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeGeoJSON, rest.TypeJSON)
	if err != nil {
		return err
	}
	q := rest.ParseParams(r)
	crs := q.CRS("crs", a.Systems)
	ask := ask(q, answer.Areas|answer.Cells)
	if extra := ask.include &^ (answer.Areas | answer.Cells); extra != 0 || ask.Edge {
		q.Fail(rest.Refuse(rest.BadRequest, "a route has areas and cells: include can name those two, and there is no radius"))
	}
	world, err := a.Ask(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	if err := a.knownScheme(world.World, ask.Scheme); err != nil {
		return err
	}
	text, err := geometryOf(body)
	if err != nil {
		return err
	}
	line, err := convert.ParseShape(text, crs)
	switch {
	case err != nil:
		return rest.Fault(rest.BadRequest, "geometry", "", err.Error()).Because(err)
	case line.Kind() != geo.KindLine:
		return rest.Fault(rest.BadRequest, "geometry", line.Kind().String(), "must be a LineString or MultiLineString")
	case len(line.Vertices()) > mostRoute:
		return rest.Fault(rest.BadRequest, "geometry", "", "has "+strconv.Itoa(len(line.Vertices()))+" vertices; at most "+
			strconv.Itoa(mostRoute)+" are followed at once")
	}
	route, err := a.Locator.Route(world.World, line, ask.Ask)
	if err != nil {
		return rest.Fault(rest.BadRequest, "geometry", "", err.Error()).Because(err)
	}
	world.Header(w)
	out := strconv.AppendUint([]byte(`{"seq":`), uint64(world.Seq()), 10)
	out = appendShown(out, &world.Shown)
	return rest.WriteBody(w, r, http.StatusOK, rest.TypeJSON, append(answer.AppendRoute(out, &route, ask.include), '}'))
}

// geometryOf is the GeoJSON geometry of a body: the body itself, or the geometry of a feature.
func geometryOf(body []byte) ([]byte, error) {
	if !utf8.Valid(body) {
		return nil, rest.Refuse(rest.BadRequest, "the body is not UTF-8")
	}
	if err := jsontext.Check(body); err != nil {
		return nil, rest.Refuse(rest.BadRequest, "the body %s", err.Error()).Because(err)
	}
	text, feature := body, false
	jsontext.Members(body, func(name, value []byte) bool {
		switch string(name) {
		case "geometry":
			text = value
		case "type":
			feature = jsontext.Unquote(value) == "Feature"
		}
		return true
	})
	if !feature {
		text = body
	}
	return text, nil
}
