package main

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
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// timeFlags ask for the city of the past.
type timeFlags struct {
	At   string `help:"As the city was at this time (RFC 3339) or on the morning of this date." placeholder:"T"`
	AsOf string `help:"As it was known then: at a position of the log, a time or a date." name:"as-of" placeholder:"SEQ|T"`

	Version string `help:"As it was when this version of a scheme took effect; gewu grid versions lists them." placeholder:"[SCHEME:]N"`
}

func (f timeFlags) set(query url.Values) {
	for name, value := range map[string]string{"at": f.At, "as_of": f.AsOf, "version": f.Version} {
		if value != "" {
			query.Set(name, value)
		}
	}
}

type historyCmd struct {
	Layer string `arg:"" help:"Name of the layer."`
	ID    string `arg:"" help:"Id of the feature."`
	Limit int    `help:"Changes to print." default:"100" placeholder:"N"`
	JSON  bool   `help:"Print the changes as JSON, one a line." name:"json"`
}

// change is one change of a feature as the server tells it.
type change struct {
	Seq       uint64    `json:"seq"`
	Recorded  time.Time `json:"recorded"`
	Effective time.Time `json:"effective"`
	Actor     string    `json:"actor"`
	Cause     string    `json:"cause"`
	Op        string    `json:"op"`
	Feature   *struct {
		Geometry   json.RawMessage            `json:"geometry"`
		Properties map[string]json.RawMessage `json:"properties"`
	} `json:"feature"`
	// Renamed are attributes that have another name today, nil for those that were dropped.
	Renamed map[string]*string `json:"renamed"`
	Erased  bool               `json:"erased"`
}

// properties are those of the feature by the names of today; what was dropped has none.
func (c *change) properties() map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(c.Feature.Properties))
	for name, value := range c.Feature.Properties {
		today, other := c.Renamed[name]
		switch {
		case !other:
			out[name] = value
		case today != nil:
			out[*today] = value
		}
	}
	return out
}

// Run prints the history.
func (cmd *historyCmd) Run(e *env) error {
	path := "/v1/layers/" + url.PathEscape(cmd.Layer) + "/features/" + url.PathEscape(cmd.ID) + "/history"
	return withCity(e, func(ctx context.Context, c client) error {
		var lines []json.RawMessage
		for cursor, more := "", true; more; {
			var page struct {
				Changes []json.RawMessage `json:"changes"`
				Next    string            `json:"next"`
			}
			query := url.Values{"limit": {"1000"}}
			if cursor != "" {
				query.Set("cursor", cursor)
			}
			if err := c.read(ctx, path, query, &page); err != nil {
				return err
			}
			lines = append(lines, page.Changes...)
			// One more tells what the last one printed has changed.
			cursor, more = page.Next, page.Next != "" && len(lines) <= cmd.Limit
		}
		if cmd.JSON {
			for _, line := range lines[:min(len(lines), cmd.Limit)] {
				fmt.Fprintf(e.stdout, "%s\n", line)
			}
			return nil
		}
		return printHistory(e.stdout, lines, cmd.Limit)
	})
}

func printHistory(w io.Writer, lines []json.RawMessage, limit int) error {
	changes := make([]change, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal(line, &changes[i]); err != nil {
			return err
		}
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "SEQ\tRECORDED\tEFFECTIVE\tWHAT\tCAUSE\tACTOR")
	for i := range changes[:min(len(changes), limit)] {
		c := &changes[i]
		var before *change
		if i+1 < len(changes) {
			before = &changes[i+1]
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\n", c.Seq, local(c.Recorded), local(c.Effective), c.what(before), c.Cause, c.Actor)
	}
	return t.Flush()
}

func local(t time.Time) string { return t.Local().Format(time.DateTime) } //nolint:gosmopolitan // people read it

// what says how a change differs from the one before.
func (c *change) what(before *change) string {
	switch {
	case c.Erased:
		return "erased by retention"
	case c.Feature == nil:
		return "ended"
	case before == nil || before.Feature == nil && !before.Erased:
		return "appeared"
	case before.Erased:
		return "changed"
	}
	var parts []string
	if !bytes.Equal(c.Feature.Geometry, before.Feature.Geometry) {
		parts = append(parts, "moved")
	}
	was, is := before.properties(), c.properties()
	names := maps.Clone(is)
	maps.Copy(names, was)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, now := plain(was[name]), plain(is[name])
		if old != now {
			parts = append(parts, fmt.Sprintf("%s %s → %s", name, old, now))
		}
	}
	if len(parts) == 0 {
		return "the same"
	}
	return strings.Join(parts, ", ")
}

// plain is a value of JSON for a table.
func plain(raw json.RawMessage) string {
	var text string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "–"
	case json.Unmarshal(raw, &text) == nil:
		return text
	default:
		return string(raw)
	}
}

type revertCmd struct {
	Seq   uint64 `arg:"" help:"Position of the entry, as history and imports tell it."`
	Force bool   `help:"Also when features of the entry were changed again since; what came after it goes too."`
}

// Run turns an entry around.
func (cmd *revertCmd) Run(e *env) error {
	return withCity(e, func(ctx context.Context, c client) error {
		query := url.Values{}
		if cmd.Force {
			query.Set("force", "true")
		}
		resp, err := c.do(ctx, http.MethodPost, fmt.Sprintf("/v1/changes/%d/revert", cmd.Seq), query, "", nil)
		if err != nil {
			return errors.New(strings.ReplaceAll(err.Error(), "with force=true", "with --force"))
		}
		defer resp.Body.Close()
		var done struct {
			Seq   uint64 `json:"seq"`
			Count int    `json:"count"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&done); err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "seq %d reverted with seq %d: %d features are as before\n", cmd.Seq, done.Seq, done.Count)
		return err
	})
}
