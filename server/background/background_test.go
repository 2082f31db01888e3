package background_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/server/background"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/rest"
)

// desk is a desk whose jobs run until the test ends.
func desk(t *testing.T) *background.Desk {
	t.Helper()
	n := 0
	newID := func() (string, error) { n++; return fmt.Sprintf("j%d", n), nil }
	all, err := jobs.Open(jobs.Options{Now: time.Now, NewID: newID, Public: func(err error) string { return rest.Of(err).Detail }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- all.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &background.Desk{City: &city.City{Jobs: all, Now: time.Now, NewID: newID, Limits: city.Limits{}.WithDefaults()}}
}

// ask sends a request to a handler and returns what it answered.
func ask(do background.Handler, target, body string) (*httptest.ResponseRecorder, error) {
	w := httptest.NewRecorder()
	r := mux.SetURLVars(httptest.NewRequest(http.MethodPost, target, strings.NewReader(body)), map[string]string{"draft": "d", "id": strings.TrimPrefix(target, "/")})
	return w, do(w, r)
}

func begin(t *testing.T, d *background.Desk, do background.Handler) jobs.Job {
	t.Helper()
	w, err := ask(d.Allow(background.Check, "draft", do), "/check?async=true&codes=rule", "the body")
	var job jobs.Job
	if err != nil || w.Code != http.StatusAccepted || json.Unmarshal(w.Body.Bytes(), &job) != nil || w.Header().Get("Location") != city.JobPath(job.ID) {
		t.Fatalf("%d %s %v", w.Code, w.Body, err)
	}
	return job
}

func (e *ended) is(t *testing.T, state jobs.State) {
	t.Helper()
	if e.State != state {
		t.Errorf("the job is %s, not %s: %s", e.State, state, e.Error)
	}
}

type ended struct{ jobs.Job }

func wait(t *testing.T, d *background.Desk, id string) *ended {
	t.Helper()
	job, err := d.Jobs.Wait(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return &ended{job}
}

// TestTheSameRequest gives the work what the request has, without async, and keeps what it answers.
func TestTheSameRequest(t *testing.T) {
	d := desk(t)
	do := func(w http.ResponseWriter, r *http.Request) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set("ETag", `"7"`)
		w.WriteHeader(http.StatusCreated)
		_, err = fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.RawQuery, mux.Vars(r)["draft"], body)
		return err
	}
	job := begin(t, d, do)
	e := wait(t, d, job.ID)
	e.is(t, jobs.Done)
	var ref background.Reference
	if err := json.Unmarshal(e.Result, &ref); err != nil || ref.Answer != "/v1/jobs/"+job.ID+"/answer" || ref.Type != "text/csv" || job.Kind != background.Check || job.About != "d" {
		t.Errorf("%s %+v", e.Result, job)
	}
	const want = "POST codes=rule d the body"
	for range 2 {
		w, err := ask(d.Answer, "/"+job.ID, "")
		if h := w.Header(); err != nil || w.Code != http.StatusCreated || w.Body.String() != want || h.Get("Content-Type") != "text/csv" || h.Get("ETag") != `"7"` || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %q %v %v", w.Code, w.Body, h, err)
		}
	}
	for _, query := range []string{"/check?codes=rule", "/check?async=false&codes=rule"} {
		if w, err := ask(d.Allow(background.Check, "draft", do), query, "the body"); err != nil || w.Body.String() != want {
			t.Errorf("%s: %q %v", query, w.Body, err)
		}
	}
	if _, err := ask(d.Allow(background.Check, "draft", do), "/check?async=maybe", ""); err == nil || rest.Of(err).Kind != rest.BadRequest {
		t.Errorf("async=maybe: %v", err)
	}
}

// TestCancelAndProgress: who is cancelled hears of it where it tells how far it is, and answers nothing; who has begun to write is
// done.
func TestCancelAndProgress(t *testing.T) {
	d := desk(t)
	told, goOn := make(chan struct{}), make(chan struct{})
	step := func(r *http.Request, n int64) error {
		err := city.Progress(r.Context(), n, 3, "steps")
		told <- struct{}{}
		<-goOn
		return err
	}
	job := begin(t, d, func(_ http.ResponseWriter, r *http.Request) error {
		for n := range int64(3) {
			if err := step(r, n); err != nil {
				return err
			}
		}
		_, err := city.Decided(r)
		return err
	})
	for n := range int64(3) {
		<-told
		if have, err := d.Jobs.Get(job.ID); err != nil || have.Progress == nil || *have.Progress != (jobs.Progress{Done: n, Total: 3, Unit: "steps"}) {
			t.Errorf("step %d: %+v %v", n, have.Progress, err)
		}
		if _, err := ask(d.Answer, "/"+job.ID, ""); err == nil || rest.Of(err).Kind != rest.Conflict {
			t.Errorf("the answer of what goes on: %v", err)
		}
		if n == 2 {
			if err := d.Jobs.Cancel(job.ID); err != nil {
				t.Fatal(err)
			}
		}
		goOn <- struct{}{}
	}
	wait(t, d, job.ID).is(t, jobs.Cancelled)
	if _, err := ask(d.Answer, "/"+job.ID, ""); err == nil || !strings.Contains(rest.Of(err).Detail, "cancelled") {
		t.Errorf("the answer of what was cancelled: %v", err)
	}
	job = begin(t, d, func(w http.ResponseWriter, r *http.Request) error {
		r, err := city.Decided(r)
		if err != nil {
			return err
		}
		told <- struct{}{}
		<-goOn
		if r.Context().Err() != nil {
			return errors.New("it was cancelled while it wrote")
		}
		_, err = io.WriteString(w, "written")
		return err
	})
	<-told
	if err := d.Jobs.Cancel(job.ID); err != nil {
		t.Fatal(err)
	}
	goOn <- struct{}{}
	wait(t, d, job.ID).is(t, jobs.Done)
	if w, err := ask(d.Answer, "/"+job.ID, ""); err != nil || w.Body.String() != "written" {
		t.Errorf("%q %v", w.Body, err)
	}
}

// TestFailures are answered as the request would have been; answers that are not kept any more are gone.
func TestFailures(t *testing.T) {
	d := desk(t)
	job := begin(t, d, func(http.ResponseWriter, *http.Request) error {
		return rest.Fault(rest.Invalid, "rule", "x", "is no rule")
	})
	e := wait(t, d, job.ID)
	if e.is(t, jobs.Failed); e.Error == "" {
		t.Error("the job does not say why it failed")
	}
	if _, err := ask(d.Answer, "/"+job.ID, ""); err == nil || rest.Of(err).Kind != rest.Invalid || rest.Of(err).Field != "rule" {
		t.Errorf("%v", err)
	}
	if _, err := ask(d.Answer, "/nobody", ""); err == nil || rest.Of(err).Kind != rest.NotFound {
		t.Errorf("%v", err)
	}
	for range 70 {
		wait(t, d, begin(t, d, func(w http.ResponseWriter, _ *http.Request) error {
			_, err := io.WriteString(w, "x")
			return err
		}).ID).is(t, jobs.Done)
	}
	if _, err := ask(d.Answer, "/"+job.ID, ""); err == nil || rest.Of(err).Kind != rest.Gone {
		t.Errorf("the answer of long ago: %v", err)
	}
}
