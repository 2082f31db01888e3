// Package jobcmd holds the commands about long work: gewu job, and the list and undo of imports.
package jobcmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"
)

// Client speaks to the server of the city.
type Client interface {
	// Ask sends a request without a body and reads the JSON answer into out, when that is not nil.
	Ask(ctx context.Context, method, path string, query url.Values, out any) error
}

// Env is what the commands need besides their flags.
type Env struct {
	Stdout, Stderr io.Writer
	// WithCity runs do with a client for the city, which must exist.
	WithCity func(do func(ctx context.Context, c Client) error) error
	// Failed ends a command that has already said what is wrong.
	Failed error
}

// Job is gewu job.
type Job struct {
	List   listCmd   `cmd:"" help:"List long work, the newest first." default:"withargs"`
	Show   showCmd   `cmd:"" help:"Show one job."`
	Cancel cancelCmd `cmd:"" help:"Cancel a job."`
	Wait   waitCmd   `cmd:"" help:"Wait until a job has ended; fails when the job has."`
}

// job mirrors GET /v1/jobs/{id}.
type job struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	About    string `json:"about"`
	Actor    string `json:"actor"`
	State    string `json:"state"`
	Progress *struct {
		Done  int64  `json:"done"`
		Total int64  `json:"total"`
		Unit  string `json:"unit"`
	} `json:"progress"`
	Created time.Time       `json:"created"`
	Started *time.Time      `json:"started"`
	Ended   *time.Time      `json:"ended"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Landed  *struct {
		From    uint64 `json:"seq_from"`
		To      uint64 `json:"seq_to"`
		Changes int    `json:"changes"`
	} `json:"landed"`
}

func (j *job) ended() bool { return j.Ended != nil }

// progress is how far a job is, for people.
func (j *job) progress() string {
	p := j.Progress
	switch {
	case p == nil:
		return ""
	case p.Total > 0:
		return fmt.Sprintf("%d %%", min(100, 100*p.Done/p.Total))
	default:
		return fmt.Sprintf("%d %s", p.Done, p.Unit)
	}
}

func path(id string) string { return "/v1/jobs/" + url.PathEscape(id) }

// clock is a time for people, in their zone.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

type listCmd struct {
	Kind  string `help:"Only jobs of a kind: import, undo, check, backup, compact, rebuild." placeholder:"KIND"`
	State string `help:"Only jobs in a state: queued, running, done, failed, cancelled, interrupted." placeholder:"STATE"`
	Limit int    `help:"At most so many." default:"20"`
	JSON  bool   `help:"Print the jobs as JSON."`
}

// Run lists jobs.
func (cmd *listCmd) Run(e *Env) error {
	return e.WithCity(func(ctx context.Context, c Client) error {
		q := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
		if cmd.Kind != "" {
			q.Set("kind", cmd.Kind)
		}
		if cmd.State != "" {
			q.Set("state", cmd.State)
		}
		var list struct {
			Jobs []job `json:"jobs"`
		}
		if cmd.JSON {
			return printJSON(ctx, e, c, "/v1/jobs", q)
		}
		if err := c.Ask(ctx, http.MethodGet, "/v1/jobs", q, &list); err != nil {
			return err
		}
		t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "ID\tKIND\tABOUT\tSTATE\tPROGRESS\tCREATED\tACTOR")
		for i := range list.Jobs {
			j := &list.Jobs[i]
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", j.ID, j.Kind, j.About, j.State, j.progress(), clock(j.Created), j.Actor)
		}
		return t.Flush()
	})
}

// printJSON prints an answer as it is, indented.
func printJSON(ctx context.Context, e *Env, c Client, path string, q url.Values) error {
	var answer json.RawMessage
	if err := c.Ask(ctx, http.MethodGet, path, q, &answer); err != nil {
		return err
	}
	out := json.NewEncoder(e.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(answer)
}

type showCmd struct {
	ID   string `arg:"" help:"Id of the job."`
	JSON bool   `help:"Print the job as JSON."`
}

// Run shows a job.
func (cmd *showCmd) Run(e *Env) error {
	return e.WithCity(func(ctx context.Context, c Client) error {
		if cmd.JSON {
			return printJSON(ctx, e, c, path(cmd.ID), nil)
		}
		var j job
		if err := c.Ask(ctx, http.MethodGet, path(cmd.ID), nil, &j); err != nil {
			return err
		}
		return j.print(e.Stdout)
	})
}

// print writes what is known of a job, a line for each thing.
func (j *job) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, value)
		}
	}
	line(j.Kind, j.ID)
	line("about", j.About)
	line("state", j.State)
	line("why", j.Error)
	line("progress", j.progress())
	line("asked by", j.Actor)
	line("created", clock(j.Created))
	if j.Started != nil {
		line("started", clock(*j.Started))
	}
	if j.Ended != nil {
		line("ended", clock(*j.Ended))
	}
	if j.Landed != nil {
		line("landed", fmt.Sprintf("%d changes, seq %d to %d; gewu import --undo %s takes them back", j.Landed.Changes, j.Landed.From, j.Landed.To, j.ID))
	}
	line("result", string(j.Result))
	return t.Flush()
}

type cancelCmd struct {
	ID string `arg:"" help:"Id of the job."`
}

// Run cancels a job.
func (cmd *cancelCmd) Run(e *Env) error {
	return e.WithCity(func(ctx context.Context, c Client) error {
		var j job
		if err := c.Ask(ctx, http.MethodDelete, path(cmd.ID), nil, &j); err != nil {
			return err
		}
		if !j.ended() {
			fmt.Fprintf(e.Stdout, "%s %s was told to end; gewu job wait %s waits for that\n", j.Kind, j.ID, j.ID)
			return nil
		}
		return j.print(e.Stdout)
	})
}

type waitCmd struct {
	ID    string `arg:"" help:"Id of the job."`
	Quiet bool   `help:"Do not tell how far it is." short:"q"`
}

// Run waits for a job.
func (cmd *waitCmd) Run(e *Env) error {
	return e.WithCity(func(ctx context.Context, c Client) error {
		j, err := wait(ctx, e, c, cmd.ID, cmd.Quiet)
		if err != nil {
			return err
		}
		if err := j.print(e.Stdout); err != nil {
			return err
		}
		if j.State != "done" {
			return e.Failed
		}
		return nil
	})
}

// wait asks until a job has ended, and tells now and then how far it is.
func wait(ctx context.Context, e *Env, c Client, id string, quiet bool) (*job, error) {
	for {
		j := &job{}
		if err := c.Ask(ctx, http.MethodGet, path(id), url.Values{"wait": {"5s"}}, j); err != nil || j.ended() {
			return j, err
		}
		if p := j.progress(); p != "" && !quiet {
			fmt.Fprintf(e.Stderr, "%s: %s\n", j.Kind, p)
		}
	}
}
