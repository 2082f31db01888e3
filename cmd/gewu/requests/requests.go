// Package requests has the commands about change requests: cells that are reported as unsuitable, surveyed, decided about, and
// drawn anew.
package requests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Client speaks to the city.
type Client interface {
	// Do sends a request; the error is what is wrong with it, in words.
	Do(ctx context.Context, method, path string, query url.Values, contentType string, body io.Reader) (*http.Response, error)
}

// Env is what the commands get besides their flags.
type Env struct {
	Ctx    context.Context //nolint:containedctx // lives as long as one command
	Stdout io.Writer
	// City runs do with a client of the city.
	City func(do func(Client) error) error
}

// Request are the commands.
type Request struct {
	List     List     `cmd:"" help:"List requests, the newest first."`
	Report   Report   `cmd:"" help:"Report cells as unsuitable, and print the id of the request."`
	Show     Show     `cmd:"" help:"Show a request: where it stands, what was said, who has yet to speak."`
	Survey   Survey   `cmd:"" help:"Record what a surveyor found."`
	Opinion  Opinion  `cmd:"" help:"Give the opinion of a department; with the last one the request is accepted or refused."`
	Draft    Draft    `cmd:"" help:"Begin a draft for a request that was accepted, and print its id."`
	Withdraw Withdraw `cmd:"" help:"Take back a request that nobody has decided."`
}

// shown mirrors a request of GET /v1/requests/{request}.
type shown struct {
	ID       string          `json:"id"`
	Scheme   string          `json:"scheme"`
	Cells    []string        `json:"cells"`
	State    string          `json:"state"`
	Reported time.Time       `json:"reported"`
	Reporter string          `json:"reporter"`
	Reason   string          `json:"reason"`
	Proposal string          `json:"proposal"`
	Sketch   json.RawMessage `json:"sketch"`
	Survey   *struct {
		Findings string    `json:"findings"`
		Cells    []string  `json:"cells"`
		By       string    `json:"by"`
		At       time.Time `json:"at"`
	} `json:"survey"`
	Rule     string   `json:"rule"`
	Waiting  []string `json:"waiting"`
	Opinions []struct {
		Department string    `json:"department"`
		Agree      bool      `json:"agree"`
		Words      string    `json:"words"`
		By         string    `json:"by"`
		At         time.Time `json:"at"`
	} `json:"opinions"`
	Draft     string `json:"draft"`
	Version   int    `json:"version"`
	Withdrawn *struct {
		Words string    `json:"words"`
		At    time.Time `json:"at"`
	} `json:"withdrawn"`
}

// ask sends a request to the city and reads its answer; raw is the answer as it came.
func (e *Env) ask(method, path string, query url.Values, v, out any) (raw []byte, err error) {
	var body io.Reader
	kind := ""
	if v != nil {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		body, kind = bytes.NewReader(text), "application/json"
	}
	err = e.City(func(c Client) error {
		resp, err := c.Do(e.Ctx, method, path, query, kind, body)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if raw, err = io.ReadAll(resp.Body); err != nil {
			return err
		}
		return json.Unmarshal(raw, out)
	})
	return raw, err
}

// line prints JSON as it came, in one line.
func (e *Env) line(raw []byte) error {
	_, err := fmt.Fprintf(e.Stdout, "%s\n", bytes.TrimSpace(raw))
	return err
}

func pathOf(id, verb string) string {
	if verb != "" {
		verb = "/" + verb
	}
	return "/v1/requests/" + url.PathEscape(id) + verb
}

// filled are the members of a body that say something.
func filled(members map[string]any) map[string]any {
	for name, v := range members {
		switch v := v.(type) {
		case string:
			if v == "" {
				delete(members, name)
			}
		case []string:
			if len(v) == 0 {
				delete(members, name)
			}
		}
	}
	return members
}

// List lists requests.
type List struct {
	Scheme string `help:"Only of this scheme." placeholder:"NAME"`
	State  string `help:"Only in this state: reported, surveyed, accepted, refused, draft, done, withdrawn." enum:",reported,surveyed,accepted,refused,draft,done,withdrawn" default:"" placeholder:"STATE"`
	Cell   string `help:"Only about this cell." placeholder:"CODE"`
	Mine   bool   `help:"Only those that you have reported."`
	JSON   bool   `help:"Print the requests as JSON, one a line." name:"json"`
}

// Run prints a table.
func (c *List) Run(e *Env) error {
	query := url.Values{"limit": {"1000"}}
	for name, v := range map[string]string{"scheme": c.Scheme, "state": c.State, "cell": c.Cell} {
		if v != "" {
			query.Set(name, v)
		}
	}
	if c.Mine {
		query.Set("mine", "true")
	}
	var list struct {
		Requests []json.RawMessage `json:"requests"`
		Count    int               `json:"count"`
	}
	if _, err := e.ask(http.MethodGet, "/v1/requests", query, nil, &list); err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	if !c.JSON {
		fmt.Fprintln(t, "ID\tSCHEME\tSTATE\tREPORTED\tCELLS\tWAITS FOR\tREASON")
	}
	for _, raw := range list.Requests {
		if c.JSON {
			if err := e.line(raw); err != nil {
				return err
			}
			continue
		}
		var q shown
		if err := json.Unmarshal(raw, &q); err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", q.ID, q.Scheme, q.State, clock(q.Reported), some(q.Cells), strings.Join(q.Waiting, " "), firstLine(q.Reason))
	}
	if err := t.Flush(); err != nil || c.JSON || list.Count <= len(list.Requests) {
		return err
	}
	_, err := fmt.Fprintf(e.Stdout, "and %d more\n", list.Count-len(list.Requests))
	return err
}

func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// some are the first of a list, with how many more there are.
func some(list []string) string {
	const most = 4
	if len(list) <= most {
		return strings.Join(list, " ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], " "), len(list)-most)
}

// firstLine is the beginning of a text, for a table.
func firstLine(s string) string {
	const most = 60
	s, _, more := strings.Cut(s, "\n")
	if r := []rune(s); len(r) > most {
		s, more = string(r[:most]), true
	}
	if more {
		s += "…"
	}
	return s
}

// Report reports cells.
type Report struct {
	Scheme   string   `help:"Scheme of the city." default:"unit" placeholder:"NAME"`
	Cells    []string `help:"Codes of the cells that are unsuitable." placeholder:"CODE,…" xor:"where"`
	At       string   `help:"The cell at a place, instead of codes." placeholder:"LON,LAT" xor:"where"`
	Reason   string   `help:"Why they are unsuitable. Name nobody: what is kept is never erased." required:"" placeholder:"TEXT"`
	Proposal string   `help:"What would be better." placeholder:"TEXT"`
	Sketch   string   `help:"GeoJSON file with a line or a polygon that shows it, in longitude and latitude." placeholder:"FILE" type:"existingfile"`
	By       string   `help:"For whom you report on the machine itself: an id of the staff (gewu people list staff)." placeholder:"ID"`
	JSON     bool     `help:"Print the answer as JSON." name:"json"`
}

// Run prints the id of the request.
func (c *Report) Run(e *Env) error {
	body := filled(map[string]any{"scheme": c.Scheme, "cells": c.Cells, "reason": c.Reason, "proposal": c.Proposal, "by": c.By})
	if c.At != "" {
		var at [2]float64
		if err := json.Unmarshal([]byte("["+c.At+"]"), &at); err != nil {
			return fmt.Errorf("--at %s: must be a longitude and a latitude: 121.53,25.04", c.At)
		}
		body["at"] = at
	}
	if c.Sketch != "" {
		sketch, err := readSketch(c.Sketch)
		if err != nil {
			return err
		}
		body["sketch"] = sketch
	}
	return e.moved(http.MethodPost, "/v1/requests", body, c.JSON, func(q *shown) string { return q.ID })
}

// readSketch reads a geometry from a file; of a feature, or of a collection of one, it is the geometry.
func readSketch(name string) (json.RawMessage, error) {
	const most = 1 << 20
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if len(text) > most {
		return nil, fmt.Errorf("%s: is larger than %d bytes, and no sketch", name, most)
	}
	for {
		var v struct {
			Type     string            `json:"type"`
			Geometry json.RawMessage   `json:"geometry"`
			Features []json.RawMessage `json:"features"`
		}
		if err := json.Unmarshal(text, &v); err != nil {
			return nil, fmt.Errorf("%s: is no GeoJSON: %w", name, err)
		}
		switch {
		case v.Type == "FeatureCollection" && len(v.Features) == 1:
			text = v.Features[0]
		case v.Type == "FeatureCollection":
			return nil, fmt.Errorf("%s: has %d features; a sketch is one line or one polygon", name, len(v.Features))
		case v.Type == "Feature":
			return v.Geometry, nil
		default:
			return text, nil
		}
	}
}

// moved sends what happened to a request and prints the answer, by say in words.
func (e *Env) moved(method, path string, body any, asJSON bool, say func(*shown) string) error {
	var a struct {
		Request shown `json:"request"`
	}
	raw, err := e.ask(method, path, nil, body, &a)
	if err != nil {
		return err
	}
	if asJSON {
		return e.line(raw)
	}
	_, err = fmt.Fprintln(e.Stdout, say(&a.Request))
	return err
}

// standing is where a request stands, in a line.
func standing(q *shown) string {
	s := fmt.Sprintf("request %s is %s", q.ID, q.State)
	if len(q.Waiting) > 0 {
		s += "; it waits for " + strings.Join(q.Waiting, ", ")
	}
	return s
}

// Show shows a request.
type Show struct {
	Request string `arg:"" help:"Id of the request."`
	Sketch  bool   `help:"Print only the sketch, as GeoJSON."`
	JSON    bool   `help:"Print the answer as JSON." name:"json"`
}

// Run prints all that the city tells.
func (c *Show) Run(e *Env) error {
	if !c.Sketch {
		return e.moved(http.MethodGet, pathOf(c.Request, ""), nil, c.JSON, func(q *shown) string { return strings.TrimRight(q.text(), "\n") })
	}
	var a struct {
		Request shown `json:"request"`
	}
	if _, err := e.ask(http.MethodGet, pathOf(c.Request, ""), nil, nil, &a); err != nil {
		return err
	}
	if len(a.Request.Sketch) == 0 {
		return errors.New("the request has no sketch that you may see")
	}
	return e.line(a.Request.Sketch)
}

// text is a request in words.
func (q *shown) text() string {
	var b strings.Builder
	b.WriteString(standing(q))
	fmt.Fprintf(&b, "\n%s %s, reported %s", q.Scheme, strings.Join(q.Cells, " "), clock(q.Reported))
	if q.Reporter != "" {
		fmt.Fprintf(&b, " by %s", q.Reporter)
	}
	b.WriteString("\n")
	line := func(what, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%s: %s\n", what, text)
		}
	}
	line("reason", q.Reason)
	line("proposal", q.Proposal)
	if len(q.Sketch) > 0 {
		line("sketch", "gewu grid request show --sketch "+q.ID)
	}
	if s := q.Survey; s != nil {
		line("surveyed "+clock(s.At)+" "+s.By, s.Findings)
		line("really concerned", strings.Join(s.Cells, " "))
	}
	for _, o := range q.Opinions {
		verdict := "agrees"
		if !o.Agree {
			verdict = "refuses"
		}
		fmt.Fprintf(&b, "%s %s, %s %s", o.Department, verdict, clock(o.At), o.By)
		if o.Words != "" {
			b.WriteString(": " + o.Words)
		}
		b.WriteString("\n")
	}
	line("draft", q.Draft)
	if q.Version > 0 {
		line("version", strconv.Itoa(q.Version))
	}
	if q.Withdrawn != nil {
		line("withdrawn "+clock(q.Withdrawn.At), q.Withdrawn.Words)
	}
	return b.String()
}

// Survey records what was found.
type Survey struct {
	Request  string   `arg:"" help:"Id of the request."`
	Findings string   `help:"What was found." required:"" placeholder:"TEXT"`
	Cells    []string `help:"The cells that are really concerned, when they are others than reported." placeholder:"CODE,…"`
	By       string   `help:"For whom you act, when the city has no accounts or you work on its machine." placeholder:"NAME"`
	JSON     bool     `help:"Print the answer as JSON." name:"json"`
}

// Run prints where the request stands.
func (c *Survey) Run(e *Env) error {
	return e.moved(http.MethodPost, pathOf(c.Request, "survey"), filled(map[string]any{"findings": c.Findings, "cells": c.Cells, "by": c.By}), c.JSON, standing)
}

// Opinion gives an opinion.
type Opinion struct {
	Request    string `arg:"" help:"Id of the request."`
	Department string `help:"For which department; may be left out by whoever may speak for one only." placeholder:"ID"`
	Agree      bool   `help:"The department agrees." xor:"verdict" required:""`
	Refuse     bool   `help:"The department refuses; --words say why." xor:"verdict" required:""`
	Words      string `help:"Words that are kept with the opinion." placeholder:"TEXT"`
	By         string `help:"For whom you act, when the city has no accounts or you work on its machine: somebody else for each department." placeholder:"NAME"`
	JSON       bool   `help:"Print the answer as JSON." name:"json"`
}

// Run prints where the request stands.
func (c *Opinion) Run(e *Env) error {
	body := filled(map[string]any{"department": c.Department, "words": c.Words, "by": c.By})
	body["agree"] = c.Agree && !c.Refuse
	return e.moved(http.MethodPost, pathOf(c.Request, "opinion"), body, c.JSON, standing)
}

// Draft begins a draft.
type Draft struct {
	Request string   `arg:"" help:"Id of the request."`
	Title   string   `help:"What the draft is about; titles of versions are public." placeholder:"TEXT"`
	Rule    string   `help:"Fix cells that are no coverage: longest_border gives gaps and overlaps to the neighbour with the longest common border, priority to the first of --order." enum:",longest_border,priority" default:"" placeholder:"RULE"`
	Order   []string `help:"Codes for --rule priority, the first wins." placeholder:"CODE,…"`
	By      string   `help:"For whom you act, when the city has no accounts or you work on its machine." placeholder:"NAME"`
	JSON    bool     `help:"Print the answer as JSON." name:"json"`
}

// Run prints the id of the draft.
func (c *Draft) Run(e *Env) error {
	var a struct {
		Draft struct {
			ID string `json:"id"`
		} `json:"draft"`
	}
	raw, err := e.ask(http.MethodPost, pathOf(c.Request, "draft"), nil, filled(map[string]any{"title": c.Title, "rule": c.Rule, "order": c.Order, "by": c.By}), &a)
	if err != nil {
		return err
	}
	if c.JSON {
		return e.line(raw)
	}
	_, err = fmt.Fprintln(e.Stdout, a.Draft.ID)
	return err
}

// Withdraw takes a request back.
type Withdraw struct {
	Request string `arg:"" help:"Id of the request."`
	Words   string `help:"Why." placeholder:"TEXT"`
	JSON    bool   `help:"Print the answer as JSON." name:"json"`
}

// Run prints where the request stands.
func (c *Withdraw) Run(e *Env) error {
	return e.moved(http.MethodPost, pathOf(c.Request, "withdraw"), filled(map[string]any{"words": c.Words}), c.JSON, standing)
}
