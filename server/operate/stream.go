package operate

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/rest"
)

// line is one line of a streamed answer: something found, how far the work is, or its end.
type line struct {
	Line     string     `json:"line,omitempty"`
	Step     string     `json:"step,omitempty"`
	Progress *float64   `json:"progress,omitempty"`
	Problems *int       `json:"problems,omitempty"`
	Result   *Compacted `json:"result,omitempty"`
	Error    string     `json:"error,omitempty"`
}

// stream sends lines while work goes on.
type stream struct {
	api      *API
	w        http.ResponseWriter
	control  *http.ResponseController
	out      *json.Encoder
	begun    bool
	problems int
	job      *jobs.Handle
	// result is what the job comes to.
	result any
}

// stream runs work as a job of a kind and sends what it tells. An error before the first line is the answer; a later one
// is a line.
func (a *API) stream(w http.ResponseWriter, r *http.Request, kind string, work func(ctx context.Context, s *stream) error) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(a.Draining, cancel)()
	s := &stream{api: a, w: w, control: http.NewResponseController(w), out: json.NewEncoder(w)}
	err := a.Jobs.Do(ctx, jobs.Spec{Kind: kind, Actor: city.ActorOf(r)}, func(ctx context.Context, h *jobs.Handle) (any, error) {
		s.job = h
		err := work(ctx, s)
		return s.result, err
	})
	if err == nil {
		return nil
	}
	err = city.JobProblem(err)
	if a.Draining.Err() != nil && ctx.Err() != nil {
		err = rest.Refuse(rest.Unavailable, "the server is going down; begin anew when it is up").With("Retry-After", "5").Because(err)
	}
	if !s.begun {
		return err
	}
	s.send(line{Error: a.PublicText(r, err)})
	return nil
}

// tell are the callbacks of work.
func (s *stream) tell() Tell {
	return Tell{
		Problem: func(text string) {
			s.problems++
			s.send(line{Line: text})
		},
		Progress: func(step string, part float64) {
			s.job.Progress(int64(100*part), 100, "% of "+step)
			s.send(line{Step: step, Progress: &part})
		},
	}
}

// send sends a line. A client that has gone shows up as the end of the request's context.
func (s *stream) send(l line) {
	switch {
	case l.Result != nil:
		s.result = l.Result
	case l.Problems != nil:
		s.result = map[string]int{"problems": *l.Problems}
	}
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", rest.TypeNDJSON)
		s.w.Header().Set("Cache-Control", "no-store")
	}
	s.api.Extend(s.control)
	_ = s.out.Encode(l)
	_ = s.control.Flush()
}
