package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/gewu-city/gewu/cmd/gewu/audit"
	"github.com/gewu-city/gewu/cmd/gewu/casecmd"
	"github.com/gewu-city/gewu/cmd/gewu/casework"
	"github.com/gewu-city/gewu/cmd/gewu/clock"
	"github.com/gewu-city/gewu/cmd/gewu/coords"
	"github.com/gewu-city/gewu/cmd/gewu/define"
	"github.com/gewu-city/gewu/cmd/gewu/directory"
	"github.com/gewu-city/gewu/cmd/gewu/jobcmd"
	"github.com/gewu-city/gewu/cmd/gewu/logins"
	"github.com/gewu-city/gewu/cmd/gewu/output"
	"github.com/gewu-city/gewu/cmd/gewu/persons"
	"github.com/gewu-city/gewu/cmd/gewu/places"
	"github.com/gewu-city/gewu/cmd/gewu/planning"
	"github.com/gewu-city/gewu/cmd/gewu/progress"
	"github.com/gewu-city/gewu/cmd/gewu/requests"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/internal/obs"
)

// client speaks to the server of a data folder: the one that is running, or one that this command started for
// itself. Every command takes this one way, so that a file is validated and written alike whoever asks.
type client struct {
	http *http.Client
	// header goes with every request.
	header http.Header
}

// Send implements [define.Client].
func (c client) Send(ctx context.Context, method, path string, v, out any) error {
	return c.send(ctx, method, path, v, out)
}

// Do implements [places.Client].
func (c client) Do(ctx context.Context, method, path string, query url.Values, contentType string, body io.Reader) (*http.Response, error) {
	return c.do(ctx, method, path, query, contentType, body)
}

// finder is what gewu geocode gets.
func finder(e *env) *places.Env {
	own := *e
	own.geocoder = true
	return &places.Env{
		Stdin: e.stdin, Stdout: e.stdout, Stderr: e.stderr,
		CRS:      func(name string) (string, error) { return coords.ServerCRS(e.cli.Systems, name) },
		MayWrite: func(name string) error { return output.Guard(e.cli.store(), name) },
		Bar:      func(name string, total int64) places.Bar { return progress.Bytes(e.stderr, name, total, false) },
		WithCity: func(do func(context.Context, places.Client) error) error {
			return withCity(&own, func(ctx context.Context, c client) error { return do(ctx, c) })
		},
	}
}

// definer is what the commands about definitions get.
func definer(e *env) *define.Env {
	of := func(with func(*env, func(context.Context, client) error) error) func(func(context.Context, define.Client) error) error {
		return func(do func(context.Context, define.Client) error) error {
			return with(e, func(ctx context.Context, c client) error { return do(ctx, c) })
		}
	}
	return &define.Env{
		Stdin: e.stdin, Stdout: e.stdout, Stderr: e.stderr, City: of(withCity), NewCity: of(withNewCity), Failed: errFailed,
	}
}

// directoryOf is what the commands of package directory get.
func directoryOf(e *env) *directory.Env {
	return &directory.Env{
		Stdout: e.stdout, Stderr: e.stderr, Failed: errFailed, Store: e.cli.store(),
		City: func(do func(context.Context, directory.Client) error) error {
			return withCity(e, func(ctx context.Context, c client) error { return do(ctx, c) })
		},
	}
}

// withCity runs do with a client for the city, which must exist. If no server is alive it opens the store, serves it
// on a socket of its own while do runs, and closes it again. Nobody else uses that socket: it goes away with do.
func withCity(e *env, do func(ctx context.Context, c client) error) error {
	if _, err := os.Stat(e.cli.store()); errors.Is(err, fs.ErrNotExist) {
		return errNoCity(e)
	}
	return withNewCity(e, do)
}

// errNoCity says that the data folder holds nothing, and what makes a city.
func errNoCity(e *env) error {
	return fmt.Errorf("there is no city in %s; gewu demo, gewu serve and gewu layer create make one", e.cli.Data)
}

// lockPatience is how long a command waits for another one that has the store open.
const lockPatience = 30 * time.Second

// withNewCity is withCity for commands that may make the city.
func withNewCity(e *env, do func(ctx context.Context, c client) error) error {
	own := *e
	if e.cli.LogLevel == slog.LevelInfo {
		// What the server says of requests is said again by the command.
		own.log = obs.NewLogger(e.stderr, slog.LevelWarn)
	}
	until := time.Now().Add(lockPatience)
	for told := false; ; told = true {
		if alive(e.ctx, e.cli.Data) {
			h, err := serverClient(e.cli.Data)
			if err != nil {
				return err
			}
			defer h.CloseIdleConnections()
			return do(e.ctx, client{http: h})
		}
		o := cityOptions{geocoder: e.geocoder, address: "http://localhost:8080"}
		if e.cases {
			var err error
			if o.profile, err = casework.Choose(e.cli.Data, ""); err != nil {
				return err
			}
		}
		city, err := openCity(&own, o)
		if err == nil {
			city.socket, err = socketPath(e.cli.Data, fmt.Sprintf("gewu-%d.sock", os.Getpid()))
			if err != nil {
				return errors.Join(err, city.close())
			}
			return city.serve(e.ctx, nil, do)
		}
		if !errors.Is(err, data.ErrLocked) || time.Now().After(until) {
			return err
		}
		if !told {
			fmt.Fprintf(e.stderr, "waiting for another command on %s …\n", e.cli.Data)
		}
		select {
		case <-e.ctx.Done():
			return e.ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// problem is the part of an RFC 9457 document that a person needs.
type problem struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Field  string `json:"field"`
	Value  string `json:"value"`
	// Errors are all that is wrong, when it is more than one thing.
	Errors []struct {
		Field  string `json:"field"`
		Detail string `json:"detail"`
	} `json:"errors"`
}

// do sends a request and returns the answer, or what a problem document says as an error. The caller closes the
// body.
func (c client) do(ctx context.Context, method, path string, query url.Values, contentType string, body io.Reader) (*http.Response, error) {
	u := url.URL{Scheme: "http", Host: "gewu", Opaque: "//gewu" + path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, c.header)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode < 400 {
		return resp, nil
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	var p problem
	if json.Unmarshal(raw, &p) != nil || p.Title == "" {
		return nil, fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	if p.Detail == "" {
		return nil, errors.New(p.Title)
	}
	for _, e := range p.Errors {
		p.Detail += "\n  " + e.Field + " " + e.Detail
	}
	return nil, errors.New(p.Detail)
}

// send sends v as JSON and reads the answer into out, when that is not nil.
func (c client) send(ctx context.Context, method, path string, v, out any) error {
	var body io.Reader
	contentType := ""
	if v != nil {
		raw, err := json.Marshal(v)
		if err != nil {
			return err
		}
		body, contentType = bytes.NewReader(raw), "application/json"
	}
	resp, err := c.do(ctx, method, path, nil, contentType, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// read gets a resource as JSON.
func (c client) read(ctx context.Context, path string, query url.Values, out any) error {
	return c.Ask(ctx, http.MethodGet, path, query, out)
}

// Ask implements [jobcmd.Client].
func (c client) Ask(ctx context.Context, method, path string, query url.Values, out any) error {
	resp, err := c.do(ctx, method, path, query, "", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(out)
}

// post sends a body and reads the answer into out.
func (c client) post(ctx context.Context, path, contentType string, body io.Reader, out any) error {
	resp, err := c.do(ctx, http.MethodPost, path, nil, contentType, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(out)
}

// coordinator is what the commands about coordinates and codes get.
func coordinator(e *env) *coords.Env {
	return &coords.Env{
		Stdin: e.stdin, Stdout: e.stdout, Stderr: e.stderr, Systems: e.cli.Systems,
		WriteFile: func(name string, r io.Reader) error {
			if err := output.Guard(e.cli.store(), name); err != nil {
				return err
			}
			return output.Write(e.ctx, name, r)
		},
		Ask: func(path string, query url.Values, out any) error {
			return withCity(e, func(ctx context.Context, c client) error { return c.read(ctx, path, query, out) })
		},
	}
}

// gridder is what the commands about schemes get.
func gridder(e *env) *planning.Env {
	return &planning.Env{
		Ctx: e.ctx, Stdin: e.stdin, Stdout: e.stdout, Stderr: e.stderr, Failed: errFailed,
		Systems: func() (*proj.Systems, error) { return coords.Systems(e.cli.Systems) },
		Ask:     coordinator(e).Ask,
		Write:   coordinator(e).WriteFile,
		Send: func(path, contentType string, body io.Reader, out any) error {
			return withCity(e, func(ctx context.Context, c client) error { return c.post(ctx, path, contentType, body, out) })
		},
		City: func(do func(planning.Client) error) error {
			return withCity(e, func(_ context.Context, c client) error { return do(c) })
		},
		Progress: func(name string, total int64) (func(int64), func()) {
			b := progress.Bytes(e.stderr, name, total, false)
			return b.Set, b.Finish
		},
		Count: func(name string, total int64) (func(int64), func()) {
			b := progress.Things(e.stderr, name, total, false)
			return b.Set, b.Finish
		},
	}
}

// requester is what the commands about change requests get.
func requester(e *env) *requests.Env {
	return &requests.Env{Ctx: e.ctx, Stdout: e.stdout, City: func(do func(requests.Client) error) error {
		return withCity(e, func(_ context.Context, c client) error { return do(c) })
	}}
}

// worker is what the commands about long work get.
func worker(e *env) *jobcmd.Env {
	return &jobcmd.Env{Stdout: e.stdout, Stderr: e.stderr, Failed: errFailed, WithCity: func(do func(context.Context, jobcmd.Client) error) error {
		return withCity(e, func(ctx context.Context, c client) error { return do(ctx, c) })
	}}
}

// keeper is what the commands about accounts and keys get.
func keeper(e *env) *logins.Env {
	of := func(with func(*env, func(context.Context, client) error) error) func(func(context.Context, logins.Client) error) error {
		return func(do func(context.Context, logins.Client) error) error {
			return with(e, func(ctx context.Context, c client) error { return do(ctx, c) })
		}
	}
	return &logins.Env{Stdin: e.stdin, Stdout: e.stdout, Stderr: e.stderr, City: of(withCity), NewCity: of(withNewCity)}
}

// guardian is what the commands about personal data get.
func guardian(e *env) *persons.Env {
	return &persons.Env{
		Stdout: e.stdout, Stderr: e.stderr, Master: masterOf(e), Now: time.Now,
		WithCity: func(do func(context.Context, persons.Client) error) error {
			return withCity(e, func(ctx context.Context, c client) error { return do(ctx, c) })
		},
	}
}

// auditor is what the command about the audit gets.
func auditor(e *env) *audit.Env {
	return &audit.Env{Stdout: e.stdout, Store: e.cli.store(), Now: time.Now, WithCity: func(do func(context.Context, audit.Client) error) error {
		return withCity(e, func(ctx context.Context, c client) error { return do(ctx, c) })
	}}
}

// timekeeper is what the command about the clock gets.
func timekeeper(e *env) *clock.Env {
	return &clock.Env{Stdout: e.stdout, WithServer: func(do func(context.Context, clock.Client) error) error {
		if !alive(e.ctx, e.cli.Data) {
			return fmt.Errorf("nobody serves %s; the clock is that of a running gewu serve or gewu demo", e.cli.Data)
		}
		return withCity(e, func(ctx context.Context, c client) error { return do(ctx, c) })
	}}
}

// caser is what the commands about cases and processes get.
func caser(e *env) *casecmd.Env {
	own := *e
	own.geocoder, own.cases = true, true
	bar := func(name string, total int64) casecmd.Bar { return progress.Bytes(e.stderr, name, total, false) }
	return &casecmd.Env{Stdin: e.stdin, Stdout: e.stdout, Stderr: e.stderr, Bar: bar, Failed: errFailed, City: func(do func(context.Context, casecmd.Client) error) error {
		return withCity(&own, func(ctx context.Context, c client) error { return do(ctx, c) })
	}}
}

// Open implements [audit.Client].
func (c client) Open(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	resp, err := c.do(ctx, http.MethodGet, path, query, "", nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// masterOf finds the key that wraps the keys of persons.
func masterOf(e *env) *persons.Master {
	return &persons.Master{Folder: e.cli.Data, File: e.cli.MasterKey, Getenv: os.Getenv, Logger: e.log}
}
