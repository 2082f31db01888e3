package form_test

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/open311/form"
)

var limits = form.Limits{Bytes: 4096, FieldBytes: 1024, FileBytes: 2048, Fields: 50, Files: 3}

func parse(t testing.TB, kind, body string) *form.Form {
	t.Helper()
	f, err := form.Parse(kind, strings.NewReader(body), limits)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSpellings(t *testing.T) {
	f := parse(t, "application/x-www-form-urlencoded; charset=UTF-8",
		"lat=39.9&lat=&empty=&long=+116.4+&media_url=a&media_url[]=b&media_url=a&attribute[ONE]=1&attribute%5BTWO%5D%5B%5D=x&attribute[TWO][]=y"+
			"&attribute[TWO][]=&attribute[THREE][1]=q&attribute[THREE][0]=p&attribute[]=no&attribute[open=no&&=x&flag&jurisdiction_id")
	if f.Text("lat") != "39.9" || f.Text("long") != "116.4" || f.Text("empty", "lat") != "39.9" || f.Text("nowhere") != "" || f.Text("flag") != "" {
		t.Errorf("%+v", f)
	}
	if diff := cmp.Diff([]string{"a", "b"}, f.Texts("media_url")); diff != "" {
		t.Error(diff)
	}
	want := map[string][]string{"ONE": {"1"}, "TWO": {"x", "y"}, "THREE": {"p", "q"}}
	if diff := cmp.Diff(want, f.Attributes()); diff != "" {
		t.Error(diff)
	}
	f.Query(url.Values{"lat": {"1"}, "api_key": {"k"}})
	if f.Text("lat") != "39.9" || f.Text("api_key") != "k" {
		t.Error("the query counts before the body, or not at all")
	}
	if parse(t, "", "a=b").Text("a") != "b" {
		t.Error("without a type")
	}
}

func TestParts(t *testing.T) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("service_code", "01002")
	_ = w.WriteField("attribute[A][]", "1")
	for _, name := range []string{"media", "photo1", "none"} {
		head := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + name + `"; filename="C:\fakepath\x.jpg"`}, "Content-Type": {"image/jpeg; q=1"}}
		p, err := w.CreatePart(head)
		if err != nil {
			t.Fatal(err)
		}
		if name != "none" {
			_, _ = p.Write([]byte("\xff\xd8" + name))
		}
	}
	_ = w.Close()
	f, err := form.Parse(w.FormDataContentType(), &b, limits)
	if err != nil {
		t.Fatal(err)
	}
	if f.Text("service_code") != "01002" || f.Attributes()["A"][0] != "1" || len(f.Files) != 2 || f.Files[1].Field != "photo1" || string(f.Files[1].Data) != "\xff\xd8photo1" || f.Files[0].Type != "image/jpeg" {
		t.Errorf("%+v", f)
	}
}

func TestWrong(t *testing.T) {
	many := strings.Repeat("a=1&", 51)
	files := ""
	for range 4 {
		files += "--B\r\nContent-Disposition: form-data; name=\"m\"; filename=\"m\"\r\n\r\nx\r\n"
	}
	for name, c := range map[string]struct{ kind, body, field string }{
		"another type":     {"application/json", "{}", "Content-Type"},
		"no type":          {"a b c", "", "Content-Type"},
		"another charset":  {"application/x-www-form-urlencoded; charset=gbk", "a=b", "Content-Type"},
		"bad percent":      {"", "lat=%zz", "lat"},
		"no UTF-8":         {"", "description=%ff%fe", "description"},
		"a zero":           {"", "description=a%00b", "description"},
		"too many":         {"", many, "a"},
		"no boundary":      {"multipart/form-data", "", "Content-Type"},
		"another boundary": {"multipart/form-data; boundary=X", "--Y\r\n", "body"},
		"ends early":       {"multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"lat\"\r\n\r\n39", "lat"},
		"too many files":   {"multipart/form-data; boundary=B", files + "--B--\r\n", "m"},
	} {
		_, err := form.Parse(c.kind, strings.NewReader(c.body), limits)
		wrong, ok := errors.AsType[*data.FieldError](err)
		if !ok || wrong.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, body := range map[string]string{
		"a field": "a=" + strings.Repeat("x", 1025), "the body": strings.Repeat("a=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx&", 45),
	} {
		if _, err := form.Parse("", strings.NewReader(body), limits); !errors.Is(err, form.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	large := "--B\r\nContent-Disposition: form-data; name=\"m\"; filename=\"m\"\r\n\r\n" + strings.Repeat("x", 2049) + "\r\n--B--\r\n"
	if _, err := form.Parse("multipart/form-data; boundary=B", strings.NewReader(large), limits); !errors.Is(err, form.ErrTooLarge) {
		t.Errorf("a file: %v", err)
	}
	exact := "a=" + strings.Repeat("x", 1024)
	if _, err := form.Parse("", strings.NewReader(exact), form.Limits{Bytes: int64(len(exact)), FieldBytes: 1024, Fields: 1}); err != nil {
		t.Errorf("what is as large as it may be: %v", err)
	}
}

// TestAsURLValues: what is urlencoded is what package url reads, whatever is in it.
func TestAsURLValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := url.Values{}
		for range rapid.IntRange(0, 8).Draw(t, "fields") {
			name := rapid.StringMatching(`[a-z_]{1,8}(\[[A-Z]{1,3}\](\[\])?)?`).Draw(t, "name")
			want.Add(name, rapid.StringMatching(`[ -~äöü井盖]{1,20}`).Draw(t, "value"))
		}
		f, err := form.Parse("application/x-www-form-urlencoded", strings.NewReader(want.Encode()), limits)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range want {
			first := ""
			for _, v := range values {
				if first == "" {
					first = strings.TrimSpace(v)
				}
			}
			if got := f.Text(name); got != first {
				t.Fatalf("%s is %q, want %q", name, got, first)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", []byte("lat=39.9&attribute[A][]=1&attribute%5BB%5D=2"))
	f.Add("multipart/form-data; boundary=B", []byte("--B\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a\"\r\n\r\nx\r\n--B--\r\n"))
	f.Add("", []byte("%"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		got, err := form.Parse(kind, bytes.NewReader(body), limits)
		if err != nil {
			if _, ok := errors.AsType[*data.FieldError](err); !ok && !errors.Is(err, form.ErrTooLarge) {
				t.Fatalf("%v says nothing to the client", err)
			}
			return
		}
		if len(body) > int(limits.Bytes) || len(got.Files) > limits.Files {
			t.Fatal("more than the limits")
		}
		for code, values := range got.Attributes() {
			if code == "" || len(values) == 0 {
				t.Fatalf("%q: %q", code, values)
			}
		}
	})
}
