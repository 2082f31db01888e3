// Package locate answers whose ground a place is: one point, a stream of rows, or what a route passes through.
package locate

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/answer"
	"github.com/gewu-city/gewu/server/batch"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// API is the resource locate.
type API struct {
	*city.City
	// Large, when not nil, lets a geometry of many vertices be looked at when there is room for it: few at once, because each
	// takes many times its bytes. leave is called when it was answered.
	Large func(ctx context.Context) (leave func(), err error)
}

// shortAnswer is the size up to which an answer is sent as it is.
const shortAnswer = 8 << 10

// bodies are memory for answers.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// Point answers what is at a point.
func (a *API) Point(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	x, y, crs := q.Number("lon"), q.Number("lat"), q.CRS("crs", a.Systems)
	ask := ask(q, answer.Areas|answer.Cells|answer.Address|answer.Parts|answer.Duties)
	world, err := a.Ask(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	p, fault := rest.Place(crs, x, y)
	if fault != nil {
		return fault
	}
	if err := a.knownScheme(world.World, ask.Scheme); err != nil {
		return err
	}
	loc := a.Locator.Locate(world.World, p, ask.Ask)
	var duties []people.Duty
	if ask.include&answer.Duties != 0 {
		duties = a.duties(r, world.World, p, &loc, ask.class)
		if ask.include&answer.Areas == 0 {
			loc.Areas = nil
		}
		if ask.include&answer.Cells == 0 {
			loc.Cells = nil
		}
	}
	world.Header(w)
	room, _ := bodies.Get().(*[]byte)
	body := (*room)[:0]
	body = append(body, `{"lon":`...)
	defer func() {
		*room = body
		bodies.Put(room)
	}()
	body = append(answer.Number(body, p.Lon()), `,"lat":`...)
	body = append(answer.Number(body, p.Lat()), `,"seq":`...)
	body = strconv.AppendUint(body, uint64(world.Seq()), 10)
	body = appendShown(body, &world.Shown)
	// The shape of the answer is always the same: what was not asked for is empty.
	body = answer.AppendMembers(body, &loc, answer.Areas|answer.Cells|answer.Address|answer.Parts|answer.Within)
	// Ground that is disputed is told always: what else the answer says of it is the claim of one side.
	if body, err = answer.AppendDisputes(answer.AppendDuties(body, duties), a.Locator.Disputes(world.World, p)); err != nil {
		return err
	}
	body = append(body, '}')
	if len(body) > shortAnswer {
		return rest.WriteBody(w, r, http.StatusOK, rest.TypeJSON, body)
	}
	rest.WriteShort(w, r, http.StatusOK, rest.TypeJSON, body)
	return nil
}

// appendShown appends which past an answer belongs to.
func appendShown(dst []byte, s *city.Shown) []byte {
	if s.At != nil {
		dst = append(s.At.AppendFormat(append(dst, `,"at":"`...), time.RFC3339Nano), '"')
	}
	if s.AsOf != nil {
		dst = strconv.AppendUint(append(dst, `,"as_of":`...), uint64(*s.AsOf), 10)
	}
	return dst
}

// knownScheme refuses the name of a scheme that does not exist.
func (a *API) knownScheme(w *index.World, name string) error {
	if name == "" || a.Locator.HasScheme(w, name) {
		return nil
	}
	var have []string
	for _, scheme := range a.Locator.Plan(w).Schemes {
		have = append(have, scheme.Name)
	}
	p := rest.Fault(rest.BadRequest, "scheme", name, "does not exist")
	if len(have) > 0 {
		p.Detail += "; there are " + strings.Join(slices.Compact(have), ", ")
	}
	return p
}

// duties are those who answer for a location, with persons for who may list staff.
func (a *API) duties(r *http.Request, w *index.World, p geo.Point, loc *grid.Location, class string) []people.Duty {
	all := answer.DutiesAt(w, a.Locator.Plan(w), p, loc, class, a.When(w))
	if city.May(r, people.ManagePeople) {
		return all
	}
	return answer.Unnamed(all)
}

// Stream answers rows as they come.
func (a *API) Stream(w http.ResponseWriter, r *http.Request) error {
	kind, err := rest.ContentType(r, rest.TypeCSV, rest.TypeNDJSON)
	if err != nil {
		return err
	}
	q := rest.ParseParams(r)
	ask := askRows(q, kind)
	job := batch.Job{
		Locator: a.Locator, Now: a.Now, World: func() *index.World { return a.Present(r) }, RowBytes: a.Limits.RowBytes, Ask: ask.Ask, Include: ask.include,
		CRS: q.CRS("crs", a.Systems), Lon: q.Text("lon"), Lat: q.Text("lat"),
	}
	if ask.include&answer.Duties != 0 {
		job.Duties = func(w *index.World, p geo.Point, loc *grid.Location) []people.Duty {
			return a.duties(r, w, p, loc, ask.class)
		}
	}
	world, err := a.Ask(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	if world.Query().Encode() != "" {
		// The past does not go on while the rows come.
		job.World = func() *index.World { return world.World }
	}
	if (job.Lon == "") != (job.Lat == "") {
		return rest.Fault(rest.BadRequest, "lon,lat", job.Lon+","+job.Lat, "must be given together")
	}
	if err := a.knownScheme(world.World, ask.Scheme); err != nil {
		return err
	}
	if a.Large != nil {
		job.Large = func() (func(), error) {
			leave, err := a.Large(r.Context())
			if err != nil {
				err = errors.New("the server is busy with other large geometries; send the line again")
			}
			return leave, err
		}
	}
	out, waiting, end := a.Duplex(w, r)
	defer end()
	job.Waiting = waiting
	world.Header(w)
	w.Header().Set("Cache-Control", "no-store")
	if kind == rest.TypeNDJSON {
		w.Header().Set("Content-Type", kind)
		return job.NDJSON(r.Body, out)
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8; header=present")
	return job.CSV(r.Body, out)
}
