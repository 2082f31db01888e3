package server

import (
	"net/http"
	"strings"
	"testing"
)

// TestContactsInFiles takes files of reports in with names, telephone numbers and addresses of mail: they are sealed apart from the
// case, told to few, and in no answer, job, log or file; what is none is a wrong row that does not tell what stood there.
func TestContactsInFiles(t *testing.T) {
	rows := [][]string{
		{"工单号", "问题描述", "来源", "联系人", "联系电话", "邮箱", "经度", "纬度"},
		{"W-1", "积水", "hotline", callerName, callerPhone, callerMail, "121.505", "25.005"},
		{"W-2", "井盖", "hotline", "", "", "", "121.505", "25.005"},
		{"W-3", "井盖", "hotline", callerName, "jane.doe", "", "121.505", "25.005"},
		{"W-4", "", "hotline", callerName, callerPhone, callerMail, "121.505", "25.005"},
		{"W-5", "积水", "hotline", strings.Repeat(callerName, 40), callerPhone, "", "121.505", "25.005"},
	}
	for kind, text := range map[string]string{csvType: asCSV(rows), linesType: asLines(rows), bookType: asBook(t, rows)} {
		dir, log := t.TempDir(), newCaseLog()
		o := called(t, dir, log)
		send := func(query string) intakeAnswer {
			t.Helper()
			a := o.do("POST", "/v1/cases/import"+query, typed("operator", kind), text)
			hides(t, kind, a.body)
			return intakeLines(t, a)
		}
		for _, query := range []string{"?dry_run=true", ""} {
			if len(log.events) != 0 {
				t.Errorf("%s: a dry run keeps cases", kind)
			}
			got := send(query)
			if got.done.Taken != 2 || got.done.Failed != 3 || len(got.notes) != 0 {
				t.Errorf("%s %s: %+v %q", kind, query, got.done, got.notes)
			}
			for row, want := range map[int]string{3: "phone: contact.phone must be a telephone number; mend it", 4: "", 5: "name: contact.name must be one line"} {
				if wrong, ok := got.wrong[row]; !ok || !strings.HasPrefix(wrong, want) || row != 4 && !strings.HasSuffix(wrong, "()") {
					t.Errorf("%s: row %d is %q", kind, row, wrong)
				}
			}
			if query != "" {
				continue
			}
			first, second := got.rows[0].Case, got.rows[1].Case
			if a := o.get("boss", "/v1/cases/"+first+"/contact"+why); a.status != 200 || !tellsCaller(a) {
				t.Errorf("%s: %d %s", kind, a.status, a.body)
			}
			if a := o.get("operator", "/v1/cases/"+first+"/contact"+why); a.status != http.StatusForbidden {
				t.Errorf("%s: who took it: %d", kind, a.status)
			}
			if a := o.get("boss", "/v1/cases/"+second+"/contact"+why); a.status != http.StatusNotFound {
				t.Errorf("%s: nobody is named: %d %s", kind, a.status, a.body)
			}
			// Sent again with another number nothing changes.
			text = strings.ReplaceAll(text, callerPhone, "13900139000")
			if again := send(""); kind != bookType && (again.done.Repeated != 2 || again.done.Taken != 0) {
				t.Errorf("%s: again %+v", kind, again.done)
			}
			if a := o.get("boss", "/v1/cases/"+first+"/contact"+why); !tellsCaller(a) {
				t.Errorf("%s: what is sent again replaces what came first: %s", kind, a.body)
			}
			o.everywhere(t, dir, first, log)
			hides(t, "the jobs", o.plain("boss", "/v1/jobs").body)
		}
	}
}
