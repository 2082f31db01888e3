package planning_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/planning"
)

// worker is a city whose work takes a while: it answers each request as its script says, and may be interrupted then.
type worker struct {
	script []turn
	asked  []string
}

type turn struct {
	status int
	body   string
	err    error
	// then happens before the body of the request is read, taken when all of it is.
	then, taken func()
}

func (w *worker) Do(ctx context.Context, method, path string, query url.Values, _ string, body io.Reader) (*http.Response, error) {
	w.asked = append(w.asked, method+" "+path+"?"+query.Encode())
	if len(w.script) == 0 {
		return nil, errors.New("nothing more was expected")
	}
	one := w.script[0]
	w.script = w.script[1:]
	if one.then != nil {
		one.then()
	}
	if body != nil {
		if _, err := io.Copy(io.Discard, body); err != nil {
			return nil, err
		}
	}
	if one.taken != nil {
		one.taken()
	}
	if one.err != nil || ctx.Err() != nil {
		return nil, errors.Join(one.err, ctx.Err())
	}
	return &http.Response{StatusCode: one.status, Body: io.NopCloser(strings.NewReader(one.body))}, nil
}

// interruptible gives a command a context of its own, which ends when it is interrupted.
func interruptible(t *testing.T, e *planning.Env) (interrupt func()) {
	t.Helper()
	e.Ctx, interrupt = context.WithCancel(t.Context())
	return interrupt
}

// TestLongWork follows the job of a check to its end, whatever that is, and cancels it when the command is interrupted.
func TestLongWork(t *testing.T) {
	t.Parallel()
	const taken, running, half = `{"id":"J","state":"queued"}`, `{"id":"J","state":"running"}`, `{"id":"J","state":"running","progress":{"done":3,"total":6,"unit":"steps"}}`
	begun, look, answer := "POST /v1/drafts/D1/check?async=true", "GET /v1/jobs/J?wait=200ms", "GET /v1/jobs/J/answer?"
	for _, tt := range []struct {
		name   string
		script func(interrupt func()) []turn
		asked  []string
		bar    []int64
		fails  string
	}{
		{
			name: "done", asked: []string{begun, look, look, look, answer}, bar: []int64{500, 1000},
			script: func(func()) []turn {
				return []turn{{status: 202, body: taken}, {status: 200, body: running}, {status: 200, body: half}, {status: 200, body: `{"id":"J","state":"done","progress":{"done":6,"total":6}}`}, {status: 200, body: checkAnswer}}
			},
		},
		{
			name: "failed", asked: []string{begun, look, answer}, fails: "the scheme has no cells",
			script: func(func()) []turn {
				return []turn{{status: 202, body: taken}, {status: 200, body: `{"id":"J","state":"failed","error":"x"}`}, {err: errors.New("the scheme has no cells")}}
			},
		},
		{
			name: "cancelled by others", asked: []string{begun, look}, fails: "cancelled by somebody else; nothing has changed",
			script: func(func()) []turn {
				return []turn{{status: 202, body: taken}, {status: 200, body: `{"id":"J","state":"cancelled"}`}}
			},
		},
		{
			name: "a server that ends", asked: []string{begun, look}, fails: "the server has ended",
			script: func(func()) []turn {
				return []turn{{status: 202, body: taken}, {status: 200, body: `{"id":"J","state":"interrupted"}`}}
			},
		},
		{
			name: "Ctrl-C", asked: []string{begun, look, look, "DELETE /v1/jobs/J?"}, bar: []int64{500}, fails: "cancelled; nothing has changed",
			script: func(interrupt func()) []turn {
				return []turn{{status: 202, body: taken}, {status: 200, body: half}, {then: interrupt}, {status: 200, body: `{"id":"J","state":"cancelled"}`}}
			},
		},
		{
			name: "Ctrl-C too late", asked: []string{begun, look, "DELETE /v1/jobs/J?"}, fails: "too late to cancel: the work is done",
			script: func(interrupt func()) []turn {
				return []turn{{status: 202, body: taken}, {then: interrupt}, {status: 200, body: `{"id":"J","state":"done"}`}}
			},
		},
		{
			name: "Ctrl-C and no server", asked: []string{begun, look, "DELETE /v1/jobs/J?"}, fails: "whether the work was cancelled is not known (gone)",
			script: func(interrupt func()) []turn {
				return []turn{{status: 202, body: taken}, {then: interrupt}, {err: errors.New("gone")}}
			},
		},
		{
			name: "Ctrl-C while it is sent", asked: []string{begun}, fails: "interrupted while it was sent; nothing has changed",
			script: func(interrupt func()) []turn { return []turn{{then: interrupt}} },
		},
		{
			name: "Ctrl-C when all is sent", asked: []string{begun, look, "DELETE /v1/jobs/J?"}, fails: "cancelled; nothing has changed",
			script: func(interrupt func()) []turn {
				return []turn{{taken: interrupt, status: 202, body: taken}, {}, {status: 200, body: `{"id":"J","state":"cancelled"}`}}
			},
		},
		{
			name: "Ctrl-C when all is sent, and no answer", asked: []string{begun}, fails: "whether it was begun is not known (gone)",
			script: func(interrupt func()) []turn { return []turn{{taken: interrupt, err: errors.New("gone")}} },
		},
		{
			name: "refused", asked: []string{begun}, fails: "is no draft",
			script: func(func()) []turn { return []turn{{err: errors.New("is no draft")}} },
		},
	} {
		var out bytes.Buffer
		var bar []int64
		ends := 0
		e := env("", &out, &out)
		interrupt := interruptible(t, e)
		w := &worker{script: tt.script(interrupt)}
		e.City = func(do func(planning.Client) error) error { return do(w) }
		e.Count = func(string, int64) (func(int64), func()) {
			return func(n int64) { bar = append(bar, n) }, func() { ends++ }
		}
		err := (&planning.Check{Draft: "D1", Codes: "rule"}).Run(e)
		interrupt()
		if (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
			t.Errorf("%s: error %v instead of %q", tt.name, err, tt.fails)
		}
		if !slices.Equal(w.asked, tt.asked) || len(w.script) > 0 {
			t.Errorf("%s: asked %q instead of %q", tt.name, w.asked, tt.asked)
		}
		if !slices.Equal(bar, tt.bar) || len(tt.asked) > 1 && ends != 1 {
			t.Errorf("%s: the bar showed %v and ended %d times", tt.name, bar, ends)
		}
		if tt.fails == "" && !strings.Contains(out.String(), "draft D1 is checked") {
			t.Errorf("%s: %s", tt.name, &out)
		}
	}
}
