package server

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/server/casework"
)

// TestFilesOfCases: a picture is for whoever sees the case that refers to it, nobody puts that of another into a case, and what
// a case refers to is not swept.
func TestFilesOfCases(t *testing.T) {
	now := time.Now()
	files := openFiles(t, filepath.Join(t.TempDir(), "a"), func() time.Time { return now })
	o := working(t, "dongcheng-2004", func(cfg *casework.Config) { cfg.Files = files })
	send := func(who string, shade uint8) fileAnswer {
		t.Helper()
		a, f := o.send(who, "image/jpeg", snapshot(t, shade))
		if a.status != http.StatusCreated {
			t.Fatalf("%s: %d %s", who, a.status, a.body)
		}
		return f
	}
	named := func(f fileAnswer) string {
		return fmt.Sprintf(`[{"hash":%q,"type":"image/jpeg","size":%d}]`, f.Hash, f.Size)
	}
	reads := func(who string, f fileAnswer, want int) {
		t.Helper()
		for _, query := range []string{"", "?size=thumb"} {
			if a := o.get(who, "/v1/attachments/"+f.Hash+query); a.status != want {
				t.Errorf("%q reads %s%s: %d, want %d", who, f.Hash[:4], query, a.status, want)
			}
		}
	}
	before, unused := send("collector", 10), send("collector", 20)
	report := `{"source":"collector","description":"井盖丢失","class":{"kind":"part","code":"0101"},` + here + `,"before":`
	for what, form := range map[string]string{"that of another": named(before), "one that nobody sent": photo(7)} {
		a := o.do("POST", "/v1/cases", as("collector2"), body("report", report+form+"}"))
		if p := read[problemView](t, a); a.status != http.StatusUnprocessableEntity || p.Field != "form.before" || !strings.Contains(p.Detail, "/v1/attachments") {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	reads("operator", before, 404)
	c := o.begin("collector", "report", report+named(before)+"}")
	reads("operator", before, 200)
	reads("operator", unused, 404)
	reads("collector", unused, 200)
	reads("water-hand", before, 404)
	reads("", before, 404) // the public sees the case, and no file of it
	if a := o.get("", "/v1/cases/"+c.ID); a.status != 200 || strings.Contains(a.body, before.Hash) {
		t.Errorf("the public is told: %d %s", a.status, a.body)
	}

	// What a case refers to stays, whoever sent it and when; what none does goes.
	now = now.Add(25 * time.Hour)
	if n, err := files.Sweep(t.Context(), o.server.cases.Service); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	reads("collector", unused, 404)
	reads("operator", before, 200)

	// The unit sees it when the case is theirs, and puts its own beside it; what they see they may show again.
	o.act(c.ID, "operator", "accept", "", "accepted")
	o.act(c.ID, "chief", "register", `{"class":{"kind":"part","code":"0101","row":"1"}}`, "registered")
	o.act(c.ID, "dispatcher", "dispatch", `{"unit":"water"}`, "assigned")
	reads("water-hand", before, 200)
	reads("gas-hand", before, 404)
	o.act(c.ID, "water-hand", "take", "", "handling")
	feedback := `{"after":%s,"quantity":[{"number":1,"unit":"个"}]}`
	a := o.do("POST", "/v1/cases/"+c.ID+"/actions", as("water-hand"), body("feedback", fmt.Sprintf(feedback, named(unused))))
	if p := read[problemView](t, a); a.status != http.StatusUnprocessableEntity || p.Field != "form.after" {
		t.Errorf("one that was swept: %d %s", a.status, a.body)
	}
	after := send("water-hand", 30)
	both := strings.TrimSuffix(named(after), "]") + "," + strings.TrimPrefix(named(before), "[")
	o.act(c.ID, "water-hand", "feedback", fmt.Sprintf(feedback, both), "reported")
	reads("dispatcher", after, 200)
}
