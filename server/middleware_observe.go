package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/gate"
	"github.com/gewu-city/gewu/server/rest"
)

// response notes what is answered. Unwrap lets http.ResponseController reach the connection.
type response struct {
	http.ResponseWriter
	status int // 0 until the header is sent
	bytes  int64
	begin  func() // called before the first byte of the body, when not nil
	meter  *gate.Meter
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if w.begin != nil {
		w.begin()
		w.begin = nil
	}
	write := w.ResponseWriter.Write
	if w.meter != nil {
		write = func(b []byte) (int, error) { return w.meter.Write(b, w.ResponseWriter.Write) }
	}
	n, err := write(b)
	w.bytes += int64(n)
	return n, err
}

// FlushError is used by http.ResponseController.
func (w *response) FlushError() error {
	flush := http.NewResponseController(w.ResponseWriter).Flush
	if w.meter == nil {
		return flush()
	}
	_, err := w.meter.Write(nil, func([]byte) (int, error) { return 0, flush() })
	return err
}

// Unwrap is used by http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// statusGone is what the log shows for a client that left before its answer, as nginx does.
const statusGone = 499

// requestID is the client's X-Request-Id if it is sane, else one of ours.
func (s *Server) requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); saneID(id) {
		return id
	}
	id, err := s.newID()
	if err != nil {
		// Without entropy there is still an answer.
		return "none"
	}
	return id
}

func saneID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// observe runs a handler and does what every answer needs: request id, metrics, log, and the problem document of an
// error or panic. The handler also tells whether the answer was a stream.
func (s *Server) observe(pattern string, h func(http.ResponseWriter, *http.Request) (stream bool, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.cfg.Now()
		id := s.requestID(r)
		r = r.WithContext(city.WithRequestID(r.Context(), id))
		body := watch(r)
		header := w.Header()
		header.Set("X-Request-Id", id)
		protect(header, r)
		s.metrics.inFlight.Inc()
		defer s.metrics.inFlight.Dec()

		res := &response{ResponseWriter: w}
		stream, err := recovered(h, res, r)
		broken := false
		if err != nil {
			broken = res.status != 0 || errors.Is(err, http.ErrAbortHandler)
			// Not the context's state: a body that came too late cancels it too, and its client is still there.
			if !broken && !errors.Is(err, context.Canceled) {
				s.drain(body, res, r)
				rest.Of(err).Write(res, r, id)
			}
		}
		if res.status == 0 {
			res.status = http.StatusOK
			if err != nil {
				res.status = statusGone
			}
		}
		took := s.cfg.Now().Sub(start)
		s.metrics.observe(pattern, r.Method, res, took, stream)
		s.logRequest(pattern, r, res, took, err)
		if broken || res.status == statusGone {
			// The connection is cut so that the client does not take half an answer for a whole one.
			panic(http.ErrAbortHandler)
		}
	})
}

// panicError is a panic of a handler with the place.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// recovered turns a panic of the handler into an error.
func recovered(h func(http.ResponseWriter, *http.Request) (bool, error), w http.ResponseWriter, r *http.Request) (stream bool, err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			err = http.ErrAbortHandler
		default:
			err = &panicError{value: v, stack: debug.Stack()}
		}
	}()
	return h(w, r)
}

// logRequest writes one line: failures of the server as errors, refusals and broken streams at info, the rest at
// debug.
func (s *Server) logRequest(pattern string, r *http.Request, res *response, took time.Duration, err error) {
	level := slog.LevelDebug
	switch {
	case errors.Is(err, rateError{}), errors.Is(err, errLoading):
		// Refusing costs little, also in the log.
	case err == nil && res.status == http.StatusServiceUnavailable && (pattern == "/readyz" || s.loading()):
		// What was asked for, or a patient answer in the format of the client.
	case res.status >= 500:
		level = slog.LevelError
	case err != nil:
		level = slog.LevelInfo
	}
	if _, panicked := errors.AsType[*panicError](err); panicked {
		level = slog.LevelError
	}
	if !s.cfg.Logger.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("route", pattern), slog.String("path", r.URL.EscapedPath()),
		slog.Int("status", res.status), slog.Int64("bytes", res.bytes), slog.Duration("took", took),
		slog.String("request_id", city.RequestID(r)), slog.String("remote", r.RemoteAddr),
	}
	if private := namesPlaces(pattern); private && s.cfg.LogQueries {
		attrs = append(attrs, slog.String("query", r.URL.RawQuery))
	} else if (private || tells(pattern)) && err != nil {
		err = withoutValue(err)
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	s.cfg.Logger.LogAttrs(r.Context(), level, "request", attrs...)
}

// placePatterns are the routes whose parameters name places, and with them persons.
var placePatterns = []string{"/v1/geocode", "/v1/reverse", "/v1/suggest", "/v1/extract", "/geocoder/search", "/geocoder/reverse", "/geocoder/api", "/geocoder/api/", "/geocoder/api/reverse"}

func namesPlaces(pattern string) bool { return slices.Contains(placePatterns, pattern) }

// tells reports whether what is sent to a route is in the words of people: reports, remarks, and who wants to know.
func tells(pattern string) bool {
	return slices.ContainsFunc([]string{"/v1/cases", "/v1/subscriptions", "/v1/attachments", "/open311"}, func(p string) bool { return strings.HasPrefix(pattern, p) })
}

// withoutValue is a refusal without what was refused: only its kind and the field. Faults of the server stay as they are.
func withoutValue(err error) error {
	p, ok := errors.AsType[*rest.Problem](err)
	if !ok {
		return err
	}
	field := p.Field
	if strings.ContainsFunc(field, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' && r != '-' && r != '.' }) || len(field) > 30 {
		field = "?" // the name of a parameter that nobody knows may be a text, too
	}
	return fmt.Errorf("%s: %s", p.Kind, cmp.Or(field, "request"))
}

// readGrace is how much later the time for reading ends than that of a request: net/http reads on while a handler works, and
// a deadline there cancels the request, which then looks as if its client had gone and would get no answer.
const readGrace = time.Second

// loading reports whether the city is still being filled.
func (s *Server) loading() bool { return s.cfg.Loading != nil && s.cfg.Loading() }

// loadingTime bounds a request while the city is being filled: whoever fills it has nobody to ask again, and gives up for good
// when one of many steps does. A machine that is busy with other things may take minutes for one.
const loadingTime = 30 * time.Minute

// limitTime bounds a request that does not stream; streams start without bounds and look after themselves. Every
// request sets both deadlines, because those of the request before stay on the connection.
func (s *Server) limitTime(rt *route, w http.ResponseWriter, r *http.Request) (*http.Request, func()) {
	control := http.NewResponseController(w)
	var read, write time.Time
	longest := s.cfg.Limits.Request
	if s.loading() {
		longest = max(longest, loadingTime)
	}
	if !rt.stream {
		end := s.cfg.Now().Add(longest)
		read = end.Add(readGrace)
		write = end.Add(s.cfg.Limits.Idle)
	}
	// Recorders in tests have no connection; there is nothing to bound.
	_ = control.SetReadDeadline(read)
	_ = control.SetWriteDeadline(write)
	if rt.stream {
		return r, func() {}
	}
	ctx, cancel := context.WithTimeout(r.Context(), longest)
	return r.WithContext(ctx), cancel
}
