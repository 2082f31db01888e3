package open311

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/open311/form"
	"github.com/gewu-city/gewu/server/open311/service"
	"github.com/gewu-city/gewu/server/open311/wire"
	"github.com/gewu-city/gewu/server/rest"
)

// API answers the requests of Open311. It is safe for concurrent use.
type API struct {
	Config

	mu sync.Mutex
	// offered is made of table, and again when that is another one.
	table   *class.Table
	offered *service.List
	since   time.Time
}

// New returns an API.
func New(c Config) *API {
	if c.Settings.Lang == "" {
		c.Settings.Lang = "zh"
	}
	if c.Settings.MaxBody == 0 {
		c.Settings.MaxBody = 24 << 20
	}
	return &API{Config: c}
}

// limits bound the body of a request.
func (a *API) limits() form.Limits {
	return form.Limits{Bytes: a.Settings.MaxBody, FieldBytes: 64 << 10, FileBytes: a.Settings.MaxBody, Fields: 500, Files: 10}
}

// call is one request with what its address says.
type call struct {
	*http.Request
	w http.ResponseWriter
	// test tells the endpoint that keeps nothing.
	test bool
	// format is xml, json or csv; lang zh or en.
	format, lang string
	// resource is the first part of the path behind the endpoint, id the second, if any.
	resource, id string
	query        *form.Form
}

// fault is why a request is not answered as it should be: the status and what is wrong.
type fault struct {
	status int
	all    []wire.Error
}

// Error implements error.
func (f *fault) Error() string { return fmt.Sprintf("open311: %d %v", f.status, f.all) }

// refuse is a fault in the language of whoever asked.
func (c *call) refuse(status int, zh, en string) *fault {
	return &fault{status, []wire.Error{{Code: status, Description: c.say(zh, en)}}}
}

// say is one of two texts.
func (c *call) say(zh, en string) string { return data.Title{"zh": zh, "en": en}.In(c.lang, en) }

// Get answers GET and HEAD of everything below [Root]: what it can it takes, whether there is a slash too many or no format.
// Errors are answered too; what it returns is for the log and means that the answer is broken off.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	return a.answer(w, r, map[string]func(*call) error{
		"":          a.page,
		"discovery": a.discovery,
		"services":  a.services, "services/": a.definition,
		"requests": a.requests, "requests/": a.request,
		"tokens/":               a.token,
		"servicerequestupdates": a.updates,
		"bulk":                  a.bulk,
	})
}

// Post answers POST of requests and their updates, as Get does.
func (a *API) Post(w http.ResponseWriter, r *http.Request) error {
	if origin := r.Header.Get("Origin"); origin != "" && a.Keys.Allowed(origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Add("Vary", "Origin")
	}
	return a.answer(w, r, map[string]func(*call) error{"requests": a.report, "servicerequestupdates": a.comment})
}

// standing are the resources that say the same whatever is in the city.
var standing = []string{"", "discovery", "services"}

func (a *API) answer(w http.ResponseWriter, r *http.Request, handlers map[string]func(*call) error) error {
	c := a.read(w, r)
	key := c.resource
	if c.id != "" {
		key += "/"
	}
	handle, ok := handlers[key]
	var err error
	switch {
	case !ok || c.format == "":
		err = c.refuse(http.StatusNotFound, "没有这个资源。", "There is no such resource.")
	case a.Loading != nil && a.Loading() && !slices.Contains(standing, c.resource):
		w.Header().Set("Retry-After", "5")
		err = c.refuse(http.StatusServiceUnavailable, "城市数据正在载入，请稍后再试。", "The city is still being loaded; please try again later.")
	default:
		if err = a.jurisdiction(c); err == nil {
			err = handle(c)
		}
	}
	if err == nil {
		return nil
	}
	return a.fail(c, err)
}

// read takes the address of a request apart.
func (a *API) read(w http.ResponseWriter, r *http.Request) *call {
	c := &call{Request: r, w: w, lang: rest.Language(r, a.Settings.Lang), query: &form.Form{}}
	// A form without a body: what a query has.
	if f, err := form.Parse("", strings.NewReader(""), a.limits()); err == nil {
		f.Query(r.URL.Query())
		c.query = f
	}
	parts := slices.DeleteFunc(strings.Split(strings.TrimPrefix(r.URL.Path, Root), "/"), func(s string) bool { return s == "" })
	c.format = "xml"
	if accept := r.Header.Get("Accept"); len(parts) > 0 && strings.Contains(accept, "json") && !strings.Contains(accept, "xml") {
		c.format = "json"
	}
	if n := len(parts); n > 0 {
		if ext := strings.TrimPrefix(path.Ext(parts[n-1]), "."); ext != "" {
			parts[n-1] = strings.TrimSuffix(parts[n-1], "."+ext)
			c.format = map[string]string{"xml": "xml", "json": "json", "csv": "csv"}[strings.ToLower(ext)]
		}
	}
	switch {
	case len(parts) > 0 && (parts[0] == "v2" || parts[0] == "test"):
		c.test = parts[0] == "test"
		parts = parts[1:]
	case len(parts) > 0 && parts[0] != "discovery":
		parts = []string{"elsewhere"}
	}
	switch len(parts) {
	case 0:
	case 1:
		c.resource = parts[0]
	case 2:
		c.resource, c.id = parts[0], parts[1]
	default:
		c.resource = "elsewhere"
	}
	if c.format == "csv" && c.resource != "bulk" {
		c.format = "" // there are no other tables
	}
	return c
}

// jurisdiction sees that a client means this city, where there are several names.
func (a *API) jurisdiction(c *call) error {
	if len(a.Settings.Jurisdictions) < 2 || c.Method == http.MethodPost || c.resource == "" || c.resource == "discovery" {
		return nil
	}
	return a.meant(c, c.query.Text("jurisdiction_id"))
}

// meant sees that a name is one of the city.
func (a *API) meant(c *call, name string) error {
	switch {
	case len(a.Settings.Jurisdictions) < 2 || slices.Contains(a.Settings.Jurisdictions, name):
		return nil
	case name == "":
		return c.refuse(http.StatusBadRequest, "缺少 jurisdiction_id。", "jurisdiction_id is missing: this endpoint serves several.")
	}
	return c.refuse(http.StatusNotFound, "没有这个 jurisdiction_id。", "There is no such jurisdiction_id.")
}

// write answers with a value.
func (c *call) write(status int, root string, v any) error {
	kind, body := wire.TypeJSON, wire.JSON(v)
	if c.format != "json" {
		kind, body = wire.TypeXML, wire.XML(root, v)
	}
	if root == "discovery" {
		// A validator compares the header with a bare media type; the document says its encoding itself.
		kind, _, _ = strings.Cut(kind, ";")
	}
	c.w.Header().Add("Vary", "Accept-Language")
	c.w.Header().Set("Content-Language", c.lang)
	return rest.WriteBody(c.w, c.Request, status, kind, body)
}

// statuses are those that clients know for what they did wrong; all others are 400, with the finer number in the list.
var statuses = []int{http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests}

// fail answers with what went wrong, as a list of errors.
func (a *API) fail(c *call, err error) error {
	var f *fault
	field, wrong := errors.AsType[*data.FieldError](err)
	switch {
	case errors.As(err, &f):
	case errors.Is(err, form.ErrTooLarge):
		f = c.refuse(http.StatusBadRequest, "请求太大。", "The request is too large.")
		f.all[0].Code = http.StatusRequestEntityTooLarge
	case wrong:
		f = c.refuse(http.StatusBadRequest, "请求有误："+field.Error(), "The request is wrong: "+field.Error())
	default:
		p := rest.Of(err)
		f = &fault{p.Kind.About().Status, []wire.Error{{Code: p.Kind.About().Status, Description: p.Detail}}}
		if f.status < http.StatusInternalServerError && !slices.Contains(statuses, f.status) {
			f.status = http.StatusBadRequest
		}
		if f.status >= http.StatusInternalServerError {
			f = c.refuse(f.status, "服务器暂时不能处理，请稍后再试。", "The server cannot do this at the moment; please try again later.")
			if a.Log != nil {
				a.Log(c.Request, err)
			}
		}
	}
	if c.format != "json" {
		c.format = "xml"
	}
	return c.write(f.status, "errors", wire.Errors(f.all...))
}
