package open311

import (
	"bytes"
	"cmp"
	_ "embed" // the page
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/server/open311/service"
	"github.com/gewu-city/gewu/server/open311/wire"
	"github.com/gewu-city/gewu/server/rest"
)

// specification names GeoReport v2 in discovery documents.
const specification = "http://wiki.open311.org/GeoReport_v2"

// services are those of the classes as they are now, with the time since which they are.
func (a *API) list() (*service.List, time.Time, error) {
	table := a.Classes()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.offered != nil && a.table == table {
		return a.offered, a.since, nil
	}
	list, err := service.Make(table, a.More)
	if err != nil {
		return nil, time.Time{}, err
	}
	since, err := a.Changed.Since(list.Hash, a.Now())
	if err != nil {
		return nil, time.Time{}, err
	}
	a.table, a.offered, a.since = table, list, since
	return list, since, nil
}

// unchanged answers a client that has what it asks for, by the time since which the services are what they are.
func (a *API) unchanged(c *call, list *service.List, since time.Time) bool {
	tag := list.Hash + "-" + c.lang + "-" + c.format
	h := c.w.Header()
	h.Set("ETag", `"`+tag+`"`)
	h.Set("Last-Modified", since.UTC().Format(http.TimeFormat))
	known := c.Header.Values("If-None-Match")
	if len(known) > 0 && rest.MatchesTag(known, tag) {
		h.Add("Vary", "Accept-Language")
		c.w.WriteHeader(http.StatusNotModified)
		return true
	}
	if at, err := http.ParseTime(c.Header.Get("If-Modified-Since")); err == nil && len(known) == 0 && !since.Truncate(time.Second).After(at) {
		c.w.WriteHeader(http.StatusNotModified)
		return true
	}
	return false
}

// discovery says where what can be found.
func (a *API) discovery(c *call) error {
	_, since, err := a.list()
	if err != nil {
		return err
	}
	endpoints := wire.List{Item: "endpoint"}
	for _, one := range [][2]string{{"v2", "production"}, {"test", "test"}} {
		endpoints.Values = append(endpoints.Values, wire.Object{
			{Name: "specification", Value: specification},
			{Name: "url", Value: a.Base(c.Request) + Root + "/" + one[0]},
			{Name: "changeset", Value: since},
			{Name: "type", Value: one[1]},
			{Name: "formats", Value: wire.List{Item: "format", Values: []any{"text/xml", "application/json"}}},
		})
	}
	// Validators want both, also of a city that says nothing of itself.
	base := a.Base(c.Request)
	contact := cmp.Or(strings.TrimSpace(a.Settings.Title.In(c.lang, "")+" "+a.Settings.Contact), base)
	return c.write(http.StatusOK, "discovery", wire.Object{
		{Name: "changeset", Value: since},
		{Name: "contact", Value: contact},
		{Name: "key_service", Value: cmp.Or(a.Settings.KeyService, base+"/docs")},
		{Name: "endpoints", Value: endpoints},
	})
}

// services lists what can be reported; with lat and long what can be reported there.
func (a *API) services(c *call) error {
	list, since, err := a.list()
	if err != nil {
		return err
	}
	offered := list.All
	at, given, err := c.point(c.query)
	if err != nil {
		return err
	}
	if given {
		in, err := a.Places.Inside(c.Context(), at)
		if err != nil {
			return err
		}
		if !in {
			offered = nil
		}
	} else if a.unchanged(c, list, since) {
		return nil
	}
	out := wire.List{Item: "service"}
	for i := range offered {
		s := &offered[i]
		out.Values = append(out.Values, wire.Object{
			{Name: "service_code", Value: s.Code},
			{Name: "service_name", Value: s.Name.In(c.lang, s.Code)},
			{Name: "description", Value: s.Description.In(c.lang, s.Code)},
			{Name: "metadata", Value: len(s.Attributes) > 0},
			{Name: "type", Value: "realtime"},
			{Name: "keywords", Value: strings.Join(s.Keywords, ",")},
			{Name: "group", Value: s.Group.In(c.lang, "")},
		})
	}
	return c.write(http.StatusOK, "services", out)
}

// definition is what is asked about one service.
func (a *API) definition(c *call) error {
	list, since, err := a.list()
	if err != nil {
		return err
	}
	s, ok := list.Find(c.id)
	if !ok {
		return c.refuse(http.StatusNotFound, "没有这个 service_code："+c.id, "There is no service_code "+c.id+".")
	}
	if a.unchanged(c, list, since) {
		return nil
	}
	attributes := wire.List{Item: "attribute"}
	for i, q := range s.Attributes {
		one := wire.Object{
			{Name: "variable", Value: !q.Info},
			{Name: "code", Value: q.Code},
			{Name: "datatype", Value: q.Datatype},
			{Name: "required", Value: q.Required},
			{Name: "datatype_description", Value: q.Hint.In(c.lang, q.Code)},
			{Name: "order", Value: i + 1},
			{Name: "description", Value: q.Description.In(c.lang, q.Code)},
		}
		if len(q.Values) > 0 {
			values := wire.List{Item: "value"}
			for _, v := range q.Values {
				values.Values = append(values.Values, wire.Object{{Name: "key", Value: v.Key}, {Name: "name", Value: v.Name.In(c.lang, v.Key)}})
			}
			one = append(one, wire.Member{Name: "values", Value: values})
		}
		attributes.Values = append(attributes.Values, one)
	}
	return c.write(http.StatusOK, "service_definition", wire.Object{{Name: "service_code", Value: s.Code}, {Name: "attributes", Value: attributes}})
}

//go:embed page.html
var pageText string

var pageTemplate = sync.OnceValues(func() (*template.Template, error) { return template.New("page").Parse(pageText) })

// page is what somebody sees who opens an endpoint in a browser.
func (a *API) page(c *call) error {
	list, since, err := a.list()
	if err != nil {
		return err
	}
	t, err := pageTemplate()
	if err != nil {
		return err
	}
	endpoint := Root + "/v2"
	if c.test {
		endpoint = Root + "/test"
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Lang": c.lang, "ZH": c.lang == "zh", "Title": a.Settings.Title.In(c.lang, "gewu"), "Contact": a.Settings.Contact,
		"KeyService": a.Settings.KeyService, "Endpoint": endpoint, "Root": Root, "Test": c.test, "Services": list.All,
		"Since": since.UTC().Format(time.RFC3339),
	})
	if err != nil {
		return err
	}
	c.w.Header().Add("Vary", "Accept-Language")
	return rest.WriteBody(c.w, c.Request, http.StatusOK, "text/html; charset=utf-8", b.Bytes())
}

// inside sees that a place is in the city.
func (a *API) inside(c *call, at cases.Position) error {
	in, err := a.Places.Inside(c.Context(), at)
	if err == nil && !in {
		err = c.refuse(http.StatusBadRequest, "这个位置不在本市范围内。", "This place is outside the area of the city.")
	}
	return err
}
