// Package audit holds the command about who did or read what.
package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/gewu-city/gewu/cmd/gewu/output"
)

// Client asks a city.
type Client interface {
	// Ask reads the JSON answer into v.
	Ask(ctx context.Context, method, path string, query url.Values, v any) error
	// Open returns the body of an answer, which the caller closes.
	Open(ctx context.Context, path string, query url.Values) (io.ReadCloser, error)
}

// Env is what the command gets besides its flags.
type Env struct {
	Stdout   io.Writer
	WithCity func(do func(context.Context, Client) error) error
	// Store is the file of the city, which is not written over.
	Store string
	Now   func() time.Time
}

// Audit is gewu audit.
type Audit struct {
	Who     string `help:"Only what this account, key or person did: a login, the id of a person, or an actor such as account:…." placeholder:"WHO"`
	What    string `help:"Only these actions: login, export, change, read-personal …." placeholder:"ACTION,…"`
	Object  string `help:"Only what was done to this: a layer, LAYER/ID, staff:ID, account:ID, or the beginning of such a name." placeholder:"NAME"`
	Since   string `help:"Only since this time or date, or so long ago: 2026-03-01, 36h, 7d." placeholder:"TIME"`
	Until   string `help:"Only before this time or date, or what is older: 2026-03-01, 36h, 7d." placeholder:"TIME"`
	Address string `help:"Only from this address or network." placeholder:"ADDRESS"`
	Refused bool   `help:"Only what was refused."`
	Limit   int    `help:"At most so many, the newest; files and --json and --csv have all." default:"50"`
	JSON    bool   `help:"Everything as JSON, one object in a line." name:"json" xor:"form"`
	CSV     bool   `help:"Everything as CSV." name:"csv" xor:"form"`
	Output  string `help:"File to write; its name tells the form when no flag does. - is standard output." short:"o" default:"-" placeholder:"FILE"`
}

// Run prints what happened, newest first, or writes it to a file.
func (cmd *Audit) Run(e *Env) error {
	query := url.Values{}
	for name, value := range map[string]string{"who": cmd.Who, "what": cmd.What, "object": cmd.Object, "address": cmd.Address, "from": cmd.Since, "to": cmd.Until} {
		if value == "" {
			continue
		}
		if ago, ok := span(value); ok && (name == "from" || name == "to") {
			value = e.Now().Add(-ago).Format(time.RFC3339)
		}
		query.Set(name, value)
	}
	if cmd.Refused {
		query.Set("outcome", "refused")
	}
	format, err := cmd.format()
	if err != nil {
		return err
	}
	if format == "" {
		if cmd.Limit < 1 {
			return errors.New("--limit must be 1 or more")
		}
		return e.WithCity(func(ctx context.Context, c Client) error { return list(ctx, c, query, cmd.Limit, e.Stdout) })
	}
	if err := output.Guard(e.Store, cmd.Output); err != nil {
		return err
	}
	query.Set("format", format)
	return e.WithCity(func(ctx context.Context, c Client) error {
		body, err := c.Open(ctx, "/v1/audit/export", query)
		if err != nil {
			return err
		}
		defer body.Close()
		if cmd.Output == "-" {
			_, err := io.Copy(e.Stdout, body)
			return err
		}
		return output.Write(ctx, cmd.Output, body)
	})
}

// format is the form in which everything is written; empty is a table of the newest for people.
func (cmd *Audit) format() (string, error) {
	switch {
	case cmd.CSV:
		return "csv", nil
	case cmd.JSON:
		return "ndjson", nil
	case cmd.Output == "-":
		return "", nil
	}
	switch ext := strings.ToLower(filepath.Ext(cmd.Output)); ext {
	case ".csv":
		return "csv", nil
	case ".json", ".jsonl", ".ndjson":
		return "ndjson", nil
	}
	return "", fmt.Errorf("the form of %s cannot be told from its name; say --csv or --json", cmd.Output)
}

// span reads how long ago something is: hours and minutes as Go writes them, or days.
func span(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err == nil
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}

// entry mirrors an entry of GET /v1/audit.
type entry struct {
	Time    time.Time `json:"time"`
	Actor   string    `json:"actor"`
	Login   string    `json:"login"`
	From    string    `json:"from"`
	Action  string    `json:"action"`
	Object  string    `json:"object"`
	IDs     []string  `json:"ids"`
	Outcome string    `json:"outcome"`
	Reason  string    `json:"reason"`
	Glass   bool      `json:"break_glass"`
	Count   int       `json:"count"`
	Seq     uint64    `json:"seq"`
}

// longestPage is the largest limit of a page.
const longestPage = 1000

// list prints a table of the newest.
func list(ctx context.Context, c Client, query url.Values, limit int, w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "TIME\tWHO\tFROM\tWHAT\tOBJECT\tOUTCOME\tREASON\tSEQ")
	for limit > 0 {
		query.Set("limit", strconv.Itoa(min(limit, longestPage)))
		var page struct {
			Entries []entry `json:"entries"`
			Next    string  `json:"next"`
		}
		if err := c.Ask(ctx, http.MethodGet, "/v1/audit", query, &page); err != nil {
			return err
		}
		for i := range page.Entries {
			page.Entries[i].print(t)
		}
		if limit -= len(page.Entries); page.Next == "" {
			break
		}
		query.Set("cursor", page.Next)
	}
	return t.Flush()
}

// print prints one line.
func (e *entry) print(w io.Writer) {
	outcome := e.Outcome
	if e.Count > 1 {
		outcome += fmt.Sprintf(" ×%d", e.Count)
	}
	if e.Glass {
		outcome += ", break glass"
	}
	object := e.Object
	if n := len(e.IDs); n > 0 {
		object += fmt.Sprintf(" (%d)", n)
	}
	cells := []string{e.Time.Local().Format(time.DateTime), cmp.Or(e.Login, e.Actor, "-"), cmp.Or(e.From, "-"), e.Action, cmp.Or(object, "-"), outcome, cmp.Or(e.Reason, "-")}
	for i := range cells {
		cells[i] = plain(cells[i])
	}
	fmt.Fprintf(w, "%s\t%d\n", strings.Join(cells, "\t"), e.Seq)
}

// plain is a text that no terminal takes for a command: causes and reasons are what people have written.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '·'
		}
		return r
	}, text)
}
