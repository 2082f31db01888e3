package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/server/auth"
)

// TestRoutesAreDocumented fails when a route is not in the document, or an operation of the document not a route.
func TestRoutesAreDocumented(t *testing.T) {
	doc := loadSpec(t).doc
	var routed, documented []string
	s := &Server{auth: auth.New(auth.Config{})}
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
		if secured := op.Security != nil; secured == (r.access == anyone) {
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

// TestFormatsAreDocumented fails when the document lists other formats than package convert, or not their media types.
func TestFormatsAreDocumented(t *testing.T) {
	paths := loadSpec(t).doc.Paths
	for path, want := range map[string][]string{
		"/v1/layers/{layer}/import": convert.Formats(), "/v1/layers/{layer}/export": convert.ExportFormats(),
	} {
		item := paths.Find(path)
		op := item.Get
		if op == nil {
			op = item.Post
		}
		var got []string
		for _, v := range op.Parameters.GetByInAndName("query", "format").Schema.Value.Enum {
			got = append(got, fmt.Sprint(v))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the document lists %q, the package %q", path, got, want)
		}
	}
	answers := paths.Find("/v1/layers/{layer}/export").Get.Responses.Status(200).Value.Content
	for _, format := range convert.ExportFormats() {
		if answers[convert.MediaType(format)] == nil {
			t.Errorf("%s of format %s is not among the answers of export", convert.MediaType(format), format)
		}
	}
}
