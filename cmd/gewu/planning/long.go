package planning

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"time"
)

// job mirrors what is known of long work.
type job struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Error    string `json:"error"`
	Progress *struct {
		Done  int64 `json:"done"`
		Total int64 `json:"total"`
	} `json:"progress"`
}

// ended reports whether nothing more comes.
func (j *job) ended() bool { return j.State != "queued" && j.State != "running" }

const (
	// lookEvery is how long the city may wait for the end of a job before it tells how far that is.
	lookEvery = "200ms"
	// cancelPatience is how long an interrupted command waits for the city to cancel its job.
	cancelPatience = 5 * time.Second
	// fullBar is how much all of a job is on its bar.
	fullBar = 1000
)

// bar is the name of a bar, none for those who want none.
func bar(name string, quiet bool) string {
	if quiet {
		return ""
	}
	return name
}

// errUnchanged is what an interrupted command says when it is sure.
var errUnchanged = errors.New("nothing has changed")

// stoppable is a body that is not sent any further once the command is interrupted: without its end the city takes none of it.
type stoppable struct {
	io.Reader

	ctx context.Context //nolint:containedctx // that of the request whose body it is
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}

// outlast is a context that ends some time after another one. What has been sent is answered in that time, so that an
// interrupted command knows what it began.
func outlast(ctx context.Context, patience time.Duration) (context.Context, context.CancelFunc) {
	longer, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-longer.Done():
		case <-time.After(patience):
			end()
		}
	})
	return longer, func() { stop(); end() }
}

// begin sends a request for long work. When the command is interrupted before all of it was sent, there is no work; once it
// was, the answer is waited for, because it says which job there is to cancel.
func (e *Env) begin(c Client, method, path string, query url.Values, contentType string, body io.Reader) (status int, text []byte, err error) {
	ctx, stop := outlast(e.Ctx, cancelPatience)
	defer stop()
	if body != nil {
		body = stoppable{Reader: body, ctx: e.Ctx}
	}
	status, text, err = fetch(ctx, c, method, path, query, contentType, body)
	switch {
	case err == nil || e.Ctx.Err() == nil:
		return status, text, err
	case errors.Is(err, e.Ctx.Err()) && ctx.Err() == nil:
		return 0, nil, fmt.Errorf("interrupted while it was sent; %w", errUnchanged)
	}
	return 0, nil, fmt.Errorf("interrupted; whether it was begun is not known (%w): see gewu job and gewu grid draft list", err)
}

// long asks for work that may take long: the city does it as a job, whose progress a bar shows, and what it answers is read
// into out. When the command is interrupted the job is cancelled, and has changed nothing.
func (e *Env) long(name, method, path string, query url.Values, contentType string, body io.Reader, out any) (raw []byte, err error) {
	query = maps.Clone(query)
	if query == nil {
		query = url.Values{}
	}
	query.Set("async", "true")
	err = e.City(func(c Client) error {
		status, text, err := e.begin(c, method, path, query, contentType, body)
		if err != nil {
			return err
		}
		if raw = text; status == http.StatusAccepted {
			if raw, err = e.follow(c, name, text); err != nil {
				return err
			}
		}
		if out == nil {
			return nil
		}
		return json.Unmarshal(raw, out)
	})
	return raw, err
}

// fetch sends one request and reads all of its answer.
func fetch(ctx context.Context, c Client, method, path string, query url.Values, contentType string, body io.Reader) (status int, text []byte, err error) {
	resp, err := c.Do(ctx, method, path, query, contentType, body)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err = io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}

// follow shows how far a job is until it has ended, and returns its answer.
func (e *Env) follow(c Client, name string, taken []byte) ([]byte, error) {
	var j job
	if err := json.Unmarshal(taken, &j); err != nil {
		return nil, err
	}
	path := "/v1/jobs/" + url.PathEscape(j.ID)
	set, end := func(int64) {}, func() {}
	if name != "" && e.Count != nil {
		set, end = e.Count(name, fullBar)
	}
	defer func() { end() }()
	for !j.ended() {
		_, text, err := fetch(e.Ctx, c, http.MethodGet, path, url.Values{"wait": {lookEvery}}, "", nil)
		if e.Ctx.Err() != nil {
			end()
			end = func() {}
			return nil, e.cancel(c, path)
		}
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &j); err != nil {
			return nil, err
		}
		if p := j.Progress; p != nil && p.Total > 0 {
			set(fullBar * min(p.Done, p.Total) / p.Total)
		}
	}
	switch j.State {
	case "cancelled":
		return nil, errors.New("it was cancelled by somebody else; nothing has changed")
	case "interrupted":
		return nil, errors.New("the server has ended before the work had; nothing has changed")
	}
	// What it answered, or the reason why it failed.
	_, text, err := fetch(e.Ctx, c, http.MethodGet, path+"/answer", nil, "", nil)
	return text, err
}

// cancel cancels a job for a command that was interrupted, and says what became of it.
func (e *Env) cancel(c Client, path string) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(e.Ctx), cancelPatience)
	defer stop()
	var j job
	_, text, err := fetch(ctx, c, http.MethodDelete, path, nil, "", nil)
	if err == nil {
		err = json.Unmarshal(text, &j)
	}
	switch {
	case err != nil:
		return fmt.Errorf("interrupted; whether the work was cancelled is not known (%w): see gewu job", err)
	case j.State == "cancelled":
		return fmt.Errorf("cancelled; %w", errUnchanged)
	case j.ended():
		return fmt.Errorf("too late to cancel: the work is %s", j.State)
	}
	return errors.New("interrupted; the work ends at its next safe point: see gewu job")
}

// postLong sends a JSON body with which long work begins.
func (e *Env) postLong(name, path string, v, out any) (raw []byte, err error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return e.long(name, http.MethodPost, path, nil, "application/json", bytes.NewReader(body), out)
}
