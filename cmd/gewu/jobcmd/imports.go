package jobcmd

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"
)

// operation mirrors an entry of GET /v1/imports.
type operation struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Of       string    `json:"of"`
	Actor    string    `json:"actor"`
	Layers   []string  `json:"layers"`
	From     uint64    `json:"seq_from"`
	To       uint64    `json:"seq_to"`
	Started  time.Time `json:"started"`
	Added    int       `json:"added"`
	Changed  int       `json:"changed"`
	Ended    int       `json:"ended"`
	UndoneBy string    `json:"undone_by"`
	State    string    `json:"state"`
}

// Imports prints the imports and undos that have changed something, the newest first; of one layer, when that is not
// empty.
func Imports(e *Env, layer string) error {
	return e.WithCity(func(ctx context.Context, c Client) error {
		q := url.Values{"limit": {"50"}}
		if layer != "" {
			q.Set("layer", layer)
		}
		var page struct {
			Imports []operation `json:"imports"`
			Next    string      `json:"next"`
		}
		if err := c.Ask(ctx, http.MethodGet, "/v1/imports", q, &page); err != nil {
			return err
		}
		t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "ID\tKIND\tLAYERS\tADDED\tCHANGED\tENDED\tSEQ\tSTARTED\tACTOR\tNOTE")
		for i := range page.Imports {
			op := &page.Imports[i]
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%d–%d\t%s\t%s\t%s\n", op.ID, op.Kind, strings.Join(op.Layers, ","),
				op.Added, op.Changed, op.Ended, op.From, op.To, clock(op.Started), op.Actor, op.note())
		}
		if page.Next != "" {
			fmt.Fprintln(t, "…\tolder ones: GET /v1/imports?cursor=…")
		}
		return t.Flush()
	})
}

func (op *operation) note() string {
	var notes []string
	if op.Of != "" {
		notes = append(notes, "of "+op.Of)
	}
	if op.UndoneBy != "" {
		notes = append(notes, "undone by "+op.UndoneBy)
	}
	if op.State != "" && op.State != "done" {
		notes = append(notes, op.State)
	}
	return strings.Join(notes, ", ")
}

// undone mirrors the answer of POST /v1/imports/{id}/undo.
type undone struct {
	Undo     string `json:"undo"`
	Of       string `json:"of"`
	Seq      uint64 `json:"seq"`
	Ended    int    `json:"ended"`
	Restored int    `json:"restored"`
	Returned int    `json:"returned"`
	Skipped  int    `json:"skipped"`
	Erased   int    `json:"erased"`
	Since    []struct {
		Layer string `json:"layer"`
		ID    string `json:"id"`
		Seq   uint64 `json:"seq"`
		Why   string `json:"why"`
	} `json:"changed_since"`
	Already bool `json:"already"`
	DryRun  bool `json:"dry_run"`
}

// Undo takes an import back and says what that did. With force, features that were changed since stay as they are.
func Undo(e *Env, id string, force, dryRun bool) error {
	return e.WithCity(func(ctx context.Context, c Client) error {
		q := url.Values{}
		for name, set := range map[string]bool{"force": force, "dry_run": dryRun} {
			if set {
				q.Set(name, "true")
			}
		}
		var done undone
		if err := c.Ask(ctx, http.MethodPost, "/v1/imports/"+url.PathEscape(id)+"/undo", q, &done); err != nil {
			return err
		}
		for _, s := range done.Since {
			why := fmt.Sprintf("was changed since (seq %d)", s.Seq)
			if s.Why != "" {
				why = s.Why
			}
			fmt.Fprintf(e.Stderr, "%s/%s stays: %s\n", s.Layer, s.ID, why)
		}
		if n := done.Erased; n > 0 {
			fmt.Fprintf(e.Stderr, "%d stay because retention has erased their history\n", n)
		}
		if n := done.Skipped - done.Erased - len(done.Since); n > 0 {
			fmt.Fprintf(e.Stderr, "and %d more\n", n)
		}
		_, err := fmt.Fprintln(e.Stdout, done.text())
		return err
	})
}

func (u *undone) text() string {
	if u.Already {
		return fmt.Sprintf("%s is undone already, by %s (seq %d)", u.Of, u.Undo, u.Seq)
	}
	counts := fmt.Sprintf("%d ended, %d restored, %d exist again", u.Ended, u.Restored, u.Returned)
	if u.Skipped > 0 {
		counts += fmt.Sprintf(", %d kept", u.Skipped)
	}
	switch {
	case u.DryRun:
		return "dry run, nothing was written: " + counts
	case u.Undo == "":
		return u.Of + ": there was nothing to undo: " + counts
	}
	return fmt.Sprintf("%s undone: %s; gewu import --undo %s brings it back", u.Of, counts, u.Undo)
}
