// Package casefeed publishes the public cases of a city as an Atom feed with places in GeoRSS, for readers of feeds and maps.
package casefeed

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework"
	"github.com/gewu-city/gewu/server/casework/album"
	"github.com/gewu-city/gewu/server/casework/listing"
	"github.com/gewu-city/gewu/server/casework/place"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Kind is the media type of the feed.
const Kind = "application/atom+xml; charset=utf-8"

// Bounds of the number of entries.
const standardEntries, mostEntries = 50, 500

// API is the feed. It is safe for concurrent use.
type API struct {
	*city.City
	// Service is nil in a city without cases: then the feed is answered 501.
	*casework.Service
}

// feed, entry, link and category are RFC 4287; point is GeoRSS Simple, latitude first, WGS 84.
type feed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Author  string   `xml:"author>name"`
	Link    link     `xml:"link"`
	Entries []entry  `xml:"entry"`
}

type entry struct {
	ID         string     `xml:"id"`
	Title      string     `xml:"title"`
	Published  string     `xml:"published"`
	Updated    string     `xml:"updated"`
	Links      []link     `xml:"link"`
	Categories []category `xml:"category"`
	Summary    string     `xml:"summary"`
	Point      string     `xml:"http://www.georss.org/georss point,omitempty"`
}

type link struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
	// Length is the size in bytes of what an enclosure is.
	Length int64 `xml:"length,attr,omitempty"`
}

type category struct {
	Scheme string `xml:"scheme,attr"`
	Term   string `xml:"term,attr"`
	Label  string `xml:"label,attr,omitempty"`
}

// Atom lists the cases that changed last: GET /v1/cases.atom. Whoever asks gets what the public may see, so that a reader's
// copy tells nobody more: neither what was said nor by whom, of pictures those that were opened to the public, and no private cases.
func (a *API) Atom(w http.ResponseWriter, r *http.Request) error {
	if a.Service == nil {
		return rest.Refuse(rest.NotImplemented, "this server has no cases: start it with a profile, gewu serve --profile NAME")
	}
	if !a.Opened() {
		return rest.Refuse(rest.NotFound, "the cases of this city are not public")
	}
	q := rest.ParseParams(r)
	filter, lang := wanted(q, a.Cases())
	limit := q.Whole("limit", 1, mostEntries, standardEntries)
	if err := q.Done(""); err != nil {
		return err
	}
	found, _, err := a.Cases().List(filter, store.ByUpdated, limit, store.Cursor{})
	if err != nil {
		return rest.Faults(rest.BadRequest, "", err).Because(err)
	}
	titles := map[string]string{"zh": "公开案件", "en": "Public cases"}
	all := feed{
		ID: a.name("feed?" + r.URL.RawQuery), Title: titles[lang], Updated: stamp(time.Unix(0, 0)), Author: "gewu",
		Link: link{Rel: "self", Type: "application/atom+xml", Href: a.BaseURL(r) + r.URL.RequestURI()},
	}
	if len(found) > 0 {
		all.Updated = stamp(found[0].Updated)
	}
	for i := range found {
		e, err := a.entry(r, &found[i], lang)
		if err != nil {
			return casework.Problem(err)
		}
		all.Entries = append(all.Entries, e)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(&all); err != nil {
		return fmt.Errorf("write feed of cases: %w", err)
	}
	tag := fmt.Sprintf("%x", sha256.Sum256(b.Bytes()))
	w.Header().Set("ETag", `"`+tag+`"`)
	if rest.MatchesTag(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return rest.WriteBody(w, r, http.StatusOK, Kind, b.Bytes())
}

// wanted is which cases are asked for, and the language of titles.
func wanted(q *rest.Params, cases *store.Store) (f *store.Filter, lang string) {
	f = &store.Filter{Private: new(bool)}
	f.Classes, _ = q.Names("class")
	levels, _ := cases.By()
	areas, _ := q.Names("area")
	for _, text := range areas {
		level, code := listing.Pair(q, "area", text, levels)
		f.Areas = append(f.Areas, people.AreaKey{Level: level, Code: code})
	}
	if box, ok := q.Box("bbox"); ok {
		f.Box = &box
	}
	if lang = q.OneOf("lang", "zh", "en"); lang == "" {
		lang = "zh"
	}
	return f, lang
}

func (a *API) entry(r *http.Request, c *store.Summary, lang string) (entry, error) {
	class := place.KeyOf(c.Class, a.ClassTable())
	e := entry{
		ID: a.name("case/" + c.ID), Title: c.Class.Code, Published: stamp(c.Opened), Updated: stamp(c.Updated),
		Links: []link{{Rel: "alternate", Type: "application/json", Href: a.BaseURL(r) + "/v1/cases/" + c.ID}},
	}
	if known, ok := a.ClassTable().Class(class); ok {
		e.Title = place.TitleOf(&known).In(lang, c.Class.Code)
	}
	if e.Title == "" {
		e.Title = c.ID
	}
	if c.Class.Code != "" {
		e.Categories = append(e.Categories, category{"urn:gewu:class:" + class.Edition + ":" + c.Class.Kind, c.Class.Code, e.Title})
	}
	for _, area := range c.Areas {
		e.Categories = append(e.Categories, category{Scheme: "urn:gewu:area:" + area.Level, Term: area.Code})
	}
	closed := map[string]string{"zh": "已办结", "en": "Closed"}
	if e.Summary = closed[lang]; !c.Final {
		e.Summary = map[string]string{"zh": "办理中", "en": "Open"}[lang]
	}
	if c.Point != nil {
		e.Point = strconv.FormatFloat(c.Point.Lat, 'f', -1, 64) + " " + strconv.FormatFloat(c.Point.Lon, 'f', -1, 64)
	}
	if c.Unreadable {
		return e, nil
	}
	d, err := a.Dossier(r.Context(), c.ID)
	if err != nil {
		return e, err
	}
	shown := album.Public(d)
	for _, one := range slices.Concat(shown.Before, shown.After) {
		e.Links = append(e.Links, link{"enclosure", one.Type, a.BaseURL(r) + "/v1/attachments/" + one.Hash, one.Size})
	}
	return e, nil
}

// name is an id that stays the same however the server is reached: a UUID of version 8 (RFC 9562) from the city's log and
// what is named in it.
func (a *API) name(of string) string {
	b := sha256.Sum256([]byte(string(a.Store.Epoch()) + "/" + of))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
