package wire_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/server/open311/wire"
)

func TestBothForms(t *testing.T) {
	v := wire.Object{
		{Name: "code", Value: "001"},
		{Name: "empty", Value: ""},
		{Name: "nothing", Value: nil},
		{Name: "yes", Value: true},
		{Name: "order", Value: 3},
		{Name: "lat", Value: 39.0},
		{Name: "long", Value: -0.00001},
		{Name: "at", Value: time.Date(2026, 11, 2, 9, 0, 0, 5, time.FixedZone("", 8*3600))},
		{Name: "never", Value: time.Time{}},
		{Name: "text", Value: "a <b> & \"c\"\x01"},
		{Name: "list", Value: wire.List{Item: "one", Values: []any{"x", wire.Object{}}}},
		{Name: "none", Value: wire.List{Item: "one"}},
	}
	const wantJSON = `{"code":"001","empty":null,"nothing":null,"yes":true,"order":3,"lat":39.0,"long":-0.00001,"at":"2026-11-02T01:00:00Z",` +
		`"never":null,"text":"a <b> & \"c\"\u0001","list":["x",{}],"none":[]}` + "\n"
	if diff := cmp.Diff(wantJSON, string(wire.JSON(v))); diff != "" {
		t.Error(diff)
	}
	const wantXML = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<root><code>001</code><empty></empty><nothing></nothing><yes>true</yes><order>3</order><lat>39.0</lat><long>-0.00001</long>` +
		`<at>2026-11-02T01:00:00Z</at><never></never><text>a &lt;b&gt; &amp; &#34;c&#34;` + "\uFFFD" + `</text>` +
		`<list><one>x</one><one></one></list><none></none></root>` + "\n"
	if diff := cmp.Diff(wantXML, string(wire.XML("root", v))); diff != "" {
		t.Error(diff)
	}
	if got := string(wire.JSON(wire.Errors(wire.Error{Code: 403, Description: "no"}))); got != `[{"code":403,"description":"no"}]`+"\n" {
		t.Error(got)
	}
	if got := string(wire.XML("errors", wire.Errors(wire.Error{Code: 400, Description: "a"}, wire.Error{Code: 404, Description: "b"}))); !strings.HasSuffix(got,
		"<errors><error><code>400</code><description>a</description></error><error><code>404</code><description>b</description></error></errors>\n") {
		t.Error(got)
	}
}

// TestWhateverItHolds reads what was written of any tree: XML and JSON are well formed, and both say each text.
func TestWhateverItHolds(t *testing.T) {
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		return rapid.Custom(func(t *rapid.T) any {
			kind := rapid.IntRange(0, 6).Draw(t, "kind")
			if depth == 0 {
				kind = min(kind, 4)
			}
			switch kind {
			case 0:
				return rapid.String().Draw(t, "text")
			case 1:
				return rapid.Int().Draw(t, "whole")
			case 2:
				return rapid.Float64Range(-180, 180).Draw(t, "number")
			case 3:
				return rapid.Bool().Draw(t, "truth")
			case 4:
				return nil
			case 5:
				var o wire.Object
				for _, v := range rapid.SliceOfN(value(depth-1), 0, 3).Draw(t, "members") {
					o = append(o, wire.Member{Name: "m" + string(rune('a'+len(o))), Value: v})
				}
				return o
			}
			return wire.List{Item: "one", Values: rapid.SliceOfN(value(depth-1), 0, 3).Draw(t, "values")}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		v := value(3).Draw(t, "value")
		var read any
		if err := json.Unmarshal(wire.JSON(v), &read); err != nil {
			t.Fatalf("%v: %s", err, wire.JSON(v))
		}
		d := xml.NewDecoder(strings.NewReader(string(wire.XML("root", v))))
		var texts strings.Builder
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v: %s", err, wire.XML("root", v))
			}
			if c, ok := token.(xml.CharData); ok {
				texts.Write(c)
			}
		}
		if s, ok := v.(string); ok && strings.ToValidUTF8(s, "") == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0xFFFE && r <= 0xFFFF }) {
			if texts.String() != "\n"+s+"\n" {
				t.Fatalf("%q is %q in XML", s, texts.String())
			}
			if s != "" && read != s {
				t.Fatalf("%q is %q in JSON", s, read)
			}
		}
	})
}
