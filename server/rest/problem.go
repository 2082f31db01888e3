// Package rest is what a JSON API over HTTP needs whatever it is about: problem documents, strict query parameters and
// bodies, conditional and compressed answers, and requests that are done once.
//
// Its functions return a [Problem] for what a client did wrong; [Of] finds the public form of any other error.
package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
)

// Kind is a kind of problem. It is the end of the problem's type and an anchor on the page /docs.
type Kind string

// The kinds of problem; [Kinds] explains them.
const (
	BadRequest      Kind = "bad-request"
	Unauthorized    Kind = "unauthorized"
	Forbidden       Kind = "forbidden"
	NotFound        Kind = "not-found"
	WrongMethod     Kind = "method-not-allowed"
	NotAcceptable   Kind = "not-acceptable"
	TooSlow         Kind = "request-timeout"
	Conflict        Kind = "conflict"
	Gone            Kind = "gone"
	Precondition    Kind = "precondition-failed"
	TooLarge        Kind = "too-large"
	QueryTooLong    Kind = "query-too-long"
	UnsupportedType Kind = "unsupported-media-type"
	Invalid         Kind = "invalid"
	TooMany         Kind = "too-many-requests"
	Internal        Kind = "internal"
	NotImplemented  Kind = "not-implemented"
	Unavailable     Kind = "unavailable"
	Timeout         Kind = "timeout"
	NoSpace         Kind = "no-space"
	Damaged         Kind = "damaged"
)

// About explains a kind on the page /docs.
type About struct {
	Kind   Kind
	Status int
	Title  string
	Help   string
}

// Kinds are all kinds of problem, by status.
var Kinds = []About{
	{BadRequest, 400, "Bad request", "A parameter or the form of the body is wrong; field and value say which."},
	{Unauthorized, 401, "Unauthorized", "Who asks is not known: log in, or send a key: Authorization: Bearer …."},
	{Forbidden, 403, "Forbidden", "The server does not take this request from there."},
	{NotFound, 404, "Not found", "There is no such thing; the text names what there is."},
	{WrongMethod, 405, "Method not allowed", "The header Allow lists the methods."},
	{NotAcceptable, 406, "Not acceptable", "The answer has no form that the header Accept allows."},
	{TooSlow, 408, "Request timeout", "The body did not arrive in time."},
	{Conflict, 409, "Conflict", "A thing of this name exists, or what there is does not allow it: refusal names why."},
	{Gone, 410, "Gone", "The position belongs to another history, because the store was restored or replaced, or history is not kept so far back."},
	{Precondition, 412, "Precondition failed", "The feature has changed meanwhile: read it again and repeat the edit."},
	{TooLarge, 413, "Too large", "Send less at once, or import a file."},
	{QueryTooLong, 414, "Query too long", "Shorten the query."},
	{UnsupportedType, 415, "Unsupported media type", "Set Content-Type to one that the text names."},
	{Invalid, 422, "Invalid content", "The content was understood but does not fit; field and value say what."},
	{TooMany, 429, "Too many requests", "Wait as many seconds as Retry-After says."},
	{Internal, 500, "Internal error", "A fault of the server; its log has the request id."},
	{Damaged, 500, "Damaged store", "A part of the store's file cannot be read. The present is served from memory and new changes are kept; the operator finds what to do in the manual."},
	{NotImplemented, 501, "Not implemented", "This server does not do that."},
	{Unavailable, 503, "Unavailable", "Not at the moment: the server is busy, starting, going down or cannot write; try again after Retry-After seconds."},
	{Timeout, 504, "Timeout", "The answer took too long; ask for less."},
	{NoSpace, 507, "No space", "The disk of the city is full: it takes no changes until there is space, and then by itself. Reading goes on."},
}

// About explains the kind.
func (k Kind) About() About {
	for _, p := range Kinds {
		if p.Kind == k {
			return p
		}
	}
	return About{k, http.StatusInternalServerError, string(k), ""}
}

// Problem is an error with a public text. What lies behind it is in cause, which never reaches a client.
type Problem struct { //nolint:errname // RFC 9457 calls it a problem
	Kind   Kind
	Detail string
	// Field and Value say what was wrong, when it was one thing; fields when there were several.
	Field, Value string
	fields       []fieldProblem
	refusal      *refusal
	// said is the detail in other languages than English.
	said   map[string]string
	header http.Header
	cause  error
}

// refusal names why something may not be done, for programs and for people.
type refusal struct {
	Name   string            `json:"name"`
	Reason map[string]string `json:"reason"`
}

type fieldProblem struct {
	Field  string `json:"field"`
	Value  string `json:"value,omitempty"`
	Detail string `json:"detail"`
}

// Error is for the log: it names the cause.
func (p *Problem) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%s: %s: %v", p.Kind, p.Detail, p.cause)
	}
	return fmt.Sprintf("%s: %s", p.Kind, p.Detail)
}

// Unwrap is the cause.
func (p *Problem) Unwrap() error { return p.cause }

// Refuse is a problem without a field.
func Refuse(k Kind, format string, args ...any) *Problem {
	return &Problem{Kind: k, Detail: fmt.Sprintf(format, args...)}
}

// Because keeps the cause for the log.
func (p *Problem) Because(err error) *Problem {
	p.cause = err
	return p
}

// With adds a header to the answer.
func (p *Problem) With(key, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(key, value)
	return p
}

// Named gives the problem a name for programs, and its reason for people by language.
func (p *Problem) Named(name string, reason map[string]string) *Problem {
	p.refusal = &refusal{name, reason}
	return p
}

// In gives the detail in another language, to those who ask for that by Accept-Language.
func (p *Problem) In(lang, detail string) *Problem {
	if p.said == nil {
		p.said = map[string]string{}
	}
	p.said[lang] = detail
	return p
}

// detailIn is the detail in a language: English where there is none, and the reason of a refusal where that is all there is.
func (p *Problem) detailIn(lang string) string {
	if detail := p.said[lang]; detail != "" {
		return detail
	}
	if p.refusal != nil && lang != "en" && p.refusal.Reason[lang] != "" {
		return p.refusal.Reason[lang]
	}
	return p.Detail
}

// Fault is a problem of one field; its text says the field, why and the value.
func Fault(k Kind, field, value, why string) *Problem {
	value = Shorten(value)
	detail := field + " " + why
	if value != "" {
		detail += fmt.Sprintf(" (value %q)", value)
	}
	return &Problem{Kind: k, Detail: detail, Field: field, Value: value}
}

// Shorten cuts a value for a message and makes it valid UTF-8.
func Shorten(s string) string {
	const most = 80
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// Unknown is the answer to a name that does not exist; it names those that do.
func Unknown(what, name string, have []string) error {
	const most = 32
	p := Fault(NotFound, what, name, "does not exist")
	switch {
	case len(have) == 0:
		p.Detail += "; there is none yet"
	case len(have) > most:
		p.Detail += fmt.Sprintf("; there are %s and %d more", strings.Join(have[:most], ", "), len(have)-most)
	default:
		p.Detail += "; there are " + strings.Join(have, ", ")
	}
	return p
}

// Of finds the public form of an error. Errors that nobody foresaw become "internal" and tell nothing.
func Of(err error) *Problem {
	var (
		p          *Problem
		clash      *data.ConflictError
		change     *data.ChangeError
		field      *data.FieldError
		bodyTooBig *http.MaxBytesError
		damage     *data.CorruptError
	)
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &clash):
		return &Problem{
			Kind: Precondition, Field: "if_seq", Value: fmt.Sprint(clash.Want), Detail: clash.Error(), cause: err,
		}
	case errors.As(err, &change):
		return changeProblem(change).Because(err)
	case errors.As(err, &field):
		return Faults(BadRequest, "", err).Because(err)
	case errors.As(err, &bodyTooBig):
		return Refuse(TooLarge, "the body is larger than %d MiB", bodyTooBig.Limit>>20).Because(err)
	case errors.As(err, &damage):
		return Refuse(Damaged, "the store's file is damaged: %s: %s; the operator must run gewu check, export the layers from this server, then gewu restore a backup",
			damage.Where, damage.What).Because(err)
	case errors.Is(err, data.ErrTooLarge):
		return Refuse(TooLarge, "one transaction takes at most %d changes and %d MiB; split it, or import a file",
			data.MaxTxChanges, data.MaxTxBytes>>20).Because(err)
	case errors.Is(err, data.ErrEmpty):
		return Fault(Invalid, "changes", "", "must hold at least one change").Because(err)
	case errors.Is(err, data.ErrReopen):
		return Refuse(Unavailable, "the store takes no changes since its disk reported an error, reading goes on; the operator must look after the disk and start the server again").
			With("Retry-After", "300").Because(err)
	case errors.Is(err, data.ErrFull):
		return Refuse(NoSpace, "the disk of the city is full: it takes no changes until there is space again, and then by itself; reading goes on").
			With("Retry-After", "30").Because(err)
	case errors.Is(err, data.ErrReadOnly):
		return Refuse(Unavailable, "the store takes no changes at the moment, reading goes on; the operator must look after its disk").
			With("Retry-After", "30").Because(err)
	case errors.Is(err, data.ErrUncertain):
		return Refuse(Unavailable, "the disk reported an error: whether the change is stored is not known; read before you repeat it").
			With("Retry-After", "30").Because(err)
	case errors.Is(err, data.ErrClosed), errors.Is(err, data.ErrLocked):
		return Refuse(Unavailable, "the store is not open; the server is starting or stopping").With("Retry-After", "5").Because(err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Refuse(TooSlow, "the body did not arrive in time").Because(err)
	case errors.Is(err, context.DeadlineExceeded):
		return Refuse(Timeout, "the answer took too long").Because(err)
	default:
		return Refuse(Internal, "a fault of the server; its log has the request id").Because(err)
	}
}

// changeProblem is the problem of a change that the store refused.
func changeProblem(c *data.ChangeError) *Problem {
	at := fmt.Sprintf("changes[%d]", c.Change)
	if _, ok := errors.AsType[*data.FieldError](c.Err); !ok {
		return &Problem{Kind: Invalid, Detail: fmt.Sprintf("%s (%s/%s) is not possible", at, c.Layer, c.ID), Field: at}
	}
	return Faults(Invalid, at+".", c.Err)
}

// Faults is the problem of one or several joined FieldErrors, their fields prefixed.
func Faults(k Kind, prefix string, err error) *Problem {
	found := collectFields(err, nil)
	if len(found) == 0 {
		return Refuse(k, "the content does not fit")
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
	p := Fault(k, path(found[0]), found[0].Value, found[0].Why)
	if len(found) > 1 {
		p.Detail += fmt.Sprintf("; and %d more", len(found)-1)
		for _, f := range found {
			p.fields = append(p.fields, fieldProblem{Field: path(f), Value: Shorten(f.Value), Detail: f.Why})
		}
	}
	return p
}

// FieldErrors are the field errors in an error, at most 100, each once.
func FieldErrors(err error) []*data.FieldError { return collectFields(err, nil) }

// Also adds to the list of what is wrong.
func (p *Problem) Also(field, value, why string) {
	p.fields = append(p.fields, fieldProblem{Field: field, Value: Shorten(value), Detail: why})
}

// collectFields walks over wrapped and joined errors.
func collectFields(err error, found []*data.FieldError) []*data.FieldError {
	const most = 100
	if f, ok := err.(*data.FieldError); ok { //nolint:errorlint // this is the walk over the tree
		// Parts of one operation may fail for the same reason.
		same := func(g *data.FieldError) bool { return *g == *f }
		if len(found) < most && !slices.ContainsFunc(found, same) {
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
	Refusal   *refusal       `json:"refusal,omitempty"`
}

// Write answers with a problem document.
func (p *Problem) Write(w http.ResponseWriter, r *http.Request, requestID string) {
	about := p.Kind.About()
	body, err := json.Marshal(document{
		Type: "/docs#" + string(p.Kind), Title: about.Title, Status: about.Status, Detail: p.detailIn(Language(r, "en")),
		Instance: Shorten(r.URL.EscapedPath()), RequestID: requestID, Field: p.Field, Value: p.Value, Errors: p.fields, Refusal: p.refusal,
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
