// Package form reads the bodies that clients of Open311 send: fields as application/x-www-form-urlencoded or
// multipart/form-data, with files. It takes the spellings that are met in the wild and knows no service.
package form

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
)

// Limits bound what is read.
type Limits struct {
	// Bytes is how large a body may be, FieldBytes one field, and FileBytes one file.
	Bytes, FieldBytes, FileBytes int64
	// Fields and Files are how many there may be.
	Fields, Files int
}

// ErrTooLarge is wrapped when a body is larger than its limits.
var ErrTooLarge = errors.New("form: too large")

// File is a file that came along. Type is what the client says that it is.
type File struct {
	Field, Name, Type string
	Data              []byte
}

// Form is what was sent.
type Form struct {
	values map[string][]string
	// Files are all files, whatever the client calls their fields: media, media[], photo1, file_1.
	Files []File
}

// Parse reads a body by its Content-Type; without one it is taken for urlencoded. The error is a *[data.FieldError] that
// says what is wrong, or wraps [ErrTooLarge].
func Parse(contentType string, body io.Reader, limits Limits) (*Form, error) {
	kind, params := "application/x-www-form-urlencoded", map[string]string(nil)
	if strings.TrimSpace(contentType) != "" {
		var err error
		if kind, params, err = mime.ParseMediaType(contentType); err != nil {
			return nil, &data.FieldError{Field: "Content-Type", Value: shorten(contentType), Why: "is no media type"}
		}
	}
	if set := strings.ToLower(params["charset"]); set != "" && set != "utf-8" && set != "utf8" && set != "us-ascii" {
		return nil, &data.FieldError{Field: "Content-Type", Value: shorten(set), Why: "the charset must be utf-8"}
	}
	bounded := &bounded{r: body, left: limits.Bytes}
	f := &Form{values: map[string][]string{}}
	var err error
	switch kind {
	case "application/x-www-form-urlencoded":
		err = f.urlencoded(bounded, limits)
	case "multipart/form-data":
		err = f.multipart(bounded, params["boundary"], limits)
	default:
		err = &data.FieldError{Field: "Content-Type", Value: shorten(kind), Why: "must be application/x-www-form-urlencoded or multipart/form-data"}
	}
	if bounded.over {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limits.Bytes)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Query adds the fields of a query of a URL behind those of the body: some clients send a part of them there.
func (f *Form) Query(q url.Values) {
	for name, values := range q {
		f.values[name] = append(f.values[name], values...)
	}
}

// Text is the first value of the first of the names that has one that is not empty, without spaces around it.
func (f *Form) Text(names ...string) string {
	for _, name := range names {
		for _, v := range f.values[name] {
			if v = strings.TrimSpace(v); v != "" {
				return v
			}
		}
	}
	return ""
}

// Texts are the values of names, with and without [] behind them, that are not empty, each once.
func (f *Form) Texts(names ...string) []string {
	var out []string
	for _, name := range names {
		for _, v := range slices.Concat(f.values[name], f.values[name+"[]"]) {
			if v = strings.TrimSpace(v); v != "" && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

// Attributes are the answers by the code of their attribute: attribute[CODE]=v, attribute[CODE][]=v, attribute[CODE][0]=v,
// each as often as there are values. Empty ones are left out.
func (f *Form) Attributes() map[string][]string {
	out := map[string][]string{}
	var names []string
	for name := range f.values {
		names = append(names, name)
	}
	slices.Sort(names) // attribute[A][0] before attribute[A][1]
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, "attribute[")
		if !ok {
			continue
		}
		code, _, closed := strings.Cut(rest, "]")
		if !closed || code == "" {
			continue
		}
		for _, v := range f.values[name] {
			if v = strings.TrimSpace(v); v != "" && !slices.Contains(out[code], v) {
				out[code] = append(out[code], v)
			}
		}
	}
	return out
}

func (f *Form) urlencoded(r io.Reader, limits Limits) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return &data.FieldError{Field: "body", Why: "does not arrive as a whole"}
	}
	for pair := range strings.SplitSeq(string(b), "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		key, keyErr := url.QueryUnescape(name)
		text, textErr := url.QueryUnescape(value)
		if keyErr != nil || textErr != nil {
			return &data.FieldError{Field: shorten(name), Value: shorten(value), Why: "is not percent-encoded as it must be"}
		}
		if err := f.add(strings.TrimSpace(key), text, limits); err != nil {
			return err
		}
	}
	return nil
}

func (f *Form) multipart(r io.Reader, boundary string, limits Limits) error {
	if boundary == "" {
		return &data.FieldError{Field: "Content-Type", Value: "multipart/form-data", Why: "must say the boundary"}
	}
	parts := multipart.NewReader(r, boundary)
	for n := 0; ; n++ {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) && n > 0 {
			return nil
		}
		if err != nil {
			return &data.FieldError{Field: "body", Why: "is no multipart/form-data with the boundary that its header says, or ends early"}
		}
		name, file := p.FormName(), p.FileName()
		most := limits.FieldBytes
		if file != "" {
			most = limits.FileBytes
		}
		b, err := io.ReadAll(io.LimitReader(p, most+1))
		if err != nil {
			return &data.FieldError{Field: shorten(name), Why: "does not arrive as a whole"}
		}
		if int64(len(b)) > most {
			return fmt.Errorf("%w: %s has more than %d bytes", ErrTooLarge, shorten(name), most)
		}
		if file == "" {
			if err := f.add(name, string(b), limits); err != nil {
				return err
			}
			continue
		}
		if len(bytes.TrimSpace(b)) == 0 {
			continue // browsers send an empty file where none was picked
		}
		if len(f.Files) == limits.Files {
			return &data.FieldError{Field: shorten(name), Value: shorten(file), Why: fmt.Sprintf("there may be %d files", limits.Files)}
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		f.Files = append(f.Files, File{Field: name, Name: strings.ToValidUTF8(file, "�"), Type: kind, Data: b})
	}
}

// add keeps a value of a field.
func (f *Form) add(name, value string, limits Limits) error {
	switch {
	case name == "":
		return nil // nobody can ask for it
	case !utf8.ValidString(name) || !utf8.ValidString(value):
		return &data.FieldError{Field: shorten(name), Value: shorten(value), Why: "is not in UTF-8"}
	case strings.ContainsRune(value, 0):
		return &data.FieldError{Field: shorten(name), Why: "has a character 0"}
	case int64(len(value)) > limits.FieldBytes:
		return fmt.Errorf("%w: %s has more than %d bytes", ErrTooLarge, shorten(name), limits.FieldBytes)
	}
	if f.count() == limits.Fields {
		return &data.FieldError{Field: shorten(name), Why: fmt.Sprintf("there may be %d fields", limits.Fields)}
	}
	f.values[name] = append(f.values[name], value)
	return nil
}

func (f *Form) count() (n int) {
	for _, v := range f.values {
		n += len(v)
	}
	return n
}

// shorten is a text as a message shows it.
func shorten(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// bounded is a reader that ends after so many bytes and remembers that there were more.
type bounded struct {
	r    io.Reader
	left int64
	over bool
}

// Read implements [io.Reader].
func (b *bounded) Read(p []byte) (int, error) {
	if b.over {
		return 0, io.ErrUnexpectedEOF
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if int64(n) > b.left {
		b.over = true
		return 0, io.ErrUnexpectedEOF
	}
	b.left -= int64(n)
	return n, err
}
