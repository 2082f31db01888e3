package xmltext_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/xmltext"
)

// walk writes down the elements and texts of a file.
func walk(in io.Reader, named string) (string, error) {
	e, _ := charset.Lookup(named)
	d, err := xmltext.NewDecoder(in, e)
	if err != nil {
		return "", err
	}
	root, err := d.Root()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	var element func(e xml.StartElement) error
	element = func(e xml.StartElement) error {
		fmt.Fprintf(&b, "<%s %s>", e.Name.Local, xmltext.Attr(e, "id"))
		switch e.Name.Local {
		case "text":
			text, err := d.Text()
			b.WriteString(text)
			return err
		case "skip":
			return d.Skip()
		}
		return d.Each(element)
	}
	err = element(root)
	return b.String(), err
}

func TestDecoder(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(`<?xml version="1.0" encoding="GB2312"?><a id="路"><text>灯</text></a>`)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(`<?xml version="1.0" encoding="UTF-16"?><a id="路"><text>灯</text></a>`)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ in, named, want, wrong string }{
		"plain":        {in: `<a id="1"><text>x<b>y</b>z&amp;&nbsp;</text><skip><text>no</text></skip><c/></a>`, want: "<a 1><text >xz&\u00a0<skip ><c >"},
		"mark":         {in: "\ufeff<a/>", want: "<a >"},
		"GBK":          {in: gbk, want: "<a 路><text >灯"},
		"UTF-16":       {in: wide, want: "<a 路><text >灯"},
		"told":         {in: strings.Replace(gbk, "GB2312", "UTF-8", 1), named: "gbk", want: "<a 路><text >灯"},
		"not told":     {in: strings.Replace(gbk, "GB2312", "UTF-8", 1), wrong: "line 1: the text " + charset.Hint},
		"odd encoding": {in: `<?xml version="1.0" encoding="klingon"?><a/>`, wrong: `line 1: xml: opening charset "klingon": "klingon" is not a known encoding`},
		"empty":        {wrong: "the file is empty or no XML"},
		"text":         {in: "hello", wrong: "the file is no XML: it does not start with <"},
		"early":        {in: "<a>\n<b>", wrong: "line 2: the file is no XML: unexpected EOF"},
		"crossed":      {in: "<a><b></a></b>", wrong: "line 1: the file is no XML: an element ends with </a>, which did not start last"},
		"ended":        {in: "<a/></b>", want: "<a >"},
		"other prefix": {in: `<x:a xmlns:x="u" xmlns:y="u"></y:a>`, wrong: "line 1: the file is no XML: an element ends with </a>, which did not start last"},
		"entity":       {in: "<!DOCTYPE a [<!ENTITY x \"yy\">]><a><text>&x;</text></a>", wrong: "line 1: the file is no XML: invalid character entity &x;"},
		"deep":         {in: strings.Repeat("<a>", 1000), wrong: "line 1: elements are nested more than 200 deep"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := walk(strings.NewReader(test.in), test.named)
			if test.wrong != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.wrong) {
					t.Fatalf("got %v, want %s", err, test.wrong)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

// endless is text without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestLongText(t *testing.T) {
	_, err := walk(io.MultiReader(strings.NewReader("<a><text>"), endless{}), "")
	if err == nil || err.Error() != "line 1: a text has more than 64 MiB" {
		t.Error(err)
	}
	broken := errors.New("disk on fire")
	if _, err := walk(io.MultiReader(strings.NewReader("<a><text>"), failing{broken}), ""); !errors.Is(err, broken) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
