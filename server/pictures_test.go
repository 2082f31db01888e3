package server

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases/journal"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/server/casework"
)

// gallery is an office that keeps pictures, with programs and live streams. Cases of the public are seen by everybody.
func gallery(t *testing.T, public bool) *office {
	t.Helper()
	files := openFiles(t, filepath.Join(t.TempDir(), "a"), time.Now)
	return listenedOver(t, 64, nil, func(c *casework.Config) { c.Files, c.Public = files, public }).reachable()
}

// pictured begins a case with a picture of a shade.
func (o *office) pictured(shade uint8, more string) (id string, f fileAnswer) {
	o.t.Helper()
	a, f := o.send("collector", "image/jpeg", snapshot(o.t, shade))
	if a.status != http.StatusCreated {
		o.t.Fatalf("%d %s", a.status, a.body)
	}
	c := o.begin("collector", "report", fmt.Sprintf(`{"source":"collector","description":"井盖丢失","class":{"kind":"part","code":"0101"},%s,"before":[{"hash":%q,"type":"image/jpeg","size":%d,"note":"门口"}]%s}`, here, f.Hash, f.Size, more))
	return c.ID, f
}

func target(id, hash string) string {
	return "/v1/cases/" + id + "/attachments/" + hash + "/public"
}

type reviewed struct {
	Case, Hash string
	Public     bool
	Version    int
	Seq        uint64
}

// review opens a picture to the public or withdraws it.
func (o *office) review(who, method, id, hash string, status int) reviewed {
	o.t.Helper()
	a := o.do(method, target(id, hash), as(who), "")
	if a.status != status {
		o.t.Fatalf("%q %s: %d %s, want %d", who, method, a.status, a.body, status)
	}
	if status != 200 {
		return reviewed{}
	}
	return read[reviewed](o.t, a)
}

type pictureList struct {
	Photos struct {
		Before []struct {
			Hash, Note string
			Public     bool
		}
	}
	Reviews bool
	Version int
}

// everybody is whether the public sees a picture of a case: the file itself, in the case, in Open311 and in the feed. All of them
// must say the same.
func (o *office) everybody(id string, f fileAnswer) bool {
	o.t.Helper()
	direct := o.get("", "/v1/attachments/"+f.Hash)
	thumb := o.get("", "/v1/attachments/"+f.Hash+"?size=thumb")
	shown := read[pictureList](o.t, o.get("", "/v1/cases/"+id))
	type request struct {
		Media    any `json:"media_url"`
		Extended struct{ Photos []string }
	}
	requests := read[[]request](o.t, o.do("GET", "/open311/v2/requests/"+id+".json?extensions=true", nil, ""))
	var feed struct {
		Entries []struct {
			Links []struct {
				Rel  string `xml:"rel,attr"`
				Type string `xml:"type,attr"`
				Href string `xml:"href,attr"`
				Size int64  `xml:"length,attr"`
			} `xml:"link"`
		} `xml:"entry"`
	}
	atom := o.get("", "/v1/cases.atom")
	if err := xml.Unmarshal([]byte(atom.body), &feed); err != nil {
		o.t.Fatal(err)
	}
	address := o.http.URL + "/v1/attachments/" + f.Hash
	enclosed := false
	for _, e := range feed.Entries {
		for _, l := range e.Links {
			enclosed = enclosed || l.Rel == "enclosure" && l.Type == "image/jpeg" && l.Href == address && l.Size == int64(f.Size)
		}
	}
	is := []bool{
		direct.status == 200 && len(direct.body) == f.Size, thumb.status == 200, len(shown.Photos.Before) == 1 && shown.Photos.Before[0].Hash == f.Hash && shown.Photos.Before[0].Public && shown.Photos.Before[0].Note == "",
		len(requests) == 1 && requests[0].Media == address, enclosed,
	}
	if slices.Contains(is, !is[0]) {
		o.t.Errorf("the public sees it in some places: file, small, case, open311, feed %v: %d, %+v, %+v\n%s", is, direct.status, shown, requests, atom.body)
	}
	if is[0] {
		if got := direct.header.Get("Cache-Control") + " " + direct.header.Get("Cross-Origin-Resource-Policy"); got != "no-cache cross-origin" {
			o.t.Errorf("how long it is kept: %s", got)
		}
	} else if direct.status != 404 || direct.header.Get("Cache-Control") != "no-store" || strings.Contains(atom.body, f.Hash) || shown.Reviews || len(shown.Photos.Before) > 0 {
		o.t.Errorf("%d %v %+v", direct.status, direct.header, shown)
	}
	return is[0]
}

// TestPicturesForThePublic opens a picture to the public and withdraws it: before and after nobody sees it anywhere, in between
// everybody does; the history, a restart and those who listen know of it.
func TestPicturesForThePublic(t *testing.T) {
	o := gallery(t, true)
	id, f := o.pictured(10, "")
	other, g := o.pictured(20, "")
	if o.everybody(id, f) {
		t.Error("seen before anybody looked at it")
	}
	for _, who := range []string{"", "collector", "operator", "dispatcher", "water-hand", "idle"} {
		for _, method := range []string{"PUT", "DELETE"} {
			if a := o.do(method, target(id, f.Hash), as(who), ""); a.status != map[bool]int{true: 401, false: 403}[who == ""] {
				t.Errorf("%q %s: %d %s", who, method, a.status, a.body)
			}
		}
	}
	public := o.hear("", "", "")
	public.want("hello")
	chief := read[pictureList](t, o.get("chief", "/v1/cases/"+id))
	if !chief.Reviews || chief.Photos.Before[0].Public || read[pictureList](t, o.get("operator", "/v1/cases/"+id)).Reviews {
		t.Errorf("who decides: %+v", chief)
	}
	for _, bad := range []struct {
		method, id, hash string
		status           int
	}{
		{"PUT", id, g.Hash, 404}, {"DELETE", id, g.Hash, 404}, {"PUT", id, strings.Repeat("0", 64), 404}, {"PUT", id, "x", 404}, {"PUT", "none", f.Hash, 404},
	} {
		o.review("chief", bad.method, bad.id, bad.hash, bad.status)
	}
	done := o.review("chief", "PUT", id, f.Hash, 200)
	if !done.Public || done.Version != 2 || done.Seq == 0 {
		t.Errorf("%+v", done)
	}
	if again := o.review("chief", "PUT", id, f.Hash, 200); again != done {
		t.Errorf("again: %+v, want %+v", again, done)
	}
	if !o.everybody(id, f) || o.everybody(other, g) {
		t.Error("the wrong picture is seen")
	}
	if told, _ := public.told(o, "case", id); !slices.Equal(told.Actions, []string{"releases"}) || told.Version != 2 {
		t.Errorf("the public hears %+v", told)
	}
	// A form that somebody fills in meanwhile is not stale for that.
	if a := o.do("POST", "/v1/cases/"+id+"/actions", as("operator"), body("accept", "", fmt.Sprintf(`"if_version":%d`, chief.Version))); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	public.told(o, "case", id)
	tag := o.get("", "/v1/attachments/"+f.Hash).header.Get("ETag")
	asked := func() int {
		return o.do("GET", "/v1/attachments/"+f.Hash, map[string]string{"If-None-Match": tag}, "").status
	}
	if got := asked(); got != 304 {
		t.Errorf("asked again: %d", got)
	}
	o.again(t, id, f.Hash, true)
	o.review("operator", "DELETE", id, f.Hash, 403)
	if done := o.review("chief", "DELETE", id, f.Hash, 200); done.Public || done.Version != 4 {
		t.Errorf("%+v", done)
	}
	if o.everybody(id, f) || asked() != 404 {
		t.Error("seen after it was withdrawn")
	}
	if told, _ := public.told(o, "case", id); !slices.Equal(told.Actions, []string{"withdraws"}) {
		t.Errorf("the public hears %+v", told)
	}
	o.again(t, id, f.Hash, false)
	// What is sent again late does not open it again.
	keyed := as("chief")
	keyed["Idempotency-Key"] = "open-1"
	for i, method := range []string{"PUT", "DELETE", "PUT"} {
		if a := o.do(method, target(id, f.Hash), map[string]map[string]string{"PUT": keyed, "DELETE": as("chief")}[method], ""); a.status != 200 || strings.Contains(a.body, `"public":true`) != (i == 0) {
			t.Errorf("%d: %d %s", i, a.status, a.body)
		}
	}
	if a := o.get("operator", "/v1/attachments/"+f.Hash); a.status != 200 || a.header.Get("Cache-Control") != "private, max-age=86400, immutable" {
		t.Errorf("who sees the case: %d %v", a.status, a.header)
	}
	type history struct {
		Events []struct {
			Action, Picture string
			Title           map[string]string
			Actor           struct{ Person, Post string }
		}
	}
	for who, whole := range map[string]bool{"operator": true, "": false} {
		events := read[history](t, o.get(who, "/v1/cases/"+id+"/events")).Events
		if e := events[1]; len(events) != 6 || e.Action != "releases" || e.Title["zh"] == "" || e.Title["en"] == "" || (e.Picture == f.Hash && e.Actor.Post == "duty-chief" && e.Actor.Person == "chief") != whole || !whole && e.Picture+e.Actor.Person != "" {
			t.Errorf("%q: %+v", who, events)
		}
	}
}

// again reads the case from the log, as after a restart.
func (o *office) again(t *testing.T, id, hash string, want bool) {
	t.Helper()
	shelf, err := store.New(o.server.cfg.Cases.Ledger(), store.Options{Levels: []string{"district", "village"}, Schemes: []string{"unit", "doorways"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := journal.New(o.server.cfg.Store.(journal.City), filepath.Join(t.TempDir(), "checkpoint"), journal.Options{}).Load(t.Context(), shelf); err != nil {
		t.Fatal(err)
	}
	if c, err := shelf.Case(t.Context(), id); err != nil || c.Shows(hash) != want {
		t.Errorf("after a restart: %+v, %v", c, err)
	}
}

// TestPicturesKeptFromThePublic: nothing of a private case is shown, nor of a city that opens none; a picture that two cases have is
// shown as long as one of them shows it, and a sound is none.
func TestPicturesKeptFromThePublic(t *testing.T) {
	o := gallery(t, true)
	id, f := o.pictured(30, `,"private":true`)
	if a := o.do("PUT", target(id, f.Hash), as("chief"), ""); a.status != 409 || !strings.Contains(a.body, "case-is-private") {
		t.Errorf("private: %d %s", a.status, a.body)
	}
	if a := o.get("", "/v1/attachments/"+f.Hash); a.status != 404 {
		t.Errorf("private: %d", a.status)
	}
	open, same := o.pictured(30, "")
	third, _ := o.pictured(30, "")
	if same.Hash != f.Hash {
		t.Fatal("another picture")
	}
	status := func() int { return o.get("", "/v1/attachments/"+f.Hash).status }
	o.review("chief", "PUT", open, f.Hash, 200)
	o.review("chief", "PUT", third, f.Hash, 200)
	o.review("chief", "DELETE", open, f.Hash, 200)
	if got := read[pictureList](t, o.get("", "/v1/cases/"+open)); len(got.Photos.Before) != 0 || status() != 200 {
		t.Errorf("withdrawn in one of two: %+v, %d", got, status())
	}
	o.review("chief", "DELETE", third, f.Hash, 200)
	if status() != 404 {
		t.Error("withdrawn in both")
	}
	a, sound := o.send("collector", "audio/amr", voice)
	if a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	heard := o.begin("collector", "report", fmt.Sprintf(`{"source":"collector","description":"x","class":{"kind":"part","code":"0101"},%s,"before":[{"hash":%q,"type":"image/jpeg","size":%d}],"voice":[{"hash":%q,"type":"audio/amr","size":%d}]}`, here, f.Hash, f.Size, sound.Hash, sound.Size)).ID
	o.review("chief", "PUT", heard, sound.Hash, 404)

	shut := gallery(t, false)
	id, f = shut.pictured(40, "")
	shut.review("chief", "PUT", id, f.Hash, 200)
	if a := shut.get("", "/v1/attachments/"+f.Hash); a.status != 404 {
		t.Errorf("a city that opens no cases: %d", a.status)
	}
	if a := shut.do("GET", "/open311/v2/requests/"+id+".json", nil, ""); strings.Contains(a.body, f.Hash) {
		t.Errorf("a city that opens no cases: %s", a.body)
	}
}

// TestPicturesTogether has several decide and work at once: each decision is an event or changes nothing, and none is lost.
func TestPicturesTogether(t *testing.T) {
	o := gallery(t, true)
	id, f := o.pictured(50, "")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if i%2 == 0 {
				if a := o.do("PUT", target(id, f.Hash), as("chief"), "").status; a != 200 {
					t.Errorf("PUT: %d", a)
				}
				return
			}
			if a := o.do("POST", "/v1/cases/"+id+"/actions", as("operator"), body("annotate", `{"note":"x"}`)).status; a != 200 {
				t.Errorf("annotate: %d", a)
			}
		})
	}
	all.Wait()
	if got := read[pictureList](t, o.get("chief", "/v1/cases/"+id)); got.Version != 6 || !got.Photos.Before[0].Public {
		t.Errorf("%+v", got)
	}
}
