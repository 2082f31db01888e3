package casecmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"text/tabwriter"
	"time"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profiles"
)

// ask sends a request to the city and reads its answer, which it also returns as it came. v, when it is not nil, is sent
// as JSON, or as it is when it is text.
func (e *Env) ask(method, path string, query url.Values, v, out any) (raw []byte, err error) {
	body, kind := io.Reader(http.NoBody), ""
	switch v := v.(type) {
	case nil:
	case []byte:
		body, kind = bytes.NewReader(v), "application/toml"
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		body, kind = bytes.NewReader(text), "application/json"
	}
	err = e.City(func(ctx context.Context, c Client) error {
		resp, err := c.Do(ctx, method, path, query, kind, body)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if raw, err = io.ReadAll(resp.Body); err != nil || out == nil {
			return err
		}
		return json.Unmarshal(raw, out)
	})
	return raw, err
}

// raw prints JSON as it came, in one line.
func (e *Env) raw(text []byte) error {
	_, err := fmt.Fprintf(e.Stdout, "%s\n", bytes.TrimSpace(text))
	return err
}

// ProcessVersions is gewu process versions.
type ProcessVersions struct {
	JSON bool `help:"Print the answer as JSON." name:"json"`
}

// Run prints the processes of the city in all versions.
func (c *ProcessVersions) Run(e *Env) error {
	var list struct {
		Processes []struct {
			Name    string
			Version int
			Title   data.Title
			Newest  bool
			Begins  bool
			Since   time.Time
			By      string
			Open    int
		}
	}
	text, err := e.ask(http.MethodGet, "/v1/processes", nil, nil, &list)
	if err != nil || c.JSON {
		if err == nil {
			err = e.raw(text)
		}
		return err
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "PROCESS\tVERSION\tOPEN CASES\tKEPT\tTITLE")
	for _, p := range list.Processes {
		note := ""
		if p.Begins {
			note = "  (cases begin under it)"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s%s\n", p.Name, p.Version, p.Open, local(p.Since), p.Title["zh"]+" "+p.Title["en"], note)
	}
	return t.Flush()
}

// local is a time as it is on the wall of the machine, empty for none.
func local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04")
}

// stuck are cases that could not go on under a process.
type stuck struct {
	State string
	Cases int
	Why   string
}

// ProcessDry is gewu process dry.
type ProcessDry struct {
	File string `arg:"" help:"The process.toml of the new version." type:"existingfile"`
	JSON bool   `help:"Print the answer as JSON." name:"json"`
}

// Run prints which open cases would be stuck under a new version, and fails when there are any.
func (c *ProcessDry) Run(e *Env) error { return e.version(http.MethodPost, "/dry", c.File, c.JSON) }

// ProcessPut is gewu process put.
type ProcessPut struct {
	File string `arg:"" help:"The process.toml of the new version." type:"existingfile"`
	JSON bool   `help:"Print the answer as JSON." name:"json"`
}

// Run makes a new version the one under which cases begin.
func (c *ProcessPut) Run(e *Env) error { return e.version(http.MethodPut, "", c.File, c.JSON) }

// version sends a process, and prints which open cases would be stuck under it.
func (e *Env) version(method, what, file string, asJSON bool) error {
	name, text, err := named(file)
	if err != nil {
		return err
	}
	var done struct {
		Version int
		Stuck   []stuck
		Seq     uint64
	}
	raw, err := e.ask(method, "/v1/processes/"+url.PathEscape(name)+what, nil, text, &done)
	if err != nil {
		return err
	}
	if asJSON {
		err = e.raw(raw)
	} else {
		for _, s := range done.Stuck {
			fmt.Fprintf(e.Stdout, "%d in %s: %s\n", s.Cases, s.State, s.Why)
		}
		switch {
		case method == http.MethodPut:
			_, err = fmt.Fprintf(e.Stdout, "process %s, version %d: cases begin under it from now on\n", name, done.Version)
		case len(done.Stuck) == 0:
			_, err = fmt.Fprintf(e.Stdout, "process %s: no open case would be stuck\n", name)
		}
	}
	if err == nil && method == http.MethodPost && len(done.Stuck) > 0 {
		return e.Failed
	}
	return err
}

// named reads a process and its name.
func named(file string) (name string, text []byte, err error) {
	if text, err = os.ReadFile(file); err != nil {
		return "", nil, err
	}
	t, err := readProcess(file, string(text))
	if err != nil {
		return "", nil, err
	}
	return t.Name, text, nil
}

// readProcess reads a process that may inherit from those that come along.
func readProcess(file, text string) (*process.Table, error) {
	var posts []string
	for _, post := range people.DefaultPosts() {
		posts = append(posts, post.ID)
	}
	const own = "." // no profile that comes along is called so
	return process.Load(func(name string) (string, string, error) {
		if name == own {
			return file, text, nil
		}
		return process.FromFS(profiles.Files)(name)
	}, own, posts)
}
