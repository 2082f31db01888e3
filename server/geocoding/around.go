package geocoding

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/server/rest"
)

// reverseLimit is how many places are answered around a point without a limit, suggestLimit how many are suggested.
const (
	reverseLimit = 5
	suggestLimit = 8
)

// mostReport bounds the text of a report in bytes: more is not read.
const mostReport = 10 << 10

// reverseKinds are the kinds of places that can be asked for around a point.
var reverseKinds = []geocode.Kind{geocode.House, geocode.Road, geocode.Crossing, geocode.Landmark, geocode.Building}

// Reverse answers with what is around a point, the nearest first: GET /v1/reverse.
func (a *API) Reverse(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	x, y, crs := q.Number("lon"), q.Number("lat"), q.CRS("crs", a.Systems)
	spot := geocode.Spot{Metres: q.UpTo("radius", geocode.MostMetres), Limit: q.Whole("limit", 1, geocode.MostPlaces, reverseLimit), When: a.when(q)}
	names, given := q.Names("kinds")
	for _, name := range names {
		spot.Kinds = append(spot.Kinds, kindNamed(q, name))
	}
	if given && len(names) == 0 {
		q.Fail(rest.Fault(rest.BadRequest, "kinds", "", "names no kind"))
	}
	if err := a.ready(r, q); err != nil {
		return err
	}
	at, fault := rest.Place(crs, x, y)
	if fault != nil {
		return fault
	}
	spot.At = at
	places, world := a.geocoder(r).Reverse(spot)
	return a.write(w, r, collection{feature: feature{api: a, world: world, crs: crs, distance: true}, places: places})
}

func kindNamed(q *rest.Params, name string) geocode.Kind {
	known := make([]string, len(reverseKinds))
	for i, kind := range reverseKinds {
		if string(kind) == name {
			return kind
		}
		known[i] = string(kind)
	}
	q.Fail(rest.Fault(rest.BadRequest, "kinds", name, "is no kind of place; there are "+strings.Join(known, ", ")))
	return ""
}

// Suggest answers with what a text may be the beginning of: GET /v1/suggest.
func (a *API) Suggest(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	typing := geocode.Typing{Text: q.Text("q"), Limit: q.Whole("limit", 1, geocode.MostPlaces, suggestLimit), When: a.when(q)}
	crs := q.CRS("crs", a.Systems)
	if focus, ok := pair(q, "focus", crs); ok {
		typing.Focus = &focus
	}
	if err := a.ready(r, q); err != nil {
		return err
	}
	if why := wrongText(typing.Text); why != "" {
		return rest.Fault(rest.BadRequest, "q", "", why)
	}
	places, world := a.geocoder(r).Suggest(typing)
	return a.write(w, r, collection{feature: feature{api: a, world: world, crs: crs, text: typing.Text}, places: places})
}

// Extract answers with the places in the text of a report and the one that it is about: POST /v1/extract.
func (a *API) Extract(w http.ResponseWriter, r *http.Request) error {
	body, err := rest.ReadBody(w, r, a.Limits.BodyBytes, rest.TypeJSON)
	if err != nil {
		return err
	}
	q := rest.ParseParams(r)
	crs, when := q.CRS("crs", a.Systems), a.when(q)
	if err := a.ready(r, q); err != nil {
		return err
	}
	var asked struct {
		Text string `json:"text"`
	}
	if err := rest.DecodeJSON(body, &asked); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(asked.Text) == "":
		return rest.Fault(rest.BadRequest, "text", "", "is missing: the text of the report")
	case len(asked.Text) > mostReport:
		return rest.Fault(rest.TooLarge, "text", "", "has "+strconv.Itoa(len(asked.Text))+" bytes; at most "+strconv.Itoa(mostReport)+" are read at once")
	}
	report, world := a.geocoder(r).Extract(asked.Text, when)
	return a.write(w, r, collection{
		feature: feature{api: a, world: world, crs: crs, text: asked.Text}, places: report.Places, shares: true, report: true, reported: report.Reported, classes: report.Classes,
	})
}

// appendClasses appends the member classes: what a report may be about, by its words.
func (c *collection) appendClasses(dst []byte) []byte {
	dst = append(dst, `,"classes":[`...)
	for i := range c.classes {
		if i > 0 {
			dst = append(dst, ',')
		}
		s := &c.classes[i]
		dst = jsontext.AppendString(append(dst, `{"edition":`...), s.Edition)
		dst = jsontext.AppendString(append(dst, `,"kind":`...), string(s.Kind))
		dst = jsontext.AppendString(append(dst, `,"code":`...), s.Code)
		dst = jsontext.AppendString(append(dst, `,"name":`...), s.Name)
		dst = jsontext.AppendString(append(dst, `,"title":{"zh":`...), s.Title.ZH)
		dst = jsontext.AppendString(append(dst, `,"en":`...), s.Title.EN)
		dst = strconv.AppendInt(append(dst, `},"score":`...), int64(s.Score), 10)
		dst = append(dst, `,"spans":[`...)
		for n, words := range s.Words {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = c.appendSpan(dst, words.Start, words.End)
		}
		dst = append(dst, `]}`...)
	}
	return append(dst, ']')
}
