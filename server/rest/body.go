package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
)

// The media types of the API.
const (
	TypeJSON       = "application/json"
	TypeGeoJSON    = "application/geo+json"
	TypeMergePatch = "application/merge-patch+json"
	TypeCSV        = "text/csv"
	TypeNDJSON     = "application/x-ndjson"
)

// ContentType is the media type of the body, which must be one of those given.
func ContentType(r *http.Request, allowed ...string) (string, error) {
	header := r.Header.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(header)
	if err != nil || !slices.Contains(allowed, kind) {
		p := Fault(UnsupportedType, "Content-Type", header, "must be "+strings.Join(allowed, " or "))
		if kind == "application/x-www-form-urlencoded" || header == "" {
			p.Detail += fmt.Sprintf("; with curl: -H 'Content-Type: %s'", allowed[0])
		}
		return "", p
	}
	if c := params["charset"]; c != "" && !strings.EqualFold(c, "utf-8") && !strings.EqualFold(c, "us-ascii") {
		return "", Fault(UnsupportedType, "Content-Type", header, "must be UTF-8; iconv -f "+c+" -t utf-8 makes it so")
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return "", Fault(UnsupportedType, "Content-Encoding", encoding, "is not understood here; send the body as it is")
	}
	return kind, nil
}

// ReadBody reads a bounded body of one of the media types.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64, allowed ...string) ([]byte, error) {
	if _, err := ContentType(r, allowed...); err != nil {
		return nil, err
	}
	return ReadAll(w, r, limit)
}

// ReadAll reads a bounded body. One that says itself that it is larger is refused unread, so that a client that waits for
// permission to send it (Expect: 100-continue) need not.
func ReadAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, &http.MaxBytesError{Limit: limit}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, Refuse(BadRequest, "the body ends early").Because(err)
	}
	return body, err
}

// mostUnused bounds a body that nobody reads.
const mostUnused = 4 << 10

// SkipBody reads the body of a request that needs none, as far as a client may send one all the same: what comes slowly or is
// large ends here, and not in a connection that waits.
func SkipBody(w http.ResponseWriter, r *http.Request) error {
	_, err := ReadAll(w, r, mostUnused)
	return err
}

// DecodeJSON reads one JSON value strictly: UTF-8, no unknown members, nothing after it.
func DecodeJSON(body []byte, v any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return Fault(BadRequest, "body", "", "is empty")
	}
	if !utf8.Valid(body) {
		return Refuse(BadRequest, "the body is not UTF-8 (byte %d)", validPrefix(body)+1)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return JSONProblem(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Refuse(BadRequest, "the body goes on after the JSON value (byte %d)", d.InputOffset())
	}
	return nil
}

func validPrefix(b []byte) int {
	n := 0
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		n += size
	}
	return n
}

// JSONProblem says what is wrong with JSON without naming Go types.
func JSONProblem(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var moment *time.ParseError
	switch {
	case errors.As(err, &syntax):
		return Refuse(BadRequest, "the body is not JSON (byte %d): %s", syntax.Offset, syntax.Error()).Because(err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return Refuse(BadRequest, "the body is not JSON: it ends early").Because(err)
	case errors.As(err, &kind):
		field := kind.Field
		if field == "" {
			field = "body"
		}
		return Fault(BadRequest, field, "", "must be "+wanted(kind.Type)+", not "+article(kind.Value)).Because(err)
	case errors.As(err, &moment):
		return Fault(BadRequest, "body", strings.Trim(moment.Value, `"`), "must be a time as in RFC 3339: 2026-11-02T09:00:00+08:00").Because(err)
	}
	// encoding/json and time have no types for these errors.
	if strings.Contains(err.Error(), "Time.UnmarshalJSON: input is not a JSON string") {
		return Refuse(BadRequest, "the body has a time that is not a text in quotation marks, such as \"2026-11-02T09:00:00+08:00\"").Because(err)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return Fault(BadRequest, strings.Trim(name, `"`), "", "is not a member here").Because(err)
	}
	return Refuse(BadRequest, "the body does not have the form that is expected").Because(err)
}

// wanted says in JSON's words what a Go type takes.
func wanted(t reflect.Type) string {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return "something else"
	}
	switch t.Kind() { //nolint:exhaustive // the others are not in bodies
	case reflect.String:
		return "a text in quotation marks"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list in brackets"
	case reflect.Struct, reflect.Map:
		return "an object in braces"
	}
	if strings.Contains(t.Kind().String(), "int") {
		return "a whole number"
	}
	return "something else"
}

// article puts one before what encoding/json calls a value: number, number 1.5, string, bool, array, object.
func article(value string) string {
	switch value {
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "number":
		return "a number"
	}
	return "the " + value
}

// WriteJSON answers with a value as JSON.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return WriteBody(w, r, status, TypeJSON, body)
}

// compressFrom is the size from which an answer is compressed.
const compressFrom = 1 << 10

var zippers = sync.Pool{New: func() any {
	// The cheapest level: answers are made once and read once.
	z, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		return gzip.NewWriter(io.Discard)
	}
	return z
}}

// WriteBody answers with a complete body, compressed when that is worth it and the client takes it.
func WriteBody(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Add("Vary", "Accept-Encoding")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	// What is done cannot be refused any more: a client that takes no coding we have gets the answer as it is.
	if coding, _ := Coding(r, "gzip"); coding != "" && len(body) >= compressFrom {
		var out bytes.Buffer
		z, _ := zippers.Get().(*gzip.Writer)
		defer zippers.Put(z)
		z.Reset(&out)
		if _, err := z.Write(body); err != nil {
			return fmt.Errorf("compress answer: %w", err)
		}
		if err := z.Close(); err != nil {
			return fmt.Errorf("compress answer: %w", err)
		}
		body = out.Bytes()
		h.Set("Content-Encoding", "gzip")
		if tag := h.Get("ETag"); tag != "" {
			h.Set("ETag", PackedTag(tag, "gzip"))
		}
	}
	send(w, r, status, body)
	return nil
}

// WriteShort answers with a complete body of a few kilobytes as it is. Compressing one takes longer than making it and
// saves no packet that anybody waits for.
func WriteShort(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	send(w, r, status, body)
}

func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		// The client may have gone; there is nobody to tell.
		_, _ = w.Write(body)
	}
}

// Accepts reports whether a header such as Accept lists a name without refusing it (q=0). For Accept-Encoding there is
// [Coding].
func Accepts(header, name string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part, quality, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(part), name) {
			q, ok := strings.CutPrefix(strings.TrimSpace(quality), "q=")
			weight, err := strconv.ParseFloat(q, 64)
			return !ok || err == nil && weight > 0
		}
	}
	return false
}

// PackedTag is the ETag of the form of what a strong ETag names that is compressed as gzip or zstd.
func PackedTag(tag, encoding string) string {
	return strings.TrimSuffix(tag, `"`) + "-" + encoding + `"`
}

// PlainTag reduces an entity tag to what it names: without W/, quotes and the mark of compression.
func PlainTag(tag string) string {
	tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
	tag = strings.TrimSuffix(strings.Trim(tag, `"`), "-gzip")
	return strings.TrimSuffix(tag, "-zstd")
}

// MatchesTag reports whether a header such as If-None-Match lists the tag, by weak comparison.
func MatchesTag(header []string, tag string) bool {
	for _, line := range header {
		for t := range strings.SplitSeq(line, ",") {
			if t = PlainTag(t); t == "*" || t == tag {
				return true
			}
		}
	}
	return false
}
