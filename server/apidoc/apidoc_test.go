package apidoc

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestRender shows every operation and problem of our own document, and no script.
func TestRender(t *testing.T) {
	document, err := os.ReadFile("../openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Render(document, "https://city.example")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, m := range regexp.MustCompile(`"operationId": "(\w+)"`).FindAllStringSubmatch(string(document), -1) {
		if !strings.Contains(page, `<article id="`+m[1]+`">`) || !strings.Contains(page, `href="#`+m[1]+`"`) {
			t.Errorf("operation %s is not on the page, or not in its contents", m[1])
		}
	}
	for _, want := range []string{"curl &#39;https://city.example/v1/locate?", `id="precondition-failed"`, `id="schema-LayerInfo"`, "-X POST -H &#39;Content-Type: text/csv&#39; -T file"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, not := range []string{"<script", "style=", "<no value>", "{path}", "%!"} {
		if strings.Contains(page, not) {
			t.Errorf("the page has %s", not)
		}
	}
}

// TestRenderEscapes keeps text of the document text.
func TestRenderEscapes(t *testing.T) {
	b, err := Render([]byte("{\"info\":{\"title\":\"<b>x</b>\",\"description\":\"a `<i>` b<script>\"}}"), "")
	if err != nil || strings.Contains(string(b), "<script") || strings.Contains(string(b), "<i>") || !strings.Contains(string(b), "<code>&lt;i&gt;</code>") {
		t.Errorf("%v\n%s", err, b)
	}
	if _, err := Render([]byte("{"), ""); err == nil {
		t.Error("half a document was rendered")
	}
}
