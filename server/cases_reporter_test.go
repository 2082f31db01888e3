package server

import (
	"strings"
	"testing"
)

// TestReporterIsAReference: who reported never comes into the log of the city, nor what was refused into that of the process.
func TestReporterIsAReference(t *testing.T) {
	o := working(t, "dongcheng-2004", nil)
	for _, text := range []string{"张三", "13800138000", "R77 13800138000", "R13800138000", "jane doe", "110101199003074258", strings.Repeat("r", 65)} {
		a := o.call("operator", "POST", "/v1/cases", `{"action":"report","form":{"source":"hotline","description":"x","reporter":"`+text+`",`+here+`}}`)
		if a.status != 422 || !strings.Contains(a.body, "form.reporter") {
			t.Errorf("%s: %d %s", text, a.status, a.body)
		}
	}
	if a := o.call("operator", "POST", "/v1/cases", `{"action":"report","form":{"source":"13900139000","description":"x",`+here+`}}`); a.status != 422 || !strings.Contains(a.body, "form.source") {
		t.Errorf("%d %s", a.status, a.body)
	}
	id := o.begin("operator", "report", `{"source":"12345","description":"x","reporter":"crm:77/2026",`+here+`}`).ID
	if a := o.call("operator", "POST", "/v1/cases/"+id+"/actions", `{"action":"annotate","form":{"note":"`+strings.Repeat("李四", 1500)+`"}}`); a.status != 422 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := o.call("operator", "POST", "/v1/cases/"+id+"/actions", `{"action":"王五 13700137000"}`); a.status != 409 {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, word := range []string{"张三", "138001", "jane", "19900307", "139001", "李四", "王五", "137001"} {
		if strings.Contains(o.logged(), word) {
			t.Errorf("the log of the process has %s", word)
		}
	}
}
