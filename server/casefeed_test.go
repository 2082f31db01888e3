package server

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/server/casework"
)

// TestCasesAtom reads the feed as a reader does: public cases with places, and nothing that was said or is private.
func TestCasesAtom(t *testing.T) {
	o := working(t, "base", nil)
	open := o.begin("operator", "report", `{"source":"hotline","description":"路灯不亮",`+here+`}`).ID
	private := o.begin("operator", "report", `{"source":"hotline","description":"举报","private":true,`+here+`}`).ID
	for _, who := range []string{"", "operator"} {
		a := o.get(who, "/v1/cases.atom?lang=en")
		if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "application/atom+xml") {
			t.Fatalf("%q: %d %s", who, a.status, a.body)
		}
		var f struct {
			XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
			ID      string   `xml:"id"`
			Updated string   `xml:"updated"`
			Entries []struct {
				ID    string `xml:"id"`
				Point string `xml:"http://www.georss.org/georss point"`
				Link  struct {
					Href string `xml:"href,attr"`
				} `xml:"link"`
			} `xml:"entry"`
		}
		if err := xml.Unmarshal([]byte(a.body), &f); err != nil {
			t.Fatal(err)
		}
		if len(f.Entries) != 1 || f.Entries[0].Point != "25.005 121.505" || !strings.HasSuffix(f.Entries[0].Link.Href, "/v1/cases/"+open) ||
			!strings.HasPrefix(f.Entries[0].ID, "urn:uuid:") || f.Entries[0].ID == f.ID || f.Updated == "" {
			t.Errorf("%q: the feed is %s", who, a.body)
		}
		for _, word := range []string{"/v1/cases/" + private, "路灯不亮", "举报", "hotline"} {
			if strings.Contains(a.body, word) {
				t.Errorf("%q: the feed has %s: %s", who, word, a.body)
			}
		}
		if same := o.do("GET", "/v1/cases.atom?lang=en", map[string]string{"If-None-Match": a.header.Get("ETag")}, ""); same.status != 304 {
			t.Errorf("not changed: %d", same.status)
		}
	}
	if a := o.get("", "/v1/cases.atom?bbox=0,0,1,1"); a.status != 200 || strings.Contains(a.body, "<entry>") {
		t.Errorf("elsewhere: %d %s", a.status, a.body)
	}
	for _, bad := range []string{"limit=0", "area=x", "bbox=1", "state=handling"} {
		if a := o.get("", "/v1/cases.atom?"+bad); a.status != 400 {
			t.Errorf("%s: %d %s", bad, a.status, a.body)
		}
	}
	shut := working(t, "base", func(c *casework.Config) { c.Public = false })
	if a := shut.get("operator", "/v1/cases.atom"); a.status != 404 {
		t.Errorf("cases that are not public: %d %s", a.status, a.body)
	}
}
