package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// kind is a kind of problem. It is the end of the problem's type and an anchor on the page /docs.
type kind string

const (
	badRequest      kind = "bad-request"
	unauthorized    kind = "unauthorized"
	forbidden       kind = "forbidden"
	notFound        kind = "not-found"
	wrongMethod     kind = "method-not-allowed"
	notAcceptable   kind = "not-acceptable"
	tooSlow         kind = "request-timeout"
	conflict        kind = "conflict"
	gone            kind = "gone"
	precondition    kind = "precondition-failed"
	tooLarge        kind = "too-large"
	queryTooLong    kind = "query-too-long"
	unsupportedType kind = "unsupported-media-type"
	invalid         kind = "invalid"
	internal        kind = "internal"
	notImplemented  kind = "not-implemented"
	unavailable     kind = "unavailable"
	timeout         kind = "timeout"
)

// problemKind explains a kind on the page /docs.
type problemKind struct {
	Kind   kind
	Status int
	Title  string
	Help   string
}

var problemKinds = []problemKind{
	{badRequest, 400, "Bad request", "A parameter or the form of the body is wrong; field and value say which."},
	{unauthorized, 401, "Unauthorized", "Writing from elsewhere needs the server's token: Authorization: Bearer …."},
	{forbidden, 403, "Forbidden", "The server does not take this request from there."},
	{notFound, 404, "Not found", "There is no such thing; the text names what there is."},
	{wrongMethod, 405, "Method not allowed", "The header Allow lists the methods."},
	{notAcceptable, 406, "Not acceptable", "The answer has no form that the header Accept allows."},
	{tooSlow, 408, "Request timeout", "The body did not arrive in time."},
	{conflict, 409, "Conflict", "A thing of this name exists."},
	{gone, 410, "Gone", "The position belongs to another history: the store was restored or replaced. Start afresh."},
	{precondition, 412, "Precondition failed", "The feature has changed meanwhile: read it again and repeat the edit."},
	{tooLarge, 413, "Too large", "Send less at once, or import a file."},
	{queryTooLong, 414, "Query too long", "Shorten the query."},
	{unsupportedType, 415, "Unsupported media type", "Set Content-Type to one that the text names."},
	{invalid, 422, "Invalid content", "The content was understood but does not fit; field and value say what."},
	{internal, 500, "Internal error", "A fault of the server; its log has the request id."},
	{notImplemented, 501, "Not implemented", "This server does not do that."},
	{unavailable, 503, "Unavailable", "Not at the moment; try again after Retry-After seconds."},
	{timeout, 504, "Timeout", "The answer took too long; ask for less."},
}

func (k kind) about() problemKind {
	for _, p := range problemKinds {
		if p.Kind == k {
			return p
		}
	}
	return problemKind{k, http.StatusInternalServerError, string(k), ""}
}

// problem is an error with a public text. What lies behind it is in cause, which never reaches a client.
type problem struct {
	kind   kind
	detail string
	// field and value say what was wrong, when it was one thing; fields when there were several.
	field, value string
	fields       []fieldProblem
	header       http.Header
	cause        error
}

type fieldProblem struct {
	Field  string `json:"field"`
	Value  string `json:"value,omitempty"`
	Detail string `json:"detail"`
}

func (p *problem) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%s: %s: %v", p.kind, p.detail, p.cause)
	}
	return fmt.Sprintf("%s: %s", p.kind, p.detail)
}

func (p *problem) Unwrap() error { return p.cause }

// refuse is a problem without a field.
func refuse(k kind, format string, args ...any) *problem {
	return &problem{kind: k, detail: fmt.Sprintf(format, args...)}
}

// because keeps the cause for the log.
func (p *problem) because(err error) *problem {
	p.cause = err
	return p
}

func (p *problem) with(key, value string) *problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(key, value)
	return p
}

// fieldFault is a problem of one field; its text says the field, why and the value.
func fieldFault(k kind, field, value, why string) *problem {
	value = shorten(value)
	detail := field + " " + why
	if value != "" {
		detail += fmt.Sprintf(" (value %q)", value)
	}
	return &problem{kind: k, detail: detail, field: field, value: value}
}

// shorten cuts a value for a message and makes it valid UTF-8.
func shorten(s string) string {
	const most = 80
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// unknownLayer is the answer to a layer that does not exist; it names those that do.
func unknownLayer(w *index.World, name string) error {
	names := make([]string, len(w.Layers()))
	for i, l := range w.Layers() {
		names[i] = l.Def().Name
	}
	return unknownName("layer", name, names)
}

func unknownName(what, name string, have []string) error {
	const most = 32
	p := fieldFault(notFound, what, name, "does not exist")
	switch {
	case len(have) == 0:
		p.detail += "; there is none yet"
	case len(have) > most:
		p.detail += fmt.Sprintf("; there are %s and %d more", strings.Join(have[:most], ", "), len(have)-most)
	default:
		p.detail += "; there are " + strings.Join(have, ", ")
	}
	return p
}

// asProblem finds the public form of an error. Errors that nobody foresaw become "internal" and tell nothing.
func asProblem(err error) *problem {
	var (
		p          *problem
		clash      *data.ConflictError
		change     *data.ChangeError
		field      *data.FieldError
		bodyTooBig *http.MaxBytesError
	)
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &clash):
		return &problem{
			kind: precondition, field: "if_seq", value: fmt.Sprint(clash.Want), detail: clash.Error(), cause: err,
		}
	case errors.As(err, &change):
		return changeProblem(change).because(err)
	case errors.As(err, &field):
		return fieldProblems(badRequest, "", err).because(err)
	case errors.As(err, &bodyTooBig):
		return refuse(tooLarge, "the body is larger than %d MiB", bodyTooBig.Limit>>20).because(err)
	case errors.Is(err, data.ErrTooLarge):
		return refuse(tooLarge, "one transaction takes at most %d changes and %d MiB; split it, or import a file",
			data.MaxTxChanges, data.MaxTxBytes>>20).because(err)
	case errors.Is(err, data.ErrEmpty):
		return fieldFault(invalid, "changes", "", "must hold at least one change").because(err)
	case errors.Is(err, data.ErrReadOnly):
		return refuse(unavailable, "the store takes no changes at the moment, reading goes on; the operator must look after its disk").
			with("Retry-After", "30").because(err)
	case errors.Is(err, data.ErrUncertain):
		return refuse(unavailable, "the disk reported an error: whether the change is stored is not known; read before you repeat it").
			with("Retry-After", "30").because(err)
	case errors.Is(err, data.ErrClosed), errors.Is(err, data.ErrLocked):
		return refuse(unavailable, "the store is not open; the server is starting or stopping").with("Retry-After", "5").because(err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(tooSlow, "the body did not arrive in time").because(err)
	case errors.Is(err, context.DeadlineExceeded):
		return refuse(timeout, "the answer took too long").because(err)
	default:
		return refuse(internal, "a fault of the server; its log has the request id").because(err)
	}
}

// changeProblem is the problem of a change that the store refused.
func changeProblem(c *data.ChangeError) *problem {
	at := fmt.Sprintf("changes[%d]", c.Change)
	if _, ok := errors.AsType[*data.FieldError](c.Err); !ok {
		return &problem{kind: invalid, detail: fmt.Sprintf("%s (%s/%s) is not possible", at, c.Layer, c.ID), field: at}
	}
	return fieldProblems(invalid, at+".", c.Err)
}

// fieldProblems is the problem of one or several joined FieldErrors, their fields prefixed.
func fieldProblems(k kind, prefix string, err error) *problem {
	found := collectFields(err, nil)
	if len(found) == 0 {
		return refuse(k, "the content does not fit")
	}
	path := func(f *data.FieldError) string {
		switch name, _, _ := strings.Cut(f.Field, "."); {
		case prefix == "":
			return f.Field
		case name == "properties" || name == "geometry":
			return prefix + "feature." + f.Field
		default:
			return prefix + f.Field
		}
	}
	p := fieldFault(k, path(found[0]), found[0].Value, found[0].Why)
	if len(found) > 1 {
		p.detail += fmt.Sprintf("; and %d more", len(found)-1)
		for _, f := range found {
			p.fields = append(p.fields, fieldProblem{Field: path(f), Value: shorten(f.Value), Detail: f.Why})
		}
	}
	return p
}

// collectFields walks over wrapped and joined errors.
func collectFields(err error, found []*data.FieldError) []*data.FieldError {
	const most = 100
	if f, ok := err.(*data.FieldError); ok { //nolint:errorlint // this is the walk over the tree
		if len(found) < most {
			found = append(found, f)
		}
		return found
	}
	switch e := err.(type) { //nolint:errorlint // this is the walk over the tree
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			found = collectFields(inner, found)
		}
	case interface{ Unwrap() error }:
		found = collectFields(e.Unwrap(), found)
	}
	return found
}

// document is a problem as RFC 9457 has it.
type document struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	Instance  string         `json:"instance"`
	RequestID string         `json:"request_id"`
	Field     string         `json:"field,omitempty"`
	Value     string         `json:"value,omitempty"`
	Errors    []fieldProblem `json:"errors,omitempty"`
}

// writeProblem answers with a problem document.
func writeProblem(w http.ResponseWriter, r *http.Request, p *problem) {
	about := p.kind.about()
	body, err := json.Marshal(document{
		Type: "/docs#" + string(p.kind), Title: about.Title, Status: about.Status, Detail: p.detail,
		Instance: shorten(r.URL.EscapedPath()), RequestID: requestIDOf(r), Field: p.field, Value: p.value, Errors: p.fields,
	})
	if err != nil {
		// Only strings and a number are encoded.
		body = []byte(`{"type":"about:blank","status":500}`)
	}
	h := w.Header()
	// What was meant for the answer does not hold for the problem.
	for _, name := range []string{"Content-Encoding", "Content-Length", "ETag", "Last-Modified", "Content-Disposition"} {
		h.Del(name)
	}
	maps.Copy(h, p.header)
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(about.Status)
	// The client may have gone; there is nobody to tell.
	_, _ = w.Write(body)
}

// publicText is the text of an error that a client may read, for streams whose status is sent. What lies behind it
// goes to the log.
func (s *Server) publicText(r *http.Request, err error) string {
	p := asProblem(err)
	if p.kind == internal {
		s.cfg.Logger.ErrorContext(r.Context(), "stream failed",
			"request_id", requestIDOf(r), "path", r.URL.Path, "error", err.Error())
		return p.detail + ": " + requestIDOf(r)
	}
	return p.detail
}
