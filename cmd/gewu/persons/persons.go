package persons

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gewu-city/gewu/people/vault"
)

// Client asks a city; v is what it answers with.
type Client interface {
	Ask(ctx context.Context, method, path string, query url.Values, v any) error
}

// Env is what the commands get besides their flags.
type Env struct {
	Stdout, Stderr io.Writer
	WithCity       func(do func(context.Context, Client) error) error
	// Master is that of the data folder.
	Master *Master
	Now    func() time.Time
}

// Commands are the commands about personal data.
type Commands struct {
	Erase   Erase   `cmd:"" help:"Erase a person or household everywhere, in history and in all backups: the key of what is personal is destroyed. There is no way back."`
	Expired Expired `cmd:"" help:"List who is to be erased because their time is over, and erase them with --erase."`
	Reviews Reviews `cmd:"" help:"Readings in an emergency (break glass) that nobody has looked at yet."`
	Sign    Sign    `cmd:"" help:"Sign that a reading in an emergency was looked at."`
	Rotate  Rotate  `cmd:"" help:"Wrap the keys of all persons with another master key. Needs a stopped server; the log stays as it is."`
}

// Erase is gewu people erase.
type Erase struct {
	Layer  string   `arg:"" help:"The layer."`
	IDs    []string `arg:"" name:"id" help:"Ids of features."`
	Reason string   `required:"" help:"Why; it is noted in the log."`
}

// Run erases one after the other.
func (cmd *Erase) Run(e *Env) error {
	return e.WithCity(func(ctx context.Context, c Client) error {
		for _, id := range cmd.IDs {
			var done struct {
				Seq uint64 `json:"seq"`
			}
			path := "/v1/layers/" + url.PathEscape(cmd.Layer) + "/features/" + url.PathEscape(id) + "/erase"
			if err := c.Ask(ctx, http.MethodPost, path, url.Values{"reason": {cmd.Reason}}, &done); err != nil {
				return err
			}
			fmt.Fprintf(e.Stdout, "%s/%s is erased (seq %d)\n", cmd.Layer, id, done.Seq)
		}
		return nil
	})
}

// Expired is gewu people expired.
type Expired struct {
	Days  int  `help:"Also those whose time is over within so many days." default:"0"`
	Erase bool `help:"Erase those whose time is over now. The server does so by itself every six hours."`
}

// subject mirrors an entry of GET /v1/personal/expired.
type subject struct {
	Layer   string    `json:"layer"`
	ID      string    `json:"id"`
	Expires time.Time `json:"expires"`
	Why     string    `json:"why"`
}

// Run lists or erases.
func (cmd *Expired) Run(e *Env) error {
	return e.WithCity(func(ctx context.Context, c Client) error {
		if cmd.Erase {
			var done struct{ Erased, Kept []subject }
			if err := c.Ask(ctx, http.MethodPost, "/v1/personal/expired", nil, &done); err != nil {
				return err
			}
			if err := table(e.Stdout, "kept", done.Kept); err != nil {
				return err
			}
			return table(e.Stdout, "erased", done.Erased)
		}
		var list struct{ Due []subject }
		if err := c.Ask(ctx, http.MethodGet, "/v1/personal/expired", url.Values{"days": {strconv.Itoa(cmd.Days)}}, &list); err != nil {
			return err
		}
		return table(e.Stdout, "due", list.Due)
	})
}

func table(w io.Writer, what string, list []subject) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, s := range list {
		fmt.Fprintf(t, "%s\t%s/%s\t%s\t%s\n", what, s.Layer, s.ID, s.Expires.Format(time.DateOnly), s.Why)
	}
	return t.Flush()
}

// Reviews is gewu people reviews.
type Reviews struct{}

// Run lists them.
func (*Reviews) Run(e *Env) error {
	return e.WithCity(func(ctx context.Context, c Client) error {
		var list struct {
			Reviews []struct {
				ID     string    `json:"id"`
				At     time.Time `json:"at"`
				Actor  string    `json:"actor"`
				Layer  string    `json:"layer"`
				IDs    []string  `json:"ids"`
				Reason string    `json:"reason"`
			} `json:"reviews"`
		}
		if err := c.Ask(ctx, http.MethodGet, "/v1/personal/reviews", nil, &list); err != nil {
			return err
		}
		t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
		for _, r := range list.Reviews {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s/%s\t%s\n", r.ID, r.At.Format(time.RFC3339), r.Actor, r.Layer, strings.Join(r.IDs, ","), r.Reason)
		}
		return t.Flush()
	})
}

// Sign is gewu people sign.
type Sign struct {
	ID     string `arg:"" help:"The reading, as gewu people reviews lists it."`
	Reason string `required:"" help:"What was found; it is noted in the log."`
}

// Run signs.
func (cmd *Sign) Run(e *Env) error {
	return e.WithCity(func(ctx context.Context, c Client) error {
		var done struct {
			Seq uint64 `json:"seq"`
		}
		err := c.Ask(ctx, http.MethodPost, "/v1/personal/reviews/"+url.PathEscape(cmd.ID)+"/sign-off", url.Values{"reason": {cmd.Reason}}, &done)
		if err == nil {
			fmt.Fprintf(e.Stdout, "signed (seq %d)\n", done.Seq)
		}
		return err
	})
}

// Rotate is gewu people rotate.
type Rotate struct {
	To string `required:"" type:"path" placeholder:"FILE" help:"File with the new master key: 32 bytes in hexadecimal, such as openssl rand -hex 32 writes."`
}

// Run wraps the keys anew.
func (cmd *Rotate) Run(e *Env) (err error) {
	text, err := os.ReadFile(cmd.To)
	if err != nil {
		return err
	}
	next, err := vault.ParseMaster(text)
	if err != nil {
		return fmt.Errorf("%s: %w", cmd.To, err)
	}
	keys, err := Open(e.Master, e.Now)
	if err != nil {
		return err
	}
	defer func() {
		if closed := keys.Close(); err == nil {
			err = closed
		}
	}()
	if err := keys.Rewrap(next); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Stdout, "all keys are wrapped with the master key of %s; start the server with --master-key %s and destroy the old one\n", cmd.To, cmd.To)
	return err
}
