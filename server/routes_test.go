package server

import (
	"slices"
	"strings"
	"testing"
)

// TestRoutesAreDocumented fails when a route is not in the document, or an operation of the document not a route.
func TestRoutesAreDocumented(t *testing.T) {
	doc := loadSpec(t).doc
	var routed, documented []string
	s := &Server{}
	for _, r := range s.routes() {
		routed = append(routed, r.method+" "+r.path)
		item := doc.Paths.Find(r.path)
		if item == nil || item.GetOperation(r.method) == nil {
			t.Errorf("%s %s is not in openapi.json", r.method, r.path)
			continue
		}
		op := item.GetOperation(r.method)
		if op.Summary == "" || op.OperationID == "" || len(op.Tags) != 1 {
			t.Errorf("%s %s needs a summary, an operationId and one tag", r.method, r.path)
		}
		if secured := op.Security != nil; secured != (r.access == writers) {
			t.Errorf("%s %s: the document says secured %v", r.method, r.path, secured)
		}
		if op.Responses.Default() == nil {
			t.Errorf("%s %s does not document problems", r.method, r.path)
		}
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	slices.Sort(routed)
	slices.Sort(documented)
	for _, op := range documented {
		if !slices.Contains(routed, op) {
			t.Errorf("%s is in openapi.json and no route", op)
		}
	}
	if len(slices.Compact(slices.Clone(routed))) != len(routed) {
		t.Errorf("a route is listed twice: %s", strings.Join(routed, "\n"))
	}
}
