package open311

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/server/open311/service"
	"github.com/gewu-city/gewu/server/open311/wire"
	"github.com/gewu-city/gewu/server/rest"
)

// Bounds of lists.
const (
	pageSize = 1000
	maxSize  = 1000
	// maxDeep is how many requests may lie before a page: whoever wants more asks for less time.
	maxDeep = 200_000
	window  = 90 * 24 * time.Hour
)

// query is which requests, and which of them.
type query struct {
	filter store.Filter
	order  store.Order
	// status is open, closed or empty; codes are services, by name of their class.
	status string
	keys   []catalogue.Key
	coded  bool
	// centre and radius are a circle, in metres, when radius is not 0.
	centre geo.Point
	radius float64
	ids    []string
	// skip is how many lie before the first, size how many there may be.
	skip, size int
	extensions bool
}

// requests lists requests.
func (a *API) requests(c *call) error {
	q, err := a.asked(c)
	if err != nil {
		return err
	}
	found, err := a.find(q)
	if err != nil {
		return err
	}
	return a.show(c, found, q.extensions)
}

// request is one request.
func (a *API) request(c *call) error {
	sum, ok := a.shown(c.id)
	if !ok {
		return c.refuse(http.StatusNotFound, "没有这个 service_request_id。", "There is no such service_request_id.")
	}
	return a.show(c, []store.Summary{sum}, c.query.Text("extensions") == "true")
}

// show answers with requests.
func (a *API) show(c *call, found []store.Summary, extensions bool) error {
	out := wire.List{Item: "request"}
	for _, sum := range found {
		if err := c.Context().Err(); err != nil {
			return err
		}
		v, err := a.look(c, sum)
		if err != nil {
			return err
		}
		out.Values = append(out.Values, v.object(c.lang, extensions))
	}
	return c.write(http.StatusOK, "service_requests", out)
}

// token says which request a token became. Requests have their id at once, so that it is its own token.
func (a *API) token(c *call) error {
	sum, ok := a.shown(c.id)
	if !ok {
		return c.refuse(http.StatusNotFound, "没有这个 token。", "There is no such token.")
	}
	return c.write(http.StatusOK, "service_requests", wire.List{Item: "request", Values: []any{wire.Object{
		{Name: "service_request_id", Value: sum.ID}, {Name: "token", Value: c.id},
	}}})
}

// asked reads the query of a list.
func (a *API) asked(c *call) (*query, error) {
	q := &query{order: store.ByOpened, size: pageSize, extensions: c.query.Text("extensions") == "true"}
	no := false
	q.filter.Private = &no
	q.filter.Sources = a.Settings.Sources
	if err := q.paged(c); err != nil {
		return nil, err
	}
	if ids := c.query.Text("service_request_id"); ids != "" {
		if q.ids = listed(ids); len(q.ids) > maxSize {
			return nil, c.refuse(http.StatusBadRequest, "service_request_id 太多。", fmt.Sprintf("There may be %d service_request_id.", maxSize))
		}
		return q, nil // it overrides everything else
	}
	if err := a.coded(c, q); err != nil {
		return nil, err
	}
	states := listed(strings.ToLower(c.query.Text("status")))
	for _, s := range states {
		if s != open && s != closed {
			return nil, c.refuse(http.StatusBadRequest, "status 必须是 open 或 closed。", "status must be open or closed.")
		}
	}
	if slices.Contains(states, open) != slices.Contains(states, closed) {
		q.status = states[0]
		if a.aligned() {
			is := q.status == open
			q.filter.Open = &is
		}
	}
	if err := q.placed(c); err != nil {
		return nil, err
	}
	return q, a.timed(c, q)
}

// listed are the words of a list with commas.
func listed(s string) []string {
	return slices.DeleteFunc(strings.Split(strings.ReplaceAll(s, " ", ""), ","), func(s string) bool { return s == "" })
}

// coded reads service_code. Codes that there are none of find nothing, without an error: services come and go.
func (a *API) coded(c *call, q *query) error {
	codes := listed(strings.Join(c.query.Texts("service_code"), ","))
	if len(codes) == 0 {
		return nil
	}
	list, _, err := a.list()
	if err != nil {
		return err
	}
	q.coded = true
	for _, code := range codes {
		if s, ok := list.Find(code); ok {
			q.keys = append(q.keys, s.Key)
		}
	}
	return nil
}

// aligned reports whether in all versions of the process final states are what the public calls closed, so that the columns
// can be asked.
func (a *API) aligned() bool {
	versions := a.Processes()
	newest, ok := versions.Newest(a.Process)
	if !ok {
		return false
	}
	for n := 1; n <= newest.Version; n++ {
		t, ok := versions.Table(a.Process, n)
		if ok && slices.ContainsFunc(t.States, func(s process.State) bool { return s.Final != (s.Public == closed) }) {
			return false
		}
	}
	return true
}

// paged reads page and page_size, and what clients call them else.
func (q *query) paged(c *call) error {
	page := 1
	for name, v := range map[string]*int{"page": &page, "page_size": &q.size, "max_requests": &q.size} {
		text := c.query.Text(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return c.refuse(http.StatusBadRequest, name+" 必须是自然数。", name+" must be a whole number.")
		}
		*v = n
	}
	page = max(page, 1)
	if q.size == 0 {
		q.size = pageSize
	}
	q.size = min(q.size, maxSize)
	if page-1 > maxDeep/q.size {
		return c.refuse(http.StatusBadRequest, "页数太大，请缩短时间范围。", "This page lies too deep: ask for less time.")
	}
	q.skip = (page - 1) * q.size
	return nil
}

// placed reads bbox, and lat, long and radius.
func (q *query) placed(c *call) error {
	if text := c.query.Text("bbox"); text != "" {
		box, err := rest.Box(text)
		if err != nil {
			return c.refuse(http.StatusBadRequest, "bbox 必须是 minlon,minlat,maxlon,maxlat。", "bbox must be minlon,minlat,maxlon,maxlat in degrees.")
		}
		q.filter.Box = &box
	}
	at, given, err := c.point(c.query)
	if err != nil || !given {
		return err
	}
	radius := 100.0
	if text := c.query.Text("radius"); text != "" {
		if radius, err = strconv.ParseFloat(text, 64); err != nil || !(radius > 0) || radius > 100_000 {
			return c.refuse(http.StatusBadRequest, "radius 必须是大于 0、不超过 100000 的米数。", "radius must be metres, above 0 and up to 100000.")
		}
	}
	q.centre, _ = geo.FromDegrees(at.Lon, at.Lat)
	q.radius = radius
	around := boxAround(q.centre, radius)
	if b := q.filter.Box; b != nil {
		around = geo.Box{
			Min: geo.Point{X: max(b.Min.X, around.Min.X), Y: max(b.Min.Y, around.Min.Y)},
			Max: geo.Point{X: min(b.Max.X, around.Max.X), Y: min(b.Max.Y, around.Max.Y)},
		}
	}
	q.filter.Box = &around
	return nil
}

// boxAround is a box that holds all points within a radius in metres: the scales at the end of the band that is nearer to a
// pole, and to the equator, are its safe bounds.
func boxAround(at geo.Point, radius float64) geo.Box {
	_, north := geo.Scale(0)
	dy := math.Ceil(radius / north)
	lat := min(90, math.Abs(at.Lat())+dy/geo.Unit)
	dx := 360 * float64(geo.Unit)
	if east, _ := geo.Scale(lat); lat < 89 {
		dx = math.Ceil(radius / east)
	}
	x, y := float64(at.X), float64(at.Y)
	return geo.Box{Min: inUnits(x-dx, y-dy), Max: inUnits(x+dx, y+dy)}
}

// inUnits is a point in units, at the edge of the map where it would lie beyond.
func inUnits(x, y float64) geo.Point {
	return geo.Point{X: int32(max(-180*geo.Unit, min(180*geo.Unit, x))), Y: int32(max(-90*geo.Unit, min(90*geo.Unit, y)))}
}

// timed reads the times: of reporting at most 90 days unless a page is asked for; of the last change without a bound.
func (a *API) timed(c *call, q *query) error {
	at := map[string]time.Time{}
	for _, name := range []string{"start_date", "end_date", "updated_after", "updated_before"} {
		if text := c.query.Text(name); text != "" {
			t, err := instant(text)
			if err != nil {
				return c.refuse(http.StatusBadRequest, name+" 必须是日期时间，例如 2026-11-02T09:00:00Z。", name+" must be a time such as 2026-11-02T09:00:00Z.")
			}
			at[name] = t
		}
	}
	start, end := at["start_date"], at["end_date"]
	updated := store.Range{From: at["updated_after"], To: at["updated_before"]}
	now := a.Now()
	paged := c.query.Text("page") != "" || c.query.Text("page_size") != ""
	switch {
	case start.IsZero() && end.IsZero():
		if updated == (store.Range{}) && !paged {
			start = now.Add(-window)
		}
	case end.IsZero() && !paged:
		end = start.Add(window)
		if end.After(now) {
			end = time.Time{}
		}
	case start.IsZero() && !paged:
		start = end.Add(-window)
	case !start.IsZero() && !end.IsZero() && end.Before(start):
		return c.refuse(http.StatusBadRequest, "end_date 早于 start_date。", "end_date is before start_date.")
	case !start.IsZero() && !end.IsZero() && end.Sub(start) > window && !paged:
		return c.refuse(http.StatusBadRequest, "start_date 与 end_date 相距最多 90 天；更长的请用 page 和 page_size 分页。",
			"start_date and end_date may be 90 days apart; for more, ask for pages by page and page_size.")
	}
	q.filter.Opened, q.filter.Updated = store.Range{From: start, To: after(end)}, store.Range{From: updated.From, To: after(updated.To)}
	if updated != (store.Range{}) {
		q.order = store.ByUpdated
	}
	return nil
}

// after is the first instant behind a second that is to be in a range.
func after(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(time.Second)
}

// find are the requests that a query asks for.
func (a *API) find(q *query) ([]store.Summary, error) {
	if q.ids != nil {
		var out []store.Summary
		for _, id := range q.ids {
			if sum, ok := a.shown(id); ok && !slices.ContainsFunc(out, func(s store.Summary) bool { return s.ID == id }) {
				out = append(out, sum)
			}
		}
		return out[min(q.skip, len(out)):min(q.skip+q.size, len(out))], nil
	}
	if q.coded && len(q.keys) == 0 {
		return nil, nil
	}
	list, _, err := a.list()
	if err != nil {
		return nil, err
	}
	for _, key := range q.keys {
		q.filter.Classes = append(q.filter.Classes, list.Codes(key)...)
	}
	var out []store.Summary
	skip := q.skip
	for after := (store.Cursor{}); len(out) < q.size; {
		page, next, err := a.Cases.List(&q.filter, q.order, min(max(q.size, 100)+skip, 10_000), after)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if !a.passes(q, list, &page[i]) {
				continue
			}
			if skip > 0 {
				skip--
			} else if len(out) < q.size {
				out = append(out, page[i])
			}
		}
		if next == nil {
			break
		}
		after = *next
	}
	return out, nil
}

// passes looks at what the columns cannot say.
func (a *API) passes(q *query, list *service.List, sum *store.Summary) bool {
	if !a.mayShow(sum) {
		return false
	}
	if q.status != "" {
		if status, _ := a.standing(sum.Process, sum.State, sum.Final, ""); status != q.status {
			return false
		}
	}
	if q.coded {
		s, ok := list.Of(catalogue.Key{Edition: sum.Class.Edition, Kind: catalogue.Kind(sum.Class.Kind), Code: sum.Class.Code})
		if !ok || !slices.Contains(q.keys, s.Key) {
			return false
		}
	}
	if q.radius == 0 {
		return true
	}
	if sum.Point == nil {
		return false
	}
	at, _ := geo.FromDegrees(sum.Point.Lon, sum.Point.Lat)
	return geo.Distance(q.centre, at) <= q.radius
}
