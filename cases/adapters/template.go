package adapters

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Content is what a template may name. There is nothing personal in it but To, which whoever made the hook gave.
type Content struct {
	ID, Case, Event, Lang, Subject, Text, To string
	// Made is when it happened, Now when it is sent.
	Made, Now time.Time

	secret []byte
}

// TemplateText is a template as it is written: the body, what it is, more headers and members of the query, and how it is signed.
// Body and the values are texts with {{.Case}}, {{.Event}}, {{.Subject}}, {{.Text}}, {{.To}}, {{.Lang}}, {{.ID}}, {{unix .Now}},
// {{millis .Now}}, and {{json …}}, which is a value in JSON with its quotation marks. {{sign}} is the signature, {{body}} the body.
type TemplateText struct {
	ContentType string            `toml:"content_type"`
	Body        string            `toml:"body"`
	Headers     map[string]string `toml:"headers"`
	Query       map[string]string `toml:"query"`
	Sign        *SignText         `toml:"sign"`
	Answer      *AnswerText       `toml:"answer"`
}

// AnswerText says by which member of the JSON that a provider answers with 200 one sees that it took the message.
type AnswerText struct {
	Member string `toml:"member"`
	Is     string `toml:"is"`
}

// SignText says what {{sign}} is: the HMAC-SHA256 of Over with the key Key, in hexadecimal or base64. Both are texts as others
// are, and may name {{secret}} beside; the key is the secret where it is left out.
type SignText struct {
	Key      string `toml:"key"`
	Over     string `toml:"over"`
	Encoding string `toml:"encoding"`
}

// Template shapes requests for one provider. It is safe for concurrent use.
type Template struct {
	kind           string
	body           *template.Template
	headers, query map[string]*template.Template
	key, over      *template.Template
	encode         func([]byte) string
	answer         *AnswerText
}

// headerName is a token of RFC 9110.
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// ours are the headers that templates do not set.
var ours = []string{"Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}

// NewTemplate reads a template and tries it. The error is a *data.FieldError.
func NewTemplate(text *TemplateText) (*Template, error) {
	bad := func(field, value, why string) error { return &data.FieldError{Field: field, Value: value, Why: why} }
	t := &Template{kind: text.ContentType, answer: text.Answer, headers: map[string]*template.Template{}, query: map[string]*template.Template{}}
	if t.kind == "" {
		t.kind = "application/json"
	}
	kind, _, err := mime.ParseMediaType(t.kind)
	if err != nil {
		return nil, bad("content_type", t.kind, "must be a media type, as application/json")
	}
	parse := func(field, text string) (*template.Template, error) {
		p, err := template.New(field).Option("missingkey=error").Funcs((&run{}).funcs()).Parse(text)
		if err != nil {
			return nil, bad(field, "", strings.TrimPrefix(err.Error(), "template: "))
		}
		return p, nil
	}
	if text.Body == "" {
		return nil, bad("body", "", "is missing")
	}
	if t.body, err = parse("body", text.Body); err != nil {
		return nil, err
	}
	if a := text.Answer; a != nil && (a.Member == "" || a.Is == "") {
		return nil, bad("answer", a.Member, "must have member, the name in the answer, and is, what it is when the message was taken")
	}
	for name, value := range text.Headers {
		if !headerName.MatchString(name) || slices.Contains(ours, http.CanonicalHeaderKey(name)) {
			return nil, bad("headers."+name, value, "is no header that a template may set")
		}
		if t.headers[name], err = parse("headers."+name, value); err != nil {
			return nil, err
		}
	}
	for name, value := range text.Query {
		if t.query[name], err = parse("query."+name, value); err != nil {
			return nil, err
		}
	}
	if s := text.Sign; s != nil {
		switch s.Encoding {
		case "hex":
			t.encode = hex.EncodeToString
		case "base64":
			t.encode = base64.StdEncoding.EncodeToString
		default:
			return nil, bad("sign.encoding", s.Encoding, "must be hex or base64")
		}
		if s.Over == "" && s.Key == "" {
			return nil, bad("sign.over", "", "is missing: what is signed, as {{body}}")
		}
		if s.Key == "" {
			s.Key = "{{secret}}"
		}
		if t.key, err = parse("sign.key", s.Key); err != nil {
			return nil, err
		}
		if t.over, err = parse("sign.over", s.Over); err != nil {
			return nil, err
		}
	}
	return t, t.try(kind)
}

// try fills a template in with signs that JSON must escape.
func (t *Template) try(kind string) error {
	r, err := t.request(context.Background(), &Hook{URL: "https://hooks.example/"}, &Content{
		ID: "1.1/sub-x", Case: "c-1", Event: "close", Lang: "zh", Subject: "“案件” \"1\"", Text: "第一行\n\\第二行\t", To: "+86 0", Made: time.Unix(1, 0), Now: time.Unix(2, 0), secret: []byte("secret"),
	})
	if err != nil {
		return err
	}
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body) // it is in memory
	if strings.HasSuffix(kind, "json") && !json.Valid(body.Bytes()) {
		return &data.FieldError{Field: "body", Value: body.String(), Why: "must become JSON: write texts as {{json .Text}}, without quotation marks around them"}
	}
	return nil
}

// run is one filling in of a template.
type run struct {
	t           *Template
	content     *Content
	body        string
	haveBody    bool
	sign        string
	signed, own bool
}

func (r *run) funcs() template.FuncMap {
	return template.FuncMap{
		"json": func(v any) (string, error) {
			out, err := json.Marshal(v)
			return string(out), err
		},
		"unix":   func(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) },
		"millis": func(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) },
		"body": func() (string, error) {
			if !r.haveBody {
				return "", errors.New("the body cannot name itself, nor a signature over it")
			}
			return r.body, nil
		},
		"sign": func() (string, error) { return r.signature() },
		"secret": func() (string, error) {
			if !r.own {
				return "", errors.New("the secret is for sign alone")
			}
			return string(r.content.secret), nil
		},
	}
}

// fill executes one text.
func (r *run) fill(t *template.Template) (string, error) {
	own, err := t.Clone()
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := own.Funcs(r.funcs()).Execute(&out, r.content); err != nil {
		return "", &data.FieldError{Field: t.Name(), Why: strings.TrimPrefix(err.Error(), "template: ")}
	}
	return out.String(), nil
}

func (r *run) signature() (string, error) {
	switch {
	case r.t.over == nil:
		return "", errors.New("nothing says what sign is")
	case r.own:
		return "", errors.New("a signature cannot name itself")
	case r.signed:
		return r.sign, nil
	}
	r.own = true
	defer func() { r.own = false }()
	key, err := r.fill(r.t.key)
	if err != nil {
		return "", err
	}
	over, err := r.fill(r.t.over)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(over))
	r.sign, r.signed = r.t.encode(mac.Sum(nil)), true
	return r.sign, nil
}

// request fills a template in for a hook.
func (t *Template) request(ctx context.Context, h *Hook, c *Content) (*http.Request, error) {
	r := &run{t: t, content: c}
	var err error
	if r.body, err = r.fill(t.body); err != nil {
		return nil, err
	}
	r.haveBody = true
	to := h.URL
	if len(t.query) > 0 {
		at, err := url.Parse(h.URL)
		if err != nil {
			return nil, errors.New("the hook has no address that can be asked")
		}
		query := at.Query()
		for name, text := range t.query {
			value, err := r.fill(text)
			if err != nil {
				return nil, err
			}
			query.Set(name, value)
		}
		at.RawQuery = query.Encode()
		to = at.String()
	}
	request, err := post(ctx, to, t.kind, c.ID, c.secret, []byte(r.body), c.Now)
	if err != nil {
		return nil, err
	}
	for name, text := range t.headers {
		value, err := r.fill(text)
		if err != nil {
			return nil, err
		}
		if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return nil, &data.FieldError{Field: "headers." + name, Why: "must be one line"}
		}
		request.Header.Set(name, value)
	}
	return request, nil
}

// taken reports whether an answer of 200 to 299 says that the message was taken, and why not: services of chats say 200 to
// everything and put a number into the body.
func (t *Template) taken(body []byte) (why string, ok bool) {
	if t == nil || t.answer == nil {
		return "", true
	}
	var said map[string]json.RawMessage
	if err := json.Unmarshal(body, &said); err != nil {
		return "the hook answers with something that is no JSON object", false
	}
	got := strings.Trim(string(said[t.answer.Member]), `"`)
	if got == t.answer.Is {
		return "", true
	}
	if len(got) > 20 {
		got = "another text"
	}
	return fmt.Sprintf("the hook answers 200 with %s %s", t.answer.Member, got), false
}
