package work

import (
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/jobs"
	"github.com/gewu-city/gewu/server/rest"
)

const (
	// mostWatching bounds the streams of jobs that are open at once.
	mostWatching = 1000
	// lookEvery is how often a stream looks how far a job is: a bar moves smoothly then.
	lookEvery = 100 * time.Millisecond
)

// Watch streams how far a job is, as server-sent events, until it has ended: GET /v1/jobs/{id}/events. Each event has the job
// as it is then; its name is progress, that of the last one end.
func (a *API) Watch(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	const typeEvents = "text/event-stream"
	if accept := r.Header.Get("Accept"); accept != "" && !rest.Accepts(accept, typeEvents) && !rest.Accepts(accept, "*/*") && !rest.Accepts(accept, "text/*") {
		return rest.Fault(rest.NotAcceptable, "Accept", accept, "must allow "+typeEvents)
	}
	if err := a.mine(r); err != nil {
		return err
	}
	if a.watching.Add(1) > mostWatching {
		a.watching.Add(-1)
		return rest.Refuse(rest.Unavailable, "as many jobs are watched as may be, %d; GET /v1/jobs/{id}?wait=60s waits for the end", mostWatching).With("Retry-After", "10")
	}
	defer a.watching.Add(-1)
	h := w.Header()
	h.Set("Content-Type", typeEvents)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	a.watch(w, r)
	return nil
}

// watch sends an event whenever something has changed, and a comment now and then when nothing has.
func (a *API) watch(w http.ResponseWriter, r *http.Request) {
	control, id := http.NewResponseController(w), mux.Vars(r)["id"]
	send := func(text string) bool {
		a.Extend(control)
		_, err := w.Write([]byte(text))
		return err == nil && control.Flush() == nil
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var told jobs.Job
	quiet := time.Duration(0)
	for {
		job, err := a.Jobs.Get(id)
		if err != nil {
			return // forgotten while it was watched
		}
		if city.RightsOf(r) != nil && a.mine(r) != nil {
			return // a right was taken away meanwhile
		}
		switch quiet += lookEvery; {
		case !reflect.DeepEqual(job, told):
			name := "progress"
			if job.State.Ended() {
				name = "end"
			}
			text, err := json.Marshal(job)
			if err != nil || !send("event: "+name+"\ndata: "+string(text)+"\n\n") || job.State.Ended() {
				return
			}
			told, quiet = job, 0
		case quiet >= a.Limits.Ping:
			if quiet = 0; !send(": still there\n\n") {
				return
			}
		}
		select {
		case <-tick.C:
		case <-a.Draining:
			return
		case <-r.Context().Done():
			return
		}
	}
}
